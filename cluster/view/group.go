package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Group is a connected set of machines.
type Group struct {
	Nodes  []event.NodeID // by number
	Voters int            // of the newest committed configuration, that are in the group
	Total  int            // voters of that configuration in all
	Quorum bool           // Voters are more than half of Total: the group can elect and commit
}

// Groups gives the connected sets of the machines that are up and not suspended, by their lowest number. Two
// machines are connected if messages pass in both directions, by way of others too: a cut in one direction is
// enough to part them, since a request without its answer acknowledges nothing.
func (s *State) Groups() []Group {
	total := voters(s.Members)
	var groups []Group
	grouped := make(map[event.NodeID]bool, len(s.Nodes))
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if !n.running() || grouped[n.ID] {
			continue
		}
		g := Group{Nodes: s.reach(n.ID, grouped), Total: total}
		for _, m := range s.Members {
			if m.Suffrage == event.Voter && slices.Contains(g.Nodes, m.ID) {
				g.Voters++
			}
		}
		g.Quorum = g.Voters > total/2
		groups = append(groups, g)
	}
	return groups
}

// reach gives the machines connected with id, itself included, and notes them as grouped.
func (s *State) reach(id event.NodeID, grouped map[event.NodeID]bool) []event.NodeID {
	reached := []event.NodeID{id}
	grouped[id] = true
	for next := 0; next < len(reached); next++ {
		for i := range s.Nodes {
			other := &s.Nodes[i]
			if other.running() && !grouped[other.ID] && s.connected(reached[next], other.ID) {
				grouped[other.ID] = true
				reached = append(reached, other.ID)
			}
		}
	}
	arrange(reached, func(a, b *event.NodeID) bool { return *a < *b })
	return reached
}

func (s *State) connected(a, b event.NodeID) bool {
	there, back := s.Link(a, b), s.Link(b, a)
	return there != nil && back != nil && there.passes() && back.passes()
}

// running says whether the process is there and its machine does not stand still.
func (n *Node) running() bool { return n.Up && !n.Suspended }

func voters(members []event.Member) (n int) {
	for _, m := range members {
		if m.Suffrage == event.Voter {
			n++
		}
	}
	return n
}
