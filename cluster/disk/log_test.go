package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// entry makes one of any type.
func entry(index, term uint64, size int, r *rand.Rand) *raft.Log {
	l := &raft.Log{Index: index, Term: term, Data: make([]byte, size)}
	r.Read(l.Data)
	switch r.Intn(12) {
	case 0:
		l.Type, l.Data = raft.LogNoop, nil
	case 1:
		l.Type = raft.LogConfiguration
	case 2:
		l.Type, l.Data = raft.LogBarrier, nil
	case 3:
		l.Extensions = []byte("ext")
	case 4:
		l.Data = make([]byte, size) // zeros look like a torn write
	}
	if r.Intn(2) == 0 {
		l.AppendedAt = time.Unix(1700000000, int64(r.Intn(1e9)))
	}
	return l
}

func sameEntry(a, b *raft.Log) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Extensions, b.Extensions) && a.AppendedAt.Equal(b.AppendedAt)
}

// difference compares a log with its model.
func difference(l *Log, m *raft.InmemStore) error {
	f1, _ := l.FirstIndex()
	f2, _ := m.FirstIndex()
	l1, _ := l.LastIndex()
	l2, _ := m.LastIndex()
	if f1 != f2 || l1 != l2 {
		return fmt.Errorf("holds %d to %d, want %d to %d", f1, l1, f2, l2)
	}
	var a, b raft.Log
	var size int64
	for i := f1; i > 0 && i <= l1; i++ {
		if err := l.GetLog(i, &a); err != nil {
			return err
		}
		if err := m.GetLog(i, &b); err != nil {
			return err
		}
		if !sameEntry(&a, &b) {
			return fmt.Errorf("entry %d differs: %v, want %v", i, a, b)
		}
		size += int64(len(a.Data))
	}
	if l.Bytes() != size {
		return fmt.Errorf("counts %d bytes, want %d", l.Bytes(), size)
	}
	if l.GetLog(f1-1, &a) != raft.ErrLogNotFound || l.GetLog(l1+1, &a) != raft.ErrLogNotFound {
		return fmt.Errorf("entries outside of %d to %d can be read", f1, l1)
	}
	return nil
}

func openTest(t testing.TB, dir string) *Drive {
	t.Helper()
	d, err := Open(Options{Dir: dir, Node: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func segmentBytes(t testing.TB, n int64) {
	old := wal.SegmentSizeBytes
	wal.SegmentSizeBytes = n
	t.Cleanup(func() { wal.SegmentSizeBytes = old })
}

// A log does what a log in memory does, whatever is asked of it and however often it is closed and opened.
func TestLogEqualsItsModel(t *testing.T) {
	seeds := int64(9)
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			segmentBytes(t, []int64{8 << 10, 64 << 10, 1 << 20}[seed%3])
			walk{t: t, r: rand.New(rand.NewSource(seed)), dir: t.TempDir(), term: 1, next: 1}.run(100)
		})
	}
}

// walk does random things to a log and its model.
type walk struct {
	t          *testing.T
	r          *rand.Rand
	dir        string
	term, next uint64
	log        *Drive
	model      *raft.InmemStore
}

func (w walk) run(steps int) {
	w.model = raft.NewInmemStore()
	w.log = openTest(w.t, w.dir)
	for range steps {
		what := w.step()
		if err := difference(w.log.Log, w.model); err != nil {
			w.t.Fatalf("after %s: %v", what, err)
		}
	}
	w.check(w.log.Close())
}

func (w *walk) check(err error) {
	if err != nil {
		w.t.Helper()
		w.t.Fatal(err)
	}
}

func (w *walk) step() string {
	first, _ := w.model.FirstIndex()
	last, _ := w.model.LastIndex()
	switch k := w.r.Intn(20); {
	case k < 11:
		return w.store(last)
	case k < 13 && last > 0:
		return w.cutEnd(first, last)
	case k < 16 && last > 0:
		to := first + uint64(w.r.Int63n(int64(last-first+1)))
		if to == last {
			w.next = last + 1
		}
		return w.delete("compact", first, to)
	case k == 16 && last > 0:
		w.next = last + 1 + uint64(w.r.Intn(500))
		if w.r.Intn(4) == 0 {
			w.next = 1 + uint64(w.r.Intn(int(last)))
		}
		return w.delete("install", first, last)
	}
	w.check(w.log.Close())
	w.log = openTest(w.t, w.dir)
	if w.log.Opened.Repaired != "" {
		w.t.Fatalf("a log that was closed was repaired: %s", w.log.Opened.Repaired)
	}
	return "reopen"
}

func (w *walk) store(last uint64) string {
	if last > 0 {
		w.next = last + 1
	}
	var batch []*raft.Log
	for i := range 1 + w.r.Intn(12) {
		batch = append(batch, entry(w.next+uint64(i), w.term, w.r.Intn(900), w.r))
	}
	w.check(w.log.Log.StoreLogs(batch))
	w.check(w.model.StoreLogs(batch))
	w.next += uint64(len(batch))
	return fmt.Sprintf("store %d from %d", len(batch), batch[0].Index)
}

func (w *walk) cutEnd(first, last uint64) string {
	w.term++
	from := first + uint64(w.r.Int63n(int64(last-first+1)))
	if w.r.Intn(3) > 0 {
		from = max(first, last-min(last, uint64(w.r.Intn(8))))
	}
	if from == first {
		w.next = from
	}
	return w.delete("truncate", from, last)
}

func (w *walk) delete(what string, from, to uint64) string {
	w.check(w.log.Log.DeleteRange(from, to))
	w.check(w.model.DeleteRange(from, to))
	return fmt.Sprintf("%s %d to %d", what, from, to)
}

// files below dir, for putting them back.
func files(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		found[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// However much goes through a log: memory and disk hold what was not compacted away, and a few files more.
func TestLogIsBounded(t *testing.T) {
	d, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const size, keep, spare = 4 << 10, 100, 4 * SegmentBytes
	next := uint64(1)
	for round := range 12 {
		for range 64 {
			var batch []*raft.Log
			for range 16 {
				batch = append(batch, &raft.Log{Index: next, Term: 1, Data: make([]byte, size)})
				next++
			}
			if err := d.Log.StoreLogs(batch); err != nil {
				t.Fatal(err)
			}
		}
		first, _ := d.Log.FirstIndex()
		if err := d.Log.DeleteRange(first, next-1-keep); err != nil {
			t.Fatal(err)
		}
		if got := d.Log.Bytes(); got != keep*size {
			t.Errorf("round %d: %d bytes are in memory, want %d", round, got, keep*size)
		}
		onDisk := int64(0)
		err := filepath.WalkDir(d.Log.dir, func(_ string, f fs.DirEntry, err error) error {
			if err != nil || f.IsDir() {
				return err
			}
			info, err := f.Info()
			if errors.Is(err, fs.ErrNotExist) { // the file in reserve was just given its name
				return nil
			}
			if err == nil {
				onDisk += info.Size()
			}
			return err
		})
		if err != nil || onDisk > keep*size+spare {
			t.Errorf("round %d: %d bytes are on disk for %d in the log (%v)", round, onDisk, keep*size, err)
		}
	}
}
