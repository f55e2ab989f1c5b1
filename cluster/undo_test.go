package cluster

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// world is what faults change of a room.
type worldly struct {
	Links   []view.Link
	Up      []bool
	Still   []bool
	Drift   []event.Factor
	Fsync   []event.Micros
	PreVote bool
}

func (l *lab) worldly() (w worldly) {
	s := l.State()
	w.Links, w.PreVote = s.Links, s.PreVote
	for _, n := range s.Nodes {
		w.Up, w.Still = append(w.Up, n.Up), append(w.Still, n.Suspended)
		w.Drift, w.Fsync = append(w.Drift, n.Drift), append(w.Fsync, n.Fsync)
	}
	return w
}

func TestUndoTakesEachFaultBack(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	l.ok(event.Command{Kind: event.SetLink, Node: 1, Peer: 2, OneWay: true, Link: event.Link{Delay: 40_000}})
	l.ok(event.Command{Kind: event.Disk, Node: 3, Took: 7_000})
	for _, c := range []event.Command{
		{Kind: event.Cut, Node: 1, Peer: 2},
		{Kind: event.Cut, Node: 2, Peer: 1, OneWay: true},
		{Kind: event.Mend, Node: 1, Peer: 2},
		{Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Loss: event.One / 2}},
		{Kind: event.Partition, Groups: [][]event.NodeID{{1}, {2, 3}}},
		{Kind: event.Heal},
		{Kind: event.Hold, Node: 1, Peer: 3},
		{Kind: event.Hold},
		{Kind: event.Kill, Node: 2},
		{Kind: event.Suspend, Node: 2},
		{Kind: event.Drift, Node: 2, Factor: 2 * event.One},
		{Kind: event.Disk, Node: 3, Took: 90_000},
		{Kind: event.PreVote},
	} {
		t.Run(Words(c), func(t *testing.T) {
			before := l.worldly()
			l.ok(c)
			if reflect.DeepEqual(l.worldly(), before) {
				t.Fatal("it changes nothing")
			}
			if got := l.State().Undo; got != Words(c) {
				t.Errorf("an undo would take back %q", got)
			}
			l.Advance(second / 10)
			l.ok(event.Command{Kind: event.Undo})
			if after := l.worldly(); !reflect.DeepEqual(after, before) {
				t.Errorf("it is not as it was\n now    %+v\n before %+v", after, before)
			}
		})
	}
}

func TestUndoGoesBackStepByStep(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	before := l.worldly()
	l.ok(event.Command{Kind: event.Cut, Node: 1, Peer: 2})
	l.ok(event.Command{Kind: event.Suspend, Node: 3})
	l.ok(event.Command{Kind: event.Kill, Node: 1, At: event.BeforeFsync})
	l.ok(event.Command{Kind: event.Kill, Node: 2})
	l.ok(event.Command{Kind: event.Restart, Node: 2}) // that kill is taken back already
	for range 3 {
		l.ok(event.Command{Kind: event.Undo})
	}
	if after := l.worldly(); !reflect.DeepEqual(after, before) {
		t.Errorf("now %+v\nbefore %+v", after, before)
	}
	l.leader()
	l.ok(put("x", "1")) // nobody dies at its next write
	if r := l.do(event.Command{Kind: event.Undo}); r.Outcome != event.Failed || !strings.Contains(r.Error, "nothing to take back") {
		t.Errorf("%+v", r)
	}
	if got := l.State().Undo; got != "" {
		t.Errorf("an undo would take back %q", got)
	}
}

func TestWhatCannotBeTakenBackIsSaid(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	l.ok(event.Command{Kind: event.Cut, Node: 1, Peer: 2})
	l.ok(event.Command{Kind: event.Wipe, Node: 3})
	r := l.do(event.Command{Kind: event.Undo})
	if r.Outcome != event.Failed || !strings.Contains(r.Error, "cannot be taken back") || !strings.Contains(r.Error, "n3") {
		t.Errorf("%+v", r)
	}
	if s := l.State(); s.Undo != "cut n1 n2" || s.Node(3).Up {
		t.Errorf("next is %q", s.Undo)
	}
	l.ok(event.Command{Kind: event.Undo})
	if s := l.State(); s.Link(1, 2).Cut || s.Link(2, 1).Cut {
		t.Error("the link is still cut")
	}
}

func TestUndoIsBounded(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	for i := range MaxUndo + 10 {
		l.ok(event.Command{Kind: event.Disk, Node: 1, Took: event.Micros(1000 * (i + 1))})
	}
	if n := len(l.pasts); n != MaxUndo {
		t.Errorf("%d faults are remembered", n)
	}
	for range MaxUndo {
		l.ok(event.Command{Kind: event.Undo})
	}
	if r := l.do(event.Command{Kind: event.Undo}); r.Outcome != event.Failed {
		t.Errorf("%+v", r)
	}
	if got := l.State().Nodes[0].Fsync; got != 10_000 {
		t.Errorf("the disk takes %d", got)
	}
}

