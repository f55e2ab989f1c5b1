package browsertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// learner takes a lesson in a browser, as a person does: by mouse and by keyboard.
type learner struct {
	*page
	room   *room
	lesson string
}

// take opens a lesson in a room of its own.
func take(t testing.TB, lesson string) *learner {
	t.Helper()
	p := newPage(t)
	p.open(lab.base + "/lessons/" + lesson)
	l := &learner{p, lab.at(t, eval[string](p, `location.href`)), lesson}
	l.now(1)
	return l
}

// now waits until step n is open, and leaves a picture of it, light and dark.
func (l *learner) now(n int) {
	l.t.Helper()
	l.until(fmt.Sprintf("step %d is open and those before it are done", n), fmt.Sprintf(
		`document.querySelector('[data-step="%d"][data-state="now"]') && all('[data-step][data-state="done"]').length === %d`, n, n-1))
	l.picture(fmt.Sprintf("step-%d", n))
}

func (l *learner) picture(what string) {
	l.t.Helper()
	if !pictures {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		l.media(scheme)
		l.until("colours have changed over", `!document.getAnimations().some(a => a instanceof CSSTransition)`)
		l.shot(fmt.Sprintf("lesson-%s-%s-%s", l.lesson, what, scheme))
	}
}

// answer clicks an answer, and wants the verdict on it in words.
func (l *learner) answer(step, n int, verdict string) {
	l.t.Helper()
	l.press(fmt.Sprintf("#answer-%d", n))
	l.judged(step, verdict)
}

// answerByKeys reaches an answer with Tab and chooses it with Enter.
func (l *learner) answerByKeys(step, n int, verdict string) {
	l.t.Helper()
	l.tabTo(fmt.Sprintf("answer-%d", n))
	l.do(chromedp.KeyEvent(kb.Enter))
	l.judged(step, verdict)
}

func (l *learner) judged(step int, verdict string) {
	l.t.Helper()
	l.until(fmt.Sprintf("the answer to step %d is judged: %s", step, verdict), fmt.Sprintf(
		`document.querySelector('[data-step="%d"][data-state="done"] [data-picked="true"]').textContent.includes(%s)`, step, quoted(verdict)))
}

// press clicks what is there with the mouse. The panel may be drawn anew at any moment, so it is looked for by its place.
func (l *learner) press(selector string) {
	l.t.Helper()
	l.until(selector+" is there", `document.querySelector(`+quoted(selector)+`)`)
	l.do(chromedp.Evaluate[chromedp.Void](`document.querySelector(` + quoted(selector) + `).scrollIntoView({block: "nearest", behavior: "instant"})`))
	l.until(selector+" stands still", `(now => [window.stood === now, window.stood = now][0])(JSON.stringify(centre(document.querySelector(`+quoted(selector)+`))))`)
	at := l.centre(selector)
	l.do(chromedp.MouseClickXY(at.X, at.Y))
}

// mostTabs is how many controls lie between the page's beginning and what a keyboard is to reach, at most.
const mostTabs = 150

// tabTo presses Tab until the element with this id has the focus.
func (l *learner) tabTo(id string) {
	l.t.Helper()
	for range mostTabs {
		if eval[bool](l.page, `document.activeElement?.id === `+quoted(id)) {
			return
		}
		l.do(chromedp.KeyEvent(kb.Tab))
	}
	l.t.Fatalf("Tab does not reach #%s within %d presses", id, mostTabs)
}

// finished waits for the end of the lesson and wants its facts.
func (l *learner) finished(facts ...string) {
	l.t.Helper()
	l.until("the lesson is finished", `document.querySelector("#lesson-end") && !document.querySelector('[data-state="now"][data-step]')`)
	for _, f := range facts {
		l.until("the summary says "+f, `document.querySelector("#lesson-end").textContent.includes(`+quoted(f)+`)`)
	}
	l.picture("end")
	l.until("the browser remembers it", `Object.entries(localStorage).some(([name, value]) => name.includes(`+quoted(l.lesson)+`) && value.split("/")[0] === value.split("/")[1])`)
	l.clean()
}

