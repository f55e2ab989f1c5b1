package peer

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/transport"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// list is a state machine that keeps what it was given.
type list struct {
	mu    sync.Mutex
	lines []string
}

func (l *list) Apply(e *raft.Log) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(e.Data))
	return len(l.lines)
}

func (l *list) Snapshot() (raft.FSMSnapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return shot(bytes.Join(asBytes(l.lines), []byte("\n"))), nil
}

func (l *list) Restore(from io.ReadCloser) error {
	b, err := io.ReadAll(from)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
	for _, line := range bytes.Split(b, []byte("\n")) {
		l.lines = append(l.lines, string(line))
	}
	return nil
}

func (l *list) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}

func asBytes(lines []string) (all [][]byte) {
	for _, l := range lines {
		all = append(all, []byte(l))
	}
	return all
}

type shot []byte

func (s shot) Persist(to raft.SnapshotSink) error {
	if _, err := to.Write(s); err != nil {
		return err
	}
	return to.Close()
}
func (s shot) Release() {}

// engine is a member with raft on top of its transport.
type engine struct {
	*raft.Raft
	list *list
}

func (r *rig) engine(id event.NodeID, over raft.Transport) engine {
	r.t.Helper()
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(id.String())
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout, c.CommitTimeout = 500*time.Millisecond, 500*time.Millisecond, 400*time.Millisecond, 5*time.Millisecond
	c.TrailingLogs = 10
	c.Logger = hclog.NewNullLogger()
	store, l := raft.NewInmemStore(), &list{}
	var all []raft.Server
	for _, m := range r.list().Members {
		all = append(all, raft.Server{ID: raft.ServerID(m.Node.String()), Address: r.place(m.Node)})
	}
	snapshots := raft.NewInmemSnapshotStore()
	if err := raft.BootstrapCluster(c, store, store, snapshots, over, raft.Configuration{Servers: all}); err != nil {
		r.t.Fatal(err)
	}
	e, err := raft.NewRaft(c, l, store, store, snapshots, over)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = e.Shutdown().Error() })
	return engine{e, l}
}

func leaderOf(t *testing.T, engines []engine) (leader engine) {
	t.Helper()
	until(t, "somebody leads", func() bool {
		for _, e := range engines {
			if e.State() == raft.Leader {
				leader = e
				return true
			}
		}
		return false
	})
	return leader
}

// counting counts pipelines, and what they carry.
type counting struct {
	*Transport
	pipelined *atomic.Int64
}

func (c counting) AppendEntriesPipeline(id raft.ServerID, a raft.ServerAddress) (raft.AppendPipeline, error) {
	p, err := c.Transport.AppendEntriesPipeline(id, a)
	return countingPipeline{p, c.pipelined}, err
}

type countingPipeline struct {
	raft.AppendPipeline
	carried *atomic.Int64
}

func (p countingPipeline) AppendEntries(q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	p.carried.Add(int64(len(q.Entries)))
	return p.AppendPipeline.AppendEntries(q, r)
}

func TestRaftElectsAndReplicatesOverIt(t *testing.T) {
	t.Run("plain", func(t *testing.T) { replicate(t, transport.TLSInfo{}) })
	t.Run("TLS with client certificates", func(t *testing.T) { replicate(t, authority(t).info) })
}

func replicate(t *testing.T, info transport.TLSInfo) {
	r := newRig(t, 3, info, nil)
	var pipelined, guarded, served, beats atomic.Int64
	var engines []engine
	for i, p := range r.peers {
		p.OnServed(func(request, response any, err error) {
			if err == nil && response != nil {
				served.Add(1)
			}
			if q, ok := request.(*raft.AppendEntriesRequest); ok && q.PrevLogEntry == 0 && len(q.Entries) == 0 && q.LeaderCommitIndex == 0 {
				beats.Add(1)
			}
		})
		p.OnGuard(func(request any) (any, any) { guarded.Add(1); return request, nil })
		engines = append(engines, r.engine(event.NodeID(i+1), counting{p, &pipelined}))
	}
	const entries = 300
	var leader engine
	until(t, "all entries are committed", func() bool {
		leader = leaderOf(t, engines)
		var last raft.ApplyFuture
		for i := range entries {
			last = leader.Apply(fmt.Appendf(nil, "line %d", i), patience)
		}
		return last.Error() == nil
	})
	for _, e := range engines {
		until(t, "all entries everywhere", func() bool { return e.list.len() >= entries && e.list.len() == leader.list.len() })
	}
	if _, id := engines[0].LeaderWithID(); raft.ServerID(leader.leaderName()) != id {
		t.Errorf("n1 takes %q for the leader, which is %q", id, leader.leaderName())
	}
	until(t, "entries that went through a pipeline", func() bool { return pipelined.Load() > 0 || leader.Apply([]byte("more"), patience).Error() != nil })
	until(t, "heartbeats that OnServed was told of", func() bool { return beats.Load() > 3 })
	if guarded.Load() < served.Load() {
		t.Errorf("%d requests were served but only %d guarded", served.Load(), guarded.Load())
	}
}

