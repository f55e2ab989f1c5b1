package etcdapi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
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
	// workers are the goroutines that wait for requests; more at the same time get goroutines of their own.
	workers = 128
	// messageOverhead is what a message may have around the largest request, in bytes.
	messageOverhead = 512 << 10

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
	MaxTxnOps       uint
	MaxRequestBytes uint   // more than the default needs a node that takes as much: see node.Options
	MaxStreams      uint32 // of one connection
	// Keep-alives; 0: etcd's defaults, negative: off, as etcd has it with a flag of 0.
	KeepAliveLeast, KeepAliveEvery, KeepAliveTimeout time.Duration
	ProgressEvery                                    time.Duration // between notes where a watch stands that asked for them

	TLS *tls.Config // of Serve's listeners; nil: plain
	// HandshakeFailed hears of clients with which TLS was not agreed on, if it is there.
	HandshakeFailed func(*tls.Conn, error)
	CertAuth        bool         // a client's certificate names its user (etcd's client-cert-auth)
	Metrics         http.Handler // a *Metrics counts too; nil: this node's own. A process of one node has etcd's of the whole process
	Alone           bool         // the node has its process for itself: goroutines wait for requests, which nobody records
	PlainHTTP       bool         // only health and metrics, without gRPC, for metrics URLs
}

// limits are those of requests.
type limits struct {
	ops   int // of a transaction
	bytes int // of a request
}

func (o Options) limits() limits {
	return limits{ops: int(cmp.Or(o.MaxTxnOps, store.MaxTxnOps)), bytes: int(cmp.Or(o.MaxRequestBytes, store.MaxRequestBytes))}
}

// leastProgress is the shortest time between notes where a watch stands, as with etcd.
const leastProgress = 100 * time.Millisecond

func (o Options) progress() time.Duration {
	if o.ProgressEvery == 0 {
		return 0
	}
	return max(o.ProgressEvery, leastProgress)
}

// Server is etcd's API on one node.
type Server struct {
	m       Member
	tls     *tls.Config
	grpc    *grpc.Server // nil: none
	http    *http.Server
	client  *clientv3.Client // of this very server, for lock and election
	health  *health.Server
	metrics *Metrics

	failed func(*tls.Conn, error) // handshakes; nil: nobody wants to know

	close sync.Once
	bye   *farewell
}

// New makes a server; Serve lets it be reached.
func New(o Options) *Server {
	s := &Server{m: o.Member, tls: o.TLS, failed: o.HandshakeFailed, bye: newFarewell(), health: health.NewServer()}
	if o.CertAuth {
		s.m = certified{o.Member}
	}
	telling := s.count(o.Metrics)
	s.http = &http.Server{ReadHeaderTimeout: headerPatience, ErrorLog: log.New(io.Discard, "", 0), // nobody reads of the errors of others
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: int(min(cmp.Or(o.MaxStreams, math.MaxUint32), math.MaxInt32))}}
	if o.PlainHTTP {
		s.http.Handler = s.metricsPages(telling)
		return s
	}
	s.grpc = grpc.NewServer(s.settings(o)...)
	s.register(o)
	s.http.Handler = s.either(s.pages(telling, o.Metrics != nil))
	return s
}

// count takes the metrics that were given, or makes this node's own; telling is what shows them.
func (s *Server) count(given http.Handler) (telling http.Handler) {
	s.metrics, telling = nil, given
	if m, ok := given.(*Metrics); ok {
		s.metrics = m
	}
	if s.metrics == nil {
		s.metrics = NodeMetrics()
	}
	if given == nil {
		telling = s.metrics
	}
	s.metrics.bind(s.m)
	return telling
}

