package lobby

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/web"
)

// phase of a room's life.
type phase uint8

const (
	asleep   phase = iota // on disk only
	starting              // a child is being started
	awake
	closing // the child is being closed; asleep or gone follows
	broken  // it fell too often, or refuses; rests for restWait
	gone    // deleted
)

const (
	startWait = 20 * time.Second // for a child to serve
	restWait  = time.Minute      // until a broken room is tried again, if somebody comes
	// fallsMost is how often in a row a room may fall before it is left alone. A child that lived for
	// steadyWait stands firmly: the next fall counts as the first.
	fallsMost  = 5
	steadyWait = 30 * time.Second
	// backoffFirst is the pause before the second restart in a row; it doubles. The first is at once.
	backoffFirst = 100 * time.Millisecond
)

// room is one room as the lobby sees it.
type room struct {
	lobby *Lobby
	dir   string

	mu      sync.Mutex
	record  Record
	phase   phase
	changed chan struct{} // closed and replaced when the phase changes
	child   Child         // awake, closing
	visits  int           // requests and websockets under way
	born    time.Time     // of the child
	falls   int           // in a row
	failed  time.Time     // broken since
	why     string        // broken: a sentence
	dirty   bool          // record.Used is newer than on disk
}

func newRoom(l *Lobby, r Record) *room {
	return &room{lobby: l, dir: filepath.Join(l.options.Data, r.ID), record: r, changed: make(chan struct{})}
}

// enter returns the room's child and counts the visit; it wakes the room if it sleeps and waits meanwhile. Every
// enter that succeeds needs a leave.
func (r *room) enter(ctx context.Context) (Child, error) {
	for {
		r.mu.Lock()
		child, wait, err := r.step()
		r.mu.Unlock()
		if child != nil || err != nil {
			return child, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, &web.Fault{Status: http.StatusServiceUnavailable, Code: web.CodeClosing, Sentence: "The room did not wake in time; ask again."}
		}
	}
}

// step gives a child, an error, or a channel to wait on. It needs mu.
func (r *room) step() (Child, <-chan struct{}, error) {
	if r.lobby.ctx.Err() != nil {
		return nil, nil, lobbyCloses
	}
	switch r.phase {
	case awake:
		r.visits++
		return r.child, nil, nil
	case broken:
		if time.Since(r.failed) < restWait {
			return nil, nil, &web.Fault{Status: http.StatusServiceUnavailable, Code: codeBroken, Sentence: r.why}
		}
		r.falls = fallsMost - 1
		r.wake(0)
	case asleep:
		r.wake(0)
	case gone:
		return nil, nil, notHere
	case starting, closing:
	}
	return nil, r.changed, nil
}

// fallWait is how long a child that cannot be reached may take to be found dead.
const fallWait = 2 * time.Second

// lost waits until child is not the room's any more; it returns false if it still is after fallWait.
func (r *room) lost(ctx context.Context, child Child) bool {
	ctx, cancel := context.WithTimeout(ctx, fallWait)
	defer cancel()
	for {
		r.mu.Lock()
		still, wait := r.child == child, r.changed
		r.mu.Unlock()
		if !still {
			return true
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return false
		}
	}
}

// leave ends a visit.
func (r *room) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.visits--
	r.record.Used = time.Now()
	r.dirty = true
}

// turn goes to another phase and tells who waits. It needs mu.
func (r *room) turn(p phase) {
	r.phase = p
	close(r.changed)
	r.changed = make(chan struct{})
}

// wake starts a child after a pause. It needs mu.
func (r *room) wake(pause time.Duration) {
	r.turn(starting)
	r.lobby.work.Add(1)
	go func() {
		defer r.lobby.work.Done()
		select {
		case <-time.After(pause):
			r.start()
		case <-r.lobby.ctx.Done():
			r.settle(asleep)
		}
	}()
}

// settle ends starting without a child.
func (r *room) settle(p phase) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == starting {
		r.turn(p)
	}
}

