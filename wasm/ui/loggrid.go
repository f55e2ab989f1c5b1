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

// newest and oldest are the ends of what lies on any disk.
func (m *Model) newest() uint64 {
	last := uint64(0)
	for i := range m.State.Nodes {
		last = max(last, m.State.Nodes[i].Last)
	}
	return last
}

func (m *Model) oldest() uint64 {
	first := uint64(0)
	for i := range m.State.Nodes {
		n := &m.State.Nodes[i]
		if len(n.Log) > 0 && (first == 0 || n.Log[0].Index < first) {
			first = n.Log[0].Index
		}
	}
	return max(first, 1)
}

// logWindow follows the end, unless it has been scrolled back from it.
func (m *Model) logWindow() window {
	n, end := m.columns(), m.newest()+ahead
	back := min(uint64(m.logBack), m.mostBack())
	last := max(end-back, n)
	return window{last - n + 1, last}
}

// mostBack is how far the window can be scrolled.
func (m *Model) mostBack() uint64 {
	n, end := m.columns(), m.newest()+ahead
	if reach := m.oldest() + n - 1; end > reach {
		return end - reach
	}
	return 0
}

// scroll moves the window; positive is back, away from the end.
func (m *Model) scroll(columns int) {
	m.logBack = max(min(m.logBack+columns, int(m.mostBack())), 0)
}

// logTo is what the buttons beside the log do.
func (m *Model) logTo(where string) {
	page := int(m.columns()) - 2
	switch where {
	case "first":
		m.logBack = int(m.mostBack())
	case "back":
		m.scroll(page)
	case "forward":
		m.scroll(-page)
	case "end":
		m.logBack = 0
	}
}

// believed is what the newest leader believes of a node's log; match 0 and next 0 if it believes nothing.
func believed(leader *view.Node, id event.NodeID) view.Progress {
	if leader != nil {
		for _, p := range leader.Peers {
			if p.ID == id {
				return p
			}
		}
	}
	return view.Progress{ID: id}
}
