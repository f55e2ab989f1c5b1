package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// The ids of the elements that hold the recording, and the recorder's controls, as the room drew them.
const (
	TimelinePanel = "timeline"
	ControlsPanel = "controls"
)

// timelineWords ask for the drawing of the whole recording. Its width decides which words fit; a little more or less is
// no reason to draw it anew.
func (m *Model) timelineWords() string {
	const grain = 40
	w := m.width - 100
	switch {
	case m.bare || m.width < narrow:
	case m.width >= medium:
		w -= 300
	default:
		w -= 360
	}
	return "timeline " + strconv.Itoa(max(w, 260)/grain*grain)
}

// drawnTape is the recorder as it was last drawn.
type drawnTape struct {
	news uint32       // of inTape
	of   string       // what moves in it
	wall event.Micros // the browser's
	el   *Element
}

// timelineElement is the recorder: its controls, and the whole recording as the room drew it, with what moves over it.
func timelineElement(m *Model) *Element {
	d, news := &m.kept().tape, m.news[inTape]
	// What only grows need not do so in every frame.
	if passed := m.clock.wall - d.wall; d.el != nil && d.news == news && !m.past() && passed >= 0 && passed < leisure {
		return d.el
	}
	t := m.tape
	t.HeadAt = m.head()
	span := float64(t.Span())
	words, at, head := m.placeWords(), share(float64(m.clock.now-t.FirstAt)/span), share(float64(t.HeadAt-t.FirstAt)/span)
	if of := words + at + head; d.el == nil || d.news != news || d.of != of {
		*d = drawnTape{news, of, m.clock.wall, piece("section", "lanes").set("aria-label", m.Say("The recording")).add(
			piece("p", "place").set("id", "tape-place").say(words),
			piece("div", "controls").set("id", ControlsPanel).set("role", "toolbar").set("aria-label", m.Say("Recorder")).raw(m.controls),
			m.sliderElement(words, at, head))}
	}
	return d.el
}

// placeWords say what is looked at.
func (m *Model) placeWords() string {
	if !m.past() {
		return "LIVE"
	}
	at, end, short := spell(m.Language, m.clock.now), spell(m.Language, m.tape.HeadAt), m.width < medium
	switch behind := spell(m.Language, max(m.head()-m.clock.now, 0)); {
	case m.tape.Sealed && short:
		return m.Say("{0} of {1}", at, end)
	case m.tape.Sealed:
		return m.Say("Recording at {0} of {1}", at, end)
	case short:
		return m.Say("{0}, {1} behind LIVE", at, behind)
	default:
		return m.Say("Recording at {0}, {1} behind LIVE", at, behind)
	}
}

// sliderElement is the recording. What moves lies over the room's drawing, which stays as it is.
func (m *Model) sliderElement(words, at, head string) *Element {
	over := piece("svg", "over").set("aria-hidden", "true").add(
		classed("rect", "future").set("x", head).with("width=100%|height=100%"),
		classed("line", "now").set("x1", at).set("x2", at).with("y1=0|y2=100%"),
		classed("circle", "now").set("cx", at).with("cy=5|r=4.5"))
	return piece("div", "tape").set("id", "tape").set("data-scrub", head).
		set("data-hover", "tape").with("role=slider|tabindex=0").set("aria-label", m.Say("Place in the recording")).
		set("aria-valuenow", at[:len(at)-1]).set("aria-valuetext", words).
		add(piece("div", "drawn").set("id", TimelinePanel).raw(m.panelAt("timeline").html), over)
}

// share writes a part of the whole, about as fine as the screen is: what moves by less is not worth a drawing.
func share(x float64) string { return decimal(min(max(x, 0), 1)*100, 1) + "%" }

// dialogElement is what the room drew to stand above everything. static/app.js opens it.
func dialogElement(m *Model) *Element {
	p := m.panelAt("dialog")
	if p.html == "" {
		return nil
	}
	return classed("dialog", "sheet").keyed("dialog").with("id=dialog|aria-labelledby=dialog-title").add(piece("div", "body").raw(p.html))
}

// marks is what to highlight: what the lesson points at, and what the panel at the side rests on.
func (m *Model) marks() string {
	own := m.panelAt("side").marks
	if m.panel() != "node" || own == "" {
		return m.Lesson.Marks
	}
	return trimmed(m.Lesson.Marks + " " + own)
}
