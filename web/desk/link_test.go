package desk

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func TestLinkPanelShowsBothDirections(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	other := leader%3 + 1
	words := "link " + leader.String() + " " + other.String()
	l.draw(words, min(leader, other).String()+" – "+max(leader, other).String(), leader.String()+" to "+other.String(), other.String()+" to "+leader.String(), "It is whole", "arrived, 0 did not", "Cut")
	l.ok(event.Command{Kind: event.SetLink, Node: leader, Peer: other, OneWay: true, Link: event.Link{Delay: 200_000, Slow: 2 * event.One}})
	l.Begin(event.Command{Kind: event.Put, Key: "x", Value: "1", Node: leader})
	l.run(100_000)
	l.draw(words, "One way 400 ms", "The entries x=1", "due in 3", "Mend")
	l.ok(event.Command{Kind: event.Cut, Node: leader, Peer: other, OneWay: true})
	l.run(300_000)
	if p := l.draw("link "+other.String()+"-"+leader.String(), "nothing arrives", "The link is cut."); p.Marks != min(leader, other).String()+"-"+max(leader, other).String() {
		t.Errorf("marks %q", p.Marks)
	}
}

func TestMessagePanelSaysWhyItWaits(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	other := leader%3 + 1
	l.ok(event.Command{Kind: event.Hold, Node: leader, Peer: other, OneWay: true})
	put := l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1", Node: leader})
	held := uint64(0)
	// A request that tells of a commit may wait there already: the engine sends the next when that one has timed out.
	if !l.Await(10_000_000, func(s *view.State) bool {
		for _, m := range s.Messages {
			if m.Held && m.Op == put.Op {
				held = m.ID
			}
		}
		return held != 0
	}) {
		t.Fatal("the entries do not come to the gate")
	}
	words := "message " + number(held)
	l.draw(words, "The entries x=1", "the gate from "+leader.String()+" to "+other.String()+" is closed", "Builds on", "Leader's commit", "Put behind the others", "Request 2")
	l.ok(event.Command{Kind: event.Drop, Message: held})
	l.run(5_000)
	l.draw(words, "It did not arrive: dropped by hand")
	l.ok(event.Command{Kind: event.Release})
	l.run(2_000_000)
	l.draw("link "+leader.String()+" "+other.String(), "the entries x=1. Dropped by hand.")
}
