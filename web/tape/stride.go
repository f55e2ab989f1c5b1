package tape

import (
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A step ahead is no jump: what happens on the way is seen happening. Beyond strideMost events or strideFar of virtual time
// it is one after all. It takes as long as it took, but no longer than one waits and no shorter than one sees.
const (
	strideMost               = playMost
	strideFar   event.Micros = 2_000_000
	strideLeast              = 160 * time.Millisecond
	strideFor                = 400 * time.Millisecond
)

// stride is a place ahead to which the past passes by although it rests.
type stride struct {
	seq  uint64
	at   event.Micros
	pace float64 // virtual time a wall time
}

// begin sets out for the deck's place, if it is a step ahead and near enough.
func (p *past) begin(d deck, now time.Time) bool {
	far := d.at - p.state.At
	if !d.near || d.seq < p.state.Seq || d.seq-p.state.Seq > strideMost || far < 0 || far > strideFar {
		return false
	}
	slowest, fastest := float64(far)/float64(strideFor.Microseconds()), float64(far)/float64(strideLeast.Microseconds())
	p.stride = &stride{d.seq, d.at, min(max(p.rate(), slowest), fastest)}
	p.ticked = now.Add(-playEvery) // it begins at once
	return true
}

// rate is how fast the room's time went by there. A frozen room's time stands still, and so it takes none.
func (p *past) rate() float64 {
	rate := p.state.Rate
	if rate == 0 {
		rate = p.state.Thawed
	}
	if rate == 0 {
		rate = event.One
	}
	return rate.Float()
}
