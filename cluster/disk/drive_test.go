package disk

import (
	"errors"
	"fmt"
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
	"github.com/prometheus/client_golang/prometheus"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// bench is a drive in a bubble, with all that it tells.
type bench struct {
	t      *testing.T
	d      *Drive
	facts  []event.Event
	deaths []event.Reason
	fails  []error
	fence  *Fence
	delay  time.Duration
	next   uint64
}

func onBench(t *testing.T, story func(*bench)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, next: 1}
		b.fence = NewFence(func(why event.Reason) { b.deaths = append(b.deaths, why) })
		b.open(dir)
		story(b)
		if err := b.d.Close(); err != nil {
			t.Error(err)
		}
	})
}

func (b *bench) open(dir string) {
	d, err := Open(Options{Dir: dir, Node: 3, Tap: func(e event.Event) { b.facts = append(b.facts, e) }, Fence: b.fence,
		Describe: func(l *raft.Log) (uint64, string) { return l.Index + 1000, string(l.Data) },
		Delay:    func() time.Duration { return b.delay },
		Failed:   func(err error) { b.fails = append(b.fails, err) }})
	if err != nil {
		b.t.Fatal(err)
	}
	b.d = d
}

// ends runs a write on a goroutine of its own and says whether it returned.
func (b *bench) returns(write func() error) bool {
	b.t.Helper()
	done := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { done <- returned }()
		if err := write(); err != nil {
			b.t.Errorf("a write gave the error %v", err)
		}
		returned = true
	}()
	return <-done
}

func (b *bench) store(n int) error {
	var batch []*raft.Log
	for range n {
		batch = append(batch, &raft.Log{Index: b.next, Term: 2, Data: []byte(fmt.Sprint("v", b.next))})
		b.next++
	}
	return b.d.Log.StoreLogs(batch)
}

func (b *bench) last() uint64 { last, _ := b.d.Log.LastIndex(); return last }

func (b *bench) told() string {
	var s strings.Builder
	for _, e := range b.facts {
		fmt.Fprintf(&s, "%s %v %d", e.Kind, e.Node, e.Index)
		// Partial: what a drive tells.
		//exhaustive:ignore
		switch e.Kind {
		case event.Appended:
			fmt.Fprintf(&s, " term %d %s op %d %q %d bytes", e.Term, e.Entry, e.Op, e.Text, e.N)
		case event.Fsynced:
			fmt.Fprintf(&s, " took %d", e.Took)
		case event.VoteCast:
			fmt.Fprintf(&s, " term %d for %v", e.Term, e.Peer)
		}
		s.WriteByte('\n')
	}
	b.facts = nil
	return s.String()
}

func (b *bench) want(got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("it told\n%swant\n%s", got, want)
	}
}

// What happens to the log is told when it has happened, with the time it took on the node's clock.
func TestTaps(t *testing.T) {
	onBench(t, func(b *bench) {
		b.delay = 5 * time.Millisecond
		began := time.Now()
		b.returns(func() error { return b.store(2) })
		if took := time.Since(began); took != b.delay {
			t.Errorf("a write took %v, want %v", took, b.delay)
		}
		b.want(b.told(), "appended n3 1 term 2 command op 1001 \"v1\" 2 bytes\nappended n3 2 term 2 command op 1002 \"v2\" 2 bytes\nfsynced n3 2 took 5000\n")
		b.returns(func() error { return b.store(4) })
		b.told()
		b.returns(func() error { return b.d.Log.DeleteRange(5, 6) })
		b.want(b.told(), "truncated n3 5\n")
		b.returns(func() error { return b.d.Log.DeleteRange(1, 2) })
		b.want(b.told(), "compacted n3 3\n")
		b.returns(func() error { return b.d.Log.DeleteRange(3, 4) })
		b.want(b.told(), "compacted n3 5\n")
		b.returns(func() error { return b.d.Log.DeleteRange(3, 4) })
		b.want(b.told(), "")
	})
}

