package fault

import (
	"cmp"
	"math/rand/v2"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Chooser draws faults. Of two choosers with one seed, asked in the same states, both draw the same. It is used by one
// goroutine at a time.
type Chooser struct {
	rng       *rand.Rand
	intensity float64
}

// NewChooser draws faults of an intensity above 0, up to 1.
func NewChooser(seed uint64, intensity event.Factor) *Chooser {
	return &Chooser{rng: rand.New(rand.NewPCG(seed, 2)), intensity: least(intensity)}
}

// pauseMean is how long it is quiet between two faults at intensity 1, on the average and in virtual time.
const pauseMean event.Micros = 1_000_000

// Every is how long it is quiet between two faults, on the average and in virtual time: the longer the lower the intensity.
func Every(intensity event.Factor) event.Micros {
	return event.Micros(float64(pauseMean) / least(intensity))
}

// least bounds an intensity.
func least(intensity event.Factor) float64 { return min(max(intensity.Float(), 0.01), 1) }

// Pause is how long to wait before the next fault.
func (c *Chooser) Pause() event.Micros {
	mean := event.Micros(float64(pauseMean) / c.intensity)
	return c.between(mean/2, mean*3/2)
}

// rough is the intensity from which on whole partitions come, and power cuts in the middle of a write.
const rough = 0.5

// IsRough says whether an intensity is such.
func IsRough(intensity event.Factor) bool { return least(intensity) >= rough }

// Away is how many of so many machines may be taken away at once: no more than the intensity's share of them, but one.
func Away(intensity event.Factor, machines int) int {
	return max(1, int(least(intensity)*float64(machines)))
}

// Next is what shall happen now: a fault, or something is mended, the likelier the more is broken. A kind of zero: nothing.
func (c *Chooser) Next(s *view.State) event.Command {
	if len(s.Nodes) == 0 {
		return event.Command{}
	}
	mends := mendings(s)
	if len(mends) > 0 && c.rng.Float64() < 0.25+0.1*float64(len(mends))/c.intensity/float64(len(s.Nodes)) {
		return mends[c.rng.IntN(len(mends))]
	}
	total := 0
	for i := range All {
		total += c.weight(&All[i], s)
	}
	if total == 0 {
		return event.Command{}
	}
	at := c.rng.IntN(total)
	for i := range All {
		if at -= c.weight(&All[i], s); at < 0 {
			return All[i].Draw(c, s)
		}
	}
	return event.Command{}
}

// weight of a kind now.
func (c *Chooser) weight(k *Kind, s *view.State) int {
	if k.rough && c.intensity < rough || k.hurts && away(s) >= Away(event.FactorOf(c.intensity), len(s.Nodes)) {
		return 0
	}
	return k.weight
}

// away counts the machines that do not run.
func away(s *view.State) (n int) {
	for i := range s.Nodes {
		if !s.Nodes[i].Up || s.Nodes[i].Suspended {
			n++
		}
	}
	return n
}

// mendings are what could be mended, one command for each thing that is broken.
func mendings(s *view.State) (all []event.Command) {
	for i := range s.Nodes {
		n := &s.Nodes[i]
		switch {
		case !n.Up && n.Refused == "":
			all = append(all, event.Command{Kind: event.Restart, Node: n.ID})
		case n.Suspended:
			all = append(all, event.Command{Kind: event.Resume, Node: n.ID})
		}
		if n.Drift != event.One {
			all = append(all, event.Command{Kind: event.Drift, Node: n.ID, Factor: event.One})
		}
		if n.Fsync > 0 {
			all = append(all, event.Command{Kind: event.Disk, Node: n.ID})
		}
	}
	bad := 0
	for _, l := range s.Links {
		if l.Link == (event.Link{}) {
			continue
		}
		if bad++; bad <= len(s.Nodes) {
			all = append(all, event.Command{Kind: event.Mend, Node: l.From, Peer: l.To})
		}
	}
	if bad > 2 {
		all = append(all, event.Command{Kind: event.Heal})
	}
	return all
}

func (c *Chooser) between(least, most event.Micros) event.Micros {
	return least + event.Micros(c.rng.Int64N(int64(most-least)))
}

func (c *Chooser) any(s *view.State) event.NodeID { return s.Nodes[c.rng.IntN(len(s.Nodes))].ID }

// leader is who leads, or anybody.
func (c *Chooser) leader(s *view.State) (id event.NodeID) {
	if l := s.Leader(); l != nil {
		id = l.ID
	}
	return cmp.Or(id, c.any(s))
}

// link is a command about two different machines, if there are two.
func (c *Chooser) link(s *view.State, command event.Command) event.Command {
	command.Node, command.Peer = c.any(s), c.any(s)
	for len(s.Nodes) > 1 && command.Peer == command.Node {
		command.Peer = c.any(s)
	}
	return command
}
