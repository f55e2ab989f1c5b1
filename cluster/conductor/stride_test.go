package conductor

import (
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Where links are long, Advance takes long steps, and yet everything arrives at its instant.
func TestLongStepsAreExact(t *testing.T) {
	l := newLab(t, 2)
	l.SetRate(WorkshopRate)
	if err := l.SetLink(2, 1, event.Link{Delay: 76_543}); err != nil {
		t.Fatal(err)
	}
	if l.reach != FarDelay {
		t.Fatal("the worlds reach", l.reach)
	}
	var rang event.Micros
	l.After(80_001, func() { rang = l.now })
	a := l.call(1, 2)
	l.Advance(100_000)
	b := l.call(1, 2)
	l.Advance(400_000)
	l.want(a, nil, FarDelay+76_543)
	l.want(b, nil, 100_000+FarDelay+76_543)
	if got := l.echoes[2].got; len(got) != 2 || got[0] != FarDelay || got[1] != 100_000+FarDelay || rang != 80_001 {
		t.Error(got, rang)
	}
	if err := l.SetLink(1, 2, event.Link{Delay: 300}); err != nil {
		t.Fatal(err)
	}
	if l.reach != 300 {
		t.Error("with a link of 300 µs the worlds reach", l.reach)
	}
}

// Somebody who waits for something is asked every MaxStep at least.
func TestAwaitLooksOften(t *testing.T) {
	l := newLab(t, 1)
	l.SetRate(WorkshopRate)
	var last event.Micros
	l.Await(200_000, func() bool {
		if l.now-last > MaxStep {
			t.Error("nobody looked between", last, "and", l.now)
		}
		last = l.now
		return false
	})
	if last != 200_000 {
		t.Error("waited until", last)
	}
}

// One timer serves all calls of a machine: each ends when its own time is over.
func TestCallsEndInTheirTime(t *testing.T) {
	l := newLab(t, 2)
	if err := l.SetLink(1, 2, event.Link{Cut: true}); err != nil {
		t.Fatal(err)
	}
	ask := func(timeout time.Duration) <-chan answer {
		out := make(chan answer, 1)
		p := l.echoes[1].port
		l.Post(1, func() {
			go func() {
				b, err := p.Call(2, event.Forward, "question", timeout)
				out <- answer{b, err, p.Now()}
			}()
		}, func() { out <- answer{err: ErrDown} })
		return out
	}
	long, short := ask(40*time.Millisecond), ask(20*time.Millisecond)
	l.Advance(10_000)
	shorter := ask(5 * time.Millisecond)
	l.Advance(20_000)
	l.want(shorter, ErrTimeout, 15_000)
	l.want(short, ErrTimeout, 20_000)
	l.Advance(20_000)
	l.want(long, ErrTimeout, 40_000)
	late := ask(30 * time.Millisecond)
	l.Advance(10_000)
	if err := l.Stop(1, event.Killed, ""); err != nil {
		t.Fatal(err)
	}
	if a := <-late; a.err != ErrFenced {
		t.Error("a dead machine's call ended with", a.err)
	}
}
