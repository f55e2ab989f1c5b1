package node

import (
	"io"

	"github.com/hashicorp/raft"
)

// marked is a snapshot that holds nothing but its place in the log: in a process of its own the store is on disk by itself
// up to there, so a copy of it every ten thousand entries would only wear the disk out (etcd does the same).
type marked struct{}

// Persist writes nothing.
func (marked) Persist(sink raft.SnapshotSink) error { return sink.Close() }

// Release has nothing to release.
func (marked) Release() {}

// Snapshot has the store put on disk what was applied, and copies it where a snapshot is to hold it.
func (m machine) Snapshot() (raft.FSMSnapshot, error) {
	s, err := m.Store.Snapshot()
	if err != nil || !m.n.o.Batch {
		return s, err
	}
	s.Release()
	return marked{}, nil
}

// Open gives a snapshot's content. One that only marks a place is the store as it is now, for a follower that is far
// behind: that may be further than the place, and then the store there skips the entries between, as after a restart.
func (s snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	meta, r, err := s.SnapshotStore.Open(id)
	if err != nil || meta.Size > 0 || !s.n.o.Batch {
		return meta, r, err
	}
	if err := r.Close(); err != nil {
		return nil, nil, err
	}
	now := *meta
	var content io.ReadCloser
	now.Size, content = s.n.store.Content()
	return &now, content, nil
}
