package tale

import (
	"cmp"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of looking at the past of one machine or link.
const (
	MaxPastScan = 32768 // events that are looked at before the moment: minutes of a room at rest, some 10 ms of work
	MaxDeeds    = 10    // that are told
	maxChanged  = 3 * MaxDeeds
)

// Past is what the recording tells of one machine up to a moment, beside what the State has.
type Past struct {
	ID      event.NodeID
	From    uint64        // the first event that was looked at
	FromAt  event.Micros  // its virtual time
	Seq     uint64        // the last one
	Role    *event.Event  // the RoleChanged, Started or Stopped that made it what it is; nil: longer ago than was looked
	Fsync   *event.Event  // the last Fsynced; nil: none
	Heard   []Contact     // from whom something reached it, by ID
	Changed []event.Event // the last that concern it, oldest first: some more than MaxDeeds, since not all have something to tell

	worth func(*event.Event) bool
}

// Contact is the last message of another machine that reached it.
type Contact struct {
	Peer event.NodeID
	At   event.Micros
}

// PastOf begins MaxPastScan events before seq. Changed will have those for which worth is true.
func PastOf(id event.NodeID, seq uint64, worth func(*event.Event) bool) *Past {
	return &Past{ID: id, Seq: seq - min(seq, MaxPastScan), worth: worth}
}

// Place is how far it has followed.
func (p *Past) Place() uint64 { return p.Seq }

// Follow looks at what comes up to event to.
func (p *Past) Follow(j *journal.Journal, to uint64) {
	p.Seq = Each(j, p.Seq, to, func(e *event.Event) bool {
		if p.From == 0 {
			p.From, p.FromAt = e.Seq, e.At
		}
		p.add(e)
		return false
	})
}

func (p *Past) add(e *event.Event) {
	switch {
	case e.Kind == event.Delivered && e.Peer == p.ID:
		p.hear(e)
	case e.Kind == event.Fsynced && e.Node == p.ID:
		p.Fsync = keep(e)
	case p.makesRole(e):
		p.Role = keep(e)
	}
	if p.concerns(e) && p.worth(e) {
		if len(p.Changed) >= maxChanged {
			p.Changed = slices.Delete(p.Changed, 0, 1)
		}
		p.Changed = append(p.Changed, *e)
	}
}

func keep(e *event.Event) *event.Event {
	kept := *e
	return &kept
}

func (p *Past) hear(e *event.Event) {
	at, there := slices.BinarySearchFunc(p.Heard, e.Node, func(c Contact, id event.NodeID) int { return cmp.Compare(c.Peer, id) })
	switch {
	case there:
		p.Heard[at].At = e.At
	case len(p.Heard) < view.MaxNodes:
		p.Heard = slices.Insert(p.Heard, at, Contact{Peer: e.Node, At: e.At})
	}
}

// makesRole says whether the event made the machine what it is until the next such event.
func (p *Past) makesRole(e *event.Event) bool {
	return e.Node == p.ID && (e.Kind == event.RoleChanged || e.Kind == event.Started || e.Kind == event.Stopped)
}

// concerns says whether an event is something that the machine did or that was done to it.
func (p *Past) concerns(e *event.Event) bool {
	if e.Node == p.ID {
		return true
	}
	return e.Peer == p.ID && (e.Kind == event.VoteGranted || e.Kind == event.VoteRefused || e.Kind == event.Dropped)
}

// Copy is the past so far; what is followed from here on does not change it.
func (p *Past) Copy() Past {
	c := *p
	c.Heard, c.Changed = slices.Clone(c.Heard), slices.Clone(c.Changed)
	return c
}
