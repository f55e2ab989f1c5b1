package desk

import (
	"errors"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// ask has a node of the lab say what it holds, as a server does it for a living room.
func (l *lab) ask(id event.NodeID, c event.Command) (event.Result, error) {
	answer := l.Contents(id, c)
	for range 1_000 {
		select {
		case r := <-answer:
			return r.Result, r.Err
		default:
			l.Advance(1_000)
		}
	}
	return event.Result{}, errors.New("no answer")
}

func TestStoreOfANode(t *testing.T) {
	l := openLab(t)
	for _, kv := range []string{"a 1", "b/x 2", "b/y 3", "a 4"} {
		key, value, _ := strings.Cut(kv, " ")
		l.ok(event.Command{Kind: event.Put, Key: key, Value: value})
	}
	l.ok(event.Command{Kind: event.Del, Key: "b/x"})
	l.run(1_000_000)
	name := "node " + l.leader().String()
	l.draw(name, "As its log tells, at revision 6.", "3 keys.", "a 4 changed at 5", "b/x deleted changed at 6", "b/y 3 changed at 4")
	l.draw(name+" find b/", "2 keys.")
	l.draw(name+" find c", "No key begins so.")
	m := l.moment()
	m.Store = l.ask
	html := Draw(m, name).HTML
	has(t, name, html, "itself has it now, at revision 6", "2 keys.", "a 4 version 2, created at 2, changed at 5", "A revision earlier")
	has(t, "rev 5", Draw(m, name+" rev 5 find b/").HTML, "at revision 5 of 6", "2 keys.", "b/x 2", "A revision later", "The newest")
	has(t, "rev 99", Draw(m, name+" rev 99").HTML, "could not be asked", "has not reached revision 99", "As its log tells")
	for _, odd := range []string{" rev", " rev x", " rev 0", " of x", " rev 5 of"} {
		has(t, odd, Draw(m, name+odd).HTML, "There is nothing to see")
	}
	m.Store = func(event.NodeID, event.Command) (event.Result, error) {
		return event.Result{Count: 1, Revision: 2, KVs: []event.KeyValue{{Key: "a\x00b\n\u202e", Value: "c\x00\nd"}}}, nil
	}
	if html = Draw(m, name).HTML; !strings.Contains(html, `<code class="key">a·b··</code>`) || !strings.Contains(html, "<code>c·\nd</code>") {
		t.Errorf("what cannot be seen is not marked: %s", html)
	}
	m.Store = func(event.NodeID, event.Command) (event.Result, error) {
		r := event.Result{Count: 1_204, Revision: 2_000}
		for range maxKeys {
			r.KVs = append(r.KVs, event.KeyValue{Key: "<k>", Value: strings.Repeat("v", maxValue+1), Lease: 0x3f, Version: 1})
		}
		return r, nil
	}
	html = Draw(m, name).HTML
	has(t, "many", html, "The first 100 of 1,204 keys.", "lease 3f", "…")
	if strings.Contains(html, "<k>") || strings.Contains(html, strings.Repeat("v", maxValue+1)) {
		t.Error("keys are not escaped, or values not bounded")
	}
}
