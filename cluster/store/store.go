package store

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/pkg/v3/traceutil"
	"go.etcd.io/etcd/server/v3/auth"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3alarm"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
	"go.etcd.io/etcd/server/v3/etcdserver/cindex"
	"go.etcd.io/etcd/server/v3/lease"
	serverstorage "go.etcd.io/etcd/server/v3/storage"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
)

// Options of a store. Only Dir is needed.
type Options struct {
	Dir        string
	Node       event.NodeID
	Sync       bool          // fsync bbolt's commits
	Quota      int64         // bytes; 0: etcd's default, 2 GiB. Beyond it the alarm NOSPACE is raised through raft
	Checkpoint time.Duration // how often a leader writes what is left of leases to the log; 0: etcd's default, 5 minutes
	Member     uint64        // etcd's id of this member, for alarms; 0: Node
	Tap        event.Tap     // Applied
	Tokens     string        // etcd's auth-token: "simple" or "jwt,…"; empty: simple
	TokenTTL   time.Duration // of simple tokens; 0: etcd's default, 5 minutes
	CertAuth   bool          // who has no token is whom the certificate of the connection names
	Cluster    uint64        // etcd's id of the cluster, for headers and metrics; 0: none
	Batch      bool          // made for many requests a second: commits are as far apart as in etcd
	Request    int           // bytes of the largest request; 0: MaxRequestBytes
	Failed     func(error)   // the store cannot go on, its disk is full for example; the node has to crash

	// Fatal is told instead of Failed that a commit failed, and has to end the process, as etcd does: what is committed
	// after that lacks a transaction. Without it the file is put aside, or removed if there is no room for a copy, which is
	// for nodes that have all of it in a snapshot too.
	Fatal func(error)

	// Place reads one of raft's addresses: etcd's id of the member and its peer URLs. With it the store keeps etcd's own
	// list of members in step with raft's configuration; nil: it keeps none.
	Place func(raft.ServerAddress) (member uint64, urls []string, err error)

	// Synced is told ahead of every commit: the file is on disk as it is now. Nil: nobody.
	Synced func()

	batchLimit int // writes of a transaction; 0: etcd's default, 10,000
}

const (
	mmapBytes      = 1 << 20                // bbolt's file is made this large with its first commit
	commitInterval = 500 * time.Millisecond // what was applied since the last commit is replayed from the log after a crash; etcd takes 100 ms
	batchInterval  = 100 * time.Millisecond // etcd's; what was written since the last commit is copied for every read behind a write
	minLeaseTTL    = 2                      // seconds, as etcd has with its default election timeout
	leaseRetry     = 3 * time.Second        // an expired lease whose revocation failed is offered again
	tokenTTL       = 5 * time.Minute        // etcd's default
)

// Store is one node's state machine. Its methods are safe for concurrent use inside the node's bubble.
type Store struct {
	o    Options
	path string
	log  *zap.Logger

	index    cindex.ConsistentIndexer
	position position
	bemu     sync.RWMutex // guards be against Restore, for who is not raft
	be       backend.Backend
	kv       mvcc.WatchableKV
	lessor   lease.Lessor
	auth     auth.AuthStore
	ring     *membership.RaftCluster
	ua       apply.UberApplier
	quota    serverstorage.Quota

	opened    atomic.Bool
	failed    atomic.Bool
	detached  atomic.Bool // the file below path is a copy that nobody writes any more
	lastTerm  atomic.Uint64
	lastIndex atomic.Uint64
	progress  progress
	alarms    atomic.Pointer[v3alarm.AlarmStore]
	compacted atomic.Pointer[<-chan struct{}] // closed when the compaction that was applied last is done
	closing   chan struct{}                   // closed when the store is
	noSpace   chan struct{}                   // asks Serve to raise the alarm
}

var (
	_ raft.FSM                = (*Store)(nil)
	_ raft.ConfigurationStore = (*Store)(nil)
)

// Open makes the state machine from the file in Options.Dir, or a new one.
func Open(o Options) (s *Store, err error) {
	if o.Failed == nil {
		o.Failed = func(error) {}
	}
	if o.Member == 0 {
		o.Member = uint64(o.Node)
	}
	s = &Store{o: o, path: filepath.Join(o.Dir, "db"), noSpace: make(chan struct{}, 1), closing: make(chan struct{})}
	defer func() {
		if p := recover(); p != nil { // etcd panics on a file that it cannot open or make sense of
			s, err = nil, fmt.Errorf("the store in %s cannot be opened: %v", o.Dir, p)
		}
	}()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("the store's directory cannot be made: %w", err)
	}
	if err := removeLeft(s.newPath()); err != nil {
		return nil, err
	}
	if err := checkFile(s.path); err != nil {
		return nil, err
	}
	if err := errors.Join(s.build(), s.syncDir()); err != nil {
		return nil, fmt.Errorf("the store in %s cannot be opened: %w", o.Dir, err)
	}
	s.opened.Store(true)
	return s, nil
}

// removeLeft removes a file that a crash left half written.
func removeLeft(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s cannot be removed: %w", path, err)
	}
	return nil
}

// newPath is where a file is written that will take the store's place.
func (s *Store) newPath() string { return s.path + ".new" }

