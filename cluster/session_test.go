package cluster

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// call is a call of a session under way.
type call struct {
	done  chan struct{}
	value any
	err   error
}

// begin starts a call; the lab's time has to go on for an answer.
func (l *lab) begin(ctx context.Context, id event.NodeID, c event.Command, f func(*node.Node, *node.Call) (any, error)) *call {
	k := &call{done: make(chan struct{})}
	go func() {
		defer close(k.done)
		k.value, k.err = l.Session(id).Do(ctx, c, f)
	}()
	for c.Kind != event.CommandNone && len(l.desk.of(id)) == 0 && !isDone(k.done) { // it has not been asked yet
		runtime.Gosched()
	}
	return k
}

func isDone(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (l *lab) ends(k *call) (any, error) {
	l.Helper()
	for range 100_000 {
		if isDone(k.done) {
			return k.value, k.err
		}
		l.Advance(1_000)
	}
	l.Fatal("no answer within 100 virtual seconds")
	return nil, nil
}

// call does a request of etcd's API at a node and lets time go on until it is answered.
func (l *lab) call(id event.NodeID, k event.CommandKind, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	l.Helper()
	return l.ends(l.begin(context.Background(), id, event.Command{Kind: k, Key: "k"}, f))
}

func putRequest(key, value string) func(*node.Node, *node.Call) (any, error) {
	return func(n *node.Node, c *node.Call) (any, error) {
		return n.Put(c, &pb.PutRequest{Key: []byte(key), Value: []byte(value)})
	}
}

func getRequest(key string) func(*node.Node, *node.Call) (any, error) {
	return func(n *node.Node, c *node.Call) (any, error) {
		return n.Range(c, &pb.RangeRequest{Key: []byte(key)})
	}
}

func (l *lab) follower() event.NodeID {
	l.Helper()
	return l.leader()%3 + 1 // of three nodes
}

// What a program asks of a node through etcd's API is told like everybody's, whichever node it asks.
func TestSessionIsTold(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	for _, id := range []event.NodeID{l.leader(), l.follower()} {
		if _, err := l.call(id, event.Put, putRequest("k", id.String())); err != nil {
			t.Fatal(err)
		}
		v, err := l.call(id, event.Get, getRequest("k"))
		if err != nil || string(v.(*pb.RangeResponse).Kvs[0].Value) != id.String() {
			t.Errorf("%v reads %v, %v", id, v, err)
		}
		s := l.State()
		for _, op := range s.Ops[len(s.Ops)-2:] {
			if op.Node != id || op.Outcome != event.OK || op.Leader != l.leader() || op.Rev == 0 || op.Key != "k" {
				t.Errorf("it was told %+v", op)
			}
		}
		if put := s.Ops[len(s.Ops)-2]; put.Index == 0 || len(put.Acks) < 2 {
			t.Errorf("the put was told %+v", put)
		}
	}
	ops := len(l.State().Ops)
	if _, err := l.call(l.leader(), event.CommandNone, putRequest("k", "2")); err != nil || len(l.State().Ops) != ops {
		t.Errorf("a call without a kind was told, or failed: %v", err)
	}
}

// A write that was passed on is applied at the node that was asked before it is answered: what is read there next shows it.
func TestOwnWriteIsSeenAtTheFollower(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	v, err := l.call(l.follower(), event.Put, func(n *node.Node, c *node.Call) (any, error) {
		if _, err := n.Put(c, &pb.PutRequest{Key: []byte("k"), Value: []byte("v")}); err != nil {
			return nil, err
		}
		return n.Range(c, &pb.RangeRequest{Key: []byte("k"), Serializable: true})
	})
	if err != nil || len(v.(*pb.RangeResponse).Kvs) != 1 {
		t.Errorf("%v %v", v, err)
	}
}

// The answers of a node that is down, dies, is cut off or frozen.
func TestSessionWithoutAnswer(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	leader, f := l.leader(), l.follower()

	l.ok(event.Command{Kind: event.Freeze})
	ctx, cancel := context.WithCancel(context.Background())
	k := l.begin(ctx, f, event.Command{Kind: event.Put, Key: "k"}, putRequest("k", "1"))
	cancel()
	<-k.done
	if !errors.Is(k.err, context.Canceled) {
		t.Errorf("a client that went away in a frozen room: %v", k.err)
	}
	if op := lastOp(l); op.Outcome != event.Unknown {
		t.Errorf("it was told %+v", op)
	}
	l.ok(event.Command{Kind: event.Thaw})

	for _, other := range []event.NodeID{1, 2, 3} {
		if other != f {
			l.ok(event.Command{Kind: event.Cut, Node: f, Peer: other})
		}
	}
	if _, err := l.call(f, event.Get, getRequest("k")); !errors.Is(err, etcderrors.ErrTimeout) {
		t.Errorf("a read at a node that is cut off: %v", err)
	}
	if op := lastOp(l); op.Outcome != event.Failed {
		t.Errorf("it was told %+v", op)
	}
	k = l.begin(context.Background(), f, event.Command{Kind: event.Put, Key: "k"}, putRequest("k", "2"))
	l.Advance(second)
	l.ok(on(f, event.Command{Kind: event.Kill}))
	if _, err := l.ends(k); !errors.Is(err, node.ErrLost) {
		t.Errorf("a put at a node that died: %v", err)
	}
	for _, kind := range []event.CommandKind{event.Put, event.CommandNone} {
		if _, err := l.call(f, kind, putRequest("k", "3")); !errors.Is(err, node.ErrDown) {
			t.Errorf("a put at a node that is down: %v", err)
		}
	}
	if _, err := l.call(leader, event.Put, putRequest("k", "4")); err != nil {
		t.Error(err)
	}
}

func lastOp(l *lab) view.Op {
	s := l.State()
	return s.Ops[len(s.Ops)-1]
}

// A lease is counted by the leader, whoever is asked, and goes on with the next leader.
func TestLeaseThroughAFollower(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	renew := func(n *node.Node, c *node.Call) (any, error) { return n.RenewLease(c, 7) }
	_, err := l.call(l.follower(), event.CommandNone, func(n *node.Node, c *node.Call) (any, error) {
		return n.Propose(c, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 7, TTL: 10}})
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Advance(6 * second)
	if ttl, err := l.call(l.follower(), event.CommandNone, renew); err != nil || ttl.(int64) != 10 {
		t.Errorf("kept alive through a follower: %v, %v", ttl, err)
	}
	l.Advance(6 * second)
	l.ok(event.Command{Kind: event.StepDown})
	l.leader()
	v, err := l.call(l.follower(), event.CommandNone, func(n *node.Node, c *node.Call) (any, error) { return n.Lease(c, 7, false) })
	if err != nil || v.(*pb.LeaseTimeToLiveResponse).GrantedTTL != 10 || v.(*pb.LeaseTimeToLiveResponse).TTL < 8 {
		t.Errorf("at the new leader: %v, %v", v, err)
	}
	l.Advance(15 * second)
	if _, err := l.call(l.follower(), event.CommandNone, renew); !errors.Is(err, lease.ErrLeaseNotFound) {
		t.Errorf("an expired lease: %v", err)
	}
}

// heard is what a watch has told, outside of the node's world.
type heard struct {
	mu    sync.Mutex
	words []string
	most  int // 0: there is always room
}

func (h *heard) hear(r *pb.WatchResponse) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case r.Created:
		h.words = append(h.words, "created")
	case r.Canceled:
		h.words = append(h.words, "canceled")
	}
	for _, e := range r.Events {
		h.words = append(h.words, fmt.Sprintf("%s=%s", e.Kv.Key, e.Kv.Value))
	}
	return h.most == 0 || len(h.words) < h.most
}

