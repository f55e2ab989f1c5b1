package page

import (
	"html/template"
	"regexp"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/lessons"
)

// acts says whether the viewer's words move the lesson: who holds control, or anybody while nobody does.
func acts(p lessons.Panel) bool { return p.Holder || !p.Held || p.AnyOrder }

// crumb says which lesson it is, and how long it takes.
func crumb(p lessons.Panel) string {
	var said []string
	for _, s := range []string{p.Number, p.Track} {
		if s != "" {
			said = append(said, s)
		}
	}
	if p.Minutes > 0 {
		said = append(said, strconv.Itoa(p.Minutes)+" min")
	}
	return strings.Join(said, " · ")
}

// hasPresent says whether some part of the lesson is the one that the learner is at.
func hasPresent(p lessons.Panel) bool {
	for _, s := range p.Steps {
		if s.State == lessons.StepNow {
			return true
		}
	}
	return p.End != nil
}

// firstUndone is the step of free play to try next; -1 if all are done.
func firstUndone(p lessons.Panel) int {
	for i, s := range p.Steps {
		if s.State != lessons.StepDone {
			return i
		}
	}
	return -1
}

// trialState is a step of free play as it is shown: one at a time is proposed.
func trialState(s lessons.PanelStep, next bool) lessons.StepState {
	switch {
	case s.State == lessons.StepDone:
		return lessons.StepDone
	case next:
		return lessons.StepNow
	}
	return lessons.StepOpen
}

// stateOf is a step's piece of the bar.
func stateOf(p lessons.Panel, s lessons.PanelStep) string {
	if p.AnyOrder {
		return string(trialState(s, s.Number-1 == firstUndone(p)))
	}
	return string(s.State)
}

// current is the value of aria-current.
func current(s lessons.PanelStep) string {
	if s.State == lessons.StepNow {
		return "step"
	}
	return "false"
}

// label is what stands on a trial's button.
func label(s lessons.PanelStep) string {
	if s.Label != "" {
		return s.Label
	}
	return s.Do
}

// doable says whether there is at the moment what a trial needs: an insert that tells nothing is a dash.
func doable(s lessons.PanelStep) bool { return s.Do != "" && !strings.Contains(s.Do, "–") }

var kindNames = map[lessons.Kind]string{lessons.Predict: "Predict", lessons.Act: "Do it", lessons.Observe: "Watch",
	lessons.Explain: "Why", lessons.Transfer: "The same idea elsewhere"}

func kindWords(k lessons.Kind) string { return kindNames[k] }

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// people are counted in words as one says them.
func people(n int) string {
	if n == 1 {
		return "One person"
	}
	return strconv.Itoa(n) + " people"
}

func others(n int) string {
	if n == 1 {
		return "One other watches and predicts along."
	}
	return strconv.Itoa(n) + " others watch and predict along."
}

func wanting(n int) string {
	if n == 1 {
		return "One person asks for control."
	}
	return people(n) + " ask for control."
}

// waitWords say that only the room itself can end the step.
func waitWords(p lessons.Panel, s lessons.PanelStep) string {
	switch {
	case s.Kind == lessons.Observe:
		return "This ticks itself off when it happens."
	case !acts(p):
		return "Whoever holds control does this. It ticks itself off."
	}
	return "This ticks itself off when the cluster has done it."
}

func askWords(s lessons.PanelStep) string {
	if s.Kind == lessons.Transfer {
		return "What do you think?"
	}
	return "What do you predict?"
}

// countWords say how many have answered, and who is waited for.
func countWords(p lessons.Panel, s lessons.PanelStep) string {
	said := people(s.Count) + " of " + strconv.Itoa(max(p.Viewers, s.Count)) + " have answered."
	switch {
	case s.Count == 0:
		said = "Nobody has answered yet."
	case s.Count == 1:
		said = "One of " + counted(max(p.Viewers, 1), "person") + " has answered."
	}
	said = strings.Replace(said, " persons ", " people ", 1)
	if s.Locked && !s.Reveal && !acts(p) {
		said += " Whoever holds control shows what is right."
	}
	return said
}

// isRevealed says whether it is known which answers are right.
func isRevealed(s lessons.PanelStep) bool {
	for _, a := range s.Answers {
		if a.Right {
			return true
		}
	}
	return false
}

