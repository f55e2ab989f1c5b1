package etcdapi_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cmd/reference/conform"
)

// twins are a room of one node and an etcd of one member whose ids are the same: both have the same token, name and peer
// URL.
type twins struct {
	*house
	ours, real *clientv3.Client
	given      atomic.Int64 // answers that were no errors
}

func openTwins(t *testing.T) *twins {
	t.Helper()
	h := build(t, 1, 16*event.One)
	p := programs(t)
	members, err := conform.Free(1)
	h.check(err)
	members[0].Advertised = "http://n1:2380"
	members[0].Flags = []string{"--unsafe-no-fsync"}
	c := &conform.Cluster{Program: p.Etcd, Dir: t.TempDir(), Members: members, Token: h.token()}
	t.Cleanup(c.Close)
	h.check(c.Start(h.ctx))
	x := &twins{house: h, ours: h.client(), real: nil}
	x.real, err = clientv3.New(clientv3.Config{Endpoints: c.URLs(), Logger: quiet})
	h.check(err)
	t.Cleanup(func() { _ = x.real.Close() })
	return x
}

// alike asks both the same and wants the same answers, ids and revisions included.
func (x *twins) alike(what string, ask func(*clientv3.Client) string) {
	x.Helper()
	var ours, real string
	var both sync.WaitGroup
	both.Go(func() { ours = ask(x.ours) })
	both.Go(func() { real = ask(x.real) })
	both.Wait()
	if strings.HasPrefix(real, "{") {
		x.given.Add(1)
	}
	if ours != real {
		x.Errorf("%s\n    etcd: %s\n    ours: %s", what, real, ours)
	}
}

func (x *twins) txn(q *pb.TxnRequest) {
	x.Helper()
	x.alike(q.String(), func(c *clientv3.Client) string {
		r, err := pb.NewKVClient(c.ActiveConnection()).Txn(x.ctx, proto.Clone(q).(*pb.TxnRequest))
		return conform.Answer(r, err)
	})
}

// Every comparison that a transaction can make gives what it gives in etcd.
func TestComparisonsAreEtcds(t *testing.T) {
	x := openTwins(t)
	for _, q := range []*pb.PutRequest{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("b"), Value: []byte("2")}, {Key: []byte("a"), Value: []byte("2")}} {
		x.alike(q.String(), func(c *clientv3.Client) string {
			r, err := pb.NewKVClient(c.ActiveConnection()).Put(x.ctx, proto.Clone(q).(*pb.PutRequest))
			return conform.Answer(r, err)
		})
	}
	seen := map[bool]int{}
	var mu sync.Mutex
	var askers sync.WaitGroup
	given := make(chan *pb.Compare)
	for range 32 {
		askers.Go(func() {
			for c := range given {
				q := &pb.TxnRequest{Compare: []*pb.Compare{c}}
				x.txn(q)
				if r, err := pb.NewKVClient(x.real.ActiveConnection()).Txn(x.ctx, q); err == nil {
					mu.Lock()
					seen[r.Succeeded]++
					mu.Unlock()
				}
			}
		})
	}
	for _, c := range conform.Comparisons() {
		given <- c
	}
	close(given)
	askers.Wait()
	if seen[true] < 100 || seen[false] < 100 {
		t.Errorf("%d comparisons held, %d did not: they show too little", seen[true], seen[false])
	}
}

// Transactions of all kinds, nested, with duplicate keys, leases, ranges of the past and what is not allowed, give what
// they give in etcd: results, revisions and errors. In the end both hold the same, by etcd's own hash.
func TestTransactionsAreEtcds(t *testing.T) {
	x := openTwins(t)
	x.alike("a lease", func(c *clientv3.Client) string {
		r, err := pb.NewLeaseClient(c.ActiveConnection()).LeaseGrant(x.ctx, &pb.LeaseGrantRequest{ID: 77, TTL: 100_000})
		return conform.Answer(r, err)
	})
	l := conform.NewLottery(1)
	for range 400 {
		x.txn(l.Txn(3))
		if t.Failed() {
			break
		}
	}
	if x.given.Load() < 150 {
		t.Errorf("only %d of 400 transactions were allowed", x.given.Load())
	}
	x.alike("everything", func(c *clientv3.Client) string {
		r, err := pb.NewKVClient(c.ActiveConnection()).Range(x.ctx, &pb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}})
		return conform.Answer(r, err)
	})
	x.alike("its history", func(c *clientv3.Client) string {
		r, err := c.Put(x.ctx, "last", "")
		if err != nil {
			return err.Error()
		}
		told, err := conform.History(x.ctx, c, r.Header.Revision)
		return fmt.Sprint(told, err)
	})
	x.alike("its hash", func(c *clientv3.Client) string {
		r, err := pb.NewMaintenanceClient(c.ActiveConnection()).HashKV(x.ctx, &pb.HashKVRequest{})
		return conform.Answer(r, err)
	})
	x.alike("members", func(c *clientv3.Client) string {
		r, err := pb.NewClusterClient(c.ActiveConnection()).MemberList(x.ctx, &pb.MemberListRequest{})
		if err == nil {
			r.Members[0].ClientURLs = nil // the ports
		}
		return conform.Answer(r, err)
	})
}

// client is etcd's own, of these nodes; of all without any.
func (h *house) client(ids ...event.NodeID) *clientv3.Client {
	return h.login(clientv3.Config{}, ids...)
}

func (h *house) login(as clientv3.Config, ids ...event.NodeID) *clientv3.Client {
	h.Helper()
	for i, url := range h.urls() {
		if len(ids) == 0 || ids[0] == event.NodeID(i+1) {
			as.Endpoints = append(as.Endpoints, url)
		}
	}
	as.Logger, as.DialTimeout = quiet, patience
	c, err := clientv3.New(as)
	h.check(err)
	h.Cleanup(func() { _ = c.Close() })
	return c
}

// until asks again until there is an answer.
func until[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	for {
		v, err := ask(ctx)
		if err == nil || ctx.Err() != nil {
			return v, err
		}
	}
}
