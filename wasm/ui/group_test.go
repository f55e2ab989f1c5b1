package ui

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Where a quorum depends on who leads, the words say so as long as none of them does.
func TestOutlineNamesWhoCouldLead(t *testing.T) {
	s := healthy()
	others := []event.NodeID{1, 3, 4, 5}
	for _, a := range others {
		for _, b := range others {
			if a != b {
				s.tell(event.Event{Kind: event.LinkSet, Node: a, Peer: b, Link: event.Link{Cut: true}})
			}
		}
	}
	words := func() string { return wordsOf(outlineWordsElement(&s.m)) }
	if leads := s.m.leader(); leads == nil || leads.ID != 2 || !strings.Contains(words(), "5 of 5 – quorum") || strings.Contains(words(), "leads") {
		t.Errorf("n2, which reaches all, leads: %q", words())
	}
	s.tell(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Follower, Term: 8})
	if !strings.Contains(words(), "5 of 5 – quorum if led by n2") {
		t.Errorf("n2 alone could lead: %q", words())
	}
}
