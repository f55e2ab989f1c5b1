package etcdapi_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// A holder that is cut off loses its lock and its election when its lease has run out: another has them then, with a
// later fencing revision, and what the old one writes under its lock is refused.
func TestHolderThatIsCutOff(t *testing.T) {
	h := build(t, nodes, event.One)
	leader := h.leader()
	cut := leader%nodes + 1
	old, err := concurrency.NewSession(h.client(cut), concurrency.WithTTL(9))
	h.check(err)
	lock, chair := concurrency.NewMutex(old, "lock"), concurrency.NewElection(old, "chair")
	h.check(lock.Lock(h.ctx))
	h.check(chair.Campaign(h.ctx, "old"))
	guard := func(ctx context.Context, by *concurrency.Mutex, c *clientv3.Client, value string) (bool, error) {
		r, err := c.Txn(ctx).If(by.IsOwner()).Then(clientv3.OpPut("guarded", value)).Commit()
		return err == nil && r.Succeeded, err
	}
	if ok, err := guard(h.ctx, lock, old.Client(), "old"); !ok {
		t.Fatalf("its holder may not write: %v", err)
	}
	others := [][]event.NodeID{{cut}, {}}
	for id := range event.NodeID(nodes) {
		if id+1 != cut {
			others[1] = append(others[1], id+1)
		}
	}
	h.do(event.Command{Kind: event.Partition, Groups: others})
	young, err := concurrency.NewSession(h.client(leader), concurrency.WithTTL(600))
	h.check(err)
	next, chair2 := concurrency.NewMutex(young, "lock"), concurrency.NewElection(young, "chair")
	if err := next.TryLock(h.ctx); !errors.Is(err, concurrency.ErrLocked) {
		t.Errorf("the lock has two holders: %v", err)
	}
	h.pace(8 * event.One) // the lease is not renewed any more
	h.check(next.Lock(h.ctx))
	h.check(chair2.Campaign(h.ctx, "young"))
	if next.Header().Revision <= lock.Header().Revision || chair2.Rev() <= chair.Rev() {
		t.Errorf("fencing revisions %d and %d, of the election %d and %d", lock.Header().Revision, next.Header().Revision, chair.Rev(), chair2.Rev())
	}
	if ok, err := guard(h.ctx, next, young.Client(), "young"); !ok {
		t.Errorf("the new holder may not write: %v", err)
	}
	short, cancel := context.WithTimeout(h.ctx, 300*time.Millisecond)
	defer cancel()
	if ok, err := guard(short, lock, old.Client(), "cut off"); ok || err == nil {
		t.Errorf("who is cut off writes: %v, %v", ok, err)
	}
	h.do(event.Command{Kind: event.Heal})
	<-old.Done() // its client learns that the lease is gone
	for {
		ok, err := guard(h.ctx, lock, old.Client(), "late")
		if ok {
			t.Fatal("the old holder writes under its lock")
		}
		if err == nil {
			break
		}
		h.check(h.ctx.Err())
	}
	if err := chair.Proclaim(h.ctx, "late"); !errors.Is(err, concurrency.ErrElectionNotLeader) {
		t.Errorf("the old leader speaks: %v", err)
	}
	got, err := young.Client().Get(h.ctx, "guarded")
	h.check(err)
	who, err := chair2.Leader(h.ctx)
	h.check(err)
	if words(got.Kvs) != "guarded=young" || string(who.Kvs[0].Value) != "young" {
		t.Errorf("in the end %s, led by %s", words(got.Kvs), who.Kvs[0].Value)
	}
	h.check(next.Unlock(h.ctx))
	h.check(chair2.Resign(h.ctx))
}

