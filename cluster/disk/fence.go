package disk

import (
	"runtime"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Fence is the point at which a node dies. Whoever writes past it ends: its goroutine exits by runtime.Goexit, as if the
// machine had lost power in the middle of the call. It never sees an error, because raft panics on errors of its stores.
// Reading goes on.
type Fence struct {
	mu      sync.Mutex
	state   fenceState
	reached func(event.Reason)
}

type fenceState uint8

const (
	fenceOpen   fenceState = iota
	fenceBefore            // closes at the next write to the log, which does not happen
	fenceAfter             // closes when the next write to the log is on disk
	fenceClosed            // nobody writes any more
)

// NewFence makes an open fence. Reached (may be nil) is told once that the node died at a point in its work
// (KilledBeforeFsync or KilledAfterFsync), on the goroutine that is about to end, with no lock held; it must not block.
// It is not called for Arm(event.Now): there the caller knows.
func NewFence(reached func(event.Reason)) *Fence {
	if reached == nil {
		reached = func(event.Reason) {}
	}
	return &Fence{reached: reached}
}

// Arm sets where the node dies. Once it is dead it stays dead.
func (f *Fence) Arm(at event.KillPoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state == fenceClosed {
		return
	}
	switch at {
	case event.Now:
		f.state = fenceClosed
	case event.BeforeFsync:
		f.state = fenceBefore
	case event.AfterFsync:
		f.state = fenceAfter
	}
}

// Disarm takes back where the node was to die, if it lives.
func (f *Fence) Disarm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != fenceClosed {
		f.state = fenceOpen
	}
}

// Closed says whether the node is dead.
func (f *Fence) Closed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state == fenceClosed
}

// pass ends the goroutine if the node is dead.
func (f *Fence) pass() {
	if f.Closed() {
		runtime.Goexit()
	}
}

// beforeLog is called ahead of a write to the log.
func (f *Fence) beforeLog() {
	if f.closeAt(fenceBefore) {
		f.reached(event.KilledBeforeFsync)
	}
	f.pass()
}

// afterLog is called when a write to the log is on disk and nobody knows.
func (f *Fence) afterLog() {
	if f.closeAt(fenceAfter) {
		f.reached(event.KilledAfterFsync)
	}
	f.pass()
}

func (f *Fence) closeAt(at fenceState) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state != at {
		return false
	}
	f.state = fenceClosed
	return true
}
