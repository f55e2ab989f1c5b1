package play

import (
	"fmt"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
)

const second event.Micros = 1_000_000

// How long a line of a lesson waits, in virtual time.
const (
	AnswerMost              = 10 * second // for its answer; then the next line's turn has come
	UntilMost               = 60 * second // "until" for what it says
	glance     event.Micros = 5_000       // how often somebody who waits looks
)

// typist gives lines to a room in virtual time, of which nobody else is the owner.
type typist struct {
	room  *cluster.Room
	file  string                    // of the lines, for messages
	facts func() *lessons.Facts     // at this moment
	admit func(event.Command) error // nil: everything is allowed
	calm  event.Micros              // time goes by in slices of this, so that others can act on goroutines of their own; 0: no others do
}

// Prepare does in a new room what the lesson says that was done before the learner comes, in virtual time. An order that
// fails is an error; one without an answer is none, because some lessons begin so.
func Prepare(r *cluster.Room, l *lessons.Lesson) error {
	start := r.State()
	t := &typist{room: r, file: l.File, facts: func() *lessons.Facts {
		s := r.State()
		return &lessons.Facts{Now: &s, Since: &start, Start: &start}
	}}
	for i := range l.Setup {
		line := &l.Setup[i]
		res, err := t.give(line)
		if err == nil && res != nil && res.Outcome == event.Failed {
			err = t.wrong(line, "%s", res.Error)
		}
		if err != nil {
			return fmt.Errorf("preparing the room: %w", err)
		}
	}
	return nil
}

// wrong is an error about a line.
func (t *typist) wrong(line *lessons.Line, format string, a ...any) error {
	return fmt.Errorf("%s:%d: %s: %s", t.file, line.Number, line.Text, fmt.Sprintf(format, a...))
}

// give carries out one line. The result is nil if none came in time, or nobody waits for it.
func (t *typist) give(line *lessons.Line) (*event.Result, error) {
	if d := line.Wait(); d > 0 {
		return nil, t.wait(line, d)
	}
	if check := line.Until(); check != nil {
		return nil, t.until(line, check)
	}
	c, err := line.Command(t.facts())
	if err != nil {
		return nil, err
	}
	if t.admit != nil {
		if err := t.admit(c); err != nil {
			return nil, t.wrong(line, "%v", err)
		}
	}
	answer := t.room.Begin(c)
	if line.Async() {
		return nil, nil
	}
	return t.answer(answer), nil
}

// answer lets time go on until there is one, if it goes on. A refusal may need no time but that of another goroutine.
func (t *typist) answer(answer <-chan event.Result) (res *event.Result) {
	select {
	case r := <-answer:
		return &r
	case <-time.After(breath):
	}
	t.await(AnswerMost, func(*view.State) bool {
		select {
		case r := <-answer:
			res = &r
		default:
		}
		return res != nil
	})
	return res
}

// await lets time go on until ok holds, at most d; it stops where the room freezes.
func (t *typist) await(d event.Micros, ok func(*view.State) bool) (held bool) {
	slice := d
	if t.calm > 0 {
		slice = t.calm
	}
	frozen := false
	for end := t.room.Now() + d; ; time.Sleep(breath) {
		t.room.Await(min(slice, end-t.room.Now()), func(s *view.State) bool {
			held, frozen = ok(s), s.Rate == 0
			return held || frozen
		})
		if held || frozen || t.room.Now() >= end {
			return held
		}
	}
}

func (t *typist) wait(line *lessons.Line, d event.Micros) error {
	end := t.room.Now() + d
	t.await(d, never)
	if t.room.Now() < end {
		return t.wrong(line, "the room is frozen, so no time goes by; thaw it before")
	}
	return nil
}

func (t *typist) until(line *lessons.Line, check *lessons.Check) error {
	for end := t.room.Now() + UntilMost; !check.Holds(t.facts()); t.await(glance, never) {
		s := t.room.State()
		if s.Rate == 0 {
			return t.wrong(line, "it does not hold, and the room is frozen; %s", Picture(&s))
		}
		if s.At >= end {
			return t.wrong(line, "it did not come true within %d virtual seconds; %s", UntilMost/second, Picture(&s))
		}
	}
	return nil
}

func never(*view.State) bool { return false }
