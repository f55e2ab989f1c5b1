package etcdapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// witness is a watch that is written down.
type witness struct {
	name string
	mu   sync.Mutex
	seen []string
	last int64
	key  string // of last
	err  error
	done chan struct{}
}

// watch writes down what is told of all keys from a revision on.
func (h *house) watch(ctx context.Context, name string, c *clientv3.Client, rev int64) *witness {
	w := &witness{name: name, done: make(chan struct{})}
	told := c.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(rev))
	go func() {
		defer close(w.done)
		for r := range told {
			w.hear(r)
		}
	}()
	return w
}

func (w *witness) hear(r clientv3.WatchResponse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range r.Events {
		if same := e.Kv.ModRevision == w.last && string(e.Kv.Key) > w.key; e.Kv.ModRevision != w.last+1 && w.last != 0 && !same {
			w.err = fmt.Errorf("%s heard of revision %d after %d", w.name, e.Kv.ModRevision, w.last)
		}
		w.last, w.key = e.Kv.ModRevision, string(e.Kv.Key)
		w.seen = append(w.seen, fmt.Sprintf("%v %s=%s@%d", e.Type, e.Kv.Key, e.Kv.Value, e.Kv.ModRevision))
	}
	if err := r.Err(); err != nil && w.err == nil {
		w.err = err
	}
}

// at waits until it has heard of this revision, and gives all that it heard.
func (w *witness) at(ctx context.Context, rev int64) (string, error) {
	for {
		w.mu.Lock()
		last, err, seen := w.last, w.err, strings.Join(w.seen, "\n")
		w.mu.Unlock()
		switch {
		case err != nil:
			return seen, err
		case last >= rev:
			return seen, nil
		case ctx.Err() != nil:
			return seen, fmt.Errorf("%s has heard of %d, not yet of %d", w.name, last, rev)
		}
		pause()
	}
}

func (h *house) do(c event.Command) {
	h.Helper()
	if r := h.room.Do(h.ctx, c); r.Outcome != event.OK {
		h.Fatalf("%v %v: %s", c.Kind, c.Node, r.Error)
	}
}

// leader is who leads and is known to.
func (h *house) leader() event.NodeID {
	h.Helper()
	for h.ctx.Err() == nil {
		state := h.room.State()
		if l := state.Leader(); l != nil && !l.Suspended {
			return l.ID
		}
		pause()
	}
	h.Fatal("nobody leads")
	return 0
}

// put writes until it is answered: one whose answer is lost may be there twice.
func (h *house) put(c *clientv3.Client, key, value string) int64 {
	h.Helper()
	r, err := until(h.ctx, func(ctx context.Context) (*clientv3.PutResponse, error) { return c.Put(ctx, key, value) })
	h.check(err)
	return r.Header.Revision
}

