package page

import (
	"context"
	"html/template"
	"regexp"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/web/languages"
)

// lessonLanguage is what all lessons are written in.
const lessonLanguage = "en"

// foreign says in the reader's language that lessons are in another one; "" if they are not.
func foreign(ctx context.Context) string {
	if languages.Tag(ctx) == lessonLanguage {
		return ""
	}
	return say(ctx, "The lessons themselves are in English.")
}

// acts says whether the viewer's words move the lesson: who holds control, or anybody while nobody does.
func acts(p lessons.Panel) bool { return p.Holder || !p.Held || p.AnyOrder }

// crumb says which lesson it is, and how long it takes.
func crumb(ctx context.Context, p lessons.Panel) string {
	var said []string
	for _, s := range []string{p.Number, p.Track} {
		if s != "" {
			said = append(said, s)
		}
	}
	if p.Minutes > 0 {
		said = append(said, minutes(ctx, p.Minutes))
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

var kindNames = map[lessons.Kind]string{lessons.Predict: words.Of("Predict"), lessons.Act: words.Of("Do it"), lessons.Observe: words.Of("Watch"),
	lessons.Explain: words.Of("Why"), lessons.Transfer: words.Of("The same idea elsewhere")}

func kindWords(k lessons.Kind) string { return kindNames[k] }

// say says a text in the language of whoever reads the page.
func say(ctx context.Context, text string, values ...string) string {
	return languages.Say(ctx, text, values...)
}

// count says one text of one and another of several; {0} is the number.
func count(ctx context.Context, n int, one, many string, values ...string) string {
	return languages.From(ctx).Count(n, strconv.Itoa(n), one, many, values...)
}

func minutes(ctx context.Context, n int) string { return say(ctx, "{0} min", strconv.Itoa(n)) }

func others(ctx context.Context, n int) string {
	return count(ctx, n, "One other watches and predicts along.", "{0} others watch and predict along.")
}

func wanting(ctx context.Context, n int) string {
	return count(ctx, n, "One person asks for control.", "{0} people ask for control.")
}

// waitWords say that only the room itself can end the step.
func waitWords(p lessons.Panel, s lessons.PanelStep) string {
	switch {
	case s.Kind == lessons.Observe:
		return words.Of("This ticks itself off when it happens.")
	case !acts(p):
		return words.Of("Whoever holds control does this. It ticks itself off.")
	}
	return words.Of("This ticks itself off when the cluster has done it.")
}

func askWords(s lessons.PanelStep) string {
	if s.Kind == lessons.Transfer {
		return words.Of("What do you think?")
	}
	return words.Of("What do you predict?")
}

// countWords say how many have answered, and who is waited for.
func countWords(ctx context.Context, p lessons.Panel, s lessons.PanelStep) string {
	said, there := "", max(p.Viewers, s.Count)
	switch {
	case s.Count == 0:
		said = say(ctx, "Nobody has answered yet.")
	case there == 1:
		said = say(ctx, "The only one here has answered.")
	default:
		said = count(ctx, s.Count, "One of {1} people has answered.", "{0} of {1} people have answered.", strconv.Itoa(there))
	}
	if s.Locked && !s.Reveal && !acts(p) {
		said += " " + say(ctx, "Whoever holds control shows what is right.")
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
func verdict(ctx context.Context, a lessons.PanelAnswer, of int) string {
	var said []string
	switch {
	case a.Right && a.Picked:
		said = append(said, say(ctx, "Right, and your answer"))
	case a.Right:
		said = append(said, say(ctx, "Right"))
	case a.Picked:
		said = append(said, say(ctx, "Your answer"))
	}
	if of > 1 {
		said = append(said, say(ctx, "{0} of {1} chose it", strconv.Itoa(a.Count), strconv.Itoa(of)))
	}
	return strings.Join(said, " · ")
}

// share is how much of the bar an answer takes, in percent.
func share(a lessons.PanelAnswer, of int) string { return strconv.Itoa(100 * a.Count / max(of, 1)) }

func hintWords(ctx context.Context, i, of int) string {
	if of == 1 {
		return say(ctx, "Hint")
	}
	return say(ctx, "Hint {0}", strconv.Itoa(i+1))
}

func rightWords(ctx context.Context, e *lessons.Ending) string {
	said := count(ctx, e.Asked, "You were right in {1} of {0} prediction.", "You were right in {1} of {0} predictions.", strconv.Itoa(e.Right))
	if e.Minutes > 0 {
		said += " " + count(ctx, e.Minutes, "It took {0} minute.", "It took {0} minutes.")
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

// trackWords say how many lessons a track has, and how long they take.
func trackWords(ctx context.Context, t LessonTrack) string {
	return count(ctx, len(t.Lessons), "{0} lesson · about {1}", "{0} lessons · about {1}", duration(ctx, t))
}

// duration is the time that a track takes.
func duration(ctx context.Context, t LessonTrack) string {
	total := 0
	for _, l := range t.Lessons {
		total += l.Minutes
	}
	hours, rest := strconv.Itoa(total/60), strconv.Itoa(total%60)
	switch {
	case total < 60:
		return minutes(ctx, total)
	case total%60 == 0:
		return say(ctx, "{0} h", hours)
	}
	return say(ctx, "{0} h {1} min", hours, rest)
}

// facts are what one wants to know of a lesson before one takes it.
func facts(ctx context.Context, d LessonsData, l *lessons.Lesson) string {
	var said []string
	if l.Minutes > 0 {
		said = append(said, minutes(ctx, l.Minutes))
	}
	if l.AnyOrder {
		said = append(said, say(ctx, "in any order"))
	} else {
		said = append(said, count(ctx, len(l.Steps), "{0} step", "{0} steps"))
	}
	if len(l.Needs) > 0 {
		said = append(said, say(ctx, "after {0}", titles(d, l.Needs)))
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
