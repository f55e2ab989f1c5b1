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
	MaxPastScan = 49152 // events that are read before the moment, where no Register tells where to look: minutes of a room at rest
	MaxDeeds    = 10    // that are told
	maxChanged  = 3 * MaxDeeds
)

// Past is what the recording tells of one machine up to a moment, beside what the State has.
type Past struct {
	ID      event.NodeID
	From    uint64        // nothing is missing from this event on
	FromAt  event.Micros  // its virtual time
	Seq     uint64        // the last one that was looked at
	Role    *event.Event  // the RoleChanged, Started or Stopped that made it what it is; nil: none since From
	Fsync   *event.Event  // the last Fsynced; nil: none since From
	Heard   []Contact     // from whom something reached it, by ID
	Changed []event.Event // the last that are worth a sentence about it, oldest first: some more than MaxDeeds, since a few have none after all
}

// Contact is the last message of another machine that reached it.
type Contact struct {
	Peer event.NodeID
	At   event.Micros
}

// PastOf looks for it in what is before the moment. With a Register that knows the journal it finds what there is, however long ago
// that was; else it reads MaxPastScan events.
func PastOf(m Moment, id event.NodeID) *Past {
	p, back := &Past{ID: id, Seq: m.State.Seq}, m.past(0)
	back.most = min(back.most, MaxPastScan)
	p.Role = back.last(of(event.RoleChanged, event.Started, event.Stopped).by(id))
	p.Fsync = back.last(of(event.Fsynced).by(id))
	for i := range m.State.Nodes {
		peer := m.State.Nodes[i].ID
		if peer == id {
			continue
		}
		if landed := back.last(of(event.Delivered).by(peer).to(id)); landed != nil {
			p.Heard = append(p.Heard, Contact{Peer: peer, At: landed.At})
		}
	}
	back.back(search{deedOf: id}, func(e *event.Event) bool {
		p.Changed = append(p.Changed, *e)
		return len(p.Changed) >= maxChanged
	})
	slices.Reverse(p.Changed)
	p.From, p.FromAt = back.edge()
	return p
}

// Place is how far it has followed.
func (p *Past) Place() uint64 { return p.Seq }

// Follow looks at what comes up to event to.
func (p *Past) Follow(j *journal.Journal, to uint64) {
	p.Seq = Each(j, p.Seq, to, func(e *event.Event) bool {
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
	if concerns(e, p.ID) && worth(e) {
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

// concerns says whether an event is something that a machine did or that was done to it.
func concerns(e *event.Event, id event.NodeID) bool {
	if e.Node == id {
		return true
	}
	return e.Peer == id && e.Kind == event.Dropped // votes are the voter's doing; the candidate does not know of them yet
}

// worth says whether an event may be worth a sentence about one machine.
func worth(e *event.Event) bool {
	// What comes with every message and every heartbeat is not.
	//exhaustive:ignore
	switch e.Kind {
	case event.Dropped:
		return e.Reason == event.Lost || e.Reason == event.ByHand || e.Reason == event.QueueFull
	case event.Asked, event.Answered:
		return e.Command.Client()
	case event.Started, event.Stopped, event.Suspended, event.Resumed, event.Wiped, event.Corrupted, event.DriftSet, event.DiskSet,
		event.RoleChanged, event.VoteGranted, event.VoteRefused, event.Truncated, event.SnapshotTaken, event.SnapshotInstalled,
		event.Compacted, event.MembersSet, event.SafetyBroken, event.Appended, event.Applied:
		return true
	}
	return false
}

// Copy is the past so far; what is followed from here on does not change it.
func (p *Past) Copy() Past {
	c := *p
	c.Heard, c.Changed = slices.Clone(c.Heard), slices.Clone(c.Changed)
	return c
}
