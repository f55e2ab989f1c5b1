package node

import (
	"cmp"
	"sync"
	"time"
)

// leaderless is how long a term may go on without a leader until who needs one is turned away.
type leaderless struct {
	mu    sync.Mutex
	term  uint64
	until time.Time
}

// Led says whether the node knows of a leader. In a term in which it knows of none yet it waits for one, an election
// timeout in all: leadership that moves leaves nobody in charge for a moment, and who comes just then need not turn back.
func (n *Node) Led() bool {
	if n.knownLeader() != 0 {
		return true
	}
	n.leaderless.mu.Lock()
	if term := n.raft.CurrentTerm(); n.leaderless.until.IsZero() || term != n.leaderless.term {
		n.leaderless.term, n.leaderless.until = term, time.Now().Add(cmp.Or(n.o.Timing.Election, ElectionTimeout))
	}
	deadline := n.leaderless.until
	n.leaderless.mu.Unlock()
	for n.knownLeader() == 0 {
		if !n.pause(deadline) {
			return n.knownLeader() != 0
		}
	}
	return true
}
