package cluster

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/world"
)

// member is a machine of the room as the facade holds it: what lives in its world, and what it needs to live again.
type member struct {
	id     event.NodeID
	dir    string
	fsync  atomic.Int64 // µs added to every fsync
	fence  *disk.Fence
	node   *node.Node // use inside its world only
	port   *conductor.Port
	proper bool        // the next end is a proper one, not a crash
	reboot atomic.Bool // it goes down only to be started again at once
}

func (m *member) setFsync(d event.Micros) { m.fsync.Store(int64(d)) }

func (m *member) fsyncDelay() time.Duration {
	return time.Duration(m.fsync.Load()) * time.Microsecond
}

// start gives a machine a life on what its disk holds. A node that refuses to start says why as an event and an error.
func (r *Room) start(id event.NodeID, bootstrap []event.Member) error {
	m, known := r.nodes[id], r.known(id)
	if r.waking { // the monitors of this life know nothing yet
		known = node.Known{}
	}
	err := r.conductor.Start(id, func(w *world.World, p *conductor.Port) (conductor.Life, error) {
		return r.boot(m, w, p, bootstrap, known)
	})
	if err != nil {
		r.conductor.Fact(event.Event{Kind: event.Stopped, Node: id, Reason: event.RefusedToStart, Text: err.Error()})
		return fmt.Errorf("%v refuses to start: %w", id, err)
	}
	r.openDoor(id)
	return nil
}

// lie tells of a machine that stays down. What is on its disk is read there if the recording does not tell it; a disk that cannot be read is
// one with which it would not start.
func (r *Room) lie(id event.NodeID, why event.Reason) {
	text := ""
	if r.waking && r.forgot {
		if err := r.tellDisk(id); err != nil {
			why, text = event.RefusedToStart, err.Error()
		}
	}
	r.conductor.Fact(event.Event{Kind: event.Stopped, Node: id, Reason: why, Text: text})
}

// tellDisk tells what is on the disk of a machine that does not run.
func (r *Room) tellDisk(id event.NodeID) error {
	dir := r.nodes[id].dir
	facts, err := disk.Look(disk.Options{Dir: dir, Node: id, Describe: store.Describe})
	if err != nil {
		return err
	}
	applied, revision, err := store.Peek(disk.StoreDir(dir))
	if err != nil {
		return err
	}
	for _, e := range append(facts, event.Event{Kind: event.Applied, Node: id, Index: applied, Rev: revision}) {
		r.conductor.Fact(e)
	}
	return nil
}

// known is what the events so far say of a node's log.
func (r *Room) known(id event.NodeID) (k node.Known) {
	r.journal.With(func(s *view.State) {
		n := s.Node(id)
		if n == nil || n.Log.Len() == 0 {
			return
		}
		k.First = n.Log.First()
		for i := range n.Log.Len() {
			k.Terms = append(k.Terms, n.Log.At(i).Term)
		}
	})
	return k
}

// boot runs inside the machine's new world.
func (r *Room) boot(m *member, w *world.World, p *conductor.Port, bootstrap []event.Member, known node.Known) (conductor.Life, error) {
	die := func(why event.Reason, text string) { p.Crash(r.conductor, why, text) }
	m.port, m.proper = p, false
	m.fence = disk.NewFence(func(why event.Reason) { die(why, "") })
	n, err := node.Open(node.Options{ID: m.id, Cluster: r.clusterID, Member: r.Peer(m.id).ID, Transport: p, Tap: p.Tap, Bootstrap: bootstrap, Known: known, NoSync: r.o.NoSync, Dir: m.dir,
		FsyncDelay: m.fsyncDelay, Fence: m.fence, Failed: func(err error) { die(event.Killed, err.Error()) },
		Reboot:   func(why string) { m.reboot.Store(true); die(event.Killed, why) },
		Definite: func(err error) bool { return errors.Is(err, conductor.ErrRefused) }})
	if err != nil {
		return nil, err
	}
	m.node = n
	w.WhenQuiet(n.Observe)
	return &life{m: m}, nil
}

// life is how the conductor ends what lives in a machine's world.
type life struct {
	m      *member
	frozen error
}

// Fence is called at the instant of death: nothing is written any more.
func (l *life) Fence() {
	if !l.m.proper {
		l.m.fence.Arm(event.Now)
		l.frozen = l.m.node.Freeze()
	}
}

// End takes everything down; what is on disk then is what a crash at that instant would have left, unless the end is proper.
func (l *life) End() error {
	if l.m.proper {
		return errors.Join(l.m.node.Shutdown(), disk.Seal(l.m.dir))
	}
	return errors.Join(l.frozen, l.m.node.Crash(), disk.Seal(l.m.dir))
}

// crashed is told when a machine went down by itself: at a point of a kill, or because its disk failed. The conductor is locked.
func (r *Room) crashed(id event.NodeID, tap event.Tap) {
	r.bury(id, func(e event.Event) bool { tap(e); return true })
	go r.afterCrash(id)
}

// afterCrash remembers that a machine crashed by itself, so that it is not started with the room the next time; or starts
// it again, if that is what it crashed for.
func (r *Room) afterCrash(id event.NodeID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.setup.machine(id)
	if up, _ := r.conductor.Up(id); s == nil || up || r.closed {
		return
	}
	if r.nodes[id].reboot.Swap(false) {
		_ = r.start(id, nil) // if it refuses, it has said so
		return
	}
	s.Down = event.Killed
	if err := r.save(); err != nil {
		r.o.warn(err)
	}
}

// bury answers what waited for a machine that is dead.
func (r *Room) bury(id event.NodeID, tap func(event.Event) bool) {
	for _, p := range r.desk.of(id) {
		p.settle(event.Result{Outcome: lost(p.command.Kind), Error: fmt.Sprintf("%v went down before it answered", id)}, tap)
	}
}
