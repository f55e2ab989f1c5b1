package server

import (
	"context"
	"slices"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/peer"
)

// member is the server as etcd's API needs it. It lives in real time, so what it is asked to do is done at once.
type member struct{ *Server }

// Self is the node's number.
func (m member) Self() event.NodeID { return m.id.Node }

// Do calls f. It ends in time by itself; a client that has gone away meanwhile hears nothing of it.
func (m member) Do(_ context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	if m.ctx.Err() != nil {
		return nil, node.ErrDown
	}
	return f(m.node, &node.Call{Key: c.Key})
}

// Post calls do.
func (m member) Post(do func(*node.Node), gone func()) {
	if m.ctx.Err() != nil {
		gone()
		return
	}
	do(m.node)
}

// Change changes the members. A new one gets etcd's id.
func (m member) Change(ctx context.Context, c node.Change) (event.NodeID, error) {
	c.Strict = m.c.StrictReconfig
	if c.Kind == node.AddLearner || c.Kind == node.AddVoter {
		urls, err := types.NewURLs(c.URLs)
		if err != nil {
			return 0, err
		}
		now := time.Now()
		c.Member = uint64(membership.NewMember("", urls, "", &now).ID)
	}
	if err := m.strictly(c); err != nil {
		return 0, err
	}
	v, err := m.Do(ctx, event.Command{}, func(n *node.Node, call *node.Call) (any, error) { return n.Change(call, c) })
	id, _ := v.(event.NodeID)
	return id, err
}

// strictly refuses changes for which too few members have been started (etcd's rules; started members have a name).
func (m member) strictly(c node.Change) error {
	if !c.Strict {
		return nil
	}
	ring := ringOf(&m.c, m.roster())
	ready := true
	switch c.Kind {
	case node.AddVoter:
		ready = ring.IsReadyToAddVotingMember()
	case node.Promote:
		ready = ring.IsReadyToPromoteMember(m.Peer(c.Node).ID)
	case node.Remove:
		ready = ring.IsReadyToRemoveVotingMember(m.Peer(c.Node).ID)
	case node.AddLearner, node.Move:
	}
	if !ready {
		return etcderrors.ErrNotEnoughStartedMembers
	}
	return nil
}

// Transfer hands leadership to another member.
func (m member) Transfer(ctx context.Context, to event.NodeID) error {
	_, err := m.Do(ctx, event.Command{}, func(n *node.Node, _ *node.Call) (any, error) {
		r := n.Order(event.Command{Kind: event.Transfer, Peer: to, Timeout: event.Micros(node.RequestTimeout.Microseconds())})
		switch r.Outcome {
		case event.OK:
			return nil, nil
		case event.Unknown:
			return nil, etcderrors.ErrTimeoutLeaderTransfer
		case event.Failed, event.Pending:
		}
		return nil, node.Refused(r.Error)
	})
	return err
}

// Peer is how a member is shown: what it has told of itself, and where raft's configuration says that it is.
func (m member) Peer(id event.NodeID) node.Peer {
	p := node.Peer{Node: id}
	for _, l := range m.roster().Members {
		if l.Node == id {
			p.ID, p.Name, p.PeerURLs, p.ClientURLs = l.ID, l.Name, l.PeerURLs, l.ClientURLs
		}
	}
	return p
}

// roster are the members as this one knows them.
func (s *Server) roster() peer.Roster {
	r := peer.Roster{Cluster: s.id.cluster}
	select {
	case <-s.opened:
	default: // it has yet to read its disk
		for _, f := range s.id.founders {
			r.Members = append(r.Members, peer.Listed{ID: f.place.Member, PeerURLs: f.place.URLs, Node: f.ID})
		}
		return r
	}
	known := s.node.Store().Members()
	for _, have := range s.node.Servers() {
		p, err := node.ParsePlace(have.Address)
		if err != nil {
			continue
		}
		l := peer.Listed{ID: p.Member, PeerURLs: p.URLs, Node: have.ID, IsLearner: have.Suffrage == event.Learner}
		if i := slices.IndexFunc(known, func(m *membership.Member) bool { return uint64(m.ID) == p.Member }); i >= 0 {
			l.Name, l.ClientURLs = known[i].Name, known[i].ClientURLs
		}
		r.Members = append(r.Members, l)
	}
	return r
}

// rosterOfPeers is the roster with those who were removed.
func (s *Server) rosterOfPeers() peer.Roster {
	r := s.roster()
	select {
	case <-s.opened:
		r.Removed = s.node.Store().RemovedMembers()
	default:
	}
	return r
}

// address is where a member is.
func (s *Server) address(id event.NodeID) (raft.ServerAddress, bool) {
	select {
	case <-s.opened:
	default:
		return "", false
	}
	for _, have := range s.node.Servers() {
		if have.ID == id {
			return have.Address, true
		}
	}
	return "", false
}
