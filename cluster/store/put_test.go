package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/auth"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// roundabout is the same request with a field that nobody knows, so that etcd's applier does it.
func roundabout(data []byte) []byte {
	return protowire.AppendVarint(protowire.AppendTag(slices.Clone(data), 8000, protowire.VarintType), 1)
}

// A put does what it does in etcd, whichever way it is applied: the same answers, the same keys, the same watch events,
// leases let go of alike.
func TestPlainPut(t *testing.T) {
	story := func(way func([]byte) []byte, plain bool) (told string, hash uint32) {
		inBubble(t, func(r *rig) {
			w := r.s.NewWatchStream()
			defer w.Close()
			_, err := w.Watch(t.Context(), 1, []byte("k"), []byte("l"), 0)
			r.check(err)
			r.must(nil, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 9, TTL: 60}})
			r.must(nil, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k1"), Value: []byte("leased"), Lease: 9}})
			for i, value := range []string{"a", "", "b", "c"} {
				data := way(encode(t, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: fmt.Append(nil, "k", i%3), Value: []byte(value)}}))
				if _, ok := readPlainPut(data); ok != plain {
					t.Fatalf("request %d is a plain put: %t", i, ok)
				}
				m, err := VerdictOf(r.joined(data), 0)
				told += fmt.Sprint(m, err, "; ")
			}
			ttl, err := r.s.Leases(nil)
			told += fmt.Sprint(changes(w), len(ttl), err, len(r.s.lessor.Lookup(9).Keys()))
			hash = r.hash()
		})
		return told, hash
	}
	want, sum := story(roundabout, false)
	if got, s := story(slices.Clone[[]byte], true); got != want || s != sum {
		t.Errorf("applied plainly\n%s\nwith etcd's applier\n%s, hashes %x and %x", got, want, s, sum)
	}
}

// What is more than a plain put is left to etcd's applier.
func TestNoPlainPut(t *testing.T) {
	for _, q := range []*pb.InternalRaftRequest{
		{Put: &pb.PutRequest{Key: []byte("k"), Lease: 1}}, {Put: &pb.PutRequest{Key: []byte("k"), PrevKv: true}},
		{Put: &pb.PutRequest{Key: []byte("k"), IgnoreValue: true}}, {Put: &pb.PutRequest{Value: []byte("v")}}, {Put: &pb.PutRequest{}},
		{Range: &pb.RangeRequest{Key: []byte("k")}}, {Txn: &pb.TxnRequest{}}, {ID: 3, Put: &pb.PutRequest{Key: []byte("k")}},
		{Put: &pb.PutRequest{Key: []byte("k")}, DeleteRange: &pb.DeleteRangeRequest{}}, {},
	} {
		if p, ok := readPlainPut(encode(t, q)); ok {
			t.Errorf("%v was taken for the put %+v", q, p)
		}
	}
}

// Any bytes that are taken for a plain put are one for etcd too.
func FuzzPlainPut(f *testing.F) {
	f.Add(putOf(f, "k", "v", 0))
	f.Add(putOf(f, "k", "", 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, ok := readPlainPut(b)
		if !ok {
			return
		}
		var r pb.InternalRaftRequest
		if err := proto.Unmarshal(b, &r); err != nil {
			t.Skip() // etcd would not look at it
		}
		want := &pb.PutRequest{Key: p.key, Value: p.value}
		if len(r.Put.ProtoReflect().GetUnknown()) == 0 && !proto.Equal(r.Put, want) {
			t.Errorf("%x is %v, and was taken for %+v", b, &r, p)
		}
	})
}

// With auth, an alarm or no room left a plain put is refused as etcd refuses it.
func TestPlainPutRefused(t *testing.T) {
	put := putOf(t, "k", "v", 0)
	inBubble(t, func(r *rig) {
		refused := func(what string, want error) {
			t.Helper()
			if _, err := VerdictOf(r.joined(put), 0); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
		}
		refused("as it is", nil)
		alarm := &pb.AlarmRequest{MemberID: 3, Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE}
		r.must(nil, &pb.InternalRaftRequest{Alarm: alarm})
		refused("with the alarm", etcderrors.ErrNoSpace)
		alarm.Action = pb.AlarmRequest_DEACTIVATE
		r.must(nil, &pb.InternalRaftRequest{Alarm: alarm})
		r.reopen(func() { r.o.Quota = 8 << 10 })
		refused("without room", etcderrors.ErrNoSpace)
		r.reopen(func() { r.o.Quota = -1 })
		refused("without a quota", nil)
		r.enableAuth()
		refused("of nobody", auth.ErrUserEmpty)
	})
}
