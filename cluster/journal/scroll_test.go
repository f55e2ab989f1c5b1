package journal

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// paper is a file in memory; room says how large it may become, 0: as it likes.
type paper struct {
	b    []byte
	room int64
}

var errFull = errors.New("no space left on device")

func (p *paper) WriteAt(b []byte, at int64) (int, error) {
	end := at + int64(len(b))
	full := p.room > 0 && end > p.room
	if full {
		b = b[:max(0, p.room-at)]
		end = at + int64(len(b))
	}
	if grow := end - int64(len(p.b)); grow > 0 {
		p.b = append(p.b, make([]byte, grow)...)
	}
	n := copy(p.b[at:], b)
	if full {
		return n, errFull
	}
	return n, nil
}

func (p *paper) Truncate(size int64) error {
	p.b = p.b[:min(size, int64(len(p.b)))]
	return nil
}

// unrolled reads a scroll whose end is whole, as a process finds it after another one was killed.
func (p *paper) unrolled(t *testing.T) *Journal {
	t.Helper()
	j, info, err := Read(bytes.NewReader(p.b))
	var torn *Torn
	if !errors.As(err, &torn) || !torn.Growing || torn.Lost != 0 || torn.Byte != int64(len(p.b)) || torn.Last != j.Reach().Head || !info.Growing {
		t.Fatalf("%+v, %v", info, err)
	}
	return j
}

func extended(t *testing.T, s *Scroll) {
	t.Helper()
	if err := s.Extend(); err != nil {
		t.Fatal(err)
	}
}

// TestAScrollGrowsWithItsJournal: at any time the file tells what the journal had told when it last grew, with chunks in every state of
// packing, bookmarks included.
func TestAScrollGrowsWithItsJournal(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	events := odd(random, 1500)
	l, p := live(t, 3*small, events[:5], 5), &paper{}
	s := l.j.NewScroll(p, Info{Room: "amber-otter"}, 1<<20)
	states, next, chunked := l.states, 5, false
	for next < len(events) {
		for range min(1+random.IntN(40), len(events)-next) {
			l.j.Append(events[next])
			l.j.With(func(s *view.State) { states = append(states, s.Clone()) })
			next++
		}
		l.j.Flush(events[next-1].At)
		if next > 700 && len(l.j.Marks()) == 0 {
			if err := l.j.Mark(Mark{Seq: 600, At: events[599].At, Note: "look"}); err != nil {
				t.Fatal(err)
			}
		}
		extended(t, s)
		if s.Last() != uint64(next) || s.Size() != int64(len(p.b)) {
			t.Fatalf("it goes up to event %d of %d, and takes %d bytes of %d", s.Last(), next, s.Size(), len(p.b))
		}
		r := p.unrolled(t)
		if reach := r.Reach(); reach.First != 1 || reach.Head != uint64(next) || reach.HeadAt != l.j.Reach().HeadAt || r.Epoch() != 7 {
			t.Fatalf("it reaches %+v", reach)
		}
		same(t, r.State(), states[next])
		chunked = chunked || len(r.chunks) > 3
		if at := uint64(random.IntN(next)); true {
			state, err := r.StateAt(at)
			if err != nil {
				t.Fatal(err)
			}
			same(t, state, states[at])
		}
	}
	r := p.unrolled(t)
	r.check(t)
	if marks := r.Marks(); len(marks) != 1 || marks[0].Note != "look" || !chunked {
		t.Errorf("bookmarks %+v, chunks %v", marks, chunked)
	}
	if told, err := r.Events(1, 2000); err != nil || len(told) != 1500 || !slices.EqualFunc(told, events, func(a, b event.Event) bool { return a.Kind == b.Kind && a.At == b.At && a.Node == b.Node }) {
		t.Errorf("%d events, %v", len(told), err)
	}
}

// scrolled is a scroll of chunks and pieces, and where each of its blocks ends with the event that it goes up to.
func scrolled(t *testing.T) (p *paper, ends map[int]uint64, l *life) {
	t.Helper()
	p, ends = &paper{}, map[int]uint64{}
	l = live(t, small, stories(7), 7)
	s := l.j.NewScroll(p, Info{}, 1<<20)
	for seq := 7; seq < 120; seq += 7 {
		extended(t, s)
		ends[len(p.b)] = s.Last()
		for i := range 7 {
			l.j.Append(story(uint64(seq + i)))
			l.j.With(func(s *view.State) { l.states = append(l.states, s.Clone()) })
		}
		l.j.Flush(event.Micros(seq * 100))
		l.j.mu.Lock()
		l.j.await() // so that chunks are written when they can be
		l.j.mu.Unlock()
	}
	extended(t, s)
	ends[len(p.b)] = s.Last()
	return p, ends, l
}

