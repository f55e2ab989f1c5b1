package disk

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

// victimDir tells a child process that it is to write below that directory until it is killed.
const victimDir = "QUORUMLAB_DISK_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled tells each entry when it is on disk. It compacts now and then, so that it dies in that too.
func writeUntilKilled(dir string) {
	d, err := Open(Options{Dir: dir})
	if err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	for next := d.Opened.Last + 1; ; {
		var batch []*raft.Log
		for range 1 + next%7 {
			batch = append(batch, &raft.Log{Index: next, Term: 1, Data: []byte(strings.Repeat(strconv.FormatUint(next, 10), 200))})
			next++
		}
		if err := d.Log.StoreLogs(batch); err != nil {
			os.Exit(1)
		}
		if first, _ := d.Log.FirstIndex(); next > first+300 {
			if err := d.Log.DeleteRange(first, next-100); err != nil {
				os.Exit(1)
			}
		}
		os.Stdout.WriteString(strconv.FormatUint(next-1, 10) + "\n")
	}
}

// A process that is killed with SIGKILL while it writes has every entry that it had told to be on disk.
func TestKilledProcess(t *testing.T) {
	dir := t.TempDir()
	for round := range 6 {
		acked := killAfter(t, dir, 20+round*35)
		d := openTest(t, dir)
		if last, _ := d.Log.LastIndex(); last < acked {
			t.Fatalf("round %d: the log ends at %d, but %d was on disk", round, last, acked)
		}
		var e raft.Log
		err := d.Log.GetLog(acked, &e)
		if want := strings.Repeat(strconv.FormatUint(acked, 10), 200); err != nil || string(e.Data) != want {
			t.Fatalf("round %d: entry %d is %v, %v", round, acked, e, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter starts a victim, kills it after some lines, and gives the last entry that it told.
func killAfter(t *testing.T, dir string, lines int) (acked uint64) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	told := bufio.NewScanner(out)
	for n := 0; told.Scan(); n++ {
		if acked, err = strconv.ParseUint(told.Text(), 10, 64); err != nil {
			t.Fatal(told.Text())
		}
		if n == lines {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the victim ended by itself: %v", err)
	}
	return acked
}
