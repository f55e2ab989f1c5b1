package cluster

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// heldSnapshot lets a follower fall behind a snapshot and holds what the leader sends it until the snapshot is at the gate.
func heldSnapshot(l *lab) (leader, follower event.NodeID, message uint64) {
	l.Helper()
	leader = l.leader()
	follower = l.others(leader)[0]
	l.ok(node1(event.Kill, follower))
	for i := range 20 {
		l.ok(put(fmt.Sprint("k", i), "v"))
	}
	l.ok(node1(event.Snapshot, leader))
	l.ok(event.Command{Kind: event.Hold, Node: leader, Peer: follower, OneWay: true})
	l.ok(node1(event.Restart, follower))
	l.wait("the snapshot at the gate", func(s *view.State) bool {
		for _, m := range s.Messages {
			if !m.Held || m.To != follower {
				continue
			}
			if m.Type == event.InstallSnapshot {
				message = m.ID
				return true
			}
			go l.Begin(event.Command{Kind: event.Deliver, Message: m.ID})
		}
		return false
	})
	return leader, follower, message
}

// A snapshot that arrives again when the follower has gone on may not take it back in time, as the engine alone would.
func TestLateSnapshotTakesNobodyBack(t *testing.T) {
	l := openLab(t, Options{})
	leader, f, m := heldSnapshot(l)
	l.ok(event.Command{Kind: event.Duplicate, Message: m})
	l.ok(event.Command{Kind: event.Deliver, Message: m})
	s := l.State()
	var second uint64
	for _, x := range s.Messages {
		if x.Type == event.InstallSnapshot && x.Held && x.ID != m {
			second = x.ID
		}
	}
	if second == 0 {
		t.Fatal("no copy waits")
	}
	l.wait("it is installed", func(s *view.State) bool { return s.Node(f).SnapshotIndex > 0 })
	// All but the copy go on by hand; the copy comes last.
	for i := range 10 {
		l.Begin(put(fmt.Sprint("more", i), "v"))
		l.Advance(20_000)
		for _, x := range l.State().Messages {
			if x.Held && x.ID != second {
				l.ok(event.Command{Kind: event.Deliver, Message: x.ID})
			}
		}
	}
	before := l.State()
	l.ok(event.Command{Kind: event.Deliver, Message: second})
	l.Advance(20_000)
	after := l.State()
	if a, b := after.Node(f), before.Node(f); a.Applied < b.Applied || a.Last < b.Last || a.Revision < b.Revision {
		t.Errorf("%v went back: applied %d, last %d, revision %d; before %d, %d, %d", f, a.Applied, a.Last, a.Revision, b.Applied, b.Last, b.Revision)
	}
	l.ok(event.Command{Kind: event.Heal})
	l.settle(5)
	if l.leader() != leader {
		t.Log("the leader changed")
	}
}

// A leader that was cut off with many entries gets a snapshot in their place. The engine would believe in them for ever.
func TestSnapshotInPlaceOfALongerLog(t *testing.T) {
	l := openLab(t, Options{})
	old := l.leader()
	rest := l.others(old)
	l.settle(5)
	l.ok(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{old}, rest}})
	for i := range 40 {
		l.Begin(on(old, event.Command{Kind: event.Put, Key: fmt.Sprint("lost", i), Value: "v", Timeout: 300_000}))
	}
	l.newLeader(old)
	for i := range 10 {
		l.ok(put(fmt.Sprint("kept", i), "v"))
	}
	for _, id := range rest {
		l.ok(node1(event.Snapshot, id))
	}
	n := l.State().Seq
	l.ok(event.Command{Kind: event.Heal})
	l.settle(5)
	installed := slices.ContainsFunc(l.events(n), func(e event.Event) bool { return e.Kind == event.SnapshotInstalled && e.Node == old })
	if !installed {
		t.Error("no snapshot was installed, so this proves nothing")
	}
	if g := l.ok(on(old, event.Command{Kind: event.Get, Key: "kept", Prefix: true, Serializable: true})); g.Count != 10 {
		t.Errorf("%+v", g)
	}
	if g := l.ok(on(old, event.Command{Kind: event.Get, Key: "lost", Prefix: true, Serializable: true})); g.Count != 0 {
		t.Errorf("%+v", g)
	}
}

// The log lives in memory too: large values may not pile up until there are enough entries for a snapshot.
func TestLargeValuesMakeASnapshotEarlier(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	for i := range node.MaxLogBytes>>20 + 4 {
		l.ok(put(fmt.Sprint("k", i%3), strings.Repeat("v", 1<<20)))
	}
	l.wait("a snapshot", func(s *view.State) bool { return s.Node(1).SnapshotIndex > 0 && s.Node(1).First > 4 })
}

// A snapshot is one fact, though who writes it closes it and raft does so again.
func TestASnapshotIsToldOnce(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	l.ok(put("x", "1"))
	from := l.State().Seq
	l.ok(node1(event.Snapshot, 2))
	taken := 0
	for _, e := range l.events(from) {
		if e.Kind == event.SnapshotTaken && e.Node == 2 {
			taken++
		}
	}
	if taken != 1 {
		t.Errorf("it is told %d times", taken)
	}
}