// answered are the answers that a viewer is told of first: its own and the right ones; all of them if others chose too.
func answered(s lessons.PanelStep) []lessons.PanelAnswer {
	if chosen(s) > 1 {
		return s.Answers
	}
	var some []lessons.PanelAnswer
	for _, a := range s.Answers {
		if a.Right || a.Picked {
			some = append(some, a)
		}
	}
	return some
}

// chosen counts the answers of all.
func chosen(s lessons.PanelStep) int {
	n := 0
	for _, a := range s.Answers {
		n += a.Count
	}
	return n
}

func sign(a lessons.PanelAnswer) string {
	switch {
	case a.Right:
		return "✓"
	case a.Picked:
		return "✗"
	}
	return ""
}

// verdict says about an answer what its sign and its bar say.
func verdict(a lessons.PanelAnswer, of int) string {
	var said []string
	switch {
	case a.Right && a.Picked:
		said = append(said, "Right, and your answer")
	case a.Right:
		said = append(said, "Right")
	case a.Picked:
		said = append(said, "Your answer")
	}
	if of > 1 {
		said = append(said, strconv.Itoa(a.Count)+" of "+strconv.Itoa(of)+" chose it")
	}
	return strings.Join(said, " · ")
}

// share is how much of the bar an answer takes, in percent.
func share(a lessons.PanelAnswer, of int) string { return strconv.Itoa(100 * a.Count / max(of, 1)) }

func hintWords(i, of int) string {
	if of == 1 {
		return "Hint"
	}
	return "Hint " + strconv.Itoa(i+1)
}

func rightWords(e *lessons.Ending) string {
	said := "You were right in " + strconv.Itoa(e.Right) + " of " + counted(e.Asked, "prediction") + "."
	if e.Minutes > 0 {
		said += " It took " + counted(e.Minutes, "minute") + "."
	}
	return said
}

// clinging is a command that can be clicked, and the punctuation after it.
var clinging = regexp.MustCompile(`(<button type="button" class="cmd"[^>]*>.*?</button>)([.,;:!?)]+)`)

// said is HTML of a lesson's. A line may not begin with the full stop after a command.
func said(h template.HTML) templ.Component {
	return templ.Raw(clinging.ReplaceAllString(string(h), `<span class="clinging">$1$2</span>`))
}

// inline is an answer without the paragraph around it: paragraphs may not stand in a button.
func inline(h template.HTML) string {
	s := strings.TrimSpace(string(h))
	if inner, one := strings.CutPrefix(s, "<p>"); one && strings.Count(s, "<p>") == 1 {
		return strings.TrimSuffix(inner, "</p>")
	}
	return strings.NewReplacer("</p>\n<p>", "<br>", "</p><p>", "<br>", "<p>", "", "</p>", "").Replace(s)
}

// lines are the lines of a text that are not empty.
func lines(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })
}

func empty(d LessonsData) bool {
	for _, t := range d.Tracks {
		if len(t.Lessons) > 0 {
			return false
		}
	}
	return d.Problem == ""
}

// duration is the time that a track takes.
func duration(t LessonTrack) string {
	minutes := 0
	for _, l := range t.Lessons {
		minutes += l.Minutes
	}
	if minutes < 60 {
		return strconv.Itoa(minutes) + " min"
	}
	said := strconv.Itoa(minutes/60) + " h"
	if minutes%60 > 0 {
		said += " " + strconv.Itoa(minutes%60) + " min"
	}
	return said
}

// facts are what one wants to know of a lesson before one takes it.
func facts(d LessonsData, l *lessons.Lesson) string {
	var said []string
	if l.Minutes > 0 {
		said = append(said, strconv.Itoa(l.Minutes)+" min")
	}
	if l.AnyOrder {
		said = append(said, "in any order")
	} else {
		said = append(said, counted(len(l.Steps), "step"))
	}
	if len(l.Needs) > 0 {
		said = append(said, "after "+titles(d, l.Needs))
	}
	return strings.Join(said, " · ")
}

// titles are what lessons are called that another needs; one that is not on the list by its id.
func titles(d LessonsData, ids []string) string {
	called := map[string]string{}
	for _, t := range d.Tracks {
		for _, l := range t.Lessons {
			called[l.ID] = l.Title
		}
	}
	var all []string
	for _, id := range ids {
		if called[id] == "" {
			called[id] = id
		}
		all = append(all, "“"+called[id]+"”")
	}
	return strings.Join(all, ", ")
}
