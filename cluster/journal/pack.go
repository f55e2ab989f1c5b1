package journal

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// packing is a chunk that is being packed, beside the journal. Until it is done its frames serve as they are.
type packing struct {
	start       view.State // never changed
	from        event.Micros
	frames      []*Frame
	first, last uint64
	done        chan *chunk // holds one
}

// full says whether the chunk that is growing ends here.
func (j *Journal) full() bool {
	events, weight := uint64(chunkEvents), int64(chunkBytes)
	if n := len(j.chunks); n > 0 {
		before := j.chunks[n-1]
		events = max(events, uint64(before.stated))
		weight = min(max(weight, int64(stateRatio*len(before.start))), chunkMost)
	}
	return j.state.Seq-j.start.Seq >= events || j.weight >= min(weight, j.history/chunkShare)
}

// cut ends the chunk that is growing and has it packed. If the one before is not packed yet, the room waits: so there are
// never more than two that are not.
func (j *Journal) cut() {
	j.await()
	frames := append([]*Frame(nil), j.frames[len(j.frames)-j.loose:]...)
	p := &packing{start: j.start, from: j.startReach, frames: frames, first: frames[0].First, last: frames[len(frames)-1].Last, done: make(chan *chunk, 1)}
	j.packing = p
	j.start, j.startReach, j.loose, j.weight = j.state.Clone(), j.reach, 0, 0
	j.start.At = max(j.start.At, j.at)
	go func() { p.done <- pack(&p.start, p.from, frames) }()
}

// collect takes the chunk that was being packed, if it is done.
func (j *Journal) collect() {
	if j.packing == nil {
		return
	}
	select {
	case c := <-j.packing.done:
		j.keep(c)
	default:
	}
}

// await waits for the chunk that is being packed.
func (j *Journal) await() {
	if j.packing != nil {
		j.keep(<-j.packing.done)
	}
}

func (j *Journal) keep(c *chunk) {
	j.packing = nil
	j.chunks = append(j.chunks, c)
	j.bytes += c.cost()
}

// packed is the last event that is in a chunk.
func (j *Journal) packed() uint64 {
	if n := len(j.chunks); n > 0 {
		return j.chunks[n-1].last
	}
	return j.oldest
}

// edge is what is before the oldest thing that is kept: the last event that is not, and its time.
func (j *Journal) edge() (seq uint64, at event.Micros) {
	switch {
	case len(j.chunks) > 0:
		return j.chunks[0].first - 1, j.chunks[0].from
	case j.packing != nil:
		return j.packing.first - 1, j.packing.from
	}
	return j.start.Seq, j.startReach
}
