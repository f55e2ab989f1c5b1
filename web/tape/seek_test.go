package tape

import (
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

var (
	recordingFlag = flag.String("recording", "", "the .qlr file of BenchmarkSeek; without one, a busy room of five machines is made up")
	placesFlag    = flag.Int("places", 500, "places that BenchmarkSeek looks at")
)

// busy is a recording of a room with five machines of which the first leads: what it writes it sends to all, and they answer.
func busy(events int) *journal.Journal {
	j := journal.New(journal.Options{Epoch: 7})
	tell := func(at event.Micros, e event.Event) {
		e.At = at
		j.Append(e)
	}
	for id := event.NodeID(1); id <= 5; id++ {
		tell(0, event.Event{Kind: event.MachineAdded, Node: id})
		tell(0, event.Event{Kind: event.Started, Node: id, Term: 1})
	}
	tell(0, event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 1})
	for n := uint64(1); j.Stats().Seq < uint64(events); n++ {
		at := event.Micros(n) * 40_000
		tell(at, event.Event{Kind: event.Asked, Op: n, Command: event.Put, Node: 1, Key: "x", Text: "put x 1"})
		for id := event.NodeID(1); id <= 5; id++ {
			tell(at, event.Event{Kind: event.Sent, Node: 1, Peer: id, Msg: n*10 + uint64(id), Type: event.AppendEntries, Index: n, Until: at + 10_000})
			tell(at, event.Event{Kind: event.Delivered, Node: 1, Peer: id, Msg: n*10 + uint64(id)})
			tell(at, event.Event{Kind: event.Appended, Node: id, Index: n, Term: 1, Op: n, Text: "put x 1"})
			tell(at, event.Event{Kind: event.Fsynced, Node: id, Index: n})
			tell(at, event.Event{Kind: event.Committed, Node: id, Index: n})
		}
		tell(at, event.Event{Kind: event.Answered, Op: n, Command: event.Put, Node: 1, Outcome: event.OK, Index: n})
		j.Flush(at)
	}
	return j
}

// TestAFarSeekCostsNoMoreThanANearOne: whatever is looked at, what is decoded for a place has a bound, wherever one comes from.
func TestAFarSeekCostsNoMoreThanANearOne(t *testing.T) {
	j := busy(250_000)
	j.Close()
	for look, most := range map[string]int64{"": 60_000, "node n3": 90_000, "link n1 n2": 90_000, "entry n1 9000": 180_000, "ops": 60_000} {
		t.Run(look, func(t *testing.T) {
			p := &page{t: t, tape: New(Options{Journal: j, Studio: NewStudio(), Sealed: true, Looks: [places]string{look, "timeline 1040"}})}
			for l := &p.tape.looks[timeline]; l.fresh || l.more; { // the timeline is read once
				if err := p.see(lookEvery); err != nil {
					t.Fatal(err)
				}
			}
			worst, random := int64(0), rand.New(rand.NewPCG(5, 5))
			for i := range 6 {
				before := j.Stats().Decoded
				p.wind("part " + strconv.FormatFloat([]float64{0.01, 0.99, random.Float64()}[i%3], 'f', 6, 64))
				if err := p.see(2 * lookRest); err != nil {
					t.Fatal(err)
				}
				worst = max(worst, j.Stats().Decoded-before)
			}
			if p.jumps != 7 || worst > most {
				t.Errorf("%d places; for one of them %d events were decoded, which should be at most %d", p.jumps, worst, most)
			}
			t.Logf("at most %d events", worst)
		})
	}
}

// TestPanelsComeWithThePlace: after a jump they do not wait for their turn; while a hand is on the timeline they do.
func TestPanelsComeWithThePlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := watch(t, record(tale()), true)
		if err := p.tape.Look("side", "node n1"); err != nil {
			t.Fatal(err)
		}
		if err := p.see(time.Second); err != nil {
			t.Fatal(err)
		}
		for _, said := range []string{"seq 3", "seq 5", "seq 12"} {
			p.panels = nil
			p.wind(said)
			if err := p.see(100 * time.Millisecond); err != nil || len(p.panels) != 1 {
				t.Errorf("%s: %d panels, %v", said, len(p.panels), err)
			}
		}
		p.panels = nil
		for i := range 100 { // two seconds
			p.wind("seq " + strconv.Itoa(3+2*(i%2)))
			if err := p.see(20 * time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(p.panels); n < 3 || n > 9 {
			t.Errorf("%d panels are drawn under a hand that moves for two seconds", n)
		}
	})
}

// spent is the processor time that the process has used.
func spent() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSeek is the time from the words of a viewer, who looks at a machine and the timeline, to the state of a place anywhere in the
// recording, folded, and on to the panels of it. Processor time counts everything; on a busy machine it tells more than the others.
func BenchmarkSeek(b *testing.B) {
	j := longest(b)
	reach := j.Reach()
	at := func(r *rand.Rand) event.Micros {
		return reach.FirstAt + event.Micros(r.Int64N(int64(reach.HeadAt-reach.FirstAt)))
	}
	for b.Loop() {
		p := &page{t: &testing.T{}, tape: New(Options{Journal: j, Studio: NewStudio(), Sealed: true, Looks: [places]string{"node n3", "timeline 1040"}})}
		next := func() {
			sheet, err := p.tape.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			p.take(sheet)
		}
		for p.tape.looks[timeline].fresh || p.tape.looks[timeline].more {
			next()
		}
		random := rand.New(rand.NewPCG(1, 1))
		var states, panels, work []time.Duration
		for range *placesFlag {
			p.jumps, p.panels = 0, nil
			before, begin := spent(), time.Now()
			p.wind("at " + strconv.FormatInt(int64(at(random)), 10))
			for p.jumps == 0 {
				next()
			}
			states = append(states, time.Since(begin))
			for len(p.panels) == 0 {
				next()
			}
			panels, work = append(panels, time.Since(begin)), append(work, spent()-before)
		}
		for name, all := range map[string][]time.Duration{"state": states, "panels": panels, "cpu": work} {
			slices.Sort(all)
			for part, i := range map[string]int{"median": len(all) / 2, "p95": len(all) * 95 / 100, "max": len(all) - 1} {
				b.ReportMetric(float64(all[i].Microseconds())/1000, name+"-"+part+"-ms")
			}
		}
	}
	b.ReportMetric(float64(reach.Head), "events")
	b.ReportMetric(0, "ns/op")
}

// longest is the recording of the flag, or a made-up one.
func longest(b *testing.B) *journal.Journal {
	if *recordingFlag == "" {
		j := busy(1_000_000)
		j.Close()
		return j
	}
	file, err := os.Open(*recordingFlag)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	j, _, err := journal.Read(file)
	if err != nil {
		b.Fatal(err)
	}
	return j
}
