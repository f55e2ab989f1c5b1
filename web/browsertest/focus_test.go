package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// focusIs describes what has the focus; the page itself is nothing.
const focusIs = `(e => e === document.body ? "" : [e.localName, e.id, e.dataset.action, e.dataset.arg, e.textContent.slice(0, 20)].join(" "))(document.activeElement)`

// Whoever works by keyboard never loses the place: a panel that is drawn anew keeps the focus on what had it, and what is
// taken away, hidden or switched off by what it did gives it to what is beside it.
func TestFocusIsNeverLost(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	d := &desk{page: p, room: r}
	key := func(keys string) { p.do(chromedp.KeyEvent(keys)) }
	kept := func(after string) {
		if eval[string](p, focusIs) == "" {
			t.Errorf("after %s nothing has the focus", after)
		}
	}

	key("1")
	key(kb.Escape)
	d.press("#tab-node")
	d.says("the machine is told of", "n1")
	d.focus("#tab-feed")
	key(kb.Tab)
	for range 4 {
		key(kb.Tab)
		was := eval[string](p, focusIs)
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#side h2").dataset.seen = 1`))
		p.until("the panel is drawn anew", `!document.querySelector("#side h2").dataset.seen`)
		if is := eval[string](p, focusIs); is != was {
			t.Errorf("a panel drawn anew moved the focus from %q to %q", was, is)
		}
	}

	d.press("#desk-link-n1-n3")
	p.until("the link's menu has the focus", `document.activeElement.id === "link-first"`)
	key(kb.Tab)
	key(kb.Enter)
	p.until("one way is cut", `document.querySelector("#link-n1-n3").dataset.cut === "out"`)
	kept("a cut")
	d.press("#undo")
	p.until("the cut is taken back", `document.querySelector("#link-n1-n3").dataset.cut === ""`)
	if id := eval[string](p, `document.activeElement.id`); id != "undo" {
		t.Errorf("after the last undo %q has the focus: the next Enter would press that", id)
	}

	d.press("#hold")
	for _, does := range []string{"deliver", "drop"} {
		d.press("[data-message]")
		p.until("its menu has the focus", `document.activeElement.id === "message-first"`)
		if does == "drop" {
			key(kb.Tab)
		}
		message := eval[string](p, `document.activeElement.dataset.arg`)
		key(kb.Enter)
		p.until("it waits no longer: "+message, fmt.Sprintf(`!document.querySelector('[data-message="%s"]')`, message[len(does)+1:]))
		kept(does)
	}

	d.press("#tape-back")
	p.until("the page is in the past", `document.querySelector("#app").dataset.past`)
	d.press("#tape-live")
	p.until("the page is live", `!document.querySelector("#app").dataset.past`)
	kept("the way back to LIVE")
	d.press("#tape-marks")
	p.until("the dialog is open", `document.querySelector("dialog[open]")`)
	d.focus("#mark-note")
	key("by keys\r")
	p.until("the bookmark is there", `document.querySelector("dialog .bookmarks")?.textContent.includes("by keys")`)
	key(kb.Escape)
	p.until("the focus is where it was before the dialog", `document.activeElement.id === "tape-marks"`)
	p.clean()
}
