package node

import (
	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/disk"
)

// ahead is the log as raft sees it. A leader that is a process sends requests to its followers while they are on their way to
// its own disk, as etcd does, so that a client waits for one fsync's time and not for two. Raft takes its own copy for safe
// before it is. So whatever a commit brings about waits for that copy: see committed and everything that asks it, the clamps
// of wire and pipe, machine.Apply and served, and cluster/DESIGN.md for why that is enough.
type ahead struct {
	*disk.Log
	n *Node
}

// StoreLogs appends entries. Raft is the leader here only while it writes entries of its own.
func (a ahead) StoreLogs(entries []*raft.Log) error {
	if a.n.o.Batch && a.n.ready.Load() && a.n.raft.State() == raft.Leader && commands(entries) {
		return a.Log.StoreAhead(entries)
	}
	return a.Log.StoreLogs(entries)
}

// commands says that the entries are requests to the store. The others change the engine itself, which does not wait.
func commands(entries []*raft.Log) bool {
	for _, e := range entries {
		if e.Type != raft.LogCommand {
			return false
		}
	}
	return true
}

// committed is up to where everything is committed, with this node's copy on disk.
func (n *Node) committed() uint64 { return n.drive.Log.OnDisk(n.raft.CommitIndex()) }

// clamp has a request tell no more than that.
func (n *Node) clamp(q *raft.AppendEntriesRequest) {
	if safe := n.drive.Log.OnDisk(q.LeaderCommitIndex); safe < q.LeaderCommitIndex {
		q.LeaderCommitIndex = safe
	}
}
