package node

import (
	"time"

	"github.com/hashicorp/raft"
)

// Timing of the engine, where it is not a room's.
type Timing struct {
	Heartbeat time.Duration // how often a leader is heard
	Election  time.Duration // without it for about so long a follower stands for election
	Snapshot  uint64        // entries until the next snapshot
	Trailing  uint64        // entries kept behind it
}

// apply sets the engine's own times. It hears a leader every H/10 to H/5, and a follower stands for election H to 3H after
// the last contact, where etcd's does E to 2E after it; so H is 0.7 E, or more if the heartbeats are to be rarer.
func (t Timing) apply(c *raft.Config) {
	if t.Election > 0 {
		h := max(t.Election*7/10, t.Heartbeat*20/3)
		c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = h, h, h*5/7
		c.CommitTimeout = min(c.CommitTimeout, t.Heartbeat)
		c.MaxAppendEntries = maxAppendEntries
	}
	if t.Snapshot > 0 {
		c.SnapshotThreshold, c.TrailingLogs, c.SnapshotInterval = t.Snapshot, t.Trailing, snapshotLook
	}
}

// snapshotLook is how often, at least, the engine looks whether it is time for a snapshot.
const snapshotLook = time.Second

// maxAppendEntries of one message between processes. Messages are bounded by MaxBatchBytes an entry as well.
const maxAppendEntries = 64
