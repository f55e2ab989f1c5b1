package tale

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// How far back a reason is looked for, in events.
const (
	MaxBack = 65536 // by Why: some minutes of a room at rest, half a minute of a busy one
	glance  = 4096  // by Questions, which are asked whenever a panel is drawn
	chunk   = 2048  // that are read at once
)

// past reads a journal backwards from a place, as far as it is asked for and no further than most events. What it has read it
// keeps, so that several looks back cost one.
type past struct {
	journal *journal.Journal
	end     uint64        // the moment: what comes after it is not known
	most    int           // events
	events  []event.Event // read so far, newest first
	over    bool          // there is nothing before them, or it is too long ago
}

// back gives the events from the moment backwards until do says stop. It says whether do did.
func (p *past) back(do func(e *event.Event) (stop bool)) bool {
	for i := 0; ; i++ {
		if i == len(p.events) && !p.read() {
			return false
		}
		if do(&p.events[i]) {
			return true
		}
	}
}

// read takes one more piece in.
func (p *past) read() bool {
	if p.over || p.journal == nil || len(p.events) >= p.most {
		return false
	}
	last := p.end
	if n := len(p.events); n > 0 {
		last = p.events[n-1].Seq - 1
	}
	if last == 0 {
		p.over = true
		return false
	}
	from := last - min(last, chunk) + 1
	list, err := p.journal.Events(from, int(last-from+1))
	var gone *journal.Gone
	if errors.As(err, &gone) {
		p.over = true
		if gone.Oldest > last {
			return false
		}
		list, err = p.journal.Events(gone.Oldest, int(last-gone.Oldest+1))
	}
	if err != nil || len(list) == 0 {
		p.over = true
		return false
	}
	for i := len(list) - 1; i >= 0; i-- {
		p.events = append(p.events, list[i])
	}
	return true
}

// last is the newest event before the moment of which yes says so; nil if there is none, or not within reach.
func (p *past) last(yes func(e *event.Event) bool) (found *event.Event) {
	p.back(func(e *event.Event) bool {
		if !yes(e) {
			return false
		}
		c := *e
		found = &c
		return true
	})
	return found
}

// before is last, of what came before the event with number seq.
func (p *past) before(seq uint64, yes func(e *event.Event) bool) *event.Event {
	return p.last(func(e *event.Event) bool { return e.Seq < seq && yes(e) })
}

// since gives the events from number seq on, oldest first, as far as they are within reach.
func (p *past) since(seq uint64, do func(e *event.Event)) {
	n := 0
	p.back(func(e *event.Event) bool {
		if e.Seq < seq {
			return true
		}
		n++
		return false
	})
	for i := n - 1; i >= 0; i-- {
		do(&p.events[i])
	}
}
