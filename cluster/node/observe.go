package node

import (
	"slices"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// seen is the engine's state as it was last reported.
type seen struct {
	role    event.Role
	term    uint64
	leader  raft.ServerID
	commit  uint64
	members []event.Member
}

// Observe reports what has changed in the engine's own state. It is called whenever the node's world has come to rest,
// at every tap in between, so that no message leaves before the change that caused it has been told, and before an entry is applied.
// It returns whether there was something to report.
func (n *Node) Observe() bool {
	changed := n.observe()
	if n.ready.Load() && n.reconfigured.Swap(false) {
		n.observeMembers()
		changed = true
	}
	return changed
}

func (n *Node) observe() (changed bool) {
	if !n.ready.Load() {
		return false // still being made
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	role, term := n.roleInTerm()
	if n.seen.role == event.Leader && role != event.Leader {
		changed = n.observeCommit() // it may have been its own removal, which ended its office
	}
	if role != n.seen.role {
		changed = true
		n.changeRole(role, term) // it carries the term: nobody is shown to lead one that it did not win
	}
	if term != n.seen.term {
		changed = true
		n.seen.term = term
		n.tap(event.Event{Kind: event.TermChanged, Term: term})
	}
	if _, id := n.raft.LeaderWithID(); id != n.seen.leader {
		changed = true
		n.seen.leader = id
		n.tap(event.Event{Kind: event.LeaderSeen, Peer: n.knownLeader(), Term: term})
	}
	return n.observeCommit() || changed
}

// observeCommit is for observe. It needs mu.
func (n *Node) observeCommit() bool {
	commit := n.committed()
	if commit <= n.seen.commit {
		return false
	}
	n.seen.commit = commit
	n.acks.changed()
	n.tap(event.Event{Kind: event.Committed, Index: commit})
	n.store.Committed(n.drive.Log.LastForStore(commit), commit)
	return true
}

// roleInTerm reads role and term of one moment: the engine changes them one after the other.
func (n *Node) roleInTerm() (event.Role, uint64) {
	for {
		term := n.raft.CurrentTerm()
		role := roleOf(n.raft.State())
		if n.raft.CurrentTerm() == term {
			return role, term
		}
	}
}

func (n *Node) changeRole(role event.Role, term uint64) {
	n.seen.role = role
	n.acks.changed()
	n.tap(event.Event{Kind: event.RoleChanged, Role: role, Term: term})
}

func (n *Node) knownLeader() event.NodeID {
	_, id := n.raft.LeaderWithID()
	l, _ := event.ParseNodeID(string(id))
	return l
}

// observeMembers reports the configuration that this node uses: the newest in its log, committed or not (§6).
func (n *Node) observeMembers() {
	ms := n.members()
	n.mu.Lock()
	defer n.mu.Unlock()
	if slices.Equal(ms, n.seen.members) {
		return
	}
	n.seen.members = ms
	n.tap(event.Event{Kind: event.MembersSet, Index: n.configured.Load(), Members: slices.Clone(ms)})
}

// members lists them by name.
func (n *Node) members() (ms []event.Member) {
	f := n.raft.GetConfiguration() // answers at once from an atomic copy
	if f.Error() != nil {
		return nil
	}
	for _, s := range f.Configuration().Servers {
		ms = append(ms, member(s))
	}
	slices.SortFunc(ms, func(a, b event.Member) int { return int(a.ID) - int(b.ID) })
	return ms
}

func member(s raft.Server) event.Member {
	id, _ := event.ParseNodeID(string(s.ID))
	m := event.Member{ID: id, Suffrage: event.Voter}
	if s.Suffrage != raft.Voter {
		m.Suffrage = event.Learner
	}
	return m
}

func roleOf(s raft.RaftState) event.Role {
	switch s {
	case raft.Leader:
		return event.Leader
	case raft.Candidate:
		return event.Candidate
	case raft.Follower:
		return event.Follower
	case raft.Shutdown:
		return event.RoleNone
	}
	return event.RoleNone
}
