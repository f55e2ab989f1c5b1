package disk

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A witness writes down, outside of a node's directory, what an fsync has put on disk there, before anybody hears of it.
// A test that kills the node's process hands the note to LosePower, which then knows what a power cut might have taken.
type witness struct {
	dir string

	mu sync.Mutex
	f  *os.File
}

// openWitness is nil, which notes nothing, for an empty path.
func openWitness(dir, path string) (*witness, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the note of what is on disk cannot be written: %w", err)
	}
	return &witness{dir: dir, f: f}, nil
}

// A line of a note is one of these; the last one of its kind counts.
const (
	logNote  = "log %d %d\n"  // generation, number of the last write
	boltNote = "bolt %s %d\n" // file below the directory, checksum of the page that names its last transaction
)

func (w *witness) log(generation, write uint64) {
	if w != nil {
		w.note(logNote, generation, write)
	}
}

// bolt is called while no transaction of the file is being committed, so that all of it is on disk.
func (w *witness) bolt(name string) {
	if w == nil {
		return
	}
	if found, err := readMetas(filepath.Join(w.dir, name)); err == nil {
		w.note(boltNote, name, found[0].sum())
	}
}

func (w *witness) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = fmt.Fprintf(w.f, format, args...) // a note that lacks its end makes a test lose less, never more
}

func (w *witness) close() error {
	if w == nil {
		return nil
	}
	return w.f.Close()
}

// The two pages at the beginning of bbolt's file name the root of the last transaction and of the one before it.
const (
	metaHead  = 16 // of the page
	metaBytes = 64
	metaTxid  = 48
	metaSum   = 56
)

// meta is one of them, without its head.
type meta struct {
	at int64 // of the page
	b  []byte
}

func (m meta) txid() uint64 { return binary.LittleEndian.Uint64(m.b[metaTxid:]) }
func (m meta) sum() uint64  { return binary.LittleEndian.Uint64(m.b[metaSum:]) }

// whole says that the page is not torn.
func (m meta) whole() bool { return m.sum() == m.sumOf() }

func (m meta) sumOf() uint64 {
	h := fnv.New64a()
	h.Write(m.b[:metaSum])
	return h.Sum64()
}

// readMetas gives the whole ones, the newest first.
func readMetas(path string) (found []meta, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, at := range []int64{0, int64(os.Getpagesize())} {
		m := meta{at, make([]byte, metaBytes)}
		if _, err := f.ReadAt(m.b, at+metaHead); err != nil {
			return nil, err
		}
		if m.whole() {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no whole meta page", path)
	}
	slices.SortFunc(found, func(a, b meta) int { return cmp.Compare(b.txid(), a.txid()) })
	return found, nil
}
