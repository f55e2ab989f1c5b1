package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// A snapshot names the last entry that is in it, and none of the others. That a machine has one which reaches over a place in the log
// does therefore not say which entry it holds there: that is the one that was committed (State Machine Safety, §5.4.3), and which one
// that was, others have to tell.

// standing says whether a machine has an entry.
type standing uint8

const (
	lacks  standing = iota
	has             // on its disk, or in its snapshot
	unsure          // its snapshot reaches over the place, and nobody tells with which entry
)

// stands says whether a machine has the entry of an index and a term, when that of the term committed is known to be committed there
// (0: that is not known).
func stands(n *view.Node, index, term, committed uint64) standing {
	e, yes := n.Entry(index), false
	switch {
	case e != nil:
		yes = e.Term == term
	case index == 0 || index > n.SnapshotIndex || term > n.SnapshotTerm: // terms never get smaller along a log
	case committed != 0:
		yes = committed == term
	default:
		return unsure
	}
	if yes {
		return has
	}
	return lacks
}

// agreed is the term of the entry that is committed at an index, also where only the past tells it: a machine that has written an entry
// there and not cut it off, and knows now, or has known since, everything up to there to be committed.
func (p *past) agreed(s *view.State, index uint64) (term uint64, who event.NodeID) {
	if term, who = s.Agreed(index); term != 0 || index == 0 {
		return term, who
	}
	type trail struct{ over, committed bool }
	trails := make(map[event.NodeID]*trail, len(s.Nodes))
	for i := range s.Nodes {
		n := &s.Nodes[i]
		trails[n.ID] = &trail{committed: n.Commit >= index || n.SnapshotIndex >= index}
	}
	p.back(of(event.Appended, event.Truncated, event.SnapshotInstalled, event.Wiped, event.Committed), func(e *event.Event) bool {
		t := trails[e.Node]
		if t == nil || t.over {
			return false
		}
		// The others were not looked for.
		//exhaustive:ignore
		switch e.Kind {
		case event.Appended:
			if e.Index == index {
				if t.over = true; t.committed {
					term, who = e.Term, e.Node
				}
			}
		case event.Committed:
			t.committed = t.committed || e.Index >= index
		case event.Truncated:
			t.over = e.Index <= index
		case event.SnapshotInstalled: // what it had there before may have been another entry
			t.over = e.Index >= index && e.Peer != 0
		case event.Wiped:
			t.over = true
		}
		return term != 0
	})
	return term, who
}

// lives says whether an entry that no log has any more may still come into one: a message brings it.
func lives(s *view.State, index, term uint64) bool {
	return slices.ContainsFunc(s.Messages, func(m view.Message) bool {
		return bringsEntries(&m) && m.Index < index && m.Index+uint64(m.N) >= index && m.Term >= term
	})
}
