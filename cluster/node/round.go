package node

import (
	"sync"
	"time"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// rounds let reads that wait at the same time share one confirmation: all of them began before the round that confirms
// them. One round is under way at a time.
type rounds struct {
	n       *Node
	mu      sync.Mutex
	running bool
	next    *round // nil: nobody waits for it
}

// round is one confirmation.
type round struct {
	done chan struct{}
	err  error
}

// confirm waits for a round that began after it was called.
func (s *rounds) confirm(deadline time.Time) error {
	s.mu.Lock()
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	r := s.next
	if !s.running {
		s.running = true
		go s.run()
	}
	s.mu.Unlock()
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case <-r.done:
		return r.err
	case <-t.C:
		return etcderrors.ErrTimeout
	case <-s.n.o.Transport.Dead():
		return etcderrors.ErrStopped
	}
}

func (s *rounds) run() {
	for {
		s.mu.Lock()
		r := s.next
		s.next, s.running = nil, r != nil
		s.mu.Unlock()
		if r == nil {
			return
		}
		r.err = s.once()
		close(r.done)
	}
}

func (s *rounds) once() error {
	c := &Call{}
	c.begin()
	a, err := s.n.insist(c, &Ask{Command: c.about(event.Get)})
	if err != nil {
		return err
	}
	if !s.n.waitApplied(a.Index, c.deadline) {
		return etcderrors.ErrTimeout
	}
	return nil
}
