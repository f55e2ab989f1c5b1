package store

import (
	"sync"
	"time"
)

// progress is how far the store has applied. Raft hands it commands and configurations only, so it learns of no-ops and
// barriers from Committed.
type progress struct {
	mu      sync.Mutex
	index   uint64
	visible uint64 // once this one is applied,
	commit  uint64 // everything up to here is
	changed chan struct{}
}

func (p *progress) start(index uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.index, p.visible, p.commit = index, 0, 0
	p.wake()
}

// apply is called after each entry; tell once or twice, in order, for the entry and for the no-ops behind it.
func (p *progress) apply(index uint64, tell func(index uint64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if index > p.index {
		p.index = index
		tell(index)
	}
	p.passNoops(func() { tell(p.index) })
	p.wake()
}

func (p *progress) committed(visible, commit uint64, tell func(index uint64)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if commit <= p.commit {
		return
	}
	p.visible, p.commit = visible, commit
	if p.passNoops(func() { tell(p.index) }) {
		p.wake()
	}
}

func (p *progress) passNoops(tell func()) bool {
	if p.index < p.visible || p.index >= p.commit {
		return false
	}
	p.index = p.commit
	tell()
	return true
}

func (p *progress) wake() {
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

// wait gives a channel that is closed with the next progress, or nil if index is reached.
func (p *progress) wait(index uint64) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.index >= index {
		return nil
	}
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

// Applied is the index of the last entry that the store has applied, no-ops included as far as Committed has told.
func (s *Store) Applied() uint64 {
	s.progress.mu.Lock()
	defer s.progress.mu.Unlock()
	return s.progress.index
}

// Committed tells that all entries up to commit are committed here and that visible is the last one of them that raft
// hands to the store (disk.Log.LastForStore). When that is applied the no-ops behind it are too, and are told as Applied.
func (s *Store) Committed(visible, commit uint64) {
	s.progress.committed(visible, commit, func(index uint64) { s.tell(index, 0) })
}

// WaitApplied waits until the store has applied index. It gives false if dead is closed or the timer fires first.
func (s *Store) WaitApplied(index uint64, dead <-chan struct{}, timer <-chan time.Time) bool {
	for {
		changed := s.progress.wait(index)
		if changed == nil {
			return true
		}
		select {
		case <-changed:
		case <-dead:
			return false
		case <-timer:
			return false
		}
	}
}
