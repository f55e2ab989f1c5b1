package browsertest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// withCtrl presses a key with Ctrl held.
func withCtrl(key string) chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent(key, chromedp.KeyModifiers(2))
}

// By keys alone: everything one can do is found by a few letters, done with Enter, and taken back.
func TestPaletteByKeys(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	p.do(chromedp.Evaluate[chromedp.Void](axe), withCtrl("k"))
	p.until("the palette is open, the focus in its field", `document.activeElement?.id === "palette-find" && document.querySelector("#palette-list [aria-selected=true]")`)
	p.inTwoLooks(t, "palette")
	p.do(chromedp.KeyEvent("kill n"))
	p.until("only what has these words is left", `[...document.querySelectorAll("#palette-list [role=option]")].filter(o => !o.hidden).every(o => o.textContent.includes("Kill n"))`)
	p.do(chromedp.KeyEvent(kb.ArrowDown))
	p.until("the second is chosen, and told", `document.getElementById(document.activeElement.getAttribute("aria-activedescendant"))?.textContent.includes("Kill n2")`)
	p.do(chromedp.KeyEvent(kb.Enter))
	p.until("the palette is shut", `!document.querySelector("dialog[open]")`)
	r.until("n2 is dead", func(s state) bool { return !s.Nodes[1].Up })
	p.until("it can be taken back", `!document.querySelector("#undo").disabled`)
	p.do(withCtrl("z"))
	r.until("n2 lives", func(s state) bool { return s.Nodes[1].Up })

	p.do(chromedp.Click(chromedp.CSS("#chaos")))
	p.until("chaos and situations are offered", `document.querySelector('[data-arg="preset held-commit"]')`)
	p.inTwoLooks(t, "chaos")
	p.do(chromedp.Click(chromedp.CSS(`[data-arg="preset held-commit"]`)))
	p.until("it is told how it goes, to its end", `document.querySelector(".console, section.console").textContent.includes("There it is")`)
	p.until("entries wait at the gates", `document.querySelector("#freeze").getAttribute("aria-pressed") === "true"`)
}

// At a room's other address everything is to be seen and nothing can be done.
func TestWatchOnlyPage(t *testing.T) {
	t.Parallel()
	var made struct{ URL, Watch string }
	answer, err := http.Post(lab.base+"/api/rooms", "application/json", strings.NewReader(`{"nodes":3}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&made); err != nil {
		t.Fatal(err)
	}
	r, p := lab.at(t, lab.base+made.URL), newPage(t)
	p.open(lab.base + made.Watch)
	p.until("the cluster lives here too", `leader()`)
	p.until("nothing is offered that would act", `![...document.querySelectorAll("[data-action=run], [data-action=hold], [data-action=freeze]")].some(e => e.checkVisibility())`)
	p.until("nothing leads to the room", `!document.documentElement.outerHTML.includes("`+r.id+`")`)
	p.do(chromedp.KeyEvent("2"), chromedp.KeyEvent("k"))
	p.until("an order is refused", `document.body.textContent.includes("for watching")`)
	if s := r.state(); !s.Nodes[1].Up {
		t.Error("it was done all the same")
	}
}
