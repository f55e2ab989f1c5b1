package disk

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.etcd.io/raft/v3/raftpb"
)

// Log is raft.LogStore on etcd's write-ahead log: one fsync a StoreLogs, a rolling checksum over every record.
//
// All entries since the last compaction are kept in memory, about 130 bytes and the data each. What bounds them is the
// node's snapshot threshold plus its trailing logs, times the size of a request (1.5 MiB at most); a node that wants a
// tighter bound takes a snapshot when Bytes grows beyond it.
type Log struct {
	o        Options
	dir      string
	repaired string

	// One writes at a time. Never held across a sleep in a bubble, whose clock that would stop for ever.
	writing    sync.Mutex
	generation uint64
	w          *wal.WAL
	number     uint64 // of the last write
	failed     bool   // a write that nobody waited for did not reach the disk

	// What is kept for readers, who do not wait for the disk. Only a writer changes it, and may read it without the lock.
	mu      sync.RWMutex
	based   bool       // base counts
	base    uint64     // entries up to here are gone
	entries []raft.Log // base+1 …
	bytes   int64

	unsynced atomic.Pointer[ahead] // what is kept already and still being written; nil: nothing
}

var (
	_ raft.LogStore          = (*Log)(nil)
	_ raft.MonotonicLogStore = (*Log)(nil)
)

// openLog opens what checkLog found; nil: a new log.
func openLog(o Options, found *scan) (*Log, error) {
	l := &Log{o: o, dir: filepath.Join(o.Dir, logDir)}
	if err := l.load(found); err != nil {
		return nil, fmt.Errorf("the log in %s cannot be opened: %w", l.dir, err)
	}
	return l, nil
}

// IsMonotonic tells raft that entries have no gaps, so that it clears the log when it installs a snapshot.
func (l *Log) IsMonotonic() bool { return true }

// FirstIndex is that of the first entry kept, 0 when there is none.
func (l *Log) FirstIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.entries) == 0 {
		return 0, nil
	}
	return l.base + 1, nil
}

// LastIndex is that of the last entry, 0 when there is none.
func (l *Log) LastIndex() (uint64, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.last(), nil
}

func (l *Log) last() uint64 {
	if len(l.entries) == 0 {
		return 0
	}
	return l.base + uint64(len(l.entries))
}

// Bytes is the size of the data of all entries kept.
func (l *Log) Bytes() int64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.bytes
}

// GetLog reads an entry, or gives raft.ErrLogNotFound.
func (l *Log) GetLog(index uint64, to *raft.Log) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if index <= l.base || index > l.base+uint64(len(l.entries)) {
		return raft.ErrLogNotFound
	}
	*to = l.entries[index-l.base-1]
	return nil
}

// LastForStore is the last entry at or before index that raft hands to the state machine (a command or a configuration),
// or 0 if the log keeps none: then a snapshot has it. Raft tells its state machine nothing of no-ops and barriers, so who
// waits for the store to have applied index, which must be committed here, waits for this one.
func (l *Log) LastForStore(index uint64) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for i := min(index, l.last()); i > l.base; i-- {
		switch l.entries[i-l.base-1].Type {
		case raft.LogCommand, raft.LogConfiguration:
			return i
		case raft.LogNoop, raft.LogBarrier, raft.LogAddPeerDeprecated, raft.LogRemovePeerDeprecated:
		}
	}
	return 0
}

// StoreLog appends one entry.
func (l *Log) StoreLog(entry *raft.Log) error { return l.StoreLogs([]*raft.Log{entry}) }

// StoreLogs appends entries with one fsync; they are on disk when it returns. Entries that are there already from the
// first index on are replaced.
func (l *Log) StoreLogs(entries []*raft.Log) error {
	if len(entries) == 0 {
		return nil
	}
	l.o.Fence.beforeLog()
	began := time.Now()
	l.sleep()
	n, err := l.append(entries)
	if err != nil {
		return l.giveUp(err)
	}
	l.o.Fence.afterLog()
	l.tellKept(entries)
	l.tellSynced(entries[len(entries)-1].Index, n, time.Since(began))
	return nil
}

// sleep is what the slow disk adds to a write.
func (l *Log) sleep() {
	if d := l.o.Delay(); d > 0 {
		time.Sleep(d)
		l.o.Fence.pass()
	}
}

var errOrder = errors.New("entries must follow the log without a gap")

// giveUp ends the goroutine after a failed write. On an error raft's leader would step down with entries half written and
// its follower would go on with a wrong idea of its last entry; dying is honest and recovery knows how to deal with it.
func (l *Log) giveUp(err error) error {
	if errors.Is(err, errOrder) {
		return err
	}
	l.o.Fence.Arm(event.Now)
	l.o.Failed(fmt.Errorf("the log of %s could not be written: %w; free some space and restart the node", l.o.Node, err))
	runtime.Goexit()
	return nil
}

func (l *Log) append(entries []*raft.Log) (bytes int64, err error) {
	l.lock()
	defer l.writing.Unlock()
	records, bytes, err := l.prepare(entries)
	if err != nil {
		return 0, err
	}
	if err := l.save(records); err != nil {
		return 0, err
	}
	l.keep(entries[0].Index, entries)
	return bytes, nil
}

// prepare checks that entries may stand where they are to stand, and encodes them as one write.
func (l *Log) prepare(entries []*raft.Log) (records []*raftpb.Entry, bytes int64, err error) {
	first := entries[0].Index
	for i, e := range entries {
		if e.Index != first+uint64(i) {
			return nil, 0, fmt.Errorf("%w: %d comes after %d", errOrder, e.Index, entries[i-1].Index)
		}
	}
	if err := l.makeRoom(first); err != nil {
		return nil, 0, err
	}
	l.number++
	records = make([]*raftpb.Entry, len(entries))
	for i, e := range entries {
		if records[i], err = encodeEntry(e, write{l.number, uint64(len(entries) - 1 - i)}); err != nil {
			return nil, 0, err
		}
		bytes += int64(len(e.Data))
	}
	return records, bytes, nil
}

