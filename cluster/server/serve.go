package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/membershippb"
	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3compactor"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/node"
)

const (
	publishAgain = 500 * time.Millisecond // after the cluster did not take it
	lookAgain    = time.Second            // between two looks at what is to be done by a leader
)

// errRemoved is etcd's.
var errRemoved = errors.New("the member has been permanently removed from the cluster")

// serve opens the doors for clients and tells the cluster about this member; both go on in the background.
func (s *Server) serve(clients, metrics []net.Listener) error {
	o := etcdapi.Options{Member: member{s}, BcryptCost: s.c.BcryptCost, MaxTxnOps: s.c.MaxTxnOps, MaxRequestBytes: s.c.MaxRequestBytes,
		MaxStreams: s.c.MaxStreams, KeepAliveLeast: orOff(s.c.KeepAliveLeast), KeepAliveEvery: orOff(s.c.KeepAliveEvery), KeepAliveTimeout: orOff(s.c.KeepAliveTimeout),
		ProgressEvery: s.c.ProgressEvery, CertAuth: s.c.ClientTLS.ClientCertAuth, Metrics: s.metrics, Alone: true}
	if err := s.compact(); err != nil {
		return err
	}
	open, err := s.doors(o, s.c.ListenClient, clients, s.c.ClientTLS)
	if err != nil {
		return err
	}
	o.PlainHTTP = true
	also, err := s.doors(o, s.c.ListenMetrics, metrics, s.metricsTLS())
	if err != nil {
		return err
	}
	for _, d := range also {
		s.work.Go(d)
	}
	s.work.Go(func() {
		if !s.publish() {
			return
		}
		for _, d := range open {
			s.work.Go(d)
		}
		close(s.ready)
	})
	s.work.Go(s.care)
	return nil
}

