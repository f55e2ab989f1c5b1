package journal

import (
	"errors"
	"sort"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// basis is the state nearest before a moment that is kept.
type basis struct {
	chunk *chunk
	state *view.State // without a chunk; never changed
}

// StateAt is what the events up to seq add up to. seq is from Reach().First-1 to Reach().Head; the error is *Gone for one before
// and *Damaged if the recording is. Others are not kept from the journal meanwhile.
func (j *Journal) StateAt(seq uint64) (view.State, error) {
	b, err := j.basis(seq)
	if err != nil {
		return view.State{}, err
	}
	var s view.State
	if b.chunk == nil {
		s = b.state.Clone()
	} else if s, err = b.chunk.state(&j.unpacked.work); err != nil {
		return s, err
	}
	c := j.Walk(s.Seq + 1)
	for s.Seq < seq {
		run, err := c.run()
		if err != nil {
			return s, err
		}
		if len(run) == 0 {
			return s, errors.New("the recording has not come so far yet") // only for who asks for more than Reach().Head
		}
		for i := range run {
			if run[i].Seq > seq {
				break
			}
			s.Apply(run[i])
		}
		c.next = s.Seq + 1
	}
	return s, nil
}

func (j *Journal) basis(seq uint64) (basis, error) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	switch {
	case seq < j.oldest:
		return basis{}, &Gone{From: seq, Oldest: j.oldest + 1}
	case seq >= j.start.Seq:
		start := j.start
		return basis{state: &start}, nil
	case j.packing != nil && seq+1 >= j.packing.first:
		return basis{state: &j.packing.start}, nil
	}
	return basis{chunk: j.chunks[j.chunkOf(seq+1)]}, nil
}

// SeqAt is the last event before the first one that happened later than a virtual time; the one before the oldest that is kept
// if there is none.
func (j *Journal) SeqAt(at event.Micros) (uint64, error) {
	for {
		from, last := j.near(at)
		c := j.Walk(from)
		e, err := c.Next()
		for ; e != nil && e.Seq <= last && e.At <= at; e, err = c.Next() {
		}
		var gone *Gone
		switch {
		case errors.As(err, &gone):
			continue // it was dropped just now
		case err != nil:
			return 0, err
		case e == nil:
			return c.next - 1, nil
		}
		return e.Seq - 1, nil
	}
}

// near says where the first event is that happened later than at: at from or after it, and at last+1 at the latest.
func (j *Journal) near(at event.Micros) (from, last uint64) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	i := sort.Search(len(j.chunks), func(i int) bool { return j.chunks[i].until > at })
	if i < len(j.chunks) {
		return j.chunks[i].first, j.chunks[i].last
	}
	packed := j.packed()
	k := sort.Search(len(j.frames), func(k int) bool { return j.frames[k].Last > packed && j.frames[k].until > at })
	if k < len(j.frames) {
		return max(packed+1, j.frames[k].First), j.frames[k].Last
	}
	if n := len(j.frames); n > 0 {
		packed = max(packed, j.frames[n-1].Last)
	}
	return packed + 1, j.state.Seq
}
