package cluster

import (
	"sync"
	"sync/atomic"

	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// desk knows the commands that wait for their answer. A command is answered once: by its node, by its deadline, by its
// node's death or because its asker went away, whoever says Answered first.
type desk struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*pending
	shut bool
}

// pending is a command under way.
type pending struct {
	op      uint64
	command event.Command
	node    event.NodeID // the node asked; 0: the room itself
	by      *storm       // that asks; nil: somebody else
	say     func(string) // hears how a situation comes about; nil: nobody
	inside  atomic.Bool  // the node carries it out: its death ends it
	asked   event.Micros // virtual
	wall    event.Micros
	taken   atomic.Bool // somebody has answered
	result  event.Result
	answer  chan event.Result // capacity 1
	drop    func()            // ends its deadline, with the conductor locked; nil: it has none
}

// opsALife separates the ids of one life of a room from those of the next, which may still be in the logs.
const opsALife = 1 << 24

func newDesk(epoch uint64) *desk {
	return &desk{last: epoch * opsALife, open: map[uint64]*pending{}}
}

// admit gives a command its id; nil when too many wait already or the room closes.
func (d *desk) admit(c event.Command, at event.NodeID, now event.Micros) *pending {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut || len(d.open) >= MaxPending {
		return nil
	}
	d.last++
	p := &pending{op: d.last, command: c, node: at, asked: now, wall: wallNow(), answer: make(chan event.Result, 1)}
	d.open[p.op] = p
	return p
}

// asking is the fact that it was asked for.
func (p *pending) asking() event.Event {
	c := &p.command
	e := event.Event{Kind: event.Asked, Op: p.op, Command: c.Kind, Node: p.node, Peer: c.Peer, Key: c.Key, Text: Words(*c)}
	if p.by != nil {
		e.N = 1
	}
	if key, ok := check.Judged(c); ok {
		e.Key, e.OK = key, true
	}
	return e
}

// settle answers p with r through tap, unless somebody has; tap says whether it was heard. It gives true if this is the
// answer.
func (p *pending) settle(r event.Result, tap func(event.Event) bool) bool {
	if !p.taken.CompareAndSwap(false, true) {
		return false
	}
	r.ID, r.Op, r.Kind = p.command.ID, p.op, p.command.Kind
	if r.Node == 0 {
		r.Node = p.node
	}
	p.result = r
	e := event.Event{Kind: event.Answered, Op: p.op, Command: p.command.Kind, Node: r.Node, Peer: r.Leader, Outcome: r.Outcome,
		Rev: r.Revision, Index: r.Index, Term: r.Term, Nodes: r.Acks, Text: r.Error, Key: check.Deed(&p.command, &r)}
	if !tap(e) {
		p.taken.Store(false) // its machine is dead already: its death answers
		return false
	}
	return true
}

func (d *desk) find(op uint64) *pending {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[op]
}

// price fills in what an answer cost, just before it is recorded.
func (d *desk) price(e *event.Event) {
	if p := d.find(e.Op); p != nil {
		e.Took, e.N = e.At-p.asked, int64(wallNow()-p.wall)
	}
}

// limit gives p a deadline, which drop ends.
func (d *desk) limit(p *pending, drop func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p.drop = drop
}

// hand gives the recorded answer to who waits; nil if nobody did. The conductor is locked.
func (d *desk) hand(e event.Event) *pending {
	d.mu.Lock()
	p := d.open[e.Op]
	delete(d.open, e.Op)
	var drop func()
	if p != nil {
		drop = p.drop
	}
	d.mu.Unlock()
	if p == nil {
		return nil
	}
	if drop != nil {
		drop()
	}
	p.result.Virtual, p.result.Wall, p.result.Seq = e.Took, event.Micros(e.N), e.Seq
	p.answer <- p.result
	return p
}

// of lists what waits for a machine.
func (d *desk) of(id event.NodeID) (ps []*pending) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.open {
		if p.node == id && p.inside.Load() {
			ps = append(ps, p)
		}
	}
	return ps
}

// count is how many commands of a kind wait.
func (d *desk) count(k event.CommandKind) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.open {
		if p.command.Kind == k {
			n++
		}
	}
	return n
}

// close refuses what comes from now on.
func (d *desk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shut = true
	for op, p := range d.open { // nobody will record an answer any more, but for those that are on their way
		if p.taken.CompareAndSwap(false, true) {
			delete(d.open, op)
			p.answer <- event.Result{ID: p.command.ID, Op: op, Kind: p.command.Kind, Node: p.node, Outcome: lost(p.command.Kind), Error: "the room was closed before it was answered"}
		}
	}
}

// lost is the outcome of a command nobody will answer: reads changed nothing, all else may have happened.
func lost(k event.CommandKind) event.Outcome {
	if k == event.Get || k == event.Watch {
		return event.Failed
	}
	return event.Unknown
}
