package node

import "github.com/quorumlab/quorumlab/cluster/event"

// ChangeKind is what is changed about the members.
type ChangeKind uint8

// The changes. All go through the log, one server at a time (dissertation §4.1).
const (
	AddLearner ChangeKind = iota + 1 // URLs; it gets the next number
	AddVoter                         // the same
	Promote                          // Node: a learner that has caught up gets a vote
	Remove                           // Node
	Move                             // Node, URLs: it is reached somewhere else from now on
)

// Change of the members.
type Change struct {
	Kind   ChangeKind
	Node   event.NodeID
	URLs   []string // peer URLs
	Member uint64   // etcd's id of a new member whose addresses are Places
	Strict bool     // refuse what would leave too few started voters, as etcd with strict-reconfig-check
}

// Refused says why a change or transfer was not made, where etcd has no error of its own for it.
type Refused string

func (r Refused) Error() string { return string(r) }
