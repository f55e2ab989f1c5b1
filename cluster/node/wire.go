package node

import (
	"io"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// wire is the transport as raft sees it: it hears what the leader learns from answers.
type wire struct {
	Transport
	n *Node
}

// AppendEntries notes who answered a request that was sent when, and where the leader now believes the follower to be.
func (w *wire) AppendEntries(id raft.ServerID, a raft.ServerAddress, q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) error {
	w.n.observe()
	peer, _ := event.ParseNodeID(string(id))
	serial := w.n.acks.sending()
	prev, count, term := q.PrevLogEntry, uint64(len(q.Entries)), q.Term
	w.n.clamp(q)
	heartbeat := prev == 0 && count == 0 && q.LeaderCommitIndex == 0
	if err := w.Transport.AppendEntries(id, a, q, r); err != nil {
		return err
	}
	if r.Term <= term {
		w.n.acks.answered(peer, serial, term)
	}
	switch {
	case heartbeat || r.Term > term:
	case r.Success:
		w.n.acks.matched(peer, prev+count, term)
		w.n.believes(peer, prev+count, prev+count+1, term)
	default:
		next := max(min(prev, r.LastLog+1), 1) // raft: max(min(nextIndex-1, resp.LastLog+1), 1)
		w.n.believes(peer, w.n.acks.match(peer, term), next, term)
	}
	return nil
}

// believes tells what the leader of a term believes of a follower now. What is answered to it when it has a later office is of no
// use to it there: each has indexes of its own (Figure 2).
func (n *Node) believes(peer event.NodeID, match, next, term uint64) {
	if n.raft.CurrentTerm() == term {
		n.tap(event.Event{Kind: event.MatchSet, Peer: peer, Index: match, N: int64(next)})
	}
}

func (w *wire) InstallSnapshot(id raft.ServerID, a raft.ServerAddress, q *raft.InstallSnapshotRequest, r *raft.InstallSnapshotResponse, data io.Reader) error {
	w.n.observe()
	serial := w.n.acks.sending()
	index, term := q.LastLogIndex, q.Term
	err := w.Transport.InstallSnapshot(id, a, q, r, data)
	if err == nil && r.Success && r.Term <= term {
		peer, _ := event.ParseNodeID(string(id))
		w.n.acks.answered(peer, serial, term)
		w.n.acks.matched(peer, index, term)
		w.n.believes(peer, index, index+1, term)
	}
	return err
}

func (w *wire) RequestVote(id raft.ServerID, a raft.ServerAddress, q *raft.RequestVoteRequest, r *raft.RequestVoteResponse) error {
	w.n.observe()
	err := w.Transport.RequestVote(id, a, q, r)
	if err == nil {
		w.n.counted(id, q.Term, r.Granted, false)
	}
	return err
}

func (w *wire) RequestPreVote(id raft.ServerID, a raft.ServerAddress, q *raft.RequestPreVoteRequest, r *raft.RequestPreVoteResponse) error {
	w.n.observe()
	round := w.n.round()
	err := w.Transport.RequestPreVote(id, a, q, r)
	if err == nil && round == w.n.round() {
		w.n.counted(id, q.Term, r.Granted, true)
	}
	return err
}

func (n *Node) counted(voter raft.ServerID, term uint64, granted, pre bool) {
	id, _ := event.ParseNodeID(string(voter))
	n.tap(event.Event{Kind: event.VoteCounted, Peer: id, Term: term, OK: granted, Reply: pre})
}

// acks knows which followers have answered requests that were sent after a given moment, and how far they match.
// The moments are serial numbers: clocks may drift and machines may stand still.
type acks struct {
	mu     sync.Mutex
	serial uint64
	term   uint64
	peers  map[event.NodeID]ack
	bell   chan struct{} // closed and replaced when something changed
}

type ack struct {
	serial uint64 // newest answered request
	match  uint64
	at     time.Time // of the newest answer, on this node's clock
}

// sending numbers a request that leaves now.
func (a *acks) sending() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial++
	return a.serial
}

func (a *acks) update(peer event.NodeID, term uint64, f func(*ack)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if term < a.term {
		return
	}
	if term > a.term || a.peers == nil {
		a.term, a.peers = term, map[event.NodeID]ack{}
	}
	p := a.peers[peer]
	f(&p)
	a.peers[peer] = p
	a.ring()
}

// ring wakes who waits; the lock is held.
func (a *acks) ring() {
	if a.bell != nil {
		close(a.bell)
		a.bell = nil
	}
}

// changed wakes who waits because the role or term is another.
func (a *acks) changed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ring()
}

func (a *acks) answered(peer event.NodeID, serial, term uint64) {
	now := time.Now()
	a.update(peer, term, func(p *ack) { p.serial, p.at = max(p.serial, serial), now })
}

// heard is when a follower last answered in term.
func (a *acks) heard(peer event.NodeID, term uint64) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.term != term {
		return time.Time{}
	}
	return a.peers[peer].at
}

func (a *acks) matched(peer event.NodeID, index, term uint64) {
	a.update(peer, term, func(p *ack) { p.match = max(p.match, index) })
}

func (a *acks) match(peer event.NodeID, term uint64) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.term != term {
		return 0
	}
	return a.peers[peer].match
}

// have lists who matches to index in term, the leader itself not included.
func (a *acks) have(index, term uint64) (ids []event.NodeID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.term != term {
		return nil
	}
	for id, p := range a.peers {
		if p.match >= index {
			ids = append(ids, id)
		}
	}
	return ids
}

// since says who answered, in term, a request sent after serial.
func (a *acks) since(serial, term uint64) func(event.NodeID) bool {
	return func(id event.NodeID) bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.term == term && a.peers[id].serial > serial
	}
}

// until waits until ok, asked again whenever something changed. It returns false when dead or timeout ends first.
func (a *acks) until(dead <-chan struct{}, timeout <-chan time.Time, ok func() bool) bool {
	for {
		a.mu.Lock()
		if a.bell == nil {
			a.bell = make(chan struct{})
		}
		bell := a.bell
		a.mu.Unlock()
		if ok() {
			return true
		}
		select {
		case <-bell:
		case <-dead:
			return false
		case <-timeout:
			return false
		}
	}
}
