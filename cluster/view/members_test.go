package view

import (
	"reflect"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestALeaderBeginsToReplicate holds to what a leader believes before anybody has answered it (Figure 2).
func TestALeaderBeginsToReplicate(t *testing.T) {
	old := []event.Event{{Kind: event.Appended, Node: 1, Index: 2, Term: 1}, {Kind: event.Appended, Node: 1, Index: 3, Term: 1}}
	elected := event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2}
	noop := event.Event{Kind: event.Appended, Node: 1, Index: 4, Term: 2}
	config := func(index uint64, ids ...event.NodeID) event.Event {
		e := event.Event{Kind: event.MembersSet, Node: 1, Index: index}
		for _, id := range ids {
			e.Members = append(e.Members, event.Member{ID: id, Suffrage: event.Voter})
		}
		return e
	}
	match := event.Event{Kind: event.MatchSet, Node: 1, Peer: 2, Index: 4, N: 5}
	gone := event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Follower, Term: 3}
	for _, c := range []struct {
		name   string
		events []event.Event
		want   []Progress
	}{
		{"told before its no-op", []event.Event{elected, noop}, []Progress{{2, 0, 4}, {3, 0, 4}}},
		{"told after its no-op", []event.Event{noop, elected}, []Progress{{2, 0, 4}, {3, 0, 4}}},
		{"told twice", []event.Event{elected, noop, match, elected}, []Progress{{2, 4, 5}, {3, 0, 4}}},
		{"somebody joins", []event.Event{elected, noop, match, config(5, 1, 2, 3, 4)}, []Progress{{2, 4, 5}, {3, 0, 4}, {4, 0, 6}}},
		{"somebody leaves and comes back", []event.Event{elected, noop, match, config(5, 1, 3), config(6, 1, 2, 3)}, []Progress{{2, 0, 7}, {3, 0, 4}}},
		{"alone", []event.Event{elected, noop, config(5, 1)}, nil},
		{"a follower that learns of somebody", []event.Event{config(4, 1, 2, 3, 4)}, nil},
		{"led before", []event.Event{elected, noop, match, gone}, nil},
	} {
		s := ring(3)
		s.Apply(config(1, 1, 2, 3))
		for _, e := range append(old, c.events...) {
			s.Apply(e)
		}
		if n := s.Node(1); !reflect.DeepEqual(n.Peers, c.want) {
			t.Errorf("%s: %v, not %v", c.name, n.Peers, c.want)
		}
	}
}

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
