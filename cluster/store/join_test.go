package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/lease"
	"google.golang.org/protobuf/proto"
)

// joined applies requests as one entry and gives what Apply returned.
func (r *rig) joined(requests ...[]byte) any {
	l := &raft.Log{Index: uint64(len(r.log) + 1), Term: 1, Data: Join(requests)}
	r.log = append(r.log, l)
	return r.s.Apply(l)
}

func putOf(t testing.TB, key, value string, id int64) []byte {
	return encode(t, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte(key), Value: []byte(value), Lease: id}})
}

func TestJoin(t *testing.T) {
	one := []byte{0x22, 0x00}
	if got := Join([][]byte{one}); !slices.Equal(got, one) {
		t.Errorf("one request became %x", got)
	}
	for _, want := range [][][]byte{{one, one}, {nil, one, {}}, {make([]byte, 300), one}} {
		got, ok := split(Join(want))
		if !ok || len(got) != len(want) {
			t.Fatalf("%x came back as %x", want, got)
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("request %d of %x came back as %x", i, want, got[i])
			}
		}
	}
	both := Join([][]byte{one, one})
	for _, b := range [][]byte{nil, one, both[:len(both)-1], append(slices.Clone(both), one...)} {
		if got, ok := split(b); ok {
			t.Errorf("%x was taken for the entries %x", b, got)
		}
	}
	if err := proto.Unmarshal(both, new(pb.InternalRaftRequest)); err != nil {
		t.Errorf("etcd cannot read a joined entry: %v", err)
	}
}

// Any bytes are split into what Join makes them of again, or not at all.
func FuzzSplit(f *testing.F) {
	f.Add(Join([][]byte{{1}, {2, 3}}))
	f.Add([]byte{0xc2, 0xb5, 0x03, 0x05, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		requests, ok := split(b)
		if !ok {
			return
		}
		again, ok := split(Join(append(requests, []byte("x"))))
		if !ok || len(again) != len(requests)+1 || !slices.EqualFunc(again[:len(requests)], requests, slices.Equal[[]byte]) {
			t.Errorf("%x became %x, and then %x", b, requests, again)
		}
	})
}

// Every request of an entry has its own verdict, in the order they were joined.
func TestJoinedVerdicts(t *testing.T) {
	inBubble(t, func(r *rig) {
		got := r.joined(putOf(t, "a", "1", 0), putOf(t, "a", "2", 99), []byte{0xff},
			encode(t, &pb.InternalRaftRequest{DeleteRange: &pb.DeleteRangeRequest{Key: []byte("a")}}), putOf(t, "b", "1", 0))
		for i, rev := range map[int]int64{0: 2, 4: 4} {
			m, err := VerdictOf(got, i)
			if p, ok := m.(*pb.PutResponse); err != nil || !ok || p.Header.Revision != rev {
				t.Errorf("request %d was answered %v, %v", i, m, err)
			}
		}
		if _, err := VerdictOf(got, 1); !errors.Is(err, lease.ErrLeaseNotFound) {
			t.Errorf("a put without its lease: %v", err)
		}
		if _, err := VerdictOf(got, 2); err == nil {
			t.Error("what is no request was applied")
		}
		if m, err := VerdictOf(got, 3); err != nil || m.(*pb.DeleteRangeResponse).Deleted != 1 {
			t.Errorf("the deletion was answered %v, %v", m, err)
		}
		if _, err := VerdictOf(got, 5); !errors.Is(err, errNotApplied) {
			t.Errorf("a request that was not there was answered %v", err)
		}
		var to event.Result
		r.s.Result(Part(got, 4), &to)
		if to.Outcome != event.OK || to.Revision != 4 {
			t.Errorf("the last one's result is %+v", to)
		}
		alone := r.joined(putOf(t, "c", "1", 0))
		if m, err := VerdictOf(alone, 0); err != nil || m == nil {
			t.Errorf("a request alone was answered %v, %v", m, err)
		}
	})
}

