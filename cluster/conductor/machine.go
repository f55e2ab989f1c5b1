package conductor

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/world"
)

// ErrDown says that a machine does not run.
var ErrDown = errors.New("the machine is down")

// machine is a computer in the ring, running or not.
type machine struct {
	id          event.NodeID
	incarnation int
	world       *world.World // nil: down
	port        *Port
	life        Life
	suspended   bool
	drift       event.Factor
	inbox       []arrival // in order of arrival
	crash       atomic.Pointer[crash]
}

// Life is what lives in a machine's world.
type Life interface {
	// Fence is called at the instant of death, on the root: from then on nothing may reach the disk that a crash would not leave there.
	Fence()
	// End takes everything down; it may block.
	End() error
}

// arrival is a message, or a closure from outside, that waits for the machine's next step.
type arrival struct {
	at   event.Micros
	msg  *Message
	run  func()
	gone func() // instead of run, if the machine goes down first
}

type crash struct {
	why  event.Reason
	text string
}

// takeWork empties the inbox into the work of a step that begins at now.
func (m *machine) takeWork(now event.Micros) []world.Work {
	var ws []world.Work
	for _, a := range m.inbox {
		w := world.Work{Off: max(a.at-now, 0), Do: a.run}
		if msg := a.msg; msg != nil {
			port := m.port
			w.Do = func() {
				if msg.silent || port.TryTap(event.Event{Kind: event.Delivered, Msg: msg.ID, Node: msg.From, Peer: msg.To}) {
					port.deliver(msg)
				} else {
					port.lose(msg)
				}
			}
		}
		ws = append(ws, w)
	}
	m.inbox = nil
	slices.SortStableFunc(ws, func(a, b world.Work) int { return int(a.Off - b.Off) })
	return ws
}

func (c *Conductor) toInbox(m *machine, msg *Message) {
	if len(m.inbox) >= PortQueue {
		c.drop(msg, event.QueueFull, msg.due)
		return
	}
	m.inbox = append(m.inbox, arrival{at: msg.due, msg: msg})
}

