package etcdapi_test

import (
	"context"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// streams is how many watch streams the stores of this process have open, as etcd's own code counts them.
func (h *house) streams() float64 {
	all, err := prometheus.DefaultGatherer.Gather()
	h.check(err)
	for _, f := range all {
		if f.GetName() == "etcd_debugging_mvcc_watch_stream_total" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

// Clients that ask a frozen room for a watch and go away before it is there leave nothing behind.
func TestWatchesThatNobodyWaitedFor(t *testing.T) {
	h := build(t, 1, 16*event.One)
	c := h.client()
	h.put(c, "k", "v")
	before := h.streams()
	h.do(event.Command{Kind: event.Freeze})
	ctx, cancel := context.WithCancel(h.ctx)
	for range 50 {
		s, err := pb.NewWatchClient(c.ActiveConnection()).Watch(ctx)
		h.check(err)
		h.check(s.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{Key: []byte("k")}}}))
	}
	cancel()
	h.do(event.Command{Kind: event.Thaw})
	h.put(c, "k", "v2") // asked after them
	for end := h.room.Now() + 10*second; h.streams() != before; pause() {
		if h.room.Now() > end {
			t.Fatalf("%v streams are open, %v were before", h.streams(), before)
		}
	}
}
