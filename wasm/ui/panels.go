package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// sideElement has the tabs and the panel of the chosen one.
func sideElement(m *Model) *Element {
	shown := m.panel()
	nodeName := "Node"
	if m.picked.node != 0 {
		nodeName = m.picked.node.String()
	}
	tabs := classed("div", "tabs").set("role", "tablist").set("aria-label", "Panels")
	for _, t := range [...]struct{ id, name string }{{"guide", "Lesson"}, {"console", "Console"}, {"node", nodeName}, {"feed", "Feed"}} {
		on := shown == t.id
		tabs.add(button("tab to-"+t.id, "tab", t.id).set("role", "tab").set("id", "tab-"+t.id).
			set("aria-selected", switched(on, "true", "false")).set("aria-controls", switched(t.id == "guide", "guide", "panel")).say(t.name))
	}
	e := classed("section", "side").keyed("side").set("aria-label", "Console, node and feed").add(tabs)
	panel := classed("div", "panel of-"+shown).keyed(shown).set("id", "panel").set("role", "tabpanel").set("aria-labelledby", "tab-"+shown)
	switch shown {
	case "console":
		panel.add(consoleElement(m))
	case "node":
		panel.add(detailsElement(m))
	case "feed":
		panel.add(feedElement(m))
	}
	return e.add(panel)
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
	list := classed("ol", "news").set("aria-label", "What happened, newest first")
	for i := len(m.feed.items) - 1; i >= 0; i-- {
		it := &m.feed.items[i]
		if it.el == nil {
			it.el = classed("li", toneNames[it.tone]).keyed(strconv.FormatUint(it.id, 10)).
				add(tag("time").say(spell(it.at)), tag("span").say(it.words()))
		}
		list.add(it.el)
	}
	if len(m.feed.items) == 0 {
		return classed("p", "nothing").say("What happens from now on is told here, in plain sentences.")
	}
	return list
}

// detailsElement are the facts about the selected node, as the room reported them.
func detailsElement(m *Model) *Element {
	n := m.State.Node(m.picked.node)
	if n == nil {
		return classed("p", "nothing").say("Click a machine on the ring, or press 1 to 9, to see what it knows.")
	}
	e := classed("div", "details").add(tag("h2").say(n.ID.String()), classed("p", "what").say(m.nodeWords(n)), factsOf(m, n))
	if n.Role == event.Leader && n.Up {
		e.add(peersElement(n))
	}
	return e.add(linksOf(m, n.ID), endpointOf(m, n.ID))
}

// facts are a list of names and values.
type facts struct{ el *Element }

func (f facts) row(name, value string) {
	if value != "" {
		f.el.add(tag("div").add(tag("dt").say(name), tag("dd").say(value)))
	}
}

func factsOf(m *Model, n *view.Node) *Element {
	f := facts{classed("dl", "facts")}
	f.row("Term", number(n.Term))
	if n.VoteTerm != 0 {
		f.row("Last vote", switched(n.Vote == n.ID, "itself", n.Vote.String())+" in term "+number(n.VoteTerm))
	}
	f.row("Believes in leader", switched(n.Leader != 0, n.Leader.String(), "none"))
	f.row("Place", suffrageWords(m.suffrage(n.ID)))
	f.row("Log on disk", logWords(n))
	if n.SnapshotIndex != 0 {
		f.row("Snapshot", "up to entry "+number(n.SnapshotIndex)+" of term "+number(n.SnapshotTerm))
	}
	f.row("Commit index", number(n.Commit))
	f.row("Applied", number(n.Applied)+" · revision "+number(uint64(n.Revision)))
	if n.TimerMax > n.Contact && n.Up && n.Role != event.Leader {
		f.row("Stands for election", "after "+spell(n.TimerMin-n.Contact)+" to "+spell(n.TimerMax-n.Contact)+" without a leader")
	}
	if n.Drift != event.One && n.Drift != 0 {
		f.row("Clock", ratio(n.Drift)+" times the true speed")
	}
	if n.Fsync != 0 {
		f.row("Disk", spell(n.Fsync)+" more for every fsync")
	}
	return f.el
}

func suffrageWords(s event.Suffrage) string {
	switch s {
	case event.Voter:
		return "voter"
	case event.Learner:
		return "learner: replicated to, no vote"
	case event.NoMember:
	}
	return "no member"
}

func logWords(n *view.Node) string {
	if n.Last == 0 {
		return "empty"
	}
	if n.First == 0 || n.First > n.Last {
		return "all in the snapshot, up to entry " + number(n.Last)
	}
	return "entries " + number(n.First) + " to " + number(n.Last)
}

// peersElement is the leader's book about its followers.
func peersElement(n *view.Node) *Element {
	body := tag("tbody")
	for _, p := range n.Peers {
		body.add(tag("tr").keyed(p.ID.String()).add(tag("th").set("scope", "row").say(p.ID.String()),
			tag("td").say(number(p.Match)), tag("td").say(number(p.Next))))
	}
	return classed("table", "peers").add(tag("caption").say("What it believes of the others"),
		tag("thead").add(tag("tr").add(tag("th").set("scope", "col").say("Node"), tag("th").set("scope", "col").say("Match"), tag("th").set("scope", "col").say("Next"))), body)
}

// linksOf lets every link be reached by keyboard.
func linksOf(m *Model, id event.NodeID) *Element {
	list := classed("ul", "linklist").set("aria-label", "Links of "+id.String())
	for _, o := range m.others(id) {
		p := pairOf(id, o)
		list.add(tag("li").keyed(o.String()).add(
			button("", "link", p.String()).set("aria-label", "Link to "+o.String()+", "+linkWords(p, m.link(p.a, p.b), m.link(p.b, p.a))).
				add(tag("b").say(o.String()), tag("span").say(linkWords(p, m.link(p.a, p.b), m.link(p.b, p.a))))))
	}
	return tag("div").add(tag("h3").say("Links"), list)
}
