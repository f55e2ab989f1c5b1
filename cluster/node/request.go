package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// retryAfter is how long a node waits, on its own clock, before it looks again for a leader.
const retryAfter = 50 * time.Millisecond

// askAgain is after what time a node asks anew, the leader of then, what may be asked twice. Etcd takes as long.
const askAgain = 500 * time.Millisecond

// Ask is a command on its way to the leader, a read that asks it how far to wait, or a question about a lease.
type Ask struct {
	Op      uint64
	Command event.Command
	Data    []byte    // the entry that is to be written
	Lease   *LeaseAsk // what only the leader can tell
	Change  *Change   // of the members, where addresses are Places
	Notice  *Notice   // nothing is asked: the leader tells what is committed
}

// reads says that asking twice does no harm.
func (a *Ask) reads() bool { return a.Data == nil && a.Change == nil }

// Describe fills in what the event of its sending tells.
func (a *Ask) Describe(e *event.Event) { e.Op, e.Text = a.Op, a.Command.Key }

// Answer is the leader's reply to an Ask.
type Answer struct {
	Result event.Result
	Index  uint64 // of a read: apply this far first
	Retry  bool   // certainly not done, and asking again may help: it was no leader, say

	Response proto.Message // etcd's, to what was written or asked of a lease
	Err      error         // instead: etcd's reason
}

// Describe fills in what the event of its sending tells.
func (a *Answer) Describe(e *event.Event) {
	e.OK, e.Op, e.Index = !a.Retry && a.Result.Outcome == event.OK, a.Result.Op, a.Index
}

// Do carries out a request to the store that a client sent to this node: it forwards to the leader what it cannot do
// itself, and asks again, until the deadline, as long as nothing can have happened. It blocks; call it inside.
func (n *Node) Do(op uint64, c event.Command) event.Result {
	timeout := time.Duration(c.Timeout) * time.Microsecond
	deadline := time.Now().Add(timeout)
	var r event.Result
	if c.Kind == event.Get {
		r = n.read(op, c, deadline)
	} else {
		r = n.write(op, c, deadline)
	}
	r.Op, r.Kind, r.Node = op, c.Kind, n.o.ID
	return r
}

func failed(format string, args ...any) event.Result {
	return event.Result{Outcome: event.Failed, Error: fmt.Sprintf(format, args...)}
}

func unknown(format string, args ...any) event.Result {
	return event.Result{Outcome: event.Unknown, Error: fmt.Sprintf(format, args...)}
}

func (n *Node) write(op uint64, c event.Command, deadline time.Time) event.Result {
	data, err := n.store.Encode(c, op)
	if err != nil {
		return failed("%v", err)
	}
	ask, why := &Ask{Op: op, Command: c, Data: data}, ""
	for {
		a := n.attempt(ask, deadline)
		if !a.Retry {
			return a.Result
		}
		why = a.Result.Error
		if !n.pause(deadline) {
			return unknown("no answer within the timeout; %s", why)
		}
	}
}

// pause waits a little; false when the deadline would pass or the node is going down.
func (n *Node) pause(deadline time.Time) bool {
	left := time.Until(deadline)
	t := time.NewTimer(min(left, retryAfter))
	defer t.Stop()
	select {
	case <-t.C:
		return left > retryAfter
	case <-n.o.Transport.Dead():
		return false
	}
}

// attempt has it done once, here or at the leader.
func (n *Node) attempt(a *Ask, deadline time.Time) Answer {
	if n.raft.State() == raft.Leader {
		return n.carryOut(a, deadline)
	}
	leader, t := n.knownLeader(), event.Forward
	if leader == 0 {
		return Answer{Retry: true, Result: failed("%v knows no leader", n.o.ID)}
	}
	if a.reads() {
		t = event.ReadIndex
	}
	patience := time.Until(deadline)
	if n.o.Batch && a.reads() { // whom this node takes for the leader may stand still, and another lead meanwhile
		patience = min(patience, askAgain)
	}
	body, err := n.o.Transport.Call(leader, t, a, patience)
	switch {
	case err == nil:
		got := *body.(*Answer)
		if n.o.Batch && got.Result.Index != 0 {
			n.learn(Notice{Term: got.Result.Term, Index: got.Result.Index, LogTerm: got.Result.Term})
		}
		return got
	case n.o.Definite(err):
		return Answer{Retry: true, Result: failed("%v, whom %v takes for the leader, is down", leader, n.o.ID)}
	case a.reads():
		return Answer{Retry: true, Result: failed("%v asked %v, whom it takes for the leader: %v", n.o.ID, leader, err)}
	default:
		return Answer{Result: unknown("%v passed it on to %v: %v", n.o.ID, leader, err), Err: etcderrors.ErrTimeoutDueToConnectionLost}
	}
}

// carryOut is the leader's half.
func (n *Node) carryOut(a *Ask, deadline time.Time) Answer {
	switch {
	case a.Lease != nil:
		return n.leaseHere(a.Lease, deadline)
	case a.Change != nil:
		return n.changeHere(a.Change, deadline)
	case a.Data != nil:
		return n.propose(a.Op, a.Data, deadline)
	default:
		return n.readIndex(deadline)
	}
}

// propose puts the command into the leader's log and waits until it is applied here.
func (n *Node) propose(op uint64, data []byte, deadline time.Time) Answer {
	if n.batcher != nil {
		return n.batcher.propose(op, data, deadline)
	}
	f := n.raft.Apply(data, time.Until(deadline))
	a := n.proposed(op, f, f.Error())
	if a.Result.Outcome == event.OK {
		n.store.Result(f.Response(), &a.Result)
		a.Response, a.Err = store.Verdict(f.Response())
	}
	return a
}

// proposed is what the engine says of a proposal, without the store's verdict.
func (n *Node) proposed(op uint64, f raft.ApplyFuture, err error) Answer {
	switch {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return Answer{Retry: true, Result: failed("%v: %v", n.o.ID, err)} // it never reached a log
	default: // ErrLeadershipLost, ErrRaftShutdown, ErrAbortedByRestore: in the log, and then who knows
		return Answer{Result: unknown("%v lost its leadership while it replicated the entry (%v): it may still be committed, or overwritten", n.o.ID, err),
			Err: etcderrors.ErrTimeoutDueToLeaderFail}
	}
	r := event.Result{Op: op, Outcome: event.OK, Leader: n.o.ID, Index: f.Index(), Term: n.raft.CurrentTerm()}
	if !n.o.Batch { // only a record wants to know
		r.Acks = append(n.acks.have(f.Index(), r.Term), n.o.ID)
		slices.Sort(r.Acks)
	}
	return Answer{Result: r}
}

// serve answers other nodes' requests.
func (n *Node) serve(_ event.NodeID, body any, reply func(any, error)) {
	a, ok := body.(*Ask)
	if !ok {
		return
	}
	if a.Notice != nil {
		n.learn(*a.Notice)
		reply(&Answer{}, nil)
		return
	}
	timeout := time.Duration(a.Command.Timeout) * time.Microsecond
	if n.batcher != nil && a.Data != nil {
		n.batcher.take(a.Op, a.Data, time.Now().Add(timeout), func(answer Answer) { reply(&answer, nil) })
		return
	}
	go func() {
		answer := n.carryOut(a, time.Now().Add(timeout))
		answer.Result.Op = a.Op
		reply(&answer, nil)
	}()
}
