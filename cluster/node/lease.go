package node

import (
	"errors"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// LeaseAsk is a question about a lease, whose time only the leader counts.
type LeaseAsk struct {
	ID    int64
	Renew bool // starts its time anew
	Keys  bool // with the keys that hang on it
}

// RenewLease keeps a lease alive and gives its time to live in seconds.
func (n *Node) RenewLease(c *Call, id int64) (int64, error) {
	if err := n.store.MayRenew(c.User, id); err != nil {
		return 0, err
	}
	c.begin()
	a, err := n.insist(c, &Ask{Op: c.Op, Command: c.about(event.Get), Lease: &LeaseAsk{ID: id, Renew: true}})
	if err == nil {
		err = a.Err
	}
	if err != nil {
		return 0, err
	}
	return a.Response.(*pb.LeaseKeepAliveResponse).TTL, nil
}

// Lease tells what is left of a lease.
func (n *Node) Lease(c *Call, id int64, keys bool) (*pb.LeaseTimeToLiveResponse, error) {
	if err := n.store.Authenticated(c.User); err != nil {
		return nil, err
	}
	if keys {
		if err := n.store.MaySeeLease(c.User, id); err != nil {
			return nil, err
		}
	}
	c.begin()
	a, err := n.insist(c, &Ask{Op: c.Op, Command: c.about(event.Get), Lease: &LeaseAsk{ID: id, Keys: keys}})
	if err == nil {
		err = a.Err
	}
	if err != nil {
		return nil, err
	}
	return a.Response.(*pb.LeaseTimeToLiveResponse), nil
}

// leaseHere is the leader's half. A leader that was replaced while it stood still would keep a lease alive that is gone, so
// it makes sure first that it leads.
func (n *Node) leaseHere(q *LeaseAsk, deadline time.Time) Answer {
	a := n.readIndex(deadline)
	if a.Retry || a.Result.Outcome != event.OK {
		return a
	}
	if !n.waitApplied(a.Index, deadline) {
		return Answer{Retry: true, Result: failed("%v did not catch up to entry %d in time", n.o.ID, a.Index)}
	}
	if q.Renew {
		ttl, err := n.store.RenewLease(q.ID)
		a.Response, a.Err = &pb.LeaseKeepAliveResponse{ID: q.ID, TTL: ttl}, err
	} else {
		r, err := n.store.Lease(q.ID, q.Keys)
		a.Response, a.Err = r, err
	}
	if errors.Is(a.Err, lease.ErrNotPrimary) || errors.Is(a.Err, etcderrors.ErrLeaderChanged) {
		return Answer{Retry: true, Result: failed("%v does not count the time of leases yet", n.o.ID)}
	}
	return a
}
