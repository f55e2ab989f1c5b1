package cluster

import (
	"errors"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Who watches sees every event in order with the state after it, and freezes the room before the message that it saw
// being sent has arrived.
func TestWatcherFreezesTheRoomAtItsMoment(t *testing.T) {
	var last, missed uint64
	armed := false
	l := openLab(t, Options{Nodes: 3, Watch: func(s *view.State, e event.Event) bool {
		if e.Seq <= last || s.Seq < e.Seq {
			missed++
		}
		last = e.Seq
		return armed && e.Kind == event.Sent && e.Type == event.RequestVote && !e.Reply
	}})
	s := l.State()
	leader := s.Leader().ID
	armed = true
	l.ok(event.Command{Kind: event.Kill, Node: leader})
	l.Advance(30_000_000)
	s = l.State()
	if s.Rate != 0 {
		t.Fatalf("the room was not frozen: its rate is %v", s.Rate.Float())
	}
	asked := false
	for _, m := range s.Messages {
		asked = asked || m.Type == event.RequestVote && !m.Reply
	}
	if !asked {
		t.Error("the request for a vote had arrived already when the room stood still")
	}
	before := s.At
	l.Advance(1_000_000)
	if now := l.Now(); now != before {
		t.Errorf("frozen time went on from %v to %v", before, now)
	}
	armed = false
	l.ok(event.Command{Kind: event.Thaw})
	l.wait("a new leader", func(s *view.State) bool { n := s.Leader(); return n != nil && n.ID != leader })
	if missed > 0 {
		t.Errorf("%d events came out of order or without their state", missed)
	}
}

// A new room is set up in virtual time before it is shown; one that is opened again is not set up again.
func TestNewRoomIsPrepared(t *testing.T) {
	times := 0
	o := Options{Dir: t.TempDir(), Nodes: 3, Epoch: 41, Manual: true, NoSync: true, Prepare: func(r *Room) error {
		times++
		answer := r.Begin(event.Command{Kind: event.Put, Key: "x", Value: "1"})
		r.Await(10_000_000, func(s *view.State) bool { op := s.Ops[len(s.Ops)-1]; return op.Outcome != event.Pending })
		if res := <-answer; res.Outcome != event.OK {
			return errors.New(res.Error)
		}
		return nil
	}}
	for life := range 2 {
		r, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		s := r.State()
		if s.Leader() == nil || s.Leader().Revision != 2 {
			t.Errorf("life %d: the prepared put is not in the store: %+v", life, s.Leader())
		}
		if got, want := r.Journal().Epoch(), uint64(41+life); got != want {
			t.Errorf("life %d: epoch %d, want %d", life, got, want)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if times != 1 {
		t.Errorf("the room was prepared %d times", times)
	}
}

func TestPreparationThatFailsClosesTheRoom(t *testing.T) {
	broken := errors.New("the setup's third line does not work")
	_, err := Open(Options{Dir: t.TempDir(), Nodes: 1, NoSync: true, Prepare: func(*Room) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// What the monitors say comes to who watches as well: a wiped voter lets a leader be elected without a committed entry.
func TestWatcherHearsTheMonitors(t *testing.T) {
	told := 0
	l := &lab{T: t}
	r, err := Open(Options{Dir: t.TempDir(), Nodes: 3, Manual: true, NoSync: true, Rate: event.One, Watch: func(s *view.State, e event.Event) bool {
		if e.Kind == event.SafetyBroken {
			told++
		}
		return told == 1 && e.Kind == event.SafetyBroken
	}})
	if err != nil {
		t.Fatal(err)
	}
	l.Room = r
	t.Cleanup(func() { _ = r.Close() })
	first := l.leader()
	rest := l.others(first)
	l.settle(3)
	l.ok(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{first, rest[0]}, {rest[1]}}})
	l.ok(put("k", "v"))
	l.ok(node1(event.Wipe, rest[0]))
	l.ok(node1(event.Kill, first))
	l.ok(event.Command{Kind: event.Heal})
	l.do(node1(event.Restart, rest[0]))
	l.Await(60*second, func(s *view.State) bool { return s.Rate == 0 })
	if s := l.State(); told == 0 || s.Rate != 0 {
		t.Errorf("%d alarms came to the watcher; the rate is %v", told, s.Rate)
	}
}
