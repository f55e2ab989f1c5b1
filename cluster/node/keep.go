package node

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// openDisk opens what the machine keeps: log, term and vote, snapshots and store.
func (n *Node) openDisk() (err error) {
	describe := store.Describe
	if n.o.Batch && !n.o.Watched {
		describe = nil // nobody reads what an entry is called
	}
	n.drive, err = disk.Open(disk.Options{Dir: n.o.Dir, Node: n.o.ID, Sync: !n.o.NoSync, Tap: n.heardDisk, Describe: describe,
		Delay: n.o.FsyncDelay, Fence: n.o.Fence, Failed: n.o.Failed, Witness: n.o.Witness})
	if err != nil {
		return err
	}
	n.store, err = store.Open(store.Options{Dir: n.drive.StoreDir(), Node: n.o.ID, Member: n.o.Member, Sync: !n.o.NoSync, Tap: n.o.Tap, Failed: n.o.Failed,
		Quota: n.o.Quota, Request: n.o.Request, Tokens: n.o.Tokens, TokenTTL: n.o.TokenTTL, Batch: n.o.Batch, Cluster: n.o.Cluster, CertAuth: n.o.CertAuth, Place: n.place(), Fatal: n.o.Fatal, Synced: n.synced()})
	if err == nil {
		n.snapshot, err = n.findSnapshot()
	}
	if err != nil {
		return errors.Join(err, n.drive.Close())
	}
	return nil
}

// synced notes what of the store is on disk, if there is a note.
func (n *Node) synced() func() {
	if n.o.Witness == "" {
		return nil
	}
	return n.drive.StoreSynced
}

// place reads addresses for the store, if they are Places.
func (n *Node) place() func(raft.ServerAddress) (uint64, []string, error) {
	if !n.o.Places {
		return nil
	}
	return func(a raft.ServerAddress) (uint64, []string, error) {
		p, err := ParsePlace(a)
		return p.Member, p.URLs, err
	}
}

func (n *Node) closeDisk() error { return errors.Join(n.store.Close(), n.drive.Close()) }

// heardDisk passes on what the disk says and notes what the node must know of its log.
func (n *Node) heardDisk(e event.Event) {
	n.note(e)
	n.observe()
	n.o.Tap(e)
}

func (n *Node) note(e event.Event) {
	if e.Kind == event.Truncated || e.Kind == event.Compacted {
		n.reconfigured.Store(true)
	}
	if e.Kind != event.Appended {
		return
	}
	if n.drive != nil && n.drive.Log.Bytes() > MaxLogBytes && n.ready.Load() && n.shrinking.CompareAndSwap(false, true) {
		go n.shrink()
	}
	switch e.Entry {
	case event.EntryNoop:
		n.first.Store(&position{e.Index, e.Term})
	case event.EntryConfiguration:
		n.configured.Store(e.Index)
		n.reconfigured.Store(true)
	case event.EntryNone, event.EntryCommand, event.EntryBarrier:
	}
}

// tellLog says what the log on disk holds beyond what is known of it, and that the process runs with it. An entry can be
// on disk unheard of: the node died right after its fsync.
func (n *Node) tellLog() {
	first, _ := n.drive.Log.FirstIndex()
	last, _ := n.drive.Log.LastIndex()
	term, _ := n.drive.Stable.GetUint64([]byte("CurrentTerm")) // raft's name for it; 0 on a new disk
	if n.snapshot != nil {
		n.tap(event.Event{Kind: event.SnapshotTaken, Index: n.snapshot.Index, LogTerm: n.snapshot.Term, N: n.snapshot.Size})
	}
	k := n.o.Known
	if knownLast := k.First + uint64(len(k.Terms)); len(k.Terms) > 0 && last+1 < knownLast {
		n.tap(event.Event{Kind: event.Truncated, Index: last + 1})
	}
	for i := first; i != 0 && i <= last; i++ {
		var l raft.Log
		if err := n.drive.Log.GetLog(i, &l); err != nil {
			break
		}
		op, label := store.Describe(&l)
		e := event.Event{Kind: event.Appended, Index: i, Term: l.Term, Entry: disk.EntryType(l.Type), Op: op, Text: label, N: int64(len(l.Data))}
		n.note(e)
		if i < k.First || i >= k.First+uint64(len(k.Terms)) || k.Terms[i-k.First] != e.Term {
			n.tap(e)
		}
	}
	n.seen.term = term
	n.tap(event.Event{Kind: event.Started, Term: term, Index: max(last, n.snapshotAt.Load())})
	if applied := n.store.Applied(); applied > n.snapshotAt.Load() { // what its store has was committed
		n.tap(event.Event{Kind: event.Committed, Index: applied})
	}
	n.tap(event.Event{Kind: event.Applied, Index: n.store.Applied(), Rev: n.store.Revision()})
}

// findSnapshot looks for the newest snapshot on disk.
func (n *Node) findSnapshot() (*raft.SnapshotMeta, error) {
	if err := n.drive.Coherent(); err != nil {
		return nil, err
	}
	ms, err := n.drive.Snapshots.List()
	if err != nil || len(ms) == 0 {
		return nil, err
	}
	n.snapshotAt.Store(ms[0].Index)
	return ms[0], nil
}

// shrink takes a snapshot because the log, which is in memory too, has grown too large.
func (n *Node) shrink() {
	defer n.shrinking.Store(false)
	n.takeSnapshot(SnapshotInterval, n.recent())
}

// recent is how many entries the newest half of MaxLogBytes are: followers that are only a little behind still need them. A
// room, where people want to see a snapshot on its way, keeps none.
func (n *Node) recent() (count uint64) {
	if !n.o.Batch {
		return 0
	}
	last, _ := n.drive.Log.LastIndex() // it is in memory
	size := 0
	for i := last; i > 0; i-- {
		var l raft.Log
		if n.drive.Log.GetLog(i, &l) != nil {
			break
		}
		if size += len(l.Data); size > MaxLogBytes/2 {
			break
		}
		count++
	}
	return count
}

// Freeze keeps the store's file as a crash at this instant finds it; the node's fence is closed.
func (n *Node) Freeze() error { return n.store.Freeze() }

// Hash is that of the store at its newest revision.
func (n *Node) Hash() (sum uint32, revision int64, err error) { return n.store.Hash(0) }

// Shutdown ends the node properly: everything is flushed. It blocks.
func (n *Node) Shutdown() error {
	return n.end(n.closeDisk)
}

// Crash ends the node and leaves on disk what a crash at this instant leaves; its fence is closed. It blocks.
func (n *Node) Crash() error {
	return n.end(func() error { return errors.Join(n.store.Crash(), n.drive.Close()) })
}

func (n *Node) end(closing func() error) error {
	err := n.raft.Shutdown().Error()
	if e := closing(); e != nil {
		err = errors.Join(err, fmt.Errorf("%v: closing its files: %w", n.o.ID, e))
	}
	return err
}
