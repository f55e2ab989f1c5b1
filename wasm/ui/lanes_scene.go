package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Sizes in the lanes, in CSS pixels.
const (
	laneTop   = 18 // room for the flags' words
	opsHeight = 12
	letter    = 5.6 // about the width of a letter
)

// lanePitch is from one lane to the next.
func (m *Model) lanePitch() int {
	if m.crowded() {
		return 13
	}
	return 17
}

// maxBars bounds the client operations that are drawn.
const maxBars = 80

// drawnLanes keeps the lanes' content and the shift that it was drawn at.
type drawnLanes struct {
	news  uint32
	shift int
	scale float64
	el    *Element
}

// lanesElement is the recent past, its right edge is now. Its content stands still in the room's time and is
// shifted as a whole, by whole pixels.
func lanesElement(m *Model) *Element {
	c, d := m.kept(), &m.kept().lanes
	scale := m.laneScale()
	shift := int(float64(m.clock.now-m.lanes.from) * scale)
	if d.el != nil && d.news == m.news[inLanes] && d.shift == shift && d.scale == scale {
		return d.el
	}
	l := laneDrawing{m: m, pitch: m.lanePitch(), scale: scale, shift: shift, width: m.laneWidth()}
	c.lanes = drawnLanes{m.news[inLanes], shift, scale, l.element()}
	return c.lanes.el
}

// laneWidth is about what app.css leaves for the lanes.
func (m *Model) laneWidth() float64 {
	w := m.width - 100
	switch {
	case m.width >= medium:
		w -= 300
	case m.width >= narrow:
		w -= 360
	}
	return float64(max(w, 260))
}

// laneSpans are how much of the viewer's time the lanes show; they start short, so that they soon fill.
var laneSpans = [...]event.Micros{15_000_000, 30_000_000, 60_000_000, 90_000_000}

// laneScale is pixels per virtual microsecond.
func (m *Model) laneScale() float64 {
	rate := m.State.Rate
	if rate == 0 {
		rate = m.State.Thawed
	}
	speed := max(rate.Float(), leastRate.Float())
	told, span := m.clock.now-m.lanes.from, 0.0
	for _, s := range laneSpans {
		if span = float64(s) * speed; float64(told) < span {
			break
		}
	}
	return m.laneWidth() / span
}

type laneDrawing struct {
	m     *Model
	pitch int
	scale float64
	shift int
	width float64
}

// x is the place of a virtual instant in the content.
func (l *laneDrawing) x(at event.Micros) float64 { return float64(at-l.m.lanes.from) * l.scale }

// left is the content's x at the left edge of what is seen.
func (l *laneDrawing) left() float64 { return float64(l.shift) - l.width }

func (l *laneDrawing) element() *Element {
	rows := len(l.m.lanes.nodes)
	height := laneTop + rows*l.pitch + opsHeight + 6
	labels := classed("svg", "names").set("aria-hidden", "true").set("height", strconv.Itoa(height))
	inner := tag("g").set("transform", "translate("+strconv.Itoa(-l.shift)+" 0)")
	for i := range l.m.lanes.nodes {
		y := laneTop + i*l.pitch
		lane := &l.m.lanes.nodes[i]
		labels.add(laneName(lane.id.String(), y+l.pitch-7))
		inner.add(l.spans(lane, y))
	}
	labels.add(laneName("requests", laneTop+rows*l.pitch+opsHeight-2))
	inner.add(l.bars(laneTop+rows*l.pitch+2), l.flags(height))
	moving := classed("svg", "moving").set("x", "100%").set("overflow", "visible").add(inner)
	return classed("section", "lanes").keyed("lanes").set("aria-label", "The last minutes: roles, faults and requests").add(labels,
		classed("svg", "past").set("id", "lanes").set("role", "img").set("aria-label", "Roles of the machines over the last minutes").
			set("height", strconv.Itoa(height)).add(moving))
}

func laneName(name string, y int) *Element {
	return classed("text", "ln").set("x", "0").set("y", strconv.Itoa(y)).say(name)
}

// spans are a node's roles. The last one reaches beyond the edge: it goes on.
func (l *laneDrawing) spans(lane *laneOf, y int) *Element {
	g := tag("g").keyed(lane.id.String())
	for i := range lane.spans {
		s := &lane.spans[i]
		from, to := l.x(s.from), float64(l.shift)+l.width
		open := i == len(lane.spans)-1
		if !open {
			to = l.x(lane.spans[i+1].from)
		}
		if to < l.left() {
			continue
		}
		key := strconv.FormatInt(int64(s.from), 36)
		bar := classed("rect", "span "+laneNames[s.state]).keyed(key).set("x", px(from)).set("y", strconv.Itoa(y)).
			set("height", strconv.Itoa(l.pitch-4)).set("rx", "3")
		if open {
			bar.set("width", "100000")
		} else {
			bar.set("width", px(max(to-from-0.5, 1)))
		}
		g.add(bar)
		g.add(l.label(s, max(from, l.left()), min(to, float64(l.shift)), y, key))
	}
	return g
}

// label says what a span is, where it fits.
func (l *laneDrawing) label(s *stretch, from, to float64, y int, key string) *Element {
	words := ""
	switch s.state {
	case laneLeader:
		words = "leader · term " + number(s.term)
	case laneCandidate:
		words = "t" + number(s.term)
	case laneDown:
		words = "down"
	case laneStill:
		words = "stands still"
	case laneFollower:
	}
	if words == "" || float64(len(words))*letter+10 > to-from {
		return nil
	}
	return classed("text", "spt").keyed("w"+key).set("x", strconv.Itoa(int(from)+6)).set("y", strconv.Itoa(y+l.pitch-7)).say(words)
}

// bars are client operations: from asked to answered; an unknown one has no end.
func (l *laneDrawing) bars(y int) *Element {
	g := classed("g", "ops").keyed("ops")
	drawn := 0
	for i := len(l.m.State.Ops) - 1; i >= 0 && drawn < maxBars; i-- {
		op := &l.m.State.Ops[i]
		if !op.Kind.Client() || op.Kind == event.LeaseKeepAlive || op.Outcome != event.Pending && l.x(op.Answered) < l.left() {
			continue
		}
		drawn++
		g.add(l.bar(op, y+int(op.ID%2)*5))
	}
	return g
}

func (l *laneDrawing) bar(op *view.Op, y int) *Element {
	from, width := l.x(op.Asked), "100000"
	if op.Outcome == event.OK || op.Outcome == event.Failed {
		width = px(max(l.x(op.Answered)-from, 3))
	}
	return classed("rect", "op "+op.Outcome.String()).keyed(number(op.ID)).set("x", px(from)).set("y", strconv.Itoa(y)).
		set("width", width).set("height", "4").set("rx", "2")
}

// flags are faults and their ends. Words are left out where they would run into one another.
func (l *laneDrawing) flags(height int) *Element {
	g := classed("g", "flags").keyed("flags")
	free := -1e9
	for _, f := range l.m.lanes.flags {
		x := l.x(f.at)
		if x < l.left() {
			continue
		}
		at := strconv.FormatInt(int64(f.at), 36)
		g.add(classed("line", switched(f.bad, "flag bad", "flag")).keyed(at).set("x1", px(x)).set("x2", px(x)).set("y1", "4").
			set("y2", strconv.Itoa(height)))
		if x > free {
			g.add(classed("text", "flt").keyed("w"+at).set("x", px(x+4)).set("y", "12").say(f.text))
			free = x + float64(len(f.text))*letter + 12
		}
	}
	return g
}
