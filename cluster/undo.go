package cluster

import (
	"errors"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// MaxUndo bounds the faults that can be taken back; the oldest are forgotten first.
const MaxUndo = 64

// past is something that was done to the room, and how it was before.
type past struct {
	words string
	never string // why it cannot be taken back; "" if it can

	node  event.NodeID
	kind  event.CommandKind // Kill, Suspend, Drift, Disk, PreVote; 0: only links changed
	drift event.Factor
	fsync event.Micros
	on    bool // pre-vote
	links []view.Link
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
	p := &past{words: Words(*c), node: c.Node, kind: c.Kind, never: irrevocable(c)}
	if p.never != "" {
		return p
	}
	// The other kinds are no faults.
	//exhaustive:ignore
	switch c.Kind {
	case event.Cut, event.Mend, event.SetLink, event.Partition, event.Heal, event.Hold, event.Release:
		p.kind, p.links = event.CommandNone, r.links()
	case event.Kill, event.Suspend:
	case event.Drift, event.Disk:
		if s := r.setup.machine(c.Node); s != nil {
			p.drift, p.fsync = s.Drift, s.Fsync
		}
	case event.PreVote:
		p.on = r.setup.PreVote
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
		r.forget(func(p *past) bool { return p.kind == event.Kill && p.node == c.Node })
	case c.Kind == event.Resume:
		r.forget(func(p *past) bool { return p.kind == event.Suspend && p.node == c.Node })
	case p == nil:
		return
	default:
		if p.links != nil && !r.keepChanged(p) {
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
	changed := p.links[:0]
	for _, l := range p.links {
		if r.conductor.Link(l.From, l.To) != l.Link {
			changed = append(changed, l)
		}
	}
	p.links = changed
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

// tellUndo tells what an undo would take back now, if that is news.
func (r *Room) tellUndo() {
	words := ""
	if n := len(r.pasts); n > 0 {
		words = r.pasts[n-1].words
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
	if p.never != "" {
		return fmt.Errorf("%s. The next undo takes back what was done before it", p.never)
	}
	if err := r.putBack(p); err != nil {
		return fmt.Errorf("“%s” cannot be taken back: %w", p.words, err)
	}
	return nil
}

// putBack makes things as they were. The lock is held.
func (r *Room) putBack(p *past) error {
	if p.kind == event.CommandNone {
		return r.putLinksBack(p.links)
	}
	if p.kind == event.PreVote {
		r.conductor.SetPreVote(p.on)
		r.setup.PreVote = p.on
		return nil
	}
	m, s := r.nodes[p.node], r.setup.machine(p.node)
	if m == nil || s == nil {
		return fmt.Errorf("%v has left the ring", p.node)
	}
	// The kinds that before remembers.
	//exhaustive:ignore
	switch p.kind {
	case event.Kill:
		if up, _ := r.conductor.Up(p.node); up {
			m.fence.Disarm() // it was to die at its next write
			return nil
		}
		return r.restart(m, s)
	case event.Suspend:
		return r.conductor.Resume(p.node)
	case event.Drift:
		s.Drift = p.drift
		return r.conductor.SetDrift(p.node, p.drift)
	default: // Disk
		s.Fsync = p.fsync
		m.setFsync(p.fsync)
		r.conductor.Fact(event.Event{Kind: event.DiskSet, Node: p.node, Took: p.fsync})
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
