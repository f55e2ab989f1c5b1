package cluster

import (
	"cmp"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Doors are where programs reach a node from outside the room, by etcd's API for example. Their functions must not wait
// for a command or call of the room.
type Doors struct {
	// Open is called when a node has started. It should be reached where it was before, if that is not empty.
	Open func(s *Session, before string) (url string, err error)
	// Shut is called when it has gone down: nothing goes through any more.
	Shut func(event.NodeID)
	// Changed is called when Endpoints has something else to tell: not when a node goes down or comes back. It must not wait.
	Changed func()
	// Before is where nodes of a new room should be reached: one that takes another's place keeps its endpoints.
	Before map[event.NodeID]string
}

// Endpoint is a node's door.
type Endpoint struct {
	Node event.NodeID `json:"node"`
	URL  string       `json:"url"`
	Open bool         `json:"open"` // the node runs, or stands still
}

// openDoor of a node that has just started. A node without one works as well. Where it is outlives the process.
func (r *Room) openDoor(id event.NodeID) {
	s := r.setup.machine(id)
	if r.o.Doors.Open == nil || s == nil {
		return
	}
	url, err := r.o.Doors.Open(r.Session(id), cmp.Or(s.URL, r.o.Doors.Before[id]))
	if err != nil {
		r.o.warn(err)
		return
	}
	s.URL = url
	r.Announce(id, url)
}

// shutDoor of a node that has gone down.
func (r *Room) shutDoor(id event.NodeID) {
	if r.o.Doors.Shut != nil {
		r.o.Doors.Shut(id)
	}
}

// Endpoints lists the doors of all nodes of the room, by node.
func (r *Room) Endpoints() []Endpoint {
	list := []Endpoint{}
	r.urls.Lock()
	for id, url := range r.clientURLs {
		list = append(list, Endpoint{Node: id, URL: url})
	}
	r.urls.Unlock()
	for i := range list {
		list[i].Open, _ = r.conductor.Up(list[i].Node)
	}
	slices.SortFunc(list, func(a, b Endpoint) int { return cmp.Compare(a.Node, b.Node) })
	return list
}