func (h *heard) ended(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.words = append(h.words, err.Error())
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.words, " ")
}

// watch opens a stream at a node with one watch of a key.
func (l *lab) watch(id event.NodeID, h *heard, q *pb.WatchCreateRequest) *node.Watch {
	l.Helper()
	v, err := l.call(id, event.CommandNone, func(n *node.Node, c *node.Call) (any, error) {
		return n.Watch(nil, false, node.Hearer{Hear: h.hear, Ended: h.ended}), nil
	})
	if err != nil {
		l.Fatal(err)
	}
	w := v.(*node.Watch)
	l.Session(id).Post(func(*node.Node) {
		w.Ask(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: q}})
	}, func() {})
	l.Advance(second)
	return w
}

// A watch at a follower sees every change once and in order while the leaders change, and ends with its node.
func TestWatchAcrossLeaders(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	at := l.follower()
	var h heard
	l.watch(at, &h, &pb.WatchCreateRequest{Key: []byte("k")})
	want := "created"
	for i := range 12 {
		if i%4 == 3 {
			l.ok(on(at%3+1, event.Command{Kind: event.Elect}))
			l.Advance(3 * second)
			l.leader()
		}
		l.ok(put("k", fmt.Sprint(i)))
		want += fmt.Sprintf(" k=%d", i)
	}
	l.Advance(second)
	if h.String() != want {
		t.Errorf("it saw %s, want %s", &h, want)
	}
	l.ok(on(at, event.Command{Kind: event.Kill}))
	if want += " " + etcderrors.ErrStopped.Error(); h.String() != want {
		t.Errorf("it saw %s, want %s", &h, want)
	}
}

