package journal

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// hasty is a room in which as much happens as fits into a byte: frames are full and their events say hardly anything.
func hasty(j *Journal, n int) {
	for i := range n {
		at := event.Micros(i)
		j.Append(event.Event{At: at, Kind: event.Stepped})
		if i%MaxEvents == MaxEvents-1 {
			j.Flush(at)
		}
	}
	j.Flush(event.Micros(n))
}

// laden is a room of nine machines whose logs are as long as a State has them, with as many messages in flight, and requests
// with long texts.
func laden(j *Journal, n int) {
	for id := event.NodeID(1); id <= 9; id++ {
		j.Append(event.Event{Kind: event.MachineAdded, Node: id})
		j.Append(event.Event{Kind: event.Started, Node: id, Term: 1})
	}
	written := 0
	for i := range n {
		e := event.Event{At: event.Micros(i) * 100}
		switch {
		case i%100 == 50:
			e.Kind, e.Op, e.Command, e.Node, e.Text = event.Asked, uint64(i), event.Put, 1, strings.Repeat("x", MaxText)
		case i%7 == 0:
			e.Kind, e.Node, e.Peer, e.Msg, e.Type, e.Until = event.Sent, 1, 2, uint64(i+1), event.Heartbeat, e.At+1000
		default:
			e.Kind, e.Node, e.Index, e.Term, e.Text = event.Appended, event.NodeID(1+written%9), uint64(1+written/9), 1, "put x y"
			written++
		}
		j.Append(e)
		if i%20 == 0 {
			j.Flush(e.At)
		}
	}
	j.Flush(event.Micros(n) * 100)
}

// TestAPlaceIsFoundWithLittleWork: whatever happened, a seek decodes at most a state, and twice the stretch behind it: once to
// find the place by its time, once to fold. What that costs in time BenchmarkSeek measures.
func TestAPlaceIsFoundWithLittleWork(t *testing.T) {
	for name, c := range map[string]struct {
		room          func(*Journal)
		events, bytes int64 // that a seek may cost
	}{
		"a hasty room": {func(j *Journal) { hasty(j, 150_000) }, 14_000, 1 << 20},
		"a laden room": {func(j *Journal) { laden(j, 80_000) }, 60_000, 2 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal(0)
			c.room(j)
			j.Close()
			random, reach, stated := rand.New(rand.NewPCG(2, 2)), j.Reach(), 0
			var events, bytes int64
			for range 40 {
				before := j.Stats()
				seq, err := j.SeqAt(reach.FirstAt + event.Micros(random.Int64N(int64(reach.HeadAt-reach.FirstAt))))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := j.StateAt(seq); err != nil {
					t.Fatal(err)
				}
				after := j.Stats()
				events, bytes = max(events, after.Decoded-before.Decoded), max(bytes, after.Unpacked-before.Unpacked)
			}
			for _, c := range j.chunks {
				stated = max(stated, c.stated)
			}
			if events > c.events || bytes > c.bytes || events == 0 || bytes == 0 {
				t.Errorf("a seek decodes up to %d events and unpacks %d bytes, which should be at most %d and %d", events, bytes, c.events, c.bytes)
			}
			t.Logf("%d chunks, %d events in a checkpoint; a seek decodes up to %d events, unpacks %d bytes", len(j.chunks), stated, events, bytes)
		})
	}
}
