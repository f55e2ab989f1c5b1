package etcdapi_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
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

// answer is what a request gave, written out, without the term: how many elections there were is chance.
func answer(r interface {
	proto.Message
	GetHeader() *pb.ResponseHeader
}, err error) string {
	if err != nil {
		return fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
	}
	r.GetHeader().RaftTerm = 0
	b, err := protojson.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
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
	if tight(ours) != tight(real) {
		x.Errorf("%s\n    etcd: %s\n    ours: %s", what, real, ours)
	}
}

// tight is JSON without blanks: protobuf puts some by chance, so that nobody counts on them.
func tight(s string) string {
	var out []byte
	for i, inside := 0, false; i < len(s); i++ {
		if s[i] == '"' {
			inside = !inside
		}
		if s[i] != ' ' || inside {
			out = append(out, s[i])
		}
	}
	return string(out)
}

func (x *twins) txn(q *pb.TxnRequest) {
	x.Helper()
	x.alike(q.String(), func(c *clientv3.Client) string {
		r, err := pb.NewKVClient(c.ActiveConnection()).Txn(x.ctx, proto.Clone(q).(*pb.TxnRequest))
		return answer(r, err)
	})
}

// comparisons are all targets with all results, beside, at and above what is there.
func comparisons() (all []*pb.Compare) {
	results := []pb.Compare_CompareResult{pb.Compare_EQUAL, pb.Compare_GREATER, pb.Compare_LESS, pb.Compare_NOT_EQUAL}
	for _, at := range [][2]string{{"a", ""}, {"none", ""}, {"a", "c"}, {"a", "\x00"}, {"x", "z"}, {"", ""}, {"c", "a"}} {
		for _, result := range results {
			for n := range int64(5) {
				for _, c := range []*pb.Compare{
					{Target: pb.Compare_VERSION, TargetUnion: &pb.Compare_Version{Version: n}},
					{Target: pb.Compare_CREATE, TargetUnion: &pb.Compare_CreateRevision{CreateRevision: n}},
					{Target: pb.Compare_MOD, TargetUnion: &pb.Compare_ModRevision{ModRevision: n}},
					{Target: pb.Compare_VALUE, TargetUnion: &pb.Compare_Value{Value: fmt.Append(nil, n)}},
					{Target: pb.Compare_LEASE, TargetUnion: &pb.Compare_Lease{Lease: n}},
				} {
					c.Key, c.Result = []byte(at[0]), result
					if at[1] != "" {
						c.RangeEnd = []byte(at[1])
					}
					all = append(all, c)
				}
			}
		}
	}
	return append(all, &pb.Compare{Key: []byte("a")}, &pb.Compare{Key: []byte("a"), Target: pb.Compare_VALUE}, &pb.Compare{Key: []byte("a"), Target: 9}, &pb.Compare{Key: []byte("a"), Result: 9},
		&pb.Compare{Key: []byte("a"), Target: pb.Compare_MOD, TargetUnion: &pb.Compare_Version{Version: 1}})
}

