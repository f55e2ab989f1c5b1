package etcdapi_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// A room's nodes are reached at ports of their own, which a node has again after a restart; clients find them all in the
// list of members.
func TestPorts(t *testing.T) {
	var conns atomic.Int64
	ports := etcdapi.Ports{Used: func() func() { conns.Add(1); return func() { conns.Add(-1) } }}
	room, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: nodes, NoSync: true, Rate: 4 * event.One,
		Doors: cluster.Doors{Open: func(s *cluster.Session, before string) (string, error) { return ports.Open(s, before) }, Shut: ports.Shut}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	before := room.Endpoints()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{before[0].URL}, Logger: zap.NewNop(), DialTimeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if conns.Load() == 0 {
		t.Error("nobody counts the client's connection")
	}
	if got := c.Endpoints(); len(got) != nodes {
		t.Errorf("the client found %v", got)
	}
	for _, k := range []event.CommandKind{event.Kill, event.Restart} {
		for _, e := range before {
			if res := room.Do(ctx, event.Command{Kind: k, Node: e.Node}); res.Outcome != event.OK {
				t.Fatal(res.Error)
			}
		}
		for i, e := range room.Endpoints() {
			if e.URL != before[i].URL || e.Open != (k == event.Restart) {
				t.Errorf("after a %v: %+v, before: %+v", k, e, before[i])
			}
		}
	}
	for _, err := c.Put(ctx, "k", "v"); err != nil; _, err = c.Put(ctx, "k", "v") {
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(c.Close(), room.Close()); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for conns.Load() != 0 {
		if ctx.Err() != nil {
			t.Fatalf("%d connections are left", conns.Load())
		}
		runtime.Gosched()
	}
}
