package node

import (
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Peer is a member as etcd's API shows it.
type Peer struct {
	ID         uint64 // etcd's
	Node       event.NodeID
	Name       string
	PeerURLs   []string
	ClientURLs []string
}

// MemberID is etcd's id of a member: a hash of its peer URLs and the cluster's token.
func MemberID(token string, peerURLs ...string) (uint64, error) {
	urls, err := types.NewURLs(peerURLs)
	if err != nil {
		return 0, fmt.Errorf("the peer URLs %v cannot be used: %w", peerURLs, err)
	}
	return uint64(membership.NewMember("", urls, token, nil).ID), nil
}

// ClusterID is etcd's id of a cluster: a hash of the ids of those who founded it. Each is named by its peer URL.
func ClusterID(token string, founders ...string) (uint64, error) {
	all := types.URLsMap{}
	for i, url := range founders {
		urls, err := types.NewURLs([]string{url})
		if err != nil {
			return 0, fmt.Errorf("the peer URL %s cannot be used: %w", url, err)
		}
		all[fmt.Sprint(i)] = urls
	}
	c, err := membership.NewClusterFromURLsMap(zap.NewNop(), token, all)
	if err != nil {
		return 0, fmt.Errorf("the founders %v make no cluster: %w", founders, err)
	}
	return uint64(c.ID()), nil
}

// Status is how a node stands.
type Status struct {
	Leader          event.NodeID
	Term            uint64
	Commit, Applied uint64
	Learner         bool
	Members         []event.Member // as this node knows them
}

// Status tells how this node stands.
func (n *Node) Status() Status {
	return Status{Leader: n.knownLeader(), Term: n.raft.CurrentTerm(), Commit: n.committed(), Applied: n.store.Applied(),
		Learner: n.Learner(), Members: n.members()}
}

// Learner says that this node is a member without a vote.
func (n *Node) Learner() bool {
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		if m := member(s); m.ID == n.o.ID {
			return m.Suffrage == event.Learner
		}
	}
	return false
}

// Head fills in what etcd's API says of the answering member; a revision that is there stays.
func (n *Node) Head(h *pb.ResponseHeader) {
	h.ClusterId, h.MemberId, h.RaftTerm = n.o.Cluster, n.o.Member, n.raft.CurrentTerm()
	if h.Revision == 0 {
		h.Revision = n.store.Revision()
	}
}

// FirstIndex is the first entry that this node's log keeps; 0: none.
func (n *Node) FirstIndex() uint64 {
	first, _ := n.drive.Log.FirstIndex() // it is in memory
	return first
}
