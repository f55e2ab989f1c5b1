package lessons

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// judge looks whether the step's parts fit its kind.
func (t table) judge(s *Step, l *Lesson) {
	t.present(s, l)
	switch {
	case s.Kind.Asks():
		t.question(s)
	case s.Kind.Judged():
		t.task(s, l)
	default:
		t.without(s, "check", "answers", "hints", "solve", "wrong")
		if s.Prose == nil && s.Why == nil {
			t.fail(s.Line, "the step %q explains nothing: it has no text", s.Title)
		}
	}
	switch {
	case l.AnyOrder && !s.Kind.Judged():
		t.fail(t.at("kind"), "%s of %q needs an order: with order: any there are only act and observe", article(s.Kind), s.Title)
	case !l.AnyOrder && s.Try != nil:
		t.fail(t.at("try"), "try is for lessons with order: any; elsewhere the learner does it")
	}
}

// present looks whether the nodes that the step names can be there.
func (t table) present(s *Step, l *Lesson) {
	done := slices.Concat(l.Setup, s.Begin)
	for _, earlier := range l.Steps {
		done = append(done, earlier.Begin...)
	}
	if !slices.Contains(l.Denied, event.MemberAdd.String()) || slices.ContainsFunc(done, Line.adds) {
		return
	}
	missing := func(id event.NodeID, line int, what string) {
		if int(id) > l.Nodes {
			t.fail(line, "%s names %v, but the lesson has %d nodes and does without member-add", what, id, l.Nodes)
		}
	}
	check := func(c *Check, v value) {
		if c != nil {
			missing(c.expression.names.nodes, v.line, v.what)
		}
	}
	check(s.Check, t.fields["check"])
	check(s.Freeze, t.fields["freeze"])
	for i, v := range t.list("hints") {
		check(s.Hints[i].When, v)
	}
	lines := slices.Concat(s.Begin, s.Solve)
	for _, w := range s.Wrong {
		lines = append(lines, w.Do...)
	}
	for _, line := range lines {
		missing(line.node, line.Number, fmt.Sprintf("the line %q", line.Text))
	}
}

// adds says whether the line brings a machine that was not there.
func (l Line) adds() bool { return l.kind == event.MemberAdd }

func article(k Kind) string {
	if strings.ContainsRune("aeo", rune(k[0])) {
		return "an " + string(k)
	}
	return "a " + string(k)
}

// without refuses keys that mean nothing for the step's kind.
func (t table) without(s *Step, keys ...string) {
	for _, key := range keys {
		if t.has(key) {
			t.fail(t.at(key), "%s has no %s: only %s do", article(s.Kind), key, owner[key])
		}
	}
}

// owner says which kinds of steps have a key.
var owner = map[string]string{"check": "act and observe", "hints": "act and observe", "solve": "act and observe", "wrong": "act and observe",
	"answers": "predict and transfer"}

func (t table) question(s *Step) {
	t.without(s, "check", "hints", "solve", "wrong")
	right := 0
	for _, a := range s.Answers {
		if a.Right {
			right++
		}
	}
	switch n := len(s.Answers); {
	case n < 2 || n > MaxAnswers:
		t.fail(t.at("answers"), "the question %q has %d answers: give 2 to %d", s.Title, n, MaxAnswers)
	case right == 0:
		t.fail(t.at("answers"), "no answer of %q is right: say right: true at one", s.Title)
	case right == n:
		t.fail(t.at("answers"), "every answer of %q is right, so it is no question", s.Title)
	}
	if s.Prose == nil {
		t.fail(s.Line, "the question %q has no text", s.Title)
	}
}

func (t table) task(s *Step, l *Lesson) {
	t.without(s, "answers")
	if !t.has("check") {
		t.fail(t.at("kind"), "the step %q has no check: nobody could tell when it is done", s.Title)
	}
	if len(s.Hints) == 0 && !l.AnyOrder {
		t.fail(t.at("kind"), "the step %q has no hints: who is in trouble needs at least one", s.Title)
	}
	if s.Prose == nil {
		t.fail(s.Line, "the step %q does not say what to do: write it before the step block", s.Title)
	}
}
