package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Op returns the command with this id, nil if it was never asked or long ago. It is valid until the next Apply.
func (s *State) Op(id uint64) *Op {
	for i := len(s.Ops) - 1; i >= 0; i-- {
		if s.Ops[i].ID == id {
			return &s.Ops[i]
		}
	}
	return nil
}

func (s *State) ask(e *event.Event) {
	op := Op{ID: e.Op, Kind: e.Command, Node: e.Node, Key: e.Key, Text: e.Text, Asked: e.At}
	if old := s.Op(e.Op); old != nil {
		*old = op
		return
	}
	if len(s.Ops) >= MaxOps {
		oldest := 0 // that is answered; else of all
		for oldest < len(s.Ops)-1 && s.Ops[oldest].Outcome == event.Pending {
			oldest++
		}
		if s.Ops[oldest].Outcome == event.Pending {
			oldest = 0
		}
		s.Ops = append(s.Ops[:oldest], s.Ops[oldest+1:]...)
	}
	s.Ops = append(s.Ops, op)
}

// answer ends a command once; a second end would be a lie about the first.
func (s *State) answer(e *event.Event) {
	op := s.Op(e.Op)
	if op == nil || op.Outcome != event.Pending || e.Outcome == event.Pending {
		return
	}
	if e.Node != 0 {
		op.Node = e.Node
	}
	op.Leader, op.Outcome, op.Rev, op.Index = e.Peer, e.Outcome, e.Rev, e.Index
	op.Acks, op.Error, op.Answered = none(slices.Clone(e.Nodes[:min(len(e.Nodes), MaxNodes)])), e.Text, e.At
}
