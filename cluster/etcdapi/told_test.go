package etcdapi_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// told lists what the room told of clients, oldest first.
func told(room *cluster.Room) (lines []string) {
	s := room.State()
	for _, op := range s.Ops {
		lines = append(lines, fmt.Sprintf("%v: %s", op.Kind, op.Text))
	}
	return lines
}

// What etcd's clients do is told in words, as etcdctl is given it; what only looks at leases, users and members is not.
func TestWhatClientsDoIsTold(t *testing.T) {
	r := open(t)
	c := r.client(1)
	lease, err := c.Grant(r.ctx, 60)
	r.check(err)
	keep, stop := context.WithCancel(r.ctx)
	alive, err := c.KeepAlive(keep, lease.ID)
	r.check(err)
	<-alive
	stop()
	for range 3 {
		_, err = c.KeepAliveOnce(r.ctx, lease.ID)
		r.check(err)
	}
	_, err = c.Txn(r.ctx).If(clientv3.Compare(clientv3.ModRevision("a"), "=", 3), clientv3.Compare(clientv3.Value("b c"), "!=", "x")).
		Then(clientv3.OpPut("a", "1"), clientv3.OpGet("b", clientv3.WithPrefix())).Else(clientv3.OpDelete("d", clientv3.WithFromKey()), clientv3.OpTxn(nil, nil, nil)).Commit()
	r.check(err)
	_, err = c.TimeToLive(r.ctx, lease.ID)
	r.check(err)
	_, err = c.Revoke(r.ctx, lease.ID)
	r.check(err)
	p, err := c.Put(r.ctx, "a", "2")
	r.check(err)
	_, err = c.Compact(r.ctx, p.Header.Revision)
	r.check(err)
	_, err = c.UserAdd(r.ctx, "ann", "secret")
	r.check(err)
	_, err = c.UserList(r.ctx)
	r.check(err)
	_, err = c.RoleAdd(r.ctx, "reader")
	r.check(err)
	_, err = c.AlarmDisarm(r.ctx, &clientv3.AlarmMember{MemberID: p.Header.MemberId, Alarm: pb.AlarmType_NOSPACE})
	r.check(err)
	_, err = c.Defragment(r.ctx, r.urls[1])
	r.check(err)
	id := fmt.Sprintf("%016x", uint64(lease.ID))
	want := []string{"lease-grant: lease grant 60", "lease-keep-alive: lease keep-alive " + id,
		`txn: txn 'mod("a") = "3"' 'value("b c") != "x"' -- put a 1 ; get b --prefix -- del d --from-key ; txn …`,
		"lease-revoke: lease revoke " + id, "put: put a 2", fmt.Sprintf("compaction: compaction %d", p.Header.Revision), "auth: user add ann", "auth: role add reader",
		"alarm: alarm disarm NOSPACE", "defrag: defrag"}
	got := slices.DeleteFunc(told(r.room), func(s string) bool { return strings.Count(s, "keep-alive") > 1 && s != want[1] })
	got = slices.Compact(got) // each KeepAliveOnce is a stream of its own
	if !slices.Equal(got, want) {
		t.Errorf("told:\n%s\nwanted:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A watch is told from its beginning to its end; of many only the first ones, and all of them work.
func TestWatchesAreTold(t *testing.T) {
	r := open(t)
	c := r.client(2)
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	for i := range 20 {
		ch := c.Watch(ctx, fmt.Sprint("k", i), clientv3.WithCreatedNotify(), clientv3.WithPrefix())
		if w := <-ch; w.Err() != nil {
			t.Fatal(w.Err())
		}
	}
	if got := told(r.room); len(got) != 8 || got[0] != "watch: watch k0 --prefix" {
		t.Errorf("told: %q", got)
	}
	cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for s := r.room.State(); s.Ops[7].Outcome != event.OK; s = r.room.State() {
		select {
		case <-again.C:
		case <-r.ctx.Done():
			t.Fatalf("the end of the watches is not told: %+v", s.Ops)
		}
	}
}

// What the room's owner does not allow is refused, whoever asks: with a code and a sentence.
func TestWhatIsNotAllowed(t *testing.T) {
	var strict atomic.Bool
	room, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: 3, NoSync: true, Rate: 4 * event.One, Admit: func(guest string, c event.Command) error {
		if strict.Load() && c.Kind != event.Get {
			return fmt.Errorf("%q: the lesson does without %v", guest, c.Kind)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	c := etcdapi.NewClient(func() etcdapi.Member { return room.Guest(0, "ann").Pinned() })
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := c.Put(ctx, "a", "1"); err != nil {
		t.Fatal(err)
	}
	strict.Store(true)
	if _, err := c.Get(ctx, "a"); err != nil {
		t.Error(err)
	}
	for what, do := range map[event.CommandKind]func() error{
		event.Put:        func() error { _, err := c.Put(ctx, "a", "2"); return err },
		event.TxnDo:      func() error { _, err := c.Txn(ctx).Then(clientv3.OpPut("a", "2")).Commit(); return err },
		event.LeaseGrant: func() error { _, err := c.Grant(ctx, 10); return err },
		event.Watch:      func() error { r := <-c.Watch(ctx, "a"); return r.Err() },
		event.Auth:       func() error { _, err := c.RoleAdd(ctx, "r"); return err },
		event.MemberAdd:  func() error { _, err := c.MemberAdd(ctx, []string{"http://n9:2380"}); return err },
	} {
		err := do()
		if want := fmt.Sprintf(`etcdserver: "ann": the lesson does without %v`, what); status.Code(err) != codes.PermissionDenied || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%v: %v, wanted a denial: %s", what, err, want)
		}
	}
}
