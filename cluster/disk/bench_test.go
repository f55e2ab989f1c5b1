package disk

import (
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
)

// BenchmarkAppend stores entries of 256 bytes, in batches of 1 and 64, with and without fsync.
func BenchmarkAppend(b *testing.B) {
	for _, sync := range []bool{true, false} {
		for _, size := range []int{1, 64} {
			b.Run(fmt.Sprintf("sync=%t/batch=%d", sync, size), func(b *testing.B) { benchAppend(b, sync, size) })
		}
	}
}

func benchAppend(b *testing.B, sync bool, size int) {
	d, err := Open(Options{Dir: b.TempDir(), Sync: sync})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	next, data := uint64(1), make([]byte, 256)
	b.SetBytes(int64(size * len(data)))
	for b.Loop() {
		batch := make([]*raft.Log, size)
		for i := range batch {
			batch[i] = &raft.Log{Index: next, Term: 1, Data: data}
			next++
		}
		if err := d.Log.StoreLogs(batch); err != nil {
			b.Fatal(err)
		}
		if next%8192 > 8000 && next > 8192 { // as a node with snapshots does
			first, _ := d.Log.FirstIndex()
			if err := d.Log.DeleteRange(first, next-512); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkOpen opens the directory of a node with 2,000 entries.
func BenchmarkOpen(b *testing.B) {
	w := writeLog(b, 2000, 300)
	dir := b.TempDir()
	w.put(b, dir, w.newest(), w.files[w.newest()])
	for b.Loop() {
		d, err := Open(Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
