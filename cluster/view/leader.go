package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Leader returns the running leader of the newest term, nil if there is none. There may be others that believe to lead: those
// of older terms do not know yet that they were replaced, also when who replaced them runs no more. It is valid until the next Apply.
func (s *State) Leader() *Node { return s.leader(false) }

// Believing returns the leader whose match and next indexes are the newest: as Leader, or one that stands still and believes on
// what it believed.
func (s *State) Believing() *Node { return s.leader(true) }

func (s *State) leader(still bool) *Node {
	var newest *Node
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Up && (still || !n.Suspended) && n.Role == event.Leader && n.Term >= s.Elected && (newest == nil || n.Term > newest.Term) {
			newest = n
		}
	}
	return newest
}

// InUse is the configuration that a majority is counted by: the newest leader's as soon as it is in its log (Raft paper §6).
// Where nobody leads it is that of the machine that runs with the newest log (§5.4.1), whom no other can be elected against. Without
// one it is the newest committed one. It is valid until the next Apply.
func (s *State) InUse() []event.Member {
	newest := s.Leader()
	led := newest != nil
	for i := range s.Nodes {
		if n := &s.Nodes[i]; !led && n.running() && (newest == nil || n.newerThan(newest)) {
			newest = n
		}
	}
	if newest == nil {
		return s.Members
	}
	members, _ := s.CountsWith(newest)
	return members
}

// newerThan compares two logs as voters do (Raft paper §5.4.1): by the term of the last entry, then by its index. Equal ones differ
// where one has told of its configuration already.
func (n *Node) newerThan(o *Node) bool {
	return n.Newer(o) || !o.Newer(n) && n.MembersIndex > o.MembersIndex
}

// Newer says whether the machine's log is more up to date than another's (Raft paper §5.4.1): it would not vote for that one.
func (n *Node) Newer(than *Node) bool {
	mine, theirs := n.LastTerm(), than.LastTerm()
	return mine > theirs || mine == theirs && n.Last > than.Last
}

// LastTerm is the term of the last entry, which may be in a snapshot; 0 of an empty log.
func (n *Node) LastTerm() uint64 {
	if e := n.Entry(n.Last); e != nil {
		return e.Term
	}
	return n.SnapshotTerm
}

// CountsWith is the configuration that n needs a majority of, and the index of its entry: the newest in its log, or the room's, if that is newer.
// It is valid until the next Apply.
func (s *State) CountsWith(n *Node) (members []event.Member, index uint64) {
	if n.MembersIndex > s.MembersIndex && len(n.Members) > 0 {
		return n.Members, n.MembersIndex
	}
	return s.Members, s.MembersIndex
}

// StaleLeader says whether n believes to lead although another machine was elected in a newer term: a majority has
// moved on to that, so nothing that n appends can be committed (Raft paper §5.1), also when the other runs no more.
func (s *State) StaleLeader(n *Node) bool { return n.Role == event.Leader && n.Term < s.Elected }

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

// Doomed says whether the newest leader's log, or its snapshot, contradicts the uncommitted entry that n has at index: as soon as
// that leader reaches n, the entry is cut off (Raft paper §5.3). Without a leader nothing is doomed yet.
func (s *State) Doomed(n *Node, index uint64) bool {
	e, leader := n.Entry(index), s.Leader()
	if e == nil || index <= n.Commit || leader == nil || leader.ID == n.ID || leader.Term < n.Term {
		return false
	}
	if index > leader.Last {
		return e.Term < leader.Term // what the leader puts there will be of its own term
	}
	if theirs := leader.Entry(index); theirs != nil {
		return theirs.Term != e.Term
	}
	if index > leader.SnapshotIndex {
		return false
	}
	term, _ := s.Agreed(index)
	return e.Term > leader.SnapshotTerm || term != 0 && term != e.Term // terms never get smaller along a log
}

// Agreed is the term of the entry that is committed at an index, as the machines' logs and snapshots tell; 0 if they do not. who is
// one that tells.
func (s *State) Agreed(index uint64) (term uint64, who event.NodeID) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if e := n.Entry(index); e != nil && n.Commit >= index {
			return e.Term, n.ID
		}
		if index > 0 && n.SnapshotIndex == index {
			return n.SnapshotTerm, n.ID
		}
	}
	return 0, 0
}

// Safe says whether all safety properties hold: as long as they do, what was overwritten was never committed.
func (s *State) Safe() bool {
	return !slices.ContainsFunc(s.Safety, func(p Lamp) bool { return !p.Holds })
}

// AsksFirst says whether a candidate asks for pre-votes, and not for votes: it begins with its own. One that was told to stand at once
// asks for none (dissertation §3.10), and has no vote before its own is on its disk.
func (n *Node) AsksFirst() bool {
	for _, b := range n.Ballots {
		if b.PreVote {
			return true
		}
	}
	return false
}