// mixed are entries of one to six requests, among them what etcd commits at once (deletions outside of its keys) and what
// it refuses.
func (r *rig) mixed(entries int) {
	request := func(q *pb.InternalRaftRequest) []byte { return encode(r.t, q) }
	kinds := []func(i int) []byte{
		func(i int) []byte { return putOf(r.t, fmt.Sprint("k", i%5), fmt.Sprint(i), 0) },
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: int64(i + 1000), TTL: 60}})
		},
		func(i int) []byte { return putOf(r.t, fmt.Sprint("leased", i%3), fmt.Sprint(i), int64(i-1+1000)) },
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: int64(i - 2 + 1000)}})
		},
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{Txn: &pb.TxnRequest{Success: []*pb.RequestOp{
				{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte("t"), Value: []byte("1")}}},
				{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte("k1")}}}}}})
		},
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{AuthUserAdd: &pb.AuthUserAddRequest{Name: fmt.Sprint("u", i), Options: &authpb.UserAddOptions{NoPassword: true}}})
		},
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{AuthUserDelete: &pb.AuthUserDeleteRequest{Name: fmt.Sprint("u", i-1)}})
		},
		func(int) []byte { return putOf(r.t, "nobody", "x", 77) }, // refused: there is no such lease
		func(int) []byte { return []byte{0xff} },
		func(i int) []byte {
			return request(&pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: int64(i/2 + 2)}})
		},
	}
	n := 0
	for i := range entries {
		var requests [][]byte
		for range i%6 + 1 {
			requests = append(requests, kinds[n%len(kinds)](n))
			n++
		}
		r.joined(requests...)
	}
}

// Wherever a crash falls between two commits, inside an entry too, the replay applies each request exactly once.
func TestJoinedReplay(t *testing.T) {
	kept := t.TempDir()
	for _, limit := range []int{1, 3} { // writes that a transaction takes
		commits, inside := 0, 0
		inBubble(t, func(r *rig) {
			r.reopen(func() { r.o.batchLimit = limit })
			file := filepath.Join(r.o.Dir, "db")
			r.s.position.synced = func() { // the file is that of the commit before
				r.check(copyFile(filepath.Join(kept, fmt.Sprint(commits), "db"), file))
				commits++
			}
			for i := range 300 {
				r.check(mkdir(filepath.Join(kept, fmt.Sprint(i))))
			}
			r.mixed(24)
			r.s.WaitCompacted(nil)
			r.s.position.mu.Lock()
			r.s.position.synced = nil
			r.s.position.mu.Unlock()
			want, hash := r.s.Revision(), r.hash()
			if commits < 24 {
				t.Errorf("with %d writes a transaction there were only %d commits", limit, commits)
			}
			for i := range commits {
				s, err := Open(Options{Dir: filepath.Join(kept, fmt.Sprint(i)), Node: 1})
				r.check(err)
				if s.position.resume.done > 0 {
					inside++
				}
				for _, l := range r.log {
					s.Apply(l)
				}
				s.WaitCompacted(nil)
				if got, _, err := s.Hash(0); err != nil || got != hash || s.Revision() != want {
					t.Errorf("limit %d, crash at commit %d of %d: after the replay revision %d and hash %x (%v), want %d and %x",
						limit, i, commits, s.Revision(), got, err, want, hash)
				}
				r.check(s.Close())
			}
		})
		if inside == 0 {
			t.Errorf("with %d writes a transaction no crash fell inside an entry", limit)
		}
	}
}

// The part of an entry leaves the file with the entry's end, so that nodes at rest have equal files.
func TestPartIsForgotten(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.joined(putOf(t, "a", "1", 0), encode(t, &pb.InternalRaftRequest{AuthUserAdd: &pb.AuthUserAddRequest{Name: "u", Options: &authpb.UserAddOptions{NoPassword: true}}}),
			encode(t, &pb.InternalRaftRequest{AuthUserDelete: &pb.AuthUserDeleteRequest{Name: "u"}}), putOf(t, "a", "2", 0))
		if !r.s.position.saved {
			t.Fatal("deleting a user did not commit inside of the entry, so this test shows nothing")
		}
		r.s.kv.Commit()
		r.reopen(nil)
		if p := &r.s.position; p.saved || p.resume != (part{}) || r.s.Applied() != 1 {
			t.Errorf("the file has a part: %+v, applied %d", p.resume, r.s.Applied())
		}
	})
}
