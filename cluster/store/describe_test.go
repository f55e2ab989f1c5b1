package store

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/membershippb"
	"google.golang.org/protobuf/proto"
)

func TestDescribe(t *testing.T) {
	command := func(c event.Command) *raft.Log {
		data, err := (*Store)(nil).Encode(c, 9)
		if err != nil {
			t.Fatal(err)
		}
		return &raft.Log{Data: data}
	}
	request := func(q *pb.InternalRaftRequest) *raft.Log {
		q.Header = &pb.RequestHeader{ID: 9}
		data, err := proto.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		return &raft.Log{Data: data}
	}
	for _, c := range []struct {
		l     *raft.Log
		op    uint64
		label string
	}{
		{command(event.Command{Kind: event.Put, Key: "x", Value: "1"}), 9, "x=1"},
		{command(event.Command{Kind: event.Put, Key: "Größe", Value: "weit über den Rand"}), 9, "Größe=weit über den Rand"},
		{command(event.Command{Kind: event.Put, Key: "Größe", Value: "weit über den Rand!"}), 9, "Größe=weit über den Ran…"},
		{command(event.Command{Kind: event.Put, Key: "x", Value: "a\nb\xff\u202e"}), 9, "x=a·b··"},
		{command(event.Command{Kind: event.Del, Key: "x"}), 9, "del x"},
		{command(event.Command{Kind: event.Del, Key: "x", Prefix: true}), 9, "del x…"},
		{command(event.Command{Kind: event.TxnDo, Txn: &event.Txn{}}), 9, "txn"},
		{request(&pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 0x3f}}), 9, "lease 3f"},
		{request(&pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: 0x3f}}), 9, "revoke 3f"},
		{request(&pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: 5}}), 9, "compact 5"},
		{request(&pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{}}), 9, "alarm"},
		{request(&pb.InternalRaftRequest{ClusterMemberAttrSet: &membershippb.ClusterMemberAttrSetRequest{Member_ID: 0x3f}}), 9, "member 3f"},
		{request(&pb.InternalRaftRequest{ClusterVersionSet: &membershippb.ClusterVersionSetRequest{Ver: "3.7.0"}}), 9, "version 3.7.0"},
		{&raft.Log{Data: Join(make([][]byte, 140))}, 0, "140 requests"},
		{&raft.Log{Type: raft.LogNoop}, 0, "∅"},
		{&raft.Log{Type: raft.LogConfiguration}, 0, "conf"},
		{&raft.Log{Type: raft.LogBarrier}, 0, "barrier"},
		{&raft.Log{Data: []byte("\xff")}, 0, "?"},
	} {
		if op, label := Describe(c.l); op != c.op || label != c.label {
			t.Errorf("got %d %q, want %d %q", op, label, c.op, c.label)
		}
	}
}

// No entry makes a label that is too long or cannot be shown.
func FuzzDescribe(f *testing.F) {
	seed, err := (*Store)(nil).Encode(event.Command{Kind: event.Put, Key: "x", Value: "1"}, 1)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, uint8(0))
	f.Add([]byte{0xff}, uint8(5))
	f.Fuzz(func(t *testing.T, data []byte, kind uint8) {
		_, label := Describe(&raft.Log{Type: raft.LogType(kind % 6), Data: data})
		if op, short, ok := describePut(data); ok {
			agrees(t, data, op, short)
		}
		if label == "" || utf8.RuneCountInString(label) > MaxLabel || !utf8.ValidString(label) || strings.ContainsAny(label, "\n\x00") {
			t.Errorf("label %q", label)
		}
	})
}

// agrees compares the short way with the long one, for a put that etcd would decode too.
func agrees(t *testing.T, data []byte, op uint64, short string) {
	t.Helper()
	var r, one pb.InternalRaftRequest
	if proto.Unmarshal(data, &r) != nil || r.Put == nil {
		return
	}
	if b, err := proto.Marshal(&pb.InternalRaftRequest{Header: r.Header, Put: r.Put}); err != nil || len(b) != len(data) || proto.Unmarshal(b, &one) != nil {
		return // a field stands there twice
	}
	if long := printable(words(&one)); op != one.GetHeader().GetID() || short != long {
		t.Errorf("got %d %q, want %d %q", op, short, one.GetHeader().GetID(), long)
	}
}

// What Encode takes is a request that says what was asked; what it refuses it refuses with a sentence.
func FuzzEncode(f *testing.F) {
	f.Add("x", "1", "", false, uint8(event.Put), "value", "=")
	f.Add("x", "", "y", false, uint8(event.Del), "mod", "<")
	f.Add("x", "7", "", true, uint8(event.TxnDo), "version", "!=")
	f.Fuzz(func(t *testing.T, key, value, end string, prefix bool, kind uint8, target, result string) {
		c := event.Command{Kind: event.CommandKind(kind), Key: key, Value: value, End: end, Prefix: prefix}
		c.Txn = &event.Txn{Compare: []event.Compare{{Key: key, Target: target, Result: result, Value: value}},
			Success: []event.Request{{Kind: event.Put, Key: key, Value: value}, {Kind: event.Del, Key: end, Prefix: prefix}}}
		data, err := (*Store)(nil).Encode(c, 7)
		if err != nil {
			if !strings.Contains(err.Error(), " ") {
				t.Errorf("%v is no sentence", err)
			}
			return
		}
		var r pb.InternalRaftRequest
		if err := proto.Unmarshal(data, &r); err != nil || r.Header.ID != 7 || len(data) > MaxRequestBytes {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		if c.Kind == event.Put && (string(r.Put.Key) != key || string(r.Put.Value) != value) {
			t.Errorf("%q=%q became %v", key, value, &r)
		}
	})
}
