package node

import (
	"github.com/hashicorp/raft"
)

// guard stands before raft for what may arrive late, twice or in another order here, where messages can be held: the
// engine trusts its connections more than that. It answers what the paper lets it answer, and passes on the rest.
func (n *Node) guard(request any) (pass, response any) {
	switch q := request.(type) {
	case *raft.InstallSnapshotRequest:
		return n.guardSnapshot(q)
	case *raft.AppendEntriesRequest:
		return n.guardEntries(q), nil
	}
	return request, nil
}

// guardSnapshot keeps from raft a snapshot that brings nothing. The engine installs whatever comes: one that was under way
// for long would take the store back in time and throw away entries behind it that this node has acknowledged. The paper
// keeps them (Figure 13, step 6); so do we, by answering that it is installed, which it is.
func (n *Node) guardSnapshot(q *raft.InstallSnapshotRequest) (pass, response any) {
	if q.Term < n.raft.CurrentTerm() || !n.holds(q.LastLogIndex, q.LastLogTerm) {
		n.arriving.Store(q)
		return q, nil
	}
	n.drive.Log.Settle()
	if q.Term > n.raft.CurrentTerm() { // let it hear of the term and the leader
		n.o.Transport.Inject(&raft.AppendEntriesRequest{RPCHeader: q.RPCHeader, Term: q.Term})
	}
	return nil, &raft.InstallSnapshotResponse{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}, Term: q.Term, Success: true}
}

// holds says whether the engine has everything up to this entry: committed, in its newest snapshot, or in its log. That the
// store has it is not enough: a snapshot that only marks a place brings the leader's store as it is when it leaves, which may
// be ahead of that place, and the engine would then be told for ever that it has entries which it has not.
func (n *Node) holds(index, term uint64) bool {
	if index <= max(n.raft.CommitIndex(), n.snapshotAt.Load()) {
		return true
	}
	var l raft.Log
	return n.drive.Log.GetLog(index, &l) == nil && l.Term == term
}

// guardEntries drops from a request the entries that a snapshot here holds, with the question for the one before them. The
// engine looks for that one in its log, where it is no more, and refuses for ever; but what is in a snapshot is committed,
// so it is the leader's (§5.4).
func (n *Node) guardEntries(q *raft.AppendEntriesRequest) any {
	snapshot := n.snapshotAt.Load()
	if q.PrevLogEntry == 0 || q.PrevLogEntry > snapshot {
		return q
	}
	first, err := n.drive.Log.FirstIndex()
	switch {
	case err != nil:
		return q
	case first == 0 && q.PrevLogEntry == snapshot: // the engine knows the snapshot's own last entry
		return q
	case first != 0 && q.PrevLogEntry >= first:
		return q
	}
	c := *q
	c.PrevLogEntry, c.PrevLogTerm, c.Entries = 0, 0, nil
	for i, e := range q.Entries {
		if e.Index > snapshot {
			c.Entries = q.Entries[i:]
			break
		}
	}
	return &c
}

// forgotten is called when a snapshot was installed. The engine (v1.8.0, removeOldLogs) then empties the log but goes on to
// believe in the last entry that it held. If that was behind the snapshot it would refuse all entries from then on, so
// it is started anew.
func (n *Node) forgotten(q *raft.InstallSnapshotRequest) {
	if n.raft.LastIndex() > q.LastLogIndex {
		n.o.Reboot("the snapshot took the place of a log that went further; the engine has to be started anew on it")
	}
}