// Every comparison that a transaction can make gives what it gives in etcd.
func TestComparisonsAreEtcds(t *testing.T) {
	x := openTwins(t)
	for _, q := range []*pb.PutRequest{{Key: []byte("a"), Value: []byte("1")}, {Key: []byte("b"), Value: []byte("2")}, {Key: []byte("a"), Value: []byte("2")}} {
		x.alike(q.String(), func(c *clientv3.Client) string {
			r, err := pb.NewKVClient(c.ActiveConnection()).Put(x.ctx, proto.Clone(q).(*pb.PutRequest))
			return answer(r, err)
		})
	}
	seen := map[bool]int{}
	var mu sync.Mutex
	var askers sync.WaitGroup
	todo := make(chan *pb.Compare)
	for range 32 {
		askers.Go(func() {
			for c := range todo {
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
	for _, c := range comparisons() {
		todo <- c
	}
	close(todo)
	askers.Wait()
	if seen[true] < 100 || seen[false] < 100 {
		t.Errorf("%d comparisons held, %d did not: they show too little", seen[true], seen[false])
	}
}

// lottery makes transactions of all kinds, allowed and not.
type lottery struct{ *rand.Rand }

func (l lottery) key() []byte {
	return []byte([]string{"a", "a", "b", "b", "c", "ab", "none", ""}[l.IntN(8)])
}

func (l lottery) end() []byte {
	return []byte([]string{"", "", "", "b", "z", "\x00", "a"}[l.IntN(7)])
}

func (l lottery) op(depth int) *pb.RequestOp {
	switch n := l.IntN(10); {
	case n < 3:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: l.put()}}
	case n < 5:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: l.key(), RangeEnd: l.end(), PrevKv: l.IntN(2) == 0}}}
	case n < 8 || depth == 0:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: l.key(), RangeEnd: l.end(), Limit: int64(l.IntN(3)), Revision: int64(max(0, l.IntN(40)-30)),
			SortOrder: pb.RangeRequest_SortOrder(l.IntN(3)), SortTarget: pb.RangeRequest_SortTarget(l.IntN(5)), KeysOnly: l.IntN(4) == 0, CountOnly: l.IntN(4) == 0, Serializable: l.IntN(2) == 0,
			MinModRevision: int64(max(0, l.IntN(30)-20)), MaxCreateRevision: int64(max(0, l.IntN(60)-20))}}}
	case n == 8:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: l.txn(depth - 1)}}
	}
	return &pb.RequestOp{}
}

func (l lottery) put() *pb.PutRequest {
	q := &pb.PutRequest{Key: l.key(), Value: fmt.Append(nil, l.IntN(5)), PrevKv: l.IntN(2) == 0}
	switch l.IntN(12) {
	case 0:
		q.Value, q.IgnoreValue = nil, true
	case 1:
		q.IgnoreLease = true
	case 2, 3:
		q.Lease = 77
	case 4:
		q.Lease, q.IgnoreLease = 78, l.IntN(2) == 0
	case 5:
		q.IgnoreValue = true
	}
	return q
}

func (l lottery) txn(depth int) *pb.TxnRequest {
	all, q := comparisons(), &pb.TxnRequest{}
	for range l.IntN(2) {
		q.Compare = append(q.Compare, all[l.IntN(len(all))])
	}
	for range l.IntN(4) {
		q.Success = append(q.Success, l.op(depth))
	}
	for range l.IntN(3) {
		q.Failure = append(q.Failure, l.op(depth))
	}
	return q
}

// Transactions of all kinds, nested, with duplicate keys, leases, ranges of the past and what is not allowed, give what
// they give in etcd: results, revisions and errors. In the end both hold the same, by etcd's own hash.
func TestTransactionsAreEtcds(t *testing.T) {
	x := openTwins(t)
	x.alike("a lease", func(c *clientv3.Client) string {
		r, err := pb.NewLeaseClient(c.ActiveConnection()).LeaseGrant(x.ctx, &pb.LeaseGrantRequest{ID: 77, TTL: 100_000})
		return answer(r, err)
	})
	l := lottery{rand.New(rand.NewPCG(1, 2))}
	for range 400 {
		x.txn(l.txn(3))
		if t.Failed() {
			break
		}
	}
	if x.given.Load() < 150 {
		t.Errorf("only %d of 400 transactions were allowed", x.given.Load())
	}
	x.alike("everything", func(c *clientv3.Client) string {
		r, err := pb.NewKVClient(c.ActiveConnection()).Range(x.ctx, &pb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}})
		return answer(r, err)
	})
	x.alike("its hash", func(c *clientv3.Client) string {
		r, err := pb.NewMaintenanceClient(c.ActiveConnection()).HashKV(x.ctx, &pb.HashKVRequest{})
		return answer(r, err)
	})
	x.alike("members", func(c *clientv3.Client) string {
		r, err := pb.NewClusterClient(c.ActiveConnection()).MemberList(x.ctx, &pb.MemberListRequest{})
		if err == nil {
			r.Members[0].ClientURLs = nil // the ports
		}
		return answer(r, err)
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
