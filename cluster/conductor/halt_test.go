package conductor

import (
	"context"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// haltAt has the room halt at the first event of a kind that is told from now on.
func (l *lab) haltAt(k event.Kind) {
	armed := true
	l.o.Tap = func(e event.Event) {
		l.events = append(l.events, e)
		if armed && e.Kind == k {
			armed = false
			l.Halt()
		}
	}
}

// halted checks that the room froze at the event that was waited for, and lets it go on.
func (l *lab) halted(k event.Kind) {
	l.Helper()
	for i, e := range l.events {
		if e.Kind != event.RateSet || e.Factor != 0 {
			continue
		}
		before := l.events[i-1]
		if before.Kind != k || before.At != e.At {
			l.Fatalf("froze at %d after %v at %d", e.At, before.Kind, before.At)
		}
		if d := l.Now() - e.At; d < 0 || d > MaxStep {
			l.Fatalf("time stands %d µs after the event that halts", d)
		}
		l.events = nil
		l.Thaw()
		return
	}
	l.Fatal("it did not freeze")
}

func TestHaltStopsTheClockAtTheEvent(t *testing.T) {
	l := newLab(t, 2)
	const long = event.Micros(60_000_000)
	c := l.call(1, 2)
	l.haltAt(event.Delivered)
	l.Advance(long)
	if l.halted(event.Delivered); l.Now() >= long {
		t.Fatal("a whole minute went by")
	}
	l.Advance(50_000)
	l.want(c, nil, 2*NearDelay)

	l.call(1, 2)
	l.haltAt(event.Delivered)
	if l.Await(long, func() bool { return false }) {
		t.Fatal("waited successfully for what never holds")
	}
	l.halted(event.Delivered)

	l.call(1, 2)
	l.haltAt(event.Sent)
	l.pace(time.Minute)
	l.halted(event.Sent)
}

// Advance and Await move a room that was frozen before: only a halt under way ends them.
func TestHaltOfAFrozenRoomChangesNothing(t *testing.T) {
	l := newLab(t, 2)
	l.Freeze()
	c := l.call(1, 2)
	l.haltAt(event.Sent)
	l.Advance(50_000)
	l.want(c, nil, 2*NearDelay)
}

func TestHaltWhilePacedLeavesTheRoomToBeThawed(t *testing.T) {
	l := newLab(t, 2)
	ctx, stop := context.WithCancel(context.Background())
	done, frozen := make(chan struct{}), make(chan struct{})
	l.o.Tap = func(e event.Event) {
		if e.Kind == event.Delivered && !e.Reply {
			l.Halt()
		}
		if e.Kind == event.RateSet && e.Factor == 0 {
			close(frozen)
			l.o.Tap = func(event.Event) {}
		}
	}
	go func() {
		l.Conductor.Run(ctx, func(event.Factor) time.Duration { return time.Millisecond })
		close(done)
	}()
	c := l.call(1, 2)
	<-frozen
	if l.Rate() != 0 {
		t.Error("it goes on")
	}
	l.Thaw()
	if a := <-c; a.err != nil {
		t.Error(a.err)
	}
	stop()
	<-done
}
