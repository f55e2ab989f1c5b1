package bench

import (
	"math"
	"testing"
	"time"
)

func TestPercentilesAreExactToOnePercent(t *testing.T) {
	hundred := func(l *latencies) {
		for i := range 100 {
			l.add(time.Duration(i+1) * time.Millisecond)
		}
	}
	for _, c := range []struct {
		name  string
		fill  func(*latencies)
		p     float64
		right time.Duration
	}{
		{"nothing", func(*latencies) {}, 99, 0},
		{"one", func(l *latencies) { l.add(time.Second) }, 50, time.Second},
		{"half of 1 to 100 ms", hundred, 50, 50 * time.Millisecond},
		{"95 of 1 to 100 ms", hundred, 95, 95 * time.Millisecond},
		{"99 of 1 to 100 ms", hundred, 99, 99 * time.Millisecond},
		{"the longest", hundred, 100, 100 * time.Millisecond},
		{"the shortest", hundred, 0, time.Millisecond},
		{"one slow in a thousand", func(l *latencies) {
			for range 999 {
				l.add(time.Microsecond)
			}
			l.add(time.Minute)
		}, 99, time.Microsecond},
	} {
		var l latencies
		c.fill(&l)
		if got := l.percentile(c.p); math.Abs(float64(got-c.right)) > 0.01*float64(c.right) {
			t.Errorf("%s: percentile %v is %v, should be %v", c.name, c.p, got, c.right)
		}
	}
}

// The largest and the smallest durations there are go into the last and the first bucket.
func TestLatenciesTakeAnyDuration(t *testing.T) {
	var l, other latencies
	l.add(math.MaxInt64)
	l.add(0)
	l.add(-time.Second) // a clock that was set back
	other.add(time.Millisecond)
	l.merge(&other)
	if l.n != 4 || l.counts[buckets-1] != 1 || l.counts[0] != 2 {
		t.Errorf("%d in all, %d in the first and %d in the last bucket; should be 4, 2 and 1", l.n, l.counts[0], l.counts[buckets-1])
	}
}
