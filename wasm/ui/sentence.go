package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// sentence says in words what an event means to those who watch; "" if it is not worth a sentence of its
// own. The State is still what was before the event.
func (m *Model) sentence(e *event.Event) (string, tone) {
	who := e.Node.String()
	switch e.Kind {
	case event.RateSet:
		return rateSentence(e.Factor), plain
	case event.Stepped:
		return "One step, and time stands still again.", minor
	case event.PreVoteSet:
		return switched(e.OK, "Candidates ask first whether they could win (pre-vote).", "Candidates stand for election without asking first (no pre-vote)."), fault
	case event.MachineAdded:
		return who + " is a new machine in the ring.", fault
	case event.MachineRemoved:
		return who + " has left the ring for good.", fault
	case event.Started:
		return who + " starts in term " + number(e.Term) + " with its log up to entry " + number(e.Index) + ".", fault
	case event.Stopped:
		return m.stopped(e), fault
	case event.Suspended:
		return who + " stands still, its clock too. It will not notice.", fault
	case event.Resumed:
		return who + " goes on as if nothing had been; " + messages(e.N) + " had been waiting for it.", fault
	case event.Wiped:
		return who + "'s disk is empty: it has forgotten its log, its term and its vote.", fault
	case event.Corrupted:
		return "A bit in " + who + "'s file " + e.Text + " has flipped, at byte " + number(uint64(e.N)) + ".", fault
	case event.DriftSet:
		return switched(e.Factor == event.One, who+"'s clock is true again.", who+"'s clock runs at "+ratio(e.Factor)+" times the true speed."), fault
	case event.DiskSet:
		return switched(e.Took == 0, who+"'s disk is as quick as before.", who+"'s disk takes "+spell(e.Took)+" longer for every fsync."), fault
	case event.Dropped:
		return m.droppedSentence(e), minor
	case event.RoleChanged, event.VoteGranted, event.VoteRefused:
		return m.electionSentence(e)
	case event.Truncated:
		return who + " cut its log back: entry " + number(e.Index) + " and all after it are gone, because the leader's log differs.", bad
	case event.SnapshotTaken:
		return who + " took a snapshot of everything up to entry " + number(e.Index) + ".", plain
	case event.SnapshotInstalled:
		return switched(e.Peer == 0, who+" restored its own snapshot up to entry "+number(e.Index)+".",
			who+" installed "+e.Peer.String()+"'s snapshot up to entry "+number(e.Index)+": its log was too far behind."), plain
	case event.Compacted:
		return who + " dropped its log before entry " + number(e.Index) + ".", minor
	case event.MembersSet:
		return m.membersSentence(e), plain
	case event.Asked:
		return askedSentence(e), minor
	case event.Answered:
		return m.answeredSentence(e)
	case event.SafetyBroken:
		return "Safety is broken: " + e.Text, bad
	case event.KindNone, event.LinkSet, event.Sent, event.Delivered, event.Held, event.Released, event.Copied,
		event.TermChanged, event.VoteCast, event.VoteCounted, event.LeaderSeen, event.TimerSet,
		event.Appended, event.Fsynced, event.MatchSet, event.Committed, event.Applied:
	}
	return "", minor
}