func (c *Conductor) machine(id event.NodeID) *machine {
	for _, m := range c.machines {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (c *Conductor) running(id event.NodeID) (*machine, error) {
	m := c.machine(id)
	if m == nil {
		return nil, fmt.Errorf("there is no machine %v in this room", id)
	}
	if m.world == nil {
		return m, fmt.Errorf("%v: %w", id, ErrDown)
	}
	return m, nil
}

// AddMachine puts a machine that does not run yet into the ring.
func (c *Conductor) AddMachine(id event.NodeID, drift event.Factor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machines = append(c.machines, &machine{id: id, drift: drift})
	slices.SortFunc(c.machines, func(a, b *machine) int { return int(a.id) - int(b.id) })
	c.tap(event.Event{Kind: event.MachineAdded, Node: id})
}

// RemoveMachine takes a machine that is down out of the ring, with its links.
func (c *Conductor) RemoveMachine(id event.NodeID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machines = slices.DeleteFunc(c.machines, func(m *machine) bool { return m.id == id })
	touches := func(m *Message) bool { return m.From == id || m.To == id }
	for _, m := range c.inFlight.take(touches) {
		c.drop(m, event.MachineDown, c.now)
	}
	for _, m := range c.takeGates(touches) {
		c.drop(m, event.MachineDown, c.now)
	}
	for p := range c.links {
		if p.from == id || p.to == id {
			delete(c.links, p)
		}
	}
	c.fitReach()
	c.tap(event.Event{Kind: event.MachineRemoved, Node: id})
}

// Boot makes, inside a machine's new world, what lives there. It may block.
type Boot func(*world.World, *Port) (Life, error)

// errDied says that booting ended without a word: a write of it failed, or reached a fence.
var errDied = errors.New("it died while it started")

// Start gives a machine a new life. If boot fails the machine stays down.
func (c *Conductor) Start(id event.NodeID, boot Boot) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.machine(id)
	if m == nil || m.world != nil {
		return fmt.Errorf("%v cannot be started: it runs, or is not in the room", id)
	}
	m.incarnation++
	m.crash.Store(nil)
	w := world.New(c.now)
	var port *Port
	var life Life
	err := errDied
	stuck := c.untilDone(w, m.drift, func() {
		port = newPort(id, m.incarnation, w, c.preVote) // its channels belong to this world
		life, err = boot(w, port)
	})
	if stuck != nil {
		c.o.Fatal(fmt.Errorf("starting %v: %w", id, stuck))
		return stuck
	}
	c.takeIn([][]item{port.drain()})
	if err != nil {
		if k := m.crash.Swap(nil); k != nil {
			err = errors.New(k.text)
		}
		return errors.Join(err, w.Exit())
	}
	m.world, m.port, m.life, m.suspended = w, port, life, false
	return nil
}

// untilDone runs f inside w on a goroutine of its own, which may sleep or end, and lets only this world's clock move.
func (c *Conductor) untilDone(w *world.World, drift event.Factor, f func()) error {
	const slice, most = 10_000, 100_000 // steps of 10 ms
	var done atomic.Bool
	s := world.Step{At: c.now, Drift: drift.Float(), Work: []world.Work{{Do: func() {
		go func() {
			defer done.Store(true)
			f()
		}()
	}}}}
	for range most {
		w.Begin(s)
		if err := w.End(); err != nil {
			return err
		}
		if done.Load() {
			return nil
		}
		s.Work, s.For = nil, slice
	}
	return errors.New("it takes more than a thousand virtual seconds")
}

// Stop ends a machine's life as a crash does: from this instant nothing it does is heard. Its connections are reset.
func (c *Conductor) Stop(id event.NodeID, why event.Reason, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.running(id)
	if err != nil {
		return err
	}
	return c.stop(m, why, text)
}

func (c *Conductor) stop(m *machine, why event.Reason, text string) error {
	m.port.fence()
	c.tap(event.Event{Kind: event.Stopped, Node: m.id, Reason: why, Text: text})
	err := c.end(m)
	for _, a := range m.inbox {
		if a.gone != nil {
			a.gone()
		} else {
			c.drop(a.msg, event.MachineDown, c.now)
			c.refuse(a.msg)
		}
	}
	for _, msg := range m.port.takeLost() {
		c.drop(msg, event.MachineDown, c.now)
		c.refuse(msg)
	}
	m.inbox, m.world, m.suspended = nil, nil, false
	c.resetConnections(m.id)
	return err
}

// end takes down what lives in the world and the world itself.
func (c *Conductor) end(m *machine) error {
	var closed error
	err := c.untilDone(m.world, event.One, func() {
		m.life.Fence()
		m.port.die()
		closed = m.life.End()
	})
	if err == nil {
		return errors.Join(closed, m.world.Exit())
	}
	err = fmt.Errorf("stopping %v: %w", m.id, err)
	c.o.Fatal(err)
	return err
}

// resetConnections tells everyone who waits for an answer of id that there will be none.
func (c *Conductor) resetConnections(id event.NodeID) {
	for _, m := range c.machines {
		l := c.links[pair{id, m.id}]
		if m.world == nil || l.Cut || l.Hold {
			continue
		}
		m.port.mu.Lock()
		last := m.port.next
		m.port.mu.Unlock()
		c.enqueue(&Message{From: id, To: m.id, Err: ErrReset, reset: true, silent: true, call: last, incarnation: m.incarnation, due: c.now + c.base(l)})
	}
}

// Crash reports, from inside a machine's world, that it died by itself. It goes down when the step ends.
func (p *Port) Crash(c *Conductor, why event.Reason, text string) {
	p.fence()
	if m := c.machine(p.id); m != nil { // the list of machines does not change during a step
		m.crash.CompareAndSwap(nil, &crash{why, text})
	}
}

func (c *Conductor) buryCrashed() {
	for _, m := range c.machines {
		if k := m.crash.Load(); k != nil && m.world != nil {
			m.crash.Store(nil)
			if err := c.stop(m, k.why, k.text); err != nil && c.o.Warn != nil {
				c.o.Warn(fmt.Errorf("%v crashed, and its end was not clean: %w", m.id, err))
			}
			if c.o.Crashed != nil {
				c.o.Crashed(m.id, c.tap)
			}
		}
	}
}

// Suspend lets a machine stand still, its clock too; what arrives waits for it.
func (c *Conductor) Suspend(id event.NodeID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.running(id)
	if err != nil {
		return err
	}
	if m.suspended {
		return fmt.Errorf("%v is suspended already", id)
	}
	m.suspended = true
	c.tap(event.Event{Kind: event.Suspended, Node: id})
	return nil
}

// Resume lets a suspended machine go on. What arrived meanwhile, messages and calls of clients alike, is handed to
// it in order of arrival before anything new.
func (c *Conductor) Resume(id event.NodeID) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, err := c.running(id)
	if err != nil {
		return err
	}
	if !m.suspended {
		return fmt.Errorf("%v is not suspended", id)
	}
	m.suspended = false
	c.tap(event.Event{Kind: event.Resumed, Node: id, N: int64(len(m.inbox))})
	return nil
}

// SetDrift sets the speed of a machine's clock.
func (c *Conductor) SetDrift(id event.NodeID, f event.Factor) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.machine(id)
	if m == nil {
		return fmt.Errorf("there is no machine %v in this room", id)
	}
	m.drift = f
	c.tap(event.Event{Kind: event.DriftSet, Node: id, Factor: f})
	return nil
}

// SetPreVote switches pre-votes for all machines.
func (c *Conductor) SetPreVote(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.preVote = on
	for _, m := range c.machines {
		if m.world != nil {
			m.port.setPreVote(on)
		}
	}
	c.tap(event.Event{Kind: event.PreVoteSet, OK: on})
}

// Post has run called on the root of a machine's world in its next step; it must not block. If the machine is down,
// goes down before, or has PortQueue calls and messages waiting, gone is called instead.
func (c *Conductor) Post(id event.NodeID, run, gone func()) {
	c.mu.Lock()
	m, err := c.running(id)
	taken := err == nil && len(m.inbox) < PortQueue
	if taken {
		m.inbox = append(m.inbox, arrival{at: c.now, run: run, gone: gone})
	}
	c.mu.Unlock()
	if !taken {
		gone()
	}
}

// Poke runs what is posted without moving time.
func (c *Conductor) Poke() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run(0)
}

// Up says whether a machine runs, and whether it is suspended.
func (c *Conductor) Up(id event.NodeID) (up, suspended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.machine(id)
	return m != nil && m.world != nil, m != nil && m.suspended
}
