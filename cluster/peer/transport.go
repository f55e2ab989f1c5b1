package peer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

const (
	// InjectQueue bounds the requests of this machine to its own raft that wait.
	InjectQueue = 64
	// inFlight is how many appends to one follower may be unanswered. More makes commits slower under load: the engine
	// batches what waits, and a short queue makes large batches (hashicorp/raft#541).
	inFlight = 2
	// pooled is how many idle connections to one member are kept: for heartbeats, appends, votes.
	pooled = 3
)

var _ node.Transport = (*Transport)(nil)

// Transport is a member's network. It implements node.Transport in real time.
type Transport struct {
	o       Options
	network *raft.NetworkTransport
	streams *streams
	servers sync.WaitGroup // accept connections
	server  *http.Server
	began   time.Time

	consumer chan raft.RPC
	injected chan any
	beats    chan raft.RPC // heartbeats of a term that raft has not followed yet
	followed atomic.Uint64 // term of the last append that raft's own loop has answered
	guarded  chan struct{} // closed when a guard is set: nothing reaches raft before
	guarding sync.Once
	dead     chan struct{}
	context  context.Context // ends with dead
	cancel   context.CancelFunc
	closing  sync.Once
	work     sync.WaitGroup // everything else that runs

	guard  atomic.Pointer[func(request any) (pass, response any)]
	served atomic.Pointer[func(request, response any, err error)]
	serve  atomic.Pointer[func(from event.NodeID, body any, reply func(body any, err error))]

	mu      sync.Mutex
	leaving bool // takes no calls any more
	closed  bool // makes none
	links   map[event.NodeID]*link
	desks   map[*desk]struct{}
}

// New listens for peers. Raft gets their requests when OnGuard has been called.
func New(o Options) (t *Transport, err error) {
	o.complete()
	defer func() {
		if err != nil {
			for _, l := range o.Listeners {
				err = errors.Join(err, l.Close())
			}
		}
	}()
	t = &Transport{o: o, began: time.Now(), consumer: make(chan raft.RPC), injected: make(chan any, InjectQueue), beats: make(chan raft.RPC),
		guarded: make(chan struct{}), dead: make(chan struct{}), links: map[event.NodeID]*link{}, desks: map[*desk]struct{}{}}
	t.context, t.cancel = context.WithCancel(context.Background())
	if t.streams, err = newStreams(t); err != nil {
		return nil, err
	}
	listeners, err := secured(o)
	if err != nil {
		return nil, err
	}
	t.network = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{Stream: t.streams, MaxPool: pooled, MaxRPCsInFlight: inFlight,
		Timeout: o.Timeout, Logger: newLogger(o.Log)})
	t.server = t.newServer()
	for _, l := range listeners {
		t.servers.Go(func() {
			if err := t.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
				o.Log.Error(fmt.Sprintf("peers cannot connect to %v any more: %v", l.Addr(), err))
			}
		})
	}
	t.work.Go(t.pump)
	t.work.Go(t.streams.sweep)
	return t, nil
}

// Close ends everything: no request is taken any more, members who wait for an answer learn which of their requests were
// not taken, and connections and listeners are closed. It is raft.WithClose.
func (t *Transport) Close() error {
	t.closing.Do(func() {
		close(t.dead)
		t.cancel()
		_ = t.server.Close()
		t.mu.Lock()
		t.closed = true
		t.mu.Unlock()
		t.Leave()
		_ = t.network.Close() // closes the streams too
		t.network.CloseStreams()
		for _, l := range t.allLinks() {
			l.end(definite("this member is going down; nothing was done"), errDown)
		}
		t.servers.Wait()
		t.work.Wait()
	})
	return nil
}

func (t *Transport) allLinks() (all []*link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range t.links {
		all = append(all, l)
	}
	return all
}

// Dead is closed when the transport is.
func (t *Transport) Dead() <-chan struct{} { return t.dead }

// Later is the time when d has passed, counted from when the transport was made.
func (t *Transport) Later(d time.Duration) event.Micros {
	return event.Micros((time.Since(t.began) + d).Microseconds())
}

// EncodePeer says who sends a message. It is the name, not the address: names do not change, and raft compares them.
func (t *Transport) EncodePeer(id raft.ServerID, _ raft.ServerAddress) []byte { return []byte(id) }

// DecodePeer gives that name.
func (t *Transport) DecodePeer(b []byte) raft.ServerAddress { return raft.ServerAddress(b) }

// LocalAddr is this member's name.
func (t *Transport) LocalAddr() raft.ServerAddress { return raft.ServerAddress(t.o.Self.String()) }

// The following are raft's messages, sent over connections of raft's own transport.

func (t *Transport) AppendEntriesPipeline(id raft.ServerID, a raft.ServerAddress) (raft.AppendPipeline, error) {
	return t.network.AppendEntriesPipeline(id, a)
}

func (t *Transport) AppendEntries(id raft.ServerID, a raft.ServerAddress, q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) error {
	return t.network.AppendEntries(id, a, q, r)
}

func (t *Transport) RequestVote(id raft.ServerID, a raft.ServerAddress, q *raft.RequestVoteRequest, r *raft.RequestVoteResponse) error {
	return t.network.RequestVote(id, a, q, r)
}

// errNoPreVote makes raft count the pre-vote as granted without asking, as it does for members that are too old to know
// it.
var errNoPreVote = errors.New("unexpected command: pre-vote is switched off")

func (t *Transport) RequestPreVote(id raft.ServerID, a raft.ServerAddress, q *raft.RequestPreVoteRequest, r *raft.RequestPreVoteResponse) error {
	if !t.o.PreVote {
		return errNoPreVote
	}
	return t.network.RequestPreVote(id, a, q, r)
}

func (t *Transport) TimeoutNow(id raft.ServerID, a raft.ServerAddress, q *raft.TimeoutNowRequest, r *raft.TimeoutNowResponse) error {
	return t.network.TimeoutNow(id, a, q, r)
}

func (t *Transport) InstallSnapshot(id raft.ServerID, a raft.ServerAddress, q *raft.InstallSnapshotRequest, r *raft.InstallSnapshotResponse, data io.Reader) error {
	return t.network.InstallSnapshot(id, a, q, r, data)
}
