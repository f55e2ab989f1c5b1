package browsertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// finger is all that somebody with a telephone has: it taps, drags, and types into what has the focus.
type finger struct {
	*page
	room *room
}

// newFinger opens a room on a telephone.
func newFinger(t *testing.T) *finger {
	t.Helper()
	p := newPage(t)
	p.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	p.open(lab.base + "/?rate=1")
	return &finger{p, lab.at(t, eval[string](p, `location.href`))}
}

func (f *finger) touch(kind input.DispatchTouchEventType, at ...point) {
	f.t.Helper()
	var points []*input.TouchPoint
	for _, one := range at {
		points = append(points, &input.TouchPoint{X: one.X, Y: one.Y})
	}
	f.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
		return err
	}))
}

// tap scrolls to what is wanted, as a hand would, and taps its middle once that is what lies there.
func (f *finger) tap(selector string) {
	f.t.Helper()
	f.until(selector+" can be tapped", fmt.Sprintf(`(() => {
		const e = document.querySelector(%s)
		const free = (r => {
			const x = r.left + r.width / 2, y = r.top + r.height / 2, there = document.elementFromPoint(x, y)
			window.aim = {X: x, Y: y}
			return e.contains(there)
		})(e.getBoundingClientRect())
		if (!free) e.scrollIntoView({block: "center", behavior: "instant"})
		return free
	})()`, quoted(selector)))
	at := eval[point](f.page, `window.aim`)
	f.touch(input.DispatchTouchEventTypeTouchStart, at)
	f.touch(input.DispatchTouchEventTypeTouchEnd)
}

// drag goes from one place of an element to another, which are parts of its width and of its height.
func (f *finger) drag(selector string, from, to point) {
	f.t.Helper()
	f.until(selector+" is in the window", fmt.Sprintf(`(e => {
		e.scrollIntoView({block: "nearest", behavior: "instant"})
		const r = e.getBoundingClientRect()
		window.box = {Left: r.left, Top: r.top, Width: r.width, Height: r.height}
		return r.width > 0
	})(document.querySelector(%s))`, quoted(selector)))
	box := eval[struct{ Left, Top, Width, Height float64 }](f.page, `window.box`)
	at := func(part point) point { return point{box.Left + part.X*box.Width, box.Top + part.Y*box.Height} }
	f.swipe(at(from), at(to))
}

func (f *finger) swipe(from, to point) {
	f.t.Helper()
	const steps = 10
	f.touch(input.DispatchTouchEventTypeTouchStart, from)
	for s := 1.0; s <= steps; s++ {
		f.touch(input.DispatchTouchEventTypeTouchMove, point{from.X + (to.X-from.X)*s/steps, from.Y + (to.Y-from.Y)*s/steps})
	}
	f.touch(input.DispatchTouchEventTypeTouchEnd)
	// A browser takes a tap that follows a swipe at once for the end of the swipe, and tells the page of no click; no hand is so fast.
	f.do(chromedp.Evaluate[chromedp.Void](`window.rested = 0; (function one() { if (++window.rested < 9) requestAnimationFrame(one) })()`))
	f.until("the hand has rested", `window.rested > 6`)
}

// types is what the telephone's own keyboard does to the field that was tapped.
func (f *finger) types(field, text string) {
	f.t.Helper()
	f.tap(field)
	f.until(field+" has the focus", `document.activeElement.matches(`+quoted(field)+`)`)
	f.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}

// orders taps a machine or a link, and then an order in the menu that opens.
func (f *finger) orders(what, line string) {
	f.t.Helper()
	f.tap(what)
	f.tap(`.menu [data-arg="` + line + `"]`)
}

// What a telephone offers is enough for everything: break and mend, put and look into it, ask, go back in time, share, choose
// how much chaos. There is no mouse and no keyboard but that of the telephone.
func TestFingersAlone(t *testing.T) {
	t.Parallel()
	f := newFinger(t)
	f.until("nothing is wider than the screen", `document.documentElement.scrollWidth <= 390`)
	f.breaks()
	f.looksInto()
	f.goesBack()
	f.opensDialogs()
	f.clean()
}

