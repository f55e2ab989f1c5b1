package disk

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
)

// written is a closed node's directory, as files, with what its log held.
type written struct {
	files map[string][]byte
	model *raft.InmemStore
	acked uint64 // last entry of the write before the last one
	tail  int    // where the last write begins in the newest file
}

// write makes a log of n entries in small batches, with a compaction and a conflict on the way.
func writeLog(t testing.TB, n, size int) written {
	t.Helper()
	dir := t.TempDir()
	d := openTest(t, dir)
	w := written{model: raft.NewInmemStore()}
	r := rand.New(rand.NewSource(7))
	both := func(f func(raft.LogStore) error) {
		if err := errors.Join(f(d.Log), f(w.model)); err != nil {
			t.Fatal(err)
		}
	}
	for i := 1; i <= n; {
		var batch []*raft.Log
		for range 1 + r.Intn(8) {
			batch = append(batch, entry(uint64(i), 1+uint64(i/50), size/2+r.Intn(size), r))
			i++
		}
		w.acked = batch[0].Index - 1
		w.tail = newestUsed(t, dir)
		both(func(s raft.LogStore) error { return s.StoreLogs(batch) })
		if i > n/2 && i < n/2+8 {
			both(func(s raft.LogStore) error { return s.DeleteRange(1, uint64(n/4)) })
			both(func(s raft.LogStore) error { return s.DeleteRange(uint64(i-2), uint64(i-1)) })
			i -= 2
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	w.files = files(t, dir)
	if end := used(w.files[w.newest()]); w.tail >= end {
		t.Fatalf("the last write is not in the newest file: it begins at %d, the file ends at %d; choose another length", w.tail, end)
	}
	return w
}

// newestUsed is where the records of the newest file end.
func newestUsed(t testing.TB, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, logDir, "*", "*.wal"))
	if err != nil || len(names) == 0 {
		t.Fatal("there are no log files: ", err)
	}
	b, err := os.ReadFile(names[len(names)-1])
	if err != nil {
		t.Fatal(err)
	}
	return used(b)
}

