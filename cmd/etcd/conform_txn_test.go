package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cmd/reference/conform"
)

// asked is what a member answers to one request, without who it is.
func asked(ctx context.Context, c *clientv3.Client, q *pb.TxnRequest) string {
	r, err := pb.NewKVClient(c.ActiveConnection()).Txn(ctx, proto.Clone(q).(*pb.TxnRequest))
	if err == nil {
		r.Header.ClusterId, r.Header.MemberId = 0, 0
	}
	return conform.Answer(r, err)
}

// Transactions of all kinds, asked of the three members in turn, give what etcd gives; so does the whole history that a
// watch tells of them.
func TestTransactionsAreEtcds(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	mine, _ := peers(t)
	us := started(ctx, t, "our program", program, "txn", mine)
	single, err := conform.Free(1)
	if err != nil {
		t.Fatal(err)
	}
	etcd := started(ctx, t, "etcd", theirs(t).Etcd, "txn", single)
	var members []*clientv3.Client
	for _, url := range append(us.Endpoints, etcd.Endpoints...) {
		c := dial(t, url)
		defer c.Close()
		members = append(members, c)
	}
	real := members[3]
	for _, c := range []*clientv3.Client{members[0], real} {
		if _, err := pb.NewLeaseClient(c.ActiveConnection()).LeaseGrant(ctx, &pb.LeaseGrantRequest{ID: 77, TTL: 100_000}); err != nil {
			t.Fatal(err)
		}
	}
	l, given := conform.NewLottery(2), 0
	for i := range 500 {
		q := l.Txn(3)
		if _, err := members[i%3].Get(ctx, "x"); err != nil { // serializable reads show what a member has applied
			t.Fatal(err)
		}
		want := asked(ctx, real, q)
		if got := asked(ctx, members[i%3], q); got != want {
			t.Fatalf("%v\n    etcd: %s\n    ours: %s", q, want, got)
		}
		if strings.HasPrefix(want, "{") {
			given++
		}
	}
	if given < 150 {
		t.Errorf("only %d of 500 transactions were allowed", given)
	}
	var told []string
	for _, c := range members {
		if len(told)%3 == 0 { // once at ours, once at etcd
			if _, err := c.Put(ctx, "last", ""); err != nil {
				t.Fatal(err)
			}
		}
		r, err := c.Get(ctx, "last")
		if err != nil {
			t.Fatal(err)
		}
		history, err := conform.History(ctx, c, r.Header.Revision)
		if err != nil {
			t.Fatal(err)
		}
		if told = append(told, history); history != told[0] {
			t.Errorf("%v tells another history:\n%s\n\nthe first one:\n%s", c.Endpoints(), history, told[0])
		}
	}
	if n := strings.Count(told[0], "\n"); n < 50 {
		t.Errorf("the history has %s", fmt.Sprint(n, " events"))
	}
}
