package etcdapi

import (
	"context"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/client/pkg/v3/types"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// members is etcd's service Cluster.
type members struct {
	pb.UnsafeClusterServer
	m       Member
	metrics *Metrics
}

// list gives the members as this node knows them, and a header without a revision. Only a user may see them, or, to change
// them, an administrator.
func (s *members) list(ctx context.Context, fresh, admin bool) ([]event.Member, *pb.ResponseHeader, error) {
	type list struct {
		ms []event.Member
		h  *pb.ResponseHeader
	}
	got, err := ask(ctx, s.m, untold, func(n *node.Node, c *node.Call) (list, error) {
		may := n.Authenticated
		if admin {
			may = n.Administrates
		}
		if err := may(c); err != nil {
			return list{}, err
		}
		if fresh {
			if err := n.Confirm(c); err != nil {
				return list{}, err
			}
		}
		h := &pb.ResponseHeader{}
		n.Head(h)
		h.Revision = 0
		return list{n.Status().Members, h}, nil
	})
	return got.ms, got.h, err
}

func (s *members) shown(ms []event.Member) (out []*pb.Member) {
	for _, m := range ms {
		out = append(out, s.show(m))
	}
	slices.SortFunc(out, func(a, b *pb.Member) int { // as etcd does: by id
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return out
}

func (s *members) show(m event.Member) *pb.Member {
	p := s.m.Peer(m.ID)
	return &pb.Member{ID: p.ID, Name: p.Name, PeerURLs: p.PeerURLs, ClientURLs: p.ClientURLs, IsLearner: m.Suffrage == event.Learner}
}

func (s *members) MemberList(ctx context.Context, q *pb.MemberListRequest) (*pb.MemberListResponse, error) {
	ms, h, err := s.list(ctx, q.Linearizable, false)
	if err != nil {
		return nil, err
	}
	return &pb.MemberListResponse{Header: h, Members: s.shown(ms)}, nil
}

// find is the member with etcd's id, if who asks may change members. One that this node has not heard of yet is looked for
// again when it has heard all.
func (s *members) find(ctx context.Context, id uint64) (m event.Member, err error) {
	for _, fresh := range []bool{false, true} {
		ms, _, err := s.list(ctx, fresh, true)
		if err != nil {
			return m, err
		}
		for _, m := range ms {
			if s.m.Peer(m.ID).ID == id {
				return m, nil
			}
		}
	}
	return m, rpctypes.ErrGRPCMemberNotFound
}

// after is the list with a change that was made, of which this node may not have heard. It does not ask others: a new voter
// that does not run yet may keep them from agreeing on anything.
func (s *members) after(ctx context.Context, made event.Member, gone bool) ([]*pb.Member, *pb.ResponseHeader, error) {
	ms, h, err := s.list(ctx, false, true)
	if err != nil {
		return nil, nil, err
	}
	ms = slices.DeleteFunc(slices.Clone(ms), func(m event.Member) bool { return m.ID == made.ID })
	if !gone {
		ms = append(ms, made)
	}
	return s.shown(ms), h, nil
}

// MemberAdd takes a machine in. A room says which machine that is, and what its URLs are. Until it runs it has no name.
func (s *members) MemberAdd(ctx context.Context, q *pb.MemberAddRequest) (*pb.MemberAddResponse, error) {
	if _, err := types.NewURLs(q.PeerURLs); err != nil {
		return nil, rpctypes.ErrGRPCMemberBadURLs
	}
	now, _, err := s.list(ctx, false, true)
	if err == nil {
		err = s.mayAdd(now, q)
	}
	if err != nil {
		return nil, err
	}
	c, added := node.Change{Kind: node.AddVoter, URLs: q.PeerURLs}, event.Member{Suffrage: event.Voter}
	if q.IsLearner {
		c.Kind, added.Suffrage = node.AddLearner, event.Learner
	}
	if added.ID, err = s.m.Change(ctx, c); err != nil {
		return nil, grpcError(err)
	}
	ms, h, err := s.after(ctx, added, false)
	if err != nil {
		return nil, err
	}
	m := s.show(added)
	m.Name, m.ClientURLs = "", nil
	return &pb.MemberAddResponse{Header: h, Member: m, Members: ms}, nil
}

// mayAdd refuses what can be told from the list. Whoever makes the change looks again.
func (s *members) mayAdd(now []event.Member, q *pb.MemberAddRequest) error {
	learners := 0
	for _, m := range now {
		if slices.ContainsFunc(s.m.Peer(m.ID).PeerURLs, func(u string) bool { return slices.Contains(q.PeerURLs, u) }) {
			return rpctypes.ErrGRPCPeerURLExist
		}
		if m.Suffrage == event.Learner {
			learners++
		}
	}
	if q.IsLearner && learners >= node.MaxLearner {
		return rpctypes.ErrGRPCTooManyLearners
	}
	return nil
}

// MemberRemove takes a member out. One that removes itself does not answer, as with etcd.
func (s *members) MemberRemove(ctx context.Context, q *pb.MemberRemoveRequest) (*pb.MemberRemoveResponse, error) {
	m, err := s.find(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	if _, err := s.m.Change(ctx, node.Change{Kind: node.Remove, Node: m.ID}); err != nil {
		return nil, grpcError(err)
	}
	if m.ID == s.m.Self() {
		return nil, rpctypes.ErrGRPCStopped
	}
	ms, h, err := s.after(ctx, m, true)
	if err != nil {
		return nil, err
	}
	return &pb.MemberRemoveResponse{Header: h, Members: ms}, nil
}

// MemberUpdate says where a member is reached. A room refuses any other place than its own.
func (s *members) MemberUpdate(ctx context.Context, q *pb.MemberUpdateRequest) (*pb.MemberUpdateResponse, error) {
	m, err := s.find(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	if _, err := types.NewURLs(q.PeerURLs); err != nil {
		return nil, rpctypes.ErrGRPCMemberBadURLs
	}
	if !slices.Equal(q.PeerURLs, s.m.Peer(m.ID).PeerURLs) {
		if _, err := s.m.Change(ctx, node.Change{Kind: node.Move, Node: m.ID, URLs: q.PeerURLs}); err != nil {
			return nil, grpcError(err)
		}
	}
	ms, h, err := s.after(ctx, m, false)
	if err != nil {
		return nil, err
	}
	return &pb.MemberUpdateResponse{Header: h, Members: ms}, nil
}

// MemberPromote gives a learner a vote.
func (s *members) MemberPromote(ctx context.Context, q *pb.MemberPromoteRequest) (*pb.MemberPromoteResponse, error) {
	m, err := s.find(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	if m.Suffrage != event.Learner {
		return nil, rpctypes.ErrGRPCMemberNotLearner
	}
	_, err = s.m.Change(ctx, node.Change{Kind: node.Promote, Node: m.ID})
	s.metrics.promotion(ctx, s.m, err)
	if err != nil {
		return nil, grpcError(err)
	}
	m.Suffrage = event.Voter
	ms, h, err := s.after(ctx, m, false)
	if err != nil {
		return nil, err
	}
	return &pb.MemberPromoteResponse{Header: h, Members: ms}, nil
}
