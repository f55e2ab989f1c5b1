package journal

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// ErrClosed says that the journal has ended and everything was read.
var ErrClosed = errors.New("the room is closed: nothing more will happen in it")

// Gone says that events are no longer kept.
type Gone struct {
	From   uint64 // what was asked for
	Oldest uint64 // the oldest event that is kept
}

func (g *Gone) Error() string {
	return "event " + strconv.FormatUint(g.From, 10) + " is no longer kept: the oldest is " + strconv.FormatUint(g.Oldest, 10)
}

// Oldest returns the State just before the oldest kept event: folding Events(0, …) into it gives State.
func (j *Journal) Oldest() view.State {
	for {
		first := j.Reach().First
		s, err := j.StateAt(first - 1)
		var gone *Gone
		if errors.As(err, &gone) {
			continue // it was dropped just now
		}
		return s // of a damaged recording: as much of it as can be read
	}
}

// Events returns up to most events from sequence from on, oldest first; from 0 means the oldest kept one. They
// may be none if from is still to come. The error is *Gone if from was dropped, or *Damaged.
func (j *Journal) Events(from uint64, most int) ([]event.Event, error) {
	c := j.Walk(from)
	var events []event.Event
	for len(events) < most {
		run, err := c.run()
		if err != nil {
			return nil, err
		}
		if len(run) == 0 {
			break
		}
		if run = run[:min(len(run), most-len(events))]; events == nil && most <= 2*MaxEvents {
			events = make([]event.Event, 0, most) // few enough to be sure of: growing would cost more than reading
		}
		events = append(events, run...)
		c.next += uint64(len(run))
	}
	return events, nil
}

// source is where events can be found: in a packed chunk, in a frame, or among those that are in no frame yet.
type source struct {
	chunk *chunk
	frame *Frame
	open  []event.Event
}

// source finds event seq; without one it is still to come. From 0 the oldest is meant.
func (j *Journal) source(seq uint64) (uint64, source, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if seq == 0 {
		seq = j.oldest + 1
	}
	switch {
	case seq <= j.oldest:
		return seq, source{}, &Gone{From: seq, Oldest: j.oldest + 1}
	case len(j.frames) > 0 && j.frames[0].First <= seq && seq <= j.frames[len(j.frames)-1].Last:
		return seq, source{frame: j.frames[j.frameOf(seq)]}, nil
	case seq <= j.packed():
		return seq, source{chunk: j.chunks[j.chunkOf(seq)]}, nil
	}
	return seq, source{open: slices.Clone(j.open)}, nil
}

// frameOf is the place of the first frame, as subscribers get them, that ends at seq or later.
func (j *Journal) frameOf(seq uint64) int {
	return sort.Search(len(j.frames), func(i int) bool { return j.frames[i].Last >= seq })
}

// chunkOf is the place of the first chunk that ends at seq or later.
func (j *Journal) chunkOf(seq uint64) int {
	return sort.Search(len(j.chunks), func(i int) bool { return j.chunks[i].last >= seq })
}

// after gives the events from sequence from on.
func after(events []event.Event, from uint64) []event.Event {
	if len(events) == 0 || from <= events[0].Seq {
		return events
	}
	return events[min(uint64(len(events)), from-events[0].Seq):]
}

// Wait returns when there is an event after seq in a closed frame, with ErrClosed if there never will be, or
// when ctx ends, with its error.
func (j *Journal) Wait(ctx context.Context, seq uint64) error {
	for {
		j.mu.RLock()
		there, closed, changed := len(j.frames) > 0 && j.frames[len(j.frames)-1].Last > seq, j.closed, j.changed
		j.mu.RUnlock()
		switch {
		case there:
			return nil
		case closed:
			return ErrClosed
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Changed is closed when there is something new in frames, or when the journal has ended; closed says that it has.
func (j *Journal) Changed() (changed <-chan struct{}, closed bool) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.changed, j.closed
}
