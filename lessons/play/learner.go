package play

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
)

// DoneMost is how long, in virtual time, a step may take to be done after the last line of its solution.
const DoneMost = 60 * second

// reaction is how long, in virtual time, the learner takes to read what is to be done: a second at the workshop's rate.
// What is under way then mostly arrives, as it does for people.
const reaction = second / 4

// What the lesson does itself it does on another goroutine: in wall time the learner looks so often whether it is done,
// and gives it so long at least, on a busy machine, and at most.
const (
	breath      = 100 * time.Microsecond
	breathLeast = 5 * time.Second
	breathMost  = 20 * time.Second
)

// viewer is the learner's name in the class.
const viewer = "learner"

// learner takes a lesson as its file says, in a room in virtual time.
type learner struct {
	lesson *lessons.Lesson
	class  *lessons.Class
	stage  *Stage
	leave  func()
}

// enrol prepares a room in the directory dir, which must be empty, and has a learner enter it.
func enrol(lib *lessons.Library, l *lessons.Lesson, dir string) (*learner, error) {
	class := lessons.NewClass(lessons.ClassOptions{Library: lib})
	stage, err := Open(cluster.Options{Dir: dir, Manual: true, NoSync: true, Watch: class.Fold, Ticked: class.Tick}, l)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.File, err)
	}
	p := &learner{lesson: l, class: class, stage: stage, leave: class.Join(viewer)}
	if err := class.Enter(stage, l.ID); err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *learner) close() error {
	p.leave()
	// The class first: what it still does itself ends with it, and the room answers what that waits for.
	return errors.Join(p.class.Close(), p.stage.Close())
}

// lively says whether the lesson keeps asking the room for something by itself.
func (p *learner) lively() bool {
	return slices.ContainsFunc(p.lesson.Steps, func(st *lessons.Step) bool { return len(st.Traffic) > 0 })
}

func (p *learner) now() event.Micros { return p.stage.Room().Now() }

func (p *learner) done(i int) bool {
	all := p.class.Status()
	return i < len(all) && all[i].Done
}

// typist gives the lines of step i on the learner's behalf.
func (p *learner) typist(i int) *typist {
	t := &typist{room: p.stage.Room(), file: p.lesson.File, facts: func() *lessons.Facts { return p.class.Facts(i) },
		admit: func(c event.Command) error { return p.class.Admit(viewer, c) }}
	if p.lively() {
		t.calm = glance
	}
	return t
}

// trouble is an error about step i, with a picture of the room.
func (p *learner) trouble(i int, format string, a ...any) error {
	s := p.stage.State()
	return fmt.Errorf("%s; %s", p.about(i, format, a...), Picture(&s))
}

func (p *learner) about(i int, format string, a ...any) string {
	st := p.lesson.Steps[i]
	return fmt.Sprintf("%s:%d: step %d “%s” %s", p.lesson.File, st.Line, i+1, st.Title, fmt.Sprintf(format, a...))
}

// settle lets time go on until the lesson has done itself what step i begins with.
func (p *learner) settle(i int) error {
	for end, began := p.now()+DoneMost, time.Now(); !p.class.Ready(); {
		if wall := time.Since(began); p.now() >= end && wall > breathLeast || wall > breathMost {
			return p.trouble(i, "has not done within a virtual minute what it begins with")
		}
		p.typist(i).await(glance, never)
		time.Sleep(breath)
	}
	if t := p.class.Panel(viewer).Trouble; t != "" {
		return p.trouble(i, "could not begin: %s", t)
	}
	return nil
}

// take does step i as its solution says.
func (p *learner) take(i int) error {
	st := p.lesson.Steps[i]
	if p.lesson.AnyOrder && p.done(i) {
		return nil // something tried before did it too
	}
	if err := p.open(i); err != nil {
		return err
	}
	switch {
	case st.Kind.Asks():
		return p.say(i, "answer %d", 1+slices.IndexFunc(st.Answers, func(a lessons.Answer) bool { return a.Right }))
	case st.Kind == lessons.Explain:
		return p.say(i, "next")
	}
	return p.solve(i)
}

// open checks that step i is the one whose turn it is, and waits until it is judged.
func (p *learner) open(i int) error {
	for k, st := range p.class.Status() {
		switch {
		case k < i && !st.Done && p.lesson.Steps[k].Unwinnable && !p.lesson.AnyOrder:
			return errors.New(p.about(i, "cannot be reached: nobody can do step %d before it", k+1))
		case k < i && !st.Done && !p.lesson.AnyOrder:
			return p.trouble(k, "was overtaken")
		case k == i && !st.Open:
			return p.trouble(i, "did not open")
		case k > i && st.Done && !p.lesson.AnyOrder:
			return p.trouble(k, "is done before its turn")
		}
	}
	return p.settle(i)
}

func (p *learner) say(i int, format string, a ...any) error {
	words := fmt.Sprintf(format, a...)
	if err := p.class.Learn(viewer, words); err != nil {
		return p.trouble(i, "does not take “%s”: %v", words, err)
	}
	if !p.done(i) {
		return p.trouble(i, "is not done after “%s”", words)
	}
	return nil
}

// solve gives the lines of a judged step and lets time go on until it is done.
func (p *learner) solve(i int) error {
	st := p.lesson.Steps[i]
	if st.Unwinnable {
		return nil // its wrong ways are all there is
	}
	if st.Kind == lessons.Act {
		p.typist(i).await(reaction, never)
	}
	switch {
	case st.Kind == lessons.Act && (p.done(i) || st.Check.Holds(p.class.Facts(i))):
		return p.trouble(i, "is done before anything was done for it: “%s” holds already", st.Check)
	case st.Kind == lessons.Act && len(solution(st)) == 0:
		return errors.New(p.about(i, "has no solution: write the lines under solve, so that it is known to be possible"))
	}
	if err := p.lines(i, solution(st)); err != nil {
		return err
	}
	if !p.typist(i).await(DoneMost, func(*view.State) bool { return p.done(i) }) {
		return p.trouble(i, "is not done by its solution: “%s” does not hold", st.Check)
	}
	return nil
}

// solution is how a judged step is done. Where there is a button for it, it is what the button does.
func solution(st *lessons.Step) []lessons.Line {
	if len(st.Solve) == 0 && st.Try != nil {
		return []lessons.Line{*st.Try}
	}
	return st.Solve
}

func (p *learner) lines(i int, lines []lessons.Line) error {
	t := p.typist(i)
	for k := range lines {
		if _, err := t.give(&lines[k]); err != nil {
			return err
		}
	}
	return nil
}

// reach takes the steps before step i, and opens that one.
func (p *learner) reach(i int) error {
	for k := range i {
		if err := p.take(k); err != nil {
			return err
		}
	}
	return p.open(i)
}

// in has f done by a new learner of the lesson, and tells how long that took in virtual time.
func in(lib *lessons.Library, l *lessons.Lesson, dir string, f func(*learner) error) (event.Micros, error) {
	p, err := enrol(lib, l, dir)
	if err != nil {
		return 0, err
	}
	began := p.now()
	err = f(p)
	took := p.now() - began
	return took, errors.Join(err, p.close())
}

var _ lessons.Room = (*Stage)(nil)
