package tale

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// How much of the past is looked at for one reason.
const (
	MaxBack  = 65536        // events that Why reads: some minutes of a room at rest, half a minute of a busy one, where no Register tells where to look
	maxLooks = 24 * MaxBack // events that one look at the past passes, each as often as something is looked for: some 5 ms
	briefly  = 8192         // events that are read as long as the Register does not know all before the moment: soon it will
	glance   = 4096         // events before the moment that Questions cares about, which are asked whenever a panel is drawn
)

// past reads a journal backwards from a place, as far as it is asked for. What it has read it keeps, so that several looks back cost
// one. When it has read or looked at as much as it may, what was not found until then is taken for out of reach.
//
// A search must not be part of another one's condition: that makes the work grow with the square of the events. What belongs
// together is found in one pass, as arrived does with messages.
type past struct {
	journal  *journal.Journal
	register *Register // nil: everything has to be read
	end      uint64    // the moment: what comes after it is not known
	least    uint64    // what is before it does not matter
	most     int       // events that may be read

	read   int                      // events
	looked int                      // events
	short  bool                     // more would have had to be looked at
	pieces map[uint64][]event.Event // what was read, by stretch
}

// search is what is looked for: an event of these kinds, of these machines if they are named.
type search struct {
	kinds  journal.Kinds
	node   event.NodeID // Event.Node; 0: any
	peer   event.NodeID // Event.Peer; 0: any
	before uint64       // only events with lower numbers; 0: all up to the moment
	after  uint64       // only events with higher numbers
	where  func(e *event.Event) bool
	far    bool         // also what is too long ago to matter by itself
	deedOf event.NodeID // instead of all that: what is worth a sentence about this machine
}

// of begins a search.
func of(kinds ...event.Kind) search { return search{kinds: journal.KindsOf(kinds...)} }

func (w search) by(node event.NodeID) search { w.node = node; return w }

func (w search) to(peer event.NodeID) search { w.peer = peer; return w }

// behind leaves out the event seq and all before it.
func (w search) behind(seq uint64) search { w.after = seq; return w }

// ahead leaves out the event seq and all behind it.
func (w search) ahead(seq uint64) search { w.before = seq; return w }

// that adds a condition. It must not search itself.
func (w search) that(yes func(e *event.Event) bool) search { w.where = yes; return w }

func (w *search) hits(e *event.Event) bool {
	if w.deedOf != 0 {
		return concerns(e, w.deedOf) && worth(e)
	}
	return w.kinds.Has(e.Kind) && (w.node == 0 || e.Node == w.node) && (w.peer == 0 || e.Peer == w.peer) && (w.where == nil || w.where(e))
}

// bounds are the first and the last event that a search is about; none are if first > last.
func (p *past) bounds(w *search) (first, last uint64) {
	last = p.end
	if w.before != 0 {
		last = min(last, w.before-1)
	}
	if first = max(w.after+1, 1); !w.far {
		first = max(first, p.least)
	}
	return first, last
}

// last is the newest event that is looked for; nil if there is none, or not within reach.
func (p *past) last(w search) (found *event.Event) {
	p.back(w, func(e *event.Event) bool {
		c := *e
		found = &c
		return true
	})
	return found
}

// first is the oldest event that is looked for; nil if there is none, or not within reach.
func (p *past) first(w search) (found *event.Event) {
	p.on(w, func(e *event.Event) bool {
		c := *e
		found = &c
		return true
	})
	return found
}

// back gives the events that are looked for, newest first, until do says stop.
func (p *past) back(w search, do func(e *event.Event) (stop bool)) {
	p.pass(w, func(stretch uint64) bool { return p.register.may(stretch, p.end, &w) }, func(e *event.Event) bool { return w.hits(e) && do(e) })
}

// pass gives all events within the bounds of w, newest first, until do says stop, but for those of stretches that skip nothing: may
// says whether one matters.
func (p *past) pass(w search, may func(stretch uint64) bool, do func(e *event.Event) (stop bool)) {
	first, last := p.bounds(&w)
	if p.journal == nil || first > last {
		return
	}
	for k := stretchOf(last) + 1; k > stretchOf(first); k-- {
		if !may(k - 1) {
			continue
		}
		events, more := p.piece(k - 1)
		for i := len(events) - 1; i >= 0; i-- {
			switch e := &events[i]; {
			case e.Seq > last:
				continue
			case e.Seq < first:
				return
			case !p.look():
				return
			case do(e):
				return
			}
		}
		if !more {
			return
		}
	}
}

