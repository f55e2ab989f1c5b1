package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// retryAfter is how long a node waits, on its own clock, before it looks again for a leader.
const retryAfter = 50 * time.Millisecond

// Ask is a command on its way to the leader, or a read that asks it how far to wait.
type Ask struct {
	Op      uint64
	Command event.Command
}

// Describe fills in what the event of its sending tells.
func (a *Ask) Describe(e *event.Event) { e.Op, e.Text = a.Op, a.Command.Key }

// Answer is the leader's reply to an Ask.
type Answer struct {
	Result event.Result
	Index  uint64 // of a read: apply this far first
	Retry  bool   // certainly not done, and asking again may help: it was no leader, say
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
	why := ""
	for {
		a := n.attempt(op, c, data, deadline)
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

// attempt proposes once, here or at the leader.
func (n *Node) attempt(op uint64, c event.Command, data []byte, deadline time.Time) Answer {
	if n.raft.State() == raft.Leader {
		return n.propose(op, data, deadline)
	}
	leader := n.knownLeader()
	if leader == 0 {
		return Answer{Retry: true, Result: failed("%v knows no leader", n.o.ID)}
	}
	body, err := n.o.Transport.Call(leader, event.Forward, &Ask{op, c}, time.Until(deadline))
	switch {
	case err == nil:
		return *body.(*Answer)
	case n.o.Definite(err):
		return Answer{Retry: true, Result: failed("%v, whom %v takes for the leader, is down", leader, n.o.ID)}
	default:
		return Answer{Result: unknown("%v passed it on to %v: %v", n.o.ID, leader, err)}
	}
}

// propose puts the command into the leader's log and waits until it is applied here.
func (n *Node) propose(op uint64, data []byte, deadline time.Time) Answer {
	f := n.raft.Apply(data, time.Until(deadline))
	err := f.Error()
	switch {
	case err == nil:
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return Answer{Retry: true, Result: failed("%v: %v", n.o.ID, err)} // it never reached a log
	default: // ErrLeadershipLost, ErrRaftShutdown, ErrAbortedByRestore: in the log, and then who knows
		return Answer{Result: unknown("%v lost its leadership while it replicated the entry (%v): it may still be committed, or overwritten", n.o.ID, err)}
	}
	r := event.Result{Op: op, Outcome: event.OK, Leader: n.o.ID, Index: f.Index(), Term: n.raft.CurrentTerm()}
	r.Acks = append(n.acks.have(f.Index(), r.Term), n.o.ID)
	slices.Sort(r.Acks)
	n.store.Result(f.Response(), &r)
	return Answer{Result: r}
}

// serve answers other nodes' requests.
func (n *Node) serve(_ event.NodeID, body any, reply func(any, error)) {
	a, ok := body.(*Ask)
	if !ok {
		return
	}
	timeout := time.Duration(a.Command.Timeout) * time.Microsecond
	go func() {
		var answer Answer
		if a.Command.Kind == event.Get {
			answer = n.readIndex(time.Now().Add(timeout))
		} else if data, err := n.store.Encode(a.Command, a.Op); err != nil {
			answer.Result = failed("%v", err)
		} else {
			answer = n.propose(a.Op, data, time.Now().Add(timeout))
		}
		answer.Result.Op = a.Op
		reply(&answer, nil)
	}()
}
