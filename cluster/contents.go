package cluster

import (
	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// Contents is the answer of Room.Contents.
type Contents struct {
	event.Result
	Err error
}

// Contents reads the store of one node as a serializable get does, but is no request of a client: it is told to nobody and
// stands in no recording. Time must go on for the answer to come.
func (r *Room) Contents(id event.NodeID, c event.Command) <-chan Contents {
	out := make(chan Contents, 1)
	r.mu.Lock()
	m := r.nodes[id]
	r.mu.Unlock()
	if m == nil {
		out <- Contents{Err: r.exists(id)}
		return out
	}
	r.conductor.Post(id, func() {
		n := m.node
		go func() {
			result, err := n.Contents(c)
			out <- Contents{result, err}
		}()
	}, func() { out <- Contents{Err: conductor.ErrDown} })
	return out
}