func switched(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

func messages(n int64) string {
	if n == 1 {
		return "1 message"
	}
	return number(uint64(n)) + " messages"
}

func rateSentence(rate event.Factor) string {
	switch rate {
	case 0:
		return "Time stands still."
	case realTime:
		return "Time runs as it does outside."
	}
	return "Time runs at " + ratio(rate) + " times the real speed."
}

func (m *Model) stopped(e *event.Event) string {
	who := e.Node.String()
	if n := m.State.Node(e.Node); n != nil && n.Role == event.Leader {
		who += ", the leader of term " + number(n.Term) + ","
	}
	// only the reasons of Stopped can come
	//exhaustive:ignore
	switch e.Reason {
	case event.KilledBeforeFsync:
		return who + " was killed with a write under way that never reached its disk."
	case event.KilledAfterFsync:
		return who + " was killed right after its write was on disk, before anybody heard of it."
	case event.RefusedToStart:
		return who + " refuses to start: " + e.Text
	case event.LeftCluster:
		return who + " stopped: it is no member any more."
	case event.RoomClosed:
		return who + " stopped with the room."
	}
	return who + " was killed."
}

func (m *Model) droppedSentence(e *event.Event) string {
	msg := m.State.Message(e.Msg)
	if msg == nil {
		return ""
	}
	what := named(msg) + " from " + e.Node.String() + " to " + e.Peer.String()
	// only the reasons of Dropped can come
	//exhaustive:ignore
	switch e.Reason {
	case event.Lost:
		return "Lost on the way: " + what + "."
	case event.ByHand:
		return "Dropped by hand: " + what + "."
	case event.QueueFull:
		return "Dropped, because too many were waiting: " + what + "."
	}
	return "" // a cut link or a dead machine: they drop everything, which the picture shows
}

// named says what a message is: "entries", "a vote request".
func named(msg *view.Message) string {
	s := ""
	switch msg.Type {
	case event.AppendEntries:
		s = switched(msg.N > 0, "the entries "+carries(msg), "an empty AppendEntries")
	case event.Heartbeat:
		s = "a heartbeat"
	case event.RequestVote:
		s = "a vote request of term " + number(msg.Term)
	case event.RequestPreVote:
		s = "a pre-vote request of term " + number(msg.Term)
	case event.TimeoutNow:
		s = "the order to stand for election now"
	case event.InstallSnapshot:
		s = "the snapshot up to entry " + number(msg.Index)
	case event.Forward:
		s = "the forwarded " + msg.Text
	case event.ReadIndex:
		s = "a read's question for the commit index"
	case event.MessageNone:
		s = "a message"
	}
	if !msg.Reply {
		return s
	}
	// the others are worded alike
	//exhaustive:ignore
	switch msg.Type {
	case event.RequestVote, event.RequestPreVote:
		return switched(msg.OK, "a vote for it", "a refusal to vote for it")
	case event.AppendEntries:
		return switched(msg.OK, "the acknowledgement of entries to "+number(msg.Index), "the refusal of entries")
	case event.Heartbeat:
		return "the answer to a heartbeat"
	}
	return "the answer to " + s
}

func (m *Model) electionSentence(e *event.Event) (string, tone) {
	// only these three come here
	//exhaustive:ignore
	switch e.Kind {
	case event.VoteGranted:
		return m.granted(e), minor
	case event.VoteRefused:
		return m.refused(e), plain
	}
	who, was := e.Node.String(), event.RoleNone
	n := m.State.Node(e.Node)
	if n != nil {
		was = n.Role
	}
	switch e.Role {
	case event.Leader:
		return who + " leads term " + number(e.Term) + elected(n) + ".", good
	case event.Candidate:
		return who + " stands for election" + switched(timedOut(n, e.At), ": it heard from no leader in time.", "."), plain
	case event.Follower:
		switch was {
		case event.Leader:
			return who + " steps down: it does not lead any more, term " + number(e.Term) + ".", plain
		case event.Candidate:
			return who + " gives up its candidacy and follows, term " + number(e.Term) + ".", minor
		case event.RoleNone, event.Follower:
		}
	case event.RoleNone:
	}
	return "", minor
}

// timedOut says whether a node's election timer may have run out, as far as the room told of it. One that is
// told to stand for election does not wait for it.
func timedOut(n *view.Node, at event.Micros) bool {
	return n != nil && n.TimerMin != 0 && at >= n.TimerMin
}

// elected names those who voted for a new leader.
func elected(n *view.Node) string {
	if n == nil {
		return ""
	}
	var voters []event.NodeID
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			voters = append(voters, b.Voter)
		}
	}
	if len(voters) == 0 {
		return ""
	}
	inOrder(voters)
	return " with the votes of " + list(voters)
}

