package ctl

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
)

// givingBack is how long, on the wall clock, a stopped line may take to give a lock or a leadership back. After that its lease
// runs out by itself.
const givingBack = 10 * time.Second

var errExpired = errors.New("session expired")

// session is etcd's session with a lease; end gives back what it holds.
func session(cmd *cobra.Command, c *clientv3.Client, ttl int) (*concurrency.Session, error) {
	ctx := cmd.Context()
	lease, err := c.Grant(ctx, int64(ttl))
	if err != nil {
		return nil, err
	}
	return concurrency.NewSession(c, concurrency.WithLease(lease.ID), concurrency.WithContext(context.WithoutCancel(ctx)))
}

// giveBack does it although the line is stopped, and lets the session's lease go.
func giveBack(ctx context.Context, s *concurrency.Session, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), givingBack)
	defer cancel()
	err := do(ctx)
	s.Orphan()
	if _, e := s.Client().Revoke(ctx, s.Lease()); err == nil {
		err = e
	}
	return err
}

func (l *line) lockVerb() *cobra.Command {
	ttl := 0
	cmd := l.asking("lock <lockname>", "Acquires a named lock, and holds it until it is stopped", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		if len(args) != 1 {
			return errors.New("lock takes a lock name argument; commands are not run here")
		}
		s, err := session(cmd, c, ttl)
		if err != nil {
			return err
		}
		m := concurrency.NewMutex(s, args[0])
		return l.hold(cmd, c, s, held{take: m.Lock, key: m.Key, give: m.Unlock})
	})
	cmd.Flags().IntVar(&ttl, "ttl", 10, "timeout for session")
	return cmd
}

// held is something that a session can hold.
type held struct {
	take func(context.Context) error
	key  func() string
	give func(context.Context) error
}

// hold takes it, shows its key, and holds it until the line is stopped or the session ends.
func (l *line) hold(cmd *cobra.Command, c *clientv3.Client, s *concurrency.Session, h held) error {
	ctx := cmd.Context()
	if err := h.take(ctx); err != nil {
		back := giveBack(ctx, s, func(context.Context) error { return nil })
		if stopped(ctx, err) {
			return back
		}
		return err
	}
	r, err := c.Get(ctx, h.key())
	switch {
	case err != nil:
		return errors.Join(err, giveBack(ctx, s, h.give))
	case len(r.Kvs) == 0:
		return errors.New("lock lost on init")
	}
	l.show.get(r, false)
	select {
	case <-ctx.Done():
		return giveBack(ctx, s, h.give)
	case <-s.Done():
		return errExpired
	}
}

func (l *line) electVerb() *cobra.Command {
	listen := false
	cmd := l.asking("elect <election-name> [proposal]", "Observes and participates in leader election", func(cmd *cobra.Command, c *clientv3.Client, args []string) error {
		switch {
		case len(args) != 1 && len(args) != 2:
			return errors.New("elect takes one election name argument and an optional proposal argument")
		case len(args) == 1 && !listen:
			return errors.New("no proposal argument but -l not set")
		case len(args) == 2 && listen:
			return errors.New("proposal given but -l is set")
		}
		s, err := session(cmd, c, electionTTL)
		if err != nil {
			return err
		}
		e := concurrency.NewElection(s, args[0])
		if listen {
			return l.observe(cmd.Context(), s, e)
		}
		take := func(ctx context.Context) error { return e.Campaign(ctx, args[1]) }
		return l.hold(cmd, c, s, held{take: take, key: e.Key, give: e.Resign})
	})
	cmd.Flags().BoolVarP(&listen, "listen", "l", false, "observation mode")
	return cmd
}

// electionTTL is that of etcd's sessions, in seconds.
const electionTTL = 60

// observe shows who is elected.
func (l *line) observe(ctx context.Context, s *concurrency.Session, e *concurrency.Election) error {
	for r := range e.Observe(ctx) {
		l.show.get(r, false)
	}
	if ctx.Err() == nil {
		return errors.New("elect: observer lost")
	}
	return giveBack(ctx, s, func(context.Context) error { return nil })
}
