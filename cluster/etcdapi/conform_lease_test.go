package etcdapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/event"
)

const second event.Micros = 1_000_000

// after waits until the room's time has gone on by this much.
func (h *house) after(d event.Micros) {
	h.Helper()
	for end := h.room.Now() + d; h.room.Now() < end; pause() {
		h.check(h.ctx.Err())
	}
}

// A lease runs out once, by consensus, whatever happened meanwhile: everywhere its keys go at one revision, and nothing
// else does. While it is renewed it lives, through a leader that hands over, one that dies and one that stands still.
func TestLeaseRunsOutOnce(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	c := h.client()
	const ttl = 10
	lease, err := c.Grant(h.ctx, ttl)
	h.check(err)
	first := int64(0)
	for i := range 5 {
		r, err := c.Put(h.ctx, fmt.Sprintf("leased%d", i), "x", clientv3.WithLease(lease.ID))
		h.check(err)
		if first == 0 {
			first = r.Header.Revision
		}
	}
	h.put(c, "free", "x")
	var all []*witness
	for id := range event.NodeID(nodes) {
		all = append(all, h.watch(ctx, fmt.Sprintf("a watch at n%d", id+1), h.client(id+1), first))
	}
	begun := h.room.Now()
	for _, turn := range []func(leader event.NodeID){
		func(leader event.NodeID) { h.do(event.Command{Kind: event.StepDown, Node: leader}) },
		func(leader event.NodeID) {
			h.do(event.Command{Kind: event.Kill, Node: leader})
			h.otherLeader(leader)
			h.do(event.Command{Kind: event.Restart, Node: leader})
		},
		func(leader event.NodeID) {
			h.do(event.Command{Kind: event.Suspend, Node: leader})
			h.otherLeader(leader)
			h.do(event.Command{Kind: event.Resume, Node: leader})
		},
		func(event.NodeID) {},
	} {
		turn(h.leader())
		r, err := until(h.ctx, func(ctx context.Context) (*clientv3.LeaseKeepAliveResponse, error) {
			return c.KeepAliveOnce(ctx, lease.ID)
		})
		h.check(err)
		if r.TTL != ttl {
			t.Errorf("renewed for %d s", r.TTL)
		}
		h.after(6 * second)
	}
	if lived := h.room.Now() - begun; lived < 2*ttl*second {
		t.Errorf("it was kept alive for %d µs only", lived)
	}
	left, err := c.TimeToLive(h.ctx, lease.ID, clientv3.WithAttachedKeys())
	h.check(err)
	if left.TTL < 0 || left.TTL > ttl || left.GrantedTTL != ttl || len(left.Keys) != 5 {
		t.Errorf("after the last renewal %d of %d s are left, of keys %s", left.TTL, left.GrantedTTL, left.Keys)
	}
	gone := first + 6 // five leased ones, a free one, and the revocation
	for _, w := range all {
		seen, err := w.at(h.ctx, gone)
		h.check(err)
		for i := range 5 {
			if deleted := fmt.Sprintf("DELETE leased%d=@%d", i, gone); strings.Count(seen, deleted) != 1 {
				t.Errorf("%s did not hear once %q:\n%s", w.name, deleted, seen)
			}
		}
		if n := strings.Count(seen, "DELETE"); n != 5 {
			t.Errorf("%s heard of %d deletions", w.name, n)
		}
	}
	h.after(ttl * second) // nobody revokes it again
	for id := range event.NodeID(nodes) {
		r, err := h.client(id+1).Get(h.ctx, "", clientv3.WithPrefix())
		h.check(err)
		if words(r.Kvs) != "free=x" || r.Header.Revision != gone {
			t.Errorf("n%d has %s at revision %d", id+1, words(r.Kvs), r.Header.Revision)
		}
	}
	if _, err := c.KeepAliveOnce(h.ctx, lease.ID); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		t.Errorf("renewing what has run out: %v", err)
	}
}

// A lease that was granted before all nodes went down counts anew when they are up again, with its keys.
func TestLeaseOutlivesTheRoomsNodes(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	c := h.client()
	lease, err := c.Grant(h.ctx, 30)
	h.check(err)
	_, err = c.Put(h.ctx, "leased", "x", clientv3.WithLease(lease.ID))
	h.check(err)
	for id := range event.NodeID(nodes) {
		h.do(event.Command{Kind: event.Kill, Node: id + 1})
	}
	h.after(35 * second) // its clock stands still
	h.pace(event.One)    // clients wait by their own clock before they connect again
	for id := range event.NodeID(nodes) {
		h.do(event.Command{Kind: event.Restart, Node: id + 1})
	}
	h.leader()
	left, err := until(h.ctx, func(ctx context.Context) (*clientv3.LeaseTimeToLiveResponse, error) {
		return c.TimeToLive(ctx, lease.ID, clientv3.WithAttachedKeys())
	})
	h.check(err)
	if left.TTL < 15 || len(left.Keys) != 1 {
		t.Errorf("%d s are left, of keys %s", left.TTL, left.Keys)
	}
	h.pace(16 * event.One)
	for {
		r, err := until(h.ctx, func(ctx context.Context) (*clientv3.GetResponse, error) { return c.Get(ctx, "leased") })
		h.check(err)
		if len(r.Kvs) == 0 {
			return
		}
		pause()
	}
}
