package etcdapi

import (
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
)

// A mailbox says that it is full at its bounds, of responses and of bytes, takes what comes all the same, and has room again
// when it was emptied.
func TestMailboxIsFullAtItsBounds(t *testing.T) {
	large := &pb.WatchResponse{Events: []*mvccpb.Event{{Kv: &mvccpb.KeyValue{Key: []byte("k"), Value: make([]byte, 1<<20-1)}, PrevKv: &mvccpb.KeyValue{}}}}
	for _, x := range []struct {
		r    *pb.WatchResponse
		most int
	}{{&pb.WatchResponse{}, MaxUnread}, {large, MaxUnreadBytes >> 20}} {
		b := newMailbox()
		for round := range 2 {
			for n := 1; n <= x.most+1; n++ {
				if room := b.put(x.r); room != (n < x.most) {
					t.Errorf("round %d: after %d of %d there is room: %v", round, n, x.most, room)
				}
			}
			if rs, full, ended, err := b.take(); len(rs) != x.most+1 || !full || ended || err != nil {
				t.Errorf("round %d: it held %d, full %v, ended %v, %v", round, len(rs), full, ended, err)
			}
		}
	}
}
