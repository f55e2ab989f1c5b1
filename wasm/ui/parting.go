package ui

import "github.com/quorumlab/quorumlab/cluster/event"

// parting is a partition that is being put together: nodes change sides until it is done.
type parting struct {
	open bool
	far  []event.NodeID // on the second side
}

func (m *Model) part(action, arg string) []Effect {
	p := &m.parting
	switch action {
	case "partition":
		if p.open {
			*p = parting{}
			return nil
		}
		*p = parting{open: true, far: m.minority()}
		m.cutting, m.picked = false, picked{}
	case "side":
		p.flip(nodeNamed(arg))
	case "part":
		line := p.line(m)
		*p = parting{}
		return m.run(line)
	}
	return nil
}

// minority is a good first proposal: as many nodes as a cluster can lose, the leader among them.
func (m *Model) minority() []event.NodeID {
	n := len(m.State.Nodes)
	many := (n - 1) / 2
	if n == 2 {
		many = 1
	}
	first := n - many
	if l := m.leader(); l != nil {
		for i := range m.State.Nodes {
			if m.State.Nodes[i].ID == l.ID {
				first = i
			}
		}
	}
	var far []event.NodeID
	for i := range many {
		far = append(far, m.State.Nodes[(first+i)%n].ID)
	}
	return far
}

func (p *parting) flip(id event.NodeID) {
	for i, x := range p.far {
		if x == id {
			p.far = append(p.far[:i:i], p.far[i+1:]...)
			return
		}
	}
	p.far = append(p.far, id)
}

func (p *parting) isFar(id event.NodeID) bool {
	for _, x := range p.far {
		if x == id {
			return true
		}
	}
	return false
}

// line is how the partition is typed.
func (p *parting) line(m *Model) string {
	near, far := "", ""
	for i := range m.State.Nodes {
		if id := m.State.Nodes[i].ID; p.isFar(id) {
			far += " " + id.String()
		} else {
			near += " " + id.String()
		}
	}
	if far == "" || near == "" {
		return "heal"
	}
	return "partition" + near + " |" + far
}
