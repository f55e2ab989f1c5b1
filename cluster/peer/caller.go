package peer

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// The headers in which etcd's members say who they are, and ours.
const (
	clusterHeader = "X-Etcd-Cluster-ID"
	fromHeader    = "X-Server-From"
	toHeader      = "X-Raft-To"
	nodeHeader    = "X-Quorumlab-Node"
)

// caller is what a member says of itself, and whom it wants to reach.
type caller struct {
	cluster, member uint64
	node            event.NodeID
	to              uint64
}

func (c caller) write(h http.Header) {
	h.Set(clusterHeader, strconv.FormatUint(c.cluster, 16))
	h.Set(fromHeader, strconv.FormatUint(c.member, 16))
	h.Set(toHeader, strconv.FormatUint(c.to, 16))
	h.Set(nodeHeader, c.node.String())
}

func readCaller(h http.Header) (c caller, err error) {
	for name, id := range map[string]*uint64{clusterHeader: &c.cluster, fromHeader: &c.member, toHeader: &c.to} {
		if *id, err = strconv.ParseUint(h.Get(name), 16, 64); err != nil {
			return c, fmt.Errorf("the header %s is %q where a hexadecimal id is expected", name, h.Get(name))
		}
	}
	if c.node, err = event.ParseNodeID(h.Get(nodeHeader)); err != nil {
		return c, fmt.Errorf("the header %s: %w", nodeHeader, err)
	}
	if c.node == 0 {
		return c, fmt.Errorf("the header %s is missing; only a quorumlab node can connect here, not an etcd", nodeHeader)
	}
	return c, nil
}

// refused says why this member does not talk to c; nil: it does. Someone who is on no list is heard as far as raft is concerned:
// a member that was away for long learns only so who has joined meanwhile. It may not ask for anything, though.
func (t *Transport) refused(c caller, asks bool) *Refusal {
	r := t.o.Roster()
	switch {
	case c.cluster != t.o.Cluster:
		return &Refusal{Status: http.StatusPreconditionFailed, Why: fmt.Sprintf("cluster ID mismatch: member %x is of cluster %x, and member %x, who called, of cluster %x; "+
			"members of one cluster have the same initial-cluster and initial-cluster-token, and who joins later has an empty data directory", t.o.Member, t.o.Cluster, c.member, c.cluster)}
	case slices.Contains(r.Removed, c.member):
		return &Refusal{Status: http.StatusGone, Why: fmt.Sprintf("the member %x has been permanently removed from the cluster; to come back it has to be added as a new member, with an empty data directory", c.member)}
	case c.to != t.o.Member:
		return &Refusal{Status: http.StatusNotFound, Why: fmt.Sprintf("member %x was called, but member %x is here; has a peer URL been given to two members, or changed?", c.to, t.o.Member)}
	case c.node == t.o.Self || c.member == t.o.Member:
		return &Refusal{Status: http.StatusConflict, Why: fmt.Sprintf("member %x, %v, calls as if it were another; have two members been started on copies of one data directory?", t.o.Member, t.o.Self)}
	}
	known := false
	for _, m := range r.Members {
		if (m.ID == c.member) != (m.Node == c.node) {
			return &Refusal{Status: http.StatusConflict, Why: fmt.Sprintf("the caller is member %x and %v, but on the list %v is member %x; was its data directory exchanged?", c.member, c.node, m.Node, m.ID)}
		}
		known = known || m.ID == c.member
	}
	if asks && !known {
		return &Refusal{Status: http.StatusNotFound, Why: fmt.Sprintf("no member %x is known here (yet)", c.member)}
	}
	return nil
}
