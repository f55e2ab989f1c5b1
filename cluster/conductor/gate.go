package conductor

import (
	"fmt"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// MaxHeld bounds the messages that wait at gates; the oldest is dropped for the next.
const MaxHeld = 4096

func (c *Conductor) hold(m *Message, at event.Micros) {
	if len(c.gates) >= MaxHeld {
		c.drop(c.gates[0], event.QueueFull, at)
		c.gates = c.gates[1:]
	}
	m.held = true
	c.gates = append(c.gates, m)
	c.tap(event.Event{Kind: event.Held, At: at, Msg: m.ID, Node: m.From, Peer: m.To})
}

func (c *Conductor) takeGates(f func(*Message) bool) (out []*Message) {
	c.gates = slices.DeleteFunc(c.gates, func(m *Message) bool {
		if f(m) {
			out = append(out, m)
			return true
		}
		return false
	})
	return out
}

// release lets messages go on in their order, a microsecond apart so that they keep it.
func (c *Conductor) release(ms []*Message) {
	for i, m := range ms {
		c.goOn(m, c.now+c.flight(c.links[pair{m.From, m.To}])+event.Micros(i))
	}
}

func (c *Conductor) goOn(m *Message, due event.Micros) {
	m.held, m.due = false, due
	c.tap(event.Event{Kind: event.Released, Msg: m.ID, Node: m.From, Peer: m.To, Until: due})
	c.enqueue(m)
}

func (c *Conductor) copy(m *Message, due, at event.Micros) *Message {
	d := *m
	c.lastMsg++
	d.ID = c.lastMsg
	if !d.Reply {
		d.call = 0 // nobody waits for the copy's answer
	}
	d.due = due
	until := due
	if d.held {
		until = 0
	}
	c.tap(event.Event{Kind: event.Copied, At: at, Msg: d.ID, N: int64(m.ID), Node: d.From, Peer: d.To, Until: until})
	if !d.held {
		c.enqueue(&d)
	}
	return &d
}

func (c *Conductor) gate(id uint64) (int, error) {
	i := slices.IndexFunc(c.gates, func(m *Message) bool { return m.ID == id })
	if i < 0 {
		return 0, fmt.Errorf("message %d does not wait at a gate (it arrived, was dropped, or never was)", id)
	}
	return i, nil
}

// Deliver lets one held message arrive at once.
func (c *Conductor) Deliver(id uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.gate(id)
	if err != nil {
		return err
	}
	m := c.gates[i]
	c.gates = slices.Delete(c.gates, i, i+1)
	c.goOn(m, c.now)
	return nil
}

// Drop loses one message, held or in flight.
func (c *Conductor) Drop(id uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := func(m *Message) bool { return m.ID == id && !m.silent }
	ms := append(c.takeGates(is), c.inFlight.take(is)...)
	if len(ms) == 0 {
		return fmt.Errorf("message %d is not under way (it arrived, was dropped, or never was)", id)
	}
	c.drop(ms[0], event.ByHand, c.now)
	return nil
}

// Duplicate puts a copy of a held message behind it.
func (c *Conductor) Duplicate(id uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.gate(id)
	if err != nil {
		return err
	}
	d := c.copy(c.gates[i], 0, c.now)
	c.gates = slices.Insert(c.gates, i+1, d)
	c.sayOrder(d.From, d.To)
	return nil
}

// Reorder lets two held messages of one link change places; with 0 the first goes to the end of its link's queue.
func (c *Conductor) Reorder(id, with uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i, err := c.gate(id)
	if err != nil {
		return err
	}
	m := c.gates[i]
	if with == 0 {
		c.gates = append(slices.Delete(c.gates, i, i+1), m)
		c.sayOrder(m.From, m.To)
		return nil
	}
	j, err := c.gate(with)
	if err != nil {
		return err
	}
	if o := c.gates[j]; o.From != m.From || o.To != m.To {
		return fmt.Errorf("messages %d and %d are on different links; only those of one link can change places", id, with)
	}
	c.gates[i], c.gates[j] = c.gates[j], c.gates[i]
	c.sayOrder(m.From, m.To)
	return nil
}

// sayOrder tells the queue of a link anew, first to go first.
func (c *Conductor) sayOrder(from, to event.NodeID) {
	n := int64(0)
	for _, m := range c.gates {
		if m.From == from && m.To == to {
			n++
			c.tap(event.Event{Kind: event.Held, Msg: m.ID, Node: from, Peer: to, N: n})
		}
	}
}
