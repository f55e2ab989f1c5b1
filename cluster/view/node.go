package view

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Node returns the machine with this number, nil if the ring has none. It is valid until the next Apply.
func (s *State) Node(id event.NodeID) *Node {
	if at, there := s.nodeAt(id); there {
		return &s.Nodes[at]
	}
	return nil
}

func (s *State) nodeAt(id event.NodeID) (int, bool) {
	return find(len(s.Nodes), func(i int) int { return cmp.Compare(s.Nodes[i].ID, id) })
}

// apply folds what concerns one machine alone.
func (n *Node) apply(e *event.Event) {
	// State.Apply lists all kinds and sends those of one machine here.
	//exhaustive:ignore
	switch e.Kind {
	case event.Started:
		n.start(e)
	case event.Stopped:
		n.stop(e)
	case event.Suspended:
		n.stand(e.At)
	case event.Resumed:
		n.resume(e.At)
	case event.Wiped:
		n.wipe()
	case event.DriftSet:
		n.drift(e.Factor, e.At)
	case event.DiskSet:
		n.Fsync = e.Took
	case event.VoteCast:
		n.vote(e)
	case event.TermChanged:
		n.setTerm(e.Term)
	case event.SnapshotTaken:
		n.SnapshotIndex, n.SnapshotTerm, n.Last = e.Index, e.LogTerm, max(n.Last, e.Index)
	case event.SnapshotInstalled:
		n.install(e)
	case event.Applied:
		n.Applied, n.Revision = e.Index, cmp.Or(e.Rev, n.Revision)
	case event.Truncated:
		n.truncate(e.Index)
	case event.Compacted:
		n.compact(e.Index)
	default:
		if n.Up {
			n.applyRunning(e)
		}
	}
}

// applyRunning folds what only a running process can say.
func (n *Node) applyRunning(e *event.Event) {
	// The rest of what concerns one machine.
	//exhaustive:ignore
	switch e.Kind {
	case event.RoleChanged:
		n.changeRole(e)
	case event.VoteCounted:
		n.tally(e)
	case event.VoteRefused:
		n.Refusal = Refusal{e.Peer, e.Term, e.OK, e.Reason, e.Index, e.LogTerm, e.Text}
	case event.LeaderSeen:
		n.Leader = e.Peer
	case event.TimerSet:
		n.time(e)
	case event.MatchSet:
		if n.Role == event.Leader {
			n.match(Progress{ID: e.Peer, Match: e.Index, Next: uint64(e.N)})
		}
	}
}

// stand stops the machine and its clock.
func (n *Node) stand(at event.Micros) {
	if n.Up && !n.Suspended {
		n.Suspended, n.Stood = true, at
	}
}

// time notes when the election timer began and when it runs out. It begins with a contact, or without one.
func (n *Node) time(e *event.Event) {
	n.TimerFrom, n.TimerMin, n.TimerMax = e.From, event.Micros(e.N), e.Until
	if !e.OK {
		n.Contact = e.From
	}
	if e.Reply && n.Role == event.Candidate { // it would vote for itself; what was answered to the round before counts no more
		n.Ballots = []Ballot{{Voter: n.ID, Granted: true, PreVote: true}}
	}
}

// resume has the clock go on where it stood: the election timer runs out as much later.
func (n *Node) resume(at event.Micros) {
	if n.Suspended && n.TimerMax != 0 {
		late := at - n.Stood
		n.TimerFrom, n.TimerMin, n.TimerMax = n.TimerFrom+late, n.TimerMin+late, n.TimerMax+late
	}
	n.Suspended, n.Stood = false, 0
}

// drift changes the speed of the clock: what is left of the election timer passes in another time.
func (n *Node) drift(to event.Factor, at event.Micros) {
	if n.Suspended {
		at = n.Stood
	}
	if was := n.Drift.Float() / to.Float(); n.TimerMax != 0 && was > 0 && to > 0 {
		n.TimerMin = at + event.Micros(float64(n.TimerMin-at)*was)
		n.TimerMax = at + event.Micros(float64(n.TimerMax-at)*was)
	}
	n.Drift = to
}

// Votes is how many votes of its term a candidate has, its own among them. Answers to a pre-vote are none.
func (n *Node) Votes() int {
	votes := 0
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			votes++
		}
	}
	return votes
}

// start begins a process: a server starts as a follower (Raft paper §5.2) with what is on its disk.
func (n *Node) start(e *event.Event) {
	n.Up, n.Down, n.Refused = true, event.ReasonNone, ""
	n.forget()
	n.Role, n.Term = event.Follower, e.Term
	n.cut(e.Index)
	n.Last = e.Index
	n.Commit = min(n.Commit, n.SnapshotIndex)
}

// stop ends a process. Term, vote, log, snapshot and store stay: they are on its disk. The commit index is what the process knew last; the
// next one has to learn it anew (Figure 2: commitIndex is volatile), and knows only of its snapshot that it is committed.
func (n *Node) stop(e *event.Event) {
	n.Up, n.Down, n.Refused = false, e.Reason, ""
	if e.Reason == event.RefusedToStart {
		n.Refused = e.Text
	}
	n.forget()
}

