package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// A panel that is drawn anew between press and release must not lose the click: it waits for the release.
func TestPressOutlastsARedraw(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	r.do(map[string]any{"kind": "freeze"}) // before the panel is drawn: what is pressed shall still be where it was measured
	p.until("the room stands still", `frozen()`)
	p.choose("3")
	d := &desk{page: p, room: r}
	d.press("#tab-node")
	d.says("the machine is told of", "n3")
	const button = `document.querySelector("#desk-link-n1-n3")`
	p.until("its links are there", button)
	x, y := eval[float64](p, button+`.scrollIntoView({block: "center"}), `+button+`.getBoundingClientRect().x + 8`), eval[float64](p, button+`.getBoundingClientRect().y + 8`)
	// The panel may be drawn anew up to the press itself, as it was.
	p.do(chromedp.Evaluate[chromedp.Void](`addEventListener("pointerdown", (e) => window.was = e.target.closest("#desk-link-n1-n3"), true)`),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	r.do(map[string]any{"kind": "thaw"})
	put := r.do(map[string]any{"kind": "put", "key": "news", "value": "1", "node": "n3"})
	if put.Outcome != "ok" {
		t.Fatalf("%+v", put)
	}
	// The log grid draws the entry; the panel, which tells of it too, must not have been drawn anew.
	p.until("the page knows the put", fmt.Sprintf(`document.querySelector("#main").textContent.includes("news=1") || document.querySelector("#app").textContent.includes("commit %d")`, put.Index))
	p.until("the button was pressed", `window.was`)
	if !eval[bool](p, `window.was.isConnected`) {
		t.Error("what is pressed was replaced")
	}
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1)))
	p.until("the click counts", `document.querySelector("#app").textContent.includes("n1–n3") || document.querySelector("#side").textContent.includes("n1 to n3")`)
	p.until("the panel goes on", `!window.was.isConnected`)
	p.clean()
}