// have counts the nodes whose log reaches to the entry.
func have(s state, index uint64) (n int) {
	for _, each := range s.Nodes {
		if each.Last >= index {
			n++
		}
	}
	return n
}

// A learner goes through "The journey of a put"; at each stop the cluster is held to what the lesson says of it.
func TestLessonJourneyOfAPut(t *testing.T) {
	t.Parallel()
	l := take(t, "a04")
	l.answer(1, 3, "Yes")
	l.now(2)
	leader := l.room.leader()
	index := leader.Last + 1
	l.console("put x 1")
	l.now(3)
	l.until("the room stands still", `frozen()`)
	if s := l.room.state(); s.Rate != 0 || have(s, index) != 1 {
		t.Errorf("at the first stop %d nodes have entry %d, at rate %v", have(s, index), index, s.Rate)
	}
	l.until("the leader's cell is hatched, and nobody else has one", fmt.Sprintf(
		`cells(%q).some(c => c.dataset.index == %d && !solid(c)) && rows().every(r => r.dataset.log === %q || cells(r).every(c => c.dataset.index < %d))`,
		leader.ID, index, leader.ID, index))
	l.answer(3, 1, "heartbeat")
	l.now(4)
	l.press("#freeze")
	l.now(5)
	if s := l.room.state(); s.Rate != 0 || have(s, index) < 3 || slices.ContainsFunc(s.Nodes, func(n node) bool { return n.Commit >= index }) {
		t.Errorf("at the second stop %d nodes have the entry: %+v", have(s, index), s)
	}
	l.answerByKeys(5, 3, "Yes")
	l.now(6)
	l.do(chromedp.KeyEvent(kb.Escape))
	l.press("#freeze")
	l.now(7)
	l.until("the client has heard OK", `answers("put x 1", "ok")`)
	for _, n := range l.room.state().Nodes {
		if committed := n.Commit >= index; committed != (n.ID == leader.ID) {
			t.Errorf("at the third stop %s has committed up to %d, the leader is %s", n.ID, n.Commit, leader.ID)
		}
	}
	l.press("#freeze")
	l.now(8)
	l.answer(8, 2, "Yes")
	l.finished(fmt.Sprintf("entry %d", index), "3 of 4")
}

// A learner goes through "Two leaders, one truth": two crowns at once, a put on either side, and one truth after healing.
func TestLessonTwoLeaders(t *testing.T) {
	t.Parallel()
	l := take(t, "a07")
	s := &story{page: l.page, room: l.room}
	l.answerByKeys(1, 3, "Yes")
	l.now(2)
	l.until("the lesson has frozen the room", `frozen()`)
	l.stroke(s.between("n5", "n1"), s.between("n2", "n3"))
	l.now(3)
	l.until("a red outline is around two and a green one around three", `outlines(false).length === 1 && outlines(true).length === 1`)
	l.console("elect n3")
	l.press("#freeze")
	l.now(4)
	l.until("two wear a crown, of different terms", `leaders().length === 2 && new Set(leaders().map(n => n.dataset.term)).size === 2 && frozen()`)
	fresh := eval[string](l.page, `leader().dataset.node`)
	l.answer(4, 3, "Yes")
	l.now(5)
	l.console("put y 9 --from n1")
	l.console("put y 5 --from " + fresh)
	l.press("#freeze")
	l.now(6)
	l.until("the old leader's client knows nothing", `answers("put y 9", "unknown")`)
	l.until("the new leader's client has its OK", `answers("put y 5", "ok")`)
	l.answer(6, 2, "First does not count")
	l.now(7)
	l.tabTo("heal")
	l.do(chromedp.KeyEvent(kb.Enter))
	l.now(8)
	l.until("five equal rows without the old leader's write", `rows().every(row => picture(row) === picture(rows()[0]) && !cells(row).some(c => says(c, "y=9")))`)
	l.room.until("all have and have applied the same", equal)
	l.answer(8, 2, "Yes")
	l.finished("all safety lamps stayed lit", "3 of 4")
}

