package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// configuration is the one that n uses; before it has told one, the room's.
func (q *inquiry) configuration(n *view.Node) []event.Member {
	if n != nil && len(n.Members) > 0 {
		return n.Members
	}
	return q.s.Members
}

func votersOf(members []event.Member) (ids []event.NodeID) {
	for _, m := range members {
		if m.Suffrage == event.Voter {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func majority(voters []event.NodeID) int { return len(voters)/2 + 1 }

func suffrage(members []event.Member, id event.NodeID) event.Suffrage {
	for _, m := range members {
		if m.ID == id {
			return m.Suffrage
		}
	}
	return event.NoMember
}

// runs says whether a machine's process is there and does not stand still.
func runs(n *view.Node) bool { return n != nil && n.Up && !n.Suspended }

// passes says whether anything gets through in this direction. A gate only delays, until it is opened.
func (q *inquiry) passes(from, to event.NodeID) bool {
	l := q.s.Link(from, to)
	return l != nil && !l.Cut && l.Loss < event.One
}

func (q *inquiry) gate(from, to event.NodeID) bool {
	l := q.s.Link(from, to)
	return l != nil && l.Hold
}

// talk says whether requests and answers pass between two machines that both run.
func (q *inquiry) talk(a, b event.NodeID) bool {
	return runs(q.s.Node(a)) && runs(q.s.Node(b)) && q.passes(a, b) && q.passes(b, a)
}

// reached are the voters of a configuration that id talks to directly, itself among them: nobody relays (§5.3).
func (q *inquiry) reached(id event.NodeID, voters []event.NodeID) (ids []event.NodeID) {
	for _, v := range voters {
		if v == id && runs(q.s.Node(v)) || q.talk(id, v) {
			ids = append(ids, v)
		}
	}
	return ids
}

func without(ids []event.NodeID, but []event.NodeID) (rest []event.NodeID) {
	for _, id := range ids {
		if !slices.Contains(but, id) {
			rest = append(rest, id)
		}
	}
	return rest
}

// electable are the voters that run and talk to a majority, each in the configuration that it uses: one of them could be elected, or lead.
func (q *inquiry) electable() (ids []event.NodeID) {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		members, _ := q.s.CountsWith(n)
		voters := votersOf(members)
		if runs(n) && slices.Contains(voters, n.ID) && len(q.reached(n.ID, voters)) >= majority(voters) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

// seeUncommitted adds which machines that run count with a configuration that is not known to be committed.
func (q *inquiry) seeUncommitted() {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		if _, at := q.s.CountsWith(n); runs(n) && at > q.s.MembersIndex {
			q.see(n.ID.String(), q.membersWords(n))
		}
	}
}

// running are those that run.
func (q *inquiry) running(ids []event.NodeID) (up []event.NodeID) {
	for _, id := range ids {
		if runs(q.s.Node(id)) {
			up = append(up, id)
		}
	}
	return up
}

// seeAway adds, for each node that id does not talk to, why.
func (q *inquiry) seeAway(id event.NodeID, others []event.NodeID) {
	for _, o := range others {
		if o == id {
			continue
		}
		switch n := q.s.Node(o); {
		case n == nil:
			q.see("", q.Say("{0} is not in the ring any more.", o.String()))
		case !n.Up:
			q.see(o.String(), q.Say("{0} is down.", o.String()))
		case n.Suspended:
			q.see(o.String(), q.Say("{0} stands still.", o.String()))
		default:
			q.seeLink(id, o)
		}
	}
}

// seeLink adds what is wrong between two machines, if anything is.
func (q *inquiry) seeLink(a, b event.NodeID) {
	mark, there, back := linkMark(a, b), q.passes(a, b), q.passes(b, a)
	switch {
	case !there && !back:
		q.see(mark, q.Say("Nothing passes between {0} and {1}.", a.String(), b.String()))
	case !there:
		q.see(mark, q.Say("Nothing passes from {0} to {1}; the other way is open.", a.String(), b.String()))
	case !back:
		q.see(mark, q.Say("Nothing passes from {0} to {1}; the other way is open.", b.String(), a.String()))
	case q.gate(a, b) || q.gate(b, a):
		q.see(mark, q.Say("Messages between {0} and {1} wait at a gate.", a.String(), b.String()))
	}
}

// holders are the voters that have the entry of this index and term, on disk or inside a snapshot.
func (q *inquiry) holders(index, term uint64, voters []event.NodeID) []event.NodeID {
	return q.placed(has, index, term, voters)
}

// placed are the voters that stand so to the entry of this index and term.
func (q *inquiry) placed(so standing, index, term uint64, voters []event.NodeID) (ids []event.NodeID) {
	committed, _ := q.agreed(q.s, index)
	for _, v := range voters {
		if n := q.s.Node(v); n != nil && stands(n, index, term, committed) == so {
			ids = append(ids, v)
		}
	}
	return ids
}

// acknowledged are the voters that the leader knows to have everything up to index, itself among them.
func acknowledged(leader *view.Node, index uint64, voters []event.NodeID) (ids []event.NodeID) {
	for _, v := range voters {
		has := v == leader.ID && leader.Last >= index
		for _, p := range leader.Peers {
			has = has || p.ID == v && p.Match >= index
		}
		if has {
			ids = append(ids, v)
		}
	}
	return ids
}
