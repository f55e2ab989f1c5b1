// Package conductor owns a room's time and its network: the worlds of all machines advance together under it,
// and every message in flight is its own. Frozen means that it does not step.
package conductor

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/world"
)

const (
	// MaxStep bounds how far all worlds move in one step while somebody looks or waits for something; shorter when a
	// link's delay is shorter. Advance takes steps as long as the shortest delay.
	MaxStep event.Micros = 5_000
	// NearDelay is a link's one-way delay at real time and faster: a data centre.
	NearDelay event.Micros = 5_000
	// FarDelay is a link's one-way delay at slower rates, so that a flight of a message is seen: 300 ms of wall time at WorkshopRate.
	FarDelay event.Micros = 75_000
	// WorkshopRate lets a message fly for 300 ms and an election take three to six seconds.
	WorkshopRate = event.One / 4
	// MinRate and MaxRate bound the rate of a room that is not frozen.
	MinRate, MaxRate = event.One / 100, 20 * event.One
	// MinDelay is the shortest delay of a link: the steps of a room cannot be shorter than this.
	MinDelay event.Micros = 100

	tickLag               = 4          // after a stall at most this many ticks are caught up with
	stepFine event.Micros = 50         // resolution of Step
	stepMost event.Micros = 10_000_000 // Step gives up after this long without any event
)

// Options of a conductor. Tap gets every event in order, on the goroutine that advances time.
type Options struct {
	Start    event.Micros // virtual time at which the room goes on
	Messages uint64       // the last number that a message had before
	Seed     uint64       // of loss, jitter and duplication; 0: random
	Rate     event.Factor
	PreVote  bool
	Tap      event.Tap
	Describe func(*raft.Log) (op uint64, label string) // of a log entry, for the facts
	Crashed  func(id event.NodeID, tap event.Tap)      // a machine went down by itself; the conductor is locked, so only tap may be used
	Warn     func(error)                               // something was left undone that does no harm to what is told
	Fatal    func(error)                               // a world is stuck: the process cannot go on
	Ticked   func(now event.Micros)                    // after each pacing tick, and when a frozen room was acted on
}

type pair struct{ from, to event.NodeID }

// Conductor of one room. Its methods are safe for concurrent use.
type Conductor struct {
	mu       sync.Mutex
	o        Options
	now      event.Micros
	rate     event.Factor
	thawed   event.Factor
	delay    event.Micros
	preVote  bool
	machines []*machine // by id
	links    map[pair]event.Link
	inFlight queue
	gates    []*Message // held, in the order in which they would go on
	alarms   alarms
	lastMsg  uint64
	order    uint64
	reach    event.Micros // the shortest delay of a link: how far the worlds may move without hearing of each other
	happened int          // events since the room began, to see whether a step did something
	told     event.Micros // when the last of them was
	rng      *rand.Rand
	wake     chan struct{} // capacity 1: the rate changed
	outs     [][]item      // what machines emitted in a step, and
	ran      []*machine    // who took part: kept for their memory
}

// New makes a conductor without machines.
func New(o Options) *Conductor {
	if o.Seed == 0 {
		o.Seed = rand.Uint64()
	}
	if o.Fatal == nil {
		o.Fatal = func(err error) { panic(err) }
	}
	c := &Conductor{o: o, now: o.Start, lastMsg: o.Messages, preVote: o.PreVote, links: map[pair]event.Link{},
		rng: rand.New(rand.NewPCG(o.Seed, 1)), wake: make(chan struct{}, 1)}
	c.setRate(cmp.Or(o.Rate, event.One))
	return c
}

// Now is the room's virtual time.
func (c *Conductor) Now() event.Micros {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Rate is the present rate, 0 when frozen.
func (c *Conductor) Rate() event.Factor {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rate
}

// Messages is the last number that a message has.
func (c *Conductor) Messages() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastMsg
}

func (c *Conductor) tap(e event.Event) {
	if e.At == 0 {
		e.At = c.now
	}
	c.happened++
	c.told = e.At
	c.o.Tap(e)
}

// Fact records an event of the room itself at the present time.
func (c *Conductor) Fact(e event.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tap(e)
}

// Locked is Fact for a function that runs with the conductor locked: an alarm.
func (c *Conductor) Locked(e event.Event) { c.tap(e) }

// Advance moves the room's time on by d, as fast as it can, whatever its rate; less if the room freezes under way. Others
// are let in between steps.
func (c *Conductor) Advance(d event.Micros) {
	c.mu.Lock()
	defer c.mu.Unlock()
	goes := c.goes()
	for end := c.now + d; c.now < end && goes(); {
		c.step(min(end-c.now, c.reach))
		c.mu.Unlock()
		c.mu.Lock()
	}
}

