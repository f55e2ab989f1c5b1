package desk

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestEntryPanelTellsItsLife(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	follower := leader%3 + 1
	put := l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1", Node: leader})
	l.run(500_000)
	l.draw("entry "+follower.String()+" "+number(put.Index), "Entry "+number(put.Index)+" of term "+number(put.Term), "x=1", "Committed ", " after it was first written, when n",
		leader.String()+" wrote it first, as leader of term", "itself", "Its request")
	l.draw("entry n1 1", "Entry 1 of term 1", "A configuration")
	l.ok(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{leader}, {follower, follower%3 + 1}}})
	l.Begin(event.Command{Kind: event.Put, Key: "y", Value: "9", Node: leader})
	l.run(50_000)
	words := "entry " + leader.String() + " " + number(put.Index+1)
	l.draw(words, "y=9", "Not committed", "1 of 3 voters hold it, 2 are needed")
	l.run(5_000_000)
	l.draw(words, "y=9", " as soon as a leader that has that one gets through to "+leader.String()+".")
	l.ok(event.Command{Kind: event.Heal})
	l.run(5_000_000)
	l.draw(words, "∅", "A new leader's first entry")
	if p := Draw(l.moment(), "entry n1 9999"); p.Marks != "" {
		t.Error(p.HTML)
	}
}
