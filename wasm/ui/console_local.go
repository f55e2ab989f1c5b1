package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// local answers a line from what the page knows.
func (c *Console) local(m *Model, s said) {
	switch s.verb.name {
	case "help":
		c.help(s)
	case "clear":
		c.out = nil
	case "history":
		for _, line := range c.history[max(0, len(c.history)-MaxRows):] {
			c.show(ink("", shortened(line)))
		}
	case "member list":
		c.listMembers(m)
	case "endpoint":
		c.listEndpoints(m)
	case "endpoint status":
		for i := range m.State.Nodes {
			c.showStatus(&m.State.Nodes[i])
		}
	}
}

func (c *Console) listMembers(m *Model) {
	for _, member := range m.State.Members {
		c.show(ink("", member.ID.String()+" "), ink("dim", member.Suffrage.String()))
	}
	if len(m.State.Members) == 0 {
		c.show(ink("dim", "no configuration has been committed yet"))
	}
}

// listEndpoints names the nodes that take requests.
func (c *Console) listEndpoints(m *Model) {
	for i := range m.State.Nodes {
		n := &m.State.Nodes[i]
		if n.Up && !n.Suspended {
			c.show(ink("", n.ID.String()), ink("good", " answers"))
			continue
		}
		c.show(ink("", n.ID.String()), ink("bad", " "+standing(n)))
	}
}

func (c *Console) showStatus(n *view.Node) {
	c.show(ink("", n.ID.String()+" "+standing(n)),
		ink("dim", " · term "+number(n.Term)+" · log "+number(n.First)+"–"+number(n.Last)+" · commit "+number(n.Commit)+
			" · applied "+number(n.Applied)+" · rev "+strconv.FormatInt(n.Revision, 10)))
}

// standing is a node's role, or why it has none.
func standing(n *view.Node) string {
	switch {
	case n.Refused != "":
		return "refuses to start: " + n.Refused
	case !n.Up:
		return "down"
	case n.Suspended:
		return "suspended"
	case n.Role == event.RoleNone:
		return "starting"
	}
	return n.Role.String()
}
