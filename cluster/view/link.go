package view

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Link returns the direction from one machine to another, nil if the ring lacks one of them. It is valid
// until the next Apply.
func (s *State) Link(from, to event.NodeID) *Link {
	at, there := find(len(s.Links), func(i int) int {
		return cmp.Or(cmp.Compare(s.Links[i].From, from), cmp.Compare(s.Links[i].To, to))
	})
	if !there {
		return nil
	}
	return &s.Links[at]
}

// passes says whether messages get through in this direction at all. Held ones do, by hand.
func (l *Link) passes() bool { return !l.Cut && l.Loss < event.One }
