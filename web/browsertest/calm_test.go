package browsertest

import (
	"context"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Who wants less motion gets none: nothing on the page is animated, messages stand in a few places of their way, and all that
// is said is said.
func TestLessMotion(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.prefers("prefers-reduced-motion", "reduce")
	p.open(lab.base + "/?rate=0.05")
	r := lab.at(t, eval[string](p, `location.href`))
	still := func(where string) {
		t.Helper()
		if moving := eval[[]string](p, `document.getAnimations().map(a => (a.animationName || a.transitionProperty) + " of " + a.effect.target.outerHTML.slice(0, 80))`); len(moving) > 0 {
			t.Errorf("%s: this moves: %q", where, moving)
		}
	}
	still("room")
	p.choose("2")
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("the menu is open", `document.querySelector(".menu")`)
	still("menu")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#app").dataset.marks = "n1 n2 n1-n2 stage entry-n1-1", document.querySelector(".lesson-step:not([open]) summary").click(), undefined`))
	still("marks, and what unfolds")
	p.offline(true)
	p.until("the connection is lost", `document.querySelector("#banner .pulse")`)
	still("lost")
	p.offline(false)
	p.until("it is back", `live()`)
	r.do(map[string]any{"kind": "kill", "node": r.leader().ID})
	p.until("what happened is told", `document.querySelector("#narrator").textContent.includes("was killed")`)
	still("a fault")
}

// prefers sets what the system would ask of the page.
func (p *page) prefers(feature, value string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: feature, Value: value}}})
		return err
	}))
}
