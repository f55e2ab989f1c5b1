package lessons

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Room is what a class does to the room that it is held in.
type Room interface {
	Do(context.Context, event.Command) event.Result
	State() view.State
	// Stage empties the room and prepares it for the lesson.
	Stage(*Lesson) error
}

// FreePlay is the lesson that is open where no other is.
const FreePlay = "play"

// ClassOptions of a class. Library must be set.
type ClassOptions struct {
	Library *Library
	File    string           // keeps the progress; "": it is not kept
	Now     func() time.Time // nil: the machine's clock
	Warn    func(error)      // the progress could not be written; nil: nobody cares
}

// Class is a lesson being taken in a room by everybody who watches it. It judges the steps by the facts that come to
// Fold, and by nothing else. Its methods are safe for concurrent use.
type Class struct {
	o       ClassOptions
	ctx     context.Context // ends with the class
	cancel  context.CancelFunc
	going   sync.WaitGroup // what the lesson does itself, and the keeping of the progress
	staging sync.Mutex     // one lesson is opened at a time; taken before mu
	claims  sync.Mutex     // one command of the lesson is recognised at a time; taken before mu

	mu      sync.Mutex // never held while the room is asked for something: the room calls Fold
	room    Room
	library *Library
	lesson  *Lesson
	run     *run // nil while no lesson is judged: before Enter, and while the room is staged
	people  people
	waiters []*waiter
	now     event.Micros // of the room
	claimed *claim
	trouble string
	said    string
	changed chan struct{}
	unsaved chan struct{} // capacity 1
}

// NewClass is a class without a room; call Enter.
func NewClass(o ClassOptions) *Class {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Warn == nil {
		o.Warn = func(error) {}
	}
	c := &Class{o: o, library: o.Library, changed: make(chan struct{}), unsaved: make(chan struct{}, 1)}
	c.people = newPeople()
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Enter takes the class into its room: it goes on where the progress file says, or opens the lesson first for a room
// that has been prepared for it; "" is FreePlay. An unknown lesson leaves free play and a sentence.
func (c *Class) Enter(room Room, first string) error {
	if first == "" {
		first = FreePlay
	}
	saved, err := c.load()
	if err != nil {
		c.o.Warn(err)
	}
	c.mu.Lock()
	c.room = room
	c.mu.Unlock()
	if c.o.File != "" {
		c.going.Go(c.keep)
	}
	if saved != nil && c.resume(saved) {
		return nil
	}
	l := c.library.Lesson(first)
	if l == nil {
		c.complain(fmt.Sprintf("There is no lesson %q here any more.", first))
		if l = c.library.Lesson(FreePlay); l == nil {
			return fmt.Errorf("the library has no lesson %q, which every room begins with", FreePlay)
		}
	}
	c.begin(l)
	return nil
}

// Open stages a lesson in the room and begins it. When the room cannot be prepared the class is left in free play
// with a sentence.
func (c *Class) Open(id string) error {
	c.staging.Lock()
	defer c.staging.Unlock()
	if err := c.ctx.Err(); err != nil {
		return errors.New("the room is closing")
	}
	l, err := c.find(id)
	if err != nil {
		return err
	}
	c.stop()
	if !l.AnyOrder {
		if err := c.room.Stage(l); err != nil {
			c.complain(fmt.Sprintf("The room could not be prepared for “%s”: %v.", l.Title, err))
			c.begin(c.library.Lesson(FreePlay))
			return err
		}
		c.complain("")
	}
	c.begin(l)
	return nil
}

// find looks for a lesson in the library as its files are now.
func (c *Class) find(id string) (*Lesson, error) {
	c.mu.Lock()
	library := c.library
	c.mu.Unlock()
	fresh, err := library.Fresh()
	if err != nil {
		fresh = library // the old one is better than none; whoever edits is told
		c.complain(err.Error())
	}
	l := fresh.Lesson(id)
	if l == nil {
		return nil, fmt.Errorf("there is no lesson %q; /lessons lists them all", id)
	}
	c.mu.Lock()
	c.library = fresh
	c.mu.Unlock()
	return l, nil
}

// begin opens a lesson in the room as it is.
func (c *Class) begin(l *Lesson) {
	s := c.room.State()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endRun()
	c.lesson, c.now = l, s.At
	c.run = newRun(c, l, momentOf(&s))
	c.people.begin(l)
	c.said = l.Title
	c.openNext(&s)
	c.touch()
}

// stop ends the judging, as before the room is staged.
func (c *Class) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endRun()
	c.touch()
}

// endRun ends what the lesson does itself. It needs mu.
func (c *Class) endRun() {
	if c.run != nil {
		c.run.cancel()
		c.run = nil
	}
	c.claimed = nil
}

func (c *Class) complain(sentence string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.trouble = sentence
	c.touch()
}

// Changed is closed when some panel may have changed.
func (c *Class) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// tell wakes who waits for a change. It needs mu.
func (c *Class) tell() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// touch tells that something changed that is to be kept. It needs mu.
func (c *Class) touch() {
	c.tell()
	select {
	case c.unsaved <- struct{}{}:
	default: // one is enough
	}
}

// Lesson is the open lesson, nil before Enter.
func (c *Class) Lesson() *Lesson {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lesson
}

// Close ends the class and keeps its progress.
func (c *Class) Close() error {
	c.mu.Lock()
	if c.run != nil {
		c.run.cancel()
	}
	c.mu.Unlock()
	c.cancel()
	c.going.Wait()
	return c.save()
}
