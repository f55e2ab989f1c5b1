package etcdapi

import (
	"context"
	"time"

	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc/metadata"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/proxy/grpcproxy/adapter"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// NewClient is etcd's client without a connection: it calls the services of a member directly, with etcd's default limits.
// pick says which member is asked, anew for every call and for every stream that begins. New passwords cost bcrypt's least.
func NewClient(pick func() Member) *clientv3.Client {
	m := picked(pick)
	k := &kv{m: m, most: Options{}.limits()}
	c := clientOf(k, roaming{pick: pick}, &leases{m: m})
	c.Cluster = clientv3.NewClusterFromClusterClient(adapter.ClusterServerToClusterClient(&members{m: m}), c)
	c.Maintenance = clientv3.NewMaintenanceFromMaintenanceClient(adapter.MaintenanceServerToMaintenanceClient(&maintenance{m: m}), c)
	c.Auth = clientv3.NewAuthFromAuthClient(adapter.AuthServerToAuthClient(&users{m: m, cost: bcrypt.MinCost}), c)
	return c
}

// roaming begins each stream of watches at the member that is picked then, and stays there.
type roaming struct {
	pb.UnsafeWatchServer
	pick func() Member
}

func (r roaming) Watch(stream pb.Watch_WatchServer) error {
	err := (&watch{m: r.pick(), most: Options{}.limits()}).Watch(stream)
	if err == rpctypes.ErrGRPCStopped { // the client tries again at once, wherever: not too often
		select {
		case <-time.After(retryPause):
		case <-stream.Context().Done():
		}
	}
	return err
}

// retryPause is how long a watch waits before it looks for another member.
const retryPause = 200 * time.Millisecond

// WithToken has a client of NewClient's call as the user to whom the token was given.
func WithToken(ctx context.Context, token string) context.Context {
	return metadata.NewIncomingContext(ctx, metadata.Pairs(rpctypes.TokenFieldNameGRPC, token))
}

// picked is a Member that is another one for every call.
type picked func() Member

func (p picked) Do(ctx context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	return p().Do(ctx, c, f)
}
func (p picked) Post(do func(*node.Node), gone func()) { p().Post(do, gone) }
func (p picked) Change(ctx context.Context, c node.Change) (event.NodeID, error) {
	return p().Change(ctx, c)
}
func (p picked) Transfer(ctx context.Context, to event.NodeID) error { return p().Transfer(ctx, to) }
func (p picked) Peer(id event.NodeID) node.Peer                      { return p().Peer(id) }
func (p picked) Self() event.NodeID                                  { return p().Self() }
