package journal

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Kinds is a set of kinds of events.
type Kinds uint64

// An event's kind has a bit in Kinds.
const _ = uint(64 - event.Kinds)

// AllKinds are all.
const AllKinds = ^Kinds(0)

// KindsOf makes a set.
func KindsOf(kinds ...event.Kind) (all Kinds) {
	for _, k := range kinds {
		all |= 1 << k
	}
	return all
}

// Has says whether k is in the set.
func (all Kinds) Has(k event.Kind) bool { return all&(1<<k) != 0 }

// Search is what to look for: events of some kinds, of which Match says yes. Stretches without these kinds are skipped unread.
type Search struct {
	Kinds Kinds
	Match func(*event.Event) bool // nil: all
}

func (s *Search) hits(e *event.Event) bool {
	return s.Kinds.Has(e.Kind) && (s.Match == nil || s.Match(e))
}

// After finds the first event after seq. It is 0 if there is none yet; the error is *Damaged if the recording is.
func (j *Journal) After(seq uint64, s Search) (uint64, error) {
	for next := max(seq, j.Reach().First-1) + 1; ; {
		l, err := j.leaf(next, s.Kinds)
		var gone *Gone
		if errors.As(err, &gone) {
			next = gone.Oldest
			continue
		}
		if err != nil || l.last < next {
			return 0, err
		}
		for i := range l.events {
			if l.events[i].Seq >= next && s.hits(&l.events[i]) {
				return l.events[i].Seq, nil
			}
		}
		next = l.last + 1
	}
}

// Before finds the last event before seq. It is 0 if none is kept; the error is *Damaged if the recording is.
func (j *Journal) Before(seq uint64, s Search) (uint64, error) {
	for last := min(seq, j.Reach().Head+1); last > 1; {
		last--
		l, err := j.leaf(last, s.Kinds)
		var gone *Gone
		if errors.As(err, &gone) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		for i := len(l.events) - 1; i >= 0; i-- {
			if l.events[i].Seq <= last && s.hits(&l.events[i]) {
				return l.events[i].Seq, nil
			}
		}
		last = l.first
	}
	return 0, nil
}

// leaf is what is read at once: a frame, the events that are in none yet, or a whole chunk that holds nothing of what is looked for.
type leaf struct {
	first, last uint64        // last is first-1 if the event is still to come
	events      []event.Event // none if it holds nothing of what is looked for
}

// leaf finds the one with event seq.
func (j *Journal) leaf(seq uint64, kinds Kinds) (leaf, error) {
	_, at, err := j.source(seq)
	switch {
	case err != nil:
		return leaf{}, err
	case at.chunk != nil && at.chunk.kinds&kinds == 0:
		return leaf{first: at.chunk.first, last: at.chunk.last}, nil
	case at.chunk != nil:
		o, err := j.unpacked.of(at.chunk)
		if err != nil {
			return leaf{}, err
		}
		i := o.frameOf(seq)
		l := leaf{first: o.frames[i].First, last: o.frames[i].Last}
		if o.frames[i].kinds&kinds != 0 {
			l.events, err = o.events(i)
		}
		return l, err
	case at.frame != nil:
		l := leaf{first: at.frame.First, last: at.frame.Last}
		if at.frame.kinds&kinds != 0 {
			l.events = j.decode(at.frame)
		}
		return l, nil
	case len(at.open) == 0 || seq > at.open[len(at.open)-1].Seq:
		return leaf{first: seq, last: seq - 1}, nil
	}
	return leaf{at.open[0].Seq, at.open[len(at.open)-1].Seq, at.open}, nil
}
