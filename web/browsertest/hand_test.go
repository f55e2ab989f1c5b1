package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Everything works by keyboard alone: select, kill, restart, suspend, resume, freeze, step, put, heal, the rules.
func TestKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	key := func(keys string) { p.do(chromedp.KeyEvent(keys)) }
	becomes := func(what, role string) { p.until(what, fmt.Sprintf(`node("n2").dataset.role === %q`, role)) }

	key(" ")
	p.until("Space freezes", `frozen()`)
	from := r.state().Seq
	key(kb.ArrowRight)
	r.until("the arrow steps", func(s state) bool { return s.Seq > from })
	key(" ")
	p.until("Space thaws", `!frozen()`)

	key("2k")
	becomes("K kills the selected node", "none")
	key("r")
	becomes("R restarts it", "follower")
	key("p")
	p.until("P suspends it", `node("n2").dataset.suspended === "true"`)
	key("r")
	p.until("R resumes it", `node("n2").dataset.suspended === "false"`)
	key(kb.Escape)

	key("?")
	p.until("? opens the rules", `document.querySelector("#rules-close") === document.activeElement`)
	key(kb.Escape)
	p.until("Esc closes them", `!document.querySelector("#rules-close")`)

	key("/")
	p.until("/ goes to the console", `document.activeElement.id === "console"`)
	key("put fromkeys 1\r")
	p.until("the put is ok", `answers("put fromkeys 1", "ok")`)
	key(kb.ArrowUp)
	p.until("the arrow brings the last line back", `document.querySelector("#console").value === "put fromkeys 1"`)
	p.clean()
}

// Tab comes to everything that can be used, once and in the page's order, and leaves nothing out; dialogs keep it and give the focus back.
func TestTabComesToEverything(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	r.do(map[string]any{"kind": "freeze"})
	// What lies in a panel that is drawn anew would not be what had the focus before; the lesson is when time is frozen.
	p.until("the room stands still, and the lesson has seen it", `frozen() && all(".lesson-step[data-state=done]").some(e => e.innerText.includes("Freeze time"))`)
	key := func(keys string) { p.do(chromedp.KeyEvent(keys)) }
	p.do(chromedp.Evaluate[chromedp.Void](`addEventListener("focusin", e => (window.came ??= new Set()).add(e.target)), undefined`))
	const missed = `all("button, select, input, summary, a[href], [tabindex='0']").filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0 && !e.closest("[inert]") && !window.came?.has(e))
		.map(e => e.outerHTML.slice(0, 100))`
	for range eval[int](p, missed+`.length`) + 10 {
		key(kb.Tab)
	}
	for _, e := range eval[[]string](p, missed) {
		t.Errorf("Tab does not come to %s", e)
	}

	for _, dialog := range []string{"share-open", "tape-marks", "chaos", "palette", "rules-open"} {
		p.until(dialog+" has the focus", `document.getElementById("`+dialog+`").focus() || document.activeElement.id === "`+dialog+`"`)
		key(kb.Enter)
		p.until("a dialog is open and has the focus", `document.querySelector("dialog[open]").contains(document.activeElement)`)
		for range 12 {
			key(kb.Tab)
			if !eval[bool](p, `document.activeElement === document.body || document.querySelector("dialog[open]").contains(document.activeElement)`) {
				t.Errorf("Tab leaves the dialog of %s", dialog)
			}
		}
		key(kb.Escape)
		p.until("the focus is back at "+dialog, `!document.querySelector("dialog[open]") && document.activeElement.id === "`+dialog+`"`)
	}
	p.clean()
}

// The recording is a slider for the keyboard: arrows step, Page keys leap, Home and End go to its ends.
func TestRecordingByKeys(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.story(replayed(t, recorded(t)))
	at := func() float64 { return eval[float64](p, `+document.querySelector("#tape").ariaValueNow`) }
	p.until("the recording has the focus", `document.querySelector("#tape").focus() || document.activeElement.id === "tape"`)
	leap := func(key string, more bool) {
		t.Helper()
		was := at()
		p.do(chromedp.KeyEvent(key))
		p.until(fmt.Sprintf("%q goes from %v", key, was), fmt.Sprintf(`(+document.querySelector("#tape").ariaValueNow - %v) * %v > 1 && document.activeElement.id === "tape"`, was, map[bool]int{true: 1, false: -1}[more]))
	}
	leap(kb.PageUp, true)
	leap(kb.PageUp, true)
	leap(kb.PageDown, false)
	leap(kb.End, true)
	leap(kb.Home, false)
	was := eval[uint64](p, `seq()`)
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	p.until("an arrow steps", fmt.Sprintf(`seq() > %d`, was))
	p.do(chromedp.KeyEvent("."))
	p.until("a fault is next", `document.querySelector(".story-lines [aria-current]")`)
	p.clean()
}

// At 360 px, the narrowest telephone, nothing is cut off sideways.
func TestNarrowest(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	p.open(lab.base + "/?rate=1")
	p.until("nothing is wider than the screen", `document.documentElement.scrollWidth <= 360 && nodes().every(n => (r => r.left >= 0 && r.right <= 360)(n.getBoundingClientRect()))`)
	p.shot("narrowest")
	p.clean()
}
