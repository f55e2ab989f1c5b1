package ui

import "testing"

// What was told over the stage goes by itself: it lies over machines.
func TestNoticesGo(t *testing.T) {
	s := watch(3)
	wall := noticed
	s.do(Ticked{wall})
	s.m.notify(false, "It is copied.")
	s.do(Ticked{wall})
	s.m.notify(true, "It is lost.")
	s.do(Ticked{wall + noticed - 1})
	if n := len(s.m.notices); n != 2 {
		t.Fatalf("%d notices before their time", n)
	}
	s.do(Ticked{wall + noticed})
	if n := s.m.notices; len(n) != 1 || !n[0].bad {
		t.Fatalf("after %v there are %+v", noticed, n)
	}
	s.do(Ticked{wall + noticed - 1 + noticedBad})
	if n := s.m.notices; len(n) != 0 {
		t.Errorf("in the end there are %+v", n)
	}
}

// Esc takes the newest one away once nothing else is open.
func TestEscTakesNoticesAway(t *testing.T) {
	s := watch(3)
	s.m.notify(false, "One.")
	s.m.notify(false, "Two.")
	s.do(Acted{"node", "n2"})
	s.do(Acted{"close", ""})
	if len(s.m.notices) != 2 {
		t.Error("the menu was to close first")
	}
	for s.m.picked != (picked{}) {
		s.do(Acted{"close", ""})
	}
	s.do(Acted{"close", ""})
	if n := s.m.notices; len(n) != 1 || n[0].text != "One." {
		t.Errorf("there are %+v", n)
	}
}
