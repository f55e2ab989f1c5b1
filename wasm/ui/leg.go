package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// leg is the line from one node's edge to another's.
type leg struct {
	from, way point // where it begins, and what leads from there to its end
	aside     point // what leads from the line to the lane of its messages
}

// lane is where a message is that has come so far, 0 to 1.
func (l *leg) lane(at float64) point {
	return point{l.from.x + l.way.x*at + l.aside.x, l.from.y + l.way.y*at + l.aside.y}
}

// join draws the legs.
func (r *ring) join() {
	for _, p := range r.at {
		for _, q := range r.at {
			unit := q.minus(p).unit()
			edge := unit.times(r.radius + 7)
			from := p.plus(edge)
			r.legs = append(r.legs, leg{from, q.minus(edge).minus(from), unit.left().times(lane)})
		}
	}
}

// index is where a machine is among ids; -1 if it is not in the ring.
func (r *ring) index(id event.NodeID) int {
	for i, x := range r.ids {
		if x == id {
			return i
		}
	}
	return -1
}

// between is the leg from one node to another; nil if one of them is not in the ring.
func (r *ring) between(from, to event.NodeID) *leg {
	i, j := r.index(from), r.index(to)
	if i < 0 || j < 0 {
		return nil
	}
	return &r.legs[i*len(r.ids)+j]
}

// leg is the line from one node's edge to another's.
func (r *ring) leg(from, to event.NodeID) (a, b point, ok bool) {
	if l := r.between(from, to); l != nil {
		return l.from, l.from.plus(l.way), true
	}
	return a, b, false
}
