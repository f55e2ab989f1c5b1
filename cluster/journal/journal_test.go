package journal

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// clock is a wall that goes on by a millisecond at every look.
func clock() func() event.Micros {
	now := event.Micros(1_795_000_000_000_000)
	return func() event.Micros {
		now += 1000
		return now
	}
}

func newJournal(history int64) *Journal {
	return New(Options{HistoryBytes: history, Epoch: 7, Wall: clock()})
}

// tell appends n events of a small room and flushes after every per of them.
func tell(j *Journal, n, per int) {
	start := j.Stats().Seq
	for i := range n {
		seq := start + uint64(i)
		j.Append(story(seq))
		if (i+1)%per == 0 {
			j.Flush(event.Micros(seq * 100))
		}
	}
}

// story is the event that this test room tells at seq.
func story(seq uint64) event.Event {
	e := event.Event{At: event.Micros(seq * 100), Node: event.NodeID(1 + seq%3)}
	switch {
	case seq < 3:
		e.Kind = event.MachineAdded
	case seq < 6:
		e.Kind, e.Term = event.Started, 1
	case seq%4 == 0:
		e.Kind, e.Peer, e.Msg, e.Type, e.Until = event.Sent, event.NodeID(1+(seq+1)%3), seq, event.Heartbeat, e.At+2000
	case seq%4 == 1:
		e.Kind, e.Peer, e.Msg = event.Delivered, event.NodeID(1+seq%3), seq-1
	default:
		e.Kind, e.Index, e.Term, e.Text = event.Appended, seq/12, 1, "put x "+string(rune('a'+seq%26))
	}
	return e
}

// viewer folds frames as a browser does.
type viewer struct {
	t     *testing.T
	state view.State
	seqs  []uint64
}

func (v *viewer) see(f *Frame) {
	v.t.Helper()
	frame, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		v.t.Fatal(err)
	}
	if frame.Type == event.FrameCheckpoint {
		v.state = view.State{}
	}
	for _, e := range frame.Events {
		if frame.Type == event.FrameEvents {
			if e.Seq != v.state.Seq+1 {
				v.t.Fatalf("event %d follows %d", e.Seq, v.state.Seq)
			}
			v.seqs = append(v.seqs, e.Seq)
		}
		v.state.Apply(e)
	}
	if frame.Type == event.FrameCheckpoint {
		v.state.Seq = frame.Seq
	}
	if len(frame.Events) > 0 && f.Last != v.state.Seq {
		v.t.Fatalf("a frame says that it ends at %d and ends at %d", f.Last, v.state.Seq)
	}
	v.state.At, v.state.Wall = frame.At, frame.Wall
}

// drain sees everything that is there, and returns the error that ends it.
func (v *viewer) drain(s *Subscription) error {
	v.t.Helper()
	for {
		f, _ := s.take()
		if f == nil {
			return s.err
		}
		v.see(f)
	}
}

func same(t *testing.T, got, want view.State) {
	t.Helper()
	got.At, got.Wall = want.At, want.Wall
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("states differ\n got %+v\nwant %+v", got, want)
	}
}

