//go:build !js

package browser_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// panel is a lesson at a step, in the words of the page's policy: ids, details, a heading for the focus.
func panel(step int, body string) event.Lesson {
	html := `<h2 id="lesson-title" tabindex="-1">Two leaders</h2><ol>`
	for i := 1; i < step; i++ {
		n := strconv.Itoa(i)
		html += `<li id="step-` + n + `"`
		fold := ``
		if i == step-1 {
			html, fold = html+` data-news`, ` open data-open`
		}
		html += `><details id="reread-` + n + `"` + fold + `><summary>Step ` + n + `</summary><p class="tall">What it was.</p></details></li>`
	}
	n := strconv.Itoa(step)
	return event.Lesson{ID: "a07", HTML: html + `<li id="step-` + n + `" data-now><h3 id="now-` + n + `" tabindex="-1" data-focus>Step ` + n + `</h3>` + body + `</li></ol>`,
		Marks: "n4", Denied: "wipe", Done: step - 1, Steps: 9}
}

func (v *visit) teach(l event.Lesson) { v.say(event.Frame{Type: event.FrameLesson, Lesson: l}) }

const twoAnswers = `<button type="button" id="answer-1" data-action="learn" data-arg="answer 1">OK</button>
<button type="button" id="answer-2" data-action="learn" data-arg="answer 2">A timeout</button>`

// The first picture's lesson is the server's and stays, node for node, until the room tells another.
func TestLessonOfTheFirstPictureStays(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	r.lesson = panel(2, twoAnswers)
	p.before(`addEventListener("DOMContentLoaded", () => { document.querySelector("#answer-1").ours = true })`)
	v := p.enter(r)
	if !eval[bool](p, `document.querySelector("#answer-1").ours && document.querySelector("#app").dataset.marks === "n4"`) {
		t.Error("the lesson was made anew before the room told one")
	}
	v.teach(panel(3, "<p>Heal.</p>"))
	p.until("the lesson goes on", `document.querySelector("#now-3")`)
	v.teach(event.Lesson{})
	p.until("the lesson is over", `document.querySelector("#lesson").innerHTML === "" && !document.querySelector("#app").dataset.marks && !document.querySelector("#app").dataset.denied`)
	p.clean()
}

func TestAnswersReachTheRoomByMouseAndKeyboard(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	v.teach(panel(1, twoAnswers))
	p.until("the question is there", `document.querySelector("#answer-2")`)
	p.do(chromedp.Click(chromedp.CSS("#answer-2")))
	if f := v.hear(event.FrameLearn); f.Text != "answer 2" {
		t.Errorf("the room heard %q", f.Text)
	}
	p.do(chromedp.Focus(chromedp.CSS("#answer-1")), chromedp.KeyEvent(kb.Enter))
	if f := v.hear(event.FrameLearn); f.Text != "answer 1" {
		t.Errorf("the room heard %q", f.Text)
	}
	v.teach(panel(1, strings.ReplaceAll(twoAnswers, `data-arg`, `aria-disabled="true" data-arg`)+`<button type="button" id="run" data-action="run" data-arg="kill n4">Kill</button>`))
	p.until("the answers are locked", `document.querySelector("#answer-1[aria-disabled]")`)
	p.do(chromedp.Click(chromedp.CSS("#answer-1")), chromedp.Click(chromedp.CSS("#run")))
	if c := v.ordered(); c.Kind != event.Kill || c.Node != 4 { // and no answer before it
		t.Errorf("the button ordered %+v", c)
	}
	p.clean()
}

func TestFocusAndFoldsOutliveTheNextPanel(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	v.teach(panel(3, twoAnswers))
	p.until("the question is there", `document.querySelector("#answer-2")`)
	p.run(`document.querySelector("#reread-1").open = true, document.querySelector("#reread-2").open = false`)
	p.do(chromedp.Focus(chromedp.CSS("#answer-2")))
	v.teach(panel(3, twoAnswers+`<p id="more">2 of 4 have answered.</p>`))
	p.until("the panel is another", `document.querySelector("#more")`)
	if !eval[bool](p, `document.activeElement.id === "answer-2"`) {
		t.Error("the focus left the answer: " + eval[string](p, `document.activeElement.outerHTML`))
	}
	if !eval[bool](p, `document.querySelector("#reread-1").open && !document.querySelector("#reread-2").open`) {
		t.Error("what somebody unfolded or folded did not stay so")
	}
	v.teach(panel(4, "<p>Heal.</p>"))
	p.until("the next step is there", `document.querySelector("#now-4")`)
	if !eval[bool](p, `document.activeElement.id === "now-4"`) {
		t.Error("the focus is not at the next step, but at " + eval[string](p, `document.activeElement.outerHTML`))
	}
	if !eval[bool](p, `document.querySelector("#reread-1").open && document.querySelector("#reread-3").open`) {
		t.Error("what the last step explains is not to be seen")
	}
	field := chromedp.CSS("#console")
	p.do(chromedp.Click(field), chromedp.SendKeys(field, "put"))
	v.teach(panel(5, "<p>Done.</p>"))
	p.until("the next step is there", `document.querySelector("#now-5")`)
	if !eval[bool](p, `document.activeElement.id === "console" && document.activeElement.value === "put"`) {
		t.Error("who typed into the console was taken away from it")
	}
	p.clean()
}

