package cluster

import (
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// peerURL names a machine of the ring in etcd's way; only the ring itself knows the way there.
func peerURL(id event.NodeID) string { return fmt.Sprintf("http://%v:2380", id) }

// clusterID is etcd's id of the room's cluster.
func clusterID(s setup) (uint64, error) {
	var founders []string
	for i := range s.Founders {
		founders = append(founders, peerURL(event.NodeID(i+1)))
	}
	return node.ClusterID(s.Token, founders...)
}

// Peer is a machine of this room as a member in etcd's API.
func (r *Room) Peer(id event.NodeID) node.Peer {
	p := node.Peer{Node: id, Name: id.String(), PeerURLs: []string{peerURL(id)}}
	p.ID, _ = node.MemberID(r.token, p.PeerURLs...) // such a URL can always be used
	r.urls.Lock()
	defer r.urls.Unlock()
	if url := r.clientURLs[id]; url != "" {
		p.ClientURLs = []string{url}
	}
	return p
}

// Announce tells where a node is reached by etcd's clients; empty: nowhere.
func (r *Room) Announce(id event.NodeID, url string) {
	r.urls.Lock()
	changed := r.clientURLs[id] != url
	if url == "" {
		delete(r.clientURLs, id)
	} else {
		r.clientURLs[id] = url
	}
	r.urls.Unlock()
	if changed && r.o.Doors.Changed != nil {
		r.o.Doors.Changed()
	}
}
