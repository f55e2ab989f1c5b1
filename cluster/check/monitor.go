// Package check judges what a room did: Monitor watches Raft's safety properties on the events as they come,
// Linearizable asks whether what clients saw could have happened one after the other.
package check

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Monitor folds events and tells when they contradict one of the five safety properties of Raft (paper,
// Figure 3). It believes the events and nothing else, and each property is told broken once: the first
// contradiction is the one to look at. It is used by one goroutine at a time.
//
// Restarts, truncations, snapshots and wipes are no contradictions in themselves. A wiped voter that lets a
// committed entry be lost is one when a leader without that entry is elected.
type Monitor struct {
	replicas  []*replica
	leaders   window[leadership] // by term
	entries   window[variants]   // by index
	commits   window[commitment] // by index
	committed uint64             // highest index that anybody called committed
	applied   window[application]
	broken    [event.Properties]bool
	found     []event.Event
}

type leadership struct {
	node event.NodeID
	seq  uint64
}

// NewMonitor starts with nothing known.
func NewMonitor() *Monitor { return new(Monitor) }

// Fold takes the next event and returns the contradictions it makes as SafetyBroken events, mostly none. The
// returned slice is valid until the next call. It is a journal.Fold.
func (m *Monitor) Fold(e event.Event) []event.Event {
	m.found = m.found[:0]
	if e.Node == 0 {
		return nil
	}
	// The other kinds say nothing about terms, logs and what was applied.
	//exhaustive:ignore
	switch e.Kind {
	case event.MachineRemoved:
		m.replicas = slices.DeleteFunc(m.replicas, func(r *replica) bool { return r.id == e.Node })
	case event.Started, event.Stopped, event.Wiped, event.TermChanged, event.RoleChanged,
		event.Appended, event.Truncated, event.SnapshotTaken, event.SnapshotInstalled, event.Committed, event.Applied:
		if r := m.replica(e.Node); r != nil {
			m.fold(r, &e)
		}
	}
	return m.found
}

// replica gives what is known of a node. Of more nodes than a ring can hold nothing is.
func (m *Monitor) replica(id event.NodeID) *replica {
	for _, r := range m.replicas {
		if r.id == id {
			return r
		}
	}
	if len(m.replicas) >= view.MaxNodes {
		return nil
	}
	r := &replica{id: id}
	m.replicas = append(m.replicas, r)
	return r
}

func (m *Monitor) fold(r *replica, e *event.Event) {
	// The kinds that Fold lets through.
	//exhaustive:ignore
	switch e.Kind {
	case event.Started:
		r.leads, r.term = 0, e.Term
		r.end(e.Index)
	case event.Stopped:
		r.leads = 0
	case event.Wiped:
		r.wipe()
	case event.TermChanged:
		m.enter(r, e.Term)
	case event.RoleChanged:
		m.changeRole(r, e)
	case event.Appended:
		m.append(r, e)
	case event.Truncated:
		m.truncate(r, e)
	case event.SnapshotTaken:
		r.snapshot, r.snapTerm = e.Index, e.LogTerm
	case event.SnapshotInstalled:
		r.install(e)
	case event.Committed:
		m.commit(r, e)
	case event.Applied:
		m.apply(r, e)
	}
}

// enter moves r to a term; whoever enters another one no longer leads.
func (m *Monitor) enter(r *replica, term uint64) {
	if term != r.term {
		r.term, r.leads = term, 0
	}
}

func (m *Monitor) changeRole(r *replica, e *event.Event) {
	if e.Term != 0 {
		m.enter(r, e.Term)
	}
	if e.Role != event.Leader {
		r.leads = 0
		return
	}
	r.leads, r.leadsSince = r.term, e.Seq
	m.elect(r, e)
	m.complete(r, e)
}

// elect checks election safety: at most one leader can be elected in a term (§5.2).
func (m *Monitor) elect(r *replica, e *event.Event) {
	before := m.leaders.get(r.term)
	if before == nil {
		m.leaders.put(r.term, leadership{node: r.id, seq: e.Seq})
		return
	}
	if before.node != r.id {
		m.tell(e, event.Event{Property: event.ElectionSafety, Node: r.id, Peer: before.node, Term: r.term, N: int64(before.seq),
			Text: r.id.String() + " became leader of term " + number(r.term) + ", which " + before.node.String() + " had won before"})
	}
}

// tell adds a contradiction that e made, unless its property is broken already.
func (m *Monitor) tell(e *event.Event, broken event.Event) {
	if m.broken[broken.Property] {
		return
	}
	m.broken[broken.Property] = true
	broken.Kind, broken.At, broken.Rev = event.SafetyBroken, e.At, int64(e.Seq)
	m.found = append(m.found, broken)
}
