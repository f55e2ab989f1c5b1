package view

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A configuration that was agreed on stays the room's when all who knew it start again with stores that do not reach so far.
func TestAnAgreedConfigurationStays(t *testing.T) {
	var s State
	ap := func(e event.Event) { e.Seq = s.Seq + 1; s.Apply(e) }
	voters := func(ids ...event.NodeID) (m []event.Member) {
		for _, id := range ids {
			m = append(m, event.Member{ID: id, Suffrage: event.Voter})
		}
		return m
	}
	for id := event.NodeID(1); id <= 3; id++ {
		ap(event.Event{Kind: event.MachineAdded, Node: id})
		ap(event.Event{Kind: event.Started, Node: id, Term: 1, Index: 1})
		ap(event.Event{Kind: event.MembersSet, Node: id, Index: 1, Members: voters(1, 2, 3)})
		ap(event.Event{Kind: event.Committed, Node: id, Index: 5})
	}
	for id := event.NodeID(1); id <= 2; id++ {
		ap(event.Event{Kind: event.MembersSet, Node: id, Index: 10, Members: voters(1, 2, 3, 4)})
		ap(event.Event{Kind: event.Committed, Node: id, Index: 10})
	}
	if s.MembersIndex != 10 || len(s.Members) != 4 {
		t.Fatalf("before: the configuration of entry %d", s.MembersIndex)
	}
	for id := event.NodeID(1); id <= 3; id++ {
		ap(event.Event{Kind: event.Stopped, Node: id, Reason: event.Killed})
	}
	for id := event.NodeID(1); id <= 3; id++ {
		ap(event.Event{Kind: event.Started, Node: id, Term: 1, Index: 10})
		ap(event.Event{Kind: event.Committed, Node: id, Index: 5}) // its store has no more
	}
	if s.MembersIndex != 10 || len(s.Members) != 4 {
		t.Fatalf("after: the configuration of entry %d", s.MembersIndex)
	}
}
