package etcdapi_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// next is what a watch gives next, as words.
func (r *rig) next(w clientv3.WatchChan) string {
	r.Helper()
	select {
	case got, ok := <-w:
		if !ok {
			return "closed"
		}
		var s []string
		for _, e := range got.Events {
			s = append(s, fmt.Sprintf("%v %s=%s@%d", e.Type, e.Kv.Key, e.Kv.Value, e.Kv.ModRevision))
			if e.PrevKv != nil {
				s = append(s, fmt.Sprintf("was %s", e.PrevKv.Value))
			}
		}
		if got.IsProgressNotify() {
			s = append(s, fmt.Sprintf("progress@%d", got.Header.Revision))
		}
		if err := got.Err(); err != nil {
			s = append(s, err.Error())
		}
		return strings.Join(s, ", ")
	case <-r.ctx.Done():
		r.Fatal("the watch tells nothing")
		return ""
	}
}

func (r *rig) sees(w clientv3.WatchChan, want ...string) {
	r.Helper()
	for _, x := range want {
		if got := r.next(w); got != x {
			r.Errorf("the watch tells %q, want %q", got, x)
		}
	}
}

// What a watch tells: the past from its revision, what was before, no more than its filter lets through, where it stands.
func TestWatch(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	put := func(k, v string) { _, err := c.Put(r.ctx, k, v); r.check(err) }
	put("k", "1")
	put("k", "2")
	past := c.Watch(r.ctx, "k", clientv3.WithRev(2), clientv3.WithPrevKV())
	r.sees(past, "PUT k=1@2, PUT k=2@3, was 1")
	dels := c.Watch(r.ctx, "k", clientv3.WithRev(2), clientv3.WithFilterPut(), clientv3.WithCreatedNotify())
	puts := c.Watch(r.ctx, "", clientv3.WithPrefix(), clientv3.WithRev(4), clientv3.WithFilterDelete())
	r.sees(dels, "") // created
	_, err := c.Delete(r.ctx, "k")
	r.check(err)
	put("l", "3")
	r.sees(past, "DELETE k=@4, was 2")
	r.sees(dels, "DELETE k=@4")
	r.sees(puts, "PUT l=3@5")
	r.check(c.RequestProgress(r.ctx))
	r.sees(puts, "progress@5")
}

// A watch from before a compaction is cancelled with the revision it may start from.
func TestWatchCompacted(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	for i := range 4 {
		_, err := c.Put(r.ctx, "k", fmt.Sprint(i))
		r.check(err)
	}
	_, err := c.Compact(r.ctx, 4)
	r.check(err)
	got := <-c.Watch(r.ctx, "k", clientv3.WithRev(2))
	if !got.Canceled || got.CompactRevision != 4 || !errors.Is(got.Err(), rpctypes.ErrCompacted) {
		t.Errorf("it got %+v: %v", got, got.Err())
	}
}

// Requests of a watch that etcd refuses are answered in the stream, which goes on.
func TestWatchRefused(t *testing.T) {
	r := open(t)
	stream, err := pb.NewWatchClient(r.client(1).ActiveConnection()).Watch(r.ctx)
	r.check(err)
	ask := func(q *pb.WatchCreateRequest) *pb.WatchResponse {
		r.check(stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: q}}))
		got, err := stream.Recv()
		r.check(err)
		return got
	}
	if got := ask(&pb.WatchCreateRequest{Key: []byte("k"), WatchId: 5}); got.WatchId != 5 || !got.Created || got.Canceled {
		t.Errorf("a watch: %v", got)
	}
	for what, q := range map[string]*pb.WatchCreateRequest{
		"the same id":         {Key: []byte("k"), WatchId: 5},
		"a range without one": {Key: []byte("k"), RangeEnd: []byte("a")},
		"a negative revision": {Key: []byte("k"), StartRevision: -1},
	} {
		if got := ask(q); got.WatchId != -1 || !got.Created || !got.Canceled || got.CancelReason == "" {
			t.Errorf("%s: %v", what, got)
		}
	}
	r.check(stream.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: 5}}}))
	got, err := stream.Recv()
	r.check(err)
	if got.WatchId != 5 || !got.Canceled || got.Created {
		t.Errorf("cancelled: %v", got)
	}
	if got := ask(&pb.WatchCreateRequest{Key: []byte("k")}); got.WatchId != 0 || got.Canceled {
		t.Errorf("another watch: %v", got)
	}
}

