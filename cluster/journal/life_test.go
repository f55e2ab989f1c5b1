package journal

import (
	"bytes"
	"slices"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// woken is a journal that goes on after another one, as a room does that has slept. It begins with the fact of that.
func woken(t *testing.T, before *Journal, history int64, epoch uint64) *Journal {
	t.Helper()
	kept, _, err := Read(bytes.NewReader(filed(t, before)))
	if err != nil {
		t.Fatal(err)
	}
	j := New(Options{HistoryBytes: history, Epoch: epoch, Wall: clock(), After: kept})
	j.Append(event.Event{Kind: event.Woke, At: kept.Reach().HeadAt, Took: 9})
	return j
}

// TestARecordingGoesOnAfterASleep: every moment before and after is what the facts up to it add up to, and again when all of it was
// written and read once more.
func TestARecordingGoesOnAfterASleep(t *testing.T) {
	l := live(t, 8*small, stories(300), 7)
	if err := l.j.Mark(Mark{Seq: 150, At: l.times[150], Note: "before lunch"}); err != nil {
		t.Fatal(err)
	}
	l.j.Close()
	j := woken(t, l.j, 8*small, 8)
	slept := l.j.State()
	slept.Apply(event.Event{Kind: event.Woke, Seq: 301, At: l.j.Reach().HeadAt, Wall: j.State().Wall, Took: 9})
	same(t, j.State(), slept)
	tell(j, 300, 7)
	want := j.State()
	j.check(t)
	for name, j := range map[string]*Journal{"goes on": j, "was read": reread(t, j)} {
		if r := j.Reach(); r.First != 1 || r.Head != 601 {
			t.Fatalf("%s: it reaches %+v", name, r)
		}
		if marks := j.Marks(); len(marks) != 1 || marks[0].Note != "before lunch" {
			t.Errorf("%s: bookmarks %+v", name, marks)
		}
		for seq := uint64(0); seq <= 300; seq += 29 {
			s, err := j.StateAt(seq)
			if err != nil {
				t.Fatal(name, err)
			}
			same(t, s, l.states[seq])
		}
		events, err := j.Events(1, 1000)
		if err != nil || len(events) != 601 || events[300].Kind != event.Woke {
			t.Fatalf("%s: %d events, %v", name, len(events), err)
		}
		var s view.State
		for i, e := range events {
			if e.Seq != uint64(i)+1 || i > 0 && e.At < events[i-1].At && e.Seq != 302 {
				t.Fatalf("%s: %+v follows event %d", name, e, i)
			}
			s.Apply(e)
		}
		same(t, s, want)
	}
}

func reread(t *testing.T, j *Journal) *Journal {
	t.Helper()
	r, _, err := Read(bytes.NewReader(filed(t, j)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNumbersOfAnotherLife: who noted an event by its number finds it after the room has slept, unless that life went on without being
// recorded.
func TestNumbersOfAnotherLife(t *testing.T) {
	first := live(t, 8*small, stories(100), 7) // epoch 7: 1 to 100
	second := woken(t, first.j, 8*small, 8)    // 101
	tell(second, 50, 7)                        // to 151
	third := woken(t, second, 8*small, 9)      // 152
	for _, j := range []*Journal{third, reread(t, third)} {
		for _, c := range []struct {
			seq, epoch uint64
			known      bool
		}{{100, 7, true}, {101, 7, false}, {100, 8, true}, {151, 8, true}, {152, 8, false}, {152, 9, true}, {3, 9, true}, {3, 6, false}, {3, 10, false}} {
			if got := j.Numbered(c.seq, c.epoch); got != c.known {
				t.Errorf("event %d of epoch %d: %v", c.seq, c.epoch, got)
			}
		}
	}
}

// TestOnlyTheNewestIsWritten when there is more than fits: without bookmarks and lives of what does not.
func TestOnlyTheNewestIsWritten(t *testing.T) {
	first := live(t, 8*small, stories(400), 7)
	for _, m := range []Mark{{Seq: 2, Note: "old"}, {Seq: 400, At: first.times[400], Note: "middle"}} {
		if err := first.j.Mark(m); err != nil {
			t.Fatal(err)
		}
	}
	j := woken(t, first.j, 8*small, 8)
	tell(j, 4000, 7)
	if err := j.Mark(Mark{Seq: 4300, At: j.Reach().HeadAt, Note: "new"}); err != nil {
		t.Fatal(err)
	}
	before := len(filed(t, j))
	const most = 6_000
	var b bytes.Buffer
	if err := j.WriteNewest(&b, Info{}, maxInfo+most); err != nil {
		t.Fatal(err)
	}
	if b.Len() > most+1000 || before < 2*b.Len() {
		t.Errorf("%d bytes of %d are written, at most %d fit", b.Len(), before, most)
	}
	r, _, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	reach := r.Reach()
	if reach.Head != 4401 || reach.First <= 401 {
		t.Errorf("it reaches %+v", reach)
	}
	if marks := r.Marks(); len(marks) != 1 || marks[0].Note != "new" {
		t.Errorf("bookmarks %+v", marks)
	}
	if !slices.Equal(r.lives, []Life{{Epoch: 8, First: 401}}) {
		t.Errorf("lives %+v", r.lives)
	}
	var least bytes.Buffer
	if err := j.WriteNewest(&least, Info{}, 1); err != nil {
		t.Fatal(err)
	}
	if r, _, err := Read(&least); err != nil || len(r.chunks) != 1 {
		t.Errorf("the last chunk is not there: %v", err)
	}
}

// TestLivesAreBounded: a room that sleeps often forgets the numbers of its first lives, not its recording.
func TestLivesAreBounded(t *testing.T) {
	j := live(t, 8*small, stories(MaxLives+1), 7).j
	j.lives = nil
	for i := range uint64(MaxLives) {
		j.lives = append(j.lives, Life{Epoch: 7 + i, First: 1 + i})
	}
	if j = reread(t, j); len(j.lives) != MaxLives || !j.Numbered(1, 7) {
		t.Fatalf("%d lives were read", len(j.lives))
	}
	j = woken(t, j, 8*small, 7+MaxLives)
	if len(j.lives) != MaxLives || j.Numbered(1, 7) || !j.Numbered(2, 8) || j.Reach().First != 1 {
		t.Errorf("%d lives, the first is %+v, and it reaches %+v", len(j.lives), j.lives[0], j.Reach())
	}
	if r := reread(t, j); !slices.Equal(r.lives, j.lives) {
		t.Errorf("%d lives were written, %d read", len(j.lives), len(r.lives))
	}
}
