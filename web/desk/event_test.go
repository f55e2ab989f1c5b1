package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// fact is the newest one of which yes says so.
func (l *lab) fact(what string, yes func(*event.Event) bool) event.Event {
	l.Helper()
	s := l.State()
	for seq := s.Seq; seq > 0; seq-- {
		list, err := l.Journal().Events(seq, 1)
		if err != nil {
			l.Fatal(err)
		}
		if yes(&list[0]) {
			return list[0]
		}
	}
	l.Fatalf("nothing happened that is %s", what)
	return event.Event{}
}

// What happened is asked of the moment at which it did, also when it is over.
func TestWhatHappenedCanBeAsked(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	l.ok(event.Command{Kind: event.Suspend, Node: leader})
	l.run(3_000_000)
	l.ok(event.Command{Kind: event.Resume, Node: leader})
	l.run(3_000_000)
	stepped := l.fact("a step down", func(e *event.Event) bool {
		return e.Kind == event.RoleChanged && e.Role == event.Follower && e.Node == leader
	})
	for _, c := range []struct {
		what string
		yes  func(*event.Event) bool
		want []string
	}{
		{"a candidacy", func(e *event.Event) bool { return e.Kind == event.RoleChanged && e.Role == event.Candidate }, []string{"stands for election", "had heard from no leader for"}},
		{"a win", func(e *event.Event) bool { return e.Kind == event.RoleChanged && e.Role == event.Leader }, []string{"leads term", "believe that it leads?", "with the votes of"}},
		{"a suspension", func(e *event.Event) bool { return e.Kind == event.Suspended }, []string{"stands still", "not react?"}},
		{"a step down", func(e *event.Event) bool { return e.Seq == stepped.Seq }, []string{"steps down", "Why did " + leader.String() + " step down?", "higher term"}},
	} {
		e := l.fact(c.what, c.yes)
		p := l.draw("event "+number(e.Seq), c.want...)
		if !strings.Contains(p.HTML, `data-arg="seq `+number(e.Seq)+`"`) || !strings.Contains(" "+p.Marks+" ", " "+e.Node.String()+" ") {
			t.Errorf("%s: %s\n%s", c.what, p.Marks, p.HTML)
		}
	}
	s := l.State()
	for _, words := range []string{"event", "event 0", "event x", "event 1 2", "event " + number(s.Seq+1)} {
		if p := l.draw(words); !strings.Contains(p.HTML, "nothing to see") {
			t.Errorf("%s: %s", words, p.HTML)
		}
	}
}

// Who looks at a request, an entry or a message is shown it: the time that it took, its cells, its ring.
func TestWhatIsLookedAtIsMarked(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	l.ok(event.Command{Kind: event.Put, Node: leader, Key: "x", Value: "1"})
	l.run(500_000)
	s := l.State()
	op := &s.Ops[len(s.Ops)-1]
	asked := "asked-" + number(uint64(op.Asked)) + "-" + number(uint64(op.Answered))
	cell := entryMark(leader, op.Index)
	for words, marks := range map[string][]string{
		"op " + number(op.ID):                                   {asked, cell, "log"},
		"why op " + number(op.ID) + " slow":                     {asked, cell},
		"entry " + leader.String() + " " + number(op.Index):     {cell, leader.String()},
		"why entry " + leader.String() + " " + number(op.Index): {cell},
	} {
		p := l.draw(words)
		for _, mark := range marks {
			if !strings.Contains(" "+p.Marks+" ", " "+mark+" ") {
				t.Errorf("%s: %s is not among %s", words, mark, p.Marks)
			}
		}
	}
	sent := l.fact("a message", func(e *event.Event) bool { return e.Kind == event.Sent })
	if p := l.draw("message " + number(sent.Msg)); !strings.Contains(p.Marks, " message-"+number(sent.Msg)) {
		t.Error(p.Marks)
	}
}

// What waits is answered at once on its own panel.
func TestWhatWaitsIsAnsweredAtOnce(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	l.ok(event.Command{Kind: event.Kill, Node: leader})
	p := l.draw("node "+leader.String(), "Why is "+leader.String()+" down?", "was killed, as by a power cut")
	if !strings.Contains(p.HTML, "whys-first") {
		t.Error(p.HTML)
	}
	l.run(3_000_000)
	if p := l.draw("node " + l.leader().String()); strings.Contains(p.HTML, "whys-first") {
		t.Errorf("nothing is wrong with a leader: %s", p.HTML)
	}
}
