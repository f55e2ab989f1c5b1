package cluster

import (
	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// Hash is what a node's store holds, as etcd's HashKV has it: equal stores have equal hashes.
type Hash struct {
	Sum      uint32
	Revision int64
	Err      error
}

// Hash asks a node for the hash of its store; time must go on for the answer to come.
func (r *Room) Hash(id event.NodeID) <-chan Hash {
	out := make(chan Hash, 1)
	r.mu.Lock()
	m := r.nodes[id]
	r.mu.Unlock()
	if m == nil {
		out <- Hash{Err: r.exists(id)}
		return out
	}
	r.conductor.Post(id, func() {
		n := m.node
		go func() {
			sum, rev, err := n.Hash()
			out <- Hash{sum, rev, err}
		}()
	}, func() { out <- Hash{Err: conductor.ErrDown} })
	return out
}
