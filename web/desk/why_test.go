package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func TestWhyAPutWaits(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	for id := event.NodeID(1); id <= 3; id++ {
		if id != leader {
			l.ok(event.Command{Kind: event.Cut, Node: leader, Peer: id})
		}
	}
	l.Begin(event.Command{Kind: event.Put, Node: leader, Key: "x", Value: "1"})
	l.run(20_000)
	s := l.State()
	op := &s.Ops[len(s.Ops)-1]
	p := l.draw("why op "+number(op.ID), "Why does put x 1 wait?", "1 of the 2 voters that it takes holds entry", "Nothing passes between")
	for _, attribute := range []string{`data-action="wind" data-arg="seq `, `data-action="look" data-arg="link n`} {
		if !strings.Contains(p.HTML, attribute) {
			t.Errorf("nothing has %s: %s", attribute, p.HTML)
		}
	}
	for _, mark := range []string{leader.String(), "log"} {
		if !strings.Contains(" "+p.Marks+" ", " "+mark+" ") {
			t.Errorf("%s is not marked: %s", mark, p.Marks)
		}
	}
	if strings.Count(p.Marks, "-n") < 2 {
		t.Errorf("the links are not marked: %s", p.Marks)
	}
}

func TestOfWhatIsWellThereIsNothingToAsk(t *testing.T) {
	l := openLab(t)
	l.leader()
	l.run(1_000_000)
	l.draw("why n1-n2", "nothing to ask")
	for _, words := range []string{"why n9", "why teapot", "why op", "why op 1 2 3", "why entry n1", "why n1 teapot", "why message 99999999"} {
		if p := l.draw(words); !strings.Contains(p.HTML, "nothing to see") {
			t.Errorf("%s: %s", words, p.HTML)
		}
	}
}

func TestEveryQuestionOfAPanelCanBeAsked(t *testing.T) {
	l := openLab(t)
	leader := l.leader()
	l.ok(event.Command{Kind: event.Put, Key: "x", Value: "1"})
	l.ok(event.Command{Kind: event.Suspend, Node: leader})
	l.run(3_000_000)
	m, asked := l.moment(), 0
	for _, subject := range []string{"", "n1", "n2", "n3", "entry n1 1", "n1-n2"} {
		for _, q := range m.questions(subject) {
			asked++
			if p := Draw(m, "why "+q.Words()); !strings.Contains(p.HTML, "why-answer") || strings.Contains(p.HTML, "does not arise") {
				t.Errorf("%s: %s", q.Words(), p.HTML)
			}
		}
	}
	if asked < 8 {
		t.Errorf("only %d questions", asked)
	}
}

func TestLampsAreExplained(t *testing.T) {
	l := openLab(t)
	l.leader()
	for _, lamp := range l.moment().State.Safety {
		name := tale.PropertyName(lamp.Property)
		if name == "" {
			t.Errorf("%v has no name", lamp.Property)
		}
		l.draw("lamp "+lamp.Property.String(), name, "It holds", "Promise")
	}
}

func TestABrokenLampNamesTheFacts(t *testing.T) {
	l := openLab(t)
	l.leader()
	s := l.State()
	for i := range s.Safety {
		s.Safety[i] = view.Lamp{Property: s.Safety[i].Property, Seq: s.Seq, Earlier: s.Seq - 1, Text: "n2 became leader of term 2, which n1 had won before"}
		m := l.moment()
		m.State = &s
		p := Draw(m, "lamp "+s.Safety[i].Property.String())
		has(t, "lamp", p.HTML, "It is broken", "n2 became leader of term 2, which n1 had won before")
		for _, seq := range []uint64{s.Seq, s.Seq - 1} {
			if !strings.Contains(p.HTML, `data-arg="seq `+number(seq)+`"`) {
				t.Errorf("no jump to %d: %s", seq, p.HTML)
			}
		}
	}
}
