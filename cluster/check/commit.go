package check

import (
	"cmp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// commitment is an entry that somebody called committed, and in which term of his.
type commitment struct {
	term, in uint64 // of the entry; of the node that told
	node     event.NodeID
	seq      uint64
}

// application is an entry that somebody applied.
type application struct {
	term, op uint64
	rev      int64 // store revision after it, -1: not known
	node     event.NodeID
	seq      uint64
}

// commit notes the entries that r newly calls committed. Each must be in the log of those who lead a newer term.
func (m *Monitor) commit(r *replica, e *event.Event) {
	last := min(e.Index, r.last)
	if last <= r.committed {
		return
	}
	for i := max(r.committed+1, r.first, last-min(last, Window-1)); i <= last; i++ {
		m.note(r, e, i)
	}
	r.committed = last
}

func (m *Monitor) note(r *replica, e *event.Event, i uint64) {
	is := commitment{term: r.termAt(i), in: r.term, node: r.id, seq: e.Seq}
	if is.term == 0 {
		return
	}
	was := m.commits.get(i)
	switch {
	case was == nil:
		m.commits.put(i, is)
		m.committed = max(m.committed, i)
	case was.term != is.term:
		m.tell(e, event.Event{Property: event.LeaderCompleteness, Node: r.id, Peer: was.node, Index: i, Term: is.term, N: int64(was.seq),
			Text: r.id.String() + " calls entry " + number(i) + " of term " + number(is.term) + " committed, but " + was.node.String() +
				" had committed one of term " + number(was.term) + " there"})
		return
	default:
		return
	}
	for _, leader := range m.replicas {
		if leader.leads > is.in {
			m.require(leader, e, i, &is)
		}
	}
}

// complete checks leader completeness: an entry that is committed in a term is in the logs of the leaders of all
// higher terms (§5.4). The highest such entry is enough: log matching answers for those before it.
func (m *Monitor) complete(r *replica, e *event.Event) {
	for i := m.committed; i > 0 && m.committed-i < Window; i-- {
		c := m.commits.get(i)
		if c == nil {
			return
		}
		if c.in < r.term {
			m.require(r, e, i, c)
			return
		}
	}
}

// require tells if leader r lacks the committed entry at i.
func (m *Monitor) require(r *replica, e *event.Event, i uint64, c *commitment) {
	text := r.id.String() + " leads term " + number(r.leads) + " without entry " + number(i) + " of term " + number(c.term) +
		", which " + c.node.String() + " had committed: "
	switch has := r.termAt(i); {
	case i > r.last:
		text += "its log ends at " + number(r.last)
	case has != 0 && has != c.term:
		text += "it has one of term " + number(has) + " there"
	default:
		return
	}
	m.tell(e, event.Event{Property: event.LeaderCompleteness, Node: r.id, Peer: c.node, Index: i, Term: r.leads, N: int64(c.seq), Text: text})
}

// apply checks state machine safety: if a server has applied an entry at an index, no other server will ever
// apply a different one for that index (§5.4.3). The revisions after it are compared too, unless the node
// applies it again after a restart, when its store may skip it and be further already. A node that starts says
// how far its store is without the command.
func (m *Monitor) apply(r *replica, e *event.Event) {
	is := application{term: r.termAt(e.Index), op: e.Op, rev: -1, node: r.id, seq: e.Seq}
	if e.Index > r.applied {
		is.rev, r.applied = e.Rev, e.Index
	}
	was := m.applied.get(e.Index)
	if was == nil {
		m.applied.put(e.Index, is)
		return
	}
	if why := was.differs(&is); why != "" {
		m.tell(e, event.Event{Property: event.StateMachineSafety, Node: r.id, Peer: was.node, Index: e.Index, Term: is.term, N: int64(was.seq),
			Text: r.id.String() + " applied another entry " + number(e.Index) + " than " + was.node.String() + ": " + why})
	}
	if was.rev < 0 {
		was.rev = is.rev
	}
	was.op, was.term = cmp.Or(was.op, is.op), cmp.Or(was.term, is.term)
}

// differs says what is different, "" if nothing is as far as both are known.
func (was *application) differs(is *application) string {
	switch {
	case was.term != 0 && is.term != 0 && was.term != is.term:
		return "of term " + number(is.term) + ", there of term " + number(was.term)
	case was.op != 0 && is.op != 0 && was.op != is.op:
		return "command " + number(is.op) + ", there command " + number(was.op)
	case was.rev >= 0 && is.rev >= 0 && was.rev != is.rev:
		return "after it the store is at revision " + number(uint64(is.rev)) + ", there at " + number(uint64(was.rev))
	}
	return ""
}
