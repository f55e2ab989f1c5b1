package conductor

import (
	"container/heap"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// alarm is a call at a virtual time outside all worlds: a client's deadline.
type alarm struct {
	due event.Micros
	do  func()
}

type alarms []alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].due < a[j].due }
func (a alarms) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *alarms) Push(x any)        { *a = append(*a, x.(alarm)) }
func (a *alarms) Pop() any {
	o := *a
	x := o[len(o)-1]
	o[len(o)-1] = alarm{}
	*a = o[:len(o)-1]
	return x
}

// After calls do when d of the room's time has passed. It runs with the conductor locked and must not block.
func (c *Conductor) After(d event.Micros, do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	heap.Push(&c.alarms, alarm{c.now + d, do})
}

func (c *Conductor) ring() {
	for len(c.alarms) > 0 && c.alarms[0].due <= c.now {
		heap.Pop(&c.alarms).(alarm).do()
	}
}
