package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// sideElement has the tabs and the panel of the chosen one.
func sideElement(m *Model) *Element {
	shown := m.panel()
	nodeName := m.lookName()
	tabs := classed("div", "tabs").set("role", "tablist").set("aria-label", m.Say("Panels"))
	for _, t := range [...]struct{ id, name string }{{"guide", switched(m.tape.Sealed, words.Of("Story"), words.Of("Lesson"))}, {"console", words.Of("Console")}, {"node", nodeName}, {"feed", words.Of("Feed")}, {"log", words.Of("Log")}} {
		on := shown == t.id
		tabs.add(button("tab to-"+t.id, "tab", t.id).set("role", "tab").set("id", "tab-"+t.id).
			set("aria-selected", switched(on, "true", "false")).set("aria-controls", switched(t.id == "guide" || t.id == "log", t.id, "panel")).say(m.Say(t.name)))
	}
	e := piece("section", "side").set("aria-label", m.Say("Console, node and feed")).add(tabs)
	panel := classed("div", "panel of-"+shown).keyed(shown).with("id=panel|role=tabpanel").set("aria-labelledby", "tab-"+shown)
	switch shown {
	case "console":
		panel.add(consoleElement(m))
	case "node":
		panel.add(detailsElement(m))
	case "feed":
		panel.add(m.feedForm(), feedElement(m))
	}
	return e.add(panel)
}

// opsALife separates the numbers of requests of one life of a room from those of the next: people count from 1.
const opsALife = 1 << 24

// lookName is what the viewer looks into, in a word or two.
func (m *Model) lookName() string {
	kind, what, _ := halves(m.panelAt("side").words, ' ')
	one, other, _ := halves(what, ' ')
	switch kind {
	case "node":
		return one
	case "link":
		return one + "–" + other
	case "op":
		id, _ := event.ParseNumber(one)
		return m.Say("Request {0}", number(id%opsALife))
	case "ops":
		return m.Say("Requests")
	case "entry":
		return m.Say("Entry {0}", other)
	case "message":
		return m.Say("Message")
	case "why", "event":
		return m.Say("Why?")
	case "lamp":
		return m.Say("Lamp")
	}
	return m.Say("Node")
}

// leafing is the least wall time between two drawings of the feed: nobody reads faster.
const leafing event.Micros = 200_000

// drawnFeed is the feed as it was last drawn.
type drawnFeed struct {
	told uint64       // sentences so far
	wall event.Micros // when
	el   *Element
}

// feedElement tells what happened, newest first.
func feedElement(m *Model) *Element {
	d := &m.kept().feed
	if d.el == nil || d.told != m.feed.told && m.clock.wall >= d.wall+leafing {
		*d = drawnFeed{m.feed.told, m.clock.wall, m.newsElement()}
	}
	return d.el
}

// leaf has the feed drawn when it has waited long enough.
func (m *Model) leaf() {
	if m.tab == "feed" && m.kept().feed.told != m.feed.told && m.clock.wall >= m.kept().feed.wall+leafing {
		m.touch(inSide)
	}
}

func (m *Model) newsElement() *Element {
	list := classed("ol", "news").set("aria-label", m.Say("What happened, newest first"))
	for i := len(m.feed.items) - 1; i >= 0; i-- {
		it := &m.feed.items[i]
		if !m.feed.wanted(it.tone) {
			continue
		}
		if it.el == nil {
			it.el = classed("li", toneNames[it.tone]).keyed(strconv.FormatUint(it.id, 10)).
				add(tag("time").say(spell(m.Language, it.at)), m.asked(it).say(it.said(m.Language)))
		}
		list.add(it.el)
	}
	if len(m.feed.items) == 0 {
		return classed("p", "nothing").say(m.Say("What happens from now on is told here, in plain sentences."))
	}
	return list
}

// asked is a sentence's place; with a click one is told more about what it tells of, and why it was.
func (m *Model) asked(it *item) *Element {
	if it.seq == 0 {
		return tag("span")
	}
	return button("", "look", "event "+number(it.seq))
}

// detailsElement is what the viewer looks into, as the room drew it.
func detailsElement(m *Model) *Element {
	p := m.panelAt("side")
	if p.html == "" {
		return classed("div", "details").add(tag("p").say(m.Say("Click a machine, a link or an entry to look into it, or press 1 to 9.")),
			button("btn small", "look", "ops").say(m.Say("All requests")))
	}
	return classed("div", "details").set("id", "side").raw(p.html)
}

// facts are a list of names and values.
type facts struct{ el *Element }

func (f facts) row(name, value string) {
	if value != "" {
		f.el.add(tag("div").add(tag("dt").say(name), tag("dd").say(value)))
	}
}
