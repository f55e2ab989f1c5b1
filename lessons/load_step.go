package lessons

import (
	"regexp"
	"slices"
	"strings"
)

// stepKeys are what a step block may say.
var stepKeys = []string{"kind", "check", "freeze", "begin", "traffic", "try", "label", "answers", "highlight", "hints", "solve", "wrong", "unwinnable"}

// places are what can be highlighted, beside nodes and links.
var places = []string{"stage", "log", "console", "lamps", "lanes", "rate"}

var (
	kinds     = []string{string(Predict), string(Act), string(Observe), string(Explain), string(Transfer)}
	nodeOrWay = regexp.MustCompile(`^n[1-9](-n[1-9])?$`)
)

// readStep reads one section.
func readStep(r *report, s section, l *Lesson) *Step {
	step := &Step{Title: s.title, Line: s.line}
	if s.title == "" {
		r.fail(s.line, "the heading has no title")
	}
	if len([]rune(s.title)) > maxTitle {
		r.fail(s.line, "the title has more than %d characters: shorten it", maxTitle)
	}
	step.Prose = readProse(r, s.before, l)
	step.Why = readProse(r, s.after, l)
	if s.broken {
		return step
	}
	if s.block == nil {
		r.fail(s.line, "the step %q has no step block: add one, fenced with ```step and ```, with at least its kind", s.title)
		return step
	}
	v, ok := readYAML(r, s.block.text, "the step block", s.block.line)
	if !ok {
		return step
	}
	v.line = s.block.line
	t, ok := v.table(stepKeys)
	if !ok {
		return step
	}
	kind, line := t.text("kind")
	switch step.Kind = Kind(kind); {
	case !t.has("kind"):
		t.fail(line, "the step block has no kind: it is one of %s", strings.Join(kinds, ", "))
		return step
	case !slices.Contains(kinds, kind):
		t.fail(line, "the kind of the step is %q: it is one of %s", kind, strings.Join(kinds, ", "))
		return step
	}
	t.doing(step)
	t.asking(step, l)
	t.rehearsal(step, l)
	t.judge(step, l)
	return step
}

func readProse(r *report, p passage, l *Lesson) *Prose {
	if strings.TrimSpace(p.text) == "" {
		return nil
	}
	prose, faults := newProse(p.text, setting{denied: l.Denied})
	for _, f := range faults {
		r.fail(p.line+f.line, "%s", f.text)
	}
	if prose == nil {
		return &Prose{} // there is a text, even if it is wrong
	}
	return prose
}

// doing reads when the step is done and what goes with it.
func (t table) doing(s *Step) {
	if v, there := t.fields["check"]; there {
		s.Check = v.check()
	}
	if v, there := t.fields["freeze"]; there {
		s.Freeze = v.check()
	}
	s.Begin = t.lines("begin")
	s.Traffic = t.requests("traffic")
	for _, v := range t.list("highlight") {
		word, line := v.text()
		if !slices.Contains(places, word) && !nodeOrWay.MatchString(word) {
			t.fail(line, "highlight names %q: it knows n1 to n9, links such as n1-n2, and %s", word, strings.Join(places, ", "))
		}
		s.Highlight = append(s.Highlight, word)
	}
	if v, there := t.fields["try"]; there {
		l := v.console()
		s.Try = &l
		s.Label = t.title("label")
	} else if t.has("label") {
		t.fail(t.at("label"), "a label without try: there is no button that it could stand on")
	}
}

// requests are lines that all ask the store for something.
func (t table) requests(key string) []Line {
	lines := t.lines(key)
	for i := range lines {
		if !lines[i].kind.Store() {
			t.fail(lines[i].Number, "%s has the line %q: it is for requests to the store, such as put and get", key, lines[i].Text)
		}
	}
	return lines
}

// asking reads a question's answers and a task's hints.
func (t table) asking(s *Step, l *Lesson) {
	for _, v := range t.list("answers") {
		if one, ok := v.table([]string{"text", "right", "say"}); ok {
			s.Answers = append(s.Answers, one.answer(l))
		}
	}
	for _, v := range t.list("hints") {
		s.Hints = append(s.Hints, v.hint(l))
	}
	if len(s.Hints) > MaxHints {
		t.fail(t.at("hints"), "the step has %d hints, and %d are the most", len(s.Hints), MaxHints)
	}
}

func (t table) answer(l *Lesson) (a Answer) {
	text, there := t.fields["text"]
	if !there {
		t.fail(t.line, "an answer has no text")
	} else {
		a.Text = text.prose(setting{still: true, denied: l.Denied})
	}
	if say, there := t.fields["say"]; there {
		a.Say = say.prose(setting{denied: l.Denied})
	}
	a.Right = t.flag("right", false)
	return a
}

// hint reads a hint; a plain text is one that unfolds in its turn.
func (v value) hint(l *Lesson) (h Hint) {
	in := setting{denied: l.Denied}
	if !v.mapping() {
		return Hint{Say: v.prose(in)}
	}
	t, ok := v.table([]string{"say", "when"})
	if !ok {
		return h
	}
	if say, there := t.fields["say"]; there {
		h.Say = say.prose(in)
	} else {
		t.fail(t.line, "a hint says nothing: it has no say")
	}
	if when, there := t.fields["when"]; there {
		h.When = when.check()
	}
	return h
}

// rehearsal reads how the step is solved, and how it is not.
func (t table) rehearsal(s *Step, l *Lesson) {
	s.Solve, s.Unwinnable = t.lines("solve"), t.flag("unwinnable", false)
	if s.Unwinnable && len(s.Solve) > 0 {
		t.fail(t.at("unwinnable"), "the step %q is unwinnable and has a solution: one of them is wrong", s.Title)
	}
	for _, v := range t.list("wrong") {
		one, ok := v.table([]string{"do", "hint"})
		if !ok {
			continue
		}
		w := Wrong{Do: one.lines("do"), Hint: one.number("hint", 0, 0, len(s.Hints))}
		if !one.has("do") {
			one.fail(one.line, "a wrong way has no lines: it needs do")
		}
		one.allowed(w.Do, l)
		s.Wrong = append(s.Wrong, w)
	}
	t.allowed(s.Solve, l)
	if s.Try != nil {
		t.allowed([]Line{*s.Try}, l)
	}
}

// allowed looks whether the learner may give the lines.
func (t table) allowed(lines []Line, l *Lesson) {
	for _, line := range lines {
		if verb := line.kind.String(); slices.Contains(l.Denied, verb) {
			t.fail(line.Number, "the line %q cannot be given: the lesson does without %s", line.Text, verb)
		}
	}
}
