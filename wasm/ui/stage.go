package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/words"
)

// stageElement is the ring with everything that belongs to it.
func stageElement(m *Model) *Element {
	m.regroup()
	r := m.ringNow()
	svg := classed("svg", "ring").with("id=stage|role=group").
		set("aria-label", m.Say("The ring of machines and the links between them")).
		set("viewBox", "0 0 "+px(r.w)+" "+px(r.h)).set("preserveAspectRatio", "xMidYMid meet")
	svg.add(m.drawn(inWires, wiresElement), nodesElement(m), gatesElement(m), trailElement(m))
	e := classed("section", "stage").set("id", "stage-box").set("aria-label", m.Say("Stage")).keyed("stage")
	e.add(m.drawn(inOutlines, outlineWordsElement), m.drawnTools(), svg,
		tag("canvas").with("id=packets|aria-hidden=true"))
	e.add(emptyElement(m), menuElement(m), partingElement(m), tipElement(m))
	return e.add(classed("p", "narrator "+toneNames[m.feed.aloud.tone]).with("id=narrator|aria-live=polite").
		keyed("narrator").say(m.feed.aloud.text))
}

// emptyElement stands on the stage as long as the room has reported no machine.
func emptyElement(m *Model) *Element {
	if len(m.State.Nodes) > 0 {
		return nil
	}
	said := words.Of("The cluster is starting: its machines come up and elect a leader.")
	if m.wire.phase == gone {
		said = words.Of("There is nothing here any more.")
	}
	return piece("div", "empty").add(brandMark(), tag("p").say(m.Say(said)))
}

// outlineWordsElement says in words what the outlines show.
func outlineWordsElement(m *Model) *Element {
	list := classed("ul", "groups"+switched(m.crowded(), " beside", "")).keyed("groups").set("aria-label", m.Say("Who can talk with whom"))
	groups := m.State.Groups()
	if len(groups) == 0 && len(m.State.Nodes) > 0 {
		list.add(tag("li").with("class=no|data-quorum=false").add(tag("i").set("aria-hidden", "true").say("✗"), text(" "),
			button("ask", "look", "why no-leader").say(m.Say("No voter runs – cannot commit"))))
	}
	for i := range groups {
		g := &groups[i]
		said := tag("span")
		if !g.Quorum {
			said = button("ask", "look", "why "+m.State.Center(g).String()+" no-quorum")
		}
		list.add(tag("li").set("class", switched(g.Quorum, "ok", "no")).set("data-quorum", switched(g.Quorum, "true", "false")).
			add(tag("i").set("aria-hidden", "true").say(switched(g.Quorum, "✓", "✗")), text(" "), said.say(outlineWords(m, g))))
	}
	return list
}

// drawnTools draws the tools anew when they look different.
func (m *Model) drawnTools() *Element {
	c := m.kept()
	look := m.State.Undo + switched(m.cutting, "✂", "") + switched(m.parting.open, "‖", "") + switched(m.State.Chaos.On, "ϟ", "")
	if c.tools == nil || c.toolsLook != look {
		c.tools, c.toolsLook = toolsElement(m), look
	}
	return c.tools
}

// toolsElement are the tools for the network.
func toolsElement(m *Model) *Element {
	return piece("div", "tools").set("role", "toolbar").set("aria-label", m.Say("Network")).add(
		tool("scissors", m.Say("Cut"), "cut", "").set("id", "cut").onOff(m.cutting).
			set("title", m.Say("Draw a stroke across links to cut them (X, or hold Shift)")),
		tool("split", m.Say("Split"), "partition", "").set("id", "partition").onOff(m.parting.open).
			set("title", m.Say("Part the machines into two groups")),
		tool("heal", m.Say("Heal all"), "run", "heal").set("id", "heal").set("title", m.Say("All links as new; held messages go on (H)")),
		button("btn only", "run", "undo").set("id", "undo").when(m.State.Undo == "", "disabled", "").
			set("aria-label", m.Say(switched(m.State.Undo == "", words.Of("Take the last fault back (U)"), words.Of("Undo: {0}")), m.State.Undo)).
			set("title", m.Say("Take the last fault back (U)")).say("↶"),
		button("btn only", "open", "chaos").set("id", "chaos").onOff(m.State.Chaos.On).
			set("aria-label", m.Say("Chaos")).set("title", m.Say("Chaos")).add(icon("chaos")))
}

