//go:build !js

package browser_test

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// The program takes over the nodes that the server wrote; it does not make the page anew.
func TestServersPictureIsTakenOver(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.before(`addEventListener("DOMContentLoaded", () => {
		for (const e of document.querySelectorAll("[data-socket] *")) e.ours = true
	})`)
	p.enter(r)
	t.Logf("%.0f ms from the navigation to the first frame drawn", eval[float64](p, `quorumlab.measure().firstDrawnMs`))
	total := eval[int](p, `document.querySelectorAll("[data-socket] *").length`)
	kept := eval[int](p, `[...document.querySelectorAll("[data-socket] *")].filter(e => e.ours).length`)
	if total < 200 || kept < total*9/10 {
		t.Errorf("of %d elements %d are still the server's", total, kept)
	}
	if n := eval[int](p, `[...document.querySelectorAll("[data-node], [data-index]")].filter(e => !e.ours).length`); n > 0 {
		t.Errorf("%d nodes and log cells were made anew", n)
	}
	p.clean()
}

func TestWhatPeopleDoReachesTheRoom(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	field := chromedp.CSS("#console")
	p.do(chromedp.Click(field), chromedp.SendKeys(field, "put x 1 --from n3\r"))
	if c := v.ordered(); c.Kind != event.Put || c.Key != "x" || c.Value != "1" || c.Node != 3 {
		t.Errorf("typing a put gave %+v", c)
	}
	p.until("the field is empty again", `document.querySelector("#console").value === ""`)
	p.do(chromedp.SendKeys(field, "hel\tcor\t"))
	p.until("Tab completes", `document.querySelector("#console").value === "help corrupt "`)
	p.do(chromedp.SendKeys(field, "\x1b"))
	p.until("Escape empties the field", `document.querySelector("#console").value === ""`)
	p.run(`document.querySelector("#console").blur()`)
	p.do(chromedp.KeyEvent("2"), chromedp.KeyEvent("k"))
	if c := v.ordered(); c.Kind != event.Kill || c.Node != 2 {
		t.Errorf("2 and K gave %+v", c)
	}
	p.stroke("#node-n1", "#node-n3")
	if c := v.ordered(); c.Kind != event.Cut {
		t.Errorf("a stroke with Shift held gave %+v", c)
	}
	p.clean()
}

// stroke drags across the middle of the stage between two nodes' places, beside the line between them.
func (p *page) stroke(from, to string) {
	p.t.Helper()
	type point struct{ X, Y float64 }
	middle := func(selector string) point {
		return eval[point](p, `(b => ({X: b.x + b.width / 2, Y: b.y + b.height / 2}))(document.querySelector("`+selector+`").getBoundingClientRect())`)
	}
	a, b := middle(from), middle(to)
	// across the line: from a point on one side of its middle to one on the other
	x, y, dx, dy := (a.X+b.X)/2, (a.Y+b.Y)/2, (b.Y-a.Y)/6, (a.X-b.X)/6
	mouse := func(kind input.DispatchMouseEventType, x, y float64, buttons int64) {
		p.do(chromedp.MouseEvent(kind, x, y, chromedp.ButtonLeft, chromedp.ClickCount(1), func(m *input.DispatchMouseEventParams) {
			const shift = 8
			m.Modifiers, m.Buttons = shift, buttons
		}))
	}
	mouse(input.DispatchMouseEventTypeMousePressed, x-dx, y-dy, 1)
	mouse(input.DispatchMouseEventTypeMouseMoved, x, y, 1)
	mouse(input.DispatchMouseEventTypeMouseMoved, x+dx, y+dy, 1)
	mouse(input.DispatchMouseEventTypeMouseReleased, x+dx, y+dy, 0)
}

func TestPageComesBackWithTheLastEventItSaw(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	if v.hello.Seq != 0 || v.hello.Version != event.WireVersion {
		t.Errorf("a fresh page says %+v", v.hello)
	}
	v.happen(event.Event{Kind: event.Suspended, Node: 4}, event.Event{Kind: event.DriftSet, Node: 5, Factor: 2 * event.One})
	p.until("both events are drawn", `quorumlab.measure().drawnSeq === 1002`)
	v.conn.Close()
	v = r.visited()
	if v.hello.Seq != 1002 || v.hello.Epoch != epoch {
		t.Errorf("the page came back with seq %d of epoch %d, not 1002 of %d", v.hello.Seq, v.hello.Epoch, epoch)
	}
	v.seq, v.at = 1002, 60_000_002
	v.say(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: epoch, Room: "amber-otter"})
	v.happen(event.Event{Kind: event.Resumed, Node: 4})
	p.until("what comes after is drawn", `quorumlab.measure().drawnSeq === 1003`)
	p.clean()
}

