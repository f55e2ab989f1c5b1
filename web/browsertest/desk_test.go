package browsertest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// What one looks into tells what the cluster has really done: a machine, its store, a request, an entry, a link; by keyboard.
func TestDeskTellsWhatTheClusterDid(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	r.do(map[string]any{"kind": "put", "key": "app/colour", "value": "red", "node": "n3"})
	put := r.do(map[string]any{"kind": "put", "key": "app/shape", "value": "round", "node": "n3"})
	if put.Outcome != "ok" {
		t.Fatalf("%+v", put)
	}
	d := &desk{page: p, room: r}

	p.choose("3")
	d.press("#tab-node")
	d.says("the machine tells whom it follows and what it has", "n3", fmt.Sprintf("eader of term %d", r.leader().Term), fmt.Sprintf("revision %d", put.Revision), "app/shape", "round")
	d.focus("#desk-store-find")
	p.do(chromedp.KeyEvent("app/c"))
	d.says("the store is searched while one types", "app/colour", "1 key.")
	p.until("the field keeps the focus and what was typed", `document.activeElement.id === "desk-store-find" && document.activeElement.value === "app/c"`)
	judge(t, p)

	d.press("#desk-ops")
	d.says("requests are listed", "put app/shape round", "put app/colour red", "ok")
	d.press(fmt.Sprintf("#desk-op-%d", put.Op))
	d.says("a request's path is told", "put app/shape round", "OK after", fmt.Sprintf("revision %d", put.Revision), fmt.Sprintf("wrote entry %d", put.Index))
	acks := eval[int](p, `[...document.querySelectorAll(".desk-path .wrote text")].length`)
	if acks < len(put.Acks) {
		t.Errorf("%d machines are drawn to have the entry, %v acknowledged it", acks, put.Acks)
	}
	if file := eval[string](p, `document.querySelector("#desk-svg").href`); !strings.HasPrefix(file, "data:image/svg+xml") {
		t.Errorf("the picture cannot be kept: %.80s", file)
	}
	if text := eval[string](p, `document.querySelector("#desk-mermaid").dataset.arg`); !strings.HasPrefix(text, "sequenceDiagram\n") {
		t.Errorf("it is no Mermaid: %.80s", text)
	}
	p.inTwoLooks(t, "request")

	d.press("#desk-entry")
	d.says("the entry's life is told", fmt.Sprintf("Entry %d of term %d", put.Index, put.Term), "app/shape=round", "Committed")
	judge(t, p)

	p.choose("3")
	d.press("#desk-link-n1-n3")
	p.do(chromedp.KeyEvent(kb.Escape))
	d.says("a link tells both directions", "n1 to n3", "n3 to n1", "whole")
	d.press(`[data-arg="cut n1 n3 --one-way"]`)
	d.says("what one does with it is seen", "nothing arrives", "Mend")
	if !r.cut("n1", "n3") || r.cut("n3", "n1") {
		t.Error("the link is not cut from n1 to n3 alone")
	}
	judge(t, p)
	p.clean()
}

// desk is the panel beside the console.
type desk struct {
	*page
	room *room
}

// choose looks at a machine by its number key, and waits until its tab and the focus are there.
func (p *page) choose(number string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(number))
	p.until("the machine is chosen", fmt.Sprintf(`document.querySelector("#tab-node").textContent === "n%[1]s" && document.activeElement.dataset.node === "n%[1]s"`, number))
}

// press presses a button by keyboard, as soon as it is there.
func (d *desk) press(selector string) {
	d.focus(selector)
	d.do(chromedp.KeyEvent(kb.Enter))
}

// focus puts the focus on what is there, as soon as it is.
func (d *desk) focus(selector string) {
	// The panel is drawn anew meanwhile: the focus goes to what has the same id, and no element is held on to.
	d.until(selector+" has the focus", fmt.Sprintf(`document.querySelector(%[1]q).focus() || document.activeElement.matches(%[1]q)`, selector))
}

// says waits until the panel has all these words.
func (d *desk) says(what string, words ...string) {
	for _, w := range words {
		d.until(fmt.Sprintf("%s: %q", what, w), fmt.Sprintf(`document.querySelector("#side")?.innerText.includes(%q)`, w))
	}
}

// cut says whether nothing passes from one machine to another.
func (r *room) cut(from, to string) bool {
	var s struct {
		Links []struct {
			From, To string
			Cut      bool
		}
	}
	r.call("GET", "", nil, &s)
	for _, l := range s.Links {
		if l.From == from && l.To == to {
			return l.Cut
		}
	}
	return false
}
