package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// ring knows which machines the room has, so that a command to another one is refused before the room is asked.
// It asks for the state only when it meets a name that it does not know: a machine that has left is the room's to refuse.
type ring struct {
	cluster Cluster

	mu    sync.Mutex
	epoch uint64         // of the journal that nodes are of
	nodes []event.NodeID // ascending
}

// vet refuses machines that are not there and one machine more than the room may have.
func (r *ring) vet(c event.Command, most int) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Kind == event.MemberAdd && c.Node == 0 {
		if r.refresh(); len(r.nodes) >= most {
			return &Fault{http.StatusBadRequest, CodeLimit, fmt.Sprintf("This room has %d machines and may not have more.", len(r.nodes)), ""}
		}
	}
	if f := r.known("/node", c.Node); f != nil {
		return f
	}
	if f := r.known("/peer", c.Peer); f != nil {
		return f
	}
	for i, g := range c.Groups {
		for j, id := range g {
			if f := r.known(fmt.Sprintf("/groups/%d/%d", i, j), id); f != nil {
				return f
			}
		}
	}
	return nil
}

func (r *ring) known(where string, id event.NodeID) *Fault {
	if id == 0 || r.cluster.Journal().Epoch() == r.epoch && r.has(id) {
		return nil
	}
	if r.refresh(); r.has(id) {
		return nil
	}
	names := make([]string, len(r.nodes))
	for i, n := range r.nodes {
		names[i] = n.String()
	}
	return badCommand(where, fmt.Sprintf("%s is not in this room; it has %s.", id, strings.Join(names, ", ")))
}

func (r *ring) has(id event.NodeID) bool {
	_, there := slices.BinarySearch(r.nodes, id)
	return there
}

func (r *ring) refresh() {
	j := r.cluster.Journal()
	r.epoch, r.nodes = j.Epoch(), r.nodes[:0]
	j.With(func(s *view.State) {
		for i := range s.Nodes {
			r.nodes = append(r.nodes, s.Nodes[i].ID)
		}
	})
	slices.Sort(r.nodes)
}

// find refuses a machine that is not there.
func (r *ring) find(where string, id event.NodeID) *Fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known(where, id)
}