// forget loses what only lives in a process.
func (n *Node) forget() {
	n.Role, n.Suspended, n.Stood, n.Leader = event.RoleNone, false, 0, 0
	n.Contact = 0
	n.untime()
	n.Peers, n.Ballots, n.Refusal = nil, nil, Refusal{}
}

// recall takes over what was on the machine's disk.
func (n *Node) recall(was *Node) {
	n.Term, n.Vote, n.VoteTerm = was.Term, was.Vote, was.VoteTerm
	n.First, n.Last, n.Log, n.Commit = was.First, was.Last, was.Log, was.Commit
	n.SnapshotIndex, n.SnapshotTerm, n.Applied, n.Revision = was.SnapshotIndex, was.SnapshotTerm, was.Applied, was.Revision
	n.Members, n.MembersIndex = was.Members, was.MembersIndex
}

// wipe empties the disk. The machine, its clock and its disk's speed stay as they are.
func (n *Node) wipe() {
	*n = Node{ID: n.ID, Up: n.Up, Suspended: n.Suspended, Stood: n.Stood, Role: n.Role, Leader: n.Leader, Down: n.Down, Drift: n.Drift, Fsync: n.Fsync,
		Contact: n.Contact, TimerFrom: n.TimerFrom, TimerMin: n.TimerMin, TimerMax: n.TimerMax, Peers: n.Peers}
}

// setTerm enters a term; the ballots of another one are void.
func (n *Node) setTerm(term uint64) {
	if term != n.Term {
		n.Term, n.Ballots = term, nil
	}
}

func (n *Node) changeRole(e *event.Event) {
	if e.Term != 0 {
		n.setTerm(e.Term)
	}
	if e.Role != event.Leader {
		n.Peers, n.Ballots = nil, nil
	} else { // it keeps the ballots that made it one
		n.Ballots = none(drop(n.Ballots, func(b *Ballot) bool { return b.PreVote }))
	}
	if e.Role != n.Role {
		n.untime()
	}
	elected := e.Role == event.Leader && n.Role != event.Leader
	n.Role = e.Role
	if elected {
		n.expect(n.Began())
	}
}

// Began is the index of the first entry that a leader appended, or will append (Raft paper §8: a no-op at the start of its term). Where
// its log does not reach so far back it is the oldest entry of the leader's term that is known.
func (n *Node) Began() uint64 {
	i := n.Last
	for e := n.Entry(i); e != nil && e.Term == n.Term; e = n.Entry(i) {
		i--
	}
	return i + 1
}

// expect begins to replicate to the other members that are not replicated to yet: nothing is known to match, and what comes next begins at
// an index (Figure 2; replication.go: nextIndex). Who is no member is not replicated to any more.
func (n *Node) expect(next uint64) {
	n.Peers = none(drop(n.Peers, func(p *Progress) bool { return !member(n.Members, p.ID) }))
	for _, m := range n.Members {
		if at, there := n.peer(m.ID); !there && m.ID != n.ID {
			n.Peers = insert(n.Peers, at, Progress{ID: m.ID, Next: next})
		}
	}
}

func member(members []event.Member, id event.NodeID) bool {
	for _, m := range members {
		if m.ID == id {
			return true
		}
	}
	return false
}

func (n *Node) peer(id event.NodeID) (at int, there bool) {
	return find(len(n.Peers), func(i int) int { return cmp.Compare(n.Peers[i].ID, id) })
}

// untime forgets the election timer: a leader has none, and who turns follower or candidate sets it anew.
func (n *Node) untime() { n.TimerFrom, n.TimerMin, n.TimerMax = 0, 0, 0 }

// vote notes whom the node votes for. A candidate's own vote counts as any other (Raft paper §5.2).
func (n *Node) vote(e *event.Event) {
	n.Vote, n.VoteTerm = e.Peer, e.Term
	if n.Up && n.Role == event.Candidate && e.Peer == n.ID && e.Term == n.Term {
		n.count(Ballot{Voter: n.ID, Granted: true})
	}
}

// tally counts an answer, unless the engine does not: one that comes late is of another term, or to somebody who does not stand any more.
func (n *Node) tally(e *event.Event) {
	stands := e.Term == n.Term && (n.Role == event.Candidate || n.Role == event.Leader)
	if e.Reply {
		stands = e.Term > n.Term && n.Role == event.Candidate // it is asked for the next one
	}
	if stands {
		n.count(Ballot{Voter: e.Peer, Granted: e.OK, PreVote: e.Reply})
	}
}

func (n *Node) count(b Ballot) {
	at, there := find(len(n.Ballots), func(i int) int { return cmp.Compare(n.Ballots[i].Voter, b.Voter) })
	switch {
	case there:
		n.Ballots[at] = b // a vote follows its pre-vote
	case len(n.Ballots) < MaxNodes:
		n.Ballots = insert(n.Ballots, at, b)
	}
}

func (n *Node) match(p Progress) {
	at, there := n.peer(p.ID)
	switch {
	case there:
		n.Peers[at] = p
	case len(n.Peers) < MaxNodes:
		n.Peers = insert(n.Peers, at, p)
	}
}