func TestAppendStampsWithoutGap(t *testing.T) {
	walls := []event.Micros{100, 50, 200}
	j := New(Options{Wall: func() event.Micros {
		wall := walls[0]
		walls = walls[1:]
		return wall
	}})
	for i := uint64(1); i <= 3; i++ {
		if seq := j.Append(event.Event{Seq: 99, Wall: 99, Kind: event.Stepped}); seq != i {
			t.Fatalf("event %d got the number %d", i, seq)
		}
	}
	events, err := j.Events(0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []event.Micros{100, 100, 200} { // a wall clock that is set back does not show
		if events[i].Wall != want || events[i].Seq != uint64(i)+1 {
			t.Errorf("event %d: %+v", i, events[i])
		}
	}
}

func TestNewcomerSeesWhatTheRoomIs(t *testing.T) {
	j := newJournal(0)
	tell(j, 1000, 33)
	s, v := j.Subscribe(0, 7), &viewer{t: t}
	if err := v.drain(s); err != nil {
		t.Fatal(err)
	}
	same(t, v.state, j.State())
	if len(v.seqs) != 0 {
		t.Errorf("a newcomer was sent %d old events", len(v.seqs))
	}
	tell(j, 100, 10)
	v.drain(s)
	same(t, v.state, j.State())
	if len(v.seqs) != 100 {
		t.Errorf("%d of 100 new events", len(v.seqs))
	}
}

func TestSubscriberGoesOnExactlyWhereItWas(t *testing.T) {
	j := newJournal(0)
	tell(j, 2000, 33)
	random := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		from := 1 + random.Uint64N(2000)
		events, err := j.Events(0, int(from))
		if err != nil {
			t.Fatal(err)
		}
		v := &viewer{t: t}
		for _, e := range events {
			v.state.Apply(e)
		}
		v.drain(j.Subscribe(from, 7))
		same(t, v.state, j.State())
		if len(v.seqs) != 2000-int(from) {
			t.Fatalf("from %d: %d events", from, len(v.seqs))
		}
	}
}

func TestWhoCannotGoOnGetsACheckpoint(t *testing.T) {
	j := newJournal(20_000)
	tell(j, 10_000, 33)
	if j.Stats().Oldest < 3 {
		t.Fatal("the history is too long for this test")
	}
	for name, from := range map[string]struct{ seq, epoch uint64 }{
		"new":           {0, 7},
		"another epoch": {9_990, 6},
		"too old":       {j.Stats().Oldest - 2, 7},
		"of the future": {10_001, 7},
	} {
		v := &viewer{t: t}
		s := j.Subscribe(from.seq, from.epoch)
		f, err := s.Next(t.Context())
		if err != nil || event.FrameType(f.Bytes[0]) != event.FrameCheckpoint {
			t.Errorf("%s: no checkpoint, %v", name, err)
			continue
		}
		v.see(f)
		v.drain(s)
		same(t, v.state, j.State())
	}
	raw := j.frames[0].First
	if f, err := j.Subscribe(raw-1, 7).Next(t.Context()); err != nil || f.First != raw || event.FrameType(f.Bytes[0]) != event.FrameEvents {
		t.Errorf("who needs the oldest frame that is not packed next gets %d to %d, %v", f.First, f.Last, err)
	}
	if f, err := j.Subscribe(raw-2, 7).Next(t.Context()); err != nil || event.FrameType(f.Bytes[0]) != event.FrameCheckpoint {
		t.Errorf("who needs one before it gets no checkpoint, %v", err)
	}
}

// TestWhoWasCutOffForAWhileGoesOn: however much of it is packed, MaxAway bytes of frames are there for who comes back, and no more than
// that and what keeps up needs.
func TestWhoWasCutOffForAWhileGoesOn(t *testing.T) {
	j := newJournal(0)
	tell(j, 40_000, 10)
	if s := j.Stats(); s.Chunks < 4 || j.framed < MaxAway || j.framed > MaxAway+2*chunkBytes {
		t.Fatalf("%d chunks, and frames of %d bytes", s.Chunks, j.framed)
	}
	away := uint64(0)
	for bytes, i := int64(0), len(j.frames)-1; bytes < MaxAway; i-- {
		bytes += j.frames[i].cost()
		away += j.frames[i].Last - j.frames[i].First + 1
	}
	if away < 2*chunkEvents/3 {
		t.Errorf("only %d events are kept", away)
	}
	if f, err := j.Subscribe(40_000-away, 7).Next(t.Context()); err != nil || f.First != 40_000-away+1 || event.FrameType(f.Bytes[0]) != event.FrameEvents {
		t.Errorf("who was away for %d events gets %+v, %v", away, f, err)
	}
}

