package node

import (
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Order carries out what an operator asks of this node: an election, a transfer, a membership change, a snapshot. It
// blocks, at most for the command's timeout; call it inside.
func (n *Node) Order(c event.Command) event.Result {
	r := n.order(c, time.Duration(c.Timeout)*time.Microsecond)
	r.Kind, r.Node = c.Kind, n.o.ID
	return r
}

func (n *Node) order(c event.Command, timeout time.Duration) event.Result {
	// only what concerns one running node comes here
	//exhaustive:ignore
	switch c.Kind {
	case event.Elect:
		if !n.o.Transport.Inject(&raft.TimeoutNowRequest{RPCHeader: raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax}}) {
			return failed("%v has too much to do to stand for election", n.o.ID)
		}
		return event.Result{Outcome: event.OK}
	case event.StepDown:
		return n.await(n.raft.LeadershipTransfer(), timeout)
	case event.Transfer:
		return n.await(n.raft.LeadershipTransferToServer(n.serverOf(c.Peer).ID, n.serverOf(c.Peer).Address), timeout)
	case event.MemberAdd:
		s := server(event.Member{ID: c.Peer})
		return n.await(n.raft.AddNonvoter(s.ID, s.Address, 0, timeout), timeout)
	case event.MemberPromote:
		s := server(event.Member{ID: c.Peer})
		return n.await(n.raft.AddVoter(s.ID, s.Address, 0, timeout), timeout)
	case event.MemberDemote:
		return n.await(n.raft.DemoteVoter(server(event.Member{ID: c.Peer}).ID, 0, timeout), timeout)
	case event.MemberRemove:
		return n.await(n.raft.RemoveServer(server(event.Member{ID: c.Peer}).ID, 0, timeout), timeout)
	case event.Snapshot:
		return n.takeSnapshot(timeout, 0)
	}
	return failed("%v is nothing that a node does", c.Kind)
}

// await turns the engine's future into an outcome. A membership change that did not end in time may still be made.
func (n *Node) await(f raft.Future, timeout time.Duration) event.Result {
	done := make(chan error, 1)
	go func() { done <- f.Error() }()
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case err := <-done:
		return n.settled(err)
	case <-t.C:
		return unknown("%v has not finished within the timeout; it may still happen", n.o.ID)
	case <-n.o.Transport.Dead():
		return unknown("%v went down meanwhile", n.o.ID)
	}
}

func (n *Node) settled(err error) event.Result {
	switch err {
	case nil:
		return event.Result{Outcome: event.OK, Leader: n.o.ID, Term: n.raft.CurrentTerm()}
	case raft.ErrLeadershipLost, raft.ErrRaftShutdown:
		return unknown("%v: %v", n.o.ID, err)
	}
	if strings.Contains(err.Error(), "need at least one voter") { // the engine has no name for it
		return failed("a cluster needs a voter, and this is the last one: add a machine and promote it first")
	}
	return failed("%v: %v", n.o.ID, err)
}

// takeSnapshot takes one and drops the log up to it but for the trailing entries: without them a follower that is behind
// needs the snapshot.
func (n *Node) takeSnapshot(timeout time.Duration, trailing uint64) event.Result {
	usual := n.raft.ReloadableConfig()
	short := usual
	short.TrailingLogs = trailing
	if err := n.raft.ReloadConfig(short); err != nil {
		return failed("%v: %v", n.o.ID, err)
	}
	defer func() { _ = n.raft.ReloadConfig(usual) }() // the same values were valid before
	f := n.raft.Snapshot()
	r := n.await(f, timeout)
	if r.Outcome == event.Failed && n.raft.AppliedIndex() > 0 {
		r.Error = fmt.Sprintf("%s (there may be nothing new to put into one)", r.Error)
	}
	return r
}
