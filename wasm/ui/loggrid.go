package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// window is which columns of the log are shown.
type window struct{ first, last uint64 }

// ahead is how many empty columns stand behind the newest entry.
const ahead = 2

// cellWidth is about the width of a column, in CSS pixels.
const cellWidth = 54

// columns is how many columns of the log fit.
func (m *Model) columns() uint64 {
	switch w := m.width - 130; {
	case m.width < narrow:
		return uint64(max(w/44, 4))
	case m.width < medium:
		return uint64(max((w-360)/cellWidth, 4))
	default:
		return uint64(min(max((w-300-372)/cellWidth, 4), 32))
	}
}

// newest is the last column: a little behind the newest entry on any disk.
func (m *Model) newest() uint64 {
	last := uint64(0)
	for i := range m.State.Nodes {
		last = max(last, m.State.Nodes[i].Last)
	}
	return max(last+ahead, m.columns())
}

// oldest is the first column that can be looked at: the oldest entry that the page keeps of any node, and one before it that
// says where older ones are.
func (m *Model) oldest() uint64 {
	first := uint64(0)
	for i := range m.State.Nodes {
		if its := m.State.Nodes[i].Log.First(); its != 0 && (first == 0 || its < first) {
			first = its
		}
	}
	return max(first, 2) - 1
}

// logWindow follows the end, or stays where the reader put it whatever arrives.
func (m *Model) logWindow() window {
	last := m.newest()
	if m.logLast != 0 {
		last = min(m.logLast, last)
	}
	return window{last - m.columns() + 1, last}
}

// scrollTo puts the last column of the window there, as far as there is something to see; at the end it follows again.
func (m *Model) scrollTo(last uint64) {
	m.logWaits = false
	end := m.newest()
	if m.logLast = min(max(last, m.oldest()+m.columns()-1), end); m.logLast == end {
		m.logLast = 0
	}
}

// uncover brings an entry that is to be looked at ("entry n3 12") into the window, if it is outside.
func (m *Model) uncover(words string) {
	kind, rest, _ := halves(words, ' ')
	_, at, _ := halves(rest, ' ')
	i, ok := event.ParseNumber(at)
	if w := m.logWindow(); ok && kind == "entry" && (i < w.first || i > w.last) {
		m.scrollTo(i + m.columns()/2)
		m.touch(inLog)
	}
}

// scroll moves the window; positive is towards the end.
func (m *Model) scroll(columns int) {
	m.scrollTo(uint64(max(int64(m.logWindow().last)+int64(columns), 1)))
}

// readLog has a log that follows its end wait as long as the pointer or the focus is in it.
func (m *Model) readLog(reads bool) {
	switch {
	case reads && m.logLast == 0:
		m.logLast, m.logWaits = m.logWindow().last, true
	case !reads && m.logWaits:
		m.logLast, m.logWaits = 0, false
	}
}

// logTo is what the buttons beside the log do.
func (m *Model) logTo(where string) {
	page := int(m.columns()) - 2
	switch where {
	case "first":
		m.scrollTo(1)
	case "back":
		m.scroll(-page)
	case "forward":
		m.scroll(page)
	case "end":
		m.logLast = 0
	}
}

// believed is what the newest leader believes of a node's log; match 0 and next 0 if it believes nothing.
func (m *Model) believed(id event.NodeID) view.Progress {
	if leader := m.State.Believing(); leader != nil {
		for _, p := range leader.Peers {
			if p.ID == id {
				return p
			}
		}
	}
	return view.Progress{ID: id}
}
