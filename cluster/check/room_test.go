package check_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

const second event.Micros = 1_000_000

// real is a room with a real cluster, whose time the test moves.
type real struct {
	*testing.T
	*cluster.Room
}

func open(t *testing.T, nodes int) *real {
	room, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: nodes, Rate: event.One, NoSync: true, Manual: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	return &real{t, room}
}

// do is try for what must succeed.
func (r *real) do(c event.Command) event.Result {
	r.Helper()
	result := r.try(c)
	if result.Outcome != event.OK {
		r.Fatalf("%s: %v: %s", cluster.Words(c), result.Outcome, result.Error)
	}
	return result
}

// try moves time until the command is answered, however.
func (r *real) try(c event.Command) event.Result {
	r.Helper()
	answer := r.Begin(c)
	for range 20_000 {
		select {
		case result := <-answer:
			return result
		default:
			r.Advance(1_000)
		}
	}
	r.Fatalf("%s: no answer within 20 virtual seconds", cluster.Words(c))
	return event.Result{}
}

func (r *real) wait(what string, ok func(*view.State) bool) {
	r.Helper()
	if !r.Await(30*second, ok) {
		r.Fatalf("%s: not within 30 virtual seconds", what)
	}
}

func (r *real) holds(p event.Property) bool {
	s := r.State()
	return s.Safety[p-event.ElectionSafety].Holds
}

// TestForgetfulVoterPutsTheLampOut plays on a real cluster what wiping a voter and letting it back under its
// name can do: it forgets what it has acknowledged, and elects a leader that never heard of it.
func TestForgetfulVoterPutsTheLampOut(t *testing.T) {
	r := open(t, 3)
	r.do(event.Command{Kind: event.Put, Key: "x", Value: "1"})
	r.wait("everybody has the first put", func(s *view.State) bool {
		return !slices.ContainsFunc(s.Nodes, func(n view.Node) bool { return n.Revision < 2 })
	})
	s := r.State()
	old := s.Leader().ID
	forgetful := event.NodeID(1 + old%3)
	deaf := event.NodeID(6) - old - forgetful
	r.do(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{old, forgetful}, {deaf}}})
	r.do(event.Command{Kind: event.Put, Node: old, Key: "x", Value: "lost"})
	r.do(event.Command{Kind: event.Kill, Node: old})
	r.do(event.Command{Kind: event.Wipe, Node: forgetful})
	if !r.holds(event.LeaderCompleteness) {
		t.Fatal("a wipe alone breaks nothing yet")
	}
	r.do(event.Command{Kind: event.Restart, Node: forgetful})
	r.do(event.Command{Kind: event.Heal})
	r.wait("a leader", func(s *view.State) bool { l := s.Leader(); return l != nil && l.ID == deaf })
	if r.holds(event.LeaderCompleteness) {
		t.Fatal("a committed put is lost, and leader completeness is said to hold")
	}
	s = r.State()
	lamp := s.Safety[event.LeaderCompleteness-event.ElectionSafety]
	pair, err := r.Journal().Events(lamp.Earlier, 1)
	if err != nil || pair[0].Kind != event.Committed || pair[0].Node != old {
		t.Errorf("the earlier event is %+v, %v", pair, err)
	}
	if pair, err = r.Journal().Events(lamp.Seq, 1); err != nil || pair[0].Kind != event.RoleChanged || pair[0].Node != deaf {
		t.Errorf("the later event is %+v, %v", pair, err)
	}
	got := r.do(event.Command{Kind: event.Get, Node: deaf, Key: "x"})
	if len(got.KVs) != 1 || got.KVs[0].Value != "1" {
		t.Errorf("the acknowledged put is not lost after all: %v", got.KVs)
	}
}

// TestRealEventsTravel folds what a real cluster told on the far side of the wire: from a checkpoint in the
// middle and, after a pause, from where it was. Both must see the room as it is.
func TestRealEventsTravel(t *testing.T) {
	r := open(t, 5)
	early := r.watch(0)
	for i, c := range []event.Command{
		{Kind: event.Put, Key: "a", Value: "1"},
		{Kind: event.Kill, Node: 2},
		{Kind: event.Put, Key: "b", Value: "2"},
		{Kind: event.SetLink, Node: 1, Peer: 3, Link: event.Link{Delay: 9_000, Duplicate: event.One}},
		{Kind: event.Hold, Node: 4, Peer: 5},
		{Kind: event.Suspend, Node: 3},
		{Kind: event.Restart, Node: 2},
		{Kind: event.Drift, Node: 5, Factor: 2 * event.One},
		{Kind: event.Resume, Node: 3},
		{Kind: event.MemberAdd},
		{Kind: event.Release},
		{Kind: event.Snapshot, Node: 4},
		{Kind: event.Heal},
	} {
		r.try(c)
		r.Advance(second / 2)
		late := r.watch(0)
		r.try(event.Command{Kind: event.Put, Key: "c", Value: "3"})
		if i%2 == 0 {
			early.resume()
		}
		r.same("from the beginning", early)
		r.same("from a checkpoint", late)
	}
	for p := event.ElectionSafety; int(p) < event.Properties; p++ {
		if !r.holds(p) {
			t.Errorf("%v is said to be broken", p)
		}
	}
}

// watcher folds frames as a browser does.
type watcher struct {
	r     *real
	state view.State
	next  func() (event.Frame, bool)
}

func (r *real) watch(from uint64) *watcher {
	w := &watcher{r: r}
	w.from(from)
	w.drain()
	return w
}

// resume begins a subscription anew where the last one was.
func (w *watcher) resume() { w.from(w.state.Seq) }

func (w *watcher) from(seq uint64) {
	j := w.r.Journal()
	facts := j.Subscribe(seq, j.Epoch())
	w.next = func() (event.Frame, bool) {
		f, err := facts.Next(over)
		var slow *journal.Slow
		if errors.As(err, &slow) {
			w.from(slow.Last)
			return w.next()
		}
		if err != nil {
			return event.Frame{}, false
		}
		frame, err := event.DecodeFrame(f.Bytes)
		if err != nil {
			w.r.Fatal(err)
		}
		return frame, true
	}
}

// over has ended: who waits with it only looks.
var over = func() context.Context {
	ctx, end := context.WithCancel(context.Background())
	end()
	return ctx
}()

func (w *watcher) drain() {
	for f, ok := w.next(); ok; f, ok = w.next() {
		if f.Type == event.FrameCheckpoint {
			w.state = view.State{}
		}
		for _, e := range f.Events {
			w.state.Apply(e)
		}
		if f.Type == event.FrameCheckpoint {
			w.state.Seq = f.Seq
		}
	}
}

func (r *real) same(who string, w *watcher) {
	r.Helper()
	want := r.State()
	for w.drain(); w.state.Seq != want.Seq && w.state.Seq > want.Seq; w.drain() {
		want = r.State() // the judge tells on its own time how far it is
	}
	got := w.state
	got.At, got.Wall = want.At, want.Wall
	if got.Seq != want.Seq || !reflect.DeepEqual(got, want) {
		i := slices.IndexFunc(want.Nodes, func(n view.Node) bool { m := got.Node(n.ID); return m == nil || !reflect.DeepEqual(*m, n) })
		r.Fatalf("%s: event %d of %d; first node that differs: %d\n got %+v\nwant %+v", who, got.Seq, want.Seq, i, got, want)
	}
}
