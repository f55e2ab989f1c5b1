package bench

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

func TestStoppedProcessesAreGone(t *testing.T) {
	members := alone(t)
	pid := members.members[0].Process.Pid
	if gone(t, pid) || members.processor() == 0 {
		t.Errorf("process %d does not run, or has used no time: %v", pid, members.processor())
	}
	members.stop()
	if !gone(t, pid) {
		t.Errorf("process %d was not ended", pid)
	}
}

func TestAProgramThatEndsAtOnceIsToldWithWhatItSaid(t *testing.T) {
	programs, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// etcdctl knows none of the flags, tells its own and ends.
	_, err = startTrio(t.Context(), program{path: programs.Etcdctl}, t.TempDir(), 2)
	if err == nil || !strings.Contains(err.Error(), "etcdctl [command] --help") || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("%v", err)
	}
}

// compared is a comparison of etcd with itself, one member each, as short as it can be.
func compared(ctx context.Context, dir string, more ...string) (string, error) {
	return run(ctx, "compare", append([]string{"--self", "--quick", "--slices", "2", "--slice", "100ms", "--clients", "2", "--dir", dir, "--json"}, more...)...)
}

func TestEtcdAgainstItself(t *testing.T) {
	dir := t.TempDir()
	out, err := compared(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var c comparison
	if err := json.Unmarshal([]byte(out), &c); err != nil {
		t.Fatalf("on stdout is more than JSON: %v in %s", err, out)
	}
	if !c.Self || len(c.Puts) != 1 || len(c.Reads) != 2 || c.Puts[0].Clients != 2 || c.Slices != 2 {
		t.Errorf("%s", out)
	}
	for _, r := range append(c.Puts, c.Reads...) {
		// How near to 1 depends on the machine; that both sides were measured shows in their figures.
		if r.Quorumlab <= 0 || r.Etcd <= 0 || r.Ratio <= 0 || r.P99Ratio <= 0 || r.QuorumlabP99 <= 0 || r.Errors+r.EtcdErrors > 0 {
			t.Errorf("%+v", r)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v was left behind, %v", left, err)
	}
}

// Ctrl-C cancels the context.
func TestACancelledComparisonLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := compared(ctx, dir, "--slices", "1000", "--slice", "1m")
		done <- err
	}()
	pids := awaitMembers(t, dir, 6)
	cancel()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a cancelled comparison ended without an error")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("a cancelled comparison goes on")
	}
	for _, pid := range pids {
		if !gone(t, pid) {
			t.Errorf("process %d was not ended", pid)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v was left behind, %v", left, err)
	}
}

// awaitMembers are the processes that have a directory below dir, as soon as there are so many.
func awaitMembers(t *testing.T, dir string, n int) []int {
	t.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-again.C {
		var pids []int
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, l := range lines {
			if b, err := os.ReadFile(l); err == nil && strings.Contains(string(b), dir) {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(l)))
				pids = append(pids, pid)
			}
		}
		if len(pids) == n {
			return pids
		}
	}
	t.Fatalf("there are not %d processes in %s", n, dir)
	return nil
}