func (m *Model) granted(e *event.Event) string {
	if e.Node == e.Peer {
		return ""
	}
	if e.OK {
		return e.Node.String() + " would vote for " + e.Peer.String() + " in term " + number(e.Term) + " (pre-vote)."
	}
	return e.Node.String() + " votes for " + e.Peer.String() + " in term " + number(e.Term) + "."
}

// refused answers why a vote was refused.
func (m *Model) refused(e *event.Event) string {
	voter, candidate := e.Node.String(), e.Peer.String()
	s := voter + " refused its vote to " + candidate + " in term " + number(e.Term) + ": "
	if e.OK {
		s = voter + " would not vote for " + candidate + " in term " + number(e.Term) + ": "
	}
	last, lastTerm := m.lastOf(e.Peer)
	// only the reasons of VoteRefused can come
	//exhaustive:ignore
	switch e.Reason {
	case event.StaleTerm:
		return s + "that term is over."
	case event.AlreadyVoted:
		if n := m.State.Node(e.Node); n != nil && n.VoteTerm == e.Term && n.Vote != 0 {
			return s + "it has voted for " + n.Vote.String() + "."
		}
		return s + "it has already voted in this term."
	case event.HasLeader:
		return s + "it hears from a leader."
	case event.LogTermBehind:
		return s + voter + "'s log is newer (last term " + number(e.LogTerm) + against(lastTerm) + ")."
	case event.LogIndexBehind:
		return s + voter + "'s log is longer (last entry " + number(e.Index) + against(last) + ")."
	case event.NotAVoter:
		return s + candidate + " is no voter in " + voter + "'s configuration."
	}
	return s + e.Text
}

func against(n uint64) string {
	if n == 0 {
		return ""
	}
	return " against " + number(n)
}

// lastOf is a node's last entry and its term, as the room reported them; 0 where it is not known.
func (m *Model) lastOf(id event.NodeID) (index, term uint64) {
	n := m.State.Node(id)
	if n == nil {
		return 0, 0
	}
	if k := len(n.Log); k > 0 {
		return n.Log[k-1].Index, n.Log[k-1].Term
	}
	return n.SnapshotIndex, n.SnapshotTerm
}

// membersSentence tells a new configuration once: when the leader begins to use it.
func (m *Model) membersSentence(e *event.Event) string {
	if l := m.leader(); l == nil || l.ID != e.Node || l.MembersIndex == e.Index {
		return ""
	}
	var voters, learners []event.NodeID
	for _, x := range e.Members {
		switch x.Suffrage {
		case event.Voter:
			voters = append(voters, x.ID)
		case event.Learner:
			learners = append(learners, x.ID)
		case event.NoMember:
		}
	}
	s := "The leader counts with a new configuration: voters " + list(voters)
	if len(learners) > 0 {
		s += ", learners " + list(learners)
	}
	return s + "."
}

func askedSentence(e *event.Event) string {
	if !e.Command.Client() {
		return ""
	}
	if e.Node != 0 {
		return "Asked of " + e.Node.String() + ": " + e.Text
	}
	return "Asked: " + e.Text
}

func (m *Model) answeredSentence(e *event.Event) (string, tone) {
	words := ""
	for i := range m.State.Ops {
		if m.State.Ops[i].ID == e.Op {
			words = m.State.Ops[i].Text
		}
	}
	if words == "" {
		words = e.Command.String()
	}
	switch e.Outcome {
	case event.Failed:
		return words + " failed: " + e.Text, bad
	case event.Unknown:
		return words + ": outcome unknown, it may or may not have happened. " + upper(e.Text), bad
	case event.OK:
		if !e.Command.Client() || e.Command == event.LeaseKeepAlive {
			return "", minor
		}
		if e.Command == event.Watch {
			return words + " has ended, after " + spell(e.Took) + ".", minor
		}
		s := words + ": ok"
		if e.Rev != 0 {
			s += ", revision " + number(uint64(e.Rev))
		}
		if len(e.Nodes) > 0 {
			s += ", held by " + list(e.Nodes)
		}
		return s + ", after " + spell(e.Took) + ".", good
	case event.Pending:
	}
	return "", minor
}