// TestATornScrollIsReadUpToTheTear, wherever it is torn: it says how much is lost, and the room goes on with the rest in the same file.
func TestATornScrollIsReadUpToTheTear(t *testing.T) {
	p, ends, l := scrolled(t)
	last, whole := uint64(0), 0
	for n := range len(p.b) + 1 {
		if seq, is := ends[n]; is {
			last, whole = seq, n
		}
		j, _, err := Read(bytes.NewReader(p.b[:n]))
		var torn *Torn
		switch {
		case last == 0: // the first piece is not whole
			if j != nil && !errors.As(err, &torn) || err == nil {
				t.Fatalf("torn at byte %d: %v", n, err)
			}
			continue
		case !errors.As(err, &torn) || torn.Last < last || torn.Byte < int64(whole) || torn.Byte+torn.Lost != int64(n):
			t.Fatalf("torn at byte %d: %v, %+v", n, err, torn)
		case torn.Lost > 0 && !strings.Contains(err.Error(), "cannot be read"):
			t.Fatal(err)
		}
		same(t, j.State(), l.states[torn.Last])
		if n%37 == 0 || n == len(p.b) {
			l.goesOn(t, j, &paper{b: slices.Clone(p.b[:n])})
		}
	}
	if last != 126 {
		t.Errorf("it goes up to event %d", last)
	}
}

// goesOn has a journal and its file go on where a torn one was whole.
func (l *life) goesOn(t *testing.T, before *Journal, p *paper) {
	t.Helper()
	from := before.Reach().Head
	j := New(Options{HistoryBytes: 8 * small, Epoch: 8, Wall: clock(), After: before})
	s := j.GoOn(p, Info{}, 1<<20)
	j.Append(event.Event{Kind: event.Woke, At: before.Reach().HeadAt, Text: "torn"})
	j.Flush(j.Reach().HeadAt)
	extended(t, s)
	tell(j, 63, 7)
	extended(t, s)
	r := p.unrolled(t)
	if reach := r.Reach(); reach.First != 1 || reach.Head != s.Last() || reach.Head < from+50 || !r.Numbered(from, 7) || r.Numbered(from+1, 7) || !r.Numbered(from+1, 8) {
		t.Fatalf("after event %d it reaches %+v, lives %+v", from, reach, r.lives)
	}
	same(t, r.State(), j.State())
	state, err := r.StateAt(from)
	if err != nil {
		t.Fatal(err)
	}
	same(t, state, l.states[from])
}

// TestAClosedFileIsGoneOnWith: a life that ended properly is followed by one that may not, in the same file, and wherever that is torn what
// the first one recorded is there.
func TestAClosedFileIsGoneOnWith(t *testing.T) {
	l := live(t, 8*small, stories(140), 7)
	l.j.Close()
	closed := filed(t, l.j)
	before, _, err := Salvage(bytes.NewReader(closed))
	if err != nil {
		t.Fatal(err)
	}
	p := &paper{b: slices.Clone(closed)}
	j := New(Options{HistoryBytes: 8 * small, Epoch: 8, Wall: clock(), After: before})
	s := j.GoOn(p, Info{}, 1<<20)
	from := int(s.Size())
	tell(j, 14, 7)
	extended(t, s)
	tell(j, 14, 7)
	extended(t, s)
	same(t, p.unrolled(t).State(), j.State())
	for n := from; n <= len(p.b); n++ {
		for name, b := range map[string][]byte{"cut off": p.b[:n], "spoilt": append(slices.Clone(p.b[:n]), 1, 2, 3)} {
			r, _, err := Salvage(bytes.NewReader(b))
			var torn *Torn
			if !errors.As(err, &torn) || torn.Last < 140 || torn.Byte < int64(from) || torn.Byte+torn.Lost != int64(len(b)) {
				t.Fatalf("%s at byte %d: %v", name, n, err)
			}
			if state, err := r.StateAt(140); err != nil {
				t.Fatal(err)
			} else {
				same(t, state, l.states[140])
			}
		}
	}
}

