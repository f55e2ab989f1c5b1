package play

import (
	"fmt"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// How long, in virtual time, a rehearsal waits for what must not happen.
const (
	WrongMost = 30 * second // after a wrong way of doing a step
	IdleMost  = 60 * second // before the learner does anything for a step
	Hour      = 3600 * second
)

// Part is one rehearsal of a lesson: solved, done wrong in one way, or left idle.
type Part struct {
	Name string // "solved", "wrong-3.1" (step 3, first way), "idle", "hour"

	run func(dir string) (event.Micros, error)
}

// Play plays the part in an empty directory. It returns how long that took in virtual time.
func (p Part) Play(dir string) (event.Micros, error) { return p.run(dir) }

// Parts are all rehearsals of a lesson of lib.
func Parts(lib *lessons.Library, l *lessons.Lesson) []Part {
	as := func(f func(*learner) error) func(string) (event.Micros, error) {
		return func(dir string) (event.Micros, error) { return in(lib, l, dir, f) }
	}
	parts := []Part{{"solved", as((*learner).solved)}}
	for i, st := range l.Steps {
		for k := range st.Wrong {
			parts = append(parts, Part{fmt.Sprintf("wrong-%d.%d", i+1, k+1), as(func(p *learner) error { return p.wrong(i, &st.Wrong[k]) })})
		}
	}
	if !l.AnyOrder {
		parts = append(parts, Part{"idle", as((*learner).slow)})
	}
	return append(parts, Part{"hour", func(dir string) (event.Micros, error) {
		took, errs := Idle(lib, []*lessons.Lesson{l}, Hour, dir)
		return took, errs[l.ID]
	}})
}

// solved does everything as the file says. All steps must be done in their order.
func (p *learner) solved() error {
	for i := range p.lesson.Steps {
		if err := p.take(i); err != nil {
			return err
		}
	}
	return nil
}

// wrong does step i in a way that does not do it.
func (p *learner) wrong(i int, w *lessons.Wrong) error {
	if err := p.reach(i); err != nil {
		return err
	}
	p.typist(i).await(reaction, never)
	if p.done(i) {
		return p.trouble(i, "is done before anything was done for it")
	}
	if err := p.lines(i, w.Do); err != nil {
		return err
	}
	if p.loiter(i, WrongMost); p.done(i) {
		return p.trouble(i, "is done, but not by what should do it: %s", quoted(w.Do))
	}
	if shown := p.class.Status()[i].Unfolded; w.Hint != 0 && !slices.Contains(shown, w.Hint) {
		return p.trouble(i, "should have unfolded hint %d after %s, not %v", w.Hint, quoted(w.Do), shown)
	}
	return nil
}

// closely is how long a room that may freeze is looked at closely: what was done has its effect in this time.
const closely = 3 * second

// stroll is how far time goes at once while a lively lesson is left alone: a quarter of the pause between two requests.
const stroll event.Micros = 50_000

// loiter lets so much time go by while step i is open, if it goes by. Nobody looks meanwhile, so the room takes long
// steps, except where it may have to freeze at the right moment or is asked for something all the time.
func (p *learner) loiter(i int, d event.Micros) {
	switch {
	case p.lively():
		t := p.typist(i)
		t.calm = stroll
		t.await(d, never)
		return
	case p.lesson.Steps[i].Freeze != nil:
		p.typist(i).await(closely, never)
		d -= closely
	}
	p.stage.Room().Advance(d)
}

func quoted(lines []lessons.Line) string {
	words := ""
	for i := range lines {
		words += "“" + lines[i].Text + "” "
	}
	return words[:max(0, len(words)-1)]
}

// slow does everything, but leaves the room alone for a while before each step that is to be done: nothing may do it by
// itself, and the learner must not be stuck after that.
func (p *learner) slow() error {
	for i, st := range p.lesson.Steps {
		if st.Kind == lessons.Act {
			if err := p.idle(i); err != nil {
				return err
			}
		}
		if err := p.take(i); err != nil {
			return fmt.Errorf("with a learner who waits %d virtual seconds before each step that is to be done: %w", IdleMost/second, err)
		}
	}
	return nil
}

func (p *learner) idle(i int) error {
	if err := p.open(i); err != nil {
		return err
	}
	if p.loiter(i, IdleMost); p.done(i) {
		return p.trouble(i, "is done although nobody did anything: “%s” holds", p.lesson.Steps[i].Check)
	}
	return nil
}