// A node that dies at a point of its work leaves on its disk exactly what was written before, and no caller hears an error.
func TestFences(t *testing.T) {
	for _, c := range []struct {
		at    event.KillPoint
		last  uint64
		death []event.Reason
	}{
		{event.Now, 2, nil},
		{event.BeforeFsync, 2, []event.Reason{event.KilledBeforeFsync}},
		{event.AfterFsync, 5, []event.Reason{event.KilledAfterFsync}},
	} {
		t.Run(c.at.String(), func(t *testing.T) {
			onBench(t, func(b *bench) {
				if !b.returns(func() error { return b.store(2) }) {
					t.Fatal("an open fence ended a write")
				}
				b.told()
				b.fence.Arm(c.at)
				if b.returns(func() error { return b.store(3) }) {
					t.Error("the write returned")
				}
				b.want(b.told(), "")
				if b.last() != c.last || fmt.Sprint(b.deaths) != fmt.Sprint(c.death) || !b.fence.Closed() {
					t.Errorf("the log ends at %d, want %d; deaths %v, want %v", b.last(), c.last, b.deaths, c.death)
				}
				b.nothingWrites()
				b.reopensWith(c.last)
			})
		})
	}
}

func (b *bench) nothingWrites() {
	b.t.Helper()
	for what, write := range map[string]func() error{
		"StoreLogs":   func() error { return b.store(1) },
		"DeleteRange": func() error { return b.d.Log.DeleteRange(1, 1) },
		"Set":         func() error { return b.d.Stable.Set([]byte("k"), []byte("v")) },
		"SetUint64":   func() error { return b.d.Stable.SetUint64([]byte("LastVoteTerm"), 1) },
		"snapshot": func() error {
			_, err := b.d.Snapshots.Create(1, 1, 1, raft.Configuration{}, 1, nil)
			return err
		},
	} {
		if b.returns(write) {
			b.t.Errorf("%s of a dead node returned", what)
		}
	}
}

func (b *bench) reopensWith(last uint64) {
	b.t.Helper()
	if err := b.d.Close(); err != nil { // a second time is fine
		b.t.Fatal(err)
	}
	b.fence = NewFence(nil)
	b.open(b.d.dir)
	if b.last() != last {
		b.t.Errorf("reopened, the log ends at %d, want %d", b.last(), last)
	}
}

// A kill while a slow disk is writing: the write that was under way never returns and is not on the disk.
func TestKilledWhileTheDiskIsSlow(t *testing.T) {
	onBench(t, func(b *bench) {
		b.delay = time.Second
		returned := make(chan bool)
		go func() { returned <- b.returns(func() error { return b.store(1) }) }()
		time.Sleep(b.delay / 2)
		b.fence.Arm(event.Now)
		if <-returned || b.last() != 0 {
			t.Errorf("the log ends at %d", b.last())
		}
	})
}

