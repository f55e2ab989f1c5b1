package node

import (
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// timer is what is known of the engine's election timer. The engine draws its length at random and tells nobody, so what is
// known is a window.
//
// A follower looks at its clock after [H, 2H), counted from when it began to follow and then from each look, and stands for
// election at the first look at which its last contact is H old: within [H, 2H) of its beginning if it has heard from nobody
// since, else within [H, 3H) of the contact. A candidate begins anew after [E, 2E), whatever it hears. H and E are the same here.
type timer struct {
	began   event.Micros // when it was set: the process, following or a candidacy began
	contact event.Micros // with a leader, or with a candidate that got its vote; -1: none yet
	told    event.Event
	early   func() // what was to be told before the node was ready
	round   uint64 // how often the engine has begun to ask for votes
	first   bool   // it asks for pre-votes
}

// What the engine says when it sets its timer (raft.go, runFollower and runCandidate). A disk may keep it busy for long between
// a change of role and that.
const (
	beginsToFollow    = "entering follower state"
	beginsRound       = "entering candidate state"
	asksFirst         = "pre-voting for self"
	beginsCandidacy   = "calculated votes needed"
	beginsRealBallots = "pre-vote successful, starting election"
)

// hearTimer is told everything that the engine says, on the goroutine that says it.
func (n *Node) hearTimer(words string) {
	switch words {
	case beginsRound, asksFirst:
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.timer.first = words == asksFirst; !n.timer.first {
			n.timer.round++
		}
		return
	case beginsToFollow, beginsCandidacy, beginsRealBallots:
	default:
		return
	}
	pre := words == beginsCandidacy
	now := n.o.Transport.Later(0)
	n.mu.Lock()
	if !n.ready.Load() { // the engine has just been made, and cannot be asked yet
		n.timer.early = func() { n.begin(now, pre) }
		n.mu.Unlock()
		return
	}
	n.mu.Unlock()
	n.observe() // the role is told first
	n.mu.Lock()
	defer n.mu.Unlock()
	n.begin(now, pre)
}

// round is how often the engine has begun to ask for votes. What answers to an earlier round say it drops.
func (n *Node) round() uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.timer.round
}

// getReady tells what happened while the node was being made.
func (n *Node) getReady() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ready.Store(true)
	if f := n.timer.early; f != nil {
		n.timer.early = nil
		f()
	}
}

// begin notes that the timer was set just now, by a candidate that may ask for pre-votes. The lock is held.
func (n *Node) begin(now event.Micros, candidate bool) {
	n.timer.began = now
	n.tellTimer(2*n.patience, candidate && n.timer.first)
}

// contact notes that the engine has just heard from a leader, or given its vote.
func (n *Node) contact() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.timer.contact = n.o.Transport.Later(0)
	switch {
	case n.seen.role != event.Follower: // it was told to stand, and hears from the leader still
	case n.timer.contact == n.timer.began:
		n.tellTimer(2*n.patience, false)
	default:
		n.tellTimer(3*n.patience, false)
	}
}

// tellTimer says that the engine stands for election after patience at the earliest and latest at the latest, as things are;
// never if it has no vote itself. With pre it begins to ask for pre-votes. The lock is held.
func (n *Node) tellTimer(latest time.Duration, pre bool) {
	t := &n.timer
	e := event.Event{Kind: event.TimerSet, From: max(t.began, t.contact), OK: t.began > t.contact, Reply: pre}
	if n.hasVote() {
		e.N, e.Until = int64(n.o.Transport.Later(n.patience)), n.o.Transport.Later(latest)
	} else if e.OK {
		return // nobody was heard, and nothing will happen
	}
	if pre || e.From != t.told.From || e.Until != t.told.Until || e.OK != t.told.OK {
		t.told = e
		n.tap(e)
	}
}

// hasVote says whether the newest configuration here lets this node vote: only then does the engine stand.
func (n *Node) hasVote() bool {
	for _, s := range n.raft.GetConfiguration().Configuration().Servers {
		if string(s.ID) == n.o.ID.String() {
			return s.Suffrage == raft.Voter
		}
	}
	return false
}