// While leaders change and a client writes, a watch of another client sees every revision once and in order, and when its
// own node dies it goes on at another.
func TestWatchHasNoGap(t *testing.T) {
	r := open(t)
	const writes = 60
	w := r.client().Watch(r.ctx, "k", clientv3.WithRev(1))
	done := make(chan error, 1)
	go func() {
		done <- r.write(writes)
	}()
	seen, last := 0, int64(1)
	for seen < writes {
		got, ok := <-w
		if !ok || got.Err() != nil {
			t.Fatalf("the watch ended after %d: %v", seen, got.Err())
		}
		for _, e := range got.Events {
			if e.Kv.ModRevision != last+1 {
				t.Errorf("revision %d came after %d", e.Kv.ModRevision, last)
			}
			last = e.Kv.ModRevision
			if string(e.Kv.Value) == fmt.Sprint(seen) {
				seen++ // a put whose answer was lost may be there twice
			}
			if seen == writes/3 {
				go r.room.Do(r.ctx, event.Command{Kind: event.StepDown})
			}
		}
	}
	r.check(<-done)
	if state := r.room.State(); state.Leader() == nil {
		t.Error("no leader in the end")
	}
}

// write puts the numbers below n in turn, each until it is answered, and kills a node under way.
func (r *rig) write(n int) error {
	c := r.client()
	for i := range n {
		if i == 2*n/3 {
			leader := r.leader()
			r.servers[leader].Close()
			if res := r.room.Do(r.ctx, event.Command{Kind: event.Kill, Node: leader}); res.Outcome != event.OK {
				return errors.New(res.Error)
			}
		}
		for {
			_, err := c.Put(r.ctx, "k", fmt.Sprint(i))
			if err == nil {
				break
			}
			if r.ctx.Err() != nil {
				return err
			}
		}
	}
	return nil
}

// A watch that requires a leader ends when its node has none.
func TestWatchRequiresLeader(t *testing.T) {
	r := open(t)
	f := r.follower()
	w := r.client(f).Watch(clientv3.WithRequireLeader(r.ctx), "k", clientv3.WithCreatedNotify())
	r.sees(w, "")
	for id := range event.NodeID(nodes) {
		if id+1 != f {
			r.do(event.Command{Kind: event.Cut, Node: f, Peer: id + 1})
		}
	}
	if got := r.next(w); got != rpctypes.ErrNoLeader.Error() {
		t.Errorf("it ended with %q", got)
	}
	if _, err := r.client(f).Get(clientv3.WithRequireLeader(r.ctx), "k", clientv3.WithSerializable()); !errors.Is(err, rpctypes.ErrNoLeader) {
		t.Errorf("a get that requires a leader: %v", err)
	}
}

// Ten thousand watches on one connection, all of which hear of one change; a client that reads nothing does not hold up
// the others.
func TestManyWatches(t *testing.T) {
	r := open(t)
	const many = 10_000
	deaf, err := pb.NewWatchClient(r.client(1).ActiveConnection()).Watch(r.ctx)
	r.check(err)
	stream, err := pb.NewWatchClient(r.client(1).ActiveConnection()).Watch(r.ctx)
	r.check(err)
	create := &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{Key: []byte("k")}}}
	r.check(deaf.Send(create))
	go func() {
		for range many {
			if stream.Send(create) != nil {
				return
			}
		}
	}()
	for range many {
		got, err := stream.Recv()
		r.check(err)
		if !got.Created || got.Canceled {
			t.Fatalf("it got %v", got)
		}
	}
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	_, err = r.client(1).Put(ctx, "k", strings.Repeat("x", 1000))
	r.check(err)
	heard := map[int64]bool{}
	for len(heard) < many {
		got, err := stream.Recv()
		r.check(err)
		if len(got.Events) != 1 || heard[got.WatchId] {
			t.Fatalf("watch %d got %v", got.WatchId, got)
		}
		heard[got.WatchId] = true
	}
}
