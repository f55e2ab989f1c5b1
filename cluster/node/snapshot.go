package node

import (
	"io"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// machine is the store as raft sees it: it tells of snapshots before what they hold counts as applied.
type machine struct {
	*store.Store
	n *Node
}

// Apply applies an entry. That it is committed is told first: nobody shall be seen to apply, or to answer, what it does not know
// to be committed. In a process of its own there is no world that comes to rest either, so this is when a commit shows.
func (m machine) Apply(l *raft.Log) any {
	if m.n.o.Batch {
		m.n.drive.Log.Await(l.Index)
	}
	m.n.Observe()
	if m.n.o.Batch {
		m.n.tellCommit()
	}
	return m.Store.Apply(l)
}

// StoreConfiguration keeps a committed configuration, and is such a moment too.
func (m machine) StoreConfiguration(index uint64, c raft.Configuration) {
	m.n.Observe()
	m.Store.StoreConfiguration(index, c)
}

func (m machine) Restore(from io.ReadCloser) error {
	e := event.Event{Kind: event.SnapshotInstalled}
	if q := m.n.arriving.Load(); q != nil {
		e.Index, e.LogTerm, e.Peer = q.LastLogIndex, q.LastLogTerm, nodeAt(q.Addr)
	} else if own := m.n.snapshot; own != nil { // on starting, where the store died while it installed one
		e.Index, e.LogTerm = own.Index, own.Term
	}
	m.n.reconfigured.Store(true)
	m.n.snapshotAt.Store(e.Index)
	if err := m.Store.Restore(from); err != nil {
		return err // it is not installed
	}
	e.Rev = m.Store.Revision()
	m.n.tap(e)
	return nil
}

// snapshots tells of the snapshots that this node takes.
type snapshots struct {
	raft.SnapshotStore
	n *Node
}

func (s snapshots) Create(v raft.SnapshotVersion, index, term uint64, c raft.Configuration, ci uint64, t raft.Transport) (raft.SnapshotSink, error) {
	k, err := s.SnapshotStore.Create(v, index, term, c, ci, t)
	if err != nil || index > s.n.store.Applied() {
		return k, err // one that a leader sends: served tells when it is installed
	}
	return &sink{SnapshotSink: k, n: s.n, fact: event.Event{Kind: event.SnapshotTaken, Index: index, LogTerm: term}}, nil
}

type sink struct {
	raft.SnapshotSink
	n    *Node
	fact event.Event
	told bool
}

func (s *sink) Write(b []byte) (int, error) {
	n, err := s.SnapshotSink.Write(b)
	s.fact.N += int64(n)
	return n, err
}

func (s *sink) Close() error {
	err := s.SnapshotSink.Close()
	if err == nil && !s.told { // the store closes it, and raft once more
		s.told = true
		s.n.snapshotAt.Store(s.fact.Index)
		s.n.tap(s.fact)
	}
	return err
}