// Await advances until ok, at most d and not past a freeze; ok is called between steps and may use no method of the
// conductor.
func (c *Conductor) Await(d event.Micros, ok func() bool) bool {
	c.mu.Lock()
	end, goes := c.now+d, c.goes()
	c.mu.Unlock()
	for !ok() {
		c.mu.Lock()
		if c.now >= end || !goes() {
			c.mu.Unlock()
			return false
		}
		c.step(min(end-c.now, c.reach, MaxStep))
		c.mu.Unlock()
	}
	return true
}

// goes says whether a room that goes on now still does when it is called. One that is frozen already can be moved all the
// same.
func (c *Conductor) goes() func() bool {
	frozen := c.rate == 0
	return func() bool { return frozen || c.rate > 0 }
}

// step moves all worlds by at most dt, which is no longer than reach: what arrives within is delivered at its instant,
// and nothing that is sent within can arrive within, because no link is shorter than the step.
func (c *Conductor) step(dt event.Micros) {
	c.ring()
	if len(c.alarms) > 0 {
		dt = min(dt, max(c.alarms[0].due-c.now, 1))
	}
	for len(c.inFlight) > 0 && c.inFlight[0].due <= c.now+dt {
		c.arrive(heap.Pop(&c.inFlight).(*Message))
	}
	c.run(dt)
}

// run moves the worlds by dt with the work that waits for them and takes in what they emit.
func (c *Conductor) run(dt event.Micros) {
	ran := c.ran[:0]
	for _, m := range c.machines {
		if m.world == nil || m.suspended {
			continue
		}
		m.world.Begin(world.Step{At: c.now, For: dt, Drift: m.drift.Float(), Work: m.takeWork(c.now)})
		ran = append(ran, m)
	}
	outs := c.outs[:0]
	for _, m := range ran {
		if err := m.world.End(); err != nil {
			c.o.Fatal(fmt.Errorf("%v: %w", m.id, err))
		}
		outs = append(outs, m.port.drain())
	}
	c.takeIn(outs)
	c.outs, c.ran = outs, ran
	c.now += dt
	c.buryCrashed()
}

// takeIn merges what machines emitted, each in order of time, into one order.
func (c *Conductor) takeIn(outs [][]item) {
	for {
		first := -1
		for i, out := range outs {
			if len(out) > 0 && (first < 0 || out[0].at() < outs[first][0].at()) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		next := &outs[first][0]
		outs[first] = outs[first][1:]
		if next.msg != nil {
			c.send(next.msg)
		} else {
			c.tap(next.event)
		}
	}
}

// send takes a message that a machine has emitted and decides what becomes of it.
func (c *Conductor) send(m *Message) {
	l := c.links[pair{m.From, m.To}]
	c.lastMsg++
	m.ID = c.lastMsg
	lost := l.Loss > 0 && c.chance(l.Loss)
	m.due = m.sent + c.flight(l)
	m.held = l.Hold && !l.Cut
	fact := m.fact()
	if l.Cut {
		fact.Until = 0
	}
	c.describe(m, &fact)
	c.tap(fact)
	switch {
	case l.Cut:
		c.drop(m, event.LinkCut, m.sent)
	case lost:
		c.drop(m, event.Lost, m.sent)
	case m.held:
		c.hold(m, m.sent)
	default:
		c.enqueue(m)
		if l.Duplicate > 0 && c.chance(l.Duplicate) {
			c.copy(m, m.due+c.flight(l)-l.Jitter/2, m.sent)
		}
	}
}

func (c *Conductor) describe(m *Message, fact *event.Event) {
	if q, ok := m.Body.(*raft.AppendEntriesRequest); ok && len(q.Entries) > 0 && c.o.Describe != nil {
		fact.Op, fact.Text = c.o.Describe(q.Entries[0])
	}
}

func (c *Conductor) chance(f event.Factor) bool { return c.rng.Int64N(int64(event.One)) < int64(f) }

// flight is how long a message takes over l, jitter included.
func (c *Conductor) flight(l event.Link) event.Micros {
	d := c.base(l)
	if l.Jitter > 0 {
		d += event.Micros(c.rng.Int64N(int64(l.Jitter) + 1))
	}
	return d
}

func (c *Conductor) base(l event.Link) event.Micros {
	d := cmp.Or(l.Delay, c.delay)
	if l.Slow > 0 {
		d = event.Micros(float64(d) * l.Slow.Float())
	}
	return max(d, MinDelay)
}

func (c *Conductor) enqueue(m *Message) {
	c.order++
	m.order, m.due = c.order, max(m.due, c.now)
	heap.Push(&c.inFlight, m)
}

func (c *Conductor) drop(m *Message, why event.Reason, at event.Micros) {
	if !m.silent {
		c.tap(event.Event{Kind: event.Dropped, At: at, Msg: m.ID, Node: m.From, Peer: m.To, Reason: why})
	}
}

// arrive hands a due message to its machine's next step.
func (c *Conductor) arrive(m *Message) {
	to := c.machine(m.To)
	switch {
	case to == nil || to.world == nil:
		c.drop(m, event.MachineDown, m.due)
		c.refuse(m)
	case (m.Reply || m.reset) && m.incarnation != to.incarnation: // for an earlier life
		c.drop(m, event.MachineDown, m.due)
	default:
		c.toInbox(to, m)
	}
}

// refuse answers a request to a machine that is down, as a host does that refuses connections.
func (c *Conductor) refuse(m *Message) {
	back := c.links[pair{m.To, m.From}]
	if m.Reply || m.call == 0 || back.Cut || back.Hold {
		return
	}
	c.enqueue(&Message{From: m.To, To: m.From, Type: m.Type, Reply: true, Err: ErrRefused, call: m.call, incarnation: m.incarnation,
		silent: true, due: m.due + c.base(back)})
}

// Run paces the room against the wall clock until ctx ends, waking as often as tick says for the rate; frozen it sleeps.
func (c *Conductor) Run(ctx context.Context, tick func(event.Factor) time.Duration) {
	every := tick(c.Rate())
	t := time.NewTicker(every)
	defer t.Stop()
	last := time.Now()
	for {
		var ticks <-chan time.Time
		if c.Rate() > 0 {
			ticks = t.C
		}
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
			if every = tick(c.Rate()); ticks == nil {
				last = time.Now() // what was frozen away is not caught up with
			}
			t.Reset(every)
		case <-ticks:
			now := time.Now()
			c.pace(min(now.Sub(last), tickLag*every))
			last = now
		}
	}
}

