package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestNodePanelTellsWhatTheMachineIs(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	put := l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1"})
	l.run(300_000)
	name := leader.String()
	l.draw("node "+name, name, "Leader of term "+number(put.Term)+" for ", " voted for it.", "Last fsync", "entry "+number(put.Index), "revision 2", "Added delay none",
		"Voters n1, n2 and n3", "which it knows to be committed", "both ways: whole", "wrote entry "+number(put.Index), "its store is at revision 2")
	follower := leader%3 + 1
	p := l.draw("node "+follower.String(), "Follows "+name, "It stands for election", " ago")
	if p.Marks != follower.String() {
		t.Errorf("marks %q", p.Marks)
	}
	for _, attribute := range []string{" style=", "<script", " on"} {
		if strings.Contains(p.HTML, attribute+"=") || strings.Contains(p.HTML, "<script") {
			t.Errorf("the page's policy forbids %q", attribute)
		}
	}
	l.ok(event.Command{Kind: event.Kill, Node: follower})
	l.draw("node "+follower.String(), "Down for", "it was killed", follower.String()+" was killed.")
	m := l.moment()
	m.Endpoints = "n1 http://127.0.0.1:1\nn2 http://127.0.0.1:2\nn3 http://127.0.0.1:3"
	has(t, "endpoint", Draw(m, "node n2").HTML, "http://127.0.0.1:2")
}

// What the moment does not know yet the panel does not tell.
func TestNodePanelKeepsToItsMoment(t *testing.T) {
	l := openLab(t)
	l.ok(event.Command{Kind: event.Put, Key: "early", Value: "1"})
	then := l.moment()
	l.ok(event.Command{Kind: event.Put, Key: "late", Value: "1"})
	html := Draw(then, "node "+l.leader().String()).HTML
	if !strings.Contains(html, "early=1") || strings.Contains(html, "late=1") {
		t.Error(plain(html))
	}
}
