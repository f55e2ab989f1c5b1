package tale

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// scanChunk is how many events are decoded at once.
const scanChunk = 512

// Reach says how far a search came.
type Reach struct {
	Seq  uint64       // the oldest event that was looked at; one more than the search began with if there was none
	At   event.Micros // its virtual time
	Gone bool         // what was before it is no longer kept
	Out  bool         // the search ended at its bound: what was before it was not looked at
}

// Back visits the events up to seq, newest first, until visit says that it is enough or most have been visited.
func Back(j *journal.Journal, seq uint64, most int, visit func(*event.Event) (enough bool)) Reach {
	r := Reach{Seq: seq + 1}
	for r.Seq > 1 && most > 0 {
		n := min(uint64(min(scanChunk, most)), r.Seq-1)
		events, gone := keptEvents(j, r.Seq-n, r.Seq-1)
		for i := len(events) - 1; i >= 0; i-- {
			r.Seq, r.At = events[i].Seq, events[i].At
			if visit(&events[i]) {
				return r
			}
		}
		if gone || len(events) == 0 {
			r.Gone = gone
			return r
		}
		most -= len(events)
	}
	r.Out = r.Seq > 1
	return r
}

// Forth gives the events from one sequence number to another, both included, as far as they are kept; at most as many as most.
func Forth(j *journal.Journal, from, to uint64, most int) []event.Event {
	if from == 0 || to < from || most <= 0 {
		return nil
	}
	events, _ := keptEvents(j, from, min(to, from+uint64(most)-1))
	return events
}

// keptEvents gives the events from a sequence number to another, and whether some of them are no longer kept.
func keptEvents(j *journal.Journal, from, to uint64) (events []event.Event, lost bool) {
	events, err := j.Events(from, int(to-from+1))
	var gone *journal.Gone
	if errors.As(err, &gone) {
		if lost = true; gone.Oldest > to {
			return nil, lost
		}
		events, _ = j.Events(gone.Oldest, int(to-gone.Oldest+1)) // what has gone since is no more
	}
	return events, lost
}

// SeqAt is the last kept event at a virtual time or before it; 0 if there is none.
func SeqAt(j *journal.Journal, at event.Micros) uint64 {
	stats := j.Stats()
	low, high := stats.Oldest, stats.Seq+1 // all before low are at or before at, high is after it
	for low < high {
		middle := low + (high-low)/2
		events, err := j.Events(middle, 1)
		switch {
		case err != nil: // dropped meanwhile
			low = middle + 1
		case len(events) == 0 || events[0].At > at:
			high = middle
		default:
			low = middle + 1
		}
	}
	if low <= stats.Oldest {
		return 0
	}
	return low - 1
}
