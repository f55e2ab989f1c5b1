package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// cellAt is a place in the log grid.
type cellAt struct {
	node  event.NodeID
	index uint64
}

// cellLook is all that a cell's picture depends on.
type cellLook struct {
	entry           view.Entry
	there, snapshot bool
	committed       bool
	doomed          bool
	match, next     bool
}

type drawnCell struct {
	look cellLook
	el   *Element
}

// maxCells bounds the cells that are kept; beyond it all are drawn anew.
const maxCells = 1024

// kept is the cache, with its maps.
func (m *Model) kept() *cache {
	if m.cache == nil {
		m.cache = &cache{}
	}
	if c := m.cache; c.nodes == nil || len(c.cells) > maxCells || len(c.nodes) > 2*view.MaxNodes {
		c.nodes, c.cells = map[string]drawnNode{}, map[cellAt]drawnCell{}
	}
	return m.cache
}

// logElement is the replicated log: a row for each node, a column for each index.
func logElement(m *Model) *Element {
	w := m.logWindow()
	head := tag("tr").add(tag("th").set("class", "who").add(classed("span", "hidden").say("Node")))
	for i := w.first; i <= w.last; i++ {
		head.add(tag("th").keyed(number(i)).set("scope", "col").say(number(i)))
	}
	head.add(tag("th").set("class", "meta").keyed("meta").add(classed("span", "hidden").say("Commit")))
	body := tag("tbody")
	for i := range m.State.Nodes {
		body.add(m.logRow(&m.State.Nodes[i], w))
	}
	table := classed("table", "grid"+switched(m.crowded(), " many", "")).set("id", "log").add(tag("thead").add(head), body)
	return classed("section", "log").keyed("log").set("aria-label", "Replicated log").add(m.logCaption(),
		classed("div", "window").set("id", "log-window").set("data-scroll", strconv.Itoa(cellWidth)).add(table))
}

func (m *Model) logCaption() *Element {
	e := classed("div", "cap").add(legends...)
	back := m.logBack > 0
	nav := classed("span", "nav")
	for _, b := range [...]struct{ arg, name string }{{"first", "To the first entry on any disk"}, {"back", "Back"}, {"forward", "Forward"}, {"end", "Follow the end"}} {
		off := (b.arg == "first" || b.arg == "back") && uint64(m.logBack) >= m.mostBack() || (b.arg == "forward" || b.arg == "end") && !back
		nav.add(button("btn only small", "log", b.arg).set("aria-label", b.name).set("title", b.name).when(off, "disabled", "").add(icon(b.arg)))
	}
	return e.add(nav)
}

// legends never change.
var legends = []*Element{tag("h2").say("Replicated log"),
	legend("e t1 c", "committed"), legend("e t1 u", "not yet"), legend("e t3 u doomed", "to be overwritten"),
	classed("span", "key").say("colour: term"),
	classed("span", "key").add(classed("i", "match"), text(" match")),
	classed("span", "key").add(classed("i", "next"), text(" next"))}

func legend(class, words string) *Element {
	return classed("span", "key").add(classed("span", class).set("aria-hidden", "true").say("x"), text(" "+words))
}

func (m *Model) logRow(n *view.Node, w window) *Element {
	id := n.ID.String()
	row := tag("tr").keyed(id).set("class", "row "+m.rowClass(n)).set("data-log", id)
	row.add(tag("th").set("scope", "row").add(tag("i").set("aria-hidden", "true"), text(id)))
	c, leader := m.kept(), m.leader()
	p := believed(leader, n.ID)
	for i := w.first; i <= w.last; i++ {
		look := m.cellLook(n, i, p)
		at := cellAt{n.ID, i}
		d, there := c.cells[at]
		if !there || d.look != look {
			d = drawnCell{look, look.element(id, i)}
			c.cells[at] = d
		}
		row.add(d.el)
	}
	return row.add(tag("td").keyed("meta").set("class", "meta").say("commit " + number(n.Commit)))
}

func (m *Model) rowClass(n *view.Node) string {
	switch {
	case !n.Up:
		return "down"
	case n.Suspended:
		return "still"
	case m.State.StaleLeader(n):
		return "leader stale"
	}
	return n.Role.String()
}

func (m *Model) cellLook(n *view.Node, i uint64, p view.Progress) cellLook {
	l := cellLook{match: p.Match == i && i > 0, next: p.Next == i && i > 0}
	if e := n.Entry(i); e != nil {
		l.entry, l.there = *e, true
		l.committed = i <= n.Commit
		l.doomed = m.State.Doomed(n, i)
		return l
	}
	l.snapshot = i <= n.SnapshotIndex
	return l
}

func (l *cellLook) element(id string, i uint64) *Element {
	cell := tag("td").keyed(number(i))
	switch {
	case l.there:
		yes := switched(l.committed, "true", "false")
		class := "e t" + strconv.Itoa(int(termColour(l.entry.Term))) + switched(l.committed, " c", " u") + switched(l.doomed, " doomed", "")
		cell.set("data-row", id).set("data-index", number(i)).set("data-term", number(l.entry.Term)).set("data-committed", yes).
			when(l.doomed, "data-doomed", "true").set("title", l.words(id)).
			add(classed("span", class).say(entryLabel(&l.entry)))
	case l.snapshot:
		cell.set("data-row", id).set("data-index", number(i)).set("data-snapshot", "true").set("title", "entry "+number(i)+" is in "+id+"'s snapshot").
			add(classed("span", "e snap").say("▤"))
	}
	if l.match {
		cell.add(classed("i", "match").set("title", "the leader knows that "+id+" has everything up to here"))
	}
	if l.next {
		cell.add(classed("i", "next").set("title", "the leader sends "+id+" this entry next"))
	}
	return cell
}

// entryLabel is what stands in a cell.
func entryLabel(e *view.Entry) string {
	switch e.Type {
	case event.EntryNoop:
		return "∅"
	case event.EntryConfiguration:
		return "⚇"
	case event.EntryBarrier:
		return "‖"
	case event.EntryCommand, event.EntryNone:
	}
	if e.Label != "" {
		return e.Label
	}
	return "·"
}

// words are what a cell means.
func (l *cellLook) words(id string) string {
	s := "entry " + number(l.entry.Index) + ": "
	switch l.entry.Type {
	case event.EntryNoop:
		s += "a new leader's first entry, empty"
	case event.EntryConfiguration:
		s += "a change of members"
	case event.EntryBarrier:
		s += "a barrier"
	case event.EntryCommand, event.EntryNone:
		s += l.entry.Label
	}
	s += " · term " + number(l.entry.Term)
	switch {
	case l.doomed:
		return s + " · will be overwritten: the leader's log differs here"
	case l.committed:
		return s + " · committed, as " + id + " knows"
	}
	return s + " · not committed, as far as " + id + " knows"
}
