package node

// EngineCommit is what the engine takes for committed, this node's own copy counted before it is on disk.
func (n *Node) EngineCommit() uint64 { return n.raft.CommitIndex() }

// LastStored is the last entry in the log.
func (n *Node) LastStored() uint64 {
	last, _ := n.drive.Log.LastIndex() // it is in memory
	return last
}
