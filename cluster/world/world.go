// Package world gives one node a virtual clock of its own: a testing/synctest bubble whose time moves only
// when its owner says so. It is the only user of testing/synctest outside tests.
//
// Rules that keep a world alive (see cluster/DESIGN.md): everything that holds a channel, timer or WaitGroup and
// is used inside is made, used and closed inside; only the root goroutine waits on channels made outside; no
// mutex is held across a sleep.
package world

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Patience is how long a step may take in wall time before the world counts as stuck: a goroutine inside
// blocks on something outside, or its disk does not answer.
const Patience = 60 * time.Second

// ErrStuck says that a step did not end. Nothing inside can be trusted or saved any more.
var ErrStuck = errors.New("a node's world does not come to rest")

// World is one bubble. Begin, End and Exit belong to one goroutine.
type World struct {
	in   chan Step
	ack  chan struct{}
	done chan struct{} // closed when the bubble has ended
	err  error         // set before done closes: synctest's complaint, if any

	mu    sync.Mutex // guards what follows: the clock's mapping, which any goroutine inside reads, and quiet
	local time.Time  // local time at virtual time at
	at    event.Micros
	drift float64
	quiet func()
}

// Step moves a world on: its clock advances by For (times Drift), and each Work is done at its instant.
type Step struct {
	At    event.Micros // the room's time when the step begins
	For   event.Micros
	Drift float64 // local seconds a virtual second
	Work  []Work  // by Off
	exit  bool
}

// Work is a closure that the root runs at virtual time Step.At + Off. It must not block.
type Work struct {
	Off event.Micros
	Do  func()
}

// New makes a world whose clock starts at virtual time at.
func New(at event.Micros) *World {
	w := &World{in: make(chan Step), ack: make(chan struct{}), done: make(chan struct{}), drift: 1, at: at}
	go func() {
		defer close(w.done)
		defer func() {
			if p := recover(); p != nil { // "deadlock: main bubble goroutine has exited but …"
				w.err = fmt.Errorf("ending a node's world: %v", p)
			}
		}()
		synctest.Test(new(testing.T), func(*testing.T) { w.root(at) })
	}()
	return w
}

func (w *World) root(at event.Micros) {
	time.Sleep(span(at)) // left alone, every bubble's clock begins at 2000-01-01
	for s := range w.in {
		if s.exit {
			time.Sleep(time.Minute) // stragglers run into their timeouts; virtual time is free
			return
		}
		w.run(s)
		w.ack <- struct{}{}
	}
}

// run does one step. After every piece of work the world comes to rest before anything else happens.
func (w *World) run(s Step) {
	start := time.Now()
	w.mu.Lock()
	w.local, w.at, w.drift = start, s.At, s.Drift
	w.mu.Unlock()
	for _, k := range s.Work {
		w.sleepTo(start, k.Off, s.Drift)
		k.Do()
		w.rest()
	}
	w.sleepTo(start, s.For, s.Drift)
}

func (w *World) sleepTo(start time.Time, off event.Micros, drift float64) {
	to := start.Add(time.Duration(float64(span(off)) * drift))
	if d := time.Until(to); d > 0 {
		time.Sleep(d)
		w.rest() // others' timers of this very instant, and all they cause
	}
}

func (w *World) rest() {
	synctest.Wait()
	w.mu.Lock() // who sets it is another goroutine of this world, at another instant
	quiet := w.quiet
	w.mu.Unlock()
	if quiet != nil {
		quiet()
		synctest.Wait()
	}
}

// WhenQuiet sets what the root calls whenever everything inside has come to rest; it is called inside, on the root.
func (w *World) WhenQuiet(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quiet = f
}

// Now is the room's time as seen inside; any goroutine inside may ask.
func (w *World) Now() event.Micros {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at + event.Micros(float64(time.Since(w.local).Microseconds())/w.drift)
}

// Later is the room's time when d has passed on the local clock, if its drift stays as it is.
func (w *World) Later(d time.Duration) event.Micros {
	w.mu.Lock()
	drift := w.drift
	w.mu.Unlock()
	return w.Now() + event.Micros(float64(d.Microseconds())/drift)
}

// Begin and End are one step, split so that all worlds of a room can run at once.
func (w *World) Begin(s Step) { w.in <- s }

// End waits for the step to end, at most Patience. After an error the world is lost.
func (w *World) End() error {
	select { // the usual case without a timer
	case <-w.ack:
		return nil
	default:
	}
	t := time.NewTimer(Patience)
	defer t.Stop()
	select {
	case <-w.ack:
		return nil
	case <-w.done:
		return errors.Join(errors.New("a node's world ended in the middle of a step"), w.err)
	case <-t.C:
		return fmt.Errorf("%w:\n%s", ErrStuck, stacks())
	}
}

// Exit ends the bubble; everything inside must have been told to stop before.
func (w *World) Exit() error {
	w.in <- Step{exit: true}
	t := time.NewTimer(Patience)
	defer t.Stop()
	select {
	case <-w.done:
		return w.err
	case <-t.C:
		return fmt.Errorf("%w:\n%s", ErrStuck, stacks())
	}
}

func stacks() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}

func span(m event.Micros) time.Duration { return time.Duration(m) * time.Microsecond }
