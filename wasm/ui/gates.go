package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/view"
)

// waitingShown is how many held messages of one direction stand at its gate; the others are a number.
const waitingShown = 4

// gatesElement are the held messages, each to be clicked, in their order behind their gates.
func gatesElement(m *Model) *Element {
	g := piece("g", "gates").set("role", "group").set("aria-label", m.Say("Messages that wait at gates"))
	r := m.ringNow()
	before := map[way]int{}
	for i := range m.State.Messages {
		msg := &m.State.Messages[i]
		if !msg.Held {
			continue
		}
		from, to, ok := r.leg(msg.From, msg.To)
		if !ok {
			continue
		}
		w := way{from: msg.From, to: msg.To}
		n := before[w]
		before[w]++
		across := to.minus(from).unit().left()
		p := along(from, to, gateAt).plus(across.times(lane + 6 + float64(n)*24))
		if n < waitingShown {
			g.add(m.waitingElement(msg, p))
		} else if n == waitingShown {
			g.add(moved(classed("text", "sub"), p).keyed("more" + w.from.String() + w.to.String()).say("…"))
		}
	}
	if len(g.Kids) == 0 {
		return nil
	}
	return g
}

// waitingElement is one held message: a button in the shape that it has in flight.
func (m *Model) waitingElement(msg *view.Message, p point) *Element {
	id, look := strconv.FormatUint(msg.ID, 10), lookOf(msg)
	class := "waiting c" + strconv.Itoa(int(look.colour)) + switched(msg.Reply, " reply", "") + switched(m.picked.message == msg.ID, " picked", "")
	g := moved(classed("g", class), p).keyed(id).set("data-message", id).set("data-action", "message").set("data-arg", id).
		set("data-hover", "message:"+id).with("tabindex=0|role=button").
		set("aria-label", spoken(look)+m.Say("{0}, waits from {1} to {2}", named(m.Language, msg), msg.From.String(), msg.To.String()))
	g.add(classed("circle", "hit").set("r", "12"))
	return g.add(shapeElements(look)...)
}

// spoken is what stands in a message: its name begins with that, so that it can be spoken to (WCAG 2.5.3, Label in Name).
func spoken(l look) string {
	if l.label == "" || l.mark != NoMark {
		return ""
	}
	return l.label + " – "
}

// shapeElements draw a look: the same shapes as on the canvas.
func shapeElements(l look) []*Element {
	if l.mark != NoMark {
		d := "M-4 .2l2.8 2.8 5-5.6"
		if l.mark == Cross {
			d = "M-3.2-3.2 3.2 3.2M-3.2 3.2 3.2-3.2"
		}
		return []*Element{tag("circle").set("r", "8.5"), classed("path", "mark").set("d", d)}
	}
	switch l.shape {
	case Block:
		w := max(float64(len([]rune(l.label)))*6.6+12, 24)
		return []*Element{tag("rect").set("x", px(-w/2)).set("y", "-9").set("width", px(w)).with("height=18|rx=5"),
			classed("text", "ink").set("y", "4").say(l.label)}
	case Ballot:
		w := max(float64(len(l.label))*6.6+8, 18)
		return []*Element{tag("path").set("d", "M"+px(-w/2)+"-8H"+px(w/2-5)+"l5 5V8H"+px(-w/2)+"Z"), classed("text", "ink").set("y", "4").say(l.label)}
	case Cylinder:
		return []*Element{tag("path").set("d", "M-7-6c0-4 14-4 14 0V6c0 4-14 4-14 0Z"), classed("path", "mark").set("d", "M-7-6c0 4 14 4 14 0")}
	case Arrow:
		return []*Element{tag("path").set("d", "M-6-7 8 0-6 7-2.5 0Z")}
	case Letter:
		return []*Element{tag("path").set("d", "M-9-6H9V6H-9Z"), classed("path", "mark").set("d", "M-9-6 0 1 9-6")}
	case Dot:
	}
	return []*Element{tag("circle").set("r", "5")}
}
