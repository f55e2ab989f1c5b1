package node

import (
	"time"

	"github.com/hashicorp/raft"

	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// position is an entry's place in the log.
type position struct{ index, term uint64 }

// MaxAnswer bounds the keys and values of one answer, in bytes: a frame of the wire must hold them.
const MaxAnswer = 8 << 20

// read answers a get. A serializable one reads what this node has. A linearizable one (dissertation §6.4, ReadIndex)
// learns from the leader the commit index as of some moment after the read began, and waits until this node has applied it.
func (n *Node) read(op uint64, c event.Command, deadline time.Time) event.Result {
	if c.Serializable {
		return n.readHere(c, event.Result{})
	}
	ask, why := &Ask{Op: op, Command: event.Command{Kind: event.Get, Key: c.Key, Timeout: c.Timeout}}, ""
	for {
		a := n.attempt(ask, deadline)
		if !a.Retry {
			if a.Result.Outcome != event.OK {
				return a.Result
			}
			if !n.waitApplied(a.Index, deadline) {
				return failed("%v did not catch up to entry %d in time", n.o.ID, a.Index)
			}
			return n.readHere(c, a.Result)
		}
		why = a.Result.Error
		if !n.pause(deadline) {
			return failed("no fresh read within the timeout: %s", why)
		}
	}
}

func (n *Node) readHere(c event.Command, r event.Result) event.Result {
	if err := n.store.Read(c, &r); err != nil {
		return failed("%v", err)
	}
	if size := sizeOf(r.KVs); size > MaxAnswer {
		return failed("the answer would be %d MiB, more than %d; read less at a time, with a limit", size>>20, MaxAnswer>>20)
	}
	r.Outcome = event.OK
	return r
}

func sizeOf(kvs []event.KeyValue) (size int) {
	for i := range kvs {
		size += len(kvs[i].Key) + len(kvs[i].Value)
	}
	return size
}

// readIndex is the leader's half. The engine's VerifyLeader counts answers to heartbeats that were sent before the
// call, so a leader that stood still, was replaced and woke up would confirm itself with old answers. Therefore a
// majority must have answered, in this term, a request sent after the read began; VerifyLeader only makes the
// heartbeats go out at once.
func (n *Node) readIndex(deadline time.Time) Answer {
	term, serial := n.raft.CurrentTerm(), n.acks.sending()
	commit, ok := n.commitOfTerm(term, deadline)
	if !ok {
		return Answer{Retry: true, Result: failed("%v leads term %d but has committed nothing in it yet", n.o.ID, term)}
	}
	n.raft.VerifyLeader() // its own verdict is not waited for
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	have, need := 0, 0
	answered := n.acks.since(serial, term)
	confirmed := n.acks.until(n.o.Transport.Dead(), timer.C, func() bool {
		have, need = n.countVoters(answered)
		return have >= need || !n.leads(term)
	})
	if !confirmed || !n.leads(term) {
		return Answer{Retry: confirmed, Result: failed("no quorum: %v heard from %d of the %d voters it needs, itself included, that it still leads", n.o.ID, have, need),
			Err: etcderrors.ErrTimeout}
	}
	return Answer{Index: commit, Result: event.Result{Outcome: event.OK, Leader: n.o.ID, Term: term}}
}

// commitOfTerm is the commit index once an entry of the leader's own term is committed (§6.4 step 1): before that a new
// leader may not know what its predecessor committed.
func (n *Node) commitOfTerm(term uint64, deadline time.Time) (uint64, bool) {
	for {
		p, commit := n.first.Load(), n.committed()
		if p != nil && p.term == term && commit >= p.index {
			return commit, true
		}
		if !n.leads(term) || !n.pause(deadline) {
			return 0, false
		}
	}
}

func (n *Node) leads(term uint64) bool {
	return n.raft.State() == raft.Leader && n.raft.CurrentTerm() == term
}

// countVoters is how many voters, itself included, satisfy has, and how many make a majority.
func (n *Node) countVoters(has func(event.NodeID) bool) (have, need int) {
	voters := 0
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		m := member(s)
		if m.Suffrage != event.Voter {
			continue
		}
		voters++
		if m.ID == n.o.ID || has(m.ID) {
			have++
		}
	}
	return have, voters/2 + 1
}

// waitApplied waits until this node's store has applied index, which the leader knows to be committed. This node may not
// have heard of that yet, nor even have the entry.
func (n *Node) waitApplied(index uint64, deadline time.Time) bool {
	if n.store.Applied() >= index {
		return true
	}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	if n.o.Batch { // nobody watches: what is applied tells that it is committed
		n.observe()
		return n.store.WaitApplied(index, n.o.Transport.Dead(), t.C)
	}
	heard := n.acks.until(n.o.Transport.Dead(), t.C, func() bool { return n.committed() >= index })
	return heard && n.store.WaitApplied(index, n.o.Transport.Dead(), t.C)
}
