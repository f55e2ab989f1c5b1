package cluster

import (
	"fmt"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// BenchmarkVirtualTime tells how many virtual seconds pass in one real second: 5 nodes with the full state machine.
func BenchmarkVirtualTime(b *testing.B) {
	for _, c := range []struct {
		name string
		puts int
		sync bool
	}{{"idle", 0, false}, {"unsynced/100puts", 100, false}, {"fsync/100puts", 100, true}} {
		b.Run(c.name, func(b *testing.B) {
			r, err := Open(Options{Dir: b.TempDir(), NoSync: !c.sync, Manual: true, Rate: event.One})
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			var answers []<-chan event.Result
			b.ResetTimer()
			for range b.N {
				for i := range max(c.puts, 1) {
					if c.puts > 0 {
						answers = append(answers, r.Begin(put(fmt.Sprint("k", i), "0123456789")))
					}
					r.Advance(second / event.Micros(max(c.puts, 1)))
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "virtual-s/s")
			r.Advance(second)
			for _, a := range answers {
				if x := <-a; x.Outcome != event.OK {
					b.Fatalf("%+v", x)
				}
			}
		})
	}
}

// BenchmarkOpen is a new room until it has a leader, fsync on.
func BenchmarkOpen(b *testing.B) {
	for range b.N {
		r, err := Open(Options{Dir: b.TempDir(), Manual: true})
		if err != nil {
			b.Fatal(err)
		}
		r.Journal().With(func(s *view.State) {
			if s.Leader() == nil {
				b.Error("no leader")
			}
		})
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
