package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// quorate says whether a group can elect and commit: one of its voters must reach a majority directly,
// since nobody relays (Raft paper §5.3).
func (m *Model) quorate(g *view.Group) bool {
	if !g.Quorum {
		return false
	}
	for _, at := range g.Nodes {
		if m.suffrage(at) == event.Voter && m.reaches(at, g) > g.Total/2 {
			return true
		}
	}
	return false
}

// reaches counts the voters of a group that a node hears directly, itself among them.
func (m *Model) reaches(at event.NodeID, g *view.Group) int {
	n := 0
	for _, o := range g.Nodes {
		if m.suffrage(o) == event.Voter && (o == at || m.talk(at, o)) {
			n++
		}
	}
	return n
}

// talk says whether two machines hear each other. A gate only delays.
func (m *Model) talk(a, b event.NodeID) bool { return !m.link(a, b).Cut && !m.link(b, a).Cut }

// outlineWords says what an outline means: "n1 n2 n3 · 3 of 5 – quorum".
func outlineWords(g *view.Group, quorate bool) string {
	s := ranges(g.Nodes) + " · " + number(uint64(g.Voters)) + " of " + number(uint64(g.Total))
	switch {
	case quorate:
		return s + " – quorum"
	case g.Quorum:
		return s + " – but nobody reaches a majority directly"
	case g.Total == 0:
		return s + " – no members known yet"
	}
	return s + " – cannot commit"
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
