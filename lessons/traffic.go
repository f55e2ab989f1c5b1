package lessons

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// A step with traffic has clients in its room: one of its lines is asked every trafficEvery of the room's time, in turn and
// without waiting for the one before, as long as the step is open, but at most trafficMost times: a learner who goes
// away must not fill the disk.
const (
	trafficEvery event.Micros = 200_000
	trafficMost  int          = 3000
)

// traffic begins what step i keeps asking for. It needs mu.
func (c *Class) traffic(i int) {
	r := c.run
	a := &r.steps[i]
	if len(a.step.Traffic) == 0 || a.asking {
		return
	}
	a.asking = true
	c.going.Go(func() {
		for k := range trafficMost {
			if c.until(r, trafficEvery, func(*view.State) bool { return false }) != nil || !c.wants(r, i) {
				return
			}
			c.request(r, i, &a.step.Traffic[k%len(a.step.Traffic)])
		}
	})
}

// wants says whether step i is still open.
func (c *Class) wants(r *run, i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run == r && !r.steps[i].done
}

// request asks once. How it ended is a fact that checks look at (an answered event), and no trouble of the lesson.
func (c *Class) request(r *run, i int, line *Line) {
	s := c.room.State()
	c.mu.Lock()
	f := *r.facts(&r.steps[i], &s)
	c.mu.Unlock()
	if command, err := line.Command(&f); err == nil {
		_ = c.give(r, command, true)
	}
}
