package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// TestALogThatIsReadDoesNotMove lets entries arrive while the reader is somewhere in the log.
func TestALogThatIsReadDoesNotMove(t *testing.T) {
	s := long()
	more := func() {
		for range 40 {
			s.write(s.m.State.Node(2).Last+1, 11, "k=v", 2)
		}
	}
	was := s.m.logWindow()
	if more(); s.m.logWindow() == was {
		t.Error("a log that follows its end does not")
	}
	s.do(Scrolled{-30})
	was = s.m.logWindow()
	if more(); s.m.logWindow() != was {
		t.Errorf("the reader was at %v and is at %v when entries have come", was, s.m.logWindow())
	}
	s.do(Acted{"log", "end"})
	s.do(Hovered{"log"})
	was = s.m.logWindow()
	if more(); s.m.logWindow() != was {
		t.Errorf("under the pointer the log moves from %v to %v", was, s.m.logWindow())
	}
	s.do(Hovered{""})
	if s.m.logWindow() == was {
		t.Error("when the pointer leaves the log it does not follow its end again")
	}
	s.do(Acted{"log", "first"})
	if w := s.m.logWindow(); w.first != s.m.oldest() {
		t.Errorf("the first column is %d, not %d", w.first, s.m.oldest())
	}
	s.do(Acted{"log", "back"})
	if w := s.m.logWindow(); w.first != s.m.oldest() {
		t.Errorf("beyond its beginning the log shows %v", w)
	}
	s.do(Scrolled{1_000_000})
	if s.m.logLast != 0 {
		t.Error("scrolled to its end the log does not follow it")
	}
}

// An entry that is looked at is brought into sight; who sees it already keeps the place.
func TestAnEntryThatIsLookedAtIsInSight(t *testing.T) {
	s := long()
	was := s.m.logWindow()
	s.do(Acted{"look", "entry n2 " + number(was.first+1)})
	if s.m.logWindow() != was {
		t.Errorf("from %v to %v, where it was in sight", was, s.m.logWindow())
	}
	at := s.m.oldest() + 3
	s.do(Acted{"look", "entry n2 " + number(at)})
	if w := s.m.logWindow(); at < w.first || at > w.last {
		t.Errorf("entry %d is not in %v", at, w)
	}
	was = s.m.logWindow()
	for _, words := range []string{"entry n2", "entry n2 x", "op 1", "node n2"} {
		if s.do(Acted{"look", words}); s.m.logWindow() != was {
			t.Errorf("%s moves the log", words)
		}
	}
}

// endless is a room of nine with 100,000 entries on every disk.
func endless() *story {
	s := watch(9)
	const entries = 100_000
	entriesOf := make([]view.Entry, entries)
	for i := range entriesOf {
		entriesOf[i] = view.Entry{Index: uint64(i) + 1, Term: uint64(i)/1000 + 1, Type: event.EntryCommand, Label: "k=v"}
	}
	log := view.LogOf(entriesOf...)
	for i := range s.m.State.Nodes {
		n := &s.m.State.Nodes[i]
		n.Log, n.First, n.Last, n.Commit = log, 1, entries, entries-2
	}
	s.m.touchAll()
	return s
}

// TestAnEndlessLogIsScrolledWithConstantWork draws a window of it and no more, wherever it is.
func TestAnEndlessLogIsScrolledWithConstantWork(t *testing.T) {
	s := endless()
	page := Scene(&s.m)
	for range 3000 {
		s.do(Scrolled{-7})
		now := Scene(&s.m)
		// A column that comes is a heading and nine cells, and as many go.
		if n := len(Diff(page, now)); n > 2*7*10+60 {
			t.Fatalf("seven columns took %d patches", n)
		}
		page = now
	}
	if n := len(s.m.cache.cells); n > maxCells+9*32 {
		t.Errorf("%d cells are kept", n)
	}
	if w := s.m.logWindow(); w.last != 100_000+ahead-3000*7 {
		t.Errorf("the window is at %v", w)
	}
}

func BenchmarkScrollAnEndlessLog(b *testing.B) {
	s := endless()
	for b.Loop() {
		s.do(Scrolled{-1})
		Scene(&s.m)
	}
}

// TestWhereOlderEntriesAre holds what stands before the entries that the page keeps.
func TestWhereOlderEntriesAre(t *testing.T) {
	s := watch(2)
	n := s.m.State.Node(1)
	n.Log, n.First, n.Last, n.SnapshotIndex, n.Commit = view.LogOf(view.Entry{Index: 60, Term: 2, Type: event.EntryCommand}), 50, 60, 49, 60
	look := func(i uint64) cellLook { return s.m.cellLook(n, i, view.Progress{}) }
	if l := look(49); !l.snapshot || l.gone || !l.edge {
		t.Errorf("entry 49 is the last of the snapshot: %+v", l)
	}
	if l := look(50); l.snapshot || !l.gone || l.there {
		t.Errorf("entry 50 is on the disk but not kept here: %+v", l)
	}
	if l := look(60); !l.there || l.gone || !l.begins || !l.committed {
		t.Errorf("entry 60: %+v", l)
	}
	if l := look(61); l.there || l.gone || l.snapshot {
		t.Errorf("entry 61 does not exist: %+v", l)
	}
}

func TestACellIsLookedInto(t *testing.T) {
	s := healthy()
	cell := s.find("data-arg", "entry n3 9")
	if action, _ := cell.Attr("data-action"); action != "look" {
		t.Errorf("a click on an entry does %q", action)
	}
	s.do(Acted{"look", "entry n3 9"})
	if p := s.m.panelAt("side"); p.words != "entry n3 9" {
		t.Errorf("the panel shows %q", p.words)
	}
}
