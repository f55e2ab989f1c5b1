package desk

import (
	"sync"

	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

// Bounds of what is remembered between two drawings.
const maxTraces = 32 // paths of requests

// Memory is what panels remember between two drawings, so that a panel which is drawn again and again looks only at what is
// new. It is safe for concurrent use, belongs to one room, and forgets everything with its journal.
type Memory struct {
	mu      sync.Mutex
	journal *journal.Journal
	traces  map[uint64]*tale.Trace
}

// NewMemory remembers nothing yet.
func NewMemory() *Memory { return &Memory{} }

// of has the memory ready for a journal; the caller holds mu.
func (r *Memory) of(j *journal.Journal) {
	if r.journal != j {
		r.journal, r.traces = j, map[uint64]*tale.Trace{}
	}
}

// path is what became of a request up to the moment.
func (m Moment) path(id uint64) *tale.Path {
	if m.Memory == nil {
		t := tale.TraceOf(m.Journal, m.State, id)
		t.Follow(m.Journal, m.State.Seq)
		return &t.Path
	}
	r := m.Memory
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(m.Journal)
	t := r.traces[id]
	fresh := t == nil || t.Seq > m.State.Seq || t.Lost() && m.State.Op(id) != nil
	if fresh {
		t = tale.TraceOf(m.Journal, m.State, id)
	}
	t.Follow(m.Journal, m.State.Seq)
	if old := r.traces[id]; fresh && (old == nil || old.Seq <= t.Seq) {
		if old == nil && len(r.traces) >= maxTraces {
			forgetOne(r.traces)
		}
		r.traces[id] = t
	}
	return t.Copy()
}

// forgetOne makes room for another; which one goes does not matter much.
func forgetOne[K comparable, V any](all map[K]V) {
	for key := range all {
		delete(all, key)
		return
	}
}
