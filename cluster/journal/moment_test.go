package journal

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// small is a journal whose chunks hold some fifty events each, so that a short story has many.
const small = 20_000

// life are the states after each event of a story, the first before all.
type life struct {
	j      *Journal
	states []view.State
	times  []event.Micros // latest virtual time up to each
}

// live tells a story and notes every state that it went through.
func live(t *testing.T, history int64, events []event.Event, per int) *life {
	t.Helper()
	l := &life{j: newJournal(history), states: make([]view.State, 1), times: make([]event.Micros, 1)}
	l.times[0] = events[0].At
	for i, e := range events {
		l.j.Append(e)
		l.j.With(func(s *view.State) { l.states = append(l.states, s.Clone()) })
		l.times = append(l.times, max(l.times[i], e.At))
		if (i+1)%per == 0 {
			l.j.Flush(e.At)
		}
	}
	return l
}

func stories(n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = story(uint64(i))
	}
	return events
}

// odd gives events of all kinds in any order.
func odd(random *rand.Rand, n int) []event.Event {
	at := func(most int) uint64 { return random.Uint64N(uint64(most)) }
	events := make([]event.Event, n)
	for i := range events {
		e := &events[i]
		*e = event.Event{At: event.Micros(i * 10), Kind: event.Kind(at(event.Kinds)), Node: event.NodeID(at(5)), Peer: event.NodeID(at(5)), Role: event.Role(at(4)),
			Term: at(4), Index: at(30), LogTerm: at(4), Msg: at(40), Type: event.MessageType(at(8)), Op: at(12), N: int64(at(9)), OK: at(2) == 0, Text: "x"}
		switch at(4) {
		case 0:
			e.Kind = event.Appended
		case 1:
			e.Kind = event.Sent
		}
		if i < 5 {
			e.Kind, e.Node = event.MachineAdded, event.NodeID(i+1)
		}
	}
	return events
}

// TestEveryMomentIsTheFullFold: a checkpoint with what comes after it is what all events add up to, for every cut, whether the
// stretch is packed, being packed, growing, or not in a frame yet.
func TestEveryMomentIsTheFullFold(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for name, events := range map[string][]event.Event{"a small room": stories(1200), "anything": odd(random, 1200)} {
		t.Run(name, func(t *testing.T) {
			l := live(t, small, events, 7)
			l.j.check(t)
			first := l.j.Reach().First
			if n := l.j.Stats().Chunks; n < 3 {
				t.Fatalf("%d chunks: too few for this test", n)
			}
			for seq := first - 1; seq < uint64(len(l.states)); seq++ {
				s, err := l.j.StateAt(seq)
				if err != nil {
					t.Fatalf("event %d: %v", seq, err)
				}
				if s.Seq != seq {
					t.Fatalf("the state at %d is that at %d", seq, s.Seq)
				}
				same(t, s, l.states[seq])
			}
			var gone *Gone
			if _, err := l.j.StateAt(first - 2); first > 1 && !errors.As(err, &gone) {
				t.Errorf("a moment that is not kept: %v", err)
			}
			if _, err := l.j.StateAt(uint64(len(l.states))); err == nil {
				t.Error("there is a state of the future")
			}
		})
	}
}

// check asserts what must hold of the parts of a history.
func (j *Journal) check(t *testing.T) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	next, bytes := j.oldest+1, int64(0)
	for _, c := range j.chunks {
		if c.first != next {
			t.Fatalf("a chunk begins at %d, not at %d", c.first, next)
		}
		next = c.last + 1
		bytes += c.cost()
	}
	if p := j.packing; p != nil {
		if p.first != next {
			t.Fatalf("what is being packed begins at %d, not at %d", p.first, next)
		}
		next = p.last + 1
	}
	if j.start.Seq+1 != next {
		t.Fatalf("the growing chunk begins at %d, not at %d", j.start.Seq+1, next)
	}
	for i, f := range j.frames {
		if i > 0 && f.First != j.frames[i-1].Last+1 {
			t.Fatalf("a frame begins at %d", f.First)
		}
		bytes += f.cost()
	}
	for _, m := range j.marks {
		bytes += int64(len(m.Note)) + markCost
	}
	if bytes != j.bytes {
		t.Fatalf("%d bytes are counted, %d there", j.bytes, bytes)
	}
}

func TestTimesLeadToEvents(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	events := stories(2000)
	for i := range events {
		events[i].At = event.Micros(i/3) * 100 // several at a time
		if i > 0 && random.IntN(50) == 0 {
			events[i].At = events[i-1].At // and some late
		}
	}
	l := live(t, small, events, 7)
	reach := l.j.Reach()
	last := l.times[len(l.times)-1]
	for at := reach.FirstAt - 150; at <= last+150; at += 50 {
		want := reach.First - 1
		for want < reach.Head && l.times[want+1] <= at {
			want++
		}
		if got, err := l.j.SeqAt(at); err != nil || got != want {
			t.Fatalf("at %d: event %d, not %d, %v", at, got, want, err)
		}
	}
}

