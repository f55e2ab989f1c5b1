package play

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
)

// Alike says of lessons with the same word that their learners can be left idle in one room: it begins alike, and
// nothing is done to it.
func Alike(l *lessons.Lesson) string {
	word := fmt.Sprint(l.Nodes, l.Rate, l.PreVote, l.AnyOrder)
	for i := range l.Setup {
		word += "\n" + l.Setup[i].Text
	}
	acts := func(st *lessons.Step) bool { return len(st.Begin) > 0 || len(st.Traffic) > 0 || st.Freeze != nil }
	if slices.ContainsFunc(l.Steps[:opened(l)], acts) {
		word += "\n" + l.ID // the lesson itself may do something to the room
	}
	return word
}

// opened is how many steps of a lesson are open, or done, for a learner who waits in Idle.
func opened(l *lessons.Lesson) int {
	first := slices.IndexFunc(l.Steps, func(st *lessons.Step) bool { return st.Kind.Judged() })
	switch {
	case l.AnyOrder || first < 0:
		return len(l.Steps)
	case l.Steps[first].Kind == lessons.Observe:
		return 1
	}
	return first + 1
}

// idlers are learners of lessons that are alike, in one room.
type idlers struct {
	stage    *Stage
	learners []*learner
	errs     map[string]error // by id of the lesson
}

// Idle leaves learners of lessons that are Alike in one prepared room for so long, in the empty directory dir. They
// answer what is asked before the first step that is to be done, unless something may happen by itself there, or the lesson
// freezes the room for it: then they do not even answer. It returns how long that took in virtual time, and by id what was
// wrong with whose lesson: nothing may have been done.
func Idle(lib *lessons.Library, alike []*lessons.Lesson, d event.Micros, dir string) (event.Micros, map[string]error) {
	took, errs := leaveIdle(lib, alike, d, filepath.Join(dir, "answered"), true)
	if took == 0 && len(errs) == 0 {
		return leaveIdle(lib, alike, d, filepath.Join(dir, "unanswered"), false)
	}
	return took, errs
}

func leaveIdle(lib *lessons.Library, alike []*lessons.Lesson, d event.Micros, dir string, answer bool) (event.Micros, map[string]error) {
	all := idlers{errs: map[string]error{}}
	if err := all.enter(lib, alike, dir); err != nil {
		for _, l := range alike {
			all.errs[l.ID] = err
		}
		return 0, all.errs
	}
	for _, p := range all.learners {
		if answer {
			all.note(p, p.wait())
		}
	}
	room := all.stage.Room()
	began := room.Now()
	room.Advance(d)
	took := room.Now() - began
	for _, p := range all.learners {
		all.note(p, p.undone())
		p.leave()
		all.note(p, p.class.Close())
	}
	if err := all.stage.Close(); err != nil {
		all.note(all.learners[0], err)
	}
	return took, all.errs
}

func (all *idlers) note(p *learner, err error) {
	if err != nil {
		all.errs[p.lesson.ID] = errors.Join(all.errs[p.lesson.ID], err)
	}
}

// enter prepares the room and has all learners enter it, each with a class of its own.
func (all *idlers) enter(lib *lessons.Library, alike []*lessons.Lesson, dir string) error {
	for _, l := range alike {
		class := lessons.NewClass(lessons.ClassOptions{Library: lib})
		all.learners = append(all.learners, &learner{lesson: l, class: class, leave: class.Join(viewer)})
	}
	stage, err := Open(cluster.Options{Dir: dir, Manual: true, NoSync: true, Watch: all.fold, Ticked: all.tick}, alike[0])
	if err != nil {
		return fmt.Errorf("%s: %w", alike[0].File, err)
	}
	all.stage = stage
	for _, p := range all.learners {
		p.stage = stage
		if err := p.class.Enter(stage, p.lesson.ID); err != nil {
			return errors.Join(err, stage.Close())
		}
	}
	return nil
}

func (all *idlers) fold(s *view.State, e event.Event) (freeze bool) {
	for _, p := range all.learners {
		freeze = p.class.Fold(s, e) || freeze
	}
	return freeze
}

func (all *idlers) tick(now event.Micros, s *view.State) {
	for _, p := range all.learners {
		p.class.Tick(now, s)
	}
}

// wait answers what is asked before the first step that is to be done.
func (p *learner) wait() error {
	if p.lesson.AnyOrder {
		return nil
	}
	return p.reach(opened(p.lesson) - 1)
}

// undone checks that no step was done that facts complete.
func (p *learner) undone() error {
	for i, st := range p.lesson.Steps {
		if st.Kind.Judged() && p.done(i) {
			return p.trouble(i, "is done although nobody did anything: “%s” held", st.Check)
		}
	}
	return nil
}