// settings are those of gRPC.
func (s *Server) settings(o Options) []grpc.ServerOption {
	all := []grpc.ServerOption{
		grpc.MaxRecvMsgSize(o.limits().bytes + messageOverhead), grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.MaxConcurrentStreams(cmp.Or(o.MaxStreams, math.MaxUint32)),
		grpc.ForceServerCodecV2(s.metrics.codec()),
		grpc.ChainUnaryInterceptor(s.bye.unary, s.metrics.grpc.UnaryServerInterceptor(), s.metrics.unary),
		grpc.ChainStreamInterceptor(s.bye.stream, s.metrics.grpc.StreamServerInterceptor(), s.metrics.stream),
	}
	if o.Alone { // a goroutine that is new grows its stack with every request
		all = append(all, grpc.NumStreamWorkers(workers))
	}
	if least := cmp.Or(o.KeepAliveLeast, leastPing); least > 0 {
		all = append(all, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: least}))
	}
	if every, patience := cmp.Or(o.KeepAliveEvery, pingEvery), cmp.Or(o.KeepAliveTimeout, pingPatience); every > 0 && patience > 0 {
		all = append(all, grpc.KeepaliveParams(keepalive.ServerParameters{Time: every, Timeout: patience}))
	}
	if o.TLS != nil {
		all = append(all, grpc.Creds(handshaken{}))
	}
	return all
}

func (s *Server) register(o Options) {
	k, w, l := &kv{m: s.m, most: o.limits(), alone: o.Alone}, &watch{m: s.m, most: o.limits(), progress: o.progress()}, &leases{m: s.m}
	pb.RegisterKVServer(s.grpc, k)
	pb.RegisterWatchServer(s.grpc, w)
	pb.RegisterLeaseServer(s.grpc, l)
	pb.RegisterClusterServer(s.grpc, &members{m: s.m, metrics: s.metrics})
	pb.RegisterMaintenanceServer(s.grpc, &maintenance{m: s.m})
	pb.RegisterAuthServer(s.grpc, &users{m: s.m, cost: cmp.Or(o.BcryptCost, bcrypt.DefaultCost)})
	s.client = clientOf(k, w, l)
	v3lockpb.RegisterLockServer(s.grpc, v3lock.NewLockServer(s.client))
	v3electionpb.RegisterElectionServer(s.grpc, v3election.NewElectionServer(s.client))
	healthpb.RegisterHealthServer(s.grpc, s.health)
	reflection.Register(s.grpc)
	if s.metrics.zeros {
		s.metrics.grpc.InitializeMetrics(s.grpc)
	}
}

// clientOf is a client that calls the services without a connection: etcd's own lock and election are made of one.
func clientOf(k pb.KVServer, w pb.WatchServer, l pb.LeaseServer) *clientv3.Client {
	c := clientv3.NewCtxClient(context.Background())
	c.KV = clientv3.NewKVFromKVClient(adapter.KvServerToKvClient(k), c)
	c.Lease = clientv3.NewLeaseFromLeaseClient(adapter.LeaseServerToLeaseClient(l), c, time.Second)
	c.Watcher = clientv3.NewWatchFromWatchClient(adapter.WatchServerToWatchClient(w), c)
	return c
}

// Serve answers what comes to l until Shutdown or Close; then it gives nil.
func (s *Server) Serve(l net.Listener) error {
	var err error
	if s.grpc == nil {
		if s.tls != nil {
			c := s.tls.Clone()
			c.NextProtos = []string{"h2", "http/1.1"}
			l = tls.NewListener(l, c)
		}
		err = s.http.Serve(l)
	} else {
		err = s.serveBoth(newSplitter(l, s.tls, s.failed))
	}
	if s.bye.said.Err() != nil {
		return nil
	}
	return err
}

func (s *Server) serveBoth(split *splitter) error {
	var both sync.WaitGroup
	var errs [2]error
	both.Go(func() { errs[0] = s.grpc.Serve(split.grpc) })
	both.Go(func() { errs[1] = s.http.Serve(split.http) })
	err := split.run()
	both.Wait()
	return errors.Join(err, errs[0], errs[1])
}

// Close ends all connections, as the end of the process would.
func (s *Server) Close() {
	s.close.Do(func() {
		s.bye.say()
		_ = s.http.Close() // closes what it listens to
		if s.grpc != nil {
			_ = s.client.Close() // it has no connection
			s.stop()
		}
	})
}

// stopWait bounds how long Close waits for gRPC to say that all connections are closed.
const stopWait = time.Second

// stop closes gRPC's connections. If Shutdown's patience has ended, GracefulStop may have seen them go first and waits for a call
// that does not end: it holds the lock then which Stop needs to return (grpc-go 1.83), though there is nothing left for it to do.
func (s *Server) stop() {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.grpc.Stop()
	}()
	late := time.NewTimer(stopWait)
	defer late.Stop()
	select {
	case <-stopped:
	case <-late.C:
	}
}
