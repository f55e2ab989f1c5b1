package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// outlineWords says what an outline means: "n1 n2 n3 · 3 of 5 – quorum". Where not every voter in it could lead, and
// none of those who could does, it names them.
func outlineWords(m *Model, g *view.Group) string {
	led := len(g.Leaders) == g.Voters
	for _, id := range g.Leaders {
		l := m.leader()
		led = led || l != nil && l.ID == id
	}
	text := words.Of("{0} · {1} of {2} – cannot commit")
	switch {
	case g.Quorum && !led:
		text = words.Of("{0} · {1} of {2} – quorum if led by {3}")
	case g.Quorum:
		text = words.Of("{0} · {1} of {2} – quorum")
	case g.Voters > g.Total/2:
		text = words.Of("{0} · {1} of {2} – nobody can be elected")
	case g.Total == 0:
		text = words.Of("{0} · {1} of {2} – no members known yet")
	}
	return m.Say(text, ranges(g.Nodes), number(uint64(g.Voters)), number(uint64(g.Total)), ranges(g.Leaders))
}

// ranges writes nodes in order: "n1 n2 n4"; many in a row as "n1–n7".
func ranges(ids []event.NodeID) string {
	const many = 5
	s := ""
	for i := 0; i < len(ids); i++ {
		if i > 0 {
			s += " "
		}
		s += ids[i].String()
		end := i
		for end+1 < len(ids) && ids[end+1] == ids[end]+1 {
			end++
		}
		if end-i >= many {
			s += "–" + ids[end].String()
			i = end
		}
	}
	return s
}

func inOrder(ids []event.NodeID) {
	for i := 1; i < len(ids); i++ {
		for j := i; j > 0 && ids[j] < ids[j-1]; j-- {
			ids[j], ids[j-1] = ids[j-1], ids[j]
		}
	}
}