func (f *finger) breaks() {
	const n3 = `[data-node="n3"][data-role]`
	is := func(what, name, value string) {
		f.until(what, fmt.Sprintf(`node("n3").dataset.%s === %q`, name, value))
	}
	f.orders(n3, "kill n3")
	is("n3 is dead", "role", "none")
	f.orders(n3, "restart n3")
	is("n3 lives", "role", "follower")
	f.orders(n3, "suspend n3")
	is("n3 stands still", "suspended", "true")
	f.tap("#undo")
	is("that is taken back", "suspended", "false")

	f.orders("#link-n1-n2", "cut n1 n2")
	f.until("the link is cut", `document.querySelector("#link-n1-n2").dataset.cut === "both"`)
	f.orders("#link-n1-n2", "mend n1 n2")
	f.until("the link is whole", `document.querySelector("#link-n1-n2").dataset.cut === ""`)

	f.tap("#cut")
	f.until("the scissors are in the hand", `document.querySelector("[data-cutting]")`)
	a, b := f.centre("#node-n1 .body"), f.centre("#node-n2 .body")
	f.swipe(point{(a.X+b.X)/2 + 25, (a.Y+b.Y)/2 - 25}, point{(a.X+b.X)/2 - 25, (a.Y+b.Y)/2 + 25})
	f.until("the stroke has cut the link", `document.querySelector("#link-n1-n2").dataset.cut === "both"`)
	f.tap("#cut")
	f.until("the scissors are laid down", `!document.querySelector("[data-cutting]")`)
	f.tap("#heal")
	f.until("all is whole", `document.querySelector("#link-n1-n2").dataset.cut === ""`)

	f.tap("#hold")
	f.until("messages wait", `document.querySelector("[data-message]")`)
	f.tap("#freeze") // or ever more of them would lie on one another
	f.until("the room stands still", `frozen()`)
	f.until("one of them lies free", `window.free = all("[data-message]").find(e => { const at = centre(e); return e.contains(document.elementFromPoint(at.X, at.Y)) })?.dataset.message`)
	first := eval[string](f.page, `window.free`)
	f.orders(`[data-message="`+first+`"]`, "deliver "+first)
	f.until("it went on", `!document.querySelector('[data-message="`+first+`"]')`)
	f.tap("#freeze")
	f.tap("#hold")
	f.until("none waits", `!document.querySelector("[data-message]")`)
	f.room.leader()
}

func (f *finger) looksInto() {
	f.tap("#tab-console")
	f.types("#console", "put touched 1")
	f.do(chromedp.KeyEvent("\r"))
	f.until("the put is ok", `answers("put touched 1", "ok")`)
	f.types("#console", "help") // more than the panel shows at once
	f.do(chromedp.KeyEvent("\r"))
	const end = `(e => e.scrollTop > 0 && e.scrollHeight - e.scrollTop - e.clientHeight < 2)(document.querySelector("#said, .said"))`
	f.until("the newest answer is in sight", end)
	f.tap("#tab-log")
	f.until("the log has it", `cells("n2").some(c => says(c, "touched"))`)
	f.tap("#tab-console")
	f.until("the newest answer is in sight again", end)
	f.tap("#tab-log")
	at := eval[string](f.page, `cells("n2").find(c => says(c, "touched")).dataset.index`)
	f.tap(`[data-row="n2"][data-index="` + at + `"]`)
	told := `document.querySelector("#side")?.innerText`
	f.until("its life is told", told+`.includes("Entry `+at+` of term")`)
	f.tap(`#side [data-arg^="why "]`)
	f.until("Why is answered", `document.querySelector("#side .why-answer")`)
}

func (f *finger) goesBack() {
	place := `document.querySelector("#tape-place").textContent`
	f.tap("#tape-play")
	f.until("the view is held, all of the recording is there", `document.querySelector("#app[data-past=paused]") && document.querySelector("#tape").checkVisibility()`)
	f.drag("#tape", point{0.98, 0.5}, point{0.3, 0.5}) // from the end, where one is LIVE again, and on without letting go
	f.until("the finger has gone back", `+document.querySelector("#tape").ariaValueNow > 20 && +document.querySelector("#tape").ariaValueNow < 40`)
	was := eval[string](f.page, place)
	f.tap("#tape-sought-on")
	f.until("on to a fault", place+` !== `+quoted(was))
	// The telephone draws the list of a select itself: its choice is told as a change of the field.
	f.do(chromedp.Evaluate[chromedp.Void](`(e => { e.value = "5"; e.dispatchEvent(new Event("input", {bubbles: true})) })(document.querySelector("#tape-speed"))`))
	was = eval[string](f.page, place)
	f.tap("#tape-play")
	f.until("it plays", `document.querySelector("#app[data-past=playing]") && `+place+` !== `+quoted(was))
	f.tap("#tape-play")
	f.until("it rests", `document.querySelector("#app[data-past=paused]")`)
	f.tap("#tape-marks")
	f.types("#mark-note", "by touch")
	f.tap("#dialog [data-action=mark]")
	f.until("the bookmark is there", `document.querySelector(".bookmarks").textContent.includes("by touch")`)
	f.tap("#dialog-close")
	f.until("the dialog is shut", `!document.querySelector("dialog[open]")`)
	f.tap("#tape-live")
	f.until("the page is LIVE", `!document.querySelector("#app[data-past]")`)
}

func (f *finger) opensDialogs() {
	f.tap("#share-open")
	f.tap("#dialog [data-action=copy]")
	f.until("copying is answered", `all(".notice").some(n => /cop/.test(n.textContent))`)
	f.tap("#dialog-close")
	f.until("the dialog is shut", `!document.querySelector("dialog[open]")`)

	f.tap("#chaos")
	f.until("chaos is offered", `document.querySelector("#chaos-intensity")`)
	was := eval[float64](f.page, `+document.querySelector("#chaos-intensity").value`)
	f.drag("#chaos-intensity", point{0.3, 0.5}, point{0.8, 0.5})
	f.until("the order is for more", fmt.Sprintf(`+document.querySelector("#chaos-intensity").value > %g && document.querySelector("#chaos-begin").dataset.arg.includes(document.querySelector("#chaos-intensity").value)`, was))
	f.tap("#dialog-close")
	f.until("the dialog is shut", `!document.querySelector("dialog[open]")`)
}
