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
	legs   []leg // from each to each, by their places in ids: row after row
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
	beside := m.wordsBeside(w)
	reach := min((w-beside)/2-side, ry*most*wide)
	middle := max(w/2, beside+side+reach)
	for i, p := range unit {
		r.ids, r.at = append(r.ids, m.State.Nodes[i].ID), append(r.at, point{middle + p.x*reach/wide, top + ry*(1+p.y)})
	}
	return r
}

// wordsBeside is the room left of the ring for the words about its outlines: above so many machines there is none. app.css
// keeps the words inside.
func (m *Model) wordsBeside(w float64) float64 {
	if !m.crowded() || w <= headed && !m.large {
		return 0
	}
	return 150
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
		m.ring.join()
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

// lowest is how high the page is at least, unless it is narrow: in a lower window it scrolls, and nobody's picture is crushed.
// app.css has the same.
func (m *Model) lowest() int {
	switch n := len(m.State.Nodes); {
	case m.bare:
		return 0
	case m.crowded():
		return 880
	case n > 5:
		return 780
	}
	return 720
}

// headed is the width of the stage up to which its words and tools stand above it.
const headed = 660

// stageSize is about what app.css leaves for the stage, so that a unit of the viewBox is about a pixel; for a projector it is
// drawn larger by a quarter.
func (m *Model) stageSize() (w, h float64) {
	wide, high, lowest, n := m.width, m.height, m.lowest(), len(m.State.Nodes)
	logs, lanes := 62+26*n, 122+15*n
	if m.crowded() {
		logs, lanes = 62+21*n, 122+12*n
	}
	switch {
	case m.bare:
		high -= lanes
	case m.width < narrow:
		wide = max(wide, 320)
		high = min((wide*(78+10*max(n-5, 0))+50)/100, 440)
	case m.large:
		if !m.past() { // who looks at LIVE does without the recorder there
			lanes = 0
		}
		beside := 690
		if m.width < medium {
			beside = 360
		}
		wide, high = (wide-beside)*4/5, (high-84-lanes)*4/5-logs
	default:
		wide -= 672
		if m.width < medium {
			wide += 312
			lanes += 28
		}
		if wide <= headed {
			high -= 42
		}
		high = max(high, lowest) - 48 - logs - lanes
	}
	return float64(max(wide, 320)), float64(max(high, 300))
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