// TestClassSharesACheckpoint: newcomers within StartReuse frames begin with the same bytes, and nobody later.
func TestClassSharesACheckpoint(t *testing.T) {
	j := newJournal(0)
	tell(j, 100, 10)
	first, _ := j.Subscribe(0, 7).take()
	tell(j, StartReuse, 1)
	second, _ := j.Subscribe(0, 7).take()
	tell(j, 1, 1)
	third, _ := j.Subscribe(0, 7).take()
	if first != second || second == third {
		t.Errorf("checkpoints at %d, %d, %d", first.Last, second.Last, third.Last)
	}
}

func TestSlowSubscriberIsEndedAndGoesOn(t *testing.T) {
	j := newJournal(0)
	tell(j, 10, 1)
	s, v := j.Subscribe(0, 7), &viewer{t: t}
	v.drain(s)
	tell(j, MaxBehind, 1)
	if err := v.drain(s); err != nil {
		t.Fatalf("MaxBehind frames behind is not too slow: %v", err)
	}
	tell(j, MaxBehind+1, 1)
	_, err := s.Next(t.Context())
	var slow *Slow
	if !errors.As(err, &slow) || slow.Last != v.state.Seq {
		t.Fatalf("%v at %d", err, v.state.Seq)
	}
	if _, again := s.Next(t.Context()); again != err {
		t.Errorf("an ended subscription goes on: %v", again)
	}
	if err := v.drain(j.Subscribe(slow.Last, 7)); err != nil {
		t.Fatalf("it cannot go on: %v", err)
	}
	same(t, v.state, j.State())
}

// TestCatchingUpIsNotSlow: who begins far behind may take its time as long as it comes closer.
func TestCatchingUpIsNotSlow(t *testing.T) {
	j := newJournal(0)
	tell(j, 5*MaxBehind, 1)
	v := &viewer{t: t}
	events, _ := j.Events(0, 6)
	for _, e := range events {
		v.state.Apply(e)
	}
	s := j.Subscribe(6, 7)
	for range 5 * MaxBehind {
		f, err := s.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		v.see(f)
		if len(v.seqs)%2 == 0 {
			tell(j, 1, 1)
		}
	}
	if err := v.drain(s); err != nil {
		t.Fatal(err)
	}
	same(t, v.state, j.State())
}

func TestHistoryIsBounded(t *testing.T) {
	const most = 50_000
	j := newJournal(most)
	for range 50 {
		tell(j, 1000, 33)
		if s := j.Stats(); s.Bytes > most {
			t.Fatalf("%d bytes are kept, %d are allowed", s.Bytes, most)
		}
	}
	oldest := j.Oldest()
	events, err := j.Events(0, 1<<30)
	if err != nil || len(events) < 1000 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for _, e := range events {
		oldest.Apply(e)
	}
	same(t, oldest, j.State())
}

func TestEvents(t *testing.T) {
	j := newJournal(4_000)
	tell(j, 3000, 33)
	oldest := j.Stats().Oldest
	var gone *Gone
	if _, err := j.Events(oldest-1, 5); !errors.As(err, &gone) || gone.Oldest != oldest || !strings.Contains(err.Error(), "no longer kept") {
		t.Errorf("a dropped event: %v", err)
	}
	for _, test := range []struct {
		from        uint64
		most        int
		first, last uint64
	}{
		{oldest, 3, oldest, oldest + 2},
		{0, 2, oldest, oldest + 1},
		{2975, 100, 2975, 3000},
		{3000, 1, 3000, 3000},
	} {
		events, err := j.Events(test.from, test.most)
		if err != nil || len(events) == 0 || events[0].Seq != test.first || events[len(events)-1].Seq != test.last {
			t.Errorf("from %d, at most %d: %d events, %v", test.from, test.most, len(events), err)
		}
		for i, e := range events {
			if e.Seq != test.first+uint64(i) {
				t.Fatalf("a gap at %d", e.Seq)
			}
		}
	}
	for _, from := range []uint64{3001, 9999} {
		if events, err := j.Events(from, 10); err != nil || len(events) != 0 {
			t.Errorf("events of the future: %v, %v", events, err)
		}
	}
	if events, err := j.Events(2999, -1); err != nil || len(events) != 0 {
		t.Errorf("fewer than none: %v, %v", events, err)
	}
}

