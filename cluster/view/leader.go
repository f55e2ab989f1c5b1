package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Leader returns the running leader of the newest term, nil if there is none. There may be more leaders: those
// of older terms do not know yet that they were replaced. It is valid until the next Apply.
func (s *State) Leader() *Node { return s.leader(false) }

// Believing returns the leader whose match and next indexes are the newest: as Leader, or one that stands still and believes on
// what it believed.
func (s *State) Believing() *Node { return s.leader(true) }

func (s *State) leader(still bool) *Node {
	var newest *Node
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Up && (still || !n.Suspended) && n.Role == event.Leader && (newest == nil || n.Term > newest.Term) {
			newest = n
		}
	}
	return newest
}

// InUse is the configuration that a majority is counted by: the newest leader's as soon as it is in its log (Raft paper §6),
// else the newest committed one. It is valid until the next Apply.
func (s *State) InUse() []event.Member {
	if l := s.Leader(); l != nil && l.MembersIndex > s.MembersIndex && len(l.Members) > 0 {
		return l.Members
	}
	return s.Members
}

// StaleLeader says whether n believes to lead although another machine was elected in a newer term: nothing
// that it appends can be committed.
func (s *State) StaleLeader(n *Node) bool {
	if n.Role != event.Leader {
		return false
	}
	for i := range s.Nodes {
		if other := &s.Nodes[i]; other.Role == event.Leader && other.Term > n.Term {
			return true
		}
	}
	return false
}

// VotesNeeded is how many votes make n leader: more than half of the voters in the configuration that n uses.
// It is 0 while no configuration is known.
func (s *State) VotesNeeded(n *Node) int {
	members := n.Members
	if len(members) == 0 {
		members = s.Members
	}
	if len(members) == 0 {
		return 0
	}
	return voters(members)/2 + 1
}

// Doomed says whether the newest leader's log contradicts the uncommitted entry that n has at index: as soon as
// that leader reaches n, the entry is cut off (Raft paper §5.3). Without a leader nothing is doomed yet.
func (s *State) Doomed(n *Node, index uint64) bool {
	e, leader := n.Entry(index), s.Leader()
	if e == nil || index <= n.Commit || leader == nil || leader.ID == n.ID || leader.Term < n.Term {
		return false
	}
	if index > leader.Last {
		return e.Term < leader.Term // what the leader puts there will be of its own term
	}
	theirs := leader.Entry(index)
	return theirs != nil && theirs.Term != e.Term
}

// Safe says whether all safety properties hold: as long as they do, what was overwritten was never committed.
func (s *State) Safe() bool {
	return !slices.ContainsFunc(s.Safety, func(p Lamp) bool { return !p.Holds })
}

// AsksFirst says whether a candidate asks for pre-votes, and not for votes. What the state has of one that tries again may be of its
// last round, as long as nobody has answered.
func (s *State) AsksFirst(c *Node) bool {
	asked := false
	for _, b := range c.Ballots {
		if b.PreVote {
			return true // for the next term: those of its own term are counted no more when a new one begins
		}
		asked = true
	}
	return s.PreVote && !asked
}
