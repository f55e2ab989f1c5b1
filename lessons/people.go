package lessons

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Grace is how long control stays with somebody who has left the page: a reload is no farewell.
const Grace = 5 * time.Second

// MaxPeople bounds those who are told apart at a time; whoever comes later watches and may not hold control.
const MaxPeople = 4096

// people are who is in the room, and who of them acts.
type people struct {
	here   map[string]int // viewer → connections
	holder string         // "": nobody yet
	left   time.Time      // when the holder's last connection ended; zero: it is here
	asks   []string       // who would like control, in order
	free   bool           // everybody acts: free play
}

func newPeople() people { return people{here: map[string]int{}, free: true} }

// begin prepares for a lesson. Whoever holds control keeps it.
func (p *people) begin(l *Lesson) {
	p.free = l.AnyOrder
	p.asks = nil
	if p.free {
		p.holder = ""
	}
}

// Join counts a connection of a viewer in, until leave is called.
func (c *Class) Join(viewer string) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.people
	if viewer == "" || len(p.here) >= MaxPeople && p.here[viewer] == 0 {
		return func() {}
	}
	p.here[viewer]++
	if viewer == p.holder {
		p.left = time.Time{}
	}
	if p.holder == "" && !p.free {
		p.hand(viewer)
	}
	if p.here[viewer] == 1 {
		c.touch()
	}
	gone := false
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if !gone {
			gone = true
			c.part(viewer)
		}
	}
}

// part counts a connection out. It needs mu.
func (c *Class) part(viewer string) {
	p := &c.people
	if p.here[viewer]--; p.here[viewer] > 0 {
		return
	}
	delete(p.here, viewer)
	p.asks = slices.DeleteFunc(p.asks, func(v string) bool { return v == viewer })
	if viewer == p.holder {
		p.left = c.o.Now()
	}
	c.touch()
}

// hand gives control to a viewer.
func (p *people) hand(viewer string) {
	p.holder, p.left = viewer, time.Time{}
	if p.here[viewer] == 0 {
		p.left = time.Unix(0, 0) // it never came: anybody may take over
	}
	p.asks = slices.DeleteFunc(p.asks, func(v string) bool { return v == viewer })
}

// vacant says whether anybody may take control.
func (p *people) vacant(now time.Time) bool {
	return p.holder == "" || !p.left.IsZero() && now.Sub(p.left) >= Grace
}

var errNoControl = errors.New("somebody else acts in this lesson: predict along, or ask for control")

// act lets a viewer act, taking control if nobody has it. The empty viewer is a program, which nobody stops. It needs mu.
func (c *Class) act(viewer string) error {
	p := &c.people
	switch {
	case p.free || viewer == "" || viewer == p.holder:
		return nil
	case p.vacant(c.o.Now()):
		p.hand(viewer)
		c.touch()
		return nil
	}
	return errNoControl
}

// Admit says whether a viewer may give the room this order now; the error is the sentence that refuses it. The empty
// viewer is a program: it needs no control, but the lesson's limits hold for it too.
func (c *Class) Admit(viewer string, command event.Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lesson == nil {
		return nil
	}
	if slices.Contains(c.lesson.Denied, command.Kind.String()) {
		return fmt.Errorf("the lesson “%s” does without %s; leave the lesson to try it in free play", c.lesson.Title, command.Kind)
	}
	if looks(command.Kind) {
		return nil
	}
	return c.act(viewer)
}

// looks says whether the command only reads: everybody may.
func looks(k event.CommandKind) bool { return k == event.Get || k == event.Watch }

// control is what a viewer says about who acts. It needs mu.
func (c *Class) control(viewer, word string) error {
	p := &c.people
	if p.free {
		return errors.New("everybody acts in free play: there is no control to hold")
	}
	defer c.touch()
	switch word {
	case "ask":
		if viewer != p.holder && !slices.Contains(p.asks, viewer) && p.here[viewer] > 0 {
			p.asks = append(p.asks, viewer)
		}
		return nil
	case "give":
		if viewer != p.holder {
			return errNoControl
		}
		if len(p.asks) == 0 {
			return errors.New("nobody has asked for control")
		}
		p.hand(p.asks[0])
		return nil
	case "take":
		return c.act(viewer)
	}
	return fmt.Errorf("control %q is not known: ask, give or take", word)
}
