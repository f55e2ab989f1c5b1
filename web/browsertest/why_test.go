package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
)

// A put that waits is asked why: the answer is a sentence with its facts, and what they rest on is highlighted on the stage.
func TestAPutThatWaitsIsAskedWhy(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	r.until("all rows are equal", equal)
	old := r.leader()
	r.do(map[string]any{"kind": "freeze"}) // however slow the machine is, the leader has not given up when the answer is looked at
	r.do(map[string]any{"kind": "partition", "groups": [][]string{{old.ID}}})
	p.console("put pizza 4 --from " + old.ID)
	p.until("the waiting put can be asked", `document.querySelector('.said .waiting [data-arg^="why op "]')`)
	r.until("it is in the leader's log", func(state) bool {
		there := eval[bool](p, fmt.Sprintf(`cells(%q).some(c => says(c, "pizza") && !solid(c))`, old.ID))
		if !there {
			r.do(map[string]any{"kind": "step"})
		}
		return there
	})
	p.do(chromedp.Click(chromedp.CSS(`.said .waiting [data-arg^="why op "]`)))

	p.until("the question is the heading", `document.querySelector("#side h2").textContent === "Why does put pizza 4 wait?"`)
	p.until("the answer names who holds it", fmt.Sprintf(`document.querySelector("#side .why-answer").textContent.includes("1 of the 3 voters that it takes holds entry") && document.querySelector("#side .why-answer").textContent.includes(%q)`, old.ID))
	p.until("each fact that is an event can be gone to", `document.querySelector('#side .why-facts [data-action="wind"][data-arg^="seq "]')`)
	p.until("the leader and its cut links are highlighted", fmt.Sprintf(`(marks => marks.includes(%q) && marks.includes("log") && marks.filter(m => m.includes("-n")).length >= 4)(document.querySelector("#app").dataset.marks.split(" "))`, old.ID))
	p.until("one sees it on the stage", fmt.Sprintf(`getComputedStyle(document.querySelector("#node-%s .halo")).strokeWidth === "4px"`, old.ID))
	p.shot("why-waits")
	p.looks("why-waits")

	r.do(map[string]any{"kind": "heal"})
	r.do(map[string]any{"kind": "thaw"})
	p.until("the panel follows the facts: now one asks why it took so long", `document.querySelector("#side h2").textContent === "Why did put pizza 4 take so long?"`)
	p.clean()
}