// pace advances by d of wall time, letting others in between steps.
func (c *Conductor) pace(d time.Duration) {
	c.mu.Lock()
	end := c.now + event.Micros(float64(d.Microseconds())*c.rate.Float())
	for c.now < end && c.rate > 0 {
		c.step(min(end-c.now, c.reach, MaxStep))
		c.mu.Unlock()
		c.mu.Lock()
	}
	now := c.now
	c.mu.Unlock()
	if c.o.Ticked != nil {
		c.o.Ticked(now)
	}
}

// SetRate sets the rate; 0 freezes. The default delay of links follows it.
func (c *Conductor) SetRate(f event.Factor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setRate(f)
}

func (c *Conductor) setRate(f event.Factor) {
	c.rate = f
	if f > 0 {
		c.thawed = f
		c.delay = FarDelay
		if f >= event.One/2 {
			c.delay = NearDelay
		}
	}
	c.fitReach()
	c.tap(event.Event{Kind: event.RateSet, Factor: f, Took: c.delay})
	c.stir()
}

// stir has Run look at the rate.
func (c *Conductor) stir() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Freeze stops time; Thaw lets it go on at the rate before.
func (c *Conductor) Freeze() { c.SetRate(0) }

// Thaw lets a frozen room go on.
func (c *Conductor) Thaw() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rate == 0 {
		c.setRate(c.thawed)
	}
}

// Halt freezes the room from within Tap, while the conductor is locked. The step under way ends, so at most MaxStep
// of what all machines did is told after it; no step follows.
func (c *Conductor) Halt() {
	if c.rate == 0 {
		return
	}
	c.rate = 0
	c.tap(event.Event{Kind: event.RateSet, At: c.told, Took: c.delay})
	c.stir()
}

// fitReach keeps steps no longer than the shortest delay.
func (c *Conductor) fitReach() {
	c.reach = c.delay
	for _, l := range c.links {
		c.reach = min(c.reach, c.base(l))
	}
}

// Step lets a frozen room go on until one message has arrived, or something has happened in a machine by its own
// timers. It returns false when nothing happens for ten virtual seconds, or the room is not frozen.
func (c *Conductor) Step() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rate > 0 {
		return false
	}
	before := c.happened
	for end := c.now + stepMost; c.now < end && c.happened == before; {
		c.ring()
		c.stepOne()
	}
	did := c.happened > before
	c.tap(event.Event{Kind: event.Stepped, OK: did})
	return did
}

// stepOne moves by the finest step, or less to the next arrival, which is then the only one.
func (c *Conductor) stepOne() {
	dt := min(stepFine, c.reach)
	if len(c.inFlight) > 0 && c.inFlight[0].due <= c.now+dt {
		m := heap.Pop(&c.inFlight).(*Message)
		if d := max(m.due-c.now, 0); d > 0 {
			c.run(d) // up to the arrival; a timer that fires here is the thing that happens
			heap.Push(&c.inFlight, m)
			return
		}
		c.arrive(m)
		c.run(0)
		return
	}
	c.run(dt)
}