func (w written) logFiles() (names []string) {
	for n := range w.files {
		if strings.HasSuffix(n, ".wal") {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// used is where the records of a log file end.
func used(b []byte) int {
	off := 0
	for {
		_, size := frameSize(b, off)
		if size <= 8 {
			return off
		}
		off += size
	}
}

// put writes the files, one of them replaced, into an empty directory.
func (w written) put(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	changed := maps.Clone(w.files)
	changed[name] = b
	for n, b := range changed {
		if b == nil {
			continue
		}
		path := filepath.Join(dir, n)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// verdict opens a damaged directory: refused with the *Damage, or open and then compared with what was written.
func (w written) verdict(t testing.TB, dir string) (refused *Damage, repaired string, err error) {
	t.Helper()
	d, err := Open(Options{Dir: dir, Node: 1})
	if err != nil {
		if !errors.As(err, &refused) {
			return nil, "", fmt.Errorf("refused without naming the place: %w", err)
		}
		return refused, "", nil
	}
	defer d.Close()
	return nil, d.Opened.Repaired, difference(d.Log, w.model)
}

func flipped(b []byte, bit int) []byte {
	c := slices.Clone(b)
	c[bit/8] ^= 1 << (bit % 8)
	return c
}

// One flipped bit anywhere in the log is refused, with its place, or harmless: nothing wrong is ever served and nothing
// that was acknowledged is lost.
func TestFlippedBit(t *testing.T) {
	segmentBytes(t, 16<<10)
	w := writeLog(t, 160, 400)
	r := rand.New(rand.NewSource(3))
	for _, name := range w.logFiles() {
		b := w.files[name]
		var bits []int
		for range 60 {
			bits = append(bits, r.Intn(used(b)*8))
		}
		for range 10 {
			bits = append(bits, r.Intn(len(b)*8))
		}
		w.flipEach(t, name, bits)
	}
}

// Every bit of the frames of the first and last records of the newest file, and of every tenth between.
func TestFlippedBitInFrames(t *testing.T) {
	segmentBytes(t, 16<<10)
	w := writeLog(t, 40, 500)
	name := w.newest()
	b := w.files[name]
	var bits []int
	for n, off := 0, 0; off < used(b); n++ {
		_, size := frameSize(b, off)
		if n < 4 || n%10 == 0 || off+size == used(b) {
			for bit := range 20 * 8 {
				bits = append(bits, off*8+bit)
			}
		}
		off += size
	}
	w.flipEach(t, name, bits)
}

func (w written) flipEach(t *testing.T, name string, bits []int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "n")
	w.put(t, dir, name, w.files[name])
	path := filepath.Join(dir, name)
	exact, refusals := 0, 0
	for _, bit := range bits {
		if bit/8 >= len(w.files[name]) {
			continue
		}
		if err := os.WriteFile(path, flipped(w.files[name], bit), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := checkLog(dir); err != nil { // the same check as Open's, without opening
			var d *Damage
			if !errors.As(err, &d) || d.File == "" || d.Offset > int64(len(w.files[name])) {
				t.Errorf("%s bit %d: refused with %v", name, bit, err)
				continue
			}
			refusals++
			if d.File == name && d.Offset == int64(bit/8) {
				exact++
			}
			continue
		}
		if refused, repaired, err := w.verdict(t, dir); refused != nil || err != nil {
			t.Errorf("%s bit %d: the check passed, then: refused %v, repaired %q, %v", name, bit, refused, repaired, err)
		}
		w.put(t, dir, name, w.files[name])
	}
	if exact*10 < refusals*8 {
		t.Errorf("%s: %d of %d refusals named the very byte, want four fifths", name, exact, refusals)
	}
}

// A last write of which any part never reached the disk is cut off and that is said; all before it is there.
func TestTornWrite(t *testing.T) {
	segmentBytes(t, 64<<10)
	w := writeLog(t, 40, 3000)
	name := w.newest()
	b := w.files[name]
	end := used(b)
	r := rand.New(rand.NewSource(5))
	said := 0
	for n := range 80 {
		torn := slices.Clone(b)
		piece := []int{512, 4096}[n%2]
		for at := w.tail / piece * piece; at < end; at += piece {
			if r.Intn(3) == 0 {
				clear(torn[max(at, w.tail):min(at+piece, end)])
			}
		}
		dir := filepath.Join(t.TempDir(), "n")
		w.put(t, dir, name, torn)
		d, err := Open(Options{Dir: dir, Node: 1})
		if err != nil {
			t.Fatalf("write %d torn: %v", n, err)
		}
		last, _ := d.Log.LastIndex()
		if last < w.acked {
			t.Fatalf("write %d torn: the log ends at %d, but %d was on disk", n, last, w.acked)
		}
		want, _ := w.model.LastIndex()
		if d.Opened.Repaired != "" {
			said++
		} else if last < want && !slices.Equal(torn[w.tail:], make([]byte, len(torn)-w.tail)) && !atBoundary(torn) {
			t.Fatalf("write %d torn: entries %d to %d were cut off without a word", n, last+1, want)
		}
		w.compareUpTo(t, d.Log, last)
		w.appendAndReopen(t, d, dir, last)
	}
	if said < 25 {
		t.Errorf("%d of 80 torn writes were said", said)
	}
}

// A write that is longer than what was allocated makes the file longer; killed in the middle, the file ends there.
func TestTornLongWrite(t *testing.T) {
	segmentBytes(t, 64<<10)
	dir := t.TempDir()
	d := openTest(t, dir)
	if err := errors.Join(d.Log.StoreLog(&raft.Log{Index: 1, Term: 1, Data: []byte("short")}), d.Close()); err != nil {
		t.Fatal(err)
	}
	w := written{files: files(t, dir)}
	name := w.newest()
	begin := used(w.files[name])
	d = openTest(t, dir)
	long := &raft.Log{Index: 2, Term: 1, Data: bytes.Repeat([]byte("long"), 50_000)}
	if err := errors.Join(d.Log.StoreLog(long), d.Close()); err != nil {
		t.Fatal(err)
	}
	whole := files(t, dir)[name] // the next file has been begun
	for cut := begin/4096*4096 + 4096; cut < len(whole); cut += 4096 {
		b := append(slices.Clone(whole[:cut]), make([]byte, max(0, 64<<10-cut))...)
		w.put(t, dir, name, b)
		d := openTest(t, dir)
		if last, _ := d.Log.LastIndex(); last != 1 || d.Opened.Repaired == "" {
			t.Fatalf("cut at %d: the log ends at %d, repaired %q", cut, last, d.Opened.Repaired)
		}
		if err := errors.Join(d.Log.StoreLog(long), d.Close()); err != nil {
			t.Fatal(err)
		}
		d = openTest(t, dir)
		if last, _ := d.Log.LastIndex(); last != 2 || d.Opened.Repaired != "" {
			t.Fatalf("cut at %d and written again: the log ends at %d, repaired %q", cut, last, d.Opened.Repaired)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// atBoundary says that what is left of a torn write ends like a whole one.
func atBoundary(b []byte) bool { return zero(b[used(b):]) }

func (w written) newest() string { n := w.logFiles(); return n[len(n)-1] }

func (w written) compareUpTo(t *testing.T, l *Log, last uint64) {
	t.Helper()
	first, _ := l.FirstIndex()
	var a, b raft.Log
	for i := first; i <= last; i++ {
		if err := errors.Join(l.GetLog(i, &a), w.model.GetLog(i, &b)); err != nil || !sameEntry(&a, &b) {
			t.Fatalf("entry %d is %v, want %v (%v)", i, a, b, err)
		}
	}
}

// appendAndReopen shows that a repaired log can be written and read again.
func (w written) appendAndReopen(t *testing.T, d *Drive, dir string, last uint64) {
	t.Helper()
	if err := errors.Join(d.Log.StoreLog(&raft.Log{Index: last + 1, Term: 99, Data: []byte("new")}), d.Close()); err != nil {
		t.Fatal(err)
	}
	d = openTest(t, dir)
	defer d.Close()
	var e raft.Log
	if err := d.Log.GetLog(last+1, &e); err != nil || string(e.Data) != "new" {
		t.Fatalf("after the repair entry %d is %v, %v", last+1, e, err)
	}
	if d.Opened.Repaired != "" {
		t.Fatalf("it was repaired twice: %s", d.Opened.Repaired)
	}
}

// A log file that lost its end is refused: only what was allocated, never what was written, may be missing.
func TestCutShort(t *testing.T) {
	segmentBytes(t, 16<<10)
	w := writeLog(t, 160, 400)
	r := rand.New(rand.NewSource(9))
	dir := filepath.Join(t.TempDir(), "n")
	for _, name := range w.logFiles() {
		b := w.files[name]
		cuts := []int{0, 8, len(b) - 1}
		for off := 0; off < used(b); { // at the end of every record, where it looks whole
			_, size := frameSize(b, off)
			off += size
			if off < len(b) {
				cuts = append(cuts, off)
			}
		}
		for range 30 {
			cuts = append(cuts, r.Intn(len(b)))
		}
		for _, cut := range cuts {
			w.put(t, dir, name, b[:cut])
			if refused, _, err := w.verdict(t, dir); refused == nil {
				t.Errorf("%s cut at %d of %d was opened: %v", name, cut, len(b), err)
			}
		}
	}
}

// A missing file is refused, apart from the newest one, which a crash may have kept from being made.
func TestMissingFile(t *testing.T) {
	segmentBytes(t, 16<<10)
	w := writeLog(t, 160, 400)
	names := w.logFiles()
	if len(names) < 3 {
		t.Fatalf("the log has only %d files", len(names))
	}
	dir := filepath.Join(t.TempDir(), "n")
	for _, name := range names[:len(names)-1] {
		w.put(t, dir, name, nil)
		if refused, _, err := w.verdict(t, dir); refused == nil && err != nil {
			t.Errorf("without %s: %v", name, err)
		} else if refused == nil {
			t.Errorf("without %s it was opened", name)
		}
	}
}

// Opening that is cut short by a crash, when etcd's code has truncated the newest file and not yet allocated it again.
func TestCrashWhileOpening(t *testing.T) {
	segmentBytes(t, 16<<10)
	w := writeLog(t, 160, 400)
	name := w.newest()
	dir := filepath.Join(t.TempDir(), "n")
	w.put(t, dir, name, w.files[name][:used(w.files[name])])
	if err := os.WriteFile(filepath.Join(dir, logDir, openingFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if refused, repaired, err := w.verdict(t, dir); refused != nil || repaired != "" || err != nil {
		t.Fatalf("refused %v, repaired %q, %v", refused, repaired, err)
	}
	if refused, _, err := w.verdict(t, dir); refused != nil || err != nil {
		t.Fatalf("the second time: refused %v, %v", refused, err)
	}
}

// The sentence names file and byte and what to do.
func TestDamageIsASentence(t *testing.T) {
	d := &Damage{"log/x.wal", 77, "a record does not match its checksum"}
	want := "log/x.wal is damaged at byte 77: a record does not match its checksum; wipe this node and let it join again as a new member, or put the file back from a copy"
	if d.Error() != want {
		t.Error(d)
	}
}
