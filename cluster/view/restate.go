package view

import "github.com/quorumlab/quorumlab/cluster/event"

// Restate gives events that fold into a zero State to s again, but for Seq, At and Wall, which whoever folds
// them sets afterwards. They have no sequence numbers. They are facts that hold, in an order in which they
// could have happened; what no longer matters is left out.
func Restate(s *State) []event.Event {
	if s.Safety == nil {
		return nil // nothing ever happened
	}
	most := 16 + len(s.Links) + 2*len(s.Messages) + 2*len(s.Ops)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		most += 20 + n.Log.Len()/runSize + len(n.Ballots) + len(n.Peers)
	}
	r := make(restating, 0, most)
	r.room(s)
	for i := range s.Nodes {
		r.add(event.Event{Kind: event.MachineAdded, Node: s.Nodes[i].ID})
	}
	for i := range s.Nodes {
		r.node(s, i)
	}
	for _, l := range s.Links {
		if l.Link != (event.Link{}) {
			r.add(event.Event{Kind: event.LinkSet, Node: l.From, Peer: l.To, Link: l.Link})
		}
	}
	for i := range s.Messages {
		r.message(&s.Messages[i])
	}
	for i := range s.Ops {
		r.op(&s.Ops[i])
	}
	r.add(event.Event{Kind: event.RoleChanged, Role: event.Leader, Term: s.Elected})
	r.add(event.Event{Kind: event.MembersSet, Index: s.MembersIndex, Members: s.Members, OK: s.agreed})
	return r
}

type restating []event.Event

func (r *restating) add(e event.Event) { *r = append(*r, e) }

func (r *restating) room(s *State) {
	r.add(event.Event{Kind: event.RateSet, Factor: s.Thawed, Took: s.Delay})
	if s.Rate != s.Thawed {
		r.add(event.Event{Kind: event.RateSet, Factor: s.Rate, Took: s.Delay})
	}
	if s.PreVote {
		r.add(event.Event{Kind: event.PreVoteSet, OK: true})
	}
	if s.Chaos.On {
		r.add(event.Event{Kind: event.ChaosSet, OK: true, Factor: s.Chaos.Intensity, N: int64(s.Chaos.Seed)})
	}
	if s.Undo != "" {
		r.add(event.Event{Kind: event.UndoSet, Text: s.Undo})
	}
	for _, l := range s.Safety {
		if !l.Holds {
			r.add(event.Event{Kind: event.SafetyBroken, Property: l.Property, Rev: int64(l.Seq), N: int64(l.Earlier), Text: l.Text})
		}
		if l.Judged|l.Unjudged != 0 || l.Why != "" {
			r.add(event.Event{Kind: event.Judged, Property: l.Property, N: int64(l.Judged), Index: l.Unjudged, Text: l.Why})
		}
	}
}

func (r *restating) node(s *State, i int) {
	n := &s.Nodes[i]
	r.add(event.Event{Kind: event.DriftSet, Node: n.ID, Factor: n.Drift})
	r.add(event.Event{Kind: event.DiskSet, Node: n.ID, Took: n.Fsync})
	r.log(s, i)
	r.disk(n)
	r.add(event.Event{Kind: event.Started, Node: n.ID, Term: n.Term, Index: n.Last})
	if first := n.First; first != 0 && n.Log.First() != first {
		r.add(event.Event{Kind: event.Compacted, Node: n.ID, Index: first})
	}
	r.add(event.Event{Kind: event.Committed, Node: n.ID, Index: n.Commit})
	r.add(event.Event{Kind: event.Applied, Node: n.ID, Index: n.Applied, Rev: n.Revision})
	r.add(event.Event{Kind: event.MembersSet, Node: n.ID, Index: n.MembersIndex, Members: n.Members})
	if n.Up {
		r.process(n)
		return
	}
	r.add(event.Event{Kind: event.Stopped, Node: n.ID, Reason: n.Down, Text: n.Refused})
}

func (r *restating) disk(n *Node) {
	r.add(event.Event{Kind: event.SnapshotTaken, Node: n.ID, Index: n.SnapshotIndex, LogTerm: n.SnapshotTerm})
	r.add(event.Event{Kind: event.VoteCast, Node: n.ID, Peer: n.Vote, Term: n.VoteTerm})
}

func (r *restating) process(n *Node) {
	r.add(event.Event{Kind: event.RoleChanged, Node: n.ID, Role: n.Role, Term: n.Term})
	r.add(event.Event{Kind: event.LeaderSeen, Node: n.ID, Peer: n.Leader, Term: n.Term})
	if n.Contact != n.TimerFrom && n.Contact != 0 {
		r.add(event.Event{Kind: event.TimerSet, Node: n.ID, From: n.Contact})
	}
	r.add(event.Event{Kind: event.TimerSet, Node: n.ID, From: n.TimerFrom, N: int64(n.TimerMin), Until: n.TimerMax, OK: n.TimerFrom != n.Contact})
	for _, b := range n.Ballots {
		term := n.Term
		if b.PreVote {
			term++ // it is asked for the next one
		}
		r.add(event.Event{Kind: event.VoteCounted, Node: n.ID, Peer: b.Voter, Term: term, OK: b.Granted, Reply: b.PreVote})
	}
	if why := n.Refusal; why != (Refusal{}) {
		r.add(event.Event{Kind: event.VoteRefused, Node: n.ID, Peer: why.Candidate, Term: why.Term, OK: why.PreVote, Reason: why.Reason,
			Index: why.Index, LogTerm: why.LogTerm, Text: why.Text})
	}
	for _, p := range n.Peers {
		r.add(event.Event{Kind: event.MatchSet, Node: n.ID, Peer: p.ID, Index: p.Match, N: int64(p.Next)})
	}
	if n.Suspended {
		r.add(event.Event{Kind: event.Suspended, At: n.Stood, Node: n.ID})
	}
}

func (r *restating) message(m *Message) {
	r.add(event.Event{Kind: event.Sent, At: m.Sent, Msg: m.ID, Node: m.From, Peer: m.To, Type: m.Type, Reply: m.Reply, OK: m.OK, Term: m.Term,
		Index: m.Index, LogTerm: m.LogTerm, Commit: m.Commit, N: m.N, Op: m.Op, Text: m.Text, From: event.Micros(m.EntryTerm), Until: m.Due})
	if m.Held {
		r.add(event.Event{Kind: event.Held, At: m.Sent, Msg: m.ID, Node: m.From, Peer: m.To})
	}
}

func (r *restating) op(op *Op) {
	r.add(event.Event{Kind: event.Asked, At: op.Asked, Op: op.ID, Command: op.Kind, Node: op.Node, Key: op.Key, Text: op.Text})
	if op.Outcome != event.Pending {
		r.add(event.Event{Kind: event.Answered, At: op.Answered, Op: op.ID, Command: op.Kind, Node: op.Node, Peer: op.Leader, Outcome: op.Outcome,
			Rev: op.Rev, Index: op.Index, Nodes: op.Acks, Text: op.Error})
	}
}