// TestChaosComesByItself lets chaos rage for a virtual minute under puts and ends it: what it did is taken back, what others
// did is not.
func TestChaosComesByItself(t *testing.T) {
	l := openLab(t, Options{})
	l.ok(event.Command{Kind: event.Disk, Node: 5, Took: 3_000})
	before := l.worldly()
	l.ok(event.Command{Kind: event.Chaos, On: true, Factor: event.One, Seed: 7})
	if s := l.State(); s.Chaos != (view.Chaos{On: true, Intensity: event.One, Seed: 7}) {
		t.Errorf("%+v", s.Chaos)
	}
	asked := map[event.CommandKind]int{}
	from := l.State().Seq
	for i := range 60 {
		l.Begin(put(fmt.Sprint("k", i%3), fmt.Sprint(i)))
		for range 100 {
			l.Advance(second / 100)
		}
	}
	for _, e := range l.events(from) {
		if e.Kind == event.Asked && !e.Command.Store() {
			asked[e.Command]++
		}
	}
	l.commitsBeforeItApplies()
	l.sendsWhatComesNext()
	if len(asked) < 5 {
		t.Errorf("in a minute of chaos there came only %v", asked)
	}
	l.ok(event.Command{Kind: event.Chaos, Undo: true})
	if after := l.worldly(); !reflect.DeepEqual(after, before) {
		t.Errorf("it is not as it was\n now    %+v\n before %+v", after, before)
	}
	if s := l.State(); s.Chaos.On || s.Undo != "" {
		t.Errorf("%+v, undo %q", s.Chaos, s.Undo)
	}
	seq := l.State().Seq
	l.Advance(20 * second)
	for _, e := range l.events(seq) {
		if e.Kind == event.Asked {
			t.Fatalf("after its end there came %s", e.Text)
		}
	}
	l.settle(5)
}

// TestChaosTakesBackBothThatItDidToAMachine: one that stands still may be about to die at its next write as well.
func TestChaosTakesBackBothThatItDidToAMachine(t *testing.T) {
	for _, kinds := range [][2]event.CommandKind{{event.Suspend, event.Kill}, {event.Kill, event.Suspend}} {
		l := openLab(t, Options{Nodes: 3})
		before := l.worldly()
		l.ok(event.Command{Kind: event.Chaos, On: true, Factor: event.One / 10, Seed: 1})
		for _, kind := range kinds {
			c := event.Command{Kind: kind, Node: 3}
			if kind == event.Kill {
				c.At = event.BeforeFsync
			}
			p, r := l.Room.begin(c, l.storm)
			if p != nil {
				r = l.end(p.answer)
			}
			if r.Outcome != event.OK {
				t.Fatalf("%+v", r)
			}
		}
		l.ok(event.Command{Kind: event.Chaos, Undo: true})
		if after := l.worldly(); !reflect.DeepEqual(after, before) {
			t.Errorf("after %v: %+v", kinds, after)
		}
		l.ok(put("x", "1"))
		l.Advance(second)
		if s := l.State(); !s.Node(3).Up {
			t.Errorf("after %v it dies at its next write still", kinds)
		}
	}
}

// commitsBeforeItApplies: nobody is told to have applied, or to have answered a request with, what it was not told before to be committed,
// or to be in its snapshot (Raft paper §5.3).
func (l *lab) commitsBeforeItApplies() {
	l.Helper()
	committed, applied := map[event.NodeID]uint64{}, 0
	for _, e := range l.events(0) {
		// What tells of a commit, or ends what was known of one.
		//exhaustive:ignore
		switch e.Kind {
		case event.Committed, event.SnapshotInstalled, event.SnapshotTaken:
			committed[e.Node] = max(committed[e.Node], e.Index)
		case event.Stopped:
			delete(committed, e.Node) // the next process has to learn it anew
		case event.Applied:
			if applied++; e.Index > committed[e.Node] {
				l.Errorf("event %d: %v has applied entry %d and knows of %d", e.Seq, e.Node, e.Index, committed[e.Node])
			}
		}
	}
	if applied < 20 {
		l.Errorf("only %d entries were applied", applied)
	}
}

// sendsWhatComesNext: as long as a leader knows of nothing that matches, the entries that it sends begin with the one that the picture
// has for next: what follows its last entry when it was elected, or where it went back to (Figure 2).
func (l *lab) sendsWhatComesNext() {
	l.Helper()
	var s view.State
	requests := 0
	for _, e := range l.events(0) {
		if e.Kind == event.Sent && e.Type == event.AppendEntries && !e.Reply && e.N > 0 {
			leader := s.Node(e.Node)
			i := slices.IndexFunc(leader.Peers, func(p view.Progress) bool { return p.ID == e.Peer })
			switch {
			case leader.Role != event.Leader || leader.Term != e.Term: // it was one when it began to send
			case i < 0:
				l.Errorf("event %d: %v sends to %v, of which nothing is known", e.Seq, e.Node, e.Peer)
			case leader.Peers[i].Match == 0:
				if requests++; leader.Peers[i].Next != e.Index+1 {
					l.Errorf("event %d: %v sends %v entries from %d on, and next is %d", e.Seq, e.Node, e.Peer, e.Index+1, leader.Peers[i].Next)
				}
			}
		}
		s.Apply(e)
	}
	if requests < 10 {
		l.Errorf("only %d requests were sent to somebody who had not answered", requests)
	}
}

