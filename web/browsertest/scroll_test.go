package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// How the log is scrolled: so many frames, each by three columns, which is faster than a wheel turns.
const (
	longLog      = 100_000 // entries on every machine
	scrollFrames = 120
	// scrollBudget is the processor time, in milliseconds, that script, styles and layout may take for a frame: half of what 60
	// frames a second leave. Painting is the browser's, and reported only.
	scrollBudget = 8.0
)

// A log of a hundred thousand entries scrolls at 60 frames a second, whichever way: the page works half of each frame's time at
// most, while entries of other terms come into sight all the time. It does so among the entries that the page keeps.
func TestALongLogScrolls(t *testing.T) {
	raised := newStorm(t, lab)
	raised.calm = longLog
	p := newPage(t)
	p.do(chromedp.Navigate(raised.base + "/?rate=1&nodes=5"))
	p.until("the whole log is there", fmt.Sprintf(`document.querySelector('#log td[data-row="n5"][data-index="%d"]')`, longLog))
	for _, way := range []string{"-162", "162"} {
		p.do(chromedp.Evaluate[chromedp.Void](`window.turned = 0, undefined`))
		last := eval[string](p, lastColumn)
		work := func() float64 {
			return p.metric("ScriptDuration") + p.metric("LayoutDuration") + p.metric("RecalcStyleDuration")
		}
		worked, busy := work(), p.metric("TaskDuration")
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
			const turn = () => {
				document.querySelector("#log-window").dispatchEvent(new WheelEvent("wheel", {deltaX: %s, bubbles: true, cancelable: true}))
				if (++turned < %d) requestAnimationFrame(turn)
			}
			requestAnimationFrame(turn)
		}`, way, scrollFrames)))
		p.until("it has scrolled", fmt.Sprintf(`turned === %d && %s !== %q`, scrollFrames, lastColumn, last))
		took, whole := (work()-worked)*1000/scrollFrames, (p.metric("TaskDuration")-busy)*1000/scrollFrames
		t.Logf("by %s pixels a frame: %.2f ms of script, styles and layout each, %.2f ms with painting; from column %s to %s", way, took, whole, last, eval[string](p, lastColumn))
		if took > scrollBudget {
			t.Errorf("a frame of scrolling takes %.2f ms, more than %v", took, scrollBudget)
		}
	}
}

// lastColumn is the newest index in sight.
const lastColumn = `[...document.querySelectorAll("#log thead th[scope=col]")].at(-1).textContent`
