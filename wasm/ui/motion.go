package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// motion is what moves on the canvas beside the messages in flight.
type motion struct {
	falling []falling
	ghosts  []falling
	left    map[uint64]event.Micros // when a message that had been held left its gate, virtual
}

// falling is a message that is no more: dropped where it was, or delivered too quickly for the eye.
type falling struct {
	what view.Message
	at   float64      // 0 to 1 of its way when it was dropped
	age  event.Micros // wall time since
	more int          // others like it at the same time, drawn together with it
}

// How long a dropped message falls, and how long one that nobody could see is shown once more (wall time).
const (
	fallTime  event.Micros = 700_000
	ghostTime event.Micros = 150_000
	tooQuick  event.Micros = 40_000
)

// age lets wall time pass, in a frozen room too: what falls or is shown once more is under way no longer, and must not hang
// there as if it were.
func (v *motion) age(passed event.Micros) {
	v.falling = aged(v.falling, passed, fallTime)
	v.ghosts = aged(v.ghosts, passed, ghostTime)
}

func aged(all []falling, passed, most event.Micros) []falling {
	kept := all[:0]
	for _, f := range all {
		if f.age += passed; f.age < most {
			kept = append(kept, f)
		}
	}
	return kept
}

// fold notes what is about to leave State.Messages.
func (v *motion) fold(m *Model, e *event.Event) {
	// only these move something
	//exhaustive:ignore
	switch e.Kind {
	case event.Released:
		if v.left == nil {
			v.left = map[uint64]event.Micros{}
		}
		v.left[e.Msg] = e.At
		return
	case event.Dropped, event.Delivered:
	default:
		return
	}
	defer delete(v.left, e.Msg)
	msg := m.State.Message(e.Msg)
	if msg == nil {
		return
	}
	if e.Kind == event.Dropped {
		at := v.progress(msg, e.At)
		if msg.Due == 0 {
			at = m.lostAt(e)
		}
		v.falling = bounded(v.falling, falling{what: *msg, at: at}, MaxFalling)
		return
	}
	wall := float64(e.At-msg.Sent) / max(m.State.Rate.Float(), 0.001)
	if m.State.Rate != 0 && wall < float64(tooQuick) && msg.Due != 0 {
		v.ghosts = bounded(v.ghosts, falling{what: *msg}, MaxGhosts)
	}
}

// bounded adds what falls. Beyond MaxAlike of one kind in one direction it is counted with the last of them.
func bounded(all []falling, f falling, most int) []falling {
	alike, last := 0, 0
	for i := range all {
		if kindOf(&all[i].what) == kindOf(&f.what) {
			alike, last = alike+1, i
		}
	}
	if alike >= MaxAlike {
		all[last].more++
		return all
	}
	if len(all) >= most {
		copy(all, all[1:])
		all = all[:most-1]
	}
	return append(all, f)
}

// lostAt is where a message falls off that had no way to go: at its gate, at the mark of the cut, at a machine that is
// down or takes no more, or else in the middle of the link.
func (m *Model) lostAt(e *event.Event) float64 {
	// the others are lost on the way
	//exhaustive:ignore
	switch e.Reason {
	case event.ByHand:
		return gateAt
	case event.MachineDown, event.QueueFull:
		return 1
	case event.LinkCut:
		if !m.link(e.Peer, e.Node).Cut {
			return snipAt
		}
	}
	return 0.5
}

// Where on the way held messages wait, and where a cut in one direction is marked, 0 to 1 from the sender.
const (
	gateAt = 0.24
	snipAt = 0.3
)

// progress is how far a message has come at a virtual time, 0 to 1. It waits at 1 until it is delivered.
func (v *motion) progress(msg *view.Message, now event.Micros) float64 {
	sent, from := msg.Sent, 0.0
	if at, held := v.left[msg.ID]; held {
		sent, from = at, gateAt
	}
	if msg.Due <= sent {
		return from
	}
	return from + (1-from)*min(max(float64(now-sent)/float64(msg.Due-sent), 0), 1)
}
