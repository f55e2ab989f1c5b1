package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// waitsFor says from the facts what a command still needs.
func (m *Model) waitsFor(w wait) string {
	if m.State.Rate == 0 {
		return m.Say("the room is frozen: nothing happens until thaw")
	}
	op := m.opOf(w)
	switch {
	case op == nil:
		return m.Say("on its way to the room")
	case !op.Kind.Store():
		return m.Say("the room is at it")
	}
	for i := range m.State.Nodes {
		if n := &m.State.Nodes[i]; n.Role == event.Leader {
			if index := indexOf(n, op); index != 0 {
				return m.ackWords(n, index)
			}
		}
	}
	if m.leader() == nil {
		return m.Say("there is no leader")
	}
	if op.Kind == event.Get {
		return m.Say("no answer yet from a majority")
	}
	return m.Say("it is in no leader's log yet")
}

// opOf is the reported command that this one most likely is: of the same kind and key, not answered, asked
// after it was sent, and the oldest of those.
func (m *Model) opOf(w wait) *view.Op {
	for i := range m.State.Ops {
		op := &m.State.Ops[i]
		if op.ID > w.after && op.Kind == w.order.Kind && op.Key == w.order.Key && op.Outcome == event.Pending {
			return op
		}
	}
	return nil
}

// indexOf is where a leader has the command in its log, or 0.
func indexOf(n *view.Node, op *view.Op) uint64 {
	if e := n.Log.OfOp(op.ID); e != nil {
		return e.Index
	}
	return 0
}

// ackWords counts who has the entry, as its leader believes, against the majority of the voters that the
// leader's own configuration asks for.
func (m *Model) ackWords(leader *view.Node, index uint64) string {
	voters, have := 0, []event.NodeID(nil)
	for _, member := range leader.Members {
		if member.Suffrage != event.Voter {
			continue
		}
		voters++
		if member.ID == leader.ID || matched(leader, member.ID) >= index {
			have = append(have, member.ID)
		}
	}
	need := voters/2 + 1
	if len(have) >= need {
		return m.Say("a majority has it ({0}), it is being applied", nodeList(have))
	}
	return m.Say("{0} of {1} needed acks ({2})", strconv.Itoa(len(have)), strconv.Itoa(need), nodeList(have))
}

func matched(leader *view.Node, id event.NodeID) uint64 {
	for _, p := range leader.Peers {
		if p.ID == id {
			return p.Match
		}
	}
	return 0
}