// While leaders hand over, die, are cut off and come back, watches on all nodes tell every revision once and in order:
// those of nodes that go down, that are cut off, that begin in the past, and that begin in the middle of it.
func TestWatchesTellAllOnce(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	writer := h.client()
	first := h.put(writer, "k", "first")
	var all []*witness
	for id := range event.NodeID(nodes) {
		all = append(all, h.watch(ctx, fmt.Sprintf("a watch at n%d", id+1), h.client(id+1), first))
	}
	all = append(all, h.watch(ctx, "a watch anywhere", h.client(), first))
	var written atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			value := fmt.Sprint(written.Add(1))
			if _, err := until(h.ctx, func(ctx context.Context) (*clientv3.PutResponse, error) { return writer.Put(ctx, "k", value) }); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	further := func() { // the writer has gone on
		for before := written.Load(); written.Load() < before+5 && h.ctx.Err() == nil; {
			pause()
		}
	}
	for _, turn := range []func(leader, other, third event.NodeID){
		func(_, other, _ event.NodeID) { h.do(event.Command{Kind: event.Transfer, Node: other}) },
		func(leader, _, _ event.NodeID) {
			h.do(event.Command{Kind: event.Kill, Node: leader})
			h.leader()
			h.do(event.Command{Kind: event.Restart, Node: leader})
		},
		func(leader, other, third event.NodeID) {
			h.do(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{leader}, {other, third}}})
			h.otherLeader(leader)
			all = append(all, h.watch(ctx, "a late watch at who is cut off", h.client(leader), first))
			h.do(event.Command{Kind: event.Heal})
		},
		func(_, other, third event.NodeID) {
			h.do(event.Command{Kind: event.Kill, Node: other})
			h.do(event.Command{Kind: event.Restart, Node: other})
			h.do(event.Command{Kind: event.Suspend, Node: third})
			h.put(h.client(other), "k", "while one stands still")
			h.do(event.Command{Kind: event.Resume, Node: third})
		},
		func(leader, _, _ event.NodeID) { h.do(event.Command{Kind: event.StepDown, Node: leader}) },
	} {
		l := h.leader()
		further()
		turn(l, l%nodes+1, (l+1)%nodes+1)
		h.leader()
		further()
	}
	close(stop)
	<-stopped
	last := h.put(writer, "k", "last")
	all = append(all, h.watch(ctx, "a watch of the past", h.client(h.leader()%nodes+1), first))
	want := ""
	for _, w := range all {
		seen, err := w.at(h.ctx, last)
		if err != nil {
			t.Error(err)
		}
		if want == "" {
			want = seen
		}
		if seen != want {
			t.Errorf("%s saw %d bytes, the first one %d:\n%s\n\n%s", w.name, len(seen), len(want), seen, want)
		}
	}
	if strings.Count(want, "\n") != int(last-first) {
		t.Errorf("%d events for revisions %d to %d", strings.Count(want, "\n")+1, first, last)
	}
}

// otherLeader is who leads in a place of one that may believe that it still does.
func (h *house) otherLeader(than event.NodeID) event.NodeID {
	h.Helper()
	for h.ctx.Err() == nil {
		state := h.room.State()
		for _, n := range state.Nodes {
			if n.ID != than && n.Up && n.Role == event.Leader {
				return n.ID
			}
		}
		pause()
	}
	h.Fatal("nobody else leads")
	return 0
}

// A watch whose node was away while its past was compacted ends, says from where it may go on, and goes on from there
// with no gap.
func TestWatchThatMissedACompaction(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	f := h.leader()%nodes + 1
	at := h.client(f)
	writer := h.client(h.leader())
	first := h.put(writer, "k", "0")
	w := h.watch(ctx, "the watch", at, first)
	if _, err := w.at(h.ctx, first); err != nil {
		t.Fatal(err)
	}
	h.do(event.Command{Kind: event.Kill, Node: f})
	var last int64
	for i := range 10 {
		last = h.put(writer, "k", fmt.Sprint(i+1))
	}
	_, err := writer.Compact(h.ctx, last-3)
	h.check(err)
	h.do(event.Command{Kind: event.Restart, Node: f})
	if _, err := w.at(h.ctx, last); !errors.Is(err, rpctypes.ErrCompacted) {
		t.Fatalf("it goes on: %v", err)
	}
	<-w.done
	told := at.Watch(ctx, "k", clientv3.WithRev(first+1))
	r := <-told
	if !r.Canceled || r.CompactRevision != last-3 || !errors.Is(r.Err(), rpctypes.ErrCompacted) {
		t.Fatalf("from the compacted past it tells %+v", r)
	}
	again := h.watch(ctx, "the watch again", at, r.CompactRevision)
	seen, err := again.at(h.ctx, last)
	h.check(err)
	if want := "PUT k=7@9\nPUT k=8@10\nPUT k=9@11\nPUT k=10@12"; seen != want {
		t.Errorf("it goes on with\n%s\nand should with\n%s", seen, want)
	}
}
