package browsertest

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// prefer has the browser ask for pages in a language, as its settings would.
func (p *page) prefer(language string) {
	p.t.Helper()
	agent := eval[string](p, `navigator.userAgent`)
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: language})
		return err
	}))
}

// says is whether a text stands on the page.
func (p *page) says(text string) {
	p.t.Helper()
	p.until("the page says "+text, fmt.Sprintf(`document.querySelector("#app").textContent.includes(%q)`, text))
}

// A browser whose settings want German gets a page that speaks it: what the server drew, what the program says, and what
// happens told in sentences. The other language is a click away, and stays.
func TestARoomSpeaksGerman(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.prefer("de-AT,de,en")
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	p.until("the page is a German one", `document.documentElement.lang === "de"`)
	for _, text := range []string{"Einfrieren", "Eine Mehrheit", "sind 3 von 5 Stimmberechtigten", "Repliziertes Log", "Wahlsicherheit"} {
		p.says(text)
	}
	p.console("put pizza 4")
	p.until("the put is ok", `answers("put pizza 4", "ok")`)
	p.says("bestätigt von n")
	p.console("pt pizza")
	p.until("a mistake is explained", `answers("pt pizza", 'unbekannter befehl "pt": meintest du put?')`)

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#tab-feed").click()`))
	old := r.leader()
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector('[data-node="%s"][data-role]').dispatchEvent(new MouseEvent("click", {bubbles: true}))`, old.ID)))
	p.until("the leader's menu is open", `[...document.querySelectorAll(".menu button")].some(b => b.textContent === "Abschießen")`)
	p.do(chromedp.Evaluate[chromedp.Void](`[...document.querySelectorAll(".menu button")].find(b => b.textContent === "Abschießen").click()`))
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#tab-feed").click()`))
	p.says(fmt.Sprintf("%s, der Leader von Term %d, wurde abgeschossen.", old.ID, old.Term))
	p.until("somebody else leads", fmt.Sprintf(`leader().dataset.node !== %q`, old.ID))
	next := r.leader()
	p.says(fmt.Sprintf("%s führt Term %d, mit den Stimmen von ", next.ID, next.Term))
	p.looks("german")

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('#languages a[hreflang="en"]').click()`))
	p.until("the room is back, in English", `document.documentElement.lang === "en" && live()`)
	p.says("A majority")
	p.do(chromedp.Navigate(lab.base + "/lessons"))
	p.until("what was chosen stays", `document.documentElement.lang === "en" && document.querySelector('a[hreflang="de"]')`)
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector('a[hreflang="de"]').click()`))
	p.until("the list of lessons is German", `document.querySelector("h1")?.textContent === "Lektionen"`)
	p.clean()
}

// Axe has nothing to complain about in German either: texts are longer, and lang says what they are.
func TestNothingForAxeToComplainAboutInGerman(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.prefer("de")
	p.open(lab.base + "/?rate=1")
	p.console("put x 1")
	p.until("the put is ok", `answers("put x 1", "ok")`)
	p.still()
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "german-room")
	p.do(chromedp.Navigate(lab.base+"/lessons"), chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "german-lessons")
}
