package tale

import (
	"cmp"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of looking at one machine's past.
const (
	MaxNodeScan = 8192 // events
	MaxDeeds    = 10   // that are told
	maxChanged  = 3 * MaxDeeds
)

// Past is what the recording tells of one machine up to a moment, beside what the State has.
type Past struct {
	Reach   Reach
	Role    *event.Event  // the RoleChanged, Started or Stopped that made it what it is; nil: longer ago than was looked
	Fsync   *event.Event  // the last Fsynced; nil: none
	Heard   []Contact     // from whom something reached it, by ID
	Changed []event.Event // the last that concern it, oldest first
}

// Contact is the last message of another machine that reached it.
type Contact struct {
	Peer event.NodeID
	At   event.Micros
}

// PastOf looks at the events up to seq, newest first: at most MaxNodeScan. Changed are those for which worth is true, some
// more than MaxDeeds, since not all of them have something to tell in the end.
func PastOf(j *journal.Journal, id event.NodeID, seq uint64, worth func(*event.Event) bool) Past {
	var p Past
	p.Reach = Back(j, seq, MaxNodeScan, func(e *event.Event) bool {
		switch {
		case e.Kind == event.Delivered && e.Peer == id:
			p.hear(e)
		case p.Fsync == nil && e.Kind == event.Fsynced && e.Node == id:
			p.Fsync = keep(e)
		case p.Role == nil && makesRole(e, id):
			p.Role = keep(e)
		}
		if len(p.Changed) < maxChanged && concerns(e, id) && worth(e) {
			p.Changed = append(p.Changed, *e)
		}
		return false
	})
	slices.Reverse(p.Changed)
	slices.SortFunc(p.Heard, func(a, b Contact) int { return cmp.Compare(a.Peer, b.Peer) })
	return p
}

func keep(e *event.Event) *event.Event {
	kept := *e
	return &kept
}

func (p *Past) hear(e *event.Event) {
	if len(p.Heard) < view.MaxNodes && !slices.ContainsFunc(p.Heard, func(c Contact) bool { return c.Peer == e.Node }) {
		p.Heard = append(p.Heard, Contact{Peer: e.Node, At: e.At})
	}
}

// makesRole says whether the event made the machine what it is until the next such event.
func makesRole(e *event.Event, id event.NodeID) bool {
	return e.Node == id && (e.Kind == event.RoleChanged || e.Kind == event.Started || e.Kind == event.Stopped)
}

// concerns says whether an event is something that the machine did or that was done to it.
func concerns(e *event.Event, id event.NodeID) bool {
	if e.Node == id {
		return true
	}
	return e.Peer == id && (e.Kind == event.VoteGranted || e.Kind == event.VoteRefused || e.Kind == event.Dropped)
}
