package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
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
	gone            bool // on the disk, but older than what the page keeps
	edge            bool // the last entry of the node's snapshot
	begins          bool // the first entry of its term
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
	if m.cache.blank == nil {
		m.cache.blank = tag("td")
	}
	if c := m.cache; c.nodes == nil || len(c.cells) > maxCells || len(c.nodes) > 2*view.MaxNodes {
		c.nodes, c.cells = map[string]drawnNode{}, map[cellAt]drawnCell{}
	}
	return m.cache
}

// turn goes on to a window of the log. One that has no column with the last one in common takes over its columns, place by place: to
// change what they say is less to tell than to take them away and bring others.
func (c *cache) turn(w window) {
	if w.first > c.window.last || w.last < c.window.first {
		c.shift += w.first - c.window.first // around 0 if need be
		c.cells = map[cellAt]drawnCell{}
	}
	c.window = w
}

// column is the key of a column.
func (c *cache) column(i uint64) string { return number(i - c.shift) }

// logElement is the replicated log: a row for each node, a column for each index.
func logElement(m *Model) *Element {
	w := m.logWindow()
	m.kept().turn(w)
	head := tag("tr").add(tag("th").set("class", "who").add(classed("span", "hidden").say(m.Say("Node"))))
	for i := w.first; i <= w.last; i++ {
		head.add(tag("th").keyed(m.cache.column(i)).set("scope", "col").say(number(i)))
	}
	head.add(tag("th").set("class", "meta").keyed("meta").add(classed("span", "hidden").say(m.Say("Commit"))))
	body := tag("tbody")
	for i := range m.State.Nodes {
		body.add(m.logRow(&m.State.Nodes[i], w))
	}
	table := classed("table", "grid"+switched(m.crowded(), " many", "")).set("id", "log").
		set("role", "grid").set("tabindex", "0").set("aria-label", m.Say("Replicated log: the arrow keys move in it, Enter tells an entry's life")).
		add(tag("thead").add(head), body)
	return piece("section", "log").set("aria-label", m.Say("Replicated log")).add(m.logCaption(),
		classed("div", "window").with("id=log-window|data-hover=log").set("data-scroll", strconv.Itoa(cellWidth)).add(table))
}

func (m *Model) logCaption() *Element {
	e := classed("div", "cap").add(m.legends()...)
	w := m.logWindow()
	nav := classed("span", "nav")
	for _, b := range [...]struct{ arg, name string }{{"first", words.Of("To the first entry on any disk")}, {"back", words.Of("Back")},
		{"forward", words.Of("Forward")}, {"end", words.Of("Follow the end")}} {
		off := m.logLast == 0 || m.logWaits
		if b.arg == "first" || b.arg == "back" {
			off = w.first <= m.oldest()
		}
		nav.add(button("btn only small", "log", b.arg).set("aria-label", m.Say(b.name)).set("title", m.Say(b.name)).when(off, "disabled", "").add(icon(b.arg)))
	}
	return e.add(nav)
}

// legends say what the cells show.
func (m *Model) legends() []*Element {
	c := m.kept()
	if c.legends == nil {
		c.legends = []*Element{tag("h2").say(m.Say("Replicated log")),
			legend("e t1 c", m.Say("committed")), legend("e t1 u", m.Say("not yet")), legend("e t3 u doomed", m.Say("to be overwritten")),
			classed("span", "key").say(m.Say("colour: term")),
			classed("span", "key").add(classed("i", "match"), text(" "+m.Say("match"))),
			classed("span", "key").add(classed("i", "next"), text(" "+m.Say("next")))}
	}
	return c.legends
}

func legend(class, words string) *Element {
	return classed("span", "key").add(classed("span", class).set("aria-hidden", "true").say("x"), text(" "+words))
}

