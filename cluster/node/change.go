package node

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
)

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

// Bounds of changes, etcd's.
const (
	readyPart  = 0.9             // of the leader's log that a learner must have before it is promoted
	healthTime = 5 * time.Second // a voter that was not heard for so long is not healthy
	MaxLearner = 1               // etcd's max-learners
)

// Change has the leader change the members of a cluster whose addresses are Places, and says whom it concerned. It blocks.
func (n *Node) Change(c *Call, q Change) (event.NodeID, error) {
	c.begin()
	a, err := n.insist(c, &Ask{Op: c.Op, Command: c.about(event.MemberAdd), Change: &q})
	if err == nil {
		err = a.Err
	}
	if err != nil {
		return 0, err
	}
	if !n.waitApplied(a.Result.Index, c.deadline) {
		return 0, etcderrors.ErrTimeoutWaitAppliedIndex
	}
	return a.Result.Node, nil
}

// changeHere is the leader's half.
func (n *Node) changeHere(q *Change, deadline time.Time) Answer {
	if _, ok := n.commitOfTerm(n.raft.CurrentTerm(), deadline); !ok {
		return Answer{Retry: true, Result: failed("%v leads but has committed nothing in its term yet", n.o.ID)}
	}
	if q.Kind == Promote && !n.caughtUp(q.Node) {
		return refuse(etcderrors.ErrLearnerNotReady)
	}
	if err := n.strictly(q); err != nil {
		return refuse(err)
	}
	f := n.raft.GetConfiguration()
	id, do, err := n.plan(q, f.Configuration().Servers)
	if err != nil {
		return refuse(err)
	}
	change := do(f.Index(), time.Until(deadline))
	switch err := change.Error(); {
	case err == nil:
		return Answer{Result: event.Result{Outcome: event.OK, Node: id, Index: change.Index(), Leader: n.o.ID, Term: n.raft.CurrentTerm()}}
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return Answer{Retry: true, Result: failed("%v: %v", n.o.ID, err)}
	case errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrRaftShutdown):
		return Answer{Result: unknown("%v: %v", n.o.ID, err), Err: etcderrors.ErrTimeoutDueToLeaderFail}
	case strings.Contains(err.Error(), "configuration changed"): // somebody was faster
		return Answer{Retry: true, Result: failed("%v: %v", n.o.ID, err)}
	default:
		return refuse(Refused(err.Error()))
	}
}

// refuse is the answer to what was not done. It has an index, so that it is no lost answer.
func refuse(err error) Answer {
	return Answer{Result: event.Result{Outcome: event.OK}, Err: err}
}

type doing func(prev uint64, timeout time.Duration) raft.IndexFuture

// plan says whom a change concerns and how the engine makes it.
func (n *Node) plan(q *Change, servers []raft.Server) (event.NodeID, doing, error) {
	if q.Kind == AddLearner || q.Kind == AddVoter {
		return n.planAdd(q, servers)
	}
	id := raft.ServerID(q.Node.String())
	i := slices.IndexFunc(servers, func(s raft.Server) bool { return s.ID == id })
	if i < 0 {
		return 0, nil, membership.ErrIDNotFound
	}
	s := servers[i]
	address, add := s.Address, n.raft.AddVoter
	switch q.Kind {
	case Remove:
		return q.Node, func(prev uint64, t time.Duration) raft.IndexFuture { return n.raft.RemoveServer(id, prev, t) }, nil
	case Promote:
		if s.Suffrage == raft.Voter {
			return 0, nil, membership.ErrMemberNotLearner
		}
	case Move:
		place, err := ParsePlace(address)
		if err == nil {
			err = unused(servers, q.URLs, id)
		}
		if err != nil {
			return 0, nil, err
		}
		place.URLs = sorted(q.URLs)
		address = place.Address()
		if s.Suffrage != raft.Voter {
			add = n.raft.AddNonvoter
		}
	case AddLearner, AddVoter:
	}
	return q.Node, func(prev uint64, t time.Duration) raft.IndexFuture { return add(id, address, prev, t) }, nil
}

func (n *Node) planAdd(q *Change, servers []raft.Server) (event.NodeID, doing, error) {
	if err := unused(servers, q.URLs, ""); err != nil {
		return 0, nil, err
	}
	number, learners := event.NodeID(0), 0
	for _, s := range servers {
		m := member(s)
		number = max(number, m.ID)
		if m.Suffrage == event.Learner {
			learners++
		}
	}
	add := n.raft.AddVoter
	if q.Kind == AddLearner {
		if learners >= MaxLearner {
			return 0, nil, membership.ErrTooManyLearners
		}
		add = n.raft.AddNonvoter
	}
	id, address := number+1, Place{q.Member, sorted(q.URLs)}.Address()
	return id, func(prev uint64, t time.Duration) raft.IndexFuture {
		return add(raft.ServerID(id.String()), address, prev, t)
	}, nil
}

func sorted(urls []string) []string { return slices.Sorted(slices.Values(urls)) }

// unused refuses peer URLs that another member has.
func unused(servers []raft.Server, urls []string, but raft.ServerID) error {
	for _, s := range servers {
		p, err := ParsePlace(s.Address)
		if err != nil {
			return err
		}
		if s.ID != but && slices.ContainsFunc(p.URLs, func(u string) bool { return slices.Contains(urls, u) }) {
			return membership.ErrPeerURLexists
		}
	}
	return nil
}

// caughtUp says whether a learner has nearly all of the leader's log. One that is no learner is told so by plan.
func (n *Node) caughtUp(id event.NodeID) bool {
	for _, m := range n.members() {
		if m.ID == id && m.Suffrage == event.Learner {
			return float64(n.acks.match(id, n.raft.CurrentTerm())) >= readyPart*float64(n.raft.LastIndex())
		}
	}
	return true
}

// strictly refuses to add a voter while a voter is not heard, and to remove one when those that are heard would be too few
// for a majority of the rest.
func (n *Node) strictly(q *Change) error {
	if !q.Strict || q.Kind != AddVoter && q.Kind != Remove {
		return nil
	}
	term, since := n.raft.CurrentTerm(), time.Now().Add(-healthTime)
	voters, heard := 0, 0
	for _, m := range n.members() {
		if m.Suffrage == event.Learner {
			if q.Kind == Remove && m.ID == q.Node {
				return nil // without it there are as many voters as before
			}
			continue
		}
		if q.Kind == Remove && m.ID == q.Node {
			continue
		}
		voters++
		if m.ID == n.o.ID || n.acks.heard(m.ID, term).After(since) {
			heard++
		}
	}
	if q.Kind == AddVoter && heard < voters || q.Kind == Remove && voters > 0 && heard < voters/2+1 {
		return etcderrors.ErrUnhealthy
	}
	return nil
}