func (e engine) leaderName() string {
	a, _ := e.LeaderWithID()
	return string(a)
}

// A follower that missed more than the log holds gets a snapshot; one whose guard says that it has it already does not, and
// the leader goes on with entries behind it.
func TestSnapshotsTravel(t *testing.T) {
	r := newRig(t, 3, transport.TLSInfo{}, nil)
	var engines []engine
	for i, p := range r.peers[:2] {
		p.OnGuard(nil)
		engines = append(engines, r.engine(event.NodeID(i+1), p))
	}
	for i := range 100 {
		until(t, "an entry is committed", func() bool {
			return leaderOf(t, engines).Apply(bytes.Repeat([]byte{'a' + byte(i%26)}, 10_000), patience).Error() == nil
		})
	}
	for _, e := range engines {
		until(t, "a snapshot is taken", func() bool { return e.list.len() >= 100 && e.Snapshot().Error() == nil })
	}
	var refused atomic.Int64
	var whole sync.Once
	r.peers[2].OnGuard(func(request any) (any, any) {
		q, ok := request.(*raft.InstallSnapshotRequest)
		if !ok {
			return request, nil
		}
		pass := true
		whole.Do(func() { pass = false; refused.Add(1) })
		if pass {
			return request, nil
		}
		return nil, &raft.InstallSnapshotResponse{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}, Term: q.Term, Success: false}
	})
	late := r.engine(3, r.peers[2])
	until(t, "the late member has all", func() bool { return late.list.len() >= 100 && late.list.len() == engines[0].list.len() })
	if refused.Load() != 1 {
		t.Errorf("the guard answered %d snapshots", refused.Load())
	}
}

// A heartbeat of a later leader ends this one's term before it takes another proposal: as an entry of the new term it might
// stand where the new leader has another one.
func TestHeartbeatOfALaterTermEndsLeadershipFirst(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	for _, p := range r.peers {
		p.OnGuard(nil)
	}
	engines := []engine{r.engine(1, r.peers[0]), r.engine(2, r.peers[1])}
	leader := leaderOf(t, engines)
	until(t, "it has written", func() bool { return leader.Apply([]byte("x"), patience).Error() == nil })
	at, other := event.NodeID(1), r.peers[1]
	if leader.leaderName() == "n2" {
		at, other = 2, r.peers[0]
	}
	term, last := leader.CurrentTerm(), leader.LastIndex()
	var a raft.AppendEntriesResponse
	beat := &raft.AppendEntriesRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte("n9"), Addr: []byte("n9")}, Term: term + 1}
	if err := other.AppendEntries(raft.ServerID(at.String()), r.place(at), beat, &a); err != nil || !a.Success {
		t.Fatalf("the heartbeat is answered with %+v, %v", a, err)
	}
	if err := leader.Apply([]byte("y"), patience).Error(); err != raft.ErrNotLeader || leader.LastIndex() != last {
		t.Errorf("a proposal after that: %v; the log went from %d to %d", err, last, leader.LastIndex())
	}
}

func TestInjectedRequestsReachRaftUpToTheBound(t *testing.T) {
	r := newRig(t, 1, transport.TLSInfo{}, nil)
	p := r.peers[0]
	for i := range InjectQueue {
		if !p.Inject(&raft.TimeoutNowRequest{}) {
			t.Fatalf("request %d did not fit", i)
		}
	}
	if p.Inject(&raft.TimeoutNowRequest{}) {
		t.Fatalf("more than %d requests wait", InjectQueue)
	}
	told := make(chan any, InjectQueue)
	p.OnServed(func(request, response any, err error) { told <- response })
	p.OnGuard(nil)
	for range InjectQueue {
		q := <-p.Consumer()
		q.Respond(&raft.TimeoutNowResponse{}, nil)
		if _, ok := (<-told).(*raft.TimeoutNowResponse); !ok {
			t.Fatal("OnServed was told something else than what was answered")
		}
	}
	if !p.Inject(&raft.TimeoutNowRequest{}) {
		t.Error("there is room again, but nothing fits")
	}
}

func TestRequestsWaitForTheGuard(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	answered := make(chan error, 1)
	go func() {
		var response raft.RequestVoteResponse
		answered <- r.peers[0].RequestVote("n2", r.place(2), &raft.RequestVoteRequest{Term: 7}, &response)
	}()
	until(t, "the request has arrived", func() bool { return r.logs[1].FilterMessage("accepted connection").Len() == 1 })
	select {
	case <-r.peers[1].Consumer():
		t.Fatal("raft got a request that nobody guarded")
	default:
	}
	r.peers[1].OnGuard(func(any) (any, any) { return nil, &raft.RequestVoteResponse{Term: 9} })
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
}

func TestPreVoteOffIsToldToRaft(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.PreVote = false })
	err := r.peers[0].RequestPreVote("n2", r.place(2), &raft.RequestPreVoteRequest{}, &raft.RequestPreVoteResponse{})
	if err == nil || err.Error() != errNoPreVote.Error() {
		t.Fatal(err)
	}
}
