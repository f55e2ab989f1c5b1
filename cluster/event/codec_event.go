package event

// An event is a kind byte, a mask with a bit for each field that is not as expected, and those fields.
//
// Expected is what the last event of the same kind in this frame had (instants: as far from At as there), so
// that the four heartbeats of a leader differ in peer and message only. Numbers are written as differences,
// from the last event of the kind or, where that had none, from the last number of the sort in the frame.
// Flags need no value: the bit says that they are not as expected. Every frame begins anew, so frames can be
// dropped, kept and read one by one.

// The fields of the mask, the more often changed ones first: the mask is a varint.
const (
	bitAt = 1 << iota
	bitWall
	bitMsg
	bitPeer
	bitNode
	bitIndex
	bitType

	bitReply
	bitOK
	bitUntil
	bitTerm
	bitOp
	bitN
	bitText

	bitCommit
	bitLogTerm
	bitFrom
	bitEntry
	bitTook
	bitRev
	bitReason

	bitCommand
	bitOutcome
	bitKey
	bitNodes
	bitRole
	bitFactor
	bitLink

	bitMembers
	bitProperty
	bitAfter
)

// context is what reader and writer know from the events before in the same frame.
type context struct {
	at, wall Micros
	kinds    [Kinds]Event // the last of each kind
	last     struct{ term, index, msg, op uint64 }
}

// expected is the event of this kind that would need no field.
func (c *context) expected(k Kind, at Micros) Event {
	e := c.kinds[k]
	by := at - e.At
	if e.Until != 0 {
		e.Until += by
	}
	if k == TimerSet {
		e.From += by
		e.N += int64(by)
	}
	return e
}

// due is what Until is written as a difference from.
func due(x *Event, at Micros) Micros {
	if x.Until != 0 {
		return x.Until
	}
	return at
}

// done takes note of e.
func (c *context) done(e *Event) {
	c.at, c.wall = e.At, e.Wall
	c.kinds[e.Kind] = *e
	c.last.term = or(e.Term, c.last.term)
	c.last.index = or(e.Index, c.last.index)
	c.last.msg = or(e.Msg, c.last.msg)
	c.last.op = or(e.Op, c.last.op)
}

func or(a, b uint64) uint64 {
	if a != 0 {
		return a
	}
	return b
}

func writeEvents(w *writer, f *Frame) {
	c := context{at: f.At, wall: f.Wall}
	w.varint(uint64(len(f.Events)))
	for i := range f.Events {
		writeEvent(w, &c, &f.Events[i])
	}
}

func readEvents(r *reader, f *Frame) []Event {
	c := context{at: f.At, wall: f.Wall}
	n := r.count()
	if n == 0 {
		return nil
	}
	events := make([]Event, n)
	for i := range events {
		if readEvent(r, &c, &events[i]); r.err != nil {
			return nil
		}
	}
	return events
}

// changes is the mask of e.
func changes(c *context, e, x *Event) (mask uint32) {
	set := func(bit uint32, differs bool) {
		if differs {
			mask |= bit
		}
	}
	set(bitAt, e.At != c.at)
	set(bitWall, e.Wall != c.wall)
	set(bitMsg, e.Msg != x.Msg)
	set(bitPeer, e.Peer != x.Peer)
	set(bitNode, e.Node != x.Node)
	set(bitIndex, e.Index != x.Index)
	set(bitType, e.Type != x.Type)
	set(bitReply, e.Reply != x.Reply)
	set(bitOK, e.OK != x.OK)
	set(bitUntil, e.Until != x.Until)
	set(bitTerm, e.Term != x.Term)
	set(bitOp, e.Op != x.Op)
	set(bitN, e.N != x.N)
	set(bitText, e.Text != x.Text)
	set(bitCommit, e.Commit != x.Commit)
	set(bitLogTerm, e.LogTerm != x.LogTerm)
	set(bitFrom, e.From != x.From)
	set(bitEntry, e.Entry != x.Entry)
	set(bitTook, e.Took != x.Took)
	set(bitRev, e.Rev != x.Rev)
	set(bitReason, e.Reason != x.Reason)
	set(bitCommand, e.Command != x.Command)
	set(bitOutcome, e.Outcome != x.Outcome)
	set(bitKey, e.Key != x.Key)
	set(bitNodes, len(e.Nodes) > 0)
	set(bitRole, e.Role != x.Role)
	set(bitFactor, e.Factor != x.Factor)
	set(bitLink, e.Link != x.Link)
	set(bitMembers, len(e.Members) > 0)
	set(bitProperty, e.Property != x.Property)
	return mask
}

func writeEvent(w *writer, c *context, e *Event) {
	x := c.expected(e.Kind, e.At)
	mask := changes(c, e, &x)
	w.byte(byte(e.Kind))
	w.varint(uint64(mask))
	if mask&bitAt != 0 {
		w.zigzag(int64(e.At - c.at))
	}
	if mask&bitWall != 0 {
		w.zigzag(int64(e.Wall - c.wall))
	}
	writeNumbers(w, c, e, &x, mask)
	writeNames(w, e, mask)
	c.done(e)
}

