// Package tale says in words what a recording shows: why something did not happen (Why), and what happened (Narrate). It
// looks at the folded state of a moment and, where that does not carry the reason, at the events before it. It never guesses:
// what the facts do not say it does not say, and every answer names the facts it rests on.
package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Moment is what is asked about: a recording, and a place in it.
type Moment struct {
	Journal  *journal.Journal // nil: nothing before the moment is known
	Register *Register        // of the journal, to find things in it without reading all; nil: there is none
	State    *view.State      // what the facts up to that place add up to; not changed
	Words    *words.Language  // nil: English
}

// past looks back from the moment; near is how many events matter, 0: as many as can be read.
func (m Moment) past(near uint64) past {
	p := past{journal: m.Journal, register: m.Register, end: m.State.Seq, most: MaxBack}
	if m.Register != nil && m.Register.Next() <= p.end {
		p.most = briefly
	}
	if near != 0 {
		p.least, p.most = p.end-min(p.end, near), int(near)+stretchEvents
	}
	return p
}

// Question is one that can be asked of something.
type Question struct {
	Subject Subject
	Name    string // one word: not-committed
	Text    string // the question itself, as a person asks it
}

// Words name the question, as Ask reads them: "n3 not-leader", "op 17 unknown", "no-leader".
func (q Question) Words() string {
	if s := q.Subject.String(); s != "" {
		return s + " " + q.Name
	}
	return q.Name
}

// Answer is one sentence, or a few, and what they rest on.
type Answer struct {
	Question Question
	Sentence string
	Facts    []Fact // the most telling first, at most MaxFacts
	Short    bool   // the recording may say more: it was not looked through as far as would have been of use
}

// MaxFacts bounds the facts of an answer.
const MaxFacts = 12

// Fact is something that the recording shows, at a place of the picture or as an event.
type Fact struct {
	Mark  string       // where it is seen: "n3", "n1-n2", "log", "lamps", "op 17", "entry n3 12", "message 55"; "" for nowhere
	Seq   uint64       // of the event, 0: it is state
	At    event.Micros // of the event
	Words string
}

// asking is a question and how it is answered.
type asking struct {
	name   string
	about  sort
	text   string                // with the subject at {0}
	when   func(q *inquiry) bool // it makes sense here and now; it looks back no further than glance
	answer func(q *inquiry)
}

// askings are all questions, the most telling of each subject first.
var askings []asking

func init() {
	askings = append(askings, roomAskings...)
	askings = append(askings, nodeAskings...)
	askings = append(askings, requestAskings...)
	askings = append(askings, orderAskings...)
	askings = append(askings, entryAskings...)
	askings = append(askings, messageAskings...)
	askings = append(askings, linkAskings...)
	askings = append(askings, lampAskings...)
}

// Questions are those that make sense about the subject at this moment, the most telling first.
func Questions(m Moment, s Subject) (list []Question) {
	q := ask(m, s, glance)
	if q == nil {
		return nil
	}
	for i := range askings {
		if a := &askings[i]; a.about == s.sort && a.when(q) {
			list = append(list, q.question(a))
		}
	}
	return list
}

// Ask reads the words of a question ("n3 not-leader", "op 17", "no-leader"). Without a name it is the first one that makes
// sense. It says false if there is no such thing, or nothing to ask about it.
func Ask(m Moment, fields []string) (Question, bool) {
	s, rest, ok := ParseSubject(fields)
	if !ok || len(rest) > 1 {
		return Question{}, false
	}
	if len(rest) == 0 {
		if list := Questions(m, s); len(list) > 0 {
			return list[0], true
		}
		return Question{}, false
	}
	q := ask(m, s, glance)
	a := find(s.sort, rest[0])
	if q == nil || a == nil {
		return Question{}, false
	}
	return q.question(a), true
}

func find(about sort, name string) *asking {
	for i := range askings {
		if a := &askings[i]; a.about == about && a.name == name {
			return a
		}
	}
	return nil
}

// Why answers a question from what is known at the moment. If it does not arise there, or no longer, the answer says so.
func Why(m Moment, question Question) Answer {
	q := ask(m, question.Subject, 0)
	a := find(question.Subject.sort, question.Name)
	if q == nil || a == nil {
		return Answer{Question: question, Sentence: m.Words.Say("The recording knows nothing of this at this moment.")}
	}
	if a.when(q) {
		a.answer(q)
	} else {
		q.Sentence = q.Say("This question does not arise at this moment: what it asks about is not so, or not any more.")
	}
	q.Question, q.Short = q.question(a), q.short
	if len(q.Facts) > MaxFacts {
		q.Facts = q.Facts[:MaxFacts]
	}
	return q.Answer
}

// Known says whether there is such a thing at the moment, or was within a glance.
func Known(m Moment, s Subject) bool { return ask(m, s, glance) != nil }