func (r *room) start() {
	ctx, cancel := context.WithTimeout(r.lobby.ctx, startWait)
	defer cancel()
	began := time.Now()
	child, err := r.lobby.options.Spawner.Spawn(ctx, r.lobby.assign(r))
	if err != nil {
		r.stumble(err)
		return
	}
	r.lobby.numbers.spawn.Observe(time.Since(began).Seconds())
	r.mu.Lock()
	if r.phase != starting {
		r.mu.Unlock()
		child.Close()
		return
	}
	r.child, r.born = child, time.Now()
	r.turn(awake)
	r.lobby.work.Add(1)
	r.mu.Unlock()
	go r.keep(child)
}

// keep watches over a child until it has ended.
func (r *room) keep(child Child) {
	defer r.lobby.work.Done()
	for {
		select {
		case <-child.Idle():
			r.sleep()
		case <-child.Done():
			r.fell(child)
			return
		}
	}
}

// sleep closes the child if nobody uses it.
func (r *room) sleep() {
	r.mu.Lock()
	if r.phase != awake || r.visits > 0 {
		r.mu.Unlock()
		return
	}
	child := r.child
	r.turn(closing)
	r.mu.Unlock()
	child.Close()
	r.save()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == closing {
		r.child = nil
		r.turn(asleep)
	}
}

// fell starts the room again after its child ended unasked.
func (r *room) fell(child Child) {
	r.mu.Lock()
	if r.phase != awake || r.child != child {
		r.mu.Unlock()
		return
	}
	r.child = nil
	if time.Since(r.born) > steadyWait {
		r.falls = 0
	}
	r.lobby.numbers.restarts.Inc()
	r.turn(starting) // whoever comes now waits
	r.mu.Unlock()
	r.stumble(fmt.Errorf("its process ended: %s", child.LastWords()))
}

// stumble tries again after a growing pause, or leaves the room alone. The phase is starting.
func (r *room) stumble(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase != starting {
		return
	}
	if r.lobby.ctx.Err() != nil {
		r.turn(asleep)
		return
	}
	r.falls++
	r.lobby.log.Warn("room fell", "room", nickname(r.record.ID), "falls", r.falls, "why", err)
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		r.breakDown("This room does not open: " + refusal.Sentence)
	case r.falls >= fallsMost:
		r.breakDown(fmt.Sprintf("This room fell %d times in a row and is left alone for %v; its data is kept. The last time %v", r.falls, restWait, err))
	default:
		r.wake(backoff(r.falls))
	}
}

func backoff(falls int) time.Duration {
	if falls <= 1 {
		return 0
	}
	return backoffFirst << (falls - 2)
}

func (r *room) breakDown(why string) {
	r.why, r.failed = why, time.Now()
	r.turn(broken)
}

// delete closes the room and removes its data.
func (r *room) delete() error {
	child, err := r.retire()
	if err != nil {
		return err
	}
	if child != nil {
		child.Close()
	}
	trash := r.dir + goneSuffix
	if err := os.Rename(r.dir, trash); err != nil {
		return fmt.Errorf("the room's data cannot be removed: %w", err)
	}
	return os.RemoveAll(trash)
}

// retire takes the room out of use.
func (r *room) retire() (Child, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == gone {
		return nil, notHere
	}
	child := r.child
	r.child = nil
	r.turn(gone)
	return child, nil
}

// close ends the child, if there is one, and remembers when the room was used.
func (r *room) close() {
	r.mu.Lock()
	child := r.child
	// in the other phases there is nothing to end
	//exhaustive:ignore
	switch r.phase {
	case awake:
		r.turn(closing)
	case starting:
		r.turn(asleep) // the child that comes now is closed by start
	}
	r.mu.Unlock()
	if child != nil {
		child.Close()
	}
	r.save()
}

// save writes the record if somebody used the room since it was written.
func (r *room) save() {
	r.mu.Lock()
	record, dirty := r.record, r.dirty && r.phase != gone
	r.dirty = false
	r.mu.Unlock()
	if !dirty {
		return
	}
	if err := record.write(r.dir); err != nil {
		r.lobby.log.Warn("room.json not written", "room", nickname(record.ID), "why", err)
	}
}

// unused says whether nobody came for so long and nobody is there.
func (r *room) unused(long time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.visits == 0 && (r.phase == asleep || r.phase == broken) && time.Since(r.record.Used) > long
}
