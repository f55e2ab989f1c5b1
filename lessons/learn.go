package lessons

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/view"
)

// Learn carries out what a viewer says to the lesson:
//
//	open ID     begins another lesson, in this room
//	restart     begins this one again, in the room prepared anew
//	leave       goes to free play, the room as it is
//	answer N    locks in an answer of the open question, from 1
//	reveal      shows who answered what, and goes on
//	next        goes on after an explanation
//	hint        unfolds the next hint
//	control ask | give | take
//
// The error is a sentence.
func (c *Class) Learn(viewer, words string) error {
	verb, rest, _ := strings.Cut(strings.TrimSpace(words), " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "open":
		return c.reopen(viewer, rest)
	case "restart":
		if c.Lesson().AnyOrder {
			return c.again(viewer)
		}
		return c.reopen(viewer, c.Lesson().ID)
	case "leave":
		return c.leave(viewer)
	case "control":
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.control(viewer, rest)
	}
	return c.step(viewer, verb, rest)
}

// reopen opens a lesson for everybody in the room.
func (c *Class) reopen(viewer, id string) error {
	c.mu.Lock()
	err := c.act(viewer)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.Open(id); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.people.free && c.people.holder == "" && c.people.here[viewer] > 0 {
		c.people.hand(viewer)
		c.touch()
	}
	return nil
}

// again begins the lesson anew in the room as it is.
func (c *Class) again(viewer string) error {
	c.mu.Lock()
	err := c.act(viewer)
	l := c.lesson
	c.mu.Unlock()
	if err == nil {
		c.begin(l)
	}
	return err
}

func (c *Class) leave(viewer string) error {
	c.mu.Lock()
	err := c.act(viewer)
	play := c.library.Lesson(FreePlay)
	c.mu.Unlock()
	if err == nil {
		c.begin(play)
	}
	return err
}

// step is what is said about the open step.
func (c *Class) step(viewer, verb, rest string) error {
	s := c.room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.run
	if r == nil {
		return errors.New("the room is being prepared; say it again in a second")
	}
	if r.now >= len(r.steps) {
		return errors.New("the lesson is finished: restart it, or open another")
	}
	i := r.now
	switch verb {
	case "answer":
		return c.answer(viewer, rest, i, &s)
	case "reveal":
		return c.reveal(viewer, i, &s)
	case "next":
		return c.next(viewer, i, &s)
	case "hint":
		return c.hint(i, &s)
	}
	return fmt.Errorf("%q is nothing that a lesson understands; it knows open, restart, leave, answer, reveal, next, hint and control", verb)
}

func (c *Class) answer(viewer, rest string, i int, s *view.State) error {
	a := &c.run.steps[i]
	if !a.step.Kind.Asks() {
		return errors.New("this step asks nothing")
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 1 || n > len(a.step.Answers) {
		return fmt.Errorf("there is no answer %q: say a number from 1 to %d", rest, len(a.step.Answers))
	}
	if _, locked := a.picks[viewer]; locked {
		return errors.New("your answer is locked in already")
	}
	if len(a.picks) >= MaxPicks {
		return fmt.Errorf("%d people have answered, and more answers are not kept; watch what happens", MaxPicks)
	}
	a.picks[viewer] = n - 1
	c.touch()
	if len(c.people.here) <= 1 {
		c.uncover(i, s)
	}
	return nil
}

// reveal shows the answers to a question.
func (c *Class) reveal(viewer string, i int, s *view.State) error {
	a := &c.run.steps[i]
	if !a.step.Kind.Asks() {
		return errors.New("there is nothing to reveal: this step asks nothing")
	}
	if err := c.act(viewer); err != nil {
		return err
	}
	if len(a.picks) == 0 {
		return errors.New("nobody has answered yet: predict first")
	}
	c.uncover(i, s)
	return nil
}

func (c *Class) uncover(i int, s *view.State) {
	c.run.steps[i].revealed = true
	c.complete(i, s)
}

func (c *Class) next(viewer string, i int, s *view.State) error {
	if c.run.steps[i].step.Kind != Explain {
		return errors.New("this step is done when it has happened, not when somebody says so")
	}
	if err := c.act(viewer); err != nil {
		return err
	}
	c.complete(i, s)
	return nil
}

func (c *Class) hint(i int, s *view.State) error {
	a := &c.run.steps[i]
	if !a.further(c.run.facts(a, s)) {
		return errors.New("there is no further hint")
	}
	c.touch()
	return nil
}
