package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/event"
)

const (
	stormClients = 6
	sharedKeys   = 3
	keyLife      = 60                      // ops on a shared key before it is left for another, so that each history can be judged
	opTimeout    = 1500 * time.Millisecond // an op that takes longer has an unknown outcome
	judging      = 20 * time.Second
	lastKey      = "last"
)

// storm is clients that write, read and compare while something happens to the members, and one that watches all of it.
type storm struct {
	t       testing.TB
	c       *cluster
	history check.History
	ops     atomic.Int64 // called
	acked   atomic.Int64 // answered with success

	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup

	mu      sync.Mutex
	written map[string]int64 // by value, none of which is written twice: the revision that was acknowledged

	told    atomic.Int64           // the revision that the watch has come to
	watched chan []*clientv3.Event // all events up to lastKey's first, when that has been seen
}

// dial is a client of some members.
func dial(t testing.TB, endpoints ...string) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// begin starts clients on a cluster that serves.
func begin(t testing.TB, c *cluster) *storm {
	t.Helper()
	s := &storm{t: t, c: c, written: map[string]int64{}, watched: make(chan []*clientv3.Event, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	t.Cleanup(s.stop)
	go s.watch(dial(t, c.endpoints()...))
	for i := range stormClients {
		client := dial(t, c.endpoints()...)
		s.work.Go(func() { s.work1(i, client) })
	}
	return s
}

// work1 is one client: one op after the other.
func (s *storm) work1(id int, client *clientv3.Client) {
	rng := rand.New(rand.NewPCG(uint64(id), 1))
	for n := 0; s.ctx.Err() == nil; n++ {
		key := fmt.Sprintf("shared-%d-%d", s.ops.Add(1)/keyLife, rng.IntN(sharedKeys))
		q := event.Command{Kind: event.Put, Key: key, Value: fmt.Sprintf("%d.%d", id, n)}
		switch {
		case n%5 == 0:
			q.Key = "own-" + q.Value
		case rng.IntN(10) < 4:
			q.Kind = event.Get
		case rng.IntN(10) < 5:
			q = swap(key, fmt.Sprintf("%d.%d", id, n-1), q.Value)
		case rng.IntN(10) < 2:
			q.Kind = event.Del
		}
		answered := s.history.Call(id, q)
		answered(s.do(client, q))
	}
}

// swap is a transaction: if the key holds the old value the new one is put, otherwise it is read.
func swap(key, old, value string) event.Command {
	return event.Command{Kind: event.TxnDo, Value: value, Txn: &event.Txn{Compare: []event.Compare{{Key: key, Target: "value", Result: "=", Value: old}},
		Success: []event.Request{{Kind: event.Put, Key: key, Value: value}}, Failure: []event.Request{{Kind: event.Get, Key: key}}}}
}

// do has an op done. What fails may have been done all the same.
func (s *storm) do(client *clientv3.Client, q event.Command) event.Result {
	ctx, cancel := context.WithTimeout(s.ctx, opTimeout)
	defer cancel()
	var r event.Result
	var err error
	// What these clients do.
	//exhaustive:ignore
	switch q.Kind {
	case event.Put:
		var a *clientv3.PutResponse
		if a, err = client.Put(ctx, q.Key, q.Value); err == nil {
			s.wrote(q.Value, a.Header.Revision)
		}
	case event.Get:
		var a *clientv3.GetResponse
		if a, err = client.Get(ctx, q.Key); err == nil {
			r.KVs = kvs(a.Kvs)
		}
	case event.Del:
		var a *clientv3.DeleteResponse
		if a, err = client.Delete(ctx, q.Key); err == nil {
			r.Deleted = a.Deleted
		}
	case event.TxnDo:
		r, err = s.swap(ctx, client, q)
	}
	if r.Outcome = event.OK; err != nil {
		return event.Result{Outcome: event.Unknown, Error: err.Error()}
	}
	s.acked.Add(1)
	return r
}

func (s *storm) swap(ctx context.Context, client *clientv3.Client, q event.Command) (r event.Result, err error) {
	c := q.Txn.Compare[0]
	a, err := client.Txn(ctx).If(clientv3.Compare(clientv3.Value(c.Key), "=", c.Value)).Then(clientv3.OpPut(c.Key, q.Value)).Else(clientv3.OpGet(c.Key)).Commit()
	if err != nil {
		return r, err
	}
	r.Succeeded, r.Responses = a.Succeeded, []event.Response{{Kind: event.Put}}
	if !a.Succeeded {
		r.Responses[0] = event.Response{Kind: event.Get, KVs: kvs(a.Responses[0].GetResponseRange().Kvs)}
		return r, nil
	}
	s.wrote(q.Value, a.Header.Revision)
	return r, nil
}

func kvs(from []*mvccpb.KeyValue) (to []event.KeyValue) {
	for _, kv := range from {
		to = append(to, event.KeyValue{Key: string(kv.Key), Value: string(kv.Value)})
	}
	return to
}

func (s *storm) wrote(value string, revision int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written[value] = revision
}

// watch keeps all that happens from the first revision on.
func (s *storm) watch(client *clientv3.Client) {
	var all []*clientv3.Event
	for r := range client.Watch(context.Background(), "", clientv3.WithPrefix(), clientv3.WithRev(1)) {
		if r.Err() != nil && r.Canceled {
			s.t.Errorf("the watch ended: %v", r.Err())
			s.watched <- all
			return
		}
		if all = append(all, r.Events...); len(all) == 0 {
			continue
		}
		s.told.Store(all[len(all)-1].Kv.ModRevision)
		// What a client gave up on may still happen after the last key, and come with it at once to a watch that was away.
		if i := slices.IndexFunc(all, func(e *clientv3.Event) bool { return string(e.Kv.Key) == lastKey }); i >= 0 {
			s.watched <- all[:i+1]
			return
		}
	}
}

// further waits until that many more ops have been acknowledged.
func (s *storm) further(ops int64) {
	s.t.Helper()
	target := s.acked.Load() + ops
	eventually(s.t, fmt.Sprintf("%d more ops are acknowledged", ops), func() bool { return s.acked.Load() >= target })
}

// end stops the clients and judges what they saw.
func (s *storm) end() {
	s.t.Helper()
	s.stop()
	s.work.Wait()
	client := dial(s.t, s.c.endpoints()...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	eventually(s.t, "the last key is written", func() bool {
		_, err := client.Put(ctx, lastKey, "")
		return err == nil
	})
	a, err := client.Get(ctx, lastKey)
	if err != nil {
		s.t.Fatal(err)
	}
	last := a.Kvs[0].CreateRevision // a put that seemed to have failed before counts
	state, err := client.Get(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(last))
	if err != nil {
		s.t.Fatal(err)
	}
	s.same(state.Kvs, last)
	var events []*clientv3.Event
	select {
	case events = <-s.watched:
	case <-ctx.Done():
		s.t.Fatalf("the watch has not seen the last key, of revision %d; it has seen revision %d", last, s.told.Load())
	}
	s.complete(events, last)
	s.lost(events)
	folded(s.t, events, state.Kvs)
	if err := check.Linearizable(s.history.Ops(), judging); err != nil {
		s.t.Error(err)
	}
	s.t.Logf("%d of %d ops acknowledged, %d revisions", s.acked.Load(), s.ops.Load(), last)
}

// same compares what every member holds at a revision.
func (s *storm) same(want []*mvccpb.KeyValue, revision int64) {
	s.t.Helper()
	for _, m := range s.c.members {
		client := dial(s.t, m.client)
		eventually(s.t, m.name+" has caught up", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), opTimeout)
			defer cancel()
			got, err := client.Get(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(revision), clientv3.WithSerializable())
			if err != nil {
				return false
			}
			if a, b := fmt.Sprint(got.Kvs), fmt.Sprint(want); a != b {
				s.t.Errorf("%s holds at revision %d\n%s\nbut another\n%s", m.name, revision, a, b)
			}
			return true
		})
	}
}

