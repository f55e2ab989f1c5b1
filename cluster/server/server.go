package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/fileutil"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3compactor"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/peer"
)

// Files and folders of the data directory, beside member.json.
const (
	lockFile = "lock"
	nodeDir  = "node" // see package disk
)

// Server is a member that runs.
type Server struct {
	c    Config
	id   *identity
	lock *fileutil.LockedFile

	transport *peer.Transport
	node      *node.Node
	opened    chan struct{} // node can be used
	clients   []*etcdapi.Server
	compactor v3compactor.Compactor
	recorder  *recorder // nil: nobody watches
	metrics   *etcdapi.Metrics

	ctx    context.Context // ends with the server
	cancel context.CancelFunc
	work   sync.WaitGroup
	ready  chan struct{}
	ended  chan error // capacity 1
	stop   sync.Once
	err    error // of stopping
}

// Start checks the configuration, opens or makes the data directory, and runs the member. It returns as soon as the
// member listens; Ready tells when it serves. The errors are sentences for the operator. ctx bounds the start only.
func Start(ctx context.Context, c Config) (s *Server, err error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	disk.UseLargeSegments()
	s = &Server{c: c, ready: make(chan struct{}), ended: make(chan error, 1), opened: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			s.cancel()
			err = errors.Join(err, s.release())
			s = nil
		}
	}()
	if err := s.takeDir(); err != nil {
		return s, err
	}
	if s.id, err = whoAmI(ctx, &s.c); err != nil { // asks the peers, who may ask this one as well: so before it listens
		return s, err
	}
	peers, err := listen(c.ListenPeer, "--listen-peer-urls")
	if err != nil {
		return s, err
	}
	clients, err := listen(c.ListenClient, "--listen-client-urls")
	if err != nil {
		return s, errors.Join(err, shut(peers))
	}
	metrics, err := listen(c.ListenMetrics, "--listen-metrics-urls")
	if err == nil {
		err = s.run(peers)
	}
	if err != nil {
		return s, errors.Join(err, shut(peers), shut(clients), shut(metrics))
	}
	if err := s.serve(clients, metrics); err != nil {
		return s, errors.Join(err, shut(clients), shut(metrics))
	}
	return s, nil
}

// takeDir makes the data directory and keeps others out of it.
func (s *Server) takeDir() (err error) {
	if err := os.MkdirAll(s.c.Dir, 0o700); err != nil {
		return fmt.Errorf("the data directory %s cannot be made: %w", s.c.Dir, err)
	}
	s.lock, err = fileutil.TryLockFile(filepath.Join(s.c.Dir, lockFile), os.O_WRONLY|os.O_CREATE, 0o600)
	if errors.Is(err, fileutil.ErrLocked) {
		return fmt.Errorf("the data directory %s is in use by another process; stop that one first, or give this member a --data-dir of its own", s.c.Dir)
	}
	if err != nil {
		return fmt.Errorf("the data directory %s cannot be used: %w", s.c.Dir, err)
	}
	return nil
}

func listen(urls []url.URL, flag string) (ls []net.Listener, err error) {
	for _, u := range urls {
		network, address := "tcp", u.Host
		if u.Scheme == "unix" || u.Scheme == "unixs" {
			network, address = "unix", u.Host+u.Path
		}
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s %s: %w", flag, u.String(), err), shut(ls))
		}
		ls = append(ls, l)
	}
	return ls, nil
}

func shut(ls []net.Listener) error {
	for _, l := range ls {
		_ = l.Close() // nothing has come in yet
	}
	return nil
}

