package play

import (
	"fmt"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// pictureOps is how many of the last commands a picture tells.
const pictureOps = 6

// Picture says on one line what a room looks like, for whoever wonders why a lesson does not go on.
func Picture(s *view.State) string {
	parts := []string{leading(s)}
	for i := range s.Nodes {
		parts = append(parts, standing(&s.Nodes[i]))
	}
	if l := links(s); l != "" {
		parts = append(parts, l)
	}
	if s.Rate == 0 {
		parts = append(parts, "frozen")
	}
	ops := s.Ops[max(0, len(s.Ops)-pictureOps):]
	if len(ops) == 0 {
		parts = append(parts, "no commands so far")
	}
	for i := range ops {
		parts = append(parts, outcome(&ops[i]))
	}
	return fmt.Sprintf("the room at %.1f s: %s", float64(s.At)/1e6, strings.Join(parts, "; "))
}

func leading(s *view.State) string {
	if l := s.Leader(); l != nil {
		return fmt.Sprintf("%v leads term %d", l.ID, l.Term)
	}
	return "nobody leads"
}

func standing(n *view.Node) string {
	if !n.Up {
		return fmt.Sprintf("%v is down", n.ID)
	}
	is := n.Role.String()
	if n.Suspended {
		is = "suspended " + is
	}
	return fmt.Sprintf("%v %s, term %d, log %d–%d, commit %d", n.ID, is, n.Term, n.First, n.Last, n.Commit)
}

// links tells what is not as new.
func links(s *view.State) string {
	var odd []string
	for _, l := range s.Links {
		if l.Link != (event.Link{}) {
			odd = append(odd, fmt.Sprintf("%v→%v %s", l.From, l.To, fault(l.Link)))
		}
	}
	return strings.Join(odd, ", ")
}

func fault(l event.Link) string {
	switch {
	case l.Cut:
		return "cut"
	case l.Hold:
		return "holds"
	}
	return "changed"
}

func outcome(op *view.Op) string {
	words := fmt.Sprintf("“%s” %v", op.Text, op.Outcome)
	if op.Error != "" {
		words += " (" + op.Error + ")"
	}
	return words
}
