package disk

import (
	"math"
	"runtime"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/raft/v3/raftpb"
)

// ahead is a write that readers of the log see before it is on disk.
type ahead struct {
	first uint64        // of its entries
	done  chan struct{} // closed when they are on disk, or never will be: then the fence is closed
}

// StoreAhead appends entries as StoreLogs does, but returns when GetLog finds them, while they are still being written. OnDisk
// tells how far the disk is, Await waits for it. One such write is under way at a time: whatever else is to be written,
// term and vote included, and whatever is to be removed waits for its end.
func (l *Log) StoreAhead(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	l.o.Fence.beforeLog()
	l.lock()
	records, bytes, err := l.prepare(entries)
	if err != nil {
		l.writing.Unlock()
		return l.giveUp(err)
	}
	a := &ahead{first: entries[0].Index, done: make(chan struct{})}
	l.unsynced.Store(a)
	l.keep(a.first, entries)
	l.tellKept(entries)
	go l.finish(a, records, entries[len(entries)-1].Index, bytes)
	return nil
}

// finish writes what StoreAhead has let readers see. It holds the lock for writing until it ends.
func (l *Log) finish(a *ahead, records []*raftpb.Entry, last uint64, bytes int64) {
	defer close(a.done)
	defer l.writing.Unlock()
	began := time.Now()
	l.sleep()
	if err := l.save(records); err != nil {
		l.failed = true
		_ = l.giveUp(err) // the entries stay what is not on disk
	}
	l.o.Fence.afterLog()
	l.tellSynced(last, bytes, time.Since(began))
	l.unsynced.Store(nil)
}

// lock waits for the write that is under way. If that failed it ends the goroutine: nothing may be written behind a hole.
func (l *Log) lock() {
	l.writing.Lock()
	if l.failed {
		l.writing.Unlock()
		runtime.Goexit()
	}
}

// OnDisk is index, or the entry before the first one that is not on disk yet.
func (l *Log) OnDisk(index uint64) uint64 {
	if a := l.unsynced.Load(); a != nil {
		return min(index, a.first-1)
	}
	return index
}

// Await waits until the entries up to index, which have been stored, are on disk. If they never will be it ends the
// goroutine, as everything that writes does.
func (l *Log) Await(index uint64) {
	if a := l.unsynced.Load(); a != nil && a.first <= index {
		<-a.done
		l.o.Fence.pass()
	}
}

// Settle waits until all that was stored is on disk.
func (l *Log) Settle() {
	if l != nil {
		l.Await(math.MaxUint64)
	}
}