// save writes records with one fsync.
func (l *Log) save(records []*raftpb.Entry) error {
	if err := guard(func() error { return l.w.Save(nil, records) }); err != nil {
		return err
	}
	l.synced()
	return nil
}

// synced notes that all writes so far are on disk.
func (l *Log) synced() { l.o.witness.log(l.generation, l.number) }

// makeRoom checks that an entry may stand at first, and rebases an empty log.
func (l *Log) makeRoom(first uint64) error {
	if len(l.entries) > 0 {
		if first <= l.base || first > l.last()+1 {
			return fmt.Errorf("%w: %d does not follow %d to %d", errOrder, first, l.base+1, l.last())
		}
		return nil
	}
	if first == 0 {
		return fmt.Errorf("%w: the first entry is 1", errOrder)
	}
	if l.based && first == l.base+1 {
		return nil
	}
	if l.based && first <= l.base {
		if err := l.renew(); err != nil {
			return err
		}
	}
	if first > 1 {
		if err := l.mark(first-1, 0); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.base, l.based = first-1, true
	return nil
}

// keep puts entries in the place of those from first on.
func (l *Log) keep(first uint64, entries []*raft.Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries[first-l.base-1:] {
		l.bytes -= int64(len(e.Data))
	}
	clear(l.entries[first-l.base-1:])
	l.entries = l.entries[:first-l.base-1]
	for _, e := range entries {
		l.entries = append(l.entries, *e)
		l.bytes += int64(len(e.Data))
	}
}

// DeleteRange forgets entries from first to last: a prefix (compaction), a suffix (conflict with a leader) or all (a
// snapshot was installed, told as Compacted).
func (l *Log) DeleteRange(first, last uint64) error {
	l.o.Fence.pass()
	l.sleep()
	e, err := l.delete(first, last)
	if err != nil {
		return l.giveUp(err)
	}
	if e.Kind != event.KindNone {
		l.o.Tap(e)
	}
	return nil
}

func (l *Log) delete(first, last uint64) (e event.Event, err error) {
	l.lock()
	defer l.writing.Unlock()
	have := l.last()
	if have == 0 || last <= l.base || first > have || first > last {
		return e, nil
	}
	switch {
	case first <= l.base+1 && last >= have:
		return event.Event{Kind: event.Compacted, Node: l.o.Node, Index: have + 1}, l.renew()
	case last >= have:
		return event.Event{Kind: event.Truncated, Node: l.o.Node, Index: first}, l.truncate(first)
	case first <= l.base+1:
		return event.Event{Kind: event.Compacted, Node: l.o.Node, Index: last + 1}, l.compact(last)
	}
	return e, fmt.Errorf("%w: %d to %d cannot be cut out of %d to %d", errOrder, first, last, l.base+1, have)
}

// truncate cuts off the end: etcd's log replays a repeated entry as "everything behind it is gone".
func (l *Log) truncate(first uint64) error {
	l.number++
	again, err := encodeEntry(&l.entries[first-l.base-2], write{number: l.number})
	if err != nil {
		return err
	}
	if err := guard(func() error { return l.w.Save(nil, []*raftpb.Entry{again}) }); err != nil {
		return err
	}
	l.synced()
	l.keep(first, nil)
	return nil
}

// compact drops the beginning up to last.
func (l *Log) compact(last uint64) error {
	n := last - l.base
	if err := l.mark(last, l.entries[n-1].Term); err != nil {
		return err
	}
	l.forget(int(n))
	return l.purge()
}

// forget drops the first n entries.
func (l *Log) forget(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries[:n] {
		l.bytes -= int64(len(e.Data))
	}
	l.entries = append(make([]raft.Log, 0, len(l.entries)-n+64), l.entries[n:]...)
	l.base += uint64(n)
}

func (l *Log) tellKept(entries []*raft.Log) {
	for _, e := range entries {
		l.o.Tap(l.fact(e))
	}
}

func (l *Log) tellSynced(last uint64, bytes int64, took time.Duration) {
	l.o.Tap(event.Event{Kind: event.Fsynced, Node: l.o.Node, Index: last, N: bytes, Took: event.Micros(took.Microseconds())})
}

// EntryType is raft's type of an entry in the words of events.
func EntryType(t raft.LogType) event.EntryType {
	switch t {
	case raft.LogCommand:
		return event.EntryCommand
	case raft.LogNoop:
		return event.EntryNoop
	case raft.LogConfiguration:
		return event.EntryConfiguration
	case raft.LogBarrier:
		return event.EntryBarrier
	case raft.LogAddPeerDeprecated, raft.LogRemovePeerDeprecated:
	}
	return event.EntryNone
}

// Close ends the log's goroutine and closes its files.
func (l *Log) Close() error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if l.w == nil {
		return nil
	}
	err := guard(l.w.Close)
	l.w = nil
	return err
}

// Fact is the Appended event of an entry that is kept.
func (l *Log) Fact(index uint64) (event.Event, error) {
	var e raft.Log
	if err := l.GetLog(index, &e); err != nil {
		return event.Event{}, err
	}
	return l.fact(&e), nil
}

func (l *Log) fact(e *raft.Log) event.Event {
	op, label := l.o.Describe(e)
	return event.Event{Kind: event.Appended, Node: l.o.Node, Index: e.Index, Term: e.Term, Entry: EntryType(e.Type),
		Op: op, Text: label, N: int64(len(e.Data))}
}