// Software transactional memory moves money between accounts by clients at all nodes while leaders change: none is lost
// and none appears.
func TestAccountsKeepTheirSum(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	const accounts, each, moves = 4, 100, 12
	c := h.client()
	for i := range accounts {
		h.put(c, fmt.Sprint("account", i), fmt.Sprint(each))
	}
	move := func(s concurrency.STM, from, to string) error {
		a, err := strconv.Atoi(s.Get(from))
		if err != nil {
			return err
		}
		b, err := strconv.Atoi(s.Get(to))
		if err != nil {
			return err
		}
		s.Put(from, fmt.Sprint(a-7))
		s.Put(to, fmt.Sprint(b+7))
		return nil
	}
	var clerks sync.WaitGroup
	for id := range event.NodeID(nodes) {
		at := h.client(id + 1)
		clerks.Go(func() {
			for i := range moves {
				from, to := fmt.Sprint("account", (i+int(id))%accounts), fmt.Sprint("account", (i+int(id)+1)%accounts)
				for {
					_, err := concurrency.NewSTM(at, func(s concurrency.STM) error { return move(s, from, to) }, concurrency.WithIsolation(concurrency.Serializable), concurrency.WithAbortContext(h.ctx))
					if err == nil {
						break // one whose answer was lost may be done twice: the sum is the same
					}
					if h.ctx.Err() != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 3 {
		h.after(2 * second)
		h.do(event.Command{Kind: event.StepDown, Node: h.leader()})
	}
	clerks.Wait()
	r, err := c.Get(h.ctx, "account", clientv3.WithPrefix())
	h.check(err)
	sum := 0
	for _, kv := range r.Kvs {
		n, err := strconv.Atoi(string(kv.Value))
		h.check(err)
		sum += n
	}
	if sum != accounts*each || r.Header.Revision < 1+accounts+nodes*moves {
		t.Errorf("%d of %d are there at revision %d: %s", sum, accounts*each, r.Header.Revision, words(r.Kvs))
	}
}

// Clients that are connected while authentication is switched on, off and on again have to say who they are just then; one
// whose token is no longer good gets another by itself.
func TestAuthComesAndGoes(t *testing.T) {
	h := build(t, nodes, 16*event.One)
	anybody := h.client()
	for _, u := range []string{"root", "u"} {
		_, err := anybody.RoleAdd(h.ctx, u)
		h.check(err)
		_, err = anybody.UserAdd(h.ctx, u, "pw")
		h.check(err)
		_, err = anybody.UserGrantRole(h.ctx, u, u)
		h.check(err)
	}
	_, err := anybody.RoleGrantPermission(h.ctx, "u", "k", "", clientv3.PermissionType(clientv3.PermReadWrite))
	h.check(err)
	early := h.login(clientv3.Config{Username: "u", Password: "pw"}) // before there are tokens
	_, err = early.Put(h.ctx, "k", "0")
	h.check(err)
	for round := range 2 {
		_, err = anybody.AuthEnable(h.ctx)
		h.check(err)
		root, f := h.login(clientv3.Config{Username: "root", Password: "pw"}), h.leader()%nodes+1
		here := h.login(clientv3.Config{Username: "u", Password: "pw"}, f)
		if _, err := anybody.Put(h.ctx, "k", "1"); !errors.Is(err, rpctypes.ErrUserEmpty) {
			t.Errorf("nobody writes: %v", err)
		}
		for _, c := range []*clientv3.Client{early, here, root} {
			_, err = c.Put(h.ctx, "k", "1")
			h.check(err)
		}
		_, err = root.RoleGrantPermission(h.ctx, "u", "l", "", clientv3.PermissionType(clientv3.PermReadWrite)) // tokens are of an older revision now
		h.check(err)
		_, err = here.Put(h.ctx, "l", "2")
		h.check(err)
		h.do(event.Command{Kind: event.Kill, Node: f}) // the node's tokens go with it
		h.do(event.Command{Kind: event.Restart, Node: f})
		h.leader()
		_, err = until(h.ctx, func(ctx context.Context) (*clientv3.PutResponse, error) { return here.Put(ctx, "k", "3") })
		h.check(err)
		if _, err := here.Put(h.ctx, "other", "3"); !errors.Is(err, rpctypes.ErrPermissionDenied) {
			t.Errorf("with a new token it may write elsewhere: %v", err)
		}
		_, err = root.AuthDisable(h.ctx)
		h.check(err)
		for i, c := range []*clientv3.Client{anybody, early, here, root} {
			if _, err := c.Put(h.ctx, "k", "4"); err != nil {
				t.Errorf("round %d: without authentication client %d may not write: %v", round, i, err)
			}
		}
	}
}

// A leader that stood still and wakes up answers no linearizable read with what is old, whatever answers of before reach
// it late.
func TestWokenLeaderServesNoStaleGet(t *testing.T) {
	h := build(t, nodes, 8*event.One)
	fresh := 0
	for round := range 6 {
		old := h.leader()
		at := h.client(old)
		before := h.put(at, "x", fmt.Sprint("old", round))
		for id := range event.NodeID(nodes) {
			if id+1 != old {
				h.do(event.Command{Kind: event.SetLink, Node: id + 1, Peer: old, OneWay: true, Link: event.Link{Delay: 400_000}})
			}
		}
		h.after(event.Micros(100_000 + 53_000*round))
		h.do(event.Command{Kind: event.Suspend, Node: old})
		next := h.otherLeader(old)
		now := h.put(h.client(next), "x", fmt.Sprint("new", round))
		for id := range event.NodeID(nodes) {
			if id+1 != old {
				h.do(event.Command{Kind: event.SetLink, Node: id + 1, Peer: old, OneWay: true, Link: event.Link{Delay: 900_000}})
			}
		}
		got := make(chan error, 1)
		go func() {
			r, err := until(h.ctx, func(ctx context.Context) (*clientv3.GetResponse, error) { return at.Get(ctx, "x") })
			switch {
			case err != nil:
				got <- err
			case r.Kvs[0].ModRevision < now:
				got <- fmt.Errorf("round %d: of revisions %d and %d it reads %s@%d", round, before, now, r.Kvs[0].Value, r.Kvs[0].ModRevision)
			default:
				fresh++
				got <- nil
			}
		}()
		h.do(event.Command{Kind: event.Resume, Node: old})
		h.check(<-got)
		h.do(event.Command{Kind: event.Heal})
	}
	if fresh != 6 {
		t.Errorf("%d reads were answered", fresh)
	}
}