// partingElement helps to put a partition together.
func partingElement(m *Model) *Element {
	if !m.parting.open {
		return nil
	}
	sides := classed("div", "sides").set("role", "group").set("aria-label", m.Say("Sides of the partition"))
	for i := range m.State.Nodes {
		id := m.State.Nodes[i].ID
		far := m.parting.isFar(id)
		sides.add(button("lot "+switched(far, "far", "near"), "side", id.String()).onOff(far).
			say(id.String() + switched(far, " · B", " · A")))
	}
	return classed("div", "menu parting").keyed("parting").set("role", "dialog").set("aria-label", m.Say("Split the network")).add(
		m.menuHead(m.Say("Split the network"), "", m.Say("Click machines here or on the ring to change their side.")),
		sides,
		classed("p", "hint").say(m.parting.line(m)),
		classed("div", "row").add(button("btn primary", "part", "").set("id", "part-do").say(m.Say("Split")),
			button("btn", "partition", "").say(m.Say("Cancel"))))
}

// regroup has the outlines drawn anew when a log has changed who could be elected. Entries come by the hundred, and few do that.
func (m *Model) regroup() {
	c := m.kept()
	if c.logs == m.news[inLog] {
		return
	}
	c.logs = m.news[inLog]
	look := ""
	for _, g := range m.State.Groups() {
		look += ranges(g.Nodes) + switched(g.Quorum, "+", "-") + ranges(g.Leaders)
	}
	if c.groups != look {
		c.groups = look
		m.touch(inWires, inOutlines)
	}
}

// outlinesElement are the soft outlines around machines that can talk with one another.
func outlinesElement(m *Model) *Element {
	r := m.ringNow()
	g := piece("g", "outlines").set("aria-hidden", "true")
	for _, group := range m.State.Groups() {
		yes := group.Quorum
		g.add(tag("path").keyed(ranges(group.Nodes)).set("class", switched(yes, "zone ok", "zone no")).
			set("data-quorum", switched(yes, "true", "false")).set("d", r.outline(group.Nodes)))
	}
	return g
}

// trailElement is the way of the scissors.
func trailElement(m *Model) *Element {
	if len(m.stroke.trail) < 2 {
		return nil
	}
	d := ""
	for _, p := range m.stroke.trail {
		d += switched(d == "", "M", "L") + px(p.x) + " " + px(p.y)
	}
	return piece("path", "trail").set("d", d).set("aria-hidden", "true")
}

// placed is a class that stands for how far to the right something is, in steps of five percent: the page's
// security policy allows no style attributes.
func (r *ring) placed(x float64) string {
	return "x" + strconv.Itoa(int(min(max(x/r.w, 0), 0.999)*20)*5)
}

// beside is the class that puts a menu at that side of a place where there is more room, so far away.
func (r *ring) beside(p point, far float64) string {
	if p.x < r.w/2 {
		return "right " + r.placed(p.x+far+r.w*0.04)
	}
	return "left " + r.placed(p.x-far)
}

// menuHead is the title of a menu, what asks why about it, if it is about anything, and its close button.
func (m *Model) menuHead(title, about, said string) *Element {
	e := classed("div", "head").add(tag("h2").say(title))
	if about != "" {
		e.add(button("btn small", "ask", "why "+about).set("id", "menu-why").say(m.Say("Why?")))
	}
	return e.add(button("only close", "close", "").set("aria-label", m.Say("Close")).add(icon("close")), tag("p").say(said))
}

// choice is something that a menu offers, as the console would be told it; with places for what the menu is about.
type choice struct {
	line, label, hint string
	bad               bool
}

// choicesElement are the buttons of a menu, and the line that says what the one under the pointer would do.
func choicesElement(m *Model, first string, all []*choice, about ...string) (buttons, hint *Element) {
	buttons = classed("div", "choices")
	said := ""
	for _, c := range all {
		line := words.Fill(c.line, about...)
		if m.denied(line) {
			continue
		}
		b := button(switched(c.bad, "bad", ""), "run", line).keyed(line).set("data-hover", "do:"+line).when(len(buttons.Kids) == 0, "id", first).
			set("aria-describedby", first+"-hint").say(m.Say(c.label, about...))
		buttons.add(b)
		if m.hover == "do:"+line {
			said = m.Say(c.hint)
		}
	}
	if said == "" && len(buttons.Kids) > 0 {
		said = m.Say("Each of these is a command of the console, too.")
	}
	return buttons, classed("p", "hint").set("id", first+"-hint").set("role", "status").say(said)
}

// formRow is a field with its unit.
func formRow(label, field, now, unit string) *Element {
	return classed("label", "field").add(tag("span").say(label),
		tag("input").with("type=text|inputmode=decimal").set("data-field", field).set("value", now).
			set("autocomplete", "off").set("size", "5"), tag("span").set("class", "unit").say(unit))
}
