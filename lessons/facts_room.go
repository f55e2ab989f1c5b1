package lessons

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func groupsOf(s *view.State) []*Group {
	var groups []*Group
	for _, g := range s.Groups() {
		groups = append(groups, &Group{Nodes: namesOf(g.Nodes), Voters: int64(g.Voters), Quorum: g.Quorum})
	}
	return groups
}

// linksOf tells of both directions of every pair. The delay is the real one: the room's own where none is set.
func linksOf(s *view.State) []*Wire {
	wires := make([]*Wire, len(s.Links))
	for i := range s.Links {
		l := &s.Links[i]
		slow := cmp.Or(l.Slow, event.One).Float()
		wires[i] = &Wire{From: nameOf(l.From), To: nameOf(l.To), Cut: l.Cut, Hold: l.Hold, Loss: l.Loss.Float(),
			DelayMs: millis(event.Micros(float64(cmp.Or(l.Delay, s.Delay)) * slow))}
	}
	return wires
}

func messagesOf(s *view.State) []*Message {
	messages := make([]*Message, len(s.Messages))
	for i := range s.Messages {
		m := &s.Messages[i]
		messages[i] = &Message{ID: int64(m.ID), From: nameOf(m.From), To: nameOf(m.To), Type: m.Type.String(), Reply: m.Reply, OK: m.OK,
			Term: int64(m.Term), Index: int64(m.Index), N: m.N, Text: m.Text, Held: m.Held}
	}
	return messages
}

func membersOf(s *view.State) []*Member {
	members := make([]*Member, len(s.Members))
	for i, m := range s.Members {
		members[i] = &Member{ID: nameOf(m.ID), Suffrage: m.Suffrage.String()}
	}
	return members
}

// opsOf are the commands that people gave since a moment. Ids of commands rise, so those after the newest one of the
// moment are later; what the lesson did itself is left out.
func opsOf(f *Facts, since *view.State) []*Op {
	var before uint64
	if since != nil {
		for i := range since.Ops {
			before = max(before, since.Ops[i].ID)
		}
	}
	var ops []*Op
	for i := range f.Now.Ops {
		if op := &f.Now.Ops[i]; op.ID > before && !f.Own[op.ID] {
			ops = append(ops, opOf(op))
		}
	}
	return ops
}

func opOf(op *view.Op) *Op {
	told := &Op{ID: int64(op.ID), Kind: op.Kind.String(), Node: nameOf(op.Node), Leader: nameOf(op.Leader), Key: op.Key, Text: op.Text,
		Outcome: op.Outcome.String(), Rev: op.Rev, Index: int64(op.Index), Acks: namesOf(op.Acks), Error: op.Error, AskedMs: millis(op.Asked)}
	if op.Outcome != event.Pending {
		told.TookMs = millis(op.Answered - op.Asked)
	}
	return told
}

func eventsOf(facts []event.Event) []*Event {
	events := make([]*Event, len(facts))
	for i := range facts {
		e := &facts[i]
		events[i] = &Event{Kind: e.Kind.String(), Node: nameOf(e.Node), Peer: nameOf(e.Peer), Role: e.Role.String(), Type: e.Type.String(),
			Term: int64(e.Term), Index: int64(e.Index), LogTerm: int64(e.LogTerm), OK: e.OK, Reply: e.Reply, Reason: e.Reason.String(),
			Command: e.Command.String(), Outcome: e.Outcome.String(), Op: int64(e.Op), Rev: e.Rev, N: e.N, Key: e.Key, Text: e.Text,
			Nodes: namesOf(e.Nodes), AtMs: millis(e.At)}
		if e.Type == event.MessageNone {
			events[i].Type = e.Entry.String()
		}
	}
	return events
}

// atMoment tells of the room as it was, as far as it is asked.
func atMoment(s *view.State, asked *names) *Moment {
	if s == nil {
		s = &view.State{}
	}
	m := &Moment{Commit: commitOf(s), Revision: revisionOf(s), Term: termOf(s), Now: millis(s.At), Rate: s.Rate.Float()}
	if asked.fields["Moment.node"] {
		m.Node = make(map[string]Node, len(s.Nodes))
		for _, n := range nodesByName(s, asked) {
			m.Node[n.ID] = *n
		}
	}
	if asked.fields["Moment.nodes"] {
		m.Nodes = copies(nodesOf(s, asked, func(*view.Node) bool { return true }))
	}
	if asked.fields["Moment.leader"] {
		m.Leader = *leaderOf(s, asked)
	}
	if asked.fields["Moment.leaders"] {
		m.Leaders = copies(nodesOf(s, asked, leads))
	}
	if asked.fields["Moment.members"] {
		m.Members = copies(membersOf(s))
	}
	return m
}

func copies[T any](of []*T) []T {
	values := make([]T, len(of))
	for i, v := range of {
		values[i] = *v
	}
	return values
}
