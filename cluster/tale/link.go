package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of a link's past.
const (
	MaxDrops  = 8   // messages that were lost last
	maxFlying = 512 // messages under way of which is kept what they are
)

// LinkPast is what the recording tells of the messages between two machines up to a moment.
type LinkPast struct {
	A, B   event.NodeID
	From   uint64       // the first event that was looked at
	FromAt event.Micros // its virtual time
	Seq    uint64       // the last one
	Passed [2]uint64    // messages that arrived from A at B, and from B at A
	Lost   [2]uint64    // that did not
	Drops  []Drop       // the last ones that did not, oldest first

	flying map[uint64]event.Event
}

// Drop is a message that did not arrive.
type Drop struct {
	Sent event.Event // KindNone: longer ago than was looked
	End  event.Event
}

// LinkPastOf begins MaxPastScan events before seq.
func LinkPastOf(a, b event.NodeID, seq uint64) *LinkPast {
	return &LinkPast{A: a, B: b, Seq: seq - min(seq, MaxPastScan), flying: map[uint64]event.Event{}}
}

// Place is how far it has followed.
func (p *LinkPast) Place() uint64 { return p.Seq }

// Follow looks at what comes up to event to.
func (p *LinkPast) Follow(j *journal.Journal, to uint64) {
	p.Seq = Each(j, p.Seq, to, func(e *event.Event) bool {
		if p.From == 0 {
			p.From, p.FromAt = e.Seq, e.At
		}
		switch {
		case e.Node == p.A && e.Peer == p.B:
			p.add(e, 0)
		case e.Node == p.B && e.Peer == p.A:
			p.add(e, 1)
		}
		return false
	})
}

func (p *LinkPast) add(e *event.Event, way int) {
	// Nothing else is about messages.
	//exhaustive:ignore
	switch e.Kind {
	case event.Sent:
		if len(p.flying) < maxFlying {
			p.flying[e.Msg] = *e
		}
	case event.Copied:
		if original, there := p.flying[uint64(e.N)]; there && len(p.flying) < maxFlying {
			original.Msg, original.At = e.Msg, e.At
			p.flying[e.Msg] = original
		}
	case event.Delivered:
		p.Passed[way]++
		delete(p.flying, e.Msg)
	case event.Dropped:
		p.Lost[way]++
		if len(p.Drops) >= MaxDrops {
			p.Drops = slices.Delete(p.Drops, 0, 1)
		}
		p.Drops = append(p.Drops, Drop{Sent: p.flying[e.Msg], End: *e})
		delete(p.flying, e.Msg)
	}
}

// Copy is the past so far; what is followed from here on does not change it.
func (p *LinkPast) Copy() LinkPast {
	c := *p
	c.Drops, c.flying = slices.Clone(c.Drops), nil
	return c
}

// MessageOf is a Sent event as the picture has it while the message is under way.
func MessageOf(e *event.Event) *view.Message {
	return &view.Message{ID: e.Msg, From: e.Node, To: e.Peer, Type: e.Type, Reply: e.Reply, OK: e.OK, Term: e.Term, Index: e.Index, LogTerm: e.LogTerm,
		Commit: e.Commit, N: e.N, Op: e.Op, Text: e.Text, EntryTerm: uint64(e.From), Sent: e.At, Due: e.Until}
}
