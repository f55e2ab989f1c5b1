package etcdapi_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// habits are what clients do over and over again, for a short while each time.
var habits = map[string]func(context.Context, *clientv3.Client) error{
	"put": func(ctx context.Context, c *clientv3.Client) error { _, err := c.Put(ctx, "k", "v"); return err },
	"get": func(ctx context.Context, c *clientv3.Client) error { _, err := c.Get(ctx, "k"); return err },
	"watch": func(ctx context.Context, c *clientv3.Client) error {
		p, err := c.Put(ctx, "watched", "v")
		if err != nil {
			return err
		}
		r, ok := <-c.Watch(clientv3.WithRequireLeader(ctx), "watched", clientv3.WithRev(p.Header.Revision), clientv3.WithPrevKV())
		if !ok {
			return ctx.Err()
		}
		return r.Err()
	},
	"lease": func(ctx context.Context, c *clientv3.Client) error {
		l, err := c.Grant(ctx, 5)
		if err != nil {
			return err
		}
		_, err = c.Put(ctx, fmt.Sprint("leased", l.ID), "v", clientv3.WithLease(l.ID))
		alive, err2 := c.KeepAlive(ctx, l.ID)
		if err != nil || err2 != nil {
			return fmt.Errorf("%w, %w", err, err2)
		}
		for range alive {
			return nil
		}
		return ctx.Err()
	},
	"lock": func(ctx context.Context, c *clientv3.Client) error {
		s, err := concurrency.NewSession(c, concurrency.WithTTL(5), concurrency.WithContext(ctx))
		if err != nil {
			return err
		}
		defer s.Close()
		m := concurrency.NewMutex(s, "lock")
		if err := m.Lock(ctx); err != nil {
			return err
		}
		return m.Unlock(ctx)
	},
	"lock service": func(ctx context.Context, c *clientv3.Client) error {
		r, err := v3lockpb.NewLockClient(c.ActiveConnection()).Lock(ctx, &v3lockpb.LockRequest{Name: []byte("served")})
		if err != nil {
			return err
		}
		_, err = v3lockpb.NewLockClient(c.ActiveConnection()).Unlock(ctx, &v3lockpb.UnlockRequest{Key: r.Key})
		return err
	},
	"observe": func(ctx context.Context, c *clientv3.Client) error {
		s, err := v3electionpb.NewElectionClient(c.ActiveConnection()).Observe(ctx, &v3electionpb.LeaderRequest{Name: []byte("chair")})
		if err != nil {
			return err
		}
		_, err = s.Recv()
		return err
	},
	"snapshot": func(ctx context.Context, c *clientv3.Client) error {
		r, err := c.Snapshot(ctx)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, r)
		return err
	},
	"range stream": func(ctx context.Context, c *clientv3.Client) error {
		s, err := pb.NewKVClient(c.ActiveConnection()).RangeStream(ctx, &pb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}})
		for err == nil {
			_, err = s.Recv()
		}
		if err == io.EOF {
			return nil
		}
		return err
	},
	"compact": func(ctx context.Context, c *clientv3.Client) error {
		r, err := c.Get(ctx, "k")
		if err != nil {
			return err
		}
		_, err = c.Compact(ctx, r.Header.Revision, clientv3.WithCompactPhysical())
		return err
	},
	"care": func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.Status(ctx, c.Endpoints()[0])
		if err == nil {
			_, err = c.Defragment(ctx, c.Endpoints()[0])
		}
		if err == nil {
			_, err = c.HashKV(ctx, c.Endpoints()[0], 0)
		}
		return err
	},
	"members": func(ctx context.Context, c *clientv3.Client) error { _, err := c.MemberList(ctx); return err },
}

// whims are what happens to the room meanwhile.
var whims = []func(h *house, id, other event.NodeID){
	func(h *house, id, _ event.NodeID) {
		h.room.Do(h.ctx, event.Command{Kind: event.Kill, Node: id})
		h.after(second)
		h.room.Do(h.ctx, event.Command{Kind: event.Restart, Node: id})
	},
	func(h *house, id, _ event.NodeID) { // at once: who called its former life finds the next one
		h.room.Do(h.ctx, event.Command{Kind: event.Kill, Node: id})
		h.room.Do(h.ctx, event.Command{Kind: event.Restart, Node: id})
	},
	func(h *house, id, _ event.NodeID) {
		h.room.Do(h.ctx, event.Command{Kind: event.Suspend, Node: id})
		h.after(2 * second)
		h.room.Do(h.ctx, event.Command{Kind: event.Resume, Node: id})
	},
	func(h *house, id, other event.NodeID) {
		h.room.Do(h.ctx, event.Command{Kind: event.Cut, Node: id, Peer: other})
		h.after(2 * second)
		h.room.Do(h.ctx, event.Command{Kind: event.Heal})
	},
	func(h *house, _, other event.NodeID) {
		h.room.Do(h.ctx, event.Command{Kind: event.Transfer, Node: other, Timeout: second})
	},
	func(h *house, _, _ event.NodeID) {
		h.room.Do(h.ctx, event.Command{Kind: event.Freeze})
		for range 20 {
			pause()
		}
		h.room.Do(h.ctx, event.Command{Kind: event.Thaw})
	},
}

// mostTurns are more than enough for half of the habits to be gone through.
const mostTurns = 30

// storm has clients do what they do while things happen to the room: so often, and until half of the habits were gone through,
// which takes longer where the machine has others to serve. It gives how often each was.
func (h *house) storm(turns int) map[string]*atomic.Int64 {
	ctx, cancel := context.WithCancel(h.ctx)
	done := map[string]*atomic.Int64{}
	var clients sync.WaitGroup
	for name, habit := range habits {
		n := &atomic.Int64{}
		done[name] = n
		c := h.client(event.NodeID(rand.IntN(nodes)) + 1)
		clients.Go(func() {
			for ctx.Err() == nil {
				short, enough := context.WithTimeout(ctx, time.Duration(20+rand.IntN(300))*time.Millisecond)
				if habit(short, c) == nil {
					n.Add(1)
				}
				enough()
				pause()
			}
		})
	}
	half := func() bool {
		gone := 0
		for _, n := range done {
			if n.Load() > 0 {
				gone++
			}
		}
		return gone >= len(habits)/2
	}
	for turn := 0; turn < turns || turn < mostTurns && !half(); turn++ {
		id := event.NodeID(rand.IntN(nodes)) + 1
		whims[rand.IntN(len(whims))](h, id, id%nodes+1)
		h.after(2 * second)
	}
	cancel()
	clients.Wait()
	return done
}

// Clients of all kinds, patient and not, while nodes die, stand still, are cut off and frozen: the room lives, its
// promises hold, and when all is calm again every habit is gone through.
func TestClientsInAStorm(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	gone := 0
	for name, n := range h.storm(6) {
		if n.Load() > 0 {
			gone++
		} else {
			t.Logf("%s was never gone through in the storm", name)
		}
	}
	if gone < len(habits)/2 {
		t.Errorf("of %d habits only %d were gone through in the storm", len(habits), gone)
	}
	h.leader()
	c := h.client()
	for name, habit := range habits {
		if name == "observe" { // nobody stands for election
			continue
		}
		if _, err := until(h.ctx, func(ctx context.Context) (bool, error) { return true, habit(ctx, c) }); err != nil {
			t.Errorf("after the storm %s: %v", name, err)
		}
	}
}