// on is back the other way: oldest first.
func (p *past) on(w search, do func(e *event.Event) (stop bool)) {
	first, last := p.bounds(&w)
	if p.journal == nil || first > last {
		return
	}
	for k := stretchOf(first); k <= stretchOf(last); k++ {
		if !p.register.may(k, p.end, &w) {
			continue
		}
		events, _ := p.piece(k)
		for i := range events {
			switch e := &events[i]; {
			case e.Seq < first:
				continue
			case e.Seq > last || !p.look():
				return
			case w.hits(e) && do(e):
				return
			}
		}
	}
}

// look counts an event that is looked at, and says whether it may be.
func (p *past) look() bool {
	if p.looked >= maxLooks {
		p.short = true
		return false
	}
	p.looked++
	return true
}

// piece gives the events of a stretch up to the moment. more is false if those before it cannot be had.
func (p *past) piece(stretch uint64) (events []event.Event, more bool) {
	if known, there := p.pieces[stretch]; there {
		return known, true
	}
	from, to := stretch*stretchEvents+1, min((stretch+1)*stretchEvents, p.end)
	size := int(to - from + 1)
	if p.read+size > p.most {
		p.short = true
		return nil, false
	}
	events, err := p.journal.Events(from, size)
	var gone *journal.Gone
	if errors.As(err, &gone) {
		if gone.Oldest > to {
			return nil, false
		}
		events, err = p.journal.Events(gone.Oldest, int(to-gone.Oldest+1))
	}
	if err != nil {
		return nil, false
	}
	p.read += len(events)
	if p.pieces == nil {
		p.pieces = map[uint64][]event.Event{}
	}
	p.pieces[stretch] = events
	return events, true
}

// arrival is a message that was delivered, as it was sent.
type arrival struct{ sent, landed event.Event }

// arrived gives the messages that were delivered to a machine, by node if that is named, within the bounds of w: those that were sent
// last first, until do says stop. It is one pass, which ends as soon as everything that can be meant was seen.
func (p *past) arrived(w search, do func(a arrival) (stop bool)) {
	w.kinds, w.deedOf = journal.KindsOf(event.Delivered), 0
	after, under := max(w.after, p.least), map[uint64]event.Event{} // what was delivered and is not known yet, by message
	all := w
	all.after = 0
	p.pass(all, func(stretch uint64) bool {
		return len(under) > 0 || stretch >= stretchOf(after+1) && p.register.may(stretch, p.end, &w)
	}, func(e *event.Event) bool {
		// Only what messages do matters.
		//exhaustive:ignore
		switch e.Kind {
		case event.Delivered:
			if e.Seq > after && w.hits(e) {
				under[e.Msg] = *e
			}
		case event.Copied:
			if landed, there := under[e.Msg]; there {
				delete(under, e.Msg)
				under[uint64(e.N)] = landed
			}
		case event.Sent:
			if landed, there := under[e.Msg]; there {
				delete(under, e.Msg)
				if do(arrival{*e, landed}) {
					return true
				}
			}
		}
		return e.Seq <= after && len(under) == 0
	})
}

// seqAt is the last event that had happened by a virtual time; 0 if that is not known.
func (p *past) seqAt(at event.Micros) uint64 {
	if p.journal == nil {
		return 0
	}
	seq, err := p.journal.SeqAt(at)
	if err != nil {
		return 0
	}
	return min(seq, p.end)
}

// edge is the first event from which on nothing was missed so far, and its time: the first of the recording, unless more would have had
// to be read.
func (p *past) edge() (seq uint64, at event.Micros) {
	if p.journal == nil {
		return 0, 0
	}
	reach := p.journal.Reach()
	if !p.short {
		return reach.First, reach.FirstAt
	}
	seq = p.end + 1
	for k := stretchOf(max(p.end, 1)); len(p.pieces[k]) > 0; k-- {
		seq, at = p.pieces[k][0].Seq, p.pieces[k][0].At
		if k == 0 {
			break
		}
	}
	return seq, at
}
