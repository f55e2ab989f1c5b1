package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// guide is a handful of things to try, each ticked off when the room has reported it.
type guide struct {
	done  uint8 // a bit for each trial
	fresh bool  // done has changed and is to be remembered

	deposed uint64 // term of a leader that was killed and has no successor yet
	looked  uint32 // news of the stage when it was last looked at
	parted  bool   // there have been two groups at once
}

// trial is one thing to try.
type trial struct {
	title, why string
	label      string // of the button that does it for the visitor
	line       func(*Model) string
}

// The trials, in the order in which they make most sense.
const (
	tryPut = iota
	tryKill
	tryRestart
	tryPart
	tryMinority
	tryHeal
	tryFreeze
	tryHold
)

var trials = [...]trial{
	tryPut: {"Put a key", "The entry travels to the followers as a block. Each writes it to disk and answers ✓. When a majority has it, it is committed: its cell turns solid.",
		"put pizza 4", func(*Model) string { return "put pizza 4" }},
	tryKill: {"Kill the leader", "Click the node with the crown and kill it. The arcs of the others run out; whoever runs out first stands for election in a higher term.",
		"Kill the leader", func(m *Model) string { return aboutLeader(m, "kill ") }},
	tryRestart: {"Bring it back", "It starts with what is on its disk, and learns from the new leader what it missed.",
		"Restart it", downNode},
	tryPart: {"Cut the network in two", "Draw a stroke across the links with the scissors, or hold Shift. Green outlines can still commit, red ones cannot.",
		"Split the ring", func(m *Model) string { return (&parting{far: m.minority()}).line(m) }},
	tryMinority: {"Ask the smaller side", "A put to a node without a majority can be written down but never committed. Its outcome stays unknown.",
		"Put to the red side", func(m *Model) string { return toMinority(m) }},
	tryHeal: {"Heal all", "What the smaller side wrote without a majority is overwritten: look at its row of the log.",
		"Heal all", func(*Model) string { return "heal" }},
	tryFreeze: {"Freeze time", "Nothing arrives, no timer fires. Step (→) goes on to the next single thing.",
		"Freeze", func(*Model) string { return "freeze" }},
	tryHold: {"Hold messages", "Every link becomes a gate. Click a waiting message to deliver, drop, duplicate or swap it.",
		"Hold messages", func(*Model) string { return "hold" }},
}

func aboutLeader(m *Model, verb string) string {
	if l := m.leader(); l != nil {
		return verb + l.ID.String()
	}
	return ""
}

func downNode(m *Model) string {
	for i := range m.State.Nodes {
		if n := &m.State.Nodes[i]; !n.Up && n.Refused == "" {
			return "restart " + n.ID.String()
		}
	}
	return ""
}

// toMinority puts to a node that has no majority, best one that still believes it leads.
func toMinority(m *Model) string {
	var to event.NodeID
	for _, g := range m.State.Groups() {
		if g.Quorum {
			continue
		}
		for _, id := range g.Nodes {
			if n := m.State.Node(id); to == 0 || n.Role == event.Leader {
				to = id
			}
		}
	}
	if to == 0 {
		return ""
	}
	return "put pizza 9 --from " + to.String() + " --timeout 3s"
}

// fold ticks off what the room reports, and returns what is done. The State is still what was before the event.
func (g *guide) fold(m *Model, e *event.Event) uint8 {
	// only some events complete a trial
	//exhaustive:ignore
	switch e.Kind {
	case event.Answered:
		if e.Command == event.Put && e.Outcome == event.OK {
			g.tick(tryPut)
		}
		if e.Command == event.Put && e.Outcome == event.Unknown {
			g.tick(tryMinority)
		}
	case event.Stopped:
		if n := m.State.Node(e.Node); n != nil && n.Role == event.Leader {
			g.deposed = n.Term
		}
	case event.RoleChanged:
		if e.Role == event.Leader && g.deposed != 0 && e.Term > g.deposed {
			g.tick(tryKill)
		}
	case event.Started:
		if g.deposed != 0 || g.has(tryKill) {
			g.tick(tryRestart)
		}
	case event.RateSet:
		if e.Factor == 0 {
			g.tick(tryFreeze)
		}
	case event.Held:
		g.tick(tryHold)
	}
	return g.done
}

// look ticks off what shows in the folded state only. It costs next to nothing unless the stage has changed.
func (g *guide) look(m *Model) {
	if g.looked == m.news[inWires] {
		return
	}
	g.looked = m.news[inWires]
	if g.has(tryPart) && g.has(tryHeal) {
		return
	}
	done := g.done
	if len(m.State.Groups()) > 1 {
		g.parted = true
		g.tick(tryPart)
	}
	if g.parted && !m.anyCut() {
		g.tick(tryHeal)
	}
	if g.done != done {
		m.touch(inGuide, inTrials)
	}
}

func (m *Model) anyCut() bool {
	for i := range m.State.Links {
		if m.State.Links[i].Cut {
			return true
		}
	}
	return false
}

func (g *guide) has(i int) bool { return g.done&(1<<i) != 0 }

func (g *guide) tick(i int) {
	if !g.has(i) {
		g.done |= 1 << i
		g.fresh = true
	}
}

// next is the first trial that is not done; len(trials) if all are.
func (g *guide) next() int {
	for i := range trials {
		if !g.has(i) {
			return i
		}
	}
	return len(trials)
}

func (g *guide) recall(value string) {
	if n, ok := event.ParseNumber(value); ok && n <= 1<<8-1 {
		g.done = uint8(n)
	}
}

// remember is the effect that keeps the ticks for the next visit.
func (g *guide) remember() []Effect {
	if !g.fresh {
		return nil
	}
	g.fresh = false
	return []Effect{Remember{"guide", strconv.Itoa(int(g.done))}}
}

func (g *guide) acted(m *Model, action, arg string) []Effect {
	if action == "again" {
		*g = guide{fresh: true}
		return nil
	}
	i, ok := event.ParseNumber(arg)
	if !ok || i >= uint64(len(trials)) {
		return nil
	}
	line := trials[i].line(m)
	if line == "" {
		m.notify(false, waitFor(int(i)))
		return nil
	}
	return m.run(line)
}

// waitFor says what must be there before a trial can be done for somebody.
func waitFor(i int) string {
	switch i {
	case tryKill:
		return "There is no leader to kill at the moment. Wait until one of the nodes wears a crown."
	case tryRestart:
		return "Every machine runs. Kill one first."
	case tryMinority:
		return "Every group has a majority. Cut the network in two first."
	}
	return "That cannot be done at the moment."
}
