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
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.base.Clone()
}

// Events returns up to most events from sequence from on, oldest first; from 0 means the oldest kept one. They
// may be none if from is still to come. The error is *Gone if from was dropped.
func (j *Journal) Events(from uint64, most int) ([]event.Event, error) {
	frames, open, err := j.since(from, max(most, 0))
	if err != nil {
		return nil, err
	}
	var events []event.Event
	for _, f := range frames {
		if len(events) >= most {
			break
		}
		events = append(events, after(f.events(), from)...)
	}
	events = append(events, after(open, from)...)
	return events[:min(len(events), max(most, 0))], nil
}

// since gives up to most frames from the one that holds from on, and the open events.
func (j *Journal) since(from uint64, most int) ([]*Frame, []event.Event, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	if from != 0 && from <= j.base.Seq {
		return nil, nil, &Gone{From: from, Oldest: j.base.Seq + 1}
	}
	frames := j.frames[j.frameOf(from):]
	return slices.Clone(frames[:min(len(frames), most)]), slices.Clone(j.open), nil
}

// frameOf is the place of the first kept frame that ends at seq or later.
func (j *Journal) frameOf(seq uint64) int {
	return sort.Search(len(j.frames), func(i int) bool { return j.frames[i].Last >= seq })
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
