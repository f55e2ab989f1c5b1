package disk

import (
	"fmt"

	"github.com/hashicorp/raft"
)

// Covered refuses a disk whose log begins behind what its newest snapshot holds: that snapshot, or what says what it is,
// was damaged or lost, and raft would look in vain for the entries between. Call it before raft is made.
func (d *Drive) Covered() error {
	d.Log.mu.RLock()
	gone := d.Log.base
	d.Log.mu.RUnlock()
	found, err := d.Snapshots.List()
	if err != nil {
		return fmt.Errorf("the snapshots in %s cannot be read: %w", d.dir, err)
	}
	if gone == 0 || len(found) > 0 && found[0].Index >= gone {
		return nil
	}
	return &Damage{snapshotDir, 0, fmt.Sprintf("the log begins behind entry %d, and no snapshot that can be read goes that far", gone)}
}

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
