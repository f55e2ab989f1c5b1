package etcdapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"math"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
	"go.etcd.io/etcd/server/v3/proxy/grpcproxy/adapter"

	"github.com/quorumlab/quorumlab/cluster/store"
)

// Bounds of connections, etcd's defaults.
const (
	// MaxMessage is a request of the largest size with what gRPC adds to it, in bytes.
	MaxMessage = store.MaxRequestBytes + 512<<10

	leastPing, pingEvery, pingPatience = 5 * time.Second, 2 * time.Hour, 20 * time.Second
	headerPatience                     = 5 * time.Second // until a connection has said what it speaks
)

// Options of a server.
type Options struct {
	Member Member
	// BcryptCost of new passwords; 0: etcd's default, 10. A password is checked inside the node, which stands still for that
	// long: 60 ms at etcd's default.
	BcryptCost int

	// Limits; 0: etcd's defaults.
	MaxTxnOps                                        uint
	MaxRequestBytes                                  uint
	MaxStreams                                       uint32 // of one connection
	KeepAliveLeast, KeepAliveEvery, KeepAliveTimeout time.Duration

	TLS       *tls.Config  // of Serve's listeners; nil: plain
	CertAuth  bool         // a client's certificate names its user (etcd's client-cert-auth)
	Metrics   http.Handler // instead of this node's own: a process of one node has etcd's metrics of the whole process
	PlainHTTP bool         // only the pages, without gRPC, for metrics URLs
}

// Server is etcd's API on one node.
type Server struct {
	m      Member
	grpc   *grpc.Server
	http   *http.Server
	client *clientv3.Client // of this very server, for lock and election
	health *health.Server

	close  sync.Once
	closed chan struct{}
}

// New makes a server; Serve lets it be reached.
func New(o Options) *Server {
	s := &Server{m: o.Member, closed: make(chan struct{}), health: health.NewServer()}
	s.grpc = grpc.NewServer(grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(math.MaxInt32), grpc.MaxConcurrentStreams(math.MaxUint32),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: leastPing}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: pingEvery, Timeout: pingPatience}))
	s.http = &http.Server{Handler: s.pages(), ReadHeaderTimeout: headerPatience}
	s.register(o)
	return s
}

func (s *Server) register(o Options) {
	k, w, l := &kv{m: s.m}, &watch{m: s.m}, &leases{m: s.m}
	pb.RegisterKVServer(s.grpc, k)
	pb.RegisterWatchServer(s.grpc, w)
	pb.RegisterLeaseServer(s.grpc, l)
	pb.RegisterClusterServer(s.grpc, &members{m: s.m})
	pb.RegisterMaintenanceServer(s.grpc, &maintenance{m: s.m})
	pb.RegisterAuthServer(s.grpc, &users{m: s.m, cost: cmp.Or(o.BcryptCost, bcrypt.DefaultCost)})
	s.client = clientOf(k, w, l)
	v3lockpb.RegisterLockServer(s.grpc, v3lock.NewLockServer(s.client))
	v3electionpb.RegisterElectionServer(s.grpc, v3election.NewElectionServer(s.client))
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
}

// clientOf is a client that calls the services without a connection: etcd's own lock and election are made of one.
func clientOf(k pb.KVServer, w pb.WatchServer, l pb.LeaseServer) *clientv3.Client {
	c := clientv3.NewCtxClient(context.Background())
	c.KV = clientv3.NewKVFromKVClient(adapter.KvServerToKvClient(k), c)
	c.Lease = clientv3.NewLeaseFromLeaseClient(adapter.LeaseServerToLeaseClient(l), c, time.Second)
	c.Watcher = clientv3.NewWatchFromWatchClient(adapter.WatchServerToWatchClient(w), c)
	return c
}

// Serve answers what comes to l until Close; then it gives nil.
func (s *Server) Serve(l net.Listener) error {
	split := newSplitter(l)
	var both sync.WaitGroup
	var errs [2]error
	both.Go(func() { errs[0] = s.grpc.Serve(split.grpc) })
	both.Go(func() { errs[1] = s.http.Serve(split.http) })
	err := split.run()
	both.Wait()
	select {
	case <-s.closed:
		return nil
	default:
		return errors.Join(err, errs[0], errs[1])
	}
}

// Close ends all connections, as the end of the process would.
func (s *Server) Close() {
	s.close.Do(func() {
		close(s.closed)
		_ = s.client.Close() // it has no connection
		_ = s.http.Close()   // closes what it listens to
		s.grpc.Stop()
	})
}