func TestTimeGoesOnWithoutEvents(t *testing.T) {
	j := newJournal(0)
	tell(j, 10, 1)
	s, v := j.Subscribe(0, 7), &viewer{t: t}
	v.drain(s)
	j.Flush(50_000)
	j.Flush(60_000)
	if v.drain(s); v.state.At != 60_000 {
		t.Errorf("the viewer is at %d", v.state.At)
	}
	if j.State().At != 60_000 {
		t.Errorf("the room is at %d", j.State().At)
	}
	j.Flush(60_000)
	j.Flush(10) // time does not go back
	if f, _ := s.take(); f != nil {
		t.Errorf("a frozen room sends %+v", f)
	}
	if frames := j.Stats().Frames; frames != 10 {
		t.Errorf("empty frames are kept: %d", frames)
	}
	tell(j, 1, 1)
	if v.drain(s); v.state.Seq != 11 || v.state.At != 60_000 {
		t.Errorf("the viewer is at event %d, %d µs", v.state.Seq, v.state.At)
	}
}

func TestFoldsMayAddFacts(t *testing.T) {
	j := newJournal(0)
	var seen []uint64
	j.AddFold(func(e event.Event) []event.Event {
		seen = append(seen, e.Seq)
		if e.Kind != event.Stepped {
			return nil
		}
		return []event.Event{{Kind: event.SafetyBroken, Property: event.LogMatching, At: e.At, Rev: int64(e.Seq), N: 1, Text: "told by the test"}}
	})
	if seq := j.Append(event.Event{Kind: event.MachineAdded, Node: 1}); seq != 1 {
		t.Error(seq)
	}
	if seq := j.Append(event.Event{Kind: event.Stepped}); seq != 2 {
		t.Error(seq)
	}
	if seq := j.Append(event.Event{Kind: event.KindNone}); seq != 4 {
		t.Errorf("what a fold adds has no number of its own: %d follows", seq)
	}
	if !reflect.DeepEqual(seen, []uint64{1, 2, 4}) {
		t.Errorf("the fold saw %v", seen)
	}
	state := j.State()
	if lamp := state.Safety[event.LogMatching-event.ElectionSafety]; lamp.Holds || lamp.Seq != 2 || lamp.Earlier != 1 {
		t.Errorf("%+v", lamp)
	}
}

func TestFullFrameIsClosedUnasked(t *testing.T) {
	j := newJournal(0)
	s := j.Subscribe(0, 7)
	for range MaxEvents {
		j.Append(event.Event{Kind: event.Stepped})
	}
	s.take()
	if f, _ := s.take(); f == nil || f.Last != MaxEvents {
		t.Errorf("%+v", f)
	}
	j.Append(event.Event{Kind: event.Stepped})
	if f, _ := s.take(); f != nil {
		t.Errorf("a frame with room was closed: %+v", f)
	}
}

func TestLongTextIsCut(t *testing.T) {
	j := newJournal(0)
	j.Append(event.Event{Kind: event.Asked, Op: 1, Key: strings.Repeat("k", MaxText), Text: strings.Repeat("ü", MaxText)})
	events, _ := j.Events(1, 1)
	if len(events[0].Key) != MaxText {
		t.Errorf("a key of MaxText bytes was cut to %d", len(events[0].Key))
	}
	if text := events[0].Text; len(text) > MaxText || !strings.HasSuffix(text, "…") || !utf8.ValidString(text) {
		t.Errorf("%d bytes, valid: %v", len(text), utf8.ValidString(text))
	}
}

