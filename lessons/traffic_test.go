package lessons

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// busyTheory is theory with clients that go on asking in its second step.
var busyTheory = strings.Replace(theory, "kind: act\n", "kind: act\ntraffic:\n  - put load {{ nodes.size() }}\n  - get load\n", 1)

// shop is a fake room that counts what clients ask for.
type shop struct {
	*fakeRoom
	asked chan event.Command
}

func (s shop) Do(ctx context.Context, c event.Command) event.Result {
	if c.Kind.Store() {
		s.asked <- c
	}
	return s.fakeRoom.Do(ctx, c)
}

// openShop is a class whose learner stands before the step with traffic.
func openShop(t *testing.T) (*desk, shop) {
	d := &desk{T: t}
	d.class = NewClass(ClassOptions{Library: library(t, busyTheory, freePlay)})
	d.room = &fakeRoom{class: d.class}
	d.room.furnish(3)
	s := shop{d.room, make(chan event.Command, trafficMost+1)}
	d.must(d.class.Enter(s, "t01"))
	t.Cleanup(func() { d.class.Close() })
	d.say("ann", "answer 2")
	return d, s
}

// next lets time go on, a tenth of the pause at a time, until somebody asks. It returns how much time went by.
func (s shop) next(t *testing.T, now *event.Micros) (event.Command, event.Micros) {
	t.Helper()
	began := *now
	for range 10_000_000 {
		select {
		case c := <-s.asked:
			return c, *now - began
		default:
		}
		*now += trafficEvery / 10
		s.tick(*now)
		runtime.Gosched()
	}
	t.Fatal("nobody asks")
	return event.Command{}, 0
}

func TestTrafficGoesOnWhileItsStepIsOpen(t *testing.T) {
	d, s := openShop(t)
	now := s.State().At
	for k := range 20 {
		c, took := s.next(t, &now)
		if want := []event.CommandKind{event.Put, event.Get}[k%2]; c.Kind != want || c.Key != "load" {
			t.Fatalf("request %d is %+v", k, c)
		}
		if c.Kind == event.Put && c.Value != "3" {
			t.Errorf("the insert is not filled in: %+v", c)
		}
		if k > 0 && took < trafficEvery*8/10 {
			t.Errorf("request %d came %d µs after the one before", k, took)
		}
	}
	mine, faults := newCheck("ops.size() > 0")
	if len(faults) > 0 || mine.Holds(d.class.Facts(1)) {
		t.Error("the learner is taken for the one who asks", faults)
	}
	s.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.settled()
	for range 100 {
		now += trafficEvery
		s.tick(now)
		runtime.Gosched()
	}
	if n := len(s.asked); n > 1 { // one may have been on its way
		t.Errorf("%d requests came after the step was done", n)
	}
}

func TestTrafficEndsByItself(t *testing.T) {
	_, s := openShop(t)
	now := s.State().At
	for range trafficMost {
		s.next(t, &now)
	}
	for range 1000 {
		now += trafficEvery
		s.tick(now)
		runtime.Gosched()
	}
	if n := len(s.asked); n > 0 {
		t.Errorf("more than %d requests were made for a learner who is away", trafficMost)
	}
}

func TestTrafficIsForTheStore(t *testing.T) {
	file := strings.Replace(busyTheory, "  - get load\n", "  - kill n2\n", 1)
	_, err := Load(Source{FS: fstest.MapFS{"l.md": {Data: []byte(file)}}, Name: "test"})
	if err == nil || !strings.Contains(err.Error(), `traffic has the line "kill n2": it is for requests to the store`) {
		t.Error(err)
	}
}
