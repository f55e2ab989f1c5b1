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

// On a telephone fingers alone do it: a node's menu, a tab, the tools.
func TestFingersAlone(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	p.open(lab.base + "/?rate=1")
	p.until("nothing is wider than the screen", `document.documentElement.scrollWidth <= 390`)
	tap := func(selector string) {
		at := p.centre(selector)
		p.do(chromedp.TapXY(at.X, at.Y))
	}
	tap(`[data-node="n3"][data-role]`)
	p.until("a finger opens the node's menu", `document.querySelector('.menu [data-arg="kill n3"]')`)
	p.shot("menu-390")
	tap(`.menu [data-arg="kill n3"]`)
	p.until("the node is dead", `node("n3").dataset.role === "none"`)
	tap("#freeze")
	p.until("the room stands still", `frozen()`)
	tap("#freeze")
	p.until("the room goes on", `!frozen()`)
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
