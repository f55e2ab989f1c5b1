package desk

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// maxOps bounds the requests of a list.
const maxOps = 100

// opList is the requests that fit what somebody looks for.
type opList struct {
	Moment
	text   string // in its words
	ending string // an outcome; "": any
	fit    []*view.Op
	count  int // that fit
}

// outcomeNames are what one may look for, and what it is called.
var outcomeNames = []event.Outcome{event.OK, event.Failed, event.Unknown, event.Pending}

// drawOps draws "ops", "ops unknown", "ops find x", "ops failed find x".
func drawOps(m Moment, words []string) *content {
	l := opList{Moment: m}
	if len(words) > 0 && words[0] != "find" {
		if !isOutcome(words[0]) {
			return nil
		}
		l.ending, words = words[0], words[1:]
	}
	if len(words) > 0 && words[0] == "find" {
		l.text, words = strings.Join(words[1:], " "), nil
	}
	if len(words) > 0 {
		return nil
	}
	for i := len(m.State.Ops) - 1; i >= 0; i-- {
		op := &m.State.Ops[i]
		if l.fits(op) {
			if l.count++; l.count <= maxOps {
				l.fit = append(l.fit, op)
			}
		}
	}
	return &content{body: opsPanel(l)}
}

func isOutcome(word string) bool {
	for _, o := range outcomeNames {
		if o.String() == word {
			return true
		}
	}
	return false
}

func (l opList) fits(op *view.Op) bool {
	return (l.ending == "" || op.Outcome.String() == l.ending) && (strings.Contains(op.Text, l.text) || strings.HasPrefix(op.Key, l.text))
}

// words are what one looks at with another outcome.
func (l opList) words(outcome string) string {
	all := []string{"ops"}
	if outcome != "" {
		all = append(all, outcome)
	}
	if l.text != "" {
		all = append(all, "find", l.text)
	}
	return strings.Join(all, " ")
}

// base is what a search goes on with.
func (l opList) base() string {
	if l.ending != "" {
		return "ops " + l.ending + " find"
	}
	return "ops find"
}

// found says how much of what fits is shown.
func (l opList) found() string {
	w := l.Words
	switch {
	case l.count > len(l.fit):
		return w.Say("The last {0} of {1}.", w.Number(uint64(len(l.fit))), w.Number(uint64(l.count)))
	case l.count == 0:
		return w.Say("None fits.")
	}
	return w.Count(l.count, w.Number(uint64(l.count)), "{0} request. The room keeps the last few hundred.", "{0} requests. The room keeps the last few hundred.")
}

// outcome is how a request ended, in a word.
func (m Moment) outcome(o event.Outcome) string {
	switch o {
	case event.OK:
		return m.Words.Say("ok")
	case event.Failed:
		return m.Words.Say("failed")
	case event.Unknown:
		return m.Words.Say("unknown")
	case event.Pending:
	}
	return m.Words.Say("waits")
}

func outcomeTone(o event.Outcome) string {
	return [...]string{event.Pending: "waits", event.OK: "good", event.Failed: "bad", event.Unknown: "open"}[o]
}

// asked is whom it was asked of, and how long it took.
func (m Moment) asked(op *view.Op) string {
	if op.Node == 0 {
		return m.took(op)
	}
	return m.Words.Say("{0} · {1}", op.Node.String(), m.took(op))
}

// took is how long a request took, or waits.
func (m Moment) took(op *view.Op) string {
	if op.Outcome == event.Pending {
		return m.Words.Duration(int64(m.State.At - op.Asked))
	}
	return m.Words.Duration(int64(op.Answered - op.Asked))
}

func pressed(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}
