package lessons

import (
	"fmt"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Fold judges one event and the state that it led to. It returns true when the room shall freeze at this moment. It
// keeps nothing of s, and is called for all events in their order, with the room locked.
func (c *Class) Fold(s *view.State, e event.Event) (freeze bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake(s)
	if c.run == nil {
		return false
	}
	c.claim(&e)
	if c.lesson.AnyOrder && stirs(e.Kind) {
		c.tell() // what can be tried depends on who leads, runs and talks
	}
	for i := range c.run.steps {
		a := &c.run.steps[i]
		if !a.open || a.done {
			continue
		}
		c.count(a, s, &e)
		a.keep(&e)
		if a.ready && c.run.due(a, s, &e) && c.judge(i, s) {
			freeze = true
		}
	}
	return freeze && s.Rate != 0
}

// Tick is Fold for time that went on: what waits for a time, and what was to be judged together, is looked at. The
// room is frozen by events only.
func (c *Class) Tick(now event.Micros, s *view.State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = max(c.now, now)
	c.wake(s)
	if c.run == nil {
		return
	}
	for i := range c.run.steps {
		a := &c.run.steps[i]
		if !a.open || a.done || !a.ready || !a.dirty || c.now < a.rest || c.freezes(a, s) {
			continue // what freezes the room is left to the next event
		}
		c.judge(i, s)
	}
}

// freezes says whether the moment is there in which the step freezes the room. It needs mu.
func (c *Class) freezes(a *attempt, s *view.State) bool {
	return a.step.Freeze != nil && !a.froze && a.step.Freeze.Holds(c.run.facts(a, s))
}

// due says whether the step is to be judged at this event. Events that come by the hundred are judged together.
func (r *run) due(a *attempt, s *view.State, e *event.Event) bool {
	a.dirty = a.dirty || a.wakes(e.Kind)
	if !a.dirty {
		return false
	}
	freezes := a.step.Freeze != nil && !a.froze && a.step.Freeze.Wakes(e.Kind) // the moment must not be missed
	return !frequent(e.Kind) || s.Rate == 0 || freezes || a.rested(s.At)
}

// rested says whether a frequent event may be looked at now. After a silence a few may at once: in a quiet room, such as
// one of a single node, no event comes after a put's answer by which it could be judged later.
func (a *attempt) rested(now event.Micros) bool {
	if now >= a.rest+silence {
		a.spare = burst
	}
	if now >= a.rest {
		return true
	}
	a.spare--
	return a.spare >= 0
}

// rested is the virtual time at which frequent events are looked at again after a look that took all open
// steps d of wall time: checks over hundreds of commands cost a millisecond in a busy room, and judging shall take
// half a hundredth of a core at most.
func rested(s *view.State, d time.Duration) event.Micros {
	pause := event.Micros(float64(judgeShare*d.Microseconds()) * s.Rate.Float())
	return s.At + min(max(pause, judgeEvery), judgeLatest)
}

// stirs says whether lines with inserts may read differently after an event of this kind.
func stirs(k event.Kind) bool {
	// the others change no line that a thing to try is made of
	//exhaustive:ignore
	switch k {
	case event.RoleChanged, event.Started, event.Stopped, event.Suspended, event.Resumed, event.LinkSet, event.MembersSet,
		event.MachineAdded, event.MachineRemoved:
		return true
	}
	return false
}

// frequent kinds come by the hundred a second.
func frequent(k event.Kind) bool {
	// the others are rare
	//exhaustive:ignore
	switch k {
	case event.Sent, event.Delivered, event.Held, event.Released, event.Dropped, event.Copied, event.TimerSet, event.Fsynced,
		event.Appended, event.Committed, event.Applied, event.MatchSet, event.Asked, event.Answered:
		return true
	}
	return false
}

// count notes that the learner did something, and helps one who has done much in vain. It needs mu.
func (c *Class) count(a *attempt, s *view.State, e *event.Event) {
	if e.Kind != event.Answered || !a.ready || c.run.own[e.Op] || c.lesson.AnyOrder || !a.step.Kind.Judged() {
		return
	}
	a.tries++
	if e.Outcome != event.OK {
		a.tries++
	}
	if a.tries >= troubleAfter && a.further(c.run.facts(a, s)) {
		c.touch()
	}
}

// judge looks at the step's checks, and goes on if it is done. It returns true when the room shall freeze. It needs mu.
func (c *Class) judge(i int, s *view.State) (freeze bool) {
	a := &c.run.steps[i]
	began := c.o.Now()
	defer func() { a.rest = rested(s, c.o.Now().Sub(began)*time.Duration(c.run.waiting())) }()
	a.dirty = false
	f := c.run.facts(a, s)
	if c.freezes(a, s) {
		a.froze, freeze = true, true
	}
	if a.step.Kind.Judged() && a.step.Check.Holds(f) {
		c.complete(i, s)
		return freeze
	}
	for h := range a.step.Hints {
		if w := a.step.Hints[h].When; w != nil && w.Holds(f) && a.unfold(h, f) {
			c.touch()
		}
	}
	return freeze
}

// complete ends a step and opens the next. It needs mu.
func (c *Class) complete(i int, s *view.State) {
	r := c.run
	a := &r.steps[i]
	a.done = true
	a.why = a.step.Why.HTML(r.facts(a, s))
	c.said = fmt.Sprintf("Step %d is done: %s", i+1, sentence(a.step.Title))
	c.openNext(s)
	if r.now < len(r.steps) && !c.lesson.AnyOrder {
		c.said += " Next: " + sentence(r.steps[r.now].step.Title)
	}
	c.touch()
}

// sentence ends a title as a sentence ends.
func sentence(title string) string {
	if strings.HasSuffix(title, "?") || strings.HasSuffix(title, "!") {
		return title
	}
	return title + "."
}

// openNext opens the first step that is not done, or all of them if they have no order, or ends the lesson. It needs mu.
func (c *Class) openNext(s *view.State) {
	r := c.run
	for r.now < len(r.steps) && r.steps[r.now].done {
		r.now++
	}
	if r.now == len(r.steps) {
		c.finish(s)
		return
	}
	if !c.lesson.AnyOrder {
		c.open(r.now, s)
		return
	}
	for i := range r.steps {
		if !r.steps[i].open {
			c.open(i, s)
		}
	}
}

// open shows a step. Judging begins when what the lesson does itself is done. It needs mu.
func (c *Class) open(i int, s *view.State) {
	a := &c.run.steps[i]
	c.traffic(i)
	if a.open {
		return // it was open before the room was restarted
	}
	a.open = true
	a.watch(s)
	a.show(c.run.facts(a, s))
	if len(a.step.Begin) > 0 {
		a.ready = false
		c.perform(i)
		return
	}
	if s.Rate == 0 && !c.lesson.AnyOrder {
		c.judge(i, s) // in a frozen room no event may come for long
	}
}

// finish tells what happened. It needs mu.
func (c *Class) finish(s *view.State) {
	r := c.run
	if r.over {
		return
	}
	r.over, r.took = true, c.o.Now().Sub(r.began)
	f := r.whole(s)
	for _, p := range c.lesson.Summary {
		r.told = append(r.told, p.HTML(f))
		r.share = append(r.share, p.Text(f))
	}
	c.said = "You have finished “" + c.lesson.Title + "”."
}
