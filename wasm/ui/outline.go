package ui

import (
	"math"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// outline is a soft closed curve around the machines with these numbers, as an SVG path: the points around each that look
// outwards, joined by a closed Catmull-Rom spline. They stand on a convex ring, so in their order they are their own hull.
// Where others stand between two of them the curve is drawn in, so that nobody is inside who does not belong there.
func (r *ring) outline(ids []event.NodeID) string {
	const clear = 16 // between the curve and who is not in it
	radius := r.radius + 22
	var at []int
	for i, id := range r.ids {
		for _, x := range ids {
			if x == id {
				at = append(at, i)
			}
		}
	}
	var around []point
	for i, k := range at {
		next := at[(i+1)%len(at)]
		p, q := r.middle(k), r.middle(next)
		around = append(around, bend(p, r.middle(at[(i+len(at)-1)%len(at)]), q, radius)...)
		gap := q.minus(p)
		way, bulge := gap.unit(), radius+min(gap.length()*0.05, 14)
		for j := (k + 1) % len(r.at); j != next && k != next; j = (j + 1) % len(r.at) {
			if o := r.middle(j).minus(p); o.dot(way) > 0 && o.dot(way) < gap.length() {
				bulge = min(bulge, o.dot(way.left())-r.radius-clear)
			}
		}
		if gap.length() > 3*radius || bulge < radius {
			around = append(around, along(p, q, 0.5).plus(way.left().times(bulge)))
		}
	}
	return spline(around)
}

// middle is the middle of a machine with the words below it.
func (r *ring) middle(i int) point { return r.at[i].plus(point{0, labelled / 4}) }

// dot is how far q goes in the direction of p, times the length of p.
func (p point) dot(q point) float64 { return p.x*q.x + p.y*q.y }

// bend is the arc around one place from where it leaves the neighbour before to where it meets the one after.
func bend(p, before, after point, radius float64) []point {
	from, turn := 0.0, 2*math.Pi
	if before != p || after != p {
		a, b := p.minus(before).unit().left(), after.minus(p).unit().left()
		from = math.Atan2(a.y, a.x)
		turn = math.Mod(math.Atan2(b.y, b.x)-from+4*math.Pi, 2*math.Pi)
	}
	steps := max(int(math.Ceil(turn/(math.Pi/4))), 1)
	var arc []point
	for i := 0; i <= steps; i++ {
		if i == steps && turn == 2*math.Pi {
			break
		}
		t := from + turn*float64(i)/float64(steps)
		arc = append(arc, p.plus(point{math.Cos(t), math.Sin(t)}.times(radius)))
	}
	return arc
}

// spline is a closed Catmull-Rom curve through the points, as cubic Béziers.
func spline(p []point) string {
	n := len(p)
	s := "M" + px(p[0].x) + " " + px(p[0].y)
	for i := range p {
		a, b, c, d := p[(i+n-1)%n], p[i], p[(i+1)%n], p[(i+2)%n]
		third := c.minus(b).length() / 3 // not a sixth of a to c: places lie unevenly, and the curve would loop
		one, two := b.plus(c.minus(a).unit().times(third)), c.minus(d.minus(b).unit().times(third))
		s += "C" + px(one.x) + " " + px(one.y) + " " + px(two.x) + " " + px(two.y) + " " + px(c.x) + " " + px(c.y)
	}
	return s + "Z"
}
