// Package node is one member: it wires a transport, a disk, a store and raft together and reports what they do as
// events. All of a Node is made, used and closed inside one virtual-time world, or all of it in real time.
package node

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// The engine's timing. Heartbeats go out every HeartbeatTimeout/10 to /5, which is about 100 ms; a follower polls
// every [H, 2H) and stands for election when the last contact is older than H, so it does within [H, 3H).
const (
	HeartbeatTimeout   = 700 * time.Millisecond
	ElectionTimeout    = 700 * time.Millisecond
	LeaderLeaseTimeout = 500 * time.Millisecond
	CommitTimeout      = 80 * time.Millisecond

	// SnapshotThreshold and TrailingLogs bound the log: a snapshot after so many new entries keeps so many of them.
	SnapshotThreshold = 1024
	TrailingLogs      = 512
	SnapshotInterval  = 10 * time.Second
	// MaxLogBytes bounds the log by size: beyond it a snapshot is taken that keeps no entries.
	MaxLogBytes = 32 << 20
)

// Transport is what a node needs of its network beside raft's own.
type Transport interface {
	raft.Transport
	raft.WithPreVote
	// Call sends a request that is not raft's and waits for its answer.
	Call(to event.NodeID, t event.MessageType, body any, timeout time.Duration) (any, error)
	// OnServe sets who answers such requests; it must not block.
	OnServe(func(from event.NodeID, body any, reply func(body any, err error)))
	// OnServed sets who is told of every raft request with its answer, before the answer leaves.
	OnServed(func(request, response any, err error))
	// OnGuard sets who looks at every raft request before raft does: it passes on that one or another, or nil and answers
	// in raft's stead; it must not block, nor change the request.
	OnGuard(func(request any) (pass, response any))
	// Inject hands raft a request that no machine sent.
	Inject(body any) bool
	// Dead is closed when the machine goes down.
	Dead() <-chan struct{}
	// Later is the room's time when d has passed on this machine's clock.
	Later(d time.Duration) event.Micros
}

// Options of a node. Those in the second part are for processes of their own; a room leaves them out.
type Options struct {
	ID         event.NodeID
	Dir        string
	NoSync     bool
	FsyncDelay func() time.Duration // added to every fsync, on this node's clock
	Fence      *disk.Fence          // where it dies
	Failed     func(error)          // its disk failed: it cannot go on
	Reboot     func(why string)     // it must be started anew, now
	Transport  Transport
	Tap        event.Tap
	Cluster    uint64           // etcd's id of the cluster
	Member     uint64           // etcd's id of this member
	Bootstrap  []event.Member   // of a new cluster; nil: what the disk says
	Known      Known            // what is known of its log; the rest is told
	Definite   func(error) bool // a Call that failed so was certainly not served

	Address  func(event.NodeID) raft.ServerAddress // of the founders in the first configuration; nil: their names
	Timing   Timing                                // zero: the constants above
	Log      hclog.Logger                          // hears what the engine says; nil: nobody
	Quota    int64                                 // bytes of the store; 0: etcd's default
	Request  int                                   // bytes of the largest request; 0: etcd's default
	Tokens   string                                // etcd's auth-token: "simple" (the default) or "jwt,…"
	TokenTTL time.Duration                         // of simple tokens; 0: etcd's default
	CertAuth bool                                  // a client's certificate names its user
	Watched  bool                                  // with Batch: somebody reads what Tap is told
	Places   bool                                  // addresses are Places: the store keeps etcd's list of members by them
	Batch    bool                                  // many requests share an entry, an fsync, a transaction of the store and a confirmation of reads
	Fatal    func(error)                           // a commit of the store failed: it has to end the process; nil: Failed
	Witness  string                                // a file outside of Dir for what an fsync has put on disk, see disk.LosePower; "": none
}

// Known is the log as the room knows it: the terms of the entries from First on.
type Known struct {
	First uint64
	Terms []uint64
}

