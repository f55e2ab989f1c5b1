package etcdapi_test

import (
	"errors"
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A lease takes its keys along when it is not kept alive; until then it goes on, whoever is asked and whoever leads.
func TestLease(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	kept, err := c.Grant(r.ctx, 10)
	r.check(err)
	left, err := c.Grant(r.ctx, 1)
	r.check(err)
	if left.TTL != 2 || kept.TTL != 10 || kept.ID == left.ID || kept.ID <= 0 {
		t.Errorf("granted %v and %v", kept, left)
	}
	for _, l := range []*clientv3.LeaseGrantResponse{kept, left} {
		_, err = c.Put(r.ctx, "of", "x", clientv3.WithLease(l.ID))
		r.check(err)
	}
	_, err = c.Put(r.ctx, "kept", "x", clientv3.WithLease(kept.ID))
	r.check(err)
	alive, err := c.KeepAlive(r.ctx, kept.ID)
	r.check(err)
	if a := <-alive; a.TTL != 10 {
		t.Errorf("kept alive for %d", a.TTL)
	}
	gone := c.Watch(r.ctx, "of")
	r.do(event.Command{Kind: event.StepDown})
	if got := <-gone; len(got.Events) != 1 || got.Events[0].Type != clientv3.EventTypeDelete {
		t.Errorf("the watch told %+v", got)
	}
	l, err := c.TimeToLive(r.ctx, kept.ID, clientv3.WithAttachedKeys())
	r.check(err)
	if l.GrantedTTL != 10 || l.TTL <= 0 || len(l.Keys) != 1 || string(l.Keys[0]) != "kept" {
		t.Errorf("what is left: %+v", l)
	}
	if l, err := c.TimeToLive(r.ctx, left.ID); err != nil || l.TTL != -1 {
		t.Errorf("of what is gone: %+v, %v", l, err)
	}
	if _, err := c.KeepAliveOnce(r.ctx, left.ID); !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		t.Errorf("keeping alive what is gone: %v", err)
	}
	list, err := c.Leases(r.ctx)
	r.check(err)
	if len(list.Leases) != 1 || list.Leases[0].ID != kept.ID {
		t.Errorf("leases: %v", list.Leases)
	}
	_, err = c.Revoke(r.ctx, kept.ID)
	r.check(err)
	if got, err := c.Get(r.ctx, "kept"); err != nil || len(got.Kvs) != 0 {
		t.Errorf("after the revocation: %v, %v", got, err)
	}
}

// etcd's own lock and election, by clients that do it themselves and by the services.
func TestLockAndElection(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	first, err := concurrency.NewSession(c, concurrency.WithTTL(20))
	r.check(err)
	mine := concurrency.NewMutex(first, "lock")
	r.check(mine.Lock(r.ctx))
	got := make(chan *v3lockpb.LockResponse, 1)
	locks := v3lockpb.NewLockClient(c.ActiveConnection())
	go func() {
		l, err := locks.Lock(r.ctx, &v3lockpb.LockRequest{Name: []byte("lock")})
		if err != nil {
			t.Error(err)
		}
		got <- l
	}()
	waits := c.Watch(r.ctx, "lock", clientv3.WithPrefix(), clientv3.WithRev(1))
	for holders := 0; holders < 2; {
		holders += len((<-waits).Events)
	}
	select {
	case <-got:
		t.Error("two hold the lock")
	default:
	}
	r.check(mine.Unlock(r.ctx))
	theirs := <-got
	if theirs == nil || len(theirs.Key) == 0 {
		t.Fatalf("the service gave %v", theirs)
	}
	_, err = locks.Unlock(r.ctx, &v3lockpb.UnlockRequest{Key: theirs.Key})
	r.check(err)

	e := concurrency.NewElection(first, "election")
	r.check(e.Campaign(r.ctx, "me"))
	elections := v3electionpb.NewElectionClient(c.ActiveConnection())
	l, err := elections.Leader(r.ctx, &v3electionpb.LeaderRequest{Name: []byte("election")})
	r.check(err)
	if string(l.Kv.Value) != "me" {
		t.Errorf("the elected leader is %v", l)
	}
	r.check(e.Resign(r.ctx))
}