// Who does not read its watch is told no more until it does; the others are, and nothing is lost.
func TestWatchWithoutRoom(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	slow, quick := heard{most: 3}, heard{}
	w := l.watch(1, &slow, &pb.WatchCreateRequest{Key: []byte("k")})
	l.watch(1, &quick, &pb.WatchCreateRequest{Key: []byte("k")})
	want := "created"
	for i := range 300 { // more than the store's own queue holds
		l.Begin(put("k", fmt.Sprint(i)))
		want += fmt.Sprintf(" k=%d", i)
	}
	l.Advance(3 * second)
	if slow.String() != "created k=0 k=1" || quick.String() != want {
		t.Errorf("without room it saw %s; the other %d of %d bytes", &slow, len(quick.String()), len(want))
	}
	slow.mu.Lock()
	slow.most = 0
	slow.mu.Unlock()
	l.Session(1).Post(func(*node.Node) { w.Resume() }, func() {})
	l.Advance(second)
	if slow.String() != want {
		t.Errorf("with room again it saw %d of %d bytes", len(slow.String()), len(want))
	}
	l.Session(1).Post(func(*node.Node) { w.Close() }, func() {})
	l.Advance(second)
}

// A response that is too large comes in parts for those who can put them together.
func TestWatchFragments(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	big := strings.Repeat("x", 1<<20)
	for i := range 4 {
		l.ok(put("big", fmt.Sprint(i)+big))
	}
	for _, can := range []bool{true, false} {
		var sizes []int
		var marks string
		l.ok(put("k", "v")) // what is heard below is after this
		q := &pb.WatchCreateRequest{Key: []byte("big"), StartRevision: 2, Fragment: can}
		v, err := l.call(1, event.CommandNone, func(n *node.Node, c *node.Call) (any, error) {
			return n.Watch(nil, false, node.Hearer{Ended: func(error) {}, Hear: func(r *pb.WatchResponse) bool {
				if len(r.Events) > 0 {
					sizes, marks = append(sizes, proto.Size(r)), marks+fmt.Sprint(len(r.Events), r.Fragment, " ")
				}
				return true
			}}), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		l.Session(1).Post(func(*node.Node) {
			v.(*node.Watch).Ask(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: q}})
		}, func() {})
		l.Advance(second)
		if want := map[bool]string{true: "1 true 1 true 1 true 1 false ", false: "4 false "}[can]; marks != want {
			t.Errorf("parts %q of %d bytes, want %q", marks, sizes, want)
		}
	}
}

// Ids are etcd's: hashes of URLs and the room's token, so they outlive the process.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	ids := func() (all []uint64) {
		l := openLab(t, Options{Nodes: 3, Dir: dir})
		for id := range event.NodeID(3) {
			all = append(all, l.Peer(id+1).ID)
		}
		v, err := l.call(l.leader(), event.CommandNone, func(n *node.Node, c *node.Call) (any, error) {
			h := &pb.ResponseHeader{}
			n.Head(h)
			return h, nil
		})
		if err != nil || v.(*pb.ResponseHeader).MemberId != l.Peer(l.leader()).ID || v.(*pb.ResponseHeader).RaftTerm == 0 {
			t.Errorf("the header is %v, %v", v, err)
		}
		all = append(all, v.(*pb.ResponseHeader).ClusterId)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		return all
	}
	first, again := ids(), ids()
	if fmt.Sprint(first) != fmt.Sprint(again) || first[0] == first[1] || first[3] == 0 {
		t.Errorf("%x became %x", first, again)
	}
}
