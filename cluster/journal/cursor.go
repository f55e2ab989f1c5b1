package journal

import (
	"sort"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Cursor goes forwards through the events that are kept, and those that come. It belongs to one goroutine and holds no lock.
type Cursor struct {
	j      *Journal
	next   uint64        // 0: the oldest
	events []event.Event // decoded ones, of which the rest from next on is to be given
	opened *opened
}

// Walk begins at event from; 0 is the oldest that is kept.
func (j *Journal) Walk(from uint64) *Cursor { return &Cursor{j: j, next: from} }

// Peek gives the next event without going on; nil if it is still to come. It is valid until the next call. The error is *Gone
// or *Damaged.
func (c *Cursor) Peek() (*event.Event, error) {
	run, err := c.run()
	if len(run) == 0 {
		return nil, err
	}
	return &run[0], nil
}

// Next gives the next event and goes on; nil if it is still to come.
func (c *Cursor) Next() (*event.Event, error) {
	e, err := c.Peek()
	if e != nil {
		c.next++
	}
	return e, err
}

// run gives some of the events from next on; none if they are still to come.
func (c *Cursor) run() ([]event.Event, error) {
	if n := len(c.events); n > 0 && c.next >= c.events[0].Seq && c.next <= c.events[n-1].Seq {
		return after(c.events, c.next), nil
	}
	if o := c.opened; o != nil && c.next >= o.chunk.first && c.next <= o.chunk.last {
		return c.read(o)
	}
	seq, at, err := c.j.source(c.next)
	if err != nil {
		return nil, err
	}
	c.next = seq
	switch {
	case at.chunk != nil:
		if c.opened, err = c.j.unpacked.of(at.chunk); err != nil {
			return nil, err
		}
		return c.read(c.opened)
	case at.frame != nil:
		c.events = c.j.decode(at.frame)
	default:
		c.events = at.open
	}
	return after(c.events, c.next), nil
}

func (c *Cursor) read(o *opened) ([]event.Event, error) {
	events, err := o.events(o.frameOf(c.next))
	if err != nil {
		return nil, err
	}
	c.events = events
	return after(c.events, c.next), nil
}

// frameOf is the place of the frame with event seq.
func (o *opened) frameOf(seq uint64) int {
	return sort.Search(len(o.frames), func(i int) bool { return o.frames[i].Last >= seq })
}
