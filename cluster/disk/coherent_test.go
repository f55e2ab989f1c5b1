package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"
)

// A snapshot that cannot be read any more, where the log does not go back as far, and a term that was forgotten are
// refused, not found out later.
func TestCoherent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "n")
	m := power(t, dir, filepath.Join(t.TempDir(), "note"))
	m.writes(20)
	check := func(what string, refused bool) {
		t.Helper()
		var damage *Damage
		if err := m.drive.Coherent(); errors.As(err, &damage) != refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("entries of a term that nobody knows", true)
	m.votes(1)
	check("a whole log", false)
	_, trans := raft.NewInmemTransport("")
	sink, err := m.drive.Snapshots.Create(raft.SnapshotVersionMax, 12, 1, raft.Configuration{}, 1, trans)
	if err == nil {
		err = sink.Close()
	}
	if err == nil {
		err = m.drive.Log.DeleteRange(1, 12)
	}
	if err != nil {
		t.Fatal(err)
	}
	check("a log behind a snapshot", false)
	m.close()
	heads, err := filepath.Glob(filepath.Join(dir, snapshotDir, "*", "meta.json"))
	if err != nil || len(heads) != 1 {
		t.Fatalf("%v, %v", heads, err)
	}
	if err := os.WriteFile(heads[0], []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	m = power(t, dir, m.note)
	defer m.close()
	check("a log whose snapshot is broken", true)
}
