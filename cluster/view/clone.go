package view

import "slices"

// Clone returns a copy that shares nothing with s but what nobody changes.
func (s *State) Clone() State {
	c := *s
	c.Nodes = slices.Clone(s.Nodes)
	for i := range c.Nodes {
		n := &c.Nodes[i]
		n.Peers, n.Ballots, n.Members = slices.Clone(n.Peers), slices.Clone(n.Ballots), slices.Clone(n.Members)
		n.Log = n.Log.copy()
	}
	c.Links = slices.Clone(s.Links)
	c.Messages = slices.Clone(s.Messages)
	c.Members = slices.Clone(s.Members)
	c.Ops = slices.Clone(s.Ops)
	for i := range c.Ops {
		c.Ops[i].Acks = slices.Clone(c.Ops[i].Acks)
	}
	c.Safety = slices.Clone(s.Safety)
	return c
}
