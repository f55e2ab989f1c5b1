package lessons

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// crowded is a room of nine with logs of 200 entries, 40 messages under way, 60 commands and 40 facts.
func crowded() *Facts {
	s := &view.State{}
	tell := func(e event.Event) { s.Apply(e) }
	var members []event.Member
	for id := event.NodeID(1); id <= 9; id++ {
		tell(event.Event{Kind: event.MachineAdded, Node: id})
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	for id := event.NodeID(1); id <= 9; id++ {
		tell(event.Event{Kind: event.Started, Node: id, Term: 2})
		tell(event.Event{Kind: event.MembersSet, Node: id, Members: members})
		tell(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Follower, Term: 3})
	}
	tell(event.Event{Kind: event.RoleChanged, Node: 4, Role: event.Leader, Term: 3})
	for i := uint64(1); i <= 200; i++ {
		for id := event.NodeID(1); id <= 9; id++ {
			tell(event.Event{Kind: event.Appended, Node: id, Index: i, Term: 3, Entry: event.EntryCommand, Text: "x=1", Op: i})
			tell(event.Event{Kind: event.Committed, Node: id, Index: i - 1})
		}
	}
	since := s.Clone()
	for i := uint64(1); i <= 60; i++ {
		tell(event.Event{Kind: event.Asked, Op: i, Command: event.Put, Key: "x", Text: "put x 1"})
		tell(event.Event{Kind: event.Answered, Op: i, Command: event.Put, Node: 4, Outcome: event.OK, Nodes: []event.NodeID{1, 2, 3, 4, 5}})
	}
	for i := uint64(1); i <= 40; i++ {
		tell(event.Event{Kind: event.Sent, Msg: i, Node: 4, Peer: 1, Type: event.AppendEntries})
	}
	f := &Facts{Now: s, Since: &since, Start: &since}
	for i := range 40 {
		f.Events = append(f.Events, event.Event{Kind: event.Truncated, Node: event.NodeID(1 + i%9), Index: 3})
	}
	return f
}

// typical checks of lessons; none of them holds, so that loops run to their end.
var typical = []string{
	`node.n3.role == "candidate" && node.n3.term > since.term`,
	`leader.id != "" && leader.id != since.leader.id`,
	`nodes.filter(n, n.role == "leader").size() == 2`,
	`nodes.all(n, !n.runs || n.commit > commit)`,
	`ops.exists(o, o.kind == "put" && o.outcome == "unknown")`,
	`events.exists(e, e.kind == "truncated" && e.node == "n3" && e.index > 5)`,
	`leaders.exists(n, n.stale) && ops.exists(o, o.kind == "heal" && o.outcome == "ok")`,
	`groups.size() > 1 && groups.exists(g, !g.quorum)`,
	`messages.exists(m, m.held && m.type == "append-entries" && m.to == "n3")`,
	`node.n3.log.exists(e, e.doomed)`,
	`nodes.filter(n, n.up).size() < quorum`,
}

func BenchmarkHolds(b *testing.B) {
	f := crowded()
	for _, source := range typical {
		c, faults := newCheck(source)
		if faults != nil {
			b.Fatal(source, faults)
		}
		if c.Holds(f) {
			b.Fatalf("%s holds", source)
		}
		b.Run(source, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.Holds(f)
			}
		})
	}
}
