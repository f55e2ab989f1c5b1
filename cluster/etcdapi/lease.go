package etcdapi

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/lease"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// leases is etcd's service Lease.
type leases struct {
	pb.UnsafeLeaseServer
	m Member
}

func (s *leases) LeaseGrant(ctx context.Context, q *pb.LeaseGrantRequest) (*pb.LeaseGrantResponse, error) {
	if q.ID == 0 {
		q.ID = 1 + rand.Int64N(1<<63-1)
	}
	return ask(ctx, s.m, proposed(&pb.InternalRaftRequest{LeaseGrant: q}), func(n *node.Node, c *node.Call) (*pb.LeaseGrantResponse, error) {
		if err := n.Authenticated(c); err != nil {
			return nil, err
		}
		if err := afford(s.m, n, c, q); err != nil {
			return nil, err
		}
		m, err := n.Propose(c, &pb.InternalRaftRequest{LeaseGrant: q})
		if err != nil {
			return nil, err
		}
		r := m.(*pb.LeaseGrantResponse)
		n.Head(r.Header)
		return r, nil
	})
}

func (s *leases) LeaseRevoke(ctx context.Context, q *pb.LeaseRevokeRequest) (*pb.LeaseRevokeResponse, error) {
	return ask(ctx, s.m, proposed(&pb.InternalRaftRequest{LeaseRevoke: q}), func(n *node.Node, c *node.Call) (*pb.LeaseRevokeResponse, error) {
		if err := n.Authenticated(c); err != nil {
			return nil, err
		}
		m, err := n.Propose(c, &pb.InternalRaftRequest{LeaseRevoke: q})
		if err != nil {
			return nil, err
		}
		r := m.(*pb.LeaseRevokeResponse)
		n.Head(r.Header)
		return r, nil
	})
}

// LeaseKeepAlive answers each request in turn; a lease that is gone has a time to live of 0, which is no error.
func (s *leases) LeaseKeepAlive(stream pb.Lease_LeaseKeepAliveServer) error {
	var told firsts
	for {
		q, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r, err := s.keepAlive(stream.Context(), q.ID, told.command(q.ID))
		if err != nil {
			return err
		}
		if err := stream.Send(r); err != nil {
			return err
		}
	}
}

// toldLeases bounds the leases of one stream whose keep-alives are told.
const toldLeases = 16

// firsts are the leases of a stream that were kept alive once. Only that is told: it goes on every few seconds.
type firsts map[int64]bool

func (f *firsts) command(id int64) event.Command {
	if (*f)[id] || len(*f) == toldLeases {
		return untold
	}
	if *f == nil {
		*f = firsts{}
	}
	(*f)[id] = true
	return keepAliveCommand(id)
}

func (s *leases) keepAlive(ctx context.Context, id int64, told event.Command) (*pb.LeaseKeepAliveResponse, error) {
	return ask(ctx, s.m, told, func(n *node.Node, c *node.Call) (*pb.LeaseKeepAliveResponse, error) {
		r := &pb.LeaseKeepAliveResponse{ID: id, Header: &pb.ResponseHeader{}}
		n.Head(r.Header) // before: a revocation that comes later has a later revision
		ttl, err := n.RenewLease(c, id)
		if errors.Is(err, lease.ErrLeaseNotFound) {
			return r, nil
		}
		r.TTL = ttl
		return r, err
	})
}

func (s *leases) LeaseTimeToLive(ctx context.Context, q *pb.LeaseTimeToLiveRequest) (*pb.LeaseTimeToLiveResponse, error) {
	return ask(ctx, s.m, untold, func(n *node.Node, c *node.Call) (*pb.LeaseTimeToLiveResponse, error) {
		r, err := n.Lease(c, q.ID, q.Keys)
		if errors.Is(err, lease.ErrLeaseNotFound) {
			r, err = &pb.LeaseTimeToLiveResponse{Header: &pb.ResponseHeader{}, ID: q.ID, TTL: -1}, nil
		}
		if err == nil {
			n.Head(r.Header)
		}
		return r, err
	})
}

func (s *leases) LeaseLeases(ctx context.Context, _ *pb.LeaseLeasesRequest) (*pb.LeaseLeasesResponse, error) {
	return ask(ctx, s.m, untold, func(n *node.Node, c *node.Call) (*pb.LeaseLeasesResponse, error) {
		list, err := n.Leases(c)
		if err != nil {
			return nil, err
		}
		r := &pb.LeaseLeasesResponse{Header: &pb.ResponseHeader{}, Leases: list}
		n.Head(r.Header)
		return r, nil
	})
}
