package tale_test

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// snapshots are situations in which the entry that matters is in no log any more, or in too few.
var snapshots = []situation{
	{"an entry below the others' snapshots", 3, func(l *lab) {
		l.ok(put("x", "1"))
		l.ok(order(event.Suspend, 1))
		l.ok(split(ids{1}, ids{2, 3}))
		leader := l.otherLeads()
		for range 5 {
			l.ok(on(leader, put("y", "1")))
		}
		l.until("both know everything", func(s *view.State) bool {
			return s.Node(2).Applied == s.Node(3).Applied && s.Node(2).Applied == s.Node(leader).Last
		})
		for _, id := range (ids{2, 3}) {
			l.ok(order(event.Snapshot, id))
		}
		l.ok(order(event.Resume, 1))
		l.Begin(on(1, put("lost", "1")))
		var index uint64
		l.until("n1 has written it", func(s *view.State) bool {
			index = s.Node(1).Last
			return s.Node(1).Entry(index) != nil && s.Node(1).Entry(index).Label == "lost=1"
		})
		l.why("entry n1 "+num(index)+" not-committed", "Only n1 has entry … of term … has a snapshot up to entry … with another entry … in it: that one is committed, so this one never can be, and gives way when … reaches the others (§5.3).|tells that entry")
		s := l.State()
		life := tale.LifeOf(tale.Moment{Journal: l.Journal(), State: &s}, *s.Node(1).Entry(index))
		life.Follow(l.Journal(), s.Seq)
		if len(life.Stays) != 1 || life.Stays[0].Node != 1 || life.Stays[0].Before || life.Rival == 0 || life.Settled() {
			l.Errorf("the life of n1's entry: %+v", life)
		}
	}},
	{"an unknown put that is only in snapshots", 3, func(l *lab) {
		r := l.do(on(1, event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: 2 * ms}))
		if r.Outcome != event.Unknown {
			l.Fatalf("a put with 2 ms of time: %+v", r)
		}
		op := l.newest()
		l.until("all have applied it", func(s *view.State) bool {
			return s.Node(1).Applied == s.Node(1).Last && s.Node(2).Applied == s.Node(1).Last && s.Node(3).Applied == s.Node(1).Last
		})
		l.why(op+" unknown", "… and was committed, so it did happen.")
		for _, id := range (ids{1, 2, 3}) {
			l.ok(order(event.Snapshot, id))
		}
		l.until("no log has it", func(s *view.State) bool {
			return s.Node(1).Log.Len() == 0 && s.Node(2).Log.Len() == 0 && s.Node(3).Log.Len() == 0
		})
		l.why(op+" unknown", "… The recording knows more: it was entry … of term … and was committed, so it did happen. It is in snapshots now, and in no log any more.")
	}},
	{"a committed entry on one disk of three", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		r := l.ok(on(1, put("x", "1")))
		l.why("entry n1 "+num(r.Index)+" committed", "It is committed: 2 of the 3 voters hold entry …")
		l.ok(order(event.Kill, 2))
		l.ok(order(event.Wipe, 2))
		l.why("entry n1 "+num(r.Index)+" endangered", "It is committed, but of the 3 voters 2 do not have entry … (n2 and n3): they are a majority, could elect one of themselves, and this entry would be overwritten. …|n2's disk was wiped.")
		s := l.State()
		for _, q := range tale.Questions(tale.Moment{Journal: l.Journal(), State: &s}, tale.OfEntry(1, r.Index)) {
			if q.Name == "committed" {
				l.Error("it is asked why the entry cannot be lost")
			}
		}
	}},
}

// A request whose entry somebody has no more is followed as what it is: cut off, wiped, or not in the snapshot that took its place.
func TestPathKnowsWhoHasTheEntry(t *testing.T) {
	l := openLab(t, 3)
	l.ok(split(ids{1}, ids{2, 3}))
	asked := l.Begin(on(1, event.Command{Kind: event.Put, Key: "lost", Value: "1", Timeout: 10 * ms}))
	l.end(asked)
	op := l.State().Ops[len(l.State().Ops)-1].ID
	path := func() *tale.Path {
		s := l.State()
		trace := tale.TraceOf(l.Journal(), &s, op)
		trace.Follow(l.Journal(), s.Seq)
		return trace.Copy()
	}
	if p := path(); p.Settled || len(p.Holders) != 1 || p.Holders[0] != 1 {
		t.Fatalf("n1 alone has it: %+v", p)
	}
	leader := l.otherLeads()
	for range 4 {
		l.ok(on(leader, put("y", "1")))
	}
	l.ok(order(event.Snapshot, leader))
	l.ok(event.Command{Kind: event.Heal})
	l.until("n1 has the other log", func(s *view.State) bool { return s.Node(1).Commit >= s.Node(leader).Last })
	p := path()
	if p.Settled || len(p.Holders) != 0 {
		t.Errorf("nobody has it, and it is not committed: %+v", p)
	}
	var cut []string
	for i := range p.Steps {
		if p.Steps[i].Kind == tale.StepSnapshot {
			t.Errorf("a snapshot is drawn as having it: %+v", p.Steps[i])
		}
		if p.Steps[i].Kind == tale.StepCut {
			cut = append(cut, p.Steps[i].Event.Node.String()+" "+p.Steps[i].Event.Kind.String())
		}
	}
	if len(cut) != 1 || !strings.HasPrefix(cut[0], "n1 ") {
		t.Errorf("lost by: %v", cut)
	}
}