func (m *Model) logRow(n *view.Node, w window) *Element {
	id := n.ID.String()
	row := tag("tr").keyed(id).set("class", "row "+m.rowClass(n)).set("data-log", id)
	row.add(tag("th").set("scope", "row").add(tag("i").set("aria-hidden", "true"), text(id)))
	c, p := m.kept(), m.believed(n.ID)
	for i := w.first; i <= w.last; i++ {
		look := m.cellLook(n, i, p)
		if look == (cellLook{}) {
			row.add(c.blank)
			continue
		}
		at := cellAt{n.ID, i}
		d, there := c.cells[at]
		if !there || d.look != look {
			d = drawnCell{look, look.element(m, id, i)}
			c.cells[at] = d
		}
		row.add(d.el)
	}
	return row.add(tag("td").keyed("meta").set("class", "meta").say(m.Say("commit {0}", number(n.Commit))))
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
	l := cellLook{match: p.Match == i && i > 0, next: p.Next == i && i > 0, edge: n.SnapshotIndex == i && i > 0}
	if e := n.Entry(i); e != nil {
		l.entry, l.there = *e, true
		l.committed = i <= n.Commit
		l.doomed = m.State.Doomed(n, i)
		before := n.Entry(i - 1)
		l.begins = before == nil || before.Term != e.Term
		return l
	}
	l.snapshot = i <= n.SnapshotIndex
	l.gone = !l.snapshot && n.First != 0 && n.First <= i && i <= n.Last
	return l
}

func (l *cellLook) element(m *Model, id string, i uint64) *Element {
	// What fills an empty place is a new cell: that is less to tell than everything that changes about the old one.
	full := l.there || l.snapshot || l.gone
	class := switched(l.edge, "edge ", "") + switched(l.begins, "begins", "")
	cell := tag("td").keyed(m.cache.column(i)+switched(full, "e", "")).when(class != "", "class", class).when(full, "data-row", id)
	is := func(class, sign, text string) {
		cell.set("data-index", number(i)).set("title", m.Say(text, number(i), l.entry.Label, number(l.entry.Term), id)).
			add(classed("span", class).say(sign))
	}
	switch {
	case l.there:
		cell.set("data-term", number(l.entry.Term)).set("data-committed", switched(l.committed, "true", "false")).
			when(l.doomed, "data-doomed", "true").set("data-action", "look").set("data-arg", "entry "+id+" "+number(i))
		is("e t"+strconv.Itoa(int(termColour(l.entry.Term)))+switched(l.committed, " c", " u")+switched(l.doomed, " doomed", ""),
			entryLabel(&l.entry), l.words())
	case l.gone:
		is("e snap", "…", words.Of("entry {0} is on {3}'s disk, but the page keeps only the newest entries"))
	case l.snapshot:
		cell.set("data-snapshot", "true")
		is("e snap", "▤", words.Of("entry {0} is in {3}'s snapshot"))
	}
	if l.match {
		cell.add(classed("i", "match").set("title", m.Say("the leader knows that {0} has everything up to here", id)))
	}
	if l.next {
		cell.add(classed("i", "next").set("title", m.Say("the leader sends {0} this entry next", id)))
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

// entryWords say what an entry is, by its type and by how it stands: not committed, committed, to be overwritten. {0} is its
// index, {1} what it says, {2} its term, {3} the node.
var entryWords = [...][3]string{
	event.EntryNone: {words.Of("entry {0}: {1} · term {2} · not committed, as far as {3} knows"),
		words.Of("entry {0}: {1} · term {2} · committed, as {3} knows"),
		words.Of("entry {0}: {1} · term {2} · contradicts the newest leader's log, which overwrites it when it gets through")},
	event.EntryNoop: {words.Of("entry {0}: a new leader's first entry, empty · term {2} · not committed, as far as {3} knows"),
		words.Of("entry {0}: a new leader's first entry, empty · term {2} · committed, as {3} knows"),
		words.Of("entry {0}: a new leader's first entry, empty · term {2} · contradicts the newest leader's log, which overwrites it when it gets through")},
	event.EntryConfiguration: {words.Of("entry {0}: a change of members · term {2} · not committed, as far as {3} knows"),
		words.Of("entry {0}: a change of members · term {2} · committed, as {3} knows"),
		words.Of("entry {0}: a change of members · term {2} · contradicts the newest leader's log, which overwrites it when it gets through")},
	event.EntryBarrier: {words.Of("entry {0}: a barrier · term {2} · not committed, as far as {3} knows"),
		words.Of("entry {0}: a barrier · term {2} · committed, as {3} knows"),
		words.Of("entry {0}: a barrier · term {2} · contradicts the newest leader's log, which overwrites it when it gets through")},
}

// words are what a cell means.
func (l *cellLook) words() string {
	kind := l.entry.Type
	if kind == event.EntryCommand || int(kind) >= len(entryWords) {
		kind = event.EntryNone
	}
	switch {
	case l.doomed:
		return entryWords[kind][2]
	case l.committed:
		return entryWords[kind][1]
	}
	return entryWords[kind][0]
}
