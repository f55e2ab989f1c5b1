package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// outlineWords says what an outline means: "n1 n2 n3 · 3 of 5 – quorum". Where not every voter in it could lead, it names
// those who could.
func outlineWords(l *words.Language, g *view.Group) string {
	text := words.Of("{0} · {1} of {2} – cannot commit")
	switch {
	case len(g.Leaders) < g.Voters && g.Quorum:
		text = words.Of("{0} · {1} of {2} – quorum if {3} leads")
	case g.Quorum:
		text = words.Of("{0} · {1} of {2} – quorum")
	case g.Total == 0:
		text = words.Of("{0} · {1} of {2} – no members known yet")
	}
	return l.Say(text, ranges(g.Nodes), number(uint64(g.Voters)), number(uint64(g.Total)), ranges(g.Leaders))
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
