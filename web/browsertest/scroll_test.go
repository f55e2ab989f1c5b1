package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// How the log is scrolled: so many frames, each by three columns, which is faster than a wheel turns.
const (
	longLog      = 100_000 // entries on every machine
	shortLog     = 1_000
	scrollFrames = 120
	// scrollBudget is the time, in milliseconds, that script, styles and layout may take for a frame: what 60 frames a second leave.
	// A quiet machine takes less than half of it; painting is the browser's, and reported only.
	scrollBudget = 16.7
	// scrollGrowth is how much longer a frame may take in a log a hundred times as long: machines differ, and this does not.
	scrollGrowth = 1.5
)

// A log of a hundred thousand entries scrolls at 60 frames a second, whichever way, while entries of other terms come into sight all
// the time, among the entries that the page keeps; and no slower than a short one.
func TestALongLogScrolls(t *testing.T) {
	short, long := scrolled(t, shortLog), scrolled(t, longLog)
	if long > scrollBudget {
		t.Errorf("a frame of scrolling takes %.2f ms, more than %v", long, scrollBudget)
	}
	if long > short*scrollGrowth {
		t.Errorf("a frame of scrolling takes %.2f ms among %d entries and %.2f ms among %d", long, longLog, short, shortLog)
	}
}

// scrolled is how long script, styles and layout take for a frame of scrolling there and back at the end of a log, in milliseconds.
func scrolled(t *testing.T, entries int) float64 {
	t.Helper()
	raised := newStorm(t, lab)
	raised.calm = uint64(entries)
	p := newSwiftPage(t)
	p.do(chromedp.Navigate(raised.base + "/?rate=1&nodes=5"))
	p.until("the whole log is there", fmt.Sprintf(`document.querySelector('#log td[data-row="n5"][data-index="%d"]')`, entries))
	work := func() float64 {
		return p.metric("ScriptDuration") + p.metric("LayoutDuration") + p.metric("RecalcStyleDuration")
	}
	worked, busy := work(), p.metric("TaskDuration")
	for _, way := range []string{"-162", "162"} {
		p.do(chromedp.Evaluate[chromedp.Void](`window.turned = 0, undefined`))
		last := eval[string](p, lastColumn)
		p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`{
			const turn = () => {
				document.querySelector("#log-window").dispatchEvent(new WheelEvent("wheel", {deltaX: %s, bubbles: true, cancelable: true}))
				if (++turned < %d) requestAnimationFrame(turn)
			}
			requestAnimationFrame(turn)
		}`, way, scrollFrames)))
		p.until("it has scrolled", fmt.Sprintf(`turned === %d && %s !== %q`, scrollFrames, lastColumn, last))
	}
	took, whole := (work()-worked)*1000/(2*scrollFrames), (p.metric("TaskDuration")-busy)*1000/(2*scrollFrames)
	t.Logf("%d entries: %.2f ms of script, styles and layout a frame, %.2f ms with painting", entries, took, whole)
	return took
}

// lastColumn is the newest index in sight.
const lastColumn = `[...document.querySelectorAll("#log thead th[scope=col]")].at(-1).textContent`
