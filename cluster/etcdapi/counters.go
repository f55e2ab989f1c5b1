package etcdapi

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// counters are what the servers of a node count.
type counters struct {
	requests       *prometheus.CounterVec // type, client_api_version
	took           *prometheus.HistogramVec
	sent, received prometheus.Counter // bytes
	broken         *prometheus.CounterVec
	pending        prometheus.Gauge
	failed         prometheus.Counter
	healthy, sick  prometheus.Counter
	probe          *prometheus.GaugeVec
	probed         *prometheus.CounterVec
	promoted       prometheus.Counter
	notPromoted    *prometheus.CounterVec
	leaderChanges  prometheus.Counter
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func counterOf(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func newCounters() counters {
	return counters{
		requests: counterOf("etcd_server_client_requests_total", "The total number of client requests per client version.", "type", "client_api_version"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "etcd_server_request_duration_seconds", Help: "Response latency distribution in seconds for each type.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14)}, []string{"type", "success"}),
		sent:          counter("etcd_network_client_grpc_sent_bytes_total", "The total number of bytes sent to grpc clients."),
		received:      counter("etcd_network_client_grpc_received_bytes_total", "The total number of bytes received from grpc clients."),
		broken:        counterOf("etcd_network_server_stream_failures_total", "The total number of stream failures from the local server.", "Type", "API"),
		pending:       prometheus.NewGauge(prometheus.GaugeOpts{Name: "etcd_server_proposals_pending", Help: "The current number of pending proposals to commit."}),
		failed:        counter("etcd_server_proposals_failed_total", "The total number of failed proposals seen."),
		healthy:       counter("etcd_server_health_success", "The total number of successful health checks"),
		sick:          counter("etcd_server_health_failures", "The total number of failed health checks"),
		probe:         prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "etcd_server_healthcheck", Help: "The result of each kind of healthcheck."}, []string{"type", "name"}),
		probed:        counterOf("etcd_server_healthchecks_total", "The total number of each kind of healthcheck.", "type", "name", "status"),
		promoted:      counter("etcd_server_learner_promote_successes", "The total number of successful learner promotions while this member is leader."),
		notPromoted:   counterOf("etcd_server_learner_promote_failures", "The total number of failed learner promotions (likely learner not ready) while this member is leader.", "Reason"),
		leaderChanges: counter("etcd_server_leader_changes_seen_total", "The number of leader changes seen."),
	}
}

func (c *counters) all() []prometheus.Collector {
	return []prometheus.Collector{c.requests, c.took, c.sent, c.received, c.broken, c.pending, c.failed, c.healthy, c.sick, c.probe, c.probed,
		c.promoted, c.notPromoted, c.leaderChanges}
}

// Tap counts what a node reports: how often it saw another leader. It is an event.Tap.
func (c *counters) Tap(e event.Event) {
	if e.Kind == event.LeaderSeen && e.Peer != 0 {
		c.leaderChanges.Inc()
	}
}

// admit counts a call, and refuses the one thing that etcd refuses before all others.
func (c *counters) admit(ctx context.Context, kind string) error {
	api := "unknown"
	if vs := metadata.ValueFromIncomingContext(ctx, rpctypes.MetadataClientAPIVersionKey); len(vs) > 0 {
		api = vs[0]
	}
	if !utf8.ValidString(api) {
		return rpctypes.ErrGRPCInvalidClientAPIVersion
	}
	c.requests.WithLabelValues(kind, api).Inc()
	return nil
}

func (c *counters) unary(ctx context.Context, q any, info *grpc.UnaryServerInfo, do grpc.UnaryHandler) (any, error) {
	if err := c.admit(ctx, "unary"); err != nil {
		return nil, err
	}
	k := kindOf(info.FullMethod, q)
	if k.name == "" {
		return do(ctx, q)
	}
	if k.writes {
		c.pending.Inc()
		defer c.pending.Dec()
	}
	start := time.Now()
	r, err := do(ctx, q)
	if slices.Contains(malformed, err) {
		return r, err // as etcd, which measures what it tries
	}
	ok := err == nil || k.writes && !undone(err) // a verdict on a write is none on how it was carried out
	if !ok && k.writes {
		c.failed.Inc()
	}
	c.took.WithLabelValues(k.name, strconv.FormatBool(ok)).Observe(time.Since(start).Seconds())
	return r, err
}

// malformed are the errors of requests that were not tried.
var malformed = []error{rpctypes.ErrGRPCEmptyKey, rpctypes.ErrGRPCValueProvided, rpctypes.ErrGRPCLeaseProvided, rpctypes.ErrGRPCTooManyOps,
	rpctypes.ErrGRPCDuplicateKey, rpctypes.ErrGRPCInvalidSortOption}

// undone says of an answer that it is none: the request was not carried out as far as its client can know.
func undone(err error) bool {
	if err == nil {
		return false
	}
	// Partial: only these say that nobody knows.
	//exhaustive:ignore
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return true
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// kind is how a request is measured.
type kind struct {
	name   string // as etcd says it; "" for what it does not measure
	writes bool   // it goes through consensus
}

// kinds are those of the methods.
var kinds = map[string]kind{}

func init() {
	for _, m := range pb.KV_ServiceDesc.Methods {
		kinds["/etcdserverpb.KV/"+m.MethodName] = kind{m.MethodName, m.MethodName != "Range"}
	}
	for _, m := range pb.Auth_ServiceDesc.Methods {
		name := m.MethodName
		if !strings.HasPrefix(name, "Auth") { // Authenticate has it, too
			name = "Auth" + name
		}
		kinds["/etcdserverpb.Auth/"+m.MethodName] = kind{name, true}
	}
	kinds["/etcdserverpb.KV/Compact"] = kind{"Compaction", true}
	kinds["/etcdserverpb.Lease/LeaseGrant"] = kind{"LeaseGrant", true}
	kinds["/etcdserverpb.Lease/LeaseRevoke"] = kind{"LeaseRevoke", true}
	kinds["/etcdserverpb.Maintenance/Alarm"] = kind{"Alarm", true}
}

func kindOf(method string, q any) kind {
	if t, ok := q.(*pb.TxnRequest); ok {
		if readOnly, _ := store.ReadOnly(t); readOnly {
			return kind{"ReadonlyTxn", false}
		}
	}
	return kinds[method]
}

func (c *counters) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, do grpc.StreamHandler) error {
	if err := c.admit(stream.Context(), "stream"); err != nil {
		return err
	}
	return do(srv, &audited{stream, c, streams[info.FullMethod]})
}

// streams are etcd's names of those whose failures it counts.
var streams = map[string]string{"/etcdserverpb.Watch/Watch": "watch", "/etcdserverpb.Lease/LeaseKeepAlive": "lease-keepalive"}

// audited is a stream whose failures are counted: those that are not its client's wish.
type audited struct {
	grpc.ServerStream
	c   *counters
	api string // "" if they are not counted
}

func (s *audited) RecvMsg(m any) error { return s.note("receive", s.ServerStream.RecvMsg(m)) }
func (s *audited) SendMsg(m any) error { return s.note("send", s.ServerStream.SendMsg(m)) }

func (s *audited) note(what string, err error) error {
	if err == nil || s.api == "" || errors.Is(err, io.EOF) || s.Context().Err() != nil {
		return err
	}
	s.c.broken.WithLabelValues(what, s.api).Inc()
	return err
}

// weighing is gRPC's codec, with a look at the scales.
type weighing struct {
	encoding.CodecV2
	c *counters
}

func (c *counters) codec() encoding.CodecV2 { return weighing{encoding.GetCodecV2(proto.Name), c} }

func (w weighing) Marshal(v any) (mem.BufferSlice, error) {
	b, err := w.CodecV2.Marshal(v)
	w.c.sent.Add(float64(b.Len()))
	return b, err
}

func (w weighing) Unmarshal(b mem.BufferSlice, v any) error {
	w.c.received.Add(float64(b.Len()))
	return w.CodecV2.Unmarshal(b, v)
}

// looked notes what a probe found.
func (c *counters) looked(kind, name string, ok bool) {
	status := "error"
	if ok {
		status = "success"
	}
	c.probe.WithLabelValues(kind, name).Set(one(ok))
	c.probed.WithLabelValues(kind, name, status).Inc()
}

// promotion counts one that ended so, if this member leads. Nobody counts those of a client without a connection.
func (c *Metrics) promotion(ctx context.Context, m Member, err error) {
	if c == nil {
		return
	}
	leads, lost := askAny(ctx, m, untold, true, func(n *node.Node, _ *node.Call) (bool, error) { return n.Leader() == m.Self(), nil })
	switch {
	case lost != nil || !leads:
	case err != nil:
		c.notPromoted.WithLabelValues(err.Error()).Inc()
	default:
		c.promoted.Inc()
	}
}