// build is the order of etcd's bootstrap.
func (s *Store) build() error {
	s.log = s.logger()
	s.index = cindex.NewConsistentIndex(nil)
	s.position.index, s.position.synced = s.index, s.o.Synced
	s.be = s.openBackend()
	s.index.SetBackend(s.be)
	schema.CreateMetaBucket(s.be.BatchTx())
	s.position.load(s.be.ReadTx())
	s.markLayout()
	s.ring = membership.NewCluster(s.log)
	s.recoverMembers()
	s.lessor = lease.NewLessor(s.log, s.be, s.ring, lease.LessorConfig{MinLeaseTTL: minLeaseTTL,
		CheckpointInterval: s.o.Checkpoint, CheckpointPersist: true, ExpiredLeasesRetryInterval: leaseRetry})
	s.kv = mvcc.New(s.log, s.be, s.lessor, mvcc.StoreConfig{})
	tokens, err := s.tokenProvider()
	if err != nil {
		return err
	}
	s.auth = auth.NewAuthStore(s.log, schema.NewAuthBackend(s.log, s.be), tokens, bcrypt.DefaultCost)
	s.be.SetTxPostLockInsideApplyHook(s.position.write)
	s.progress.start(s.index.ConsistentIndex())
	return s.buildApplier()
}

func (s *Store) tokenProvider() (auth.TokenProvider, error) {
	p, err := auth.NewTokenProvider(s.log, cmp.Or(s.o.Tokens, "simple"), s.applied, cmp.Or(s.o.TokenTTL, tokenTTL))
	if err != nil {
		return nil, fmt.Errorf("auth-token %q cannot be used (%w); choose simple, or jwt with sign-method, pub-key and priv-key", s.o.Tokens, err)
	}
	return p, nil
}

// markLayout notes in the file the version of etcd whose layout it has, as etcd does for its tools.
func (s *Store) markLayout() {
	tx := s.be.BatchTx()
	tx.LockOutsideApply()
	defer tx.Unlock()
	schema.UnsafeSetStorageVersion(tx, &version.V3_7)
}

func (s *Store) openBackend() backend.Backend {
	c := backend.DefaultBackendConfig(s.log)
	c.Path, c.MmapSize, c.UnsafeNoFsync, c.Hooks, c.BatchInterval = s.path, mmapBytes, !s.o.Sync, &s.position, commitInterval
	if s.o.Batch {
		c.BatchInterval = batchInterval
	}
	c.BatchLimit = cmp.Or(s.o.batchLimit, c.BatchLimit)
	c.Timeout = time.Second // a lock left behind is an error, not a hang
	return backend.New(c)
}

func (s *Store) buildApplier() error {
	alarms, err := v3alarm.NewAlarmStore(s.log, schema.NewAlarmBackend(s.log, s.be))
	if err != nil {
		return err
	}
	s.alarms.Store(alarms)
	s.quota = serverstorage.NewBackendQuota(s.log, s.o.Quota, s.be, "v3-applier")
	s.ua = apply.NewUberApplier(apply.ApplierOptions{Logger: s.log, KV: s.kv, AlarmStore: alarms, AuthStore: s.auth, Lessor: s.lessor,
		Cluster: s.ring, RaftStatus: status{s}, SnapshotServer: noForcedSnapshots{}, ConsistentIndex: applyingIndex{s.index, s}, Backend: s.be,
		QuotaBackendBytesCfg: s.o.Quota, WarningApplyDuration: time.Hour, TxnModeWriteWithSharedBuffer: true})
	return nil
}

// Revision of the key-value store: 1 when it is empty, one more with every write.
// It asks for a transaction that shares the buffer of writes: etcd's own question for it copies that.
func (s *Store) Revision() int64 {
	tx := s.kv.Read(mvcc.SharedBufReadTxMode, traceutil.TODO())
	defer tx.End()
	return tx.Rev()
}

// Hash is that of all keys and values up to a revision (0: the newest), as etcd's HashKV has it: equal stores have equal
// hashes. It fails for a revision that was compacted or is not there yet.
func (s *Store) Hash(revision int64) (hash uint32, at int64, err error) {
	h, _, err := s.kv.HashStorage().HashByRev(revision)
	if err != nil {
		return 0, 0, fmt.Errorf("the store of %s has no hash at revision %d: %w", s.o.Node, revision, err)
	}
	return h.Hash, h.Revision, nil
}

// Close commits what was applied and closes the file.
func (s *Store) Close() error {
	close(s.closing)
	s.auth.Close()
	s.lessor.Stop()
	if err := errors.Join(s.kv.Close(), s.be.Close()); err != nil {
		return fmt.Errorf("the store of %s could not be closed: %w", s.o.Node, err)
	}
	return nil
}

// status answers etcd's questions about raft.
type status struct{ s *Store }

func (t status) MemberID() types.ID     { return types.ID(t.s.o.Member) }
func (t status) Leader() types.ID       { return 0 }
func (t status) CommittedIndex() uint64 { return t.s.lastIndex.Load() }
func (t status) AppliedIndex() uint64   { return t.s.lastIndex.Load() }
func (t status) Term() uint64           { return t.s.lastTerm.Load() }

type noForcedSnapshots struct{}

func (noForcedSnapshots) ForceSnapshot() {} // etcd wants one when a cluster is downgraded
