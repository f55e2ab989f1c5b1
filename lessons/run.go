package lessons

import (
	"context"
	"html/template"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Trouble: after so many commands that did not complete a step the next hint unfolds by itself.
const troubleAfter = 4

// Events of a frequent kind are judged together: those of judgeEvery at least, and for as long as it takes that judging
// has one part in judgeShare of the processor, judgeLatest at most. All are virtual time.
const (
	judgeEvery  event.Micros = 5_000
	judgeLatest event.Micros = 250_000
	judgeShare  int64        = 200
)

// After silence in which nothing was looked at, burst frequent events are looked at one by one.
const (
	silence event.Micros = 200_000
	burst   int          = 16
)

// MaxPicks bounds the people whose answers to one question are kept; more are told so.
const MaxPicks = 4096

// run is one taking of a lesson.
type run struct {
	ctx    context.Context
	cancel context.CancelFunc
	lesson *Lesson
	began  time.Time
	took   time.Duration // until it was finished
	start  *moment
	own    map[uint64]bool
	steps  []attempt
	now    int  // the open step; len(steps): finished. In any order: the first that is not done
	over   bool // the ending has been told
	told   []template.HTML
	share  []string
}

// attempt is how a step goes.
type attempt struct {
	step   *Step
	open   bool // shown; judged only when ready
	ready  bool // what the lesson does itself is done
	done   bool
	froze  bool
	asking bool // its traffic has begun
	since  *moment
	events []event.Event
	dirty  bool
	rest   event.Micros // until when frequent events are not looked at
	spare  int          // frequent events that are looked at all the same
	tries  int          // commands since the last hint

	prose    template.HTML
	answers  []template.HTML
	says     []template.HTML
	why      template.HTML
	hints    map[int]template.HTML // unfolded, by place in step.Hints
	order    []int                 // places in the order of unfolding
	picks    map[string]int        // viewer → answer from 0
	revealed bool
}

func newRun(c *Class, l *Lesson, start *moment) *run {
	r := &run{lesson: l, began: c.o.Now(), start: start, own: map[uint64]bool{}, steps: make([]attempt, len(l.Steps))}
	r.ctx, r.cancel = context.WithCancel(c.ctx)
	for i, st := range l.Steps {
		r.steps[i] = attempt{step: st, hints: map[int]template.HTML{}, picks: map[string]int{}}
	}
	return r
}

// facts for judging a step.
func (r *run) facts(a *attempt, s *view.State) *Facts {
	since := a.since
	if since == nil {
		since = r.start
	}
	return &Facts{Now: s, Since: &since.state, Start: &r.start.state, Own: r.own, Events: a.events}
}

// whole are the facts for what is said about the lesson as a whole.
func (r *run) whole(s *view.State) *Facts {
	return &Facts{Now: s, Since: &r.start.state, Start: &r.start.state, Own: r.own}
}

// show fixes the words of a step as it opens: the numbers in them are those of this moment.
func (a *attempt) show(f *Facts) {
	a.prose = a.step.Prose.HTML(f)
	a.answers, a.says = nil, nil
	for _, x := range a.step.Answers {
		a.answers = append(a.answers, x.Text.HTML(f))
		a.says = append(a.says, x.Say.HTML(f))
	}
}

// watch begins the judging from the state s on.
func (a *attempt) watch(s *view.State) {
	a.since, a.events, a.ready, a.dirty = momentOf(s), nil, true, true
}

// unfold shows a hint. It returns false if it is shown already.
func (a *attempt) unfold(i int, f *Facts) bool {
	if _, shown := a.hints[i]; shown {
		return false
	}
	a.hints[i] = a.step.Hints[i].Say.HTML(f)
	a.order = append(a.order, i)
	a.tries = 0
	return true
}

// further unfolds the next hint that waits for its turn; false if there is none.
func (a *attempt) further(f *Facts) bool {
	for i := range a.step.Hints {
		if a.step.Hints[i].When == nil && a.unfold(i, f) {
			return true
		}
	}
	return false
}

// more says whether there is a hint to ask for.
func (a *attempt) more() bool {
	for i := range a.step.Hints {
		if _, shown := a.hints[i]; !shown && a.step.Hints[i].When == nil {
			return true
		}
	}
	return false
}

// keep remembers an event for the checks that speak of its kind.
func (a *attempt) keep(e *event.Event) {
	if !a.tells(e.Kind) {
		return
	}
	if len(a.events) >= MaxEvents {
		a.events = append(a.events[:0], a.events[1:]...)
	}
	a.events = append(a.events, *e)
}

func (a *attempt) tells(k event.Kind) bool {
	return a.any(func(c *Check) bool { return c.Tells(k) })
}

func (a *attempt) wakes(k event.Kind) bool {
	return a.any(func(c *Check) bool { return c.Wakes(k) || c.Tells(k) })
}

// any asks the checks of the step.
func (a *attempt) any(yes func(*Check) bool) bool {
	st := a.step
	if st.Check != nil && yes(st.Check) || st.Freeze != nil && yes(st.Freeze) {
		return true
	}
	for i := range st.Hints {
		if w := st.Hints[i].When; w != nil && yes(w) {
			return true
		}
	}
	return false
}

// waiting counts the steps that are judged side by side.
func (r *run) waiting() int {
	n := 0
	for i := range r.steps {
		if r.steps[i].open && !r.steps[i].done {
			n++
		}
	}
	return max(n, 1)
}
