package store

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// storeFile is the file of a store that was closed, with keys, a deletion and a lease in it.
func storeFile(t *testing.T) (file []byte) {
	inBubble(t, func(r *rig) {
		for i := range 200 {
			r.put(fmt.Sprint("key", i), strings.Repeat("v", i))
		}
		r.entry(encode(t, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 77, TTL: 60}}))
		r.do(event.Command{Kind: event.Del, Key: "key7"})
		r.check(r.s.Close())
		var err error
		file, err = os.ReadFile(filepath.Join(r.o.Dir, "db"))
		r.check(err)
		r.open()
	})
	return file
}

// A file that is no store is an error, not the end of the process.
func TestForeignFile(t *testing.T) {
	if err := reopen(t, bytes.Repeat([]byte("no"), 40_000)); err == nil || !strings.Contains(err.Error(), "db is damaged: both its meta pages are; wipe this node") {
		t.Error(err)
	}
}

// Whatever is flipped in the file, opening it gives a store or a sentence: no panic, and no goroutine that stays behind.
func TestDamagedFile(t *testing.T) {
	whole := storeFile(t)
	r := rand.New(rand.NewSource(1))
	refused := 0
	for range 150 {
		at := r.Intn(len(whole))
		for whole[at] == 0 {
			at = r.Intn(len(whole))
		}
		b := bytes.Clone(whole)
		b[at] ^= 1 << r.Intn(8)
		if err := reopen(t, b); err != nil {
			refused++
			if !strings.Contains(err.Error(), "is damaged: page ") && !strings.Contains(err.Error(), "is damaged: both") {
				t.Errorf("byte %d: %v", at, err)
			}
		}
	}
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// reopen opens a store on a file in a bubble of its own, which ends with all its goroutines.
func reopen(t *testing.T, file []byte) (err error) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		var s *Store
		if s, err = Open(Options{Dir: dir}); err != nil {
			return
		}
		time.Sleep(settled)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return err
}

// Arbitrary bytes are checked without a panic.
func FuzzCheckPages(f *testing.F) {
	f.Add([]byte{}, uint32(0), []byte{})
	f.Add([]byte("x"), uint32(4096), []byte{0xff, 0xff})
	var whole []byte
	f.Fuzz(func(t *testing.T, b []byte, at uint32, change []byte) {
		if whole == nil {
			whole = storeFile(t)
		}
		_ = checkPages(bytes.NewReader(b), int64(len(b)))
		changed := bytes.Clone(whole)
		copy(changed[int(at)%len(changed):], change)
		_ = checkPages(bytes.NewReader(changed), int64(len(changed)))
	})
}
