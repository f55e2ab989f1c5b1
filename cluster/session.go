package cluster

import (
	"context"
	"fmt"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// Session is one node as programs outside of its world reach it: what is posted in is answered out.
type Session struct {
	r     *Room
	id    event.NodeID
	guest string // see Guest
}

// Session of a node, which need not run. It stays good for all its lives.
func (r *Room) Session(id event.NodeID) *Session { return &Session{r: r, id: id} }

// Peer is how etcd's API shows a machine of the room.
func (s *Session) Peer(id event.NodeID) node.Peer { return s.r.Peer(id) }

// Self is the node of this session.
func (s *Session) Self() event.NodeID { return s.node() }

// Transfer hands leadership to another member.
func (s *Session) Transfer(ctx context.Context, to event.NodeID) error {
	_, err := s.order(ctx, event.Command{Kind: event.Transfer, Node: to})
	return err
}

// Change changes the members and says whom it concerned. The room says which machine is added, and where it is: it
// connects its machines by itself.
func (s *Session) Change(ctx context.Context, c node.Change) (event.NodeID, error) {
	switch c.Kind {
	case node.AddLearner, node.AddVoter:
		added, err := s.order(ctx, event.Command{Kind: event.MemberAdd})
		if err != nil || c.Kind == node.AddLearner {
			return added.Node, err
		}
		_, err = s.order(ctx, event.Command{Kind: event.MemberPromote, Node: added.Node})
		return added.Node, err
	case node.Promote:
		_, err := s.order(ctx, event.Command{Kind: event.MemberPromote, Node: c.Node})
		return c.Node, err
	case node.Remove:
		_, err := s.order(ctx, event.Command{Kind: event.MemberRemove, Node: c.Node})
		return c.Node, err
	case node.Move:
		return c.Node, node.Refused(fmt.Sprintf("the peer URLs of %v are %v and cannot be changed: a room connects its machines by itself", c.Node, peerURL(c.Node)))
	}
	return 0, fmt.Errorf("there is no change %d of members", c.Kind)
}

// order has the room do something, if that is allowed now.
func (s *Session) order(ctx context.Context, c event.Command) (event.Result, error) {
	if err := s.admit(c); err != nil {
		return event.Result{}, err
	}
	r := s.r.Do(ctx, c)
	return r, ordered(r)
}

// ordered is how an order ended. One that may still happen is etcd's timeout.
func ordered(r event.Result) error {
	switch r.Outcome {
	case event.OK:
		return nil
	case event.Unknown:
		return etcderrors.ErrTimeout
	case event.Failed, event.Pending:
	}
	return node.Refused(r.Error)
}

// Post has do called on the root of the node's world, where it must not block, or gone if the node does not run.
func (s *Session) Post(do func(*node.Node), gone func()) {
	id := s.node()
	s.r.mu.Lock()
	m := s.r.nodes[id]
	s.r.mu.Unlock()
	if m == nil {
		gone()
		return
	}
	s.r.conductor.Post(id, func() { do(m.node) }, gone)
}

// answer is what a call gave.
type answer struct {
	value any
	err   error
}

// Do has f run in the node's world, where it may block, and gives what it returns. In a frozen room it waits. When ctx
// ends first, what is under way goes on. A command with a kind is told like everybody's: asked and answered; others are
// not told.
func (s *Session) Do(ctx context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	if c.Kind != event.CommandNone {
		return s.doTold(ctx, c, f)
	}
	out := make(chan answer, 1)
	s.Post(func(n *node.Node) {
		go func() {
			a := answer{nil, node.ErrLost} // if the node dies so suddenly that f never returns
			defer func() { out <- a }()
			a.value, a.err = f(n, &node.Call{Key: c.Key})
		}()
	}, func() { out <- answer{nil, node.ErrDown} })
	select {
	case a := <-out:
		return a.value, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Session) doTold(ctx context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	if err := s.admit(c); err != nil {
		return nil, err
	}
	r := s.r
	s = &Session{r: r, id: s.node(), guest: s.guest} // the same node all through
	c.Node = s.id
	p := r.desk.admit(c, s.id, r.conductor.Now())
	if p == nil {
		return nil, node.ErrBusy
	}
	r.conductor.Fact(p.asking())
	out := make(chan answer, 1)
	s.post(p, f, out)
	r.flushFrozen()
	select {
	case <-p.answer:
	case <-ctx.Done():
		if p.settle(event.Result{Outcome: lost(c.Kind), Error: "the client went away before it was answered"}, r.tell) {
			out <- answer{nil, ctx.Err()}
		}
		r.flushFrozen()
		<-p.answer
	}
	select {
	case a := <-out:
		return a.value, a.err
	default: // its death answered, or the end of the room
		return nil, node.ErrLost
	}
}

// post has f run in the node's world. What it returns is put out before its end is recorded, and only if that is the answer.
func (s *Session) post(p *pending, f func(*node.Node, *node.Call) (any, error), out chan<- answer) {
	s.r.mu.Lock()
	m := s.r.nodes[s.id]
	s.r.mu.Unlock()
	p.inside.Store(true)
	s.Post(func(n *node.Node) {
		port := m.port
		go func() {
			call := &node.Call{Op: p.op, Key: p.command.Key}
			v, err := f(n, call)
			p.settle(told(call, err), func(e event.Event) bool {
				heard := port.TryTap(e)
				if heard {
					out <- answer{v, err} // before this step ends, and only then is it recorded
				}
				return heard
			})
		}()
	}, func() {
		r := event.Result{Outcome: event.Failed, Error: fmt.Sprintf("%v is down, or has too much waiting for it; nothing was done", s.id)}
		p.settle(r, func(e event.Event) bool {
			out <- answer{nil, node.ErrDown}
			return s.r.later(e)
		})
	})
}

// told is a call's end for the record.
func told(c *node.Call, err error) event.Result {
	r := c.Told
	r.Vague = !c.Seen
	switch {
	case err == nil:
		r.Outcome, r.Error = event.OK, ""
	case r.Outcome != event.Unknown:
		r.Outcome = event.Failed
	}
	if err != nil && r.Error == "" {
		r.Error = err.Error()
	}
	return r
}
