// Package fault chooses what goes wrong next in a room: kinds of faults as commands, and a chooser who draws them by a seed.
package fault

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Kind is one sort of thing that goes wrong, or is mended. It may be refused (a dead node cannot be killed): then nothing
// happens.
type Kind struct {
	Name   string
	Async  bool // its answer may take long: nobody waits for it
	rough  bool // only in rough weather
	hurts  bool // takes a machine's help away from the others
	weight int  // how often it comes, beside the others
	draw   func(*Chooser, *view.State) event.Command
}

// All kinds of faults that leave the cluster's data whole and its members as they are.
var All = []Kind{
	{Name: "kill", hurts: true, weight: 4, draw: about(event.Kill, (*Chooser).any)},
	{Name: "kill before fsync", hurts: true, rough: true, weight: 1, draw: func(c *Chooser, s *view.State) event.Command {
		return event.Command{Kind: event.Kill, Node: c.any(s), At: event.BeforeFsync}
	}},
	{Name: "kill after fsync", hurts: true, rough: true, weight: 1, draw: func(c *Chooser, s *view.State) event.Command {
		return event.Command{Kind: event.Kill, Node: c.any(s), At: event.AfterFsync}
	}},
	{Name: "kill the leader", hurts: true, weight: 3, draw: about(event.Kill, (*Chooser).leader)},
	{Name: "suspend", hurts: true, weight: 3, draw: about(event.Suspend, (*Chooser).any)},
	{Name: "suspend the leader", hurts: true, weight: 2, draw: about(event.Suspend, (*Chooser).leader)},
	{Name: "drift", weight: 1, draw: func(c *Chooser, s *view.State) event.Command {
		return event.Command{Kind: event.Drift, Node: c.any(s), Factor: event.One/2 + event.Factor(c.rng.Int64N(int64(2*event.One)))}
	}},
	{Name: "slow disk", weight: 2, draw: func(c *Chooser, s *view.State) event.Command {
		return event.Command{Kind: event.Disk, Node: c.any(s), Took: c.between(1_000, 400_000)}
	}},
	{Name: "partition", rough: true, weight: 3, draw: partition},
	{Name: "cut one way", weight: 3, draw: func(c *Chooser, s *view.State) event.Command {
		return c.link(s, event.Command{Kind: event.Cut, OneWay: true})
	}},
	{Name: "cut", weight: 4, draw: func(c *Chooser, s *view.State) event.Command { return c.link(s, event.Command{Kind: event.Cut}) }},
	{Name: "bad link", weight: 4, draw: badLink},
	{Name: "hold", weight: 1, rough: true, draw: func(c *Chooser, s *view.State) event.Command {
		return c.link(s, event.Command{Kind: event.Hold, OneWay: c.rng.IntN(2) == 0})
	}},
	{Name: "snapshot", Async: true, weight: 1, draw: about(event.Snapshot, (*Chooser).any)},
	{Name: "election", Async: true, weight: 1, draw: about(event.Elect, (*Chooser).any)},
	{Name: "transfer", Async: true, weight: 1, draw: about(event.Transfer, (*Chooser).any)},
	{Name: "step down", Async: true, weight: 1, draw: func(*Chooser, *view.State) event.Command { return event.Command{Kind: event.StepDown} }},
}

// Draw makes a command of the kind.
func (k *Kind) Draw(c *Chooser, s *view.State) event.Command { return k.draw(c, s) }

// about is a command to one node.
func about(kind event.CommandKind, who func(*Chooser, *view.State) event.NodeID) func(*Chooser, *view.State) event.Command {
	return func(c *Chooser, s *view.State) event.Command { return event.Command{Kind: kind, Node: who(c, s)} }
}

func partition(c *Chooser, s *view.State) event.Command {
	var groups [2][]event.NodeID
	for i := range s.Nodes {
		g := c.rng.IntN(2)
		groups[g] = append(groups[g], s.Nodes[i].ID)
	}
	// A partition has two sides, if there is more than one machine.
	for i, g := range groups {
		if len(g) == 0 && len(s.Nodes) > 1 {
			other := groups[1-i]
			groups[i], groups[1-i] = other[:1:1], other[1:]
		}
	}
	return event.Command{Kind: event.Partition, Groups: slices.DeleteFunc(groups[:], func(g []event.NodeID) bool { return len(g) == 0 })}
}

func badLink(c *Chooser, s *view.State) event.Command {
	return c.link(s, event.Command{Kind: event.SetLink, OneWay: c.rng.IntN(2) == 0, Link: event.Link{
		Delay: c.between(5_000, 300_000), Jitter: c.between(1, 200_000),
		Loss: event.Factor(c.rng.Int64N(int64(event.One / 2))), Duplicate: event.Factor(c.rng.Int64N(int64(event.One / 2)))}})
}
