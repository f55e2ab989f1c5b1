package tape

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Whatever is said to a recorder, it rests or plays at a place that the recording has.
func FuzzWind(f *testing.F) {
	for _, said := range []string{"live", "pause", "play", "play 2", "play 1e-300", "seq 5", "seq 18446744073709551615", "seq 0", "at 1000000", "at -9223372036854775808", "part 0.5", "part -0",
		"part 1e400", "moment seq=5&epoch=7&at=500000", "moment seq=5&epoch=6&at=9223372036854775807", "moment %zz", "step 1", "step -1", "next fault", "previous commit", "mark a note",
		"mark \xff\x00", "unmark 5", "  seq   7  ", ""} {
		f.Add(said, "step 1", true)
		f.Add("part 0.3", said, false)
	}
	events := tale()
	f.Fuzz(func(t *testing.T, first, second string, sealed bool) {
		j := record(events)
		if sealed {
			j.Close()
		}
		tape := New(Options{Journal: j, Studio: NewStudio(), Sealed: sealed})
		for _, said := range []string{first, second} {
			if err := tape.Wind(said); err != nil && err.Error() == "" {
				t.Errorf("%q is refused without a word", said)
			}
			d, reach := &tape.deck, j.Reach()
			if d.mode == event.TapeLive && sealed {
				t.Errorf("after %q a recording that is closed is live", said)
			}
			if d.mode != event.TapeLive && (d.seq+1 < reach.First || d.seq > reach.Head || d.at < 0 || d.at > reach.HeadAt) {
				t.Errorf("after %q it is at event %d, %d µs; there are %+v", said, d.seq, d.at, reach)
			}
			if d.speed < minSpeed || d.speed > maxSpeed {
				t.Errorf("after %q it plays at %v", said, d.speed)
			}
		}
	})
}
