package conductor

import (
	"container/heap"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// alarm is a call at a virtual time outside all worlds: a client's deadline.
type alarm struct {
	due   event.Micros
	do    func()
	place int // in the heap; below 0 of one that is no longer in it
}

type alarms []*alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].due < a[j].due }

func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}

func (a *alarms) Push(x any) {
	x.(*alarm).place = len(*a)
	*a = append(*a, x.(*alarm))
}

func (a *alarms) Pop() any {
	o := *a
	x := o[len(o)-1]
	x.place = -1
	o[len(o)-1] = nil
	*a = o[:len(o)-1]
	return x
}

// After calls do when d of the room's time has passed, unless stop is called before. It runs with the conductor locked and must not
// block; stop must not be called inside it.
func (c *Conductor) After(d event.Micros, do func()) (stop func()) {
	drop := c.Deadline(d, do)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		drop()
	}
}

// Deadline is After for callers that hold the conductor's lock when they drop it: drop may be called only there.
func (c *Conductor) Deadline(d event.Micros, do func()) (drop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{due: c.now + d, do: do}
	heap.Push(&c.alarms, a)
	return func() {
		if a.place >= 0 {
			heap.Remove(&c.alarms, a.place)
		}
	}
}

// Alarms is how many calls are still to come, for who has to see that none is left behind.
func (c *Conductor) Alarms() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.alarms)
}

func (c *Conductor) ring() {
	for len(c.alarms) > 0 && c.alarms[0].due <= c.now {
		heap.Pop(&c.alarms).(*alarm).do()
	}
}