// A snapshot that was begun before the kill is not finished after it.
func TestFencedSnapshot(t *testing.T) {
	onBench(t, func(b *bench) {
		sink, err := b.d.Snapshots.Create(1, 7, 2, raft.Configuration{}, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.fence.Arm(event.Now)
		if b.returns(sink.Close) {
			t.Error("the snapshot was finished")
		}
		if kept, err := b.d.Snapshots.List(); err != nil || len(kept) != 0 {
			t.Errorf("there are snapshots %v, %v", kept, err)
		}
	})
}

// Term and vote are kept; a vote is written with its term at once, and told.
func TestStable(t *testing.T) {
	onBench(t, func(b *bench) {
		s := b.d.Stable
		set := func(f func() error) {
			t.Helper()
			if !b.returns(f) {
				t.Fatal("a write did not return")
			}
		}
		if v, err := s.GetUint64([]byte("CurrentTerm")); v != 0 || err != nil {
			t.Errorf("a new node has term %d, %v", v, err)
		}
		set(func() error { return s.SetUint64([]byte("CurrentTerm"), 8) })
		set(func() error { return s.SetUint64([]byte("LastVoteTerm"), 8) })
		if v, _ := s.GetUint64([]byte("LastVoteTerm")); v != 8 {
			t.Errorf("the vote's term reads as %d", v)
		}
		b.want(b.told(), "")
		set(func() error { return s.Set([]byte("LastVoteCand"), []byte("n4")) })
		b.want(b.told(), "vote-cast n3 0 term 8 for n4\n")
		b.delay = time.Millisecond // a crash before the candidate of the next vote is written
		set(func() error { return s.SetUint64([]byte("LastVoteTerm"), 9) })
		b.fence.Arm(event.Now)
		if b.returns(func() error { return s.Set([]byte("LastVoteCand"), []byte("n5")) }) {
			t.Error("a dead node voted")
		}
		b.reopensWith(0)
		term, _ := b.d.Stable.GetUint64([]byte("LastVoteTerm"))
		cand, _ := b.d.Stable.Get([]byte("LastVoteCand"))
		if term != 8 || string(cand) != "n4" {
			t.Errorf("after the crash the vote is %q in term %d, want n4 in term 8", cand, term)
		}
	})
}

// A full disk: nobody hears an error, the owner gets a sentence, nothing is written any more, and what had been
// acknowledged is there when there is space again.
func TestFullDisk(t *testing.T) {
	if !inChild(t) {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	for what, write := range map[string]func(*bench) error{
		"log": func(b *bench) error {
			return b.d.Log.StoreLogs([]*raft.Log{{Index: b.next, Term: 2, Data: make([]byte, 200<<10)}})
		},
		"stable": func(b *bench) error { return b.d.Stable.Set([]byte("k"), make([]byte, 200<<10)) },
	} {
		t.Run(what, func(t *testing.T) {
			onBench(t, func(b *bench) {
				b.returns(func() error { return b.store(3) })
				mend := limitFiles(t, 100<<10)
				if b.returns(func() error { return write(b) }) {
					t.Error("the write returned")
				}
				if len(b.fails) != 1 || !strings.Contains(b.fails[0].Error(), "n3 could not be written") || !errors.Is(b.fails[0], syscall.EFBIG) {
					t.Errorf("it told %v", b.fails)
				}
				b.nothingWrites()
				if err := b.d.Close(); err != nil {
					t.Error(err)
				}
				mend()
				b.reopensWith(3)
			})
		})
	}
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

// One fsync a StoreLogs, however many entries it has.
func TestOneFsyncABatch(t *testing.T) {
	d, err := Open(Options{Dir: t.TempDir(), Sync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	next := uint64(1)
	for _, size := range []int{1, 64} {
		before := fsyncs(t)
		for range 20 {
			var batch []*raft.Log
			for range size {
				batch = append(batch, &raft.Log{Index: next, Term: 1, Data: make([]byte, 100)})
				next++
			}
			if err := d.Log.StoreLogs(batch); err != nil {
				t.Fatal(err)
			}
		}
		if n := fsyncs(t) - before; n != 20 {
			t.Errorf("20 batches of %d took %d fsyncs", size, n)
		}
	}
}

// fsyncs is how often etcd's log has called fsync in this process.
func fsyncs(t *testing.T) uint64 {
	t.Helper()
	metrics, err := prometheus.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if m.GetName() == "etcd_disk_wal_fsync_duration_seconds" {
			return m.Metric[0].GetHistogram().GetSampleCount()
		}
	}
	t.Fatal("the log does not count its fsyncs")
	return 0
}

// A directory of another format, or of somebody else, is refused in a sentence and left alone.
func TestForeignDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), []byte("…"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "no node's directory") {
		t.Errorf("a foreign directory: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, formatFile), []byte("quorumlab node 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), `has the format "quorumlab node 2\n", this program reads "quorumlab node 1\n"`) {
		t.Errorf("another format: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("it left %d files", len(left))
	}
	if err := Wipe(dir); err != nil {
		t.Fatal(err)
	}
	d := openTest(t, dir)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// The index to wait for when raft has committed no-ops that its state machine never sees.
func TestLastForStore(t *testing.T) {
	d := openTest(t, t.TempDir())
	defer d.Close()
	types := []raft.LogType{raft.LogConfiguration, raft.LogNoop, raft.LogCommand, raft.LogBarrier, raft.LogNoop}
	for i, k := range types {
		if err := d.Log.StoreLog(&raft.Log{Index: uint64(i + 1), Term: 1, Type: k}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []uint64{0, 1, 1, 3, 3, 3, 3} {
		if got := d.Log.LastForStore(uint64(i)); got != want {
			t.Errorf("at %d: %d, want %d", i, got, want)
		}
	}
	if err := d.Log.DeleteRange(1, 3); err != nil {
		t.Fatal(err)
	}
	if got := d.Log.LastForStore(5); got != 0 {
		t.Errorf("of a compacted log: %d, want 0", got)
	}
}