// TestASpoiltScrollIsReadUpToThere: a power cut may leave anything at the end of a file.
func TestASpoiltScrollIsReadUpToThere(t *testing.T) {
	p, ends, l := scrolled(t)
	ends[0] = 0
	for i := 0; i < len(p.b); i += 3 {
		before := uint64(0)
		for n, seq := range ends {
			if n <= i {
				before = max(before, seq)
			}
		}
		b := slices.Clone(p.b)
		b[i] ^= 0x20
		j, _, err := Read(bytes.NewReader(b))
		var torn *Torn
		if before == 0 && j == nil && err != nil {
			continue
		}
		if !errors.As(err, &torn) || torn.Last < before || torn.Lost == 0 || torn.Byte > int64(i) {
			t.Fatalf("byte %d is wrong, and up to %d it is whole: %v", i, before, err)
		}
		same(t, j.State(), l.states[torn.Last])
	}
}

// TestAFullDiskIsWaitedFor: what could not be written is written when there is room again, and what was torn then is gone.
func TestAFullDiskIsWaitedFor(t *testing.T) {
	for _, room := range []int64{1, 9, 150, 1400, 2600} {
		p := &paper{room: room}
		j := newJournal(8 * small)
		s, failed := j.NewScroll(p, Info{}, 1<<20), 0
		for i := range 40 {
			tell(j, 20, 5)
			if err := s.Extend(); err != nil {
				if failed++; !errors.Is(err, errFull) || int64(len(p.b)) != s.Size() {
					t.Fatalf("%v; %d bytes are there, %d of them whole", err, len(p.b), s.Size())
				}
			}
			if i == 30 {
				p.room = 0
			}
		}
		if failed == 0 {
			t.Errorf("%d bytes were enough", room)
		}
		r := p.unrolled(t)
		same(t, r.State(), j.State())
		r.check(t)
	}
}

// TestAScrollThatIsLeftBehindBeginsAnew: what the journal has forgotten meanwhile cannot be written any more.
func TestAScrollThatIsLeftBehindBeginsAnew(t *testing.T) {
	p := &paper{}
	j := newJournal(small)
	s := j.NewScroll(p, Info{}, maxInfo+1<<20)
	tell(j, 30, 5)
	extended(t, s)
	tell(j, 4000, 5)
	if first := j.Reach().First; first < 100 {
		t.Fatalf("it begins at %d: nothing was forgotten", first)
	}
	first := j.Reach().First
	extended(t, s)
	r := p.unrolled(t)
	same(t, r.State(), j.State())
	// What is packed meanwhile may make the journal forget more.
	if got, now := r.Reach().First, j.Reach().First; got < first || got > now {
		t.Errorf("it begins at %d; the journal began at %d before it was written and at %d afterwards", got, first, now)
	}
	r.check(t)
}

// TestANewScrollBeginsWithTheNewest: what does not fit is left out.
func TestANewScrollBeginsWithTheNewest(t *testing.T) {
	j := newJournal(8 * small)
	tell(j, 4000, 5)
	p, all := &paper{}, &paper{}
	extended(t, j.NewScroll(p, Info{}, maxInfo+6_000))
	extended(t, j.NewScroll(all, Info{}, 1<<30))
	r := p.unrolled(t)
	if len(p.b) > 10_000 || len(all.b) < 2*len(p.b) || r.Reach().First == 1 || all.unrolled(t).Reach().First != 1 {
		t.Errorf("%d of %d bytes, from event %d on", len(p.b), len(all.b), r.Reach().First)
	}
	same(t, r.State(), j.State())
}

// BenchmarkScroll is what it costs an event of a busy room that the recording's file grows, and how many bytes are written for it.
func BenchmarkScroll(b *testing.B) {
	p := &paper{}
	j := newJournal(1 << 30)
	s := j.NewScroll(p, Info{}, 1<<30)
	const each = 2000 // of two seconds
	for b.Loop() {
		b.StopTimer()
		tell(j, each, 33)
		b.StartTimer()
		if err := s.Extend(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*each), "ns/event")
	b.ReportMetric(float64(len(p.b))/float64(b.N*each), "B/event")
}
