package etcdapi_test

import (
	"fmt"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func words(kvs []*mvccpb.KeyValue) string {
	var s []string
	for _, kv := range kvs {
		s = append(s, fmt.Sprintf("%s=%s", kv.Key, kv.Value))
	}
	return strings.Join(s, " ")
}

// Ranges sort, filter and count as etcd's do, at every node.
func TestRange(t *testing.T) {
	r := open(t)
	all := r.client()
	for i, key := range []string{"b", "a", "c", "a"} { // revisions 2 to 5
		_, err := all.Put(r.ctx, key, fmt.Sprint(9-i))
		r.check(err)
	}
	for _, c := range []struct {
		what  string
		key   string
		opts  []clientv3.OpOption
		want  string
		count int64
		more  bool
	}{
		{"one key", "a", nil, "a=6", 1, false},
		{"one that is not there", "x", nil, "", 0, false},
		{"a prefix", "", []clientv3.OpOption{clientv3.WithPrefix()}, "a=6 b=9 c=7", 3, false},
		{"from a key", "b", []clientv3.OpOption{clientv3.WithFromKey()}, "b=9 c=7", 2, false},
		{"a range", "a", []clientv3.OpOption{clientv3.WithRange("c")}, "a=6 b=9", 2, false},
		{"a limit", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithLimit(2)}, "a=6 b=9", 3, true},
		{"sorted, then limited", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithLimit(1), clientv3.WithSort(clientv3.SortByValue, clientv3.SortDescend)}, "b=9", 3, true},
		{"sorted by modification", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithSort(clientv3.SortByModRevision, clientv3.SortAscend)}, "b=9 c=7 a=6", 3, false},
		{"modified since", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithMinModRev(4)}, "a=6 c=7", 3, false},
		{"created until", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithMaxCreateRev(2)}, "b=9", 3, false},
		{"an old revision", "a", []clientv3.OpOption{clientv3.WithRev(3)}, "a=8", 1, false},
		{"keys only", "a", []clientv3.OpOption{clientv3.WithKeysOnly()}, "a=", 1, false},
		{"a count", "a", []clientv3.OpOption{clientv3.WithFromKey(), clientv3.WithCountOnly()}, "", 3, false},
		{"serializable", "a", []clientv3.OpOption{clientv3.WithSerializable()}, "a=6", 1, false},
	} {
		for _, id := range []event.NodeID{r.leader(), r.follower()} {
			got, err := r.client(id).Get(r.ctx, c.key, c.opts...)
			r.check(err)
			if words(got.Kvs) != c.want || got.Count != c.count || got.More != c.more || got.Header.Revision != 5 {
				t.Errorf("%s at %v: %q, count %d, more %v at revision %d; want %q, %d, %v", c.what, id, words(got.Kvs), got.Count, got.More, got.Header.Revision, c.want, c.count, c.more)
			}
			if h := got.Header; h.MemberId != r.room.Peer(id).ID || h.ClusterId == 0 || h.RaftTerm == 0 {
				t.Errorf("%s at %v has the header %v", c.what, id, h)
			}
		}
	}
}

// Puts and deletions give what was there before, if asked.
func TestPutAndDelete(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	p, err := c.Put(r.ctx, "k", "1", clientv3.WithPrevKV())
	r.check(err)
	if p.PrevKv != nil || p.Header.Revision != 2 {
		t.Errorf("the first put: %v", p)
	}
	p, err = c.Put(r.ctx, "k", "2", clientv3.WithPrevKV())
	r.check(err)
	if string(p.PrevKv.Value) != "1" || p.Header.Revision != 3 {
		t.Errorf("the second put: %v", p)
	}
	d, err := c.Delete(r.ctx, "k", clientv3.WithPrevKV())
	r.check(err)
	if d.Deleted != 1 || words(d.PrevKvs) != "k=2" || d.Header.Revision != 4 {
		t.Errorf("the deletion: %v", d)
	}
	d, err = c.Delete(r.ctx, "k")
	r.check(err)
	if d.Deleted != 0 || d.Header.Revision != 4 {
		t.Errorf("deleting nothing: %v", d)
	}
	state := r.room.State()
	op := state.Ops[len(state.Ops)-4]
	if op.Kind != event.Put || op.Text != "put k 1" || op.Outcome != event.OK || op.Rev != 2 {
		t.Errorf("the first put was told as %+v", op)
	}
}

