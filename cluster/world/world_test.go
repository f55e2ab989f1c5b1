package world

import (
	"errors"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func step(t *testing.T, w *World, s Step) {
	t.Helper()
	w.Begin(s)
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
}

func TestTimersFireAtTheirInstant(t *testing.T) {
	w := New(7_000_000)
	var fired, worked event.Micros
	step(t, w, Step{At: 7_000_000, Drift: 1, Work: []Work{{0, func() {
		time.AfterFunc(30*time.Millisecond, func() { fired = w.Now() })
	}}}})
	step(t, w, Step{At: 7_000_000, For: 29_000, Drift: 1})
	if fired != 0 {
		t.Fatal("fired early, at", fired)
	}
	step(t, w, Step{At: 7_029_000, For: 5_000, Drift: 1, Work: []Work{{3_000, func() { worked = w.Now() }}}})
	if fired != 7_030_000 || worked != 7_032_000 {
		t.Fatal("fired at", fired, "worked at", worked)
	}
	if err := w.Exit(); err != nil {
		t.Fatal(err)
	}
}

func TestDriftingClockRunsFast(t *testing.T) {
	w := New(0)
	var fired event.Micros
	step(t, w, Step{Drift: 2, Work: []Work{{0, func() {
		time.AfterFunc(100*time.Millisecond, func() { fired = w.Now() })
		if l := w.Later(100 * time.Millisecond); l != 50_000 {
			t.Error("100 ms on a clock of double speed end at", l)
		}
	}}}})
	step(t, w, Step{For: 60_000, Drift: 2})
	if fired != 50_000 {
		t.Fatal("fired at", fired)
	}
	if err := w.Exit(); err != nil {
		t.Fatal(err)
	}
}

func TestQuietRunsAfterEveryRest(t *testing.T) {
	w := New(0)
	var quiet int
	w.WhenQuiet(func() bool { quiet++; return false })
	step(t, w, Step{For: 10, Drift: 1, Work: []Work{{2, func() {}}, {2, func() {}}, {5, func() {}}}})
	if quiet != 6 { // three works, sleeps to 2, 5 and 10
		t.Fatal(quiet)
	}
	if err := w.Exit(); err != nil {
		t.Fatal(err)
	}
}

// A step that makes no headway between two looks of the guard is given up; one that does is not.
func TestGuardGivesUpAStuckStep(t *testing.T) {
	w := New(0)
	w.guard()
	step(t, w, Step{For: 10, Drift: 1})
	w.guard()
	step(t, w, Step{At: 10, For: 10, Drift: 1})
	outside := make(chan struct{})
	w.Begin(Step{At: 20, Drift: 1, Work: []Work{{0, func() { <-outside }}}})
	w.guard()
	w.guard()
	if err := w.End(); !errors.Is(err, ErrStuck) {
		t.Error(err)
	}
	close(outside)
	if err := w.End(); err != nil { // the step ended after all; a conductor would not ask
		t.Error(err)
	}
	if err := w.Exit(); err != nil {
		t.Error(err)
	}
}

func TestQuietRunsAgainWhenItMayHaveWokenSomebody(t *testing.T) {
	w := New(0)
	var asleep chan struct{}
	woken := false
	var quiet int
	w.WhenQuiet(func() bool {
		quiet++
		if quiet == 1 {
			close(asleep)
		}
		return quiet == 1
	})
	step(t, w, Step{Drift: 1, Work: []Work{{0, func() { asleep = make(chan struct{}); go func() { <-asleep; woken = true }() }}}})
	if quiet != 2 || !woken {
		t.Error(quiet, woken)
	}
	if err := w.Exit(); err != nil {
		t.Error(err)
	}
}

func TestEndComplainsAboutWhatIsLeftInside(t *testing.T) {
	w := New(0)
	step(t, w, Step{Drift: 1, Work: []Work{{0, func() { go func() { select {} }() }}}})
	if err := w.Exit(); err == nil {
		t.Fatal("a goroutine that never ends went unnoticed")
	}
}
