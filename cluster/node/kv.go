package node

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// as is the answer to a request in its own type.
func as[T proto.Message](m proto.Message, err error) (r T, _ error) {
	if err != nil {
		return r, err
	}
	return m.(T), nil
}

// Put, DeleteRange and the others are etcd's requests, carried out by the cluster; see Propose.
func (n *Node) Put(c *Call, q *pb.PutRequest) (*pb.PutResponse, error) {
	return as[*pb.PutResponse](n.Propose(c, &pb.InternalRaftRequest{Put: q}))
}

// DeleteRange is etcd's.
func (n *Node) DeleteRange(c *Call, q *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	return as[*pb.DeleteRangeResponse](n.Propose(c, &pb.InternalRaftRequest{DeleteRange: q}))
}

// Range reads what is committed, or what this node has applied if the request says that this is enough.
func (n *Node) Range(c *Call, q *pb.RangeRequest) (*pb.RangeResponse, error) {
	if !q.Serializable {
		if err := n.Confirm(c); err != nil {
			return nil, err
		}
	}
	r, err := n.store.Range(c.User, q)
	if err == nil {
		c.Told.Revision = r.Header.GetRevision()
	}
	return r, err
}

// Count is how many keys a range holds here.
func (n *Node) Count(c *Call, q *pb.RangeRequest) (int64, error) { return n.store.Count(c.User, q) }

// Txn goes through the log unless it writes nothing.
func (n *Node) Txn(c *Call, q *pb.TxnRequest) (*pb.TxnResponse, error) {
	readOnly, serializable := store.ReadOnly(q)
	if !readOnly {
		return as[*pb.TxnResponse](n.Propose(c, &pb.InternalRaftRequest{Txn: q}))
	}
	if !serializable {
		if err := n.Confirm(c); err != nil {
			return nil, err
		}
	}
	r, err := n.store.ReadTxn(c.User, q)
	if err == nil {
		c.Told.Revision = r.Header.GetRevision()
	}
	return r, err
}

// Compact forgets old revisions; a physical one waits until they are gone from this node's disk.
func (n *Node) Compact(c *Call, q *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	if err := n.store.Administrates(c.User); err != nil {
		return nil, err
	}
	r, err := as[*pb.CompactionResponse](n.Propose(c, &pb.InternalRaftRequest{Compaction: q}))
	if err == nil && q.Physical && !n.store.WaitCompacted(n.o.Transport.Dead()) {
		return nil, etcderrors.ErrStopped
	}
	return r, err
}

// Leases lists all leases; every node knows them.
func (n *Node) Leases(c *Call) ([]*pb.LeaseStatus, error) { return n.store.Leases(c.User) }

// Authenticate logs a user in. A password is checked here, and again if users have changed until the token is known to
// all.
func (n *Node) Authenticate(c *Call, name, password string) (*pb.AuthenticateResponse, error) {
	for {
		if err := n.Confirm(c); err != nil {
			return nil, err
		}
		revision, token, err := n.store.CheckPassword(name, password)
		if err != nil {
			return nil, err
		}
		r, err := as[*pb.AuthenticateResponse](n.Propose(c, &pb.InternalRaftRequest{
			Authenticate: &pb.InternalAuthenticateRequest{Name: name, SimpleToken: token}}))
		if err != nil || revision == n.store.AuthRevision() {
			return r, err
		}
	}
}

// Authenticated refuses a call of nobody once auth is enabled.
func (n *Node) Authenticated(c *Call) error { return n.store.Authenticated(c.User) }

// Administrates refuses a call of who has not the role root once auth is enabled.
func (n *Node) Administrates(c *Call) error { return n.store.Administrates(c.User) }

// Store is this node's state machine, for what concerns this node alone.
func (n *Node) Store() *store.Store { return n.store }

// Leader is whom this node takes for the leader; 0: nobody.
func (n *Node) Leader() event.NodeID { return n.knownLeader() }
