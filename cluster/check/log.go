package check

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// variants are the entries of different terms that were seen at one index. The oldest gives way.
type variants struct {
	seen [3]variant
	next uint8
}

// variant is an entry as the first node that had it told.
type variant struct {
	term, before uint64 // before: term of the entry in front of it; 0: not known
	op           uint64
	kind         event.EntryType
	node         event.NodeID
	seq          uint64
}

func (m *Monitor) append(r *replica, e *event.Event) {
	if e.Index == 0 {
		return
	}
	if e.Index <= r.last && (e.Index < r.first || r.termAt(e.Index) == e.Term) {
		m.match(r, e) // told again, as after a restart
		return
	}
	if r.leads != 0 && e.Index <= r.last {
		m.tell(e, event.Event{Property: event.LeaderAppendOnly, Node: r.id, Index: e.Index, Term: r.leads, N: int64(r.leadsSince),
			Text: r.id.String() + ", leader of term " + number(r.leads) + ", overwrote entry " + number(e.Index) + " of its own log, which went to " + number(r.last)})
	}
	r.append(e.Index, e.Term)
	m.match(r, e)
}

// truncate checks leader append-only: a leader never overwrites or deletes entries in its log, it only appends (§5.3).
func (m *Monitor) truncate(r *replica, e *event.Event) {
	if e.Index == 0 || e.Index > r.last {
		return
	}
	if r.leads != 0 {
		m.tell(e, event.Event{Property: event.LeaderAppendOnly, Node: r.id, Index: e.Index, Term: r.leads, N: int64(r.leadsSince),
			Text: r.id.String() + ", leader of term " + number(r.leads) + ", deleted its own entries from " + number(e.Index) + " on"})
	}
	r.cut(e.Index - 1)
}

// match checks log matching: if two logs contain an entry with the same index and term, they are identical in
// all entries up to it (§5.3). It is enough that such entries are equal and the entries in front of them have
// the same term: the rest follows by induction.
func (m *Monitor) match(r *replica, e *event.Event) {
	is := variant{term: e.Term, op: e.Op, kind: e.Entry, node: r.id, seq: e.Seq}
	if e.Index > 1 {
		is.before = r.termAt(e.Index - 1)
	}
	at := m.entries.get(e.Index)
	if at == nil {
		m.entries.put(e.Index, variants{seen: [3]variant{is}, next: 1})
		return
	}
	for i := range at.seen {
		if was := &at.seen[i]; was.seq != 0 && was.term == e.Term {
			m.compare(e, was, &is)
			return
		}
	}
	at.seen[at.next] = is
	at.next = (at.next + 1) % uint8(len(at.seen))
}

func (m *Monitor) compare(e *event.Event, was, is *variant) {
	what := "entry " + number(e.Index) + " of term " + number(e.Term) + " on " + is.node.String()
	switch {
	case was.kind != is.kind || was.op != is.op:
		what += " is not the one that " + was.node.String() + " has there"
	case was.before != 0 && is.before != 0 && was.before != is.before:
		what += " follows one of term " + number(is.before) + ", on " + was.node.String() + " one of term " + number(was.before)
	default:
		if was.before == 0 {
			was.before = is.before
		}
		return
	}
	m.tell(e, event.Event{Property: event.LogMatching, Node: e.Node, Peer: was.node, Index: e.Index, Term: e.Term, N: int64(was.seq), Text: what})
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
