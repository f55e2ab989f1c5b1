package store

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/protobuf/proto"
)

func encode(t testing.TB, r *pb.InternalRaftRequest) []byte {
	t.Helper()
	r.Header = &pb.RequestHeader{ID: 1}
	b, err := proto.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func compaction(t testing.TB, rev int64) []byte {
	return encode(t, &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: rev}})
}

func (r *rig) hash() uint32 {
	r.t.Helper()
	h, at, err := r.s.Hash(0)
	r.check(err)
	if at != r.s.Revision() {
		r.t.Errorf("the newest hash is of revision %d, the store at %d", at, r.s.Revision())
	}
	return h
}

// replay hands the store the entries again, as raft does after a restart.
func (r *rig) replay(from int) (applied int) {
	before := len(r.facts)
	for _, l := range r.log[from:] {
		r.s.Apply(l)
	}
	return len(r.facts) - before
}

// A killed node's file lacks what was applied since the last commit. The log brings it back: every entry counts exactly
// once, those that were on disk too.
func TestReplayAfterCrash(t *testing.T) {
	inBubble(t, func(r *rig) {
		for i := range 20 {
			r.put(fmt.Sprint("k", i%7), fmt.Sprint(i))
		}
		time.Sleep(settled) // these are on disk
		for i := range 15 {
			r.put(fmt.Sprint("k", i%5), fmt.Sprint("later", i))
		}
		r.do(event.Command{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{put("t", "1"), put("u", "2")}}})
		revision, hash := r.s.Revision(), r.hash()
		r.check(r.s.Crash())
		r.open()
		if got := r.s.Applied(); got != 20 {
			t.Fatalf("after the crash the store has applied %d, want 20", got)
		}
		if got := r.replay(0); got != 16 {
			t.Errorf("%d of 36 entries were applied again, want 16", got)
		}
		if r.s.Revision() != revision || r.hash() != hash {
			t.Errorf("after the replay revision %d and hash %x, want %d and %x", r.s.Revision(), r.hash(), revision, hash)
		}
		if got := r.replay(0); got != 0 || r.s.Revision() != revision {
			t.Errorf("the second replay applied %d entries", got)
		}
	})
}

// A crash leaves the file as it was when the node died, not as it was when its goroutines had ended.
func TestFreeze(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		time.Sleep(settled)
		r.put("a", "2")
		r.check(r.s.Freeze())
		r.put("a", "3")
		time.Sleep(settled)
		r.check(r.s.Freeze()) // only the first counts
		r.check(r.s.Close())
		r.open()
		if got := r.keys(event.Command{Key: "a"}); got != "a=1" || r.s.Applied() != 1 {
			t.Errorf("after the crash %s, applied %d", got, r.s.Applied())
		}
		if left, _ := filepath.Glob(filepath.Join(r.o.Dir, "*")); len(left) != 1 {
			t.Errorf("there are the files %v", left)
		}
	})
}

// A store that is closed loses nothing.
func TestClose(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		r.s.StoreConfiguration(2, raft.Configuration{})
		hash := r.hash()
		r.check(r.s.Close())
		r.open()
		if got := r.s.Applied(); got != 2 || r.hash() != hash {
			t.Errorf("reopened it has applied %d", got)
		}
	})
}

// sink is a raft.SnapshotSink in memory.
type sink struct {
	bytes.Buffer
	closed, cancelled bool
}

func (s *sink) ID() string    { return "1-1-1" }
func (s *sink) Close() error  { s.closed = true; return nil }
func (s *sink) Cancel() error { s.cancelled = true; return nil }

// A snapshot carries all over to a store that had something else, and both go on alike.
func TestSnapshotRestore(t *testing.T) {
	other := t.TempDir()
	inBubble(t, func(r *rig) {
		for i := range 50 {
			r.put(fmt.Sprint("k", i), strings.Repeat("v", i*100))
		}
		r.entry(encode(t, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 77, TTL: 60}}))
		r.entry(encode(t, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("leased"), Value: []byte("x"), Lease: 77}}))
		snap, err := r.s.Snapshot()
		r.check(err)
		r.put("after", "the snapshot was taken") // before it is written out
		var to sink
		r.check(snap.Persist(&to))
		snap.Release()

		b := &rig{t: t, o: Options{Dir: other, Node: 2}}
		b.open()
		b.put("old", "1")
		b.put("old", "2")
		b.check(b.s.Restore(io.NopCloser(&to.Buffer)))
		if !to.closed || b.s.Applied() != 52 {
			t.Errorf("after the restore it has applied %d, want 52", b.s.Applied())
		}
		if got := b.keys(event.Command{Key: "old"}); got != "" {
			t.Errorf("the restored store still has %s", got)
		}
		b.log = r.log
		b.replay(50)
		if b.hash() != r.hash() || b.s.Revision() != r.s.Revision() {
			t.Errorf("revision %d and %d differ or the hashes do", b.s.Revision(), r.s.Revision())
		}
		for _, x := range []*rig{r, b} { // revoking the lease deletes the key in both
			x.entry(encode(t, &pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: 77}}))
			if got := x.keys(event.Command{Key: "leased"}); got != "" {
				t.Errorf("%s is still there", got)
			}
		}
		hash := b.hash()
		b.check(b.s.Close())
		b.open()
		if b.hash() != hash || hash != r.hash() {
			t.Error("the restored store did not survive a restart")
		}
		b.check(b.s.Close())
	})
}

