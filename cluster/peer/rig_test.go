package peer

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

const (
	testCluster = 0xc1
	patience    = 10 * time.Second // of tests with what must come
)

// rig is a number of members on this machine, n1 to n…; etcd's ids are 0x11 and so on.
type rig struct {
	t     testing.TB
	peers []*Transport
	logs  []*observer.ObservedLogs

	mu     sync.Mutex
	roster Roster
}

func memberID(n event.NodeID) uint64 { return 0x10 + uint64(n) }

// newRig starts members. Change their options first with adjust, which may be nil.
func newRig(t testing.TB, size int, info transport.TLSInfo, adjust func(*Options)) *rig {
	t.Helper()
	r := &rig{t: t, roster: Roster{Cluster: testCluster}}
	scheme := "http"
	if !info.Empty() {
		scheme = "https"
	}
	var listeners []net.Listener
	for i := range size {
		l := listen(t)
		listeners = append(listeners, l)
		id := event.NodeID(i + 1)
		r.roster.Members = append(r.roster.Members, Listed{ID: memberID(id), Node: id, Name: id.String(), PeerURLs: []string{scheme + "://" + l.Addr().String()}})
	}
	for i, l := range listeners {
		core, logs := observer.New(zap.DebugLevel)
		o := Options{Self: event.NodeID(i + 1), Member: memberID(event.NodeID(i + 1)), Cluster: testCluster, Listeners: []net.Listener{l}, TLS: info,
			PreVote: true, Timeout: 5 * time.Second, Log: zap.New(core), Roster: r.list, Address: r.address}
		if adjust != nil {
			adjust(&o)
		}
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Close() })
		r.peers, r.logs = append(r.peers, p), append(r.logs, logs)
	}
	return r
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func (r *rig) list() Roster {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.roster
}

func (r *rig) change(f func(*Roster)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roster.Members = append([]Listed(nil), r.roster.Members...)
	f(&r.roster)
}

func (r *rig) address(id event.NodeID) (raft.ServerAddress, bool) {
	for _, m := range r.list().Members {
		if m.Node == id {
			return node.Place{Member: m.ID, URLs: m.PeerURLs}.Address(), true
		}
	}
	return "", false
}

func (r *rig) place(id event.NodeID) raft.ServerAddress {
	a, ok := r.address(id)
	if !ok {
		r.t.Fatalf("%v is no member", id)
	}
	return a
}

// echo answers every ask with its op as the index.
func echo(_ event.NodeID, body any, reply func(any, error)) {
	reply(&node.Answer{Index: body.(*node.Ask).Op}, nil)
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// within fails when f takes longer than the patience.
func within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s did not end within %v", what, patience)
	}
}

func op(n int) *node.Ask {
	return &node.Ask{Op: uint64(n), Command: event.Command{Kind: event.TxnDo, Key: fmt.Sprint("k", n), Timeout: 1e6}, Data: []byte("data")}
}
