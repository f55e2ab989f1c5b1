package store

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"
)

// fatalCode is what a process ends with that its store told to.
const fatalCode = 77

// A node that is a process of its own ends when a commit fails: the file stays as it was after the one before, and the log
// brings back the rest, though nothing else holds what the file does.
func TestFatal(t *testing.T) {
	const child = "QUORUMLAB_TEST_FATAL"
	if dir := os.Getenv(child); dir != "" {
		failCommit(t, dir)
		return
	}
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFatal$")
	c.Env = append(os.Environ(), child+"="+dir)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil || c.ProcessState.ExitCode() != fatalCode || !strings.Contains(string(out), "could not be written") {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Applied(); got != 10 {
		t.Errorf("it has applied %d, want 10", got)
	}
	for i := range uint64(11) {
		s.Apply(bigEntry(t, i+1))
	}
	if s.Revision() != 10+64+1 {
		t.Errorf("after the replay it is at revision %d", s.Revision())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// bigEntry is a small put, or, as the eleventh, 64 large ones.
func bigEntry(t *testing.T, index uint64) *raft.Log {
	requests := [][]byte{putOf(t, "a", "1", 0)}
	for index == 11 && len(requests) < 64 {
		requests = append(requests, putOf(t, "big", strings.Repeat("x", 100<<10), 0))
	}
	return &raft.Log{Index: index, Term: 1, Data: Join(requests)}
}

func failCommit(t *testing.T, dir string) {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := Open(Options{Dir: dir, Batch: true, batchLimit: 20, Fatal: func(err error) {
		os.Stderr.WriteString(err.Error())
		os.Exit(fatalCode)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(10) {
		s.Apply(bigEntry(t, i+1))
	}
	s.kv.Commit()
	limitFiles(t, mmapBytes)
	s.Apply(bigEntry(t, 11))
	s.kv.Commit()
	t.Error("the commit did not fail")
}

// A snapshot without content is one that only marks how far the store on this disk is; if it is not, nothing must be made
// up in its place.
func TestRestoreOfNothing(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		if err := r.s.Restore(io.NopCloser(bytes.NewReader(nil))); err == nil || !strings.Contains(err.Error(), "wipe this node") {
			t.Errorf("restoring nothing: %v", err)
		}
		if r.s.Revision() != 2 {
			t.Errorf("the store is at revision %d", r.s.Revision())
		}
	})
}