// A snapshot that cannot be written is cancelled.
func TestSnapshotSinkFails(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		snap, err := r.s.Snapshot()
		r.check(err)
		defer snap.Release()
		s := &badSink{}
		if err := snap.Persist(s); err == nil || !strings.Contains(err.Error(), "short write") || !s.cancelled || s.closed {
			t.Errorf("%v, cancelled %t", err, s.cancelled)
		}
	})
}

type badSink struct{ sink }

func (*badSink) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

// Who waits for an entry that raft never hands to the store, a no-op, is woken when it is known to be committed.
func TestWaitApplied(t *testing.T) {
	inBubble(t, func(r *rig) {
		dead := make(chan struct{})
		woken := make(chan bool, 1)
		wait := func(index uint64, timeout time.Duration) {
			go func() { woken <- r.s.WaitApplied(index, dead, time.After(timeout)) }()
			synctest.Wait()
		}
		wait(1, time.Hour)
		r.put("a", "1")
		if !<-woken {
			t.Error("entry 1 was applied, but nobody was woken")
		}
		wait(3, time.Hour)
		r.s.Committed(1, 3) // 2 and 3 are no-ops
		if !<-woken || r.s.Applied() != 3 {
			t.Error("entries 2 and 3 are no-ops, but nobody was woken")
		}
		last := r.facts[len(r.facts)-1]
		if last.Kind != event.Applied || last.Index != 3 || last.Rev != 2 {
			t.Errorf("it told %+v", last)
		}
		r.s.Committed(4, 5) // 4 is a command that is still on its way
		if r.s.Applied() != 3 {
			t.Error("it passed an entry that it has not applied")
		}
		r.log = append(r.log, nil, nil)
		wait(5, time.Hour)
		r.put("b", "2")
		if !<-woken || r.s.Applied() != 5 {
			t.Error("entry 5 is reached, but nobody was woken")
		}
		wait(6, time.Second)
		if <-woken {
			t.Error("nobody applied entry 6")
		}
		wait(6, time.Hour)
		close(dead)
		if <-woken {
			t.Error("a dead node applied entry 6")
		}
	})
}

// A full disk: the owner is told in a sentence, once, no further entry is answered, closing does not hang, and after a
// restart the log brings back what the file lacks: the last entries, or all of them if there was no room even for a copy.
func TestFullDisk(t *testing.T) {
	if !inChild(t) {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	for _, c := range []struct {
		room    uint64
		applied uint64
	}{{mmapBytes, 10}, {8 << 10, 0}} {
		t.Run(fmt.Sprint(c.room), func(t *testing.T) { fillDisk(t, c.room, c.applied) })
	}
}

func fillDisk(t *testing.T, room, applied uint64) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var fails []error
		r := &rig{t: t, o: Options{Dir: dir, Node: 1, Failed: func(err error) { fails = append(fails, err) }}}
		r.open()
		for range 10 {
			r.put("a", "1")
		}
		time.Sleep(settled)
		mend := limitFiles(t, room)
		for range 20 {
			r.put("big", strings.Repeat("x", 200<<10))
		}
		time.Sleep(settled)
		synctest.Wait()
		if len(fails) != 1 || !strings.Contains(fails[0].Error(), "the store of n1 could not be written (failed to commit tx: ") {
			t.Errorf("it told %v", fails)
		}
		if answered(func() { r.put("a", "2") }) {
			t.Error("a failed store answered")
		}
		if err := r.s.Read(event.Command{Kind: event.Get, Key: "a"}, new(event.Result)); err == nil {
			t.Error("a failed store was read")
		}
		r.check(r.s.Crash())
		mend()
		r.open()
		if got := r.s.Applied(); got != applied || r.s.Revision() != int64(applied+1) {
			t.Errorf("after the restart it has applied %d and is at revision %d, want %d and %d", got, r.s.Revision(), applied, applied+1)
		}
		r.replay(0)
		if got := r.s.Revision(); got != 32 {
			t.Errorf("after the replay it is at revision %d, want 32", got)
		}
		r.check(r.s.Close())
	})
}

// answered says whether f returns.
func answered(f func()) bool {
	done := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { done <- returned }()
		f()
		returned = true
	}()
	return <-done
}

// inChild runs the test again in a process of its own: a limit on files would also hit what go test itself writes.
func inChild(t *testing.T) bool {
	t.Helper()
	const child = "QUORUMLAB_TEST_CHILD"
	if os.Getenv(child) == t.Name() {
		return true
	}
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
	c.Env = append(os.Environ(), child+"="+t.Name())
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// limitFiles makes writes beyond a file size fail, in the whole process.
func limitFiles(t *testing.T, size uint64) (mend func()) {
	t.Helper()
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	set := func(cur uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: cur, Max: was.Max}); err != nil {
			t.Fatal(err)
		}
	}
	set(size)
	return func() { set(was.Cur) }
}
