package cluster

import (
	"errors"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// MaxUndo bounds the faults that can be taken back; the oldest are forgotten first.
const MaxUndo = 64

// past is something that was done to the room, and how it was before. It outlives the process, in the setup.
type past struct {
	Words string `json:"words,omitempty"`
	Never string `json:"never,omitempty"` // why it cannot be taken back; "" if it can

	Node  event.NodeID      `json:"node,omitzero"`
	Kind  event.CommandKind `json:"kind,omitzero"` // Kill, Suspend, Drift, Disk, PreVote; 0: only links changed
	Drift event.Factor      `json:"drift,omitempty"`
	Fsync event.Micros      `json:"fsync,omitempty"`
	On    bool              `json:"on,omitempty"` // pre-vote
	Links []view.Link       `json:"links,omitempty"`
}

// Why things cannot be taken back.
const (
	neverWiped     = "a wipe cannot be taken back: what was on the disk of %v is gone. Restart it, and let the others tell it"
	neverCorrupted = "a flipped bit cannot be taken back: wipe %v, and let the others tell it"
	neverMember    = "a change of members cannot be taken back: it is agreed on by the members. Ask them for the opposite"
	neverMessage   = "what was done to a message cannot be taken back: it has gone, or is gone"
)

// irrevocable says of kinds of orders why they cannot be taken back.
func irrevocable(c *event.Command) string {
	// All other kinds can be, or are no faults.
	//exhaustive:ignore
	switch c.Kind {
	case event.Wipe:
		return fmt.Sprintf(neverWiped, c.Node)
	case event.Corrupt:
		return fmt.Sprintf(neverCorrupted, c.Node)
	case event.MemberAdd, event.MemberPromote, event.MemberDemote, event.MemberRemove:
		return neverMember
	case event.Deliver, event.Drop, event.Duplicate, event.Reorder:
		return neverMessage
	}
	return ""
}

// before is how the things are that a command is about to change; nil for what is no fault. The lock is held.
func (r *Room) before(c *event.Command) *past {
	p := &past{Words: Words(*c), Node: c.Node, Kind: c.Kind, Never: irrevocable(c)}
	if p.Never != "" {
		return p
	}
	// The other kinds are no faults.
	//exhaustive:ignore
	switch c.Kind {
	case event.Cut, event.Mend, event.SetLink, event.Partition, event.Heal, event.Hold, event.Release:
		p.Kind, p.Links = event.CommandNone, r.links()
	case event.Kill, event.Suspend:
	case event.Drift, event.Disk:
		if s := r.setup.machine(c.Node); s != nil {
			p.Drift, p.Fsync = s.Drift, s.Fsync
		}
	case event.PreVote:
		p.On = r.setup.PreVote
	default:
		return nil
	}
	return p
}

// links are all directions as they are. The lock is held.
func (r *Room) links() (all []view.Link) {
	for _, a := range r.setup.Machines {
		for _, b := range r.setup.Machines {
			if a.ID != b.ID {
				all = append(all, view.Link{From: a.ID, To: b.ID, Link: r.conductor.Link(a.ID, b.ID)})
			}
		}
	}
	return all
}

// done remembers what a command has changed. The lock is held.
func (r *Room) done(c *event.Command, p *past, by *storm) {
	switch {
	case c.Kind == event.Restart:
		r.forget(func(p *past) bool { return p.Kind == event.Kill && p.Node == c.Node })
	case c.Kind == event.Resume:
		r.forget(func(p *past) bool { return p.Kind == event.Suspend && p.Node == c.Node })
	case p == nil:
		return
	default:
		if p.Links != nil && !r.keepChanged(p) {
			return
		}
		if by != nil {
			by.suffered(p)
		}
		if len(r.pasts) >= MaxUndo {
			r.pasts = append(r.pasts[:0], r.pasts[1:]...)
		}
		r.pasts = append(r.pasts, p)
	}
	r.tellUndo()
}

// keepChanged leaves only the links that are not as they were.
func (r *Room) keepChanged(p *past) bool {
	changed := p.Links[:0]
	for _, l := range p.Links {
		if r.conductor.Link(l.From, l.To) != l.Link {
			changed = append(changed, l)
		}
	}
	p.Links = changed
	return len(changed) > 0
}

// forget drops what was taken back by other means.
func (r *Room) forget(over func(*past) bool) {
	kept := r.pasts[:0]
	for _, p := range r.pasts {
		if !over(p) {
			kept = append(kept, p)
		}
	}
	clear(r.pasts[len(kept):])
	r.pasts = kept
}

// recall takes over from the process before what can be taken back, and the chaos that was on. A machine that stood still, or was to die at
// its next write, runs now.
func (r *Room) recall() {
	r.pasts, r.storm = r.setup.Undo, r.setup.Storm.again()
	r.forget(func(p *past) bool {
		s := r.setup.machine(p.Node)
		return p.Kind == event.Suspend || p.Kind == event.Kill && s != nil && s.Down == event.ReasonNone
	})
	r.tellUndo()
	if r.storm != nil {
		r.tellStorm()
	}
}

// tellUndo tells what an undo would take back now, if that is news.
func (r *Room) tellUndo() {
	words := ""
	if n := len(r.pasts); n > 0 {
		words = r.pasts[n-1].Words
	}
	if words != r.undoTold {
		r.undoTold = words
		r.conductor.Fact(event.Event{Kind: event.UndoSet, Text: words})
	}
}

// undo takes the last fault back. What cannot be taken back is forgotten, so that the next undo is about what was before
// it. The lock is held.
func (r *Room) undo() error {
	n := len(r.pasts)
	if n == 0 {
		return errors.New("there is nothing to take back: no fault is remembered")
	}
	p := r.pasts[n-1]
	r.pasts[n-1] = nil
	r.pasts = r.pasts[:n-1]
	defer r.tellUndo()
	if p.Never != "" {
		return fmt.Errorf("%s. The next undo takes back what was done before it", p.Never)
	}
	if err := r.putBack(p); err != nil {
		return fmt.Errorf("“%s” cannot be taken back: %w", p.Words, err)
	}
	return nil
}

// putBack makes things as they were. The lock is held.
func (r *Room) putBack(p *past) error {
	if p.Kind == event.CommandNone {
		return r.putLinksBack(p.Links)
	}
	if p.Kind == event.PreVote {
		r.conductor.SetPreVote(p.On)
		r.setup.PreVote = p.On
		return nil
	}
	m, s := r.nodes[p.Node], r.setup.machine(p.Node)
	if m == nil || s == nil {
		return fmt.Errorf("%v has left the ring", p.Node)
	}
	// The kinds that before remembers.
	//exhaustive:ignore
	switch p.Kind {
	case event.Kill:
		if up, _ := r.conductor.Up(p.Node); up {
			m.fence.Disarm() // it was to die at its next write
			return nil
		}
		return r.restart(m, s)
	case event.Suspend:
		return r.conductor.Resume(p.Node)
	case event.Drift:
		s.Drift = p.Drift
		return r.conductor.SetDrift(p.Node, p.Drift)
	default: // Disk
		s.Fsync = p.Fsync
		m.setFsync(p.Fsync)
		r.conductor.Fact(event.Event{Kind: event.DiskSet, Node: p.Node, Took: p.Fsync})
		return nil
	}
}

// putLinksBack sets links as they were, as far as both machines are still there.
func (r *Room) putLinksBack(links []view.Link) error {
	for _, l := range links {
		if r.nodes[l.From] == nil || r.nodes[l.To] == nil {
			continue
		}
		if err := r.conductor.SetLink(l.From, l.To, l.Link); err != nil {
			return err
		}
	}
	return r.relink(nil)
}
