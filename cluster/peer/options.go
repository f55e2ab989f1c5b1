package peer

import (
	"net"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// Options of a transport.
type Options struct {
	Self      event.NodeID
	Member    uint64            // etcd's id of this member
	Cluster   uint64            // etcd's id of the cluster
	Listeners []net.Listener    // of the peer URLs, plain: TLS is put on top of them. The transport closes them
	TLS       transport.TLSInfo // zero: plain TCP
	PreVote   bool
	Timeout   time.Duration // of connecting and of one message; etcd takes 5 s and more for snapshots
	Log       *zap.Logger

	// Roster tells who is a member now, and which ids were removed for good. It must not block.
	Roster func() Roster
	// Address is where a member is; false: it is none. It must not block.
	Address func(event.NodeID) (raft.ServerAddress, bool)

	// The rest may be left out.

	// Removed hears that another member says this one was removed for good, with the sentence. It must not block.
	Removed func(why error)
	// Storage is the version of the storage as GET /version tells it. It must not block.
	Storage func() string
	// MaxRequest bounds what a request to the leader carries, in bytes; 0: store.MaxRequestBytes. Give all members the same.
	MaxRequest int
}

// defaultTimeout is Options.Timeout where none is given: what etcd gives its own connections between peers.
const defaultTimeout = 5 * time.Second

func (o *Options) complete() {
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Removed == nil {
		o.Removed = func(error) {}
	}
	if o.MaxRequest <= 0 {
		o.MaxRequest = store.MaxRequestBytes
	}
}

// Roster is what members tell about members.
type Roster struct {
	Cluster uint64
	Members []Listed
	Removed []uint64
}

// Listed is a member as GET /members shows it: etcd's JSON, and the number by which raft knows it.
type Listed struct {
	ID         uint64       `json:"id"`
	PeerURLs   []string     `json:"peerURLs"`
	IsLearner  bool         `json:"isLearner,omitempty"`
	Name       string       `json:"name,omitempty"`
	ClientURLs []string     `json:"clientURLs,omitempty"`
	Node       event.NodeID `json:"node"`
}