func TestChaosIsRefusedInASentence(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	for _, c := range []event.Command{{Kind: event.Chaos}, {Kind: event.Chaos, On: true}, {Kind: event.Chaos, On: true, Factor: 2 * event.One}} {
		if r := l.do(c); r.Outcome != event.Failed || r.Error == "" {
			t.Errorf("%+v", r)
		}
	}
	l.ok(event.Command{Kind: event.Chaos, On: true, Factor: event.One / 2})
	if s := l.State(); s.Chaos.Seed == 0 {
		t.Error("the seed is not told")
	}
	l.ok(event.Command{Kind: event.Freeze}) // the room closes under frozen chaos
}

// TestUndoHoldsOverASleep, and over the sudden end of the process: what was done before can be taken back after. That a machine stood
// still, or was to die at its next write, has ended by itself.
func TestUndoHoldsOverASleep(t *testing.T) {
	for name, end := range map[string]func(*lab) string{
		"slept":  func(l *lab) string { l.asleep(); return l.o.Dir },
		"killed": func(l *lab) string { return l.killed() },
	} {
		t.Run(name, func(t *testing.T) {
			l := keeping(t, t.TempDir())
			before := l.worldly()
			l.ok(event.Command{Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Delay: 40_000}})
			l.ok(event.Command{Kind: event.Drift, Node: 2, Factor: 2 * event.One})
			l.ok(event.Command{Kind: event.Disk, Node: 1, Took: 9_000})
			l.ok(event.Command{Kind: event.PreVote})
			l.ok(event.Command{Kind: event.Wipe, Node: 3})
			l.ok(event.Command{Kind: event.Kill, Node: 1})
			l.ok(event.Command{Kind: event.Suspend, Node: 2})
			l = keeping(t, end(l))
			for _, want := range []string{"kill n1", "wipe n3", "prevote off", "disk n1 9ms", "drift n2 2", "link n1 n2 --delay 40ms"} {
				if got := l.State().Undo; got != want {
					t.Errorf("an undo would take back %q, not %q", got, want)
				}
				if r := l.do(event.Command{Kind: event.Undo}); (r.Outcome == event.OK) == (want == "wipe n3") {
					t.Errorf("%s: %+v", want, r)
				}
			}
			l.ok(event.Command{Kind: event.Restart, Node: 3})
			if after := l.worldly(); !reflect.DeepEqual(after, before) || l.State().Undo != "" {
				t.Errorf("it is not as it was\n now    %+v\n before %+v", after, before)
			}
		})
	}
}

// TestChaosGoesOnAfterASleep, with its seed and intensity: it is how the room was left. What it did before can be taken back at its end.
func TestChaosGoesOnAfterASleep(t *testing.T) {
	l := keeping(t, t.TempDir())
	before := l.worldly()
	l.ok(event.Command{Kind: event.Chaos, On: true, Factor: event.One, Seed: 9})
	changed := func(l *lab) bool {
		w := l.worldly()
		return !reflect.DeepEqual(w.Links, before.Links) || !reflect.DeepEqual(w.Drift, before.Drift) || !reflect.DeepEqual(w.Fsync, before.Fsync)
	}
	for range 600 {
		if l.Advance(second / 10); changed(l) {
			break
		}
	}
	if !changed(l) {
		t.Fatal("a minute of chaos has changed nothing that lasts")
	}
	l.asleep()
	l = keeping(t, l.o.Dir)
	if s := l.State(); s.Chaos != (view.Chaos{On: true, Intensity: event.One, Seed: 9}) {
		t.Fatalf("%+v", s.Chaos)
	}
	from, more := l.State().Seq, 0
	for i := 0; i < 600 && more < 3; i++ {
		l.Advance(second / 10)
		more = 0
		for _, e := range l.events(from) {
			if e.Kind == event.Asked && !e.Command.Store() {
				more++
			}
		}
	}
	if more < 3 {
		t.Errorf("in a minute after it woke there came %d faults", more)
	}
	l.ok(event.Command{Kind: event.Chaos, Undo: true})
	if after := l.worldly(); !reflect.DeepEqual(after, before) {
		t.Errorf("it is not as it was\n now    %+v\n before %+v", after, before)
	}
	l.asleep()
	if s := keeping(t, l.o.Dir).State(); s.Chaos.On {
		t.Error("it goes on after it was ended")
	}
}
