package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// inquiry is a question while it is answered.
type inquiry struct {
	*words.Language
	past
	Answer
	s       *view.State
	subject Subject

	n     *view.Node    // the machine asked about; of an entry whose log it is in
	op    *view.Op      // the command
	entry *view.Entry   // nil: the log has none there
	msg   *view.Message // nil: it is not under way any more
	sent  *event.Event  // of a message that is not under way: its Sent
	lamp  *view.Lamp
}

// ask prepares an inquiry; nil if there is no such subject. near is how far back things matter, 0: as far as can be looked.
func ask(m Moment, s Subject, near uint64) *inquiry {
	if m.State == nil {
		return nil
	}
	q := &inquiry{Language: m.Words, s: m.State, subject: s, past: m.past(near)}
	there := true
	switch s.sort {
	case aboutRoom:
	case aboutNode:
		q.n = q.s.Node(s.node)
		there = q.n != nil
	case aboutLink:
		there = q.s.Link(s.node, s.peer) != nil && q.s.Link(s.peer, s.node) != nil
	case aboutOp:
		q.op = q.s.Op(s.number)
		there = q.op != nil
	case aboutEntry:
		if q.n = q.s.Node(s.node); q.n != nil {
			q.entry = q.n.Entry(s.number)
		}
		there = q.n != nil && s.number > 0
	case aboutMessage:
		there = q.findMessage(s.number)
	case aboutLamp:
		q.lamp = q.findLamp(s.property)
		there = q.lamp != nil
	}
	if !there {
		return nil
	}
	return q
}

func (q *inquiry) findLamp(name string) *view.Lamp {
	for i := range q.s.Safety {
		if l := &q.s.Safety[i]; l.Property.String() == name {
			return l
		}
	}
	return nil
}

func (q *inquiry) question(a *asking) Question {
	return Question{Subject: q.subject, Name: a.name, Text: q.Say(a.text, q.name())}
}

// name is what the subject is called in a question.
func (q *inquiry) name() string {
	switch q.subject.sort {
	case aboutOp:
		return q.opName(q.op)
	case aboutEntry:
		return q.Say("entry {0}", number(q.subject.number))
	case aboutMessage:
		return q.messageName()
	case aboutLamp:
		if name := PropertyName(q.lamp.Property); name != "" {
			return q.Say(name)
		}
		return q.lamp.Property.String()
	case aboutLink:
		return q.list([]event.NodeID{q.subject.node, q.subject.peer})
	case aboutRoom, aboutNode:
	}
	return q.subject.String()
}

// opName is a command in words.
func (q *inquiry) opName(op *view.Op) string {
	const most = 48 // runes
	text := op.Text
	if text == "" {
		text = op.Kind.String()
	}
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return text
}

// say is the answer; a second one is another sentence behind it.
func (q *inquiry) say(sentence string) {
	if q.Sentence != "" {
		q.Sentence += " "
	}
	q.Sentence += sentence
}

// see adds a fact of the state.
func (q *inquiry) see(mark, sentence string) {
	q.Facts = append(q.Facts, Fact{Mark: mark, Words: sentence})
}

// happened adds a fact that is an event.
func (q *inquiry) happened(e *event.Event, mark, sentence string) {
	if e == nil {
		return
	}
	q.Facts = append(q.Facts, Fact{Mark: mark, Seq: e.Seq, At: e.At, Words: sentence})
}
