package node

import (
	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// served reports what this node answered to raft's requests, before the answer leaves.
func (n *Node) served(request, response any, err error) {
	n.drive.Log.Settle() // what is answered as a follower is on disk, also if this node stored it while it led
	n.observe()
	if err != nil {
		return
	}
	switch q := request.(type) {
	case *raft.AppendEntriesRequest:
		if r, ok := response.(*raft.AppendEntriesResponse); ok && r.Success {
			n.contact()
			if len(q.Entries) > 0 {
				n.arrived()
			}
		}
	case *raft.InstallSnapshotRequest:
		if r, ok := response.(*raft.InstallSnapshotResponse); ok && r.Success {
			n.contact()
			n.forgotten(q)
		}
	case *raft.RequestVoteRequest:
		if r, ok := response.(*raft.RequestVoteResponse); ok {
			n.voted(voteOf(q.Addr, q.Term, false), r.Granted, r.Term)
			if r.Granted {
				n.contact()
			}
		}
	case *raft.RequestPreVoteRequest:
		if r, ok := response.(*raft.RequestPreVoteResponse); ok {
			n.voted(voteOf(q.Addr, q.Term, true), r.Granted, r.Term)
		}
	}
}

type ballot struct {
	candidate event.NodeID
	term      uint64
	pre       bool
}

func voteOf(addr []byte, term uint64, pre bool) ballot {
	return ballot{nodeAt(addr), term, pre}
}

func nodeAt(addr []byte) event.NodeID {
	id, _ := event.ParseNodeID(string(addr))
	return id
}

// voted reports a vote or its refusal with the engine's own reason; the one refusal that it makes in silence is that
// of a stale term.
func (n *Node) voted(b ballot, granted bool, ownTerm uint64) {
	why := n.refusals.take(b)
	e := event.Event{Kind: event.VoteGranted, Peer: b.candidate, Term: b.term, OK: b.pre}
	if !granted {
		e.Kind, e.Reason, e.Text, e.Index, e.LogTerm = event.VoteRefused, why.reason, why.text, why.index, why.term
		switch {
		case why.reason != event.ReasonNone:
		case b.term < ownTerm:
			e.Reason = event.StaleTerm
		default:
			e.Reason = event.RefusedOther
		}
	}
	n.tap(e)
}
