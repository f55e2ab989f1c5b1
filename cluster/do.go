package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// MaxTimeout bounds the virtual time that a command may wait.
const MaxTimeout event.Micros = 3_600_000_000

// operatorTimeout is how long, in virtual time, an election, transfer, membership change or snapshot may take.
const operatorTimeout event.Micros = 10_000_000

// Do carries out a command and waits for its end. If ctx ends first, the outcome is unknown, or failed for a read; what
// is under way in the room goes on. It is safe for concurrent use.
func (r *Room) Do(ctx context.Context, c event.Command) event.Result {
	return r.wait(ctx, c, nil)
}

// wait is Do; what a situation says on its way goes to say.
func (r *Room) wait(ctx context.Context, c event.Command, say func(string)) event.Result {
	p, res := r.beginSaying(c, nil, say)
	if p == nil {
		return res
	}
	select {
	case res := <-p.answer:
		return res
	case <-ctx.Done():
		p.settle(event.Result{Outcome: lost(c.Kind), Error: "the asker went away before it was answered"}, r.tell)
		return <-p.answer
	}
}

// Begin is Do for an owner of a Manual room, who must let time go on before there is an answer.
func (r *Room) Begin(c event.Command) <-chan event.Result {
	p, res := r.begin(c, nil)
	if p == nil {
		answer := make(chan event.Result, 1)
		answer <- res
		return answer
	}
	return p.answer
}

// begin hands a command to who carries it out; without pending it ended at once. By is the room's own chaos, if that asks.
func (r *Room) begin(c event.Command, by *storm) (*pending, event.Result) {
	return r.beginSaying(c, by, nil)
}

func (r *Room) beginSaying(c event.Command, by *storm, say func(string)) (*pending, event.Result) {
	if err := wellFormed(c); err != nil {
		return nil, refused(c, err)
	}
	at, err := r.addressee(c)
	if err != nil {
		return nil, refused(c, err)
	}
	p := r.desk.admit(c, at, r.conductor.Now())
	if p == nil {
		return nil, refused(c, fmt.Errorf("the room is closing, or has %d commands waiting already; wait for some of them", MaxPending))
	}
	p.by, p.say = by, say
	r.conductor.Fact(p.asking())
	switch {
	case c.Kind.Store() && at == 0: // a client that finds nobody is a fact too
		p.settle(event.Result{Outcome: event.Failed, Error: nobodyRuns}, r.tell)
	case c.Kind.Store():
		r.ask(p)
	case c.Kind == event.Preset:
		r.present(p)
	default:
		r.order(p)
	}
	r.flushFrozen()
	return p, event.Result{}
}

func refused(c event.Command, err error) event.Result {
	return event.Result{ID: c.ID, Kind: c.Kind, Node: c.Node, Outcome: event.Failed, Error: err.Error()}
}

// tell records an event from outside all worlds.
func (r *Room) tell(e event.Event) bool {
	r.conductor.Fact(e)
	return true
}

// flushFrozen shows what was done to a room that no pacing flushes.
func (r *Room) flushFrozen() {
	if r.manual.Load() || r.conductor.Rate() == 0 {
		r.flush(r.conductor.Now())
	}
}

const nobodyRuns = "no node of this room runs; restart one"

// addressee is the node that a command goes to: the one named; for a request to any node the leader, or whoever runs, or
// nobody if none does.
func (r *Room) addressee(c event.Command) (event.NodeID, error) {
	if c.Node != 0 {
		if c.Kind == event.MemberAdd {
			return c.Node, nil
		}
		return c.Node, r.exists(c.Node)
	}
	if !c.Kind.Store() && c.Kind != event.StepDown && c.Kind != event.Snapshot {
		return 0, nil
	}
	id := r.anyone()
	if id == 0 && !c.Kind.Store() {
		return 0, errors.New(nobodyRuns)
	}
	return id, nil
}

func (r *Room) exists(ids ...event.NodeID) (err error) {
	r.journal.With(func(s *view.State) {
		for _, id := range ids {
			if s.Node(id) == nil {
				err = fmt.Errorf("there is no node %v in this room", cmp.Or(id.String(), "without a name"))
				return
			}
		}
	})
	return err
}

// anyone is the leader, or else any running node.
func (r *Room) anyone() (id event.NodeID) {
	r.journal.With(func(s *view.State) {
		if l := s.Leader(); l != nil {
			id = l.ID
			return
		}
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.Up && (id == 0 || s.Node(id).Suspended && !n.Suspended) {
				id = n.ID
			}
		}
	})
	return id
}

// ask sends a request of a client to its node, with a deadline on the room's clock.
func (r *Room) ask(p *pending) {
	if p.command.Timeout == 0 {
		p.command.Timeout = event.DefaultTimeout
	}
	r.inside(p, (*node.Node).Do)
}

// inside has f run in the world of the command's node; what it returns is the answer.
func (r *Room) inside(p *pending, f func(*node.Node, uint64, event.Command) event.Result) {
	c := p.command
	r.desk.limit(p, r.conductor.Deadline(c.Timeout, func() {
		p.settle(event.Result{Outcome: lost(c.Kind), Error: fmt.Sprintf("no answer from %v within %d ms of the room's time%s", p.node, c.Timeout/1000, mayStill(c.Kind))},
			func(e event.Event) bool { r.conductor.Locked(e); return true })
	}))
	p.inside.Store(true)
	r.mu.Lock()
	m := r.nodes[p.node]
	r.mu.Unlock()
	r.conductor.Post(p.node, func() {
		n, port := m.node, m.port
		go func() { p.settle(f(n, p.op, c), port.TryTap) }()
	}, func() {
		p.settle(event.Result{Outcome: event.Failed, Error: fmt.Sprintf("%v is down, or has too much waiting for it; nothing was done", p.node)}, r.later)
	})
}

func mayStill(k event.CommandKind) string {
	if k == event.Get {
		return ""
	}
	return "; it may still happen"
}

// later records an event from a place where the conductor may be locked.
func (r *Room) later(e event.Event) bool {
	go r.conductor.Fact(e)
	return true
}

func wellFormed(c event.Command) error {
	if int(c.Kind) <= 0 || int(c.Kind) >= event.Commands {
		return fmt.Errorf("there is no command of kind %d", c.Kind)
	}
	if c.Kind.Foreign() {
		return fmt.Errorf("%v is asked for through etcd's API, at the node's endpoint", c.Kind)
	}
	if c.Timeout < 0 || c.Timeout > MaxTimeout {
		return fmt.Errorf("a timeout is between 0 and %d ms, not %d", MaxTimeout/1000, c.Timeout/1000)
	}
	return nil
}
