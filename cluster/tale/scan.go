package tale

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// scanChunk is how many events are decoded at once on the way back.
const scanChunk = 512

// Back visits the events up to seq, newest first, until visit says that it is enough or most have been visited. It says
// whether it came to the beginning of what is kept.
func Back(j *journal.Journal, seq uint64, most int, visit func(*event.Event) (enough bool)) (whole bool) {
	first := j.Reach().First
	for seq >= first && most > 0 {
		n := min(uint64(min(scanChunk, most)), seq-first+1)
		events, err := j.Events(seq-n+1, int(n))
		if err != nil || len(events) == 0 {
			return true // they were dropped just now
		}
		for i := len(events) - 1; i >= 0; i-- {
			if visit(&events[i]) {
				return false
			}
		}
		seq, most = events[0].Seq-1, most-len(events)
	}
	return seq < first
}

// Each visits the events after a place, oldest first, up to event to or until visit says that it is enough. What is no longer
// kept is left out. It gives the place of the last one that was visited.
func Each(j *journal.Journal, place, to uint64, visit func(*event.Event) (enough bool)) uint64 {
	c := j.Walk(place + 1)
	for place < to {
		e, err := c.Peek()
		var gone *journal.Gone
		switch {
		case errors.As(err, &gone):
			if place = gone.Oldest - 1; place < to {
				c = j.Walk(gone.Oldest)
			}
			continue
		case err != nil || e == nil || e.Seq > to:
			return place
		}
		place = e.Seq
		if enough := visit(e); enough {
			return place
		}
		if _, err := c.Next(); err != nil {
			return place
		}
	}
	return place
}