// Without a connection a command fails at once; one that was under way is unknown.
func TestCommandsWithoutAConnectionAreNotLeftWaiting(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	field := chromedp.CSS("#console")
	p.do(chromedp.Click(field), chromedp.SendKeys(field, "put x 1\r"))
	v.ordered()
	v.conn.Close()
	p.until("the put is unknown", `document.querySelector(".said").textContent.includes("answer to put x 1: unknown")`)
	v = r.visited()
	v.conn.Close()
	r.gone.Store(true)
	p.until("there is no connection", `document.querySelector("#app").dataset.phase === "gone"`)
	p.do(chromedp.Click(field), chromedp.SendKeys(field, "put y 1\r"))
	p.until("the put has failed", `document.querySelector(".said").textContent.includes("failed · It was not sent")`)
	p.clean()
}

func TestPageSaysThatItsProgramDoesNotStart(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.before(`WebAssembly.instantiateStreaming = () => Promise.reject(new Error("no memory"))`)
	p.do(chromedp.Navigate(r.base + "/"))
	p.until("the page says so", `document.querySelector("[role=alert]").textContent.includes("Load the page again")`)
	if !eval[bool](p, `document.querySelectorAll("[data-node]").length === 5`) {
		t.Error("the server's picture has gone")
	}
}

func TestPageOfARoomThatIsNoMoreStopsAsking(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	r.gone.Store(true)
	v.conn.Close()
	p.until("the page says that the room is gone", `document.querySelector("#app").dataset.phase === "gone"`)
	p.clean()
}

// A page of another version loads itself anew, but does not do so again and again.
func TestPageOfAnotherVersionIsLoadedAnewOnce(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	p.run(`window.old = true`)
	other := websocket.FormatCloseMessage(4002, "another version")
	v.conn.WriteMessage(websocket.CloseMessage, other)
	v = r.visited()
	p.until("another document is there", `!window.old && quorumlab.measure`)
	v.conn.WriteMessage(websocket.CloseMessage, other)
	p.run(`window.old = true`)
	select {
	case <-r.visits:
		t.Error("the page was loaded again and again")
	case <-time.After(3 * time.Second):
	}
	if !eval[bool](p, `window.old`) {
		t.Error("the page was loaded a second time")
	}
}

func TestFrameThatCannotBeReadEndsTheConnectionAndNothingElse(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	v := p.enter(r)
	if err := v.conn.WriteMessage(websocket.BinaryMessage, []byte{5, 255, 255, 255}); err != nil {
		t.Fatal(err)
	}
	if v = r.visited(); v.hello.Seq != 1000 {
		t.Errorf("the page came back with seq %d, not 1000", v.hello.Seq)
	}
	p.clean()
}

// A page that nobody looks at gets no animation frames; what the room tells must not pile up.
func TestHiddenPageFoldsWithoutDrawing(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.before(`{
		const ask = window.requestAnimationFrame.bind(window)
		window.hide = false
		window.held = []
		Object.defineProperty(Document.prototype, "hidden", {get: () => hide})
		window.requestAnimationFrame = f => hide ? held.push(f) : ask(f)
		window.seen = () => { hide = false; held.splice(0).forEach(f => ask(f)); document.dispatchEvent(new Event("visibilitychange")) }
	}`)
	v := p.enter(r)
	p.run(`hide = true`)
	p.until("the page waits for a frame that does not come", `held.length > 0`)
	for range 500 {
		v.happen(event.Event{Kind: event.MatchSet, Node: 2, Peer: 3, Index: 12, N: 13})
	}
	p.until("all batches have come", `quorumlab.measure().batches === 502`)
	if drawn := eval[int](p, `quorumlab.measure().drawnSeq`); drawn > 1010 {
		t.Errorf("a hidden page has drawn event %d", drawn)
	}
	p.run(`seen()`)
	p.until("the page shows what it was told", `quorumlab.measure().drawnSeq === 1500`)
	p.clean()
}

func TestPageThatStandsStillAsksForNoFrames(t *testing.T) {
	r, p := newRoom(t), newPage(t)
	p.before(`{
		const ask = window.requestAnimationFrame.bind(window)
		window.asked = 0
		window.came = 0
		window.requestAnimationFrame = f => (asked++, ask(ms => { f(ms); came++ }))
	}`)
	v := p.enter(r)
	v.happen(event.Event{Kind: event.RateSet, Took: 75_000})
	p.until("the room is frozen", `document.querySelector("#app").dataset.frozen === "true"`)
	p.until("it is said", `document.querySelector("#narrator").textContent === "Time stands still."`)
	// Where frames are slow to come, a page that gets none looks as if it rested.
	p.until("the page has come to rest", `came === asked`)
	before := eval[int](p, `quorumlab.measure().frames`)
	p.run(`window.began = performance.now(), window.askedBefore = asked`)
	p.until("two seconds have passed", `performance.now() - began > 2000`)
	if n := eval[int](p, `asked - askedBefore`); n > 6 {
		t.Errorf("a page that stands still has asked for %d frames in two seconds", n)
	}
	if n := eval[int](p, `quorumlab.measure().frames`) - before; n > 0 {
		t.Errorf("a page that stands still has drawn %d frames", n)
	}
	p.clean()
}
