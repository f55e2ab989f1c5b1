package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// cache keeps what Scene drew, so that what did not change is the same pointer again.
type cache struct {
	made    [allSections]uint32 // the news that a section was drawn for, plus one
	parts   [allSections]*Element
	nodes   map[string]drawnNode
	cells   map[cellAt]drawnCell
	window  window   // of the log that was drawn last
	shift   uint64   // of its columns' keys against their indexes
	blank   *Element // a cell of the log in which nothing is: all of them are the same
	legends []*Element
	feed    drawnFeed
	tape    drawnTape
	flood   flood
	flights []flight         // room for those of the next frame
	crowds  map[uint64]crowd // the same

	tools     *Element
	toolsLook string // what they were drawn for

	logs   uint32 // the news of the logs that the outlines are drawn for
	groups string // what they were drawn for
}

// Scene is the whole page inside its body. Sections that nothing concerned are the same pointers as before.
func Scene(m *Model) *Element {
	marks := m.marks()
	app := tag("div").with("id=app|class=app").set("data-tab", m.panel()).set("data-phase", m.wire.phase.String()).
		when(m.theme != "", "data-theme", m.theme).
		when(m.State.Rate == 0 && len(m.State.Nodes) > 0, "data-frozen", "true").
		when(m.cutting, "data-cutting", "true").
		when(m.past(), "data-past", switched(m.tape.Mode == event.TapePlaying, "playing", "paused")).
		when(m.tape.Sealed, "data-sealed", "true").
		when(m.bare, "data-bare", "true").
		when(marks != "", "data-marks", marks).
		when(m.Lesson.Denied != "", "data-denied", m.Lesson.Denied)
	notices, dialog := noticesElement(m), dialogElement(m)
	if dialog != nil { // what it is about is said in it: the page below is covered
		dialog.add(notices)
		notices = nil
	}
	return app.add(piece("div", "page").add(
		m.drawn(inHeader, headerElement),
		notices,
		m.drawn(inGuide, guideElement),
		tag("main").with("class=main|id=main").keyed("main").add(stageElement(m), m.drawnLog()),
		m.drawn(inSide, sideElement),
		m.drawn(inLamps, lampsElement),
		timelineElement(m),
		dialog,
	))
}

// drawn draws a section if there is news for it.
func (m *Model) drawn(s section, draw func(*Model) *Element) *Element {
	if m.cache == nil {
		m.cache = &cache{}
	}
	if c := m.cache; c.parts[s] == nil || c.made[s] != m.news[s]+1 {
		c.parts[s], c.made[s] = draw(m), m.news[s]+1
	}
	return m.cache.parts[s]
}

// panel is the tab that is shown; the lesson and the log have places of their own where there is room for them.
func (m *Model) panel() string {
	tab := m.tab
	if tab == "guide" && m.width >= medium || tab == "log" && m.width >= narrow {
		tab = "console"
	}
	if tab == "console" && m.onlooking() {
		return "feed" // nobody is there to be told anything
	}
	return tab
}

var phaseNames = [...]string{opening: "opening", live: "live", lost: "lost", gone: "gone"}

func (p phase) String() string { return phaseNames[p] }
