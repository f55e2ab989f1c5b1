package store

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// alone runs a story with a store below a raft of one node.
func alone(t *testing.T, o Options, story func(*rig, *raft.Raft)) {
	o.Dir, o.Node = t.TempDir(), 1
	o.Failed = func(err error) { t.Errorf("the store failed: %v", err) }
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, o: o}
		r.open()
		c := raft.DefaultConfig()
		c.LocalID, c.Logger = "n1", hclog.NewNullLogger()
		logs, snaps := raft.NewInmemStore(), raft.NewInmemSnapshotStore()
		addr, transport := raft.NewInmemTransport("n1")
		r.check(raft.BootstrapCluster(c, logs, logs, snaps, transport, raft.Configuration{Servers: []raft.Server{{ID: "n1", Address: addr}}}))
		ra, err := raft.NewRaft(c, r.s, logs, logs, snaps, transport)
		r.check(err)
		dead := make(chan struct{})
		go r.s.Serve(ra, dead)
		defer func() {
			close(dead)
			r.check(ra.Shutdown().Error())
			r.check(r.s.Close())
		}()
		time.Sleep(5 * time.Second) // it is elected
		story(r, ra)
	})
}

func (r *rig) propose(ra *raft.Raft, q *pb.InternalRaftRequest) (to event.Result) {
	r.t.Helper()
	f := ra.Apply(encode(r.t, q), time.Second)
	r.check(f.Error())
	r.s.Result(f.Response(), &to)
	return to
}

// A lease that is not kept alive is revoked by the leader, through raft, and takes its keys along.
func TestLeaseExpires(t *testing.T) {
	alone(t, Options{}, func(r *rig, ra *raft.Raft) {
		r.propose(ra, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 5, TTL: 10}})
		r.propose(ra, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Value: []byte("v"), Lease: 5}})
		if kv := r.get(event.Command{Key: "k"}).KVs; len(kv) != 1 || kv[0].Lease != 5 {
			t.Fatalf("k is %+v", kv)
		}
		time.Sleep(9 * time.Second)
		if r.keys(event.Command{Key: "k"}) == "" {
			t.Error("k is gone after 9 of 10 seconds")
		}
		last := ra.LastIndex()
		time.Sleep(3 * time.Second)
		if got := r.keys(event.Command{Key: "k"}); got != "" || ra.LastIndex() != last+1 {
			t.Errorf("after 12 seconds there is %q, and %d entries more", got, ra.LastIndex()-last)
		}
		res := r.propose(ra, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Lease: 5}})
		if res.Outcome != event.Failed || !strings.Contains(res.Error, "requested lease not found") {
			t.Errorf("a put with the lease that is gone: %+v", res)
		}
	})
}

// A store beyond its quota raises NOSPACE through raft; then puts fail with a sentence, deletes and gets still work.
func TestQuota(t *testing.T) {
	alone(t, Options{Quota: 2 << 20}, func(r *rig, ra *raft.Raft) {
		big := &pb.PutRequest{Key: []byte("big"), Value: make([]byte, 500<<10)}
		for i := 0; ; i++ {
			res := r.propose(ra, &pb.InternalRaftRequest{Put: big})
			if res.Outcome == event.Failed {
				if !strings.Contains(res.Error, "the store is full: delete keys and compact, then disarm the alarm (etcdserver: no space)") {
					t.Error(res.Error)
				}
				break
			}
			if i > 20 {
				t.Fatal("the quota was never reached")
			}
			time.Sleep(time.Second) // the file grows with the commit
		}
		time.Sleep(time.Second)
		before := r.s.Revision()
		if res := r.propose(ra, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("small")}}); res.Outcome != event.Failed || r.s.Revision() != before {
			t.Errorf("a put after the alarm: %+v", res)
		}
		if res := r.propose(ra, &pb.InternalRaftRequest{DeleteRange: &pb.DeleteRangeRequest{Key: []byte("big")}}); res.Deleted != 1 {
			t.Errorf("a delete after the alarm: %+v", res)
		}
	})
}