func writeNumbers(w *writer, c *context, e, x *Event, mask uint32) {
	number := func(bit uint32, v, base uint64) {
		if mask&bit != 0 {
			w.zigzag(int64(v - base))
		}
	}
	number(bitMsg, e.Msg, or(x.Msg, c.last.msg))
	if mask&bitPeer != 0 {
		w.varint(uint64(e.Peer))
	}
	if mask&bitNode != 0 {
		w.varint(uint64(e.Node))
	}
	number(bitIndex, e.Index, or(x.Index, c.last.index))
	number(bitUntil, uint64(e.Until), uint64(due(x, e.At)))
	number(bitTerm, e.Term, or(x.Term, c.last.term))
	number(bitOp, e.Op, or(x.Op, c.last.op))
	number(bitN, uint64(e.N), uint64(x.N))
	number(bitCommit, e.Commit, or(x.Commit, c.last.index))
	number(bitLogTerm, e.LogTerm, or(x.LogTerm, c.last.term))
	number(bitFrom, uint64(e.From), uint64(x.From))
	number(bitTook, uint64(e.Took), uint64(x.Took))
	number(bitRev, uint64(e.Rev), uint64(x.Rev))
	number(bitFactor, uint64(e.Factor), 0)
}

func writeNames(w *writer, e *Event, mask uint32) {
	name := func(bit uint32, v byte) {
		if mask&bit != 0 {
			w.byte(v)
		}
	}
	name(bitType, byte(e.Type))
	name(bitEntry, byte(e.Entry))
	name(bitReason, byte(e.Reason))
	name(bitCommand, byte(e.Command))
	name(bitOutcome, byte(e.Outcome))
	name(bitRole, byte(e.Role))
	name(bitProperty, byte(e.Property))
	if mask&bitText != 0 {
		w.shared(e.Text)
	}
	if mask&bitKey != 0 {
		w.shared(e.Key)
	}
	if mask&bitNodes != 0 {
		writeNodes(w, e.Nodes)
	}
	if mask&bitLink != 0 {
		writeLink(w, e.Link)
	}
	if mask&bitMembers != 0 {
		w.varint(uint64(len(e.Members)))
		for _, m := range e.Members {
			w.varint(uint64(m.ID))
			w.byte(byte(m.Suffrage))
		}
	}
}

func readEvent(r *reader, c *context, e *Event) {
	kind := Kind(r.byte())
	if kind >= kindEnd {
		r.fail("there is no such kind of event")
		return
	}
	mask := uint32(r.small(bitAfter-1, "a mask"))
	at, wall := c.at, c.wall
	if mask&bitAt != 0 {
		at += Micros(r.int())
	}
	if mask&bitWall != 0 {
		wall += Micros(r.int())
	}
	*e = c.expected(kind, at)
	e.Kind, e.At, e.Wall, e.Nodes, e.Members = kind, at, wall, nil, nil
	readNumbers(r, c, e, mask)
	readNames(r, e, mask)
	e.Reply = e.Reply != (mask&bitReply != 0)
	e.OK = e.OK != (mask&bitOK != 0)
	c.done(e)
}

func readNumbers(r *reader, c *context, e *Event, mask uint32) {
	number := func(bit uint32, v *uint64, last uint64) {
		if mask&bit != 0 {
			*v = or(*v, last) + uint64(r.int())
		}
	}
	number(bitMsg, &e.Msg, c.last.msg)
	if mask&bitPeer != 0 {
		e.Peer = r.node()
	}
	if mask&bitNode != 0 {
		e.Node = r.node()
	}
	number(bitIndex, &e.Index, c.last.index)
	if mask&bitUntil != 0 {
		e.Until = due(e, e.At) + Micros(r.int())
	}
	number(bitTerm, &e.Term, c.last.term)
	number(bitOp, &e.Op, c.last.op)
	if mask&bitN != 0 {
		e.N += r.int()
	}
	number(bitCommit, &e.Commit, c.last.index)
	number(bitLogTerm, &e.LogTerm, c.last.term)
	if mask&bitFrom != 0 {
		e.From += Micros(r.int())
	}
	if mask&bitTook != 0 {
		e.Took += Micros(r.int())
	}
	if mask&bitRev != 0 {
		e.Rev += r.int()
	}
	if mask&bitFactor != 0 {
		e.Factor = Factor(r.int())
	}
}

func readNames(r *reader, e *Event, mask uint32) {
	if mask&bitType != 0 {
		e.Type = MessageType(r.byte())
	}
	if mask&bitEntry != 0 {
		e.Entry = EntryType(r.byte())
	}
	if mask&bitReason != 0 {
		e.Reason = Reason(r.byte())
	}
	if mask&bitCommand != 0 {
		e.Command = CommandKind(r.byte())
	}
	if mask&bitOutcome != 0 {
		e.Outcome = Outcome(r.byte())
	}
	if mask&bitRole != 0 {
		e.Role = Role(r.byte())
	}
	if mask&bitProperty != 0 {
		e.Property = Property(r.byte())
	}
	if mask&bitText != 0 {
		e.Text = r.shared()
	}
	if mask&bitKey != 0 {
		e.Key = r.shared()
	}
	if mask&bitNodes != 0 {
		e.Nodes = r.nodes()
	}
	if mask&bitLink != 0 {
		e.Link = readLink(r)
	}
	if mask&bitMembers != 0 {
		e.Members = readList(r, readMember)
	}
}

func readMember(r *reader) Member { return Member{ID: r.node(), Suffrage: Suffrage(r.byte())} }