// A transaction does one branch or the other, whole; one that only reads makes no revision.
func TestTxn(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	put := func(k, v string) clientv3.Op { return clientv3.OpPut(k, v) }
	get := func(k string) clientv3.Op { return clientv3.OpGet(k) }
	is := func(k string, n int) clientv3.Cmp { return clientv3.Compare(clientv3.Version(k), "=", n) }
	holds := func(k, v string) clientv3.Cmp { return clientv3.Compare(clientv3.Value(k), "=", v) }
	for _, x := range []struct {
		what        string
		ifs         []clientv3.Cmp
		then, other []clientv3.Op
		ok          bool
		rev         int64
		want        string // all keys after it
	}{
		{"a key that is not there", []clientv3.Cmp{is("a", 0)}, []clientv3.Op{put("a", "1")}, nil, true, 2, "a=1"},
		{"the same again", []clientv3.Cmp{is("a", 0)}, []clientv3.Op{put("a", "2")}, []clientv3.Op{get("a")}, false, 2, "a=1"},
		{"two puts", nil, []clientv3.Op{put("a", "3"), put("b", "3")}, nil, true, 3, "a=3 b=3"},
		{"a value", []clientv3.Cmp{holds("a", "3"), is("b", 1)}, []clientv3.Op{clientv3.OpDelete("b"), put("c", "4")}, nil, true, 4, "a=3 c=4"},
		{"a comparison that fails", []clientv3.Cmp{holds("a", "x")}, []clientv3.Op{put("a", "5")}, nil, false, 4, "a=3 c=4"},
		{"every key of a range", []clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision("a").WithRange("z"), ">", 0)}, []clientv3.Op{put("d", "5")}, nil, true, 5, "a=3 c=4 d=5"},
		{"one inside", nil, []clientv3.Op{clientv3.OpTxn([]clientv3.Cmp{is("d", 1)}, []clientv3.Op{put("d", "6")}, []clientv3.Op{put("d", "7")})}, nil, true, 6, "a=3 c=4 d=6"},
		{"a lease that is not", []clientv3.Cmp{clientv3.Compare(clientv3.LeaseValue("a"), "=", 0)}, []clientv3.Op{clientv3.OpDelete("a", clientv3.WithFromKey())}, nil, true, 7, ""},
	} {
		got, err := c.Txn(r.ctx).If(x.ifs...).Then(x.then...).Else(x.other...).Commit()
		r.check(err)
		all, err := c.Get(r.ctx, "", clientv3.WithPrefix(), clientv3.WithSerializable())
		r.check(err)
		if got.Succeeded != x.ok || got.Header.Revision != x.rev || words(all.Kvs) != x.want {
			t.Errorf("%s: %v at revision %d, then %q; want %v, %d, %q", x.what, got.Succeeded, got.Header.Revision, words(all.Kvs), x.ok, x.rev, x.want)
		}
	}
}

// A range in chunks is one range: all of one revision, with all keys counted, even if it has a limit.
func TestRangeStream(t *testing.T) {
	r := open(t)
	c := r.client()
	var ops []clientv3.Op
	for i := range 100 {
		ops = append(ops, clientv3.OpPut(fmt.Sprintf("k%03d", i), strings.Repeat("x", 9_000)))
	}
	_, err := c.Txn(r.ctx).Then(ops...).Commit()
	r.check(err)
	for _, x := range []struct {
		limit     int64
		only      bool
		keys      int
		more      bool
		minChunks int
	}{{0, false, 100, false, 3}, {5, false, 5, true, 1}, {37, false, 37, true, 2}, {100, false, 100, false, 3}, {0, true, 0, false, 1}} {
		stream, err := pb.NewKVClient(c.ActiveConnection()).RangeStream(r.ctx, &pb.RangeRequest{Key: []byte("k"), RangeEnd: []byte("l"), Limit: x.limit, CountOnly: x.only})
		r.check(err)
		chunks, keys, last := 0, map[string]bool{}, &pb.RangeResponse{}
		for last.Header == nil {
			got, err := stream.Recv()
			r.check(err)
			last = got.RangeResponse
			for _, kv := range last.Kvs {
				keys[string(kv.Key)] = true
			}
			if chunks++; chunks == 1 { // what is written now is not seen
				_, err := c.Put(r.ctx, "k999", "")
				r.check(err)
			}
		}
		if len(keys) != x.keys || keys["k999"] || last.More != x.more || last.Count != 100 || chunks < x.minChunks {
			t.Errorf("limit %d: %d keys in %d chunks, more %v, count %d", x.limit, len(keys), chunks, last.More, last.Count)
		}
		_, err = c.Delete(r.ctx, "k999")
		r.check(err)
	}
	stream, err := pb.NewKVClient(c.ActiveConnection()).RangeStream(r.ctx, &pb.RangeRequest{Key: []byte("k"), SortOrder: pb.RangeRequest_DESCEND, SortTarget: pb.RangeRequest_VALUE})
	r.check(err)
	if _, err := stream.Recv(); status.Code(err) != codes.Unimplemented {
		t.Errorf("a sorted stream: %v", err)
	}
}