// Node is one running member.
type Node struct {
	o        Options
	raft     *raft.Raft
	drive    *disk.Drive
	store    *store.Store
	snapshot *raft.SnapshotMeta // found on opening; nil: none

	refusals   refusals
	leaderless leaderless
	acks       acks
	batcher    *batcher               // nil: every request has an entry of its own
	rounds     *rounds                // nil: every read is confirmed by itself
	heard      atomic.Pointer[Notice] // the newest
	telling    atomic.Bool            // followers are about to be told of commits
	told       told

	mu       sync.Mutex // guards seen and timer; never held while blocking
	seen     seen
	timer    timer
	patience time.Duration // the engine's heartbeat and election timeouts, which are the same

	first      atomic.Pointer[position] // the newest no-op in the log: a leader must have committed that of its term before it serves reads
	configured atomic.Uint64            // index of the newest configuration entry
	// The log's configurations may have changed: one was appended, cut off, or came with a snapshot.
	reconfigured atomic.Bool
	shrinking    atomic.Bool
	ready        atomic.Bool                                 // raft runs and may be asked
	arriving     atomic.Pointer[raft.InstallSnapshotRequest] // handed to raft last
	snapshotAt   atomic.Uint64                               // last entry in the newest snapshot
}

// Open starts a member on what its disk holds. A damaged disk is refused with a *disk.Damage.
func Open(o Options) (n *Node, err error) {
	n = &Node{o: o, seen: seen{role: event.Follower}, timer: timer{contact: -1}}
	if err := n.openDisk(); err != nil {
		return nil, err
	}
	if err := n.startRaft(); err != nil {
		return nil, errors.Join(err, n.closeDisk())
	}
	if o.Batch {
		n.batcher, n.rounds = newBatcher(n), &rounds{n: n}
	}
	n.reconfigured.Store(true)
	n.getReady()
	o.Transport.OnServe(n.serve)
	o.Transport.OnServed(n.served)
	o.Transport.OnGuard(n.guard)
	go n.store.Serve(n.raft, o.Transport.Dead())
	return n, nil
}

func (n *Node) config() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(n.o.ID.String())
	c.HeartbeatTimeout, c.ElectionTimeout = HeartbeatTimeout, ElectionTimeout
	c.LeaderLeaseTimeout, c.CommitTimeout = LeaderLeaseTimeout, CommitTimeout
	c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = SnapshotThreshold, TrailingLogs, SnapshotInterval
	n.o.Timing.apply(c)
	c.NoSnapshotRestoreOnStart = n.store.Applied() >= n.snapshotAt.Load() // the store is durable by itself, unless it died installing one
	c.Logger = newListener(n.o.Log, n.refusals.note, n.hearTimer)
	c.ShutdownOnRemove = false
	return c
}

func (n *Node) startRaft() (err error) {
	c := n.config()
	n.patience = c.HeartbeatTimeout
	if n.o.Bootstrap != nil {
		var servers []raft.Server
		for _, m := range n.o.Bootstrap {
			servers = append(servers, n.founder(m))
		}
		err := raft.BootstrapCluster(c, n.drive.Log, n.drive.Stable, n.drive.Snapshots, n.o.Transport, raft.Configuration{Servers: servers})
		if err != nil {
			return fmt.Errorf("%v: writing the first configuration: %w", n.o.ID, err)
		}
	}
	n.tellLog()
	n.raft, err = raft.NewRaft(c, machine{n.store, n}, ahead{n.drive.Log, n}, n.drive.Stable, snapshots{n.drive.Snapshots, n}, &wire{n.o.Transport, n})
	if err != nil {
		return fmt.Errorf("%v: starting raft: %w", n.o.ID, err)
	}
	n.raft.RegisterObserver(raft.NewObserver(nil, false, n.refusals.observe))
	return nil
}

// founder is a member of the first configuration.
func (n *Node) founder(m event.Member) raft.Server {
	s := server(m)
	if n.o.Address != nil {
		s.Address = n.o.Address(m.ID)
	}
	return s
}

// serverOf is a member of the present configuration, with its address.
func (n *Node) serverOf(id event.NodeID) raft.Server {
	s := server(event.Member{ID: id})
	for _, have := range n.raft.GetConfiguration().Configuration().Servers {
		if have.ID == s.ID {
			return have
		}
	}
	return s
}

// server is a member of a room, where a node's name is its address.
func server(m event.Member) raft.Server {
	s := raft.Server{ID: raft.ServerID(m.ID.String()), Address: raft.ServerAddress(m.ID.String()), Suffrage: raft.Voter}
	if m.Suffrage == event.Learner {
		s.Suffrage = raft.Nonvoter
	}
	return s
}

func (n *Node) tap(e event.Event) {
	e.Node = n.o.ID
	n.o.Tap(e)
}