// A panel scrolls to what is new when the step changes, and else stays where somebody scrolled it to.
func TestPanelScrollsOnlyWhenTheStepChanges(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	long := strings.Repeat("<p>More to read.</p>", 60)
	v.teach(panel(4, long))
	p.until("the step is there", `document.querySelector("#now-4")`)
	p.run(`document.querySelector("#guide").scrollTop = 300`)
	v.teach(panel(4, long+`<p id="more">Hint</p>`))
	p.until("the hint is there", `document.querySelector("#more")`)
	if y := eval[float64](p, `document.querySelector("#guide").scrollTop`); y != 300 {
		t.Errorf("the panel has moved to %v", y)
	}
	v.teach(panel(5, long))
	p.until("the next step is there", `document.querySelector("#now-5")`)
	if y := eval[float64](p, `document.querySelector("#step-4").getBoundingClientRect().top - document.querySelector("#guide").getBoundingClientRect().top`); y < 0 || y > 30 {
		t.Errorf("what the step before explains is %v pixels below the panel's top", y)
	}
	p.clean()
}

// On a telephone the page scrolls: only for who reads in the lesson, or comes to it.
func TestTelephoneShowsTheStepBelowTheStage(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.do(chromedp.EmulateViewport(390, 844))
	v := p.enter(r)
	long := strings.Repeat("<p>More to read.</p>", 60)
	v.teach(panel(4, long))
	p.until("the step is there", `document.querySelector("#now-4")`)
	if y := eval[float64](p, `scrollY`); y != 0 {
		t.Errorf("the page has moved to %v under somebody who looks at the stage", y)
	}
	p.do(chromedp.Click(chromedp.CSS("#tab-console")))
	p.until("the console is there", `document.querySelector("#console")`)
	p.do(chromedp.Click(chromedp.CSS("#tab-guide")))
	below := `(step => document.querySelector(step).getBoundingClientRect().top - document.querySelector(".stage").getBoundingClientRect().bottom)`
	p.until("what is new stands below the stage", below+`("#step-3") >= 0 && `+below+`("#step-3") < 30`)
	v.teach(panel(5, long))
	p.until("the next step stands there", below+`("#step-4") >= 0 && `+below+`("#step-4") < 30`)
	p.clean()
}

func TestLineOfALessonGoesIntoTheConsole(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.do(chromedp.EmulateViewport(390, 844))
	v := p.enter(r)
	v.teach(panel(1, `<button type="button" class="cmd" data-action="type" data-arg="put y 9"><code>put y 9</code></button>`))
	p.until("the lesson is there, and the console is not", `document.querySelector(".cmd") && !document.querySelector("#console")`)
	p.do(chromedp.Click(chromedp.CSS(".cmd")))
	p.until("the line is in the console", `document.activeElement.id === "console" && document.activeElement.value === "put y 9"`)
	p.do(chromedp.KeyEvent(kb.Enter))
	if c := v.ordered(); c.Kind != event.Put || c.Key != "y" {
		t.Errorf("Enter ordered %+v", c)
	}
	p.clean()
}

func TestBrowserKeepsItsName(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	name := v.hello.Text
	if len(name) != 32 {
		t.Errorf("the browser is called %q", name)
	}
	p.run(`localStorage.setItem("quorumlab.lesson-a07", "3/9")`)
	v.teach(panel(3, ""))
	p.do(chromedp.Navigate(r.base + "/"))
	v = r.visited()
	if v.hello.Text != name {
		t.Errorf("the same browser is %q now, no longer %q", v.hello.Text, name)
	}
	v.greet()
	v.teach(panel(9, ""))
	p.until("the progress is kept", `localStorage.getItem("quorumlab.lesson-a07") === "8/9"`)
	p.clean()
}

func TestTextIsCopiedOrSelected(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.before(`Object.defineProperty(Navigator.prototype, "clipboard", {get: () => window.board})`)
	v := p.enter(r)
	v.teach(panel(1, `<p id="share">I did it.</p><button type="button" id="copy" data-action="copy" data-arg="I did it.">Copy</button>`))
	p.until("the lesson is there", `document.querySelector("#copy")`)
	p.run(`window.board = {writeText: (text) => { window.copied = text; return Promise.resolve() }}`)
	p.do(chromedp.Click(chromedp.CSS("#copy")))
	p.until("it is copied", `copied === "I did it." && document.querySelector(".notice").textContent.includes("It is copied")`)
	p.run(`window.board = undefined`)
	p.do(chromedp.Click(chromedp.CSS("#copy")))
	p.until("it is selected", `getSelection().toString() === "I did it." && document.querySelectorAll(".notice").length === 2`)
	p.clean()
}

// While the rules are open keys are theirs; afterwards the focus is where it was.
func TestRulesHoldTheKeys(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	p.do(chromedp.Focus(chromedp.CSS("#hold")), chromedp.KeyEvent("?"))
	p.until("the rules are open", `document.querySelector("dialog:modal") && document.activeElement.id === "rules-close"`)
	p.do(chromedp.KeyEvent("h"), chromedp.KeyEvent("2"), chromedp.KeyEvent("?"))
	p.until("? shuts them", `!document.querySelector("dialog")`)
	p.do(chromedp.Click(chromedp.CSS("#rules-open")))
	p.until("the button opens them", `document.querySelector("dialog:modal")`)
	p.do(chromedp.Click(chromedp.CSS("#rules-close")))
	p.until("their own button shuts them", `!document.querySelector("dialog") && document.activeElement.id === "rules-open"`)
	p.do(chromedp.KeyEvent("?"), chromedp.KeyEvent(kb.Escape))
	p.until("Escape shuts them", `!document.querySelector("dialog") && document.activeElement.id === "rules-open"`)
	p.do(chromedp.KeyEvent("h"))
	if c := v.ordered(); c.Kind != event.Heal { // the first of all keys that the room hears of
		t.Errorf("H ordered %+v", c)
	}
	p.clean()
}