// orOff is a keep-alive as etcd's flags have it: 0 is off.
func orOff(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

func (s *Server) metricsTLS() transport.TLSInfo {
	if s.c.MetricsTLS.Empty() {
		return s.c.ClientTLS
	}
	return s.c.MetricsTLS
}

// doors makes a server for each listener and gives what runs them.
func (s *Server) doors(o etcdapi.Options, urls []url.URL, ls []net.Listener, info transport.TLSInfo) (run []func(), err error) {
	var secure *tls.Config
	if !info.Empty() {
		if secure, err = info.ServerConfig(); err != nil {
			return nil, fmt.Errorf("the certificates for clients cannot be used: %w", err)
		}
		info.ConfigureCRLVerification(secure)
		o.HandshakeFailed = info.HandshakeFailure
	}
	for i, l := range ls {
		o.TLS = nil
		if urls[i].Scheme == "https" || urls[i].Scheme == "unixs" {
			o.TLS = secure
		}
		server := etcdapi.New(o)
		s.clients = append(s.clients, server)
		run = append(run, func() {
			if err := server.Serve(l); err != nil && s.ctx.Err() == nil {
				s.fail(fmt.Errorf("clients at %s cannot be served any more: %w", l.Addr(), err))
			}
		})
	}
	return run, nil
}

// publish tells the cluster this member's name and where clients reach it, until it has been taken.
func (s *Server) publish() bool {
	var urls []string
	for _, u := range s.c.AdvertiseClient {
		urls = append(urls, u.String())
	}
	q := &pb.InternalRaftRequest{ClusterMemberAttrSet: &membershippb.ClusterMemberAttrSetRequest{Member_ID: s.id.member,
		MemberAttributes: &membershippb.Attributes{Name: s.c.Name, ClientUrls: urls}}}
	for s.ctx.Err() == nil {
		if _, err := s.propose(q); err != nil {
			s.c.Log.Warn("failed to publish local member to cluster through raft", zap.String("local-member-id", hex(s.id.member)), zap.Error(err))
			s.pause(publishAgain)
			continue
		}
		s.c.Log.Info("published local member to cluster through raft", zap.String("local-member-id", hex(s.id.member)), zap.String("name", s.c.Name),
			zap.Strings("client-urls", urls), zap.String("cluster-id", hex(s.id.cluster)))
		return true
	}
	return false
}

// propose has a request of the member's own done. When the server ends first, nobody waits for it any more.
func (s *Server) propose(q *pb.InternalRaftRequest) (proto.Message, error) {
	type answer struct {
		m   proto.Message
		err error
	}
	done := make(chan answer, 1)
	go func() {
		m, err := s.node.Propose(&node.Call{}, q)
		done <- answer{m, err}
	}()
	select {
	case a := <-done:
		return a.m, a.err
	case <-s.ctx.Done():
		return nil, node.ErrDown
	}
}

// pause waits, at most until the server ends.
func (s *Server) pause(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// compact prepares the compaction of old revisions that runs by itself while this member leads.
func (s *Server) compact() (err error) {
	keep, err := retention(s.c.CompactionMode, s.c.CompactionRetain)
	if err != nil || keep == 0 {
		return err
	}
	s.compactor, err = v3compactor.New(s.c.Log, s.c.CompactionMode, keep, revisions{s.node}, s)
	if err == nil {
		s.compactor.Run()
		s.compactor.Pause()
	}
	return err
}

// retention reads etcd's auto-compaction-retention: a number of revisions or hours, or a duration.
func retention(mode, words string) (time.Duration, error) {
	if mode != v3compactor.ModePeriodic && mode != v3compactor.ModeRevision {
		return 0, fmt.Errorf("unknown auto-compaction-mode %q; it is %s or %s", mode, v3compactor.ModePeriodic, v3compactor.ModeRevision)
	}
	n, err := strconv.Atoi(words)
	switch {
	case err == nil && n >= 0 && mode == v3compactor.ModeRevision:
		return time.Duration(n), nil
	case err == nil && n >= 0:
		return time.Duration(n) * time.Hour, nil
	}
	d, err := time.ParseDuration(words)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("--auto-compaction-retention %q is no number of revisions or hours, and no duration such as 30m", words)
	}
	return d, nil
}

type revisions struct{ n *node.Node }

func (r revisions) Rev() int64 { return r.n.Store().Revision() }

// Compact is for the compactor.
func (s *Server) Compact(_ context.Context, q *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	m, err := s.propose(&pb.InternalRaftRequest{Compaction: q})
	if err != nil {
		return nil, err
	}
	return m.(*pb.CompactionResponse), nil
}

// care does what has to be done once in a while: what only a leader does, and noticing that the cluster has removed this
// member.
func (s *Server) care() {
	leads, gone := false, time.Time{}
	for s.ctx.Err() == nil {
		s.pause(lookAgain)
		if now := s.node.Leader() == s.id.Node; now != leads {
			leads = now
			s.setCompacting(leads)
		}
		if leads && s.node.Store().ClusterVersion() == "" {
			s.setVersion()
		}
		switch _, member := s.address(s.id.Node); {
		case member:
			gone = time.Time{}
		case gone.IsZero():
			gone = time.Now()
		case time.Since(gone) > s.c.Election: // it is no configuration that a new leader takes back
			s.fail(errRemoved)
		}
	}
}

func (s *Server) setCompacting(leads bool) {
	switch {
	case s.compactor == nil:
	case leads:
		s.compactor.Resume()
	default:
		s.compactor.Pause()
	}
}

// setVersion says which version of etcd the cluster speaks, as etcd's leader does.
func (s *Server) setVersion() {
	q := &pb.InternalRaftRequest{ClusterVersionSet: &membershippb.ClusterVersionSetRequest{Ver: version.Cluster(version.Version) + ".0"}}
	if _, err := s.propose(q); err != nil {
		s.c.Log.Warn("failed to set the cluster version", zap.Error(err))
	}
}
