package store

import (
	"fmt"
	"os"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// BenchmarkApply applies puts of 256 bytes to 1,000 keys, without fsync.
func BenchmarkApply(b *testing.B) {
	os.Setenv("ETCD_VERIFY", "")
	defer os.Setenv("ETCD_VERIFY", "all")
	s, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var entries [1000][]byte
	for i := range entries {
		if entries[i], err = s.Encode(event.Command{Kind: event.Put, Key: fmt.Sprint("k", i), Value: string(make([]byte, 256))}, 1); err != nil {
			b.Fatal(err)
		}
	}
	var index uint64
	for b.Loop() {
		index++
		s.Apply(&raft.Log{Index: index, Term: 1, Data: entries[index%1000]})
	}
}

// BenchmarkApplyJoined applies entries of 64 puts of 256 bytes, in a store made for many. One round is one put.
func BenchmarkApplyJoined(b *testing.B) {
	os.Setenv("ETCD_VERIFY", "")
	defer os.Setenv("ETCD_VERIFY", "all")
	s, err := Open(Options{Dir: b.TempDir(), Batch: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var entries [100][]byte
	for i := range entries {
		var requests [64][]byte
		for j := range requests {
			requests[j] = putOf(b, fmt.Sprintf("k%06d", i*64+j), string(make([]byte, 256)), 0)
		}
		entries[i] = Join(requests[:])
	}
	var index uint64
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%64 == 0 {
			index++
			s.Apply(&raft.Log{Index: index, Term: 1, Data: entries[index%100]})
		}
	}
}

// BenchmarkMixed gets a key after every put, with what a tenth of a second of many clients leaves uncommitted.
func BenchmarkMixed(b *testing.B) {
	os.Setenv("ETCD_VERIFY", "")
	defer os.Setenv("ETCD_VERIFY", "all")
	s, err := Open(Options{Dir: b.TempDir(), Batch: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var index uint64
	b.ReportAllocs()
	for b.Loop() {
		index++
		s.Apply(&raft.Log{Index: index, Term: 1, Data: putOf(b, fmt.Sprintf("k%06d", index%1000), "value", 0)})
		if _, err := s.Range(nil, &pb.RangeRequest{Key: []byte("k000001")}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet gets keys that are on disk.
func BenchmarkGet(b *testing.B) {
	os.Setenv("ETCD_VERIFY", "")
	defer os.Setenv("ETCD_VERIFY", "all")
	s, err := Open(Options{Dir: b.TempDir(), Batch: true})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	for i := range uint64(1000) {
		s.Apply(&raft.Log{Index: i + 1, Term: 1, Data: putOf(b, fmt.Sprintf("k%06d", i), string(make([]byte, 256)), 0)})
	}
	s.kv.Commit()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if _, err := s.Range(nil, &pb.RangeRequest{Key: fmt.Appendf(nil, "k%06d", i%1000)}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkDescribe is paid for every entry on every node.
func BenchmarkDescribe(b *testing.B) {
	data, err := (*Store)(nil).Encode(event.Command{Kind: event.Put, Key: "key", Value: string(make([]byte, 256))}, 1)
	if err != nil {
		b.Fatal(err)
	}
	l := &raft.Log{Data: data}
	for b.Loop() {
		Describe(l)
	}
}
