package disk

import "github.com/hashicorp/raft"

// fencedSnapshots is hashicorp/raft's file snapshot store behind the fence: a dead node finishes no snapshot.
type fencedSnapshots struct {
	raft.SnapshotStore
	fence *Fence
}

func (s fencedSnapshots) Create(version raft.SnapshotVersion, index, term uint64, c raft.Configuration, cIndex uint64, t raft.Transport) (raft.SnapshotSink, error) {
	s.fence.pass()
	sink, err := s.SnapshotStore.Create(version, index, term, c, cIndex, t)
	if err != nil {
		return nil, err
	}
	return fencedSink{sink, s.fence}, nil
}

type fencedSink struct {
	raft.SnapshotSink
	fence *Fence
}

// Close makes the snapshot valid.
func (s fencedSink) Close() error {
	s.fence.pass()
	return s.SnapshotSink.Close()
}
