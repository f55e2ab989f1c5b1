package ui

import (
	"math"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Widths of the window, in CSS pixels, at which the page changes its shape; app.css has the same.
const (
	narrow = 760  // below: one column, stage first
	medium = 1180 // below: two columns, the lesson is a tab
)

// point is a place on the stage in its viewBox.
type point struct{ x, y float64 }

func (p point) plus(q point) point      { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point     { return point{p.x - q.x, p.y - q.y} }
func (p point) times(f float64) point   { return point{p.x * f, p.y * f} }
func (p point) length() float64         { return math.Hypot(p.x, p.y) }
func (p point) left() point             { return point{p.y, -p.x} }
func along(a, b point, f float64) point { return a.plus(b.minus(a).times(f)) }

// unit is the direction of p; of nothing it is to the right.
func (p point) unit() point {
	if l := p.length(); l > 0 {
		return p.times(1 / l)
	}
	return point{1, 0}
}

// ring is where everything stands on the stage. One unit is about one CSS pixel, so that text has the size
// that people read.
type ring struct {
	w, h   float64
	radius float64 // of a node
	ids    []event.NodeID
	at     []point
}

// labelled is the room below a node for its words.
const labelled = 30

// ringOf places the machines evenly, the first one on top. One stands in the middle.
func (m *Model) ringOf() ring {
	w, h := m.stageSize()
	n := len(m.State.Nodes)
	r := ring{w: w, h: h, radius: radiusFor(min(w, h), n)}
	top, side := r.radius+26, r.radius+32
	bottom := h - r.radius - labelled - 16
	unit, most := around(n), 1.5
	if m.crowded() {
		most = 2.4
		unit = spread(n, min(most, (w/2-side)*2/(bottom-top)))
	}
	low, wide := -1.0, 0.0
	for _, p := range unit {
		low, wide = max(low, p.y), max(wide, p.x)
	}
	if n == 1 {
		unit[0], low = point{}, 1
	}
	wide = max(wide, 0.1)
	ry := (bottom - top) / (1 + low)
	rx := min(w/2-side, ry*most*wide) / wide
	for i, p := range unit {
		r.ids, r.at = append(r.ids, m.State.Nodes[i].ID), append(r.at, point{w/2 + rx*p.x, top + ry*(1+p.y)})
	}
	return r
}

// ringNow is the ring, laid out anew only when the machines or the window have changed.
func (m *Model) ringNow() *ring {
	w, h := m.stageSize()
	same := m.ring.w == w && m.ring.h == h && len(m.ring.ids) == len(m.State.Nodes)
	for i := 0; same && i < len(m.ring.ids); i++ {
		same = m.ring.ids[i] == m.State.Nodes[i].ID
	}
	if !same {
		m.ring = m.ringOf()
	}
	return &m.ring
}

// around are n places on a circle of radius 1, clockwise from the top.
func around(n int) []point {
	all := make([]point, n)
	for i := range all {
		turn := 2 * math.Pi * float64(i) / float64(n)
		all[i] = point{math.Sin(turn), -math.Cos(turn)}
	}
	return all
}

// spread are n places like those of around, but as far from one another along an ellipse that is so much wider than high as
// they are on the whole: on a flat ring even angles would have those at its sides touch.
func spread(n int, wide float64) []point {
	const steps = 360
	var run [steps + 1]float64 // the way from the top
	for i := range steps {
		sin, cos := math.Sincos(2 * math.Pi * (float64(i) + 0.5) / steps)
		run[i+1] = run[i] + math.Hypot(wide*cos, sin)
	}
	all, at := make([]point, n), 0
	for i := range all {
		for run[at] < run[steps]*float64(i)/float64(n) {
			at++
		}
		turn := 2 * math.Pi * float64(at) / steps
		all[i] = point{math.Sin(turn), -math.Cos(turn)}
	}
	return all
}

func radiusFor(space float64, nodes int) float64 {
	share := 0.083
	if nodes > 6 {
		share = 0.068
	}
	return min(max(space*share, 25), 54)
}

// In a window that is lower than lowest and not narrow the page is as high as rolling, and scrolls; app.css has the same.
const lowest, rolling = 640, 760

// headed is the width of the stage up to which its words and tools stand above it.
const headed = 660

// stageSize is about what app.css leaves for the stage, so that a unit of the viewBox is about a pixel.
func (m *Model) stageSize() (w, h float64) {
	w, h = float64(m.width), float64(m.height)
	if h < lowest {
		h = rolling
	}
	below := m.logHeight() + m.lanesHeight() + 30
	switch {
	case m.width < narrow:
		w = max(w, 320)
		h = min(max(w*(0.78+0.1*max(float64(len(m.State.Nodes)-5), 0)), 300), 440)
	case m.width < medium:
		w, h = w-360, h-48-28-below
	default:
		w, h = w-300-372, h-48-below
	}
	if m.width >= narrow && w <= headed {
		h -= 42
	}
	return math.Round(max(w, 320)), math.Round(max(h, 300))
}

// logHeight is about how much of the window the log takes.
func (m *Model) logHeight() float64 {
	n := float64(len(m.State.Nodes))
	if m.crowded() {
		return 62 + 21*n
	}
	return 62 + 26*n
}

// lanesHeight is about how much of the window the recorder takes, with its controls.
func (m *Model) lanesHeight() float64 {
	n := float64(len(m.State.Nodes))
	if m.crowded() {
		return 92 + 12*n
	}
	return 92 + 15*n
}

// crowded says whether there are so many machines that each gets less room.
func (m *Model) crowded() bool { return len(m.State.Nodes) > 6 }

// place is where a machine stands; false if it is not in the ring.
func (r *ring) place(id event.NodeID) (point, bool) {
	for i, x := range r.ids {
		if x == id {
			return r.at[i], true
		}
	}
	return point{}, false
}

// leg is the line from one node's edge to another's.
func (r *ring) leg(from, to event.NodeID) (a, b point, ok bool) {
	p, one := r.place(from)
	q, two := r.place(to)
	if !one || !two {
		return a, b, false
	}
	way := q.minus(p).unit().times(r.radius + 7)
	return p.plus(way), q.minus(way), true
}
