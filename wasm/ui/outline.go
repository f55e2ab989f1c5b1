package ui

import "math"

// outline is a soft closed curve around the places, as an SVG path: the points around each place that look
// outwards, joined by a closed Catmull-Rom spline.
func outline(places []point, radius float64) string {
	hull := convex(places)
	var around []point
	for i, p := range hull {
		before, after := hull[(i+len(hull)-1)%len(hull)], hull[(i+1)%len(hull)]
		around = append(around, bend(p, before, after, radius)...)
		if gap := after.minus(p); gap.length() > 3*radius {
			around = append(around, along(p, after, 0.5).plus(gap.unit().left().times(radius+min(gap.length()*0.05, 14))))
		}
	}
	return spline(around)
}

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

// convex is the hull of the places, clockwise on the screen (gift wrapping: there are nine at most).
func convex(places []point) []point {
	if len(places) < 3 {
		return places
	}
	first := 0
	for i, p := range places {
		if p.x < places[first].x || p.x == places[first].x && p.y < places[first].y {
			first = i
		}
	}
	var hull []point
	for at := first; ; {
		hull = append(hull, places[at])
		next := (at + 1) % len(places)
		for i, p := range places {
			if side(places[at], places[next], p) < 0 {
				next = i
			}
		}
		if at = next; at == first || len(hull) == len(places) {
			return hull
		}
	}
}

// side is negative if p lies to the left of the way from a to b, as one sees it on the screen.
func side(a, b, p point) float64 { return (b.x-a.x)*(p.y-a.y) - (b.y-a.y)*(p.x-a.x) }

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
