package bench

import (
	"math"
	"time"
)

// latencies counts durations in buckets of 1 % width, so that a run of any length takes the same memory.
type latencies struct {
	counts [buckets]uint32
	n      int
}

const (
	buckets = 2500 // up to e^(2500·ln 1.01) = 6.4e10 ns: longer than any operation may take
	width   = 1.01
)

func (l *latencies) add(d time.Duration) {
	at := int(math.Log(float64(max(d, 1))) / math.Log(width))
	l.counts[min(at, buckets-1)]++
	l.n++
}

func (l *latencies) merge(other *latencies) {
	for i, c := range other.counts {
		l.counts[i] += c
	}
	l.n += other.n
}

// percentile is the duration that p of 100 operations do not exceed, to 1 %; 0 when there are none.
func (l *latencies) percentile(p float64) time.Duration {
	if l.n == 0 {
		return 0
	}
	rank := max(1, int(math.Ceil(p/100*float64(l.n)))) // nearest rank
	for i, c := range l.counts {
		if rank -= int(c); rank <= 0 {
			return time.Duration(math.Pow(width, float64(i)+0.5)) // the middle of the bucket
		}
	}
	return time.Duration(math.Pow(width, buckets))
}
