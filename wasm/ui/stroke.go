package ui

// stroke is the way of the pointer across the stage with the scissors.
type stroke struct {
	drawing bool
	from    point
	trail   []point
	cut     []pair // already crossed by this stroke
}

// maxTrail bounds what is drawn of the way.
const maxTrail = 64

// stroked cuts every link that the pointer crosses, each once a stroke, as soon as it is crossed.
func (m *Model) stroked(s Stroked) []Effect {
	k := &m.stroke
	at := point{s.X, s.Y}
	if s.First || !k.drawing {
		*k = stroke{drawing: true, from: at}
	}
	crossed := m.crossed(k.from, at)
	k.from = at
	if k.trail = append(k.trail, at); len(k.trail) > maxTrail {
		k.trail = append([]point(nil), k.trail[1:]...)
	}
	var effects []Effect
	for _, p := range crossed {
		k.cut = append(k.cut, p)
		effects = append(effects, m.run("cut "+p.a.String()+" "+p.b.String())...)
	}
	if s.Done {
		*k = stroke{}
	}
	m.touch(inWires)
	return effects
}

// crossed are the whole links between two places of the pointer that this stroke has not cut yet.
func (m *Model) crossed(from, to point) []pair {
	r := m.ringNow()
	var all []pair
	for i, a := range r.ids {
		for _, b := range r.ids[i+1:] {
			p := pairOf(a, b)
			start, end, _ := r.leg(a, b)
			if cross(from, to, start, end) && !m.stroke.has(p) && !(m.link(a, b).Cut && m.link(b, a).Cut) {
				all = append(all, p)
			}
		}
	}
	return all
}

func (k *stroke) has(p pair) bool {
	for _, x := range k.cut {
		if x == p {
			return true
		}
	}
	return false
}

// cross says whether two segments cross each other.
func cross(a, b, c, d point) bool {
	return side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0
}

// side is negative if p lies to the left of the way from a to b, as one sees it on the screen.
func side(a, b, p point) float64 { return (b.x-a.x)*(p.y-a.y) - (b.y-a.y)*(p.x-a.x) }
