package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// filled lets so many entries come in each of so many frames, and counts the frames in which the log was drawn.
func (s *story) filled(wall *event.Micros, frames, entries int) (drawn int) {
	last := s.m.drawnLog()
	for range frames {
		for range entries {
			s.m.State.Seq++
			s.tell(event.Event{Kind: event.Appended, Node: 1, Index: s.m.State.Nodes[0].Last + 1, Term: 3, Entry: event.EntryCommand, Text: "k=v"})
		}
		*wall += 16_667
		s.tick(*wall)
		if now := s.m.drawnLog(); now != last {
			last = now
			drawn++
		}
	}
	return drawn
}

func TestAFloodOfEntriesIsDrawnAtLeisure(t *testing.T) {
	s, wall := healthy(), event.Micros(50_000_000)
	s.tick(wall)
	if drawn := s.filled(&wall, 60, 0); drawn != 0 {
		t.Errorf("a log in which nothing happens was drawn %d times in a second", drawn)
	}
	if drawn := s.filled(&wall, 120, 6); drawn < 20 || drawn > 60 {
		t.Errorf("in two seconds of 360 entries each the log was drawn %d times", drawn)
	}
	if drawn := s.filled(&wall, 60, 6); drawn < 9 || drawn > 11 {
		t.Errorf("in a flood the log is drawn %d times a second, it should be 10", drawn)
	}
	if s.m.Shown() == s.m.State.Seq {
		t.Error("the log says that it shows what it has not drawn yet")
	}
	s.filled(&wall, 6, 0)
	if s.m.Shown() != s.m.State.Seq {
		t.Errorf("%d events are shown of %d, 100 ms after the flood", s.m.Shown(), s.m.State.Seq)
	}
	s.filled(&wall, 60, 0)
	for i := range 10 { // no flood any more: at once
		if drawn := s.filled(&wall, 1, 1); drawn != 1 || s.m.Shown() != s.m.State.Seq {
			t.Fatalf("entry %d is not drawn at once", i)
		}
		s.filled(&wall, 5, 0)
	}
}

// Who moves the log sees each of its steps, however many columns they are.
func TestScrollingIsNoFlood(t *testing.T) {
	s, wall := endless(), event.Micros(50_000_000)
	s.tick(wall)
	before := s.m.drawnLog()
	for i := range 120 {
		s.do(Scrolled{-20})
		wall += 16_667
		s.tick(wall)
		now := s.m.drawnLog()
		if now == before {
			t.Fatalf("step %d was not drawn", i)
		}
		before = now
	}
}
