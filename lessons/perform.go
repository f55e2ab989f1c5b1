package lessons

import (
	"context"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// untilMost is the virtual time that a line "until EXPR" waits at most.
const untilMost event.Micros = 60_000_000

// waiter waits for something to hold of the state.
type waiter struct {
	until event.Micros // or until this time has come
	holds func(*view.State) bool
	done  chan struct{}
}

// claim marks the next command of this form as the lesson's own.
type claim struct {
	command event.Command
	seen    chan struct{}
}

// perform does what the lesson does itself when step i opens, then has the step judged. It needs mu.
func (c *Class) perform(i int) {
	r := c.run
	c.going.Go(func() {
		for k := range r.steps[i].step.Begin {
			line := &r.steps[i].step.Begin[k]
			if err := c.do(r, i, line); err != nil && r.ctx.Err() == nil {
				c.complain(fmt.Sprintf("The lesson could not do “%s” itself: %v. Restart the lesson if the next step cannot be done.", line.Text, err))
			}
		}
		c.ready(r, i)
	})
}

// ready has step i judged from now on.
func (c *Class) ready(r *run, i int) {
	s := c.room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run != r || r.steps[i].done {
		return
	}
	a := &r.steps[i]
	a.watch(&s)
	a.show(r.facts(a, &s))
	if s.Rate == 0 {
		c.judge(i, &s)
	}
	c.touch()
}

// do carries out one line in the room.
func (c *Class) do(r *run, i int, line *Line) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if d := line.Wait(); d > 0 {
		return c.until(r, d, func(*view.State) bool { return false })
	}
	if check := line.Until(); check != nil {
		return c.until(r, untilMost, func(s *view.State) bool { return check.Holds(r.facts(&r.steps[i], s)) })
	}
	s := c.room.State()
	c.mu.Lock()
	f := *r.facts(&r.steps[i], &s)
	c.mu.Unlock()
	command, err := line.Command(&f)
	if err != nil {
		return err
	}
	return c.give(r, command, line.Async())
}

// give gives a command on the lesson's behalf. A request to the store in a frozen room is not waited for: it cannot be
// answered there.
func (c *Class) give(r *run, command event.Command, async bool) error {
	mine := &claim{command, make(chan struct{})}
	c.claims.Lock()
	c.mu.Lock()
	c.claimed = mine
	c.mu.Unlock()
	answered := make(chan event.Result, 1)
	c.going.Go(func() { answered <- c.room.Do(r.ctx, command) })
	select {
	case res := <-answered:
		c.claims.Unlock()
		return failure(res)
	case <-mine.seen:
		c.claims.Unlock()
	}
	if async || command.Kind.Store() && c.room.State().Rate == 0 {
		return nil
	}
	return failure(<-answered)
}

func failure(res event.Result) error {
	if res.Outcome == event.Failed {
		return fmt.Errorf("%s", res.Error)
	}
	return nil
}

// claim notes the id of the lesson's own command. It needs mu.
func (c *Class) claim(e *event.Event) {
	if c.claimed == nil || e.Kind != event.Asked {
		return
	}
	w := &c.claimed.command
	if e.Command == w.Kind && e.Key == w.Key && (w.Node == 0 || w.Node == e.Node || w.Node == e.Peer) {
		c.run.own[e.Op] = true
		close(c.claimed.seen)
		c.claimed = nil
	}
}

// until waits, at most d of the room's time, for something to hold. That it did not is no error for who only waits.
func (c *Class) until(r *run, d event.Micros, holds func(*view.State) bool) error {
	s := c.room.State()
	c.mu.Lock()
	w := &waiter{until: max(c.now, s.At) + d, holds: holds, done: make(chan struct{})}
	c.waiters = append(c.waiters, w)
	c.wake(&s) // it may hold already
	c.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-r.ctx.Done():
		return context.Cause(r.ctx)
	}
}

// wake ends the waiting of those whose time has come. It needs mu.
func (c *Class) wake(s *view.State) {
	c.now = max(c.now, s.At)
	kept := c.waiters[:0]
	for _, w := range c.waiters {
		if c.now >= w.until || w.holds(s) {
			close(w.done)
		} else {
			kept = append(kept, w)
		}
	}
	c.waiters = kept
}

// Ready says whether nothing is under way that the lesson does itself.
func (c *Class) Ready() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.run == nil {
		return false
	}
	for i := range c.run.steps {
		if a := &c.run.steps[i]; a.open && !a.done && !a.ready {
			return false
		}
	}
	return true
}
