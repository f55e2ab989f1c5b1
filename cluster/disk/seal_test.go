package disk

import (
	"errors"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	bolt "go.etcd.io/bbolt"
)

// sealed is a stopped node's directory with everything in it that a node has.
func sealed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	d := openTest(t, dir)
	db, err := bolt.Open(storeFile(t, d), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	sink, err := d.Snapshots.Create(1, 7, 2, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, werr := sink.Write(make([]byte, 10_000))
	err = errors.Join(werr, sink.Close(), d.Log.StoreLog(&raft.Log{Index: 8, Term: 2, Data: make([]byte, 5000)}),
		d.Stable.SetUint64([]byte("CurrentTerm"), 2), db.Close(), d.Close(), Seal(dir))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func storeFile(t *testing.T, d *Drive) string {
	t.Helper()
	if err := os.MkdirAll(d.StoreDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(d.StoreDir(), "db")
}

func mustWrite(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Any flipped bit in any file of a sealed directory keeps the node from starting, however often it is tried; flipped
// back it starts.
func TestSealFindsEveryFlippedBit(t *testing.T) {
	segmentBytes(t, 64<<10)
	dir := sealed(t)
	r := rand.New(rand.NewSource(1))
	for name, b := range files(t, dir) {
		path := filepath.Join(dir, name)
		for range 40 {
			bit := r.Intn(len(b) * 8)
			mustWrite(t, path, flipped(b, bit))
			d, err := Open(Options{Dir: dir})
			if err == nil {
				d.Close()
				t.Fatalf("%s with bit %d flipped was opened", name, bit)
			}
			var damage *Damage
			if errors.As(err, &damage) && (damage.File != name || damage.Offset > int64(bit/8)) && name != sealFile {
				t.Errorf("%s byte %d: it named %v", name, bit/8, err)
			} else if damage == nil && name != formatFile {
				t.Errorf("%s byte %d: %v", name, bit/8, err)
			}
		}
		mustWrite(t, path, b)
	}
	d := openTest(t, dir)
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// Files that changed their size, are gone or are new are found too; an open takes the seal off.
func TestSealFindsFiles(t *testing.T) {
	dir := sealed(t)
	path := filepath.Join(dir, storeDir, "db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, damage := range map[string]func() error{
		"missing": func() error { return os.Remove(path) },
		"shorter": func() error { return os.WriteFile(path, b[:len(b)-1], 0o600) },
		"longer":  func() error { return os.WriteFile(path, append(slices.Clone(b), 0), 0o600) },
		"new":     func() error { return os.WriteFile(path+"2", nil, 0o600) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		var d *Damage
		if err := Verify(dir); !errors.As(err, &d) || !strings.HasPrefix(d.File, "store/db") {
			t.Errorf("%s: %v", what, err)
		}
		mustWrite(t, path, b)
		if err := os.Remove(path + "2"); what == "new" && err != nil {
			t.Fatal(err)
		}
	}
	if err := Verify(dir); err != nil {
		t.Fatal(err)
	}
	if err := Verify(dir); err != nil {
		t.Errorf("without a seal: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, sealFile)); err == nil {
		t.Error("the seal is still on")
	}
}

// Flip damages what it says, and a node that is flipped does not start.
func TestFlip(t *testing.T) {
	dir := sealed(t)
	for _, file := range []string{"log", "", "stable", "store"} {
		for _, offset := range []int64{0, 100} {
			before := files(t, dir)
			name, at, err := Flip(dir, file, offset)
			if err != nil {
				t.Fatal(err)
			}
			was, is := before[name][at], files(t, dir)[name][at]
			if was^is != 1 || offset != 0 && at != offset || offset == 0 && was == 0 {
				t.Errorf("%q at %d: byte %d of %s was %x and is %x", file, offset, at, name, was, is)
			}
			var d *Damage
			if _, err := Open(Options{Dir: dir}); !errors.As(err, &d) || d.File != name {
				t.Errorf("%s: %v", name, err)
			}
			mustWrite(t, filepath.Join(dir, name), before[name]) // another flip would take back any byte but the first: offset 0 lets chance choose
		}
		if _, _, err := Flip(dir, file, 1<<40); err == nil || !strings.Contains(err.Error(), "so there is no byte") {
			t.Errorf("behind the end: %v", err)
		}
	}
	if _, _, err := Flip(dir, "thesis", 0); err == nil || !strings.Contains(err.Error(), "choose log, stable or store") {
		t.Error(err)
	}
	if _, _, err := Flip(t.TempDir(), "log", 0); err == nil || !strings.Contains(err.Error(), "start the node once") {
		t.Error(err)
	}
}

// The stable store's own checksums find what no seal covers.
func TestStableValueDamaged(t *testing.T) {
	dir := t.TempDir()
	d := openTest(t, dir)
	if err := errors.Join(d.Stable.Set([]byte("LastVoteCand"), []byte("candidate-n4")), d.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, stableFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustWrite(t, path, []byte(strings.ReplaceAll(string(b), "candidate-n4", "candidate-n5")))
	var damage *Damage
	if _, err := Open(Options{Dir: dir}); !errors.As(err, &damage) || damage.File != stableFile {
		t.Errorf("%v", err)
	}
}
