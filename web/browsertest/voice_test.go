package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// voice is what a screen reader is told of one thing on the page.
type voice struct{ role, name string }

// voices are all of them, in the order in which they are read.
func (p *page) voices() (all []voice) {
	p.t.Helper()
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			_ = json.Unmarshal([]byte(v.Value), &s) // a number is no name
		}
		return s
	}
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		tree, err := cdp.Call(ctx, t, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		for _, n := range tree.Nodes {
			if !n.Ignored {
				all = append(all, voice{text(n.Role), strings.TrimSpace(text(n.Name))})
			}
		}
		return err
	}))
	return all
}

// hears waits until something of the role is read by a name that has all these words.
func (p *page) hears(role string, words ...string) {
	p.t.Helper()
	for tries := 0; ; tries++ {
		all := p.voices()
		if slices.ContainsFunc(all, func(v voice) bool {
			return v.role == role && !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(v.name, w) })
		}) {
			return
		}
		const most = 20
		if tries == most {
			p.t.Fatalf("no %s is read as %q: %q", role, words, all)
		}
		p.do(chromedp.Evaluate[chromedp.Void](`new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))).then(() => undefined)`, chromedp.EvalAwaitPromise))
	}
}

// controls are the roles of what one can do something with.
var controls = []string{"button", "link", "slider", "textbox", "combobox", "checkbox", "tab", "option", "switch", "spinbutton", "DisclosureTriangle", "grid"}

// named fails the test for every control that has no name.
func (p *page) named(where string) {
	p.t.Helper()
	said := 0
	for _, v := range p.voices() {
		if slices.Contains(controls, v.role) {
			said++
			if v.name == "" || strings.HasSuffix(v.name, ":") {
				p.t.Errorf("%s: a %s is read as %q", where, v.role, v.name)
			}
		}
	}
	if said == 0 {
		p.t.Errorf("%s: no control is read", where)
	}
}

// Who sees nothing is told the same: every control by its name, each machine with its role and term, each link with its faults,
// who can talk with whom, the log as a table, the place in the recording, and what happens as it happens.
func TestWhatAScreenReaderReads(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	r.do(map[string]any{"kind": "put", "key": "heard", "value": "1"})
	old := r.leader()
	p.named("room")
	p.hears("button", old.ID, fmt.Sprintf("term %d", old.Term), "leader")
	p.hears("StaticText", "5 of 5", "quorum")
	p.hears("button", "Link between n1 and n2: whole")
	p.hears("grid", "Replicated log")
	p.hears("columnheader", "Commit")
	p.hears("row", "n3", "heard", "commit")
	p.hears("slider", "Place in the recording")

	r.do(map[string]any{"kind": "kill", "node": old.ID})
	p.until("the election is read out", `document.querySelector('#narrator[aria-live="polite"]').textContent.includes("leads term")`)
	p.hears("button", old.ID, "down")
	p.console("cut n1 n2 --one-way")
	p.hears("button", "Link between n1 and n2", "cut")

	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#tape-back").click()`))
	p.until("the page is in the past, and says so", `document.querySelector("#app[data-past]") && document.querySelector("#tape").ariaValueText.includes("behind LIVE")`)
	p.until("the place is read out", `document.querySelector("#narrator").textContent.includes("recording at")`)
	p.named("past")
	for _, dialog := range []string{"#share-open", "#tape-marks", "#chaos", "#palette", "#rules-open"} {
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("` + dialog + `").click()`))
		p.until(dialog+" has opened a dialog", `document.querySelector("dialog[open] button, dialog[open] input")`)
		p.named(dialog)
		p.do(chromedp.KeyEvent(kb.Escape))
		p.until("it is shut", `!document.querySelector("dialog[open]")`)
	}
	p.do(chromedp.Navigate(lab.base + "/lessons/a04"))
	p.until("the lesson asks", `live() && document.querySelector("#answer-1")`)
	p.named("lesson")
	p.clean()
}
