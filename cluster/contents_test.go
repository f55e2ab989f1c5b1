package cluster

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A node's store can be looked into without anybody being told.
func TestContentsOfOneNode(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	for _, key := range []string{"a", "b/1", "b/2"} {
		l.ok(event.Command{Kind: event.Put, Key: key, Value: "v" + key})
	}
	for range 1_000 {
		l.Advance(1_000)
	}
	before := l.State().Ops
	look := func(id event.NodeID, c event.Command) Contents {
		answer := l.Contents(id, c)
		for range 1_000 {
			select {
			case r := <-answer:
				return r
			default:
				l.Advance(1_000)
			}
		}
		t.Fatal("no answer")
		return Contents{}
	}
	r := look(2, event.Command{Kind: event.Get, Key: "b/", Prefix: true, Limit: 1})
	if r.Err != nil || r.Count != 2 || len(r.KVs) != 1 || r.KVs[0].Key != "b/1" || r.KVs[0].Value != "vb/1" || r.Revision != 4 {
		t.Errorf("%+v", r)
	}
	if r := look(1, event.Command{Kind: event.Get, Prefix: true, Rev: 2}); r.Err != nil || r.Count != 1 {
		t.Errorf("at revision 2: %+v", r)
	}
	if r := look(1, event.Command{Kind: event.Get, Prefix: true, Rev: 99}); r.Err == nil || !strings.Contains(r.Err.Error(), "has not reached revision 99") {
		t.Errorf("in the future: %+v", r)
	}
	if after := l.State().Ops; len(after) != len(before) {
		t.Errorf("%d requests were told", len(after)-len(before))
	}
	l.ok(event.Command{Kind: event.Kill, Node: 3})
	if r := look(3, event.Command{Kind: event.Get, Prefix: true}); r.Err == nil {
		t.Errorf("of a node that is down: %+v", r)
	}
}
