package node_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/peer"
)

const patience = 20 * time.Second // with what must come, on a busy machine

// trio are three members over TCP, as processes have them.
type trio struct {
	t       *testing.T
	roster  peer.Roster
	members [3]*member
}

// member is one of them, running or not.
type member struct {
	*node.Node
	trio      *trio
	id        event.NodeID
	dir, note string
	transport *peer.Transport
	gate      atomic.Pointer[chan struct{}] // nil: its disk works
	heard     atomic.Int64                  // how often it has taken a leader's word for how much is committed

	mu    sync.Mutex
	facts []event.Event
}

func newTrio(t *testing.T) *trio {
	t.Helper()
	r := &trio{t: t, roster: peer.Roster{Cluster: 0xc1}}
	for i := range r.members {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		id := event.NodeID(i + 1)
		r.roster.Members = append(r.roster.Members, peer.Listed{ID: 0x10 + uint64(id), Node: id, Name: id.String(), PeerURLs: []string{"http://" + l.Addr().String()}})
		if err := l.Close(); err != nil { // it is opened again when the member starts
			t.Fatal(err)
		}
		dir := t.TempDir()
		r.members[i] = &member{trio: r, id: id, dir: filepath.Join(dir, "n"), note: filepath.Join(dir, "note")}
	}
	return r
}

func (r *trio) address(id event.NodeID) (raft.ServerAddress, bool) {
	for _, m := range r.roster.Members {
		if m.Node == id {
			return node.Place{Member: m.ID, URLs: m.PeerURLs}.Address(), true
		}
	}
	return "", false
}

// start runs a member on what its directory holds; founding tells that it is new.
func (m *member) start(founding bool) {
	t, r := m.trio.t, m.trio
	t.Helper()
	l, err := net.Listen("tcp", r.roster.Members[m.id-1].PeerURLs[0][len("http://"):])
	if err != nil {
		t.Fatal(err)
	}
	m.transport, err = peer.New(peer.Options{Self: m.id, Member: 0x10 + uint64(m.id), Cluster: r.roster.Cluster, Listeners: []net.Listener{l}, PreVote: true,
		Roster: func() peer.Roster { return r.roster }, Address: r.address})
	if err != nil {
		t.Fatal(err)
	}
	o := node.Options{ID: m.id, Dir: m.dir, Witness: m.note, FsyncDelay: m.stand, Failed: func(err error) { t.Error(err) }, Reboot: func(why string) { t.Error(why) },
		Transport: hearing{m.transport, &m.heard}, Tap: m.tap, Cluster: r.roster.Cluster, Member: 0x10 + uint64(m.id), Definite: peer.Definite, Places: true, Batch: true,
		Address: func(id event.NodeID) raft.ServerAddress { a, _ := r.address(id); return a },
		Timing:  node.Timing{Heartbeat: 20 * time.Millisecond, Election: 400 * time.Millisecond}}
	if founding {
		for _, l := range r.roster.Members {
			o.Bootstrap = append(o.Bootstrap, event.Member{ID: l.Node, Suffrage: event.Voter})
		}
	}
	if m.Node, err = node.Open(o); err != nil {
		t.Fatal(err)
	}
	transport, running := m.transport, m.Node
	t.Cleanup(func() { m.end(transport, running) })
}

// hearing is a transport that counts the requests that say how much is committed, once raft has served them.
type hearing struct {
	*peer.Transport
	heard *atomic.Int64
}

func (h hearing) OnServed(f func(request, response any, err error)) {
	h.Transport.OnServed(func(request, response any, err error) {
		f(request, response, err)
		if q, ok := request.(*raft.AppendEntriesRequest); ok && err == nil && q.LeaderCommitIndex > 0 {
			h.heard.Add(1)
		}
	})
}

// stand is the time that an fsync takes longer here: for ever, while the disk is held.
func (m *member) stand() time.Duration {
	if gate := m.gate.Load(); gate != nil {
		<-*gate
	}
	return 0
}

// hold has the disk stand still until the function that it gives is called.
func (m *member) hold() (release func()) {
	gate := make(chan struct{})
	m.gate.Store(&gate)
	return sync.OnceFunc(func() {
		m.gate.Store(nil)
		close(gate)
	})
}

func (m *member) tap(e event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.facts = append(m.facts, e)
}

// told says whether this member told such a fact of the entry at index or of one behind it.
func (m *member) told(k event.Kind, index uint64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.facts {
		if e.Kind == k && e.Index >= index {
			return true
		}
	}
	return false
}

// stop ends a member; first nobody hears it any more.
func (m *member) stop() { m.end(m.transport, m.Node) }

func (m *member) end(transport *peer.Transport, running *node.Node) {
	if m.Node != running {
		return // it was ended, and perhaps started again
	}
	_ = transport.Close()
	if err := running.Shutdown(); err != nil {
		m.trio.t.Error(err)
	}
	m.Node = nil
}

func (m *member) put(key, value string) error {
	_, err := m.Put(&node.Call{}, &pb.PutRequest{Key: []byte(key), Value: []byte(value)})
	return err
}

// has says whether a member has a value, by what it has applied itself.
func (m *member) has(key string) bool {
	r, err := m.Range(&node.Call{}, &pb.RangeRequest{Key: []byte(key), Serializable: true})
	return err == nil && r.Count == 1
}

// leader waits until one of the members leads.
func (r *trio) leader(among ...*member) (leads *member) {
	r.t.Helper()
	r.until("somebody leads", func() bool {
		for _, m := range among {
			if m.Leader() == m.id {
				leads = m
				return true
			}
		}
		return false
	})
	return leads
}

// writes has a member write, again if leadership moves meanwhile.
func (r *trio) writes(m *member, key string) {
	r.t.Helper()
	r.until(fmt.Sprintf("%v writes %s", m.id, key), func() bool { return m.put(key, "v") == nil })
}

func (r *trio) until(what string, ok func() bool) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			r.t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}
