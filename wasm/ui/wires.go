package ui

import (
	"math"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// wiresElement are the outlines and the links under the nodes.
func wiresElement(m *Model) *Element {
	links := piece("g", "links")
	r := m.ringNow()
	for i, a := range r.ids {
		for _, b := range r.ids[i+1:] {
			links.add(m.linkElement(pairOf(a, b)))
		}
	}
	return piece("g", "wires").add(outlinesElement(m), links)
}

// linkElement is one link with its marks. data-cut tells from the first node's side: out is its way to the other.
func (m *Model) linkElement(p pair) *Element {
	r := m.ringNow()
	from, to, ok := r.leg(p.a, p.b)
	if !ok {
		return nil
	}
	out, in := m.link(p.a, p.b), m.link(p.b, p.a)
	cut := cutWord(out.Cut, in.Cut)
	slow, lossy := m.slower(out) || m.slower(in), out.Loss|in.Loss|out.Duplicate|in.Duplicate != 0
	class := "link" + switched(cut == "both", " cut", "") + switched(cut == "out" || cut == "in", " oneway", "") +
		switched(slow, " slow", "") + switched(lossy, " lossy", "") + switched(m.picked.link == p, " picked", "")
	name, words := p.String(), m.bothManners(p, out, in)
	g := classed("g", class).keyed(name).set("id", "link-"+name).set("data-link", name).set("data-cut", cut).
		set("data-action", "link").set("data-arg", name).set("data-hover", "link:"+name).
		set("tabindex", switched(out == event.Link{} && in == event.Link{}, "-1", "0")).set("role", "button").
		set("aria-label", m.Say("Link between {0} and {1}: {2}", p.a.String(), p.b.String(), words))
	g.add(line("hit", from, to), line("wire", from, to))
	switch {
	case cut == "both":
		g.add(snip(along(from, to, 0.5)))
	case cut == "out":
		g.add(snip(along(from, to, snipAt)), arrowhead(to, from, 0.42))
	case cut == "in":
		g.add(snip(along(to, from, snipAt)), arrowhead(from, to, 0.42))
	}
	g.add(gateBar(from, to, out.Hold), gateBar(to, from, in.Hold))
	if m.hover == "link:"+name || m.picked.link == p {
		g.add(m.pill(along(from, to, 0.5), words))
	} else if (slow || lossy || out.Delay|in.Delay != 0) && cut != "both" {
		const room = 20 // bytes of words that stand at a link always
		g.add(m.pill(along(from, to, 0.5), switched(len(words) < room && !m.crowded(), words, "≈")))
	}
	return g
}

// slower says whether messages take longer than over a link as it is by default, which takes a delay of its own into account:
// in a room whose time is slow that may well be less.
func (m *Model) slower(l event.Link) bool {
	return l.Delay > m.State.Delay || l.Jitter != 0 || l.Slow > event.One
}

func cutWord(out, in bool) string {
	switch {
	case out && in:
		return "both"
	case out:
		return "out"
	case in:
		return "in"
	}
	return ""
}

// bothManners say how a link behaves in its two directions.
func (m *Model) bothManners(p pair, out, in event.Link) string {
	if out == in {
		return manner(m.Language, out)
	}
	return m.Say("to {0}: {1}; to {2}: {3}", p.b.String(), manner(m.Language, out), p.a.String(), manner(m.Language, in))
}

func line(class string, a, b point) *Element {
	return classed("line", class).set("x1", px(a.x)).set("y1", px(a.y)).set("x2", px(b.x)).set("y2", px(b.y))
}

func moved(e *Element, p point) *Element {
	return e.set("transform", "translate("+px(p.x)+" "+px(p.y)+")")
}

// snip is the mark of a cut.
func snip(p point) *Element {
	return moved(classed("g", "snip"), p).add(tag("circle").set("r", "8"), tag("path").set("d", "M-3.2-3.2 3.2 3.2M-3.2 3.2 3.2-3.2"))
}

// arrowhead shows the direction that still works.
func arrowhead(from, to point, at float64) *Element {
	p, way := along(from, to, at), to.minus(from).unit()
	turn := math.Atan2(way.y, way.x) * 180 / math.Pi
	return classed("path", "works").set("d", "M-6-6 7 0-6 6Z").
		set("transform", "translate("+px(p.x)+" "+px(p.y)+") rotate("+px(turn)+")")
}

// gateBar is a closed gate, at the sender's end of a direction.
func gateBar(from, to point, closed bool) *Element {
	if !closed {
		return nil
	}
	way := to.minus(from).unit()
	p := along(from, to, gateAt).plus(way.times(17))
	return line("gate", p.plus(way.left().times(-3)), p.plus(way.left().times(22)))
}

// pill is words on the stage, never beyond its edges.
func (m *Model) pill(p point, words string) *Element {
	w := float64(len([]rune(words)))*6.3 + 14
	p.x = min(max(p.x, w/2), max(m.ring.w-w/2, w/2))
	return moved(classed("g", "pill"), p).add(
		tag("rect").set("x", px(-w/2)).set("y", "-10").set("width", px(w)).with("height=20|rx=10"),
		tag("text").set("y", "4").say(words))
}