// From the front page the first lesson is one click away, and the second one from the end of the first.
func TestFirstLessonIsOneClickAway(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/")
	p.until("things to try are there", `all('.lesson-trials [data-step]').length > 5`)
	(&learner{page: p}).press("#lesson-next")
	p.until("the first lesson is open in a room with one node", `document.querySelector("#lesson-title").textContent.includes("One node") && nodes().length === 1 && live()`)
	p.until("the first step asks", `document.querySelector('[data-step="1"][data-state="now"] #answer-1')`)
	p.looks("lesson-a01")
	p.clean()
}

// A finished step can be read again, a reload loses nothing, and a wrong turn is helped.
func TestLessonSurvivesItsLearner(t *testing.T) {
	t.Parallel()
	l := take(t, "a07")
	l.answer(1, 1, "nightmare")
	l.now(2)
	l.console("partition n1 n2 n3 | n4 n5")
	l.until("the hint about the wrong side unfolds", `document.querySelector('.lesson-hints').textContent.includes("bigger side")`)
	l.console("kill n3")
	l.until("the lesson does without kill, and says so", `all('.said .line').some(l => l.textContent.includes("does without kill"))`)
	l.do(chromedp.Reload())
	l.until("the page is back", `live() && leaders().length === 1`)
	l.now(2)
	l.judged(1, "nightmare")
	l.press("#lesson-restart")
	l.until("the lesson begins anew, in a whole room", `document.querySelector('[data-step="1"][data-state="now"]') && outlines(false).length === 0 && nodes().length === 5 && leaders().length === 1`)
	l.press("#lesson-leave")
	l.until("free play", `document.querySelector('.lesson-trials')`)
	l.console("kill n3")
	l.until("everything is allowed again", `node("n3").dataset.role === "none"`)
	l.clean()
}

// Two people in a room: one acts, both predict, and both see who thought what.
func TestLessonInAGroup(t *testing.T) {
	t.Parallel()
	teacher := take(t, "a07")
	address := eval[string](teacher.page, `location.href`)
	p := newPage(t)
	p.open(address)
	pupil := &learner{p, teacher.room, "a07-pupil"}
	pupil.now(1)
	pupil.press("#answer-1")
	pupil.until("the pupil's answer is locked in", `document.querySelector("#answer-1").getAttribute("aria-pressed") === "true"`)
	pupil.console("freeze")
	pupil.until("the pupil may not act", `all('.said .line').some(l => l.textContent.includes("somebody else acts"))`)
	teacher.press("#answer-3")
	teacher.until("the teacher's answer is locked in", `document.querySelector("#answer-3").getAttribute("aria-pressed") === "true"`) // the panel moves with it
	teacher.press("#lesson-reveal")
	for _, l := range []*learner{teacher, pupil} {
		l.now(2)
		l.until("both answers are shown", `all('[data-step="1"] [data-right]').filter(a => a.textContent.includes("1 of 2")).length >= 2`)
	}
	pupil.press("#control")
	teacher.press(`#control[data-arg="control give"]`)
	pupil.until("the pupil holds control", `document.querySelector(".lesson-control").textContent.includes("You hold control")`)
	pupil.console("partition n1 n2 | n3 n4 n5")
	for _, l := range []*learner{teacher, pupil} {
		l.now(3)
		l.clean()
	}
}

// The list of lessons knows what this browser has done.
func TestLessonListShowsProgress(t *testing.T) {
	t.Parallel()
	l := take(t, "a04")
	l.answer(1, 3, "Yes")
	l.now(2)
	l.do(chromedp.Navigate(lab.base + "/lessons"))
	l.until("fifteen lessons of the first track", `all('[data-progress^="a"]').length === 15`)
	l.until("one step of a04 is done", `/1 of \d/.test(document.querySelector('[data-progress="a04"]').textContent)`)
	l.looks("lessons")
	if strings.Contains(eval[string](l.page, `document.body.textContent`), "cannot be read") {
		t.Error("the list complains about its lessons")
	}
	l.clean()
}
