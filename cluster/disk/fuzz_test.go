package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whatever one flipped bit or one lost end does to the log: all entries that were on disk are there, or the node refuses.
func FuzzRecovery(f *testing.F) {
	segmentBytes(f, 16<<10)
	w := writeLog(f, 100, 400)
	names := w.logFiles()
	for i := range names {
		f.Add(uint8(i), uint32(8), uint8(0), false)
		f.Add(uint8(i), uint32(3000), uint8(7), false)
		f.Add(uint8(i), uint32(3000), uint8(0), true)
	}
	dir := filepath.Join(f.TempDir(), "n")
	f.Fuzz(func(t *testing.T, file uint8, at uint32, bit uint8, cut bool) {
		name := names[int(file)%len(names)]
		b := w.files[name]
		at %= uint32(len(b))
		if cut {
			w.put(t, dir, name, b[:at])
		} else {
			w.put(t, dir, name, flipped(b, int(at)*8+int(bit%8)))
		}
		if refused, repaired, err := w.verdict(t, dir); refused == nil && err != nil {
			t.Errorf("%s at %d: opened (%q), but %v", name, at, repaired, err)
		}
	})
}

// Arbitrary bytes as the newest log file never panic, and what is refused is refused with its place.
func FuzzScan(f *testing.F) {
	segmentBytes(f, 8<<10)
	w := writeLog(f, 30, 200)
	name := w.newest()
	f.Add(w.files[name])
	f.Add(w.files[name][:used(w.files[name])])
	f.Add([]byte{})
	dir := filepath.Join(f.TempDir(), "n")
	w.put(f, dir, name, w.files[name])
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
		var d *Damage
		if _, err := checkLog(dir); err != nil && !errors.As(err, &d) {
			t.Errorf("refused without naming the place: %v", err)
		}
	})
}