func TestSearch(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	events := odd(random, 1500)
	l := live(t, small, events, 7)
	reach := l.j.Reach()
	for _, s := range []Search{
		{Kinds: KindsOf(event.Wiped)},
		{Kinds: KindsOf(event.Wiped, event.SafetyBroken), Match: func(e *event.Event) bool { return e.Node == 2 }},
		{Kinds: AllKinds},
		{Kinds: KindsOf(event.Sent), Match: func(e *event.Event) bool { return false }},
	} {
		hit := func(seq uint64) bool {
			if seq < reach.First || seq > reach.Head {
				return false
			}
			e := events[seq-1]
			return s.hits(&e)
		}
		for seq := uint64(0); seq <= reach.Head+2; seq++ {
			var after, before uint64
			for k := seq + 1; k <= reach.Head && after == 0; k++ {
				if hit(k) {
					after = k
				}
			}
			for k := int(min(seq, reach.Head+1)) - 1; k > 0 && before == 0; k-- {
				if hit(uint64(k)) {
					before = uint64(k)
				}
			}
			if got, err := l.j.After(seq, s); err != nil || got != after {
				t.Fatalf("after %d: %d, not %d, %v", seq, got, after, err)
			}
			if got, err := l.j.Before(seq, s); err != nil || got != before {
				t.Fatalf("before %d: %d, not %d, %v", seq, got, before, err)
			}
			if seq > 50 && s.Kinds != AllKinds {
				seq += 12
			}
		}
	}
}

func TestCursorGoesThroughEverything(t *testing.T) {
	l := live(t, small, stories(2000), 7)
	c := l.j.Walk(0)
	next := l.j.Reach().First
	for {
		e, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		if e.Seq != next {
			t.Fatalf("%d follows %d", e.Seq, next-1)
		}
		next++
	}
	if next != 2001 {
		t.Errorf("it ends before %d", next)
	}
	l.j.Append(story(2000))
	if e, err := c.Peek(); err != nil || e == nil || e.Seq != 2001 {
		t.Errorf("what comes is not there: %+v, %v", e, err)
	}
}

func TestBookmarks(t *testing.T) {
	l := live(t, small, stories(2000), 7)
	j, reach := l.j, l.j.Reach()
	for i := range uint64(MaxMarks) {
		if err := j.Mark(Mark{Seq: reach.Head - i, Note: " here "}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		m    Mark
		want error
	}{
		"one too many": {Mark{Seq: reach.First}, ErrMarks},
		"changed":      {Mark{Seq: reach.Head, Note: "there"}, nil},
		"two lines":    {Mark{Seq: reach.Head, Note: "a\nb"}, ErrNote},
		"too long":     {Mark{Seq: reach.Head, Note: string(make([]byte, MaxNote+1))}, ErrNote},
	} {
		if err := j.Mark(c.m); err != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	var gone *Gone
	if err := j.Mark(Mark{Seq: reach.Head + 1}); !errors.As(err, &gone) {
		t.Errorf("a bookmark in the future: %v", err)
	}
	marks := j.Marks()
	if len(marks) != MaxMarks || marks[len(marks)-1].Note != "there" || marks[0].Note != "here" {
		t.Errorf("%+v", marks)
	}
	if j.Unmark(reach.First) != ErrMark || j.Unmark(reach.Head) != nil || len(j.Marks()) != MaxMarks-1 {
		t.Error("removing goes wrong")
	}
	j.check(t)
	tell(j, 6000, 7)
	if n := len(j.Marks()); n != 0 {
		t.Errorf("%d bookmarks stay behind", n)
	}
	j.check(t)
}

// TestLookingBackWhileTheRoomGoesOn is for -race.
func TestLookingBackWhileTheRoomGoesOn(t *testing.T) {
	j := newJournal(small)
	tell(j, 2000, 7)
	var all sync.WaitGroup
	over := make(chan struct{})
	for i := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 1))
			for {
				select {
				case <-over:
					return
				default:
				}
				reach := j.Reach()
				seq := reach.First + random.Uint64N(reach.Head-reach.First+1)
				s, err := j.StateAt(seq)
				var gone *Gone
				if err != nil && !errors.As(err, &gone) || err == nil && s.Seq != seq {
					t.Errorf("%d: %d, %v", seq, s.Seq, err)
				}
				if _, err := j.SeqAt(reach.FirstAt + 100); err != nil {
					t.Error(err)
				}
				if _, err := j.Before(seq, Search{Kinds: KindsOf(event.Wiped)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	tell(j, 6_000, 7)
	close(over)
	all.Wait()
	j.check(t)
}

// hour is an hour of a room with five nodes: bursts of 2,000 events a second for two of every ten seconds, 200 otherwise.
var hour = sync.OnceValue(func() *Journal {
	j := New(Options{Wall: clock()})
	seq := uint64(0)
	for second := range 3600 {
		perTick := 200 / 60
		if second%10 < 2 {
			perTick = 2000 / 60
		}
		for tick := range 60 {
			now := event.Micros(second)*1_000_000 + event.Micros(tick)*16_667
			for range perTick {
				e := story(seq)
				e.At = now
				j.Append(e)
				seq++
			}
			j.Flush(now)
		}
	}
	j.Close()
	return j
})

// BenchmarkSeek is the state at any moment of an hour.
func BenchmarkSeek(b *testing.B) {
	j := hour()
	reach, stats := j.Reach(), j.Stats()
	if reach.First != 1 {
		b.Fatalf("the hour is not kept as a whole: it begins at %d of %d", reach.First, reach.Head)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		seq, err := j.SeqAt(event.Micros(random.Int64N(3_600_000_000)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := j.StateAt(seq); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(stats.Bytes)/(1<<20), "MiB")
	b.ReportMetric(float64(reach.Head), "events")
	b.ReportMetric(float64(stats.Chunks), "chunks")
}
