package cluster

import (
	"context"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// MaxWatches bounds the watches of etcd's clients that are told while they are open; further ones work untold.
const MaxWatches = 64

// Guest is a session of somebody whom the room's owner knows: Options.Admit is asked about this name. Of a session without
// a node whoever leads, or runs, is asked.
func (r *Room) Guest(id event.NodeID, name string) *Session {
	return &Session{r: r, id: id, guest: name}
}

// Pinned is the session of the node that is asked now, and of no other later.
func (s *Session) Pinned() *Session { return &Session{r: s.r, id: s.node(), guest: s.guest} }

// node is the node that is asked.
func (s *Session) node() event.NodeID {
	if s.id == 0 {
		return s.r.anyone()
	}
	return s.id
}

// Order has the room do something, if that is allowed now; say hears how it goes.
func (s *Session) Order(ctx context.Context, c event.Command, say func(string)) event.Result {
	if err := s.admit(c); err != nil {
		return refused(c, err)
	}
	return s.r.wait(ctx, c, say)
}

// admit asks the room's owner whether this may be done now.
func (s *Session) admit(c event.Command) error {
	if s.r.o.Admit == nil {
		return nil
	}
	if err := s.r.o.Admit(s.guest, c); err != nil {
		return node.Denied(err.Error())
	}
	return nil
}

// Tell tells of a client's watch until it ends.
func (s *Session) Tell(c event.Command) (end func(error), err error) {
	if err := s.admit(c); err != nil {
		return nil, err
	}
	r, id := s.r, s.node()
	c.Node = id
	if r.desk.count(c.Kind) >= MaxWatches {
		return func(error) {}, nil
	}
	p := r.desk.admit(c, id, r.conductor.Now())
	if p == nil {
		return func(error) {}, nil
	}
	p.inside.Store(true)
	r.conductor.Fact(event.Event{Kind: event.Asked, Op: p.op, Command: c.Kind, Node: id, Key: c.Key, Text: Words(c)})
	r.flushFrozen()
	return func(err error) {
		res := event.Result{Outcome: event.OK}
		if err != nil {
			res = event.Result{Outcome: event.Failed, Error: err.Error()}
		}
		p.settle(res, r.tell)
		r.flushFrozen()
	}, nil
}