func TestClose(t *testing.T) {
	j := newJournal(0)
	tell(j, 10, 3)
	s, v := j.Subscribe(0, 7), &viewer{t: t}
	tell(j, 5, 100)
	j.Close()
	j.Close()
	if err := v.drain(s); err != ErrClosed {
		t.Fatal(err)
	}
	same(t, v.state, j.State())
	if _, err := s.Next(t.Context()); err != ErrClosed {
		t.Error(err)
	}
	if seq := j.Append(event.Event{Kind: event.Stepped}); seq != 0 {
		t.Errorf("a closed journal took event %d", seq)
	}
	j.Flush(1 << 40)
	if events, err := j.Events(1, 100); err != nil || len(events) != 15 {
		t.Errorf("history of a closed journal: %d events, %v", len(events), err)
	}
	if err := j.Wait(t.Context(), 15); err != ErrClosed {
		t.Error(err)
	}
}

func TestWaitingEnds(t *testing.T) {
	j := newJournal(0)
	tell(j, 6, 6)
	s := j.Subscribe(6, 7)
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() {
		if err := j.Wait(t.Context(), 6); err != nil {
			t.Error(err)
		}
		cancel()
	})
	all.Go(func() {
		if f, err := s.Next(t.Context()); err != nil || f.First != 7 {
			t.Errorf("%+v, %v", f, err)
		}
		if _, err := s.Next(ctx); err != context.Canceled {
			t.Error(err)
		}
	})
	tell(j, 1, 1)
	all.Wait()
}

// TestManyAtOnce lets everybody do everything at the same time; run it with -race.
func TestManyAtOnce(t *testing.T) {
	j := New(Options{Epoch: 7, HistoryBytes: 100_000})
	const events, viewers = 20_000, 12
	var all sync.WaitGroup
	for range viewers {
		all.Go(func() {
			s, v := j.Subscribe(0, 7), &viewer{t: t}
			var err error
			for err != ErrClosed {
				var f *Frame
				if f, err = s.Next(t.Context()); f != nil {
					v.see(f)
				}
				var slow *Slow
				if errors.As(err, &slow) {
					s = j.Subscribe(slow.Last, 7)
				}
			}
			same(t, v.state, j.State())
		})
	}
	all.Go(func() {
		for j.Stats().Seq < events {
			j.State()
			j.With(func(s *view.State) { s.Groups() })
			if _, err := j.Events(0, 100); err != nil {
				t.Error(err)
			}
		}
	})
	tell(j, events, 33)
	j.Close()
	all.Wait()
}

// BenchmarkAppend is what one event costs the room, its share of the frame and of dropping old ones included.
func BenchmarkAppend(b *testing.B) {
	j := New(Options{HistoryBytes: 1 << 20})
	tell(j, 100_000, 33)
	seq := j.Stats().Seq
	b.ReportAllocs()
	for b.Loop() {
		j.Append(story(seq))
		if seq++; seq%33 == 0 {
			j.Flush(event.Micros(seq * 100))
		}
	}
}

// BenchmarkCheckpoint is what a newcomer costs that cannot share another's checkpoint.
func BenchmarkCheckpoint(b *testing.B) {
	j := New(Options{})
	tell(j, 100_000, 33)
	for b.Loop() {
		j.entry = nil
		f, _ := j.Subscribe(0, 0).take()
		b.ReportMetric(float64(len(f.Bytes)), "B")
	}
}

// BenchmarkViewers is one frame to 1,500 subscribers at once, each in its goroutine.
func BenchmarkViewers(b *testing.B) {
	const viewers = 1500
	j := New(Options{})
	tell(j, 10_000, 33)
	var all sync.WaitGroup
	var got sync.WaitGroup
	for range viewers {
		s := j.Subscribe(j.Stats().Seq, 0)
		all.Go(func() {
			for {
				if _, err := s.Next(context.Background()); err != nil {
					return
				}
				got.Done()
			}
		})
	}
	for b.Loop() {
		got.Add(viewers)
		tell(j, 33, 33)
		got.Wait()
	}
	j.Close()
	all.Wait()
}