// complete: each revision made one change, and each was told once, in order.
func (s *storm) complete(events []*clientv3.Event, last int64) {
	s.t.Helper()
	next := int64(2)
	for _, e := range events {
		if e.Kv.ModRevision != next {
			s.t.Fatalf("the watch told of revision %d where %d comes next: %v", e.Kv.ModRevision, next, e)
		}
		next++
	}
	if next != last+1 {
		s.t.Errorf("the watch ended before revision %d; the last was %d", next, last)
	}
}

// lost: what was acknowledged happened, at the revision that was said.
func (s *storm) lost(events []*clientv3.Event) {
	s.t.Helper()
	at := map[string]int64{}
	for _, e := range events {
		if value := string(e.Kv.Value); value != "" && e.Type == clientv3.EventTypePut {
			if at[value] != 0 {
				s.t.Errorf("%s was written twice, at revisions %d and %d", value, at[value], e.Kv.ModRevision)
			}
			at[value] = e.Kv.ModRevision
		}
	}
	for value, revision := range s.written {
		if at[value] != revision {
			s.t.Errorf("%s was acknowledged at revision %d, but is found at %d", value, revision, at[value])
		}
	}
}

// folded: the events together make the state.
func folded(t testing.TB, events []*clientv3.Event, want []*mvccpb.KeyValue) {
	t.Helper()
	state := map[string]string{}
	for _, e := range events {
		if e.Type == clientv3.EventTypeDelete {
			delete(state, string(e.Kv.Key))
		} else {
			state[string(e.Kv.Key)] = fmt.Sprint(e.Kv)
		}
	}
	var wrong []string
	for _, kv := range want {
		if state[string(kv.Key)] != fmt.Sprint(kv) {
			wrong = append(wrong, fmt.Sprintf("%v, by the events %s", kv, state[string(kv.Key)]))
		}
		delete(state, string(kv.Key))
	}
	if len(wrong)+len(state) > 0 {
		t.Errorf("the events do not add up to the state:\n%s\nonly by the events: %v", strings.Join(wrong, "\n"), state)
	}
}
