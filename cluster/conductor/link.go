package conductor

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// SetLink changes one direction. What is in flight on a link that is cut is lost; on one that holds, it waits at the
// gate; when a gate opens what waited goes on.
func (c *Conductor) SetLink(from, to event.NodeID, l event.Link) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if from == to || c.machine(from) == nil || c.machine(to) == nil {
		return fmt.Errorf("there is no link from %v to %v in this room", from, to)
	}
	c.setLink(pair{from, to}, l)
	return nil
}

func (c *Conductor) setLink(p pair, l event.Link) {
	was := c.links[p]
	if was == l {
		return
	}
	if c.links[p] = l; l == (event.Link{}) {
		delete(c.links, p)
	}
	c.fitReach()
	c.tap(event.Event{Kind: event.LinkSet, Node: p.from, Peer: p.to, Link: l})
	on := func(m *Message) bool { return m.From == p.from && m.To == p.to }
	switch {
	case l.Cut:
		for _, m := range append(c.inFlight.take(on), c.takeGates(on)...) {
			c.drop(m, event.LinkCut, c.now)
		}
	case l.Hold && !was.Hold:
		for _, m := range c.inFlight.take(on) {
			if m.silent {
				continue // a refusal or reset is lost at a gate; the caller's timeout covers it
			}
			c.hold(m, c.now)
		}
	case was.Hold && !l.Hold:
		c.release(c.takeGates(on))
	}
}

// Link is one direction as it is.
func (c *Conductor) Link(from, to event.NodeID) event.Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.links[pair{from, to}]
}

// Partition cuts the links between groups and mends those inside them; a machine in no group is alone.
func (c *Conductor) Partition(groups [][]event.NodeID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	side := map[event.NodeID]int{}
	for i, g := range groups {
		for _, id := range g {
			if c.machine(id) == nil {
				return fmt.Errorf("group %d names %v, which is not in this room", i+1, id)
			}
			if _, twice := side[id]; twice {
				return fmt.Errorf("%v is in two groups", id)
			}
			side[id] = i + 1
		}
	}
	c.eachPair(func(p pair) {
		l := c.links[p]
		l.Cut = side[p.from] != side[p.to] || side[p.from] == 0
		c.setLink(p, l)
	})
	return nil
}

// Heal makes all links as new; held messages go on.
func (c *Conductor) Heal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eachPair(func(p pair) { c.setLink(p, event.Link{}) })
}

// HoldAll opens or shuts all gates.
func (c *Conductor) HoldAll(hold bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eachPair(func(p pair) {
		l := c.links[p]
		l.Hold = hold
		c.setLink(p, l)
	})
}

func (c *Conductor) eachPair(f func(pair)) {
	for _, a := range c.machines {
		for _, b := range c.machines {
			if a != b {
				f(pair{a.id, b.id})
			}
		}
	}
}

func sortByOrder(ms []*Message) {
	slices.SortFunc(ms, func(a, b *Message) int { return cmp.Compare(a.ID, b.ID) })
}