// run opens transport and node.
func (s *Server) run(peers []net.Listener) (err error) {
	s.transport, err = peer.New(peer.Options{Self: s.id.Node, Member: s.id.member, Cluster: s.id.cluster, Listeners: peers,
		TLS: s.c.PeerTLS, PreVote: s.c.PreVote, Timeout: max(5*time.Second, s.c.Election), Log: s.c.Log, MaxRequest: int(s.c.MaxRequestBytes), Roster: s.rosterOfPeers, Removed: s.fail, Address: s.address})
	if err != nil {
		return err
	}
	dir := filepath.Join(s.c.Dir, nodeDir)
	if s.c.ForceNew {
		if err := s.forceNew(dir); err != nil {
			return err
		}
	}
	s.metrics = etcdapi.ProcessMetrics(s.c.ExtensiveMetrics)
	tap := s.metrics.Tap
	if s.c.Record {
		s.recorder = newRecorder(s.id.Node)
		s.work.Go(func() { s.recorder.run(s.ctx) })
		tap = func(e event.Event) {
			s.metrics.Tap(e)
			s.recorder.tap(e)
		}
	}
	o := node.Options{ID: s.id.Node, Dir: dir, NoSync: s.c.NoFsync, Witness: s.c.Witness, FsyncDelay: func() time.Duration { return 0 }, Failed: s.fail, Fatal: s.fatal, Reboot: s.reboot,
		Transport: s.transport, Tap: tap, Watched: s.c.Record, Cluster: s.id.cluster, Member: s.id.member, Definite: peer.Definite, Address: s.founded,
		Timing: node.Timing{Heartbeat: s.c.Heartbeat, Election: s.c.Election, Snapshot: s.c.SnapshotCount, Trailing: s.c.Trailing},
		Log:    newLogger(s.c.Log.Named("raft")), Quota: s.c.Quota, Request: int(s.c.MaxRequestBytes), Tokens: s.c.AuthToken, TokenTTL: s.c.AuthTokenTTL, CertAuth: s.c.ClientTLS.ClientCertAuth, Places: true, Batch: true}
	if s.id.founders != nil {
		for _, f := range s.id.founders {
			o.Bootstrap = append(o.Bootstrap, f.Member)
		}
	}
	if s.node, err = node.Open(o); err != nil {
		return err
	}
	close(s.opened)
	return nil
}

// founded is where the founders of a new cluster are.
func (s *Server) founded(id event.NodeID) raft.ServerAddress {
	for _, f := range s.id.founders {
		if f.ID == id {
			return f.place.Address()
		}
	}
	return ""
}

// Name is the member's, as its configuration has it.
func (s *Server) Name() string { return s.c.Name }

// Ready is closed when the member has found a leader, has told the cluster its name, and serves clients.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Ended gives why the member ended by itself: its disk failed, it was removed from the cluster. Stop it then.
func (s *Server) Ended() <-chan error { return s.ended }

func (s *Server) fail(err error) {
	select {
	case s.ended <- err:
	default: // it has ended already
	}
}

// fatal ends the process, as etcd does when a transaction does not reach the disk: it must not go on without it.
func (s *Server) fatal(err error) { s.c.Log.Fatal("the store cannot be written", zap.Error(err)) }

// ErrAgain is in what Ended gives when nothing is lost, but the member has to be started once more.
var ErrAgain = errors.New("the member has to be started again")

// reboot ends the member, so that whoever runs it starts it again.
func (s *Server) reboot(why string) { s.fail(fmt.Errorf("%w: %s", ErrAgain, why)) }

// Stop hands leadership over if this member leads, ends its clients' connections in order and closes its files.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.handOver(ctx)
		s.dismiss(ctx)
		s.cancel()
		s.err = s.release()
	})
	return s.err
}

// handOver moves leadership, so that the cluster need not wait for an election.
func (s *Server) handOver(ctx context.Context) {
	if s.node.Leader() != s.id.Node || len(s.node.Status().Members) < 2 {
		return
	}
	patience := s.c.Election
	if d, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(d))
	}
	r := s.node.Order(event.Command{Kind: event.StepDown, Timeout: event.Micros(patience.Microseconds())})
	s.c.Log.Info("leadership handed over", zap.Stringer("outcome", r.Outcome), zap.String("reason", r.Error))
}

// dismissal is how long calls of clients may go on when the member ends, as with etcd.
const dismissal = 7 * time.Second

// dismiss lets clients go to other members, and their calls finish, while the node still answers.
func (s *Server) dismiss(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, dismissal)
	defer cancel()
	var all sync.WaitGroup
	for _, c := range s.clients {
		all.Go(func() { c.Shutdown(ctx) })
	}
	all.Wait()
}

// release closes what is open, in the order in which one needs the other.
func (s *Server) release() error {
	var errs []error
	if s.compactor != nil {
		s.compactor.Stop()
	}
	for _, c := range s.clients {
		c.Close()
	}
	s.work.Wait()
	if s.transport != nil {
		s.transport.Leave() // as long as the node can answer what it has taken
		errs = append(errs, s.transport.Close())
	}
	if s.node != nil { // it waits for nobody: what it had asked of others has ended
		errs = append(errs, s.node.Shutdown())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
