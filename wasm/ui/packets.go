package ui

import (
	"math"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Shape is how a message looks on the canvas.
type Shape uint8

// The shapes.
const (
	Dot      Shape = iota // a heartbeat, a read index
	Block                 // entries; the label is what the first one says
	Ballot                // a vote: a slip with a mark
	Cylinder              // a snapshot
	Arrow                 // an order to stand for election at once
	Letter                // a command on its way to the leader
)

// Mark is what a reply says.
type Mark uint8

// The marks.
const (
	NoMark Mark = iota
	Tick
	Cross
)

// PacketColours are the names of the CSS custom properties that a packet's colour counts into.
var PacketColours = [...]string{"--beat", "--vote", "--snap", "--ok", "--bad", "--dim",
	"--t0", "--t1", "--t2", "--t3", "--t4", "--t5", "--t6", "--t7"}

const (
	colourBeat uint8 = iota
	colourVote
	colourSnap
	colourOK
	colourBad
	colourDim
	colourTerm // the first of the terms' colours
)

// terms is the number of colours that terms go around in.
const terms = 8

// PacketHeader and PacketSize are the fixed parts, in bytes, of what Packets writes.
const (
	PacketHeader = 16
	PacketSize   = 24
)

// maxLabel is the longest label of a packet, in bytes.
const maxLabel = 24

// MaxAlike is how many messages of one kind in one direction are drawn one by one. More of them are drawn as one, where they
// are on average, with their number: "×140".
const MaxAlike = 6

// MaxWaiting is how many messages that wait at a machine which stands still are drawn where they came in. More of them are one
// letter at its edge, with their number.
const MaxWaiting = 3

// kindOf is the same number for messages that are drawn together when there are many.
func kindOf(msg *view.Message) uint64 {
	kind := uint64(msg.From)<<32 | uint64(msg.To)<<8 | uint64(msg.Type)<<2
	if msg.Reply {
		kind |= 2
	}
	if msg.OK {
		kind |= 1
	}
	return kind
}

// crowd are the messages of one kind in one direction.
type crowd struct {
	n, met int     // how many there are, and how many of them Packets has come by
	at     float64 // the sum of how far each has come
	flags  uint8   // of those that Packets has come by
}

// pointedAt has the flag pointed for the messages that what is highlighted rests on.
func (m *Model) pointedAt() map[uint64]uint8 {
	var all map[uint64]uint8
	for word, rest := "", m.marks(); rest != ""; {
		word, rest, _ = halves(rest, ' ')
		kind, id, _ := halves(word, '-')
		if n, _ := event.ParseNumber(id); kind == "message" {
			if all == nil {
				all = map[uint64]uint8{}
			}
			all[n] = pointed
		}
	}
	return all
}

// Packets appends all that is drawn on the canvas: what is under way at the shown time, what falls, what
// was too quick. Everything is little-endian. First a header: the number of packets as uint32, then the
// stage's width, height and node radius in units of its viewBox as float32. Then for each packet: Shape,
// index into PacketColours, Mark and flags (1: hollow, a reply; 2: has fallen off; 4: shown once more; 8: a panel rests on it) as
// one byte each; x, y, opacity and how far it has come (0 to 1: a snapshot fills up) as float32; the length of the label as uint32,
// and the label in UTF-8 filled up with zeros to a multiple of four bytes.
func Packets(m *Model, to []byte) []byte {
	r := m.ringNow()
	w := packetWriter{ring: r, out: to, calm: m.calm}
	at := m.pointedAt()
	start := len(to)
	w.out = append32(w.out, 0)
	w.floats(r.w, r.h, r.radius)
	flights, crowds := m.crowds()
	for _, f := range flights {
		c, flags, most := crowds[f.kind], at[f.msg.ID], MaxAlike
		if f.waits() {
			most = MaxWaiting
		}
		if c.n <= most {
			w.flight(f.msg, f.at, 1, flags)
			continue
		}
		c.flags |= flags
		if c.met++; c.met == c.n && f.waits() {
			w.pile(f.msg.To, c)
		} else if c.met == c.n {
			w.flight(f.msg, c.at/float64(c.n), c.n, c.flags)
		}
		crowds[f.kind] = c
	}
	for i := range m.motion.falling {
		w.fall(&m.motion.falling[i])
	}
	if !m.calm {
		for i := range m.motion.ghosts {
			w.ghost(&m.motion.ghosts[i])
		}
	}
	append32(w.out[:start], w.count)
	return w.out
}

// flight is a message under way.
type flight struct {
	msg  *view.Message
	kind uint64  // kindOf; of what has come to a machine that stands still, and waits there, only the machine
	at   float64 // how far it has come
}

// waits says whether it has come, and waits. (Nobody is machine 0, from which all others would have come.)
func (f *flight) waits() bool { return f.kind>>32 == 0 }

// crowds are the messages under way, and how many there are of each kind.
func (m *Model) crowds() ([]flight, map[uint64]crowd) {
	k := m.kept()
	if k.crowds == nil {
		k.crowds = map[uint64]crowd{}
	}
	clear(k.crowds)
	k.flights = k.flights[:0]
	for i := range m.State.Messages {
		msg := &m.State.Messages[i]
		if msg.Held || msg.Due == 0 {
			continue
		}
		f := flight{msg, kindOf(msg), m.motion.progress(msg, m.clock.now)}
		if f.at >= 1 && m.still(msg.To) {
			f.kind = uint64(msg.To)
		}
		c := k.crowds[f.kind]
		c.n++
		c.at += f.at
		k.crowds[f.kind] = c
		k.flights = append(k.flights, f)
	}
	return k.flights, k.crowds
}

// still says whether a machine stands still.
func (m *Model) still(id event.NodeID) bool {
	n := m.State.Node(id)
	return n != nil && n.Suspended
}

type packetWriter struct {
	ring  *ring
	out   []byte
	count uint32
	calm  bool
}

// Flags of a packet.
const (
	hollow uint8 = 1 << iota
	fallen
	again
	pointed
)

// lane is how far a message keeps to the left of the line, so that those that meet pass each other.
const lane = 5

// calmly is in how many places a message stands on its way where motion is to be reduced.
const calmly = 4

func (w *packetWriter) flight(msg *view.Message, at float64, n int, flags uint8) {
	l := w.ring.between(msg.From, msg.To)
	if l == nil {
		return
	}
	if w.calm {
		at = (min(math.Floor(at*calmly), calmly-1) + 0.5) / calmly
	}
	w.packet(msg, l.lane(at), 1, at, flags, n)
}

// pile draws what waits at a machine.
func (w *packetWriter) pile(id event.NodeID, c crowd) {
	if p, ok := w.ring.place(id); ok {
		edge := w.ring.radius * 0.8
		w.packet(&view.Message{Type: event.Forward}, point{p.x - edge, p.y - edge}, 1, 1, c.flags, c.n)
	}
}

// fall draws a dropped message: it drops off the link where it was, and fades.
func (w *packetWriter) fall(f *falling) {
	l := w.ring.between(f.what.From, f.what.To)
	if l == nil {
		return
	}
	t := float64(f.age) / float64(fallTime)
	p := l.from.plus(l.way.times(f.at))
	if !w.calm {
		p.y += 46 * t * t
	}
	w.packet(&f.what, p, 1-t, f.at, fallen, f.more+1)
}

func (w *packetWriter) ghost(f *falling) {
	l := w.ring.between(f.what.From, f.what.To)
	if l == nil {
		return
	}
	t := float64(f.age) / float64(ghostTime)
	w.packet(&f.what, l.lane(t), 0.75*(1-t*t*0.6), t, again, f.more+1)
}

func (w *packetWriter) packet(msg *view.Message, p point, opacity, done float64, flags uint8, n int) {
	look := lookOf(msg)
	if n > 1 {
		look.crowd(n)
	}
	if msg.Reply {
		flags |= hollow
	}
	if look.shape == Dot && look.mark == NoMark {
		flags &^= again // too small for a dashed edge
	}
	w.out = append(w.out, byte(look.shape), look.colour, byte(look.mark), flags)
	w.floats(p.x, p.y, opacity, done)
	w.out = append32(w.out, uint32(len(look.label)))
	w.out = append(w.out, look.label...)
	for range -len(look.label) & 3 {
		w.out = append(w.out, 0)
	}
	w.count++
}

// append32 appends a number, little-endian. (encoding/binary would bring reflect along.)
func append32(to []byte, n uint32) []byte {
	return append(to, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
}

func (w *packetWriter) floats(all ...float64) {
	for _, x := range all {
		w.out = append32(w.out, math.Float32bits(float32(x)))
	}
}

// look is a message's shape, colour, mark and label: the same on the canvas and at a gate.
type look struct {
	shape  Shape
	colour uint8
	mark   Mark
	label  string
}

// crowd makes it the look of so many.
func (l *look) crowd(n int) {
	l.label = [...]string{"", "✓ ", "✗ "}[l.mark] + "×" + number(uint64(n))
	l.mark = NoMark
	if l.shape == Dot {
		l.shape = Block
	}
}

func lookOf(msg *view.Message) look {
	l := look{colour: colourBeat}
	switch msg.Type {
	case event.AppendEntries:
		if msg.N > 0 && !msg.Reply {
			l = look{shape: Block, colour: colourTerm + termColour(msg.EntryTerm), label: carries(msg)}
		}
	case event.RequestVote:
		l = look{shape: Ballot, colour: colourVote, label: "t" + number(msg.Term)}
	case event.RequestPreVote:
		l = look{shape: Ballot, colour: colourVote, label: "t" + number(msg.Term) + "?"}
	case event.InstallSnapshot:
		l = look{shape: Cylinder, colour: colourSnap, label: "to " + number(msg.Index)}
	case event.TimeoutNow:
		l = look{shape: Arrow, colour: colourVote}
	case event.Forward:
		l = look{shape: Letter, colour: colourDim, label: short(msg.Text)}
	case event.MessageNone, event.Heartbeat, event.ReadIndex:
	}
	if msg.Reply {
		l.label, l.mark = "", Cross
		if msg.OK {
			l.mark = Tick
		}
		if l.shape == Dot && msg.Type != event.AppendEntries && (msg.OK || msg.Type != event.Heartbeat) {
			l.mark = NoMark
			return l
		}
		l.colour = colourBad
		if msg.OK {
			l.colour = colourOK
		}
	}
	return l
}

// carries is what a message with entries says: the first one, and how many more.
func carries(msg *view.Message) string {
	s := short(msg.Text)
	if s == "" {
		s = number(msg.Index + 1)
	}
	if msg.N > 1 {
		s += " +" + number(uint64(msg.N-1))
	}
	return s
}

// short cuts a label to what fits on a packet, at a character.
func short(s string) string {
	const most = maxLabel - 8
	if len(s) <= most {
		return s
	}
	end := most - 3
	for end > 0 && s[end]&0xC0 == 0x80 {
		end--
	}
	return s[:end] + "…"
}

// termColour is which of the terms' colours a term has. Neighbours always differ.
func termColour(term uint64) uint8 { return uint8(term % terms) }
