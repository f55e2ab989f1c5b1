package node

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

const (
	noticeAfter    = 2 * time.Millisecond // until then the next entries may tell of a commit
	noticePatience = time.Second          // how long a notice may be under way
)

// Notice tells a follower what the leader of a term has committed. The engine tells it with the next entries, or after
// CommitTimeout; a client that asked a follower, or watches there, would wait for that.
type Notice struct {
	Term    uint64 // of the leader
	Index   uint64 // committed
	LogTerm uint64 // of the entry there
}

// learn has raft hear of a commit. An entry that has not come yet is on its way: the notice waits for it, so that who asked
// here need not wait for the next message of the leader.
func (n *Node) learn(c Notice) {
	for {
		old := n.heard.Load()
		if old != nil && (old.Term > c.Term || old.Term == c.Term && old.Index >= c.Index) {
			return // raft has heard of it, or it waits
		}
		if n.heard.CompareAndSwap(old, &c) {
			break
		}
	}
	n.tellRaft(&c)
}

// arrived looks whether what raft has just stored is known to be committed.
func (n *Node) arrived() {
	if c := n.heard.Load(); c != nil {
		n.tellRaft(c)
	}
}

// tellRaft tells raft of a commit as the leader could: by a request without entries, which this node's log must match
// (§5.3). Who has not got the entry, or follows somebody else, learns nothing.
func (n *Node) tellRaft(c *Notice) {
	if n.raft.CommitIndex() >= c.Index || n.raft.CurrentTerm() != c.Term || n.raft.State() != raft.Follower {
		return
	}
	_, leader := n.raft.LeaderWithID()
	var l raft.Log
	if leader == "" || n.drive.Log.GetLog(c.Index, &l) != nil || l.Term != c.LogTerm {
		return
	}
	header := raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(leader), Addr: []byte(leader)}
	n.o.Transport.Inject(&raft.AppendEntriesRequest{RPCHeader: header, Term: c.Term, PrevLogEntry: c.Index, PrevLogTerm: c.LogTerm, LeaderCommitIndex: c.Index})
}

// tellCommit has the followers hear of what is committed, a little later: most of the time the next entries tell it first.
func (n *Node) tellCommit() {
	if n.raft.State() == raft.Leader && n.telling.CompareAndSwap(false, true) {
		n.tellLater()
	}
}

func (n *Node) tellLater() {
	before := n.committed()
	time.AfterFunc(noticeAfter, func() {
		if n.committed() > before { // entries follow each other: every one tells of those before it
			n.tellLater()
			return
		}
		n.tellFollowers()
	})
}

// tellFollowers tells those that have not heard. Entries that are on their way tell it as well.
func (n *Node) tellFollowers() {
	n.telling.Store(false) // first: what is committed from now on is told later
	commit := n.committed()
	var l raft.Log
	if n.raft.State() != raft.Leader || n.raft.LastIndex() > commit || n.drive.Log.GetLog(commit, &l) != nil {
		return
	}
	ask := &Ask{Notice: &Notice{Term: n.raft.CurrentTerm(), Index: commit, LogTerm: l.Term}}
	for _, m := range n.members() {
		if m.ID != n.o.ID && n.told.of(m.ID) < commit {
			go n.o.Transport.Call(m.ID, event.MessageNone, ask, noticePatience) // who does not hear it hears it later
		}
	}
}

// told is the commit index that was sent to each follower last.
type told struct {
	mu    sync.Mutex
	index map[event.NodeID]uint64
}

func (t *told) send(to event.NodeID, commit uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.index == nil {
		t.index = map[event.NodeID]uint64{}
	}
	t.index[to] = commit
}

func (t *told) of(id event.NodeID) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.index[id]
}
