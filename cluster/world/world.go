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
	"math"
	"runtime"
	"sync/atomic"
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
	in    chan Step
	ended chan error    // of the step; capacity 2: the bubble's end and the watch say a word here too
	done  chan struct{} // closed when the bubble has ended
	err   error         // set before done closes: synctest's complaint, if any

	steps atomic.Int64 // begun and ended ones: odd while one is under way
	watch *time.Timer  // calls guard
	seen  int64        // steps when it did

	clock atomic.Pointer[clock] // any goroutine inside reads it
	quiet atomic.Pointer[func() bool]
}

// clock is how local time maps to the room's: what was local at at.
type clock struct {
	local time.Time
	at    event.Micros
	drift float64
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
	w := &World{in: make(chan Step), ended: make(chan error, 2), done: make(chan struct{})}
	go func() {
		defer func() {
			if p := recover(); p != nil { // "deadlock: main bubble goroutine has exited but …"
				w.err = fmt.Errorf("ending a node's world: %v", p)
			}
			w.complain(errors.Join(errors.New("a node's world ended in the middle of a step"), w.err))
			close(w.done)
		}()
		synctest.Test(new(testing.T), func(*testing.T) { w.root(at) })
	}()
	w.watch = time.AfterFunc(time.Duration(math.MaxInt64), w.guard)
	w.watch.Reset(Patience) // now that guard can see it
	return w
}

// guard looks every Patience whether the step under way is still the same: a timer for each step would be dear.
func (w *World) guard() {
	select {
	case <-w.done:
		return
	default:
	}
	now := w.steps.Load()
	if now%2 == 1 && now == w.seen {
		w.complain(fmt.Errorf("%w:\n%s", ErrStuck, stacks()))
		return
	}
	w.seen = now
	w.watch.Reset(Patience)
}

// complain ends the step under way with an error, if there is one.
func (w *World) complain(err error) {
	select {
	case w.ended <- err:
	default: // there is one already
	}
}

func (w *World) root(at event.Micros) {
	time.Sleep(span(at)) // left alone, every bubble's clock begins at 2000-01-01
	w.clock.Store(&clock{time.Now(), at, 1})
	for s := range w.in {
		if s.exit {
			time.Sleep(time.Minute) // stragglers run into their timeouts; virtual time is free
			return
		}
		w.run(s)
		w.ended <- nil
	}
}

// run does one step. After every piece of work the world comes to rest before anything else happens.
func (w *World) run(s Step) {
	start := time.Now()
	w.clock.Store(&clock{start, s.At, s.Drift})
	for _, k := range s.Work {
		if w.sleepTo(start, k.Off, s.Drift) && w.look() { // timers did something; those of this very instant may come after the work
			w.rest()
		}
		k.Do()
		w.rest()
	}
	if w.sleepTo(start, s.For, s.Drift) {
		w.rest() // others' timers of this very instant, and all they cause
	}
}

// sleepTo sleeps to an instant of the step. It returns false if it is that already.
func (w *World) sleepTo(start time.Time, off event.Micros, drift float64) bool {
	to := start.Add(time.Duration(float64(span(off)) * drift))
	d := time.Until(to)
	if d > 0 {
		time.Sleep(d)
	}
	return d > 0
}

// rest waits until everybody else inside waits for time or for a message, and nothing is to be said about it.
func (w *World) rest() {
	synctest.Wait()
	for w.look() {
		synctest.Wait()
	}
}

// look calls what is to be called when the world is quiet. It returns true if that may have woken somebody.
func (w *World) look() bool {
	quiet := w.quiet.Load()
	return quiet != nil && (*quiet)()
}

// WhenQuiet sets what the root calls whenever everything inside has come to rest; it is called inside, on the root, and
// again if it returns true because it may have woken somebody.
func (w *World) WhenQuiet(f func() bool) { w.quiet.Store(&f) }

// Now is the room's time as seen inside; any goroutine inside may ask.
func (w *World) Now() event.Micros { return w.clock.Load().now() }

func (c *clock) now() event.Micros {
	return c.at + event.Micros(float64(time.Since(c.local).Microseconds())/c.drift)
}

// Later is the room's time when d has passed on the local clock, if its drift stays as it is.
func (w *World) Later(d time.Duration) event.Micros {
	c := w.clock.Load()
	return c.now() + event.Micros(float64(d.Microseconds())/c.drift)
}

// Begin and End are one step, split so that all worlds of a room can run at once.
func (w *World) Begin(s Step) {
	w.steps.Add(1)
	w.in <- s
}

// End waits for the step to end, at most twice Patience. After an error the world is lost.
func (w *World) End() error {
	err := <-w.ended
	w.steps.Add(1)
	return err
}

// Exit ends the bubble; everything inside must have been told to stop before.
func (w *World) Exit() error {
	w.in <- Step{exit: true}
	t := time.NewTimer(Patience)
	defer t.Stop()
	select {
	case <-w.done:
		w.watch.Stop()
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
