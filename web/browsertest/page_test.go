package browsertest

import (
	"context"
	"fmt"
	"iter"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// artefacts is where screenshots are left, beside this file and not in git.
const artefacts = "artefacts"

// pictures says that people want to see every state that the tests come through. Without it only failures leave pictures:
// seventy of them, with the colours changed over for each, take a fifth of all the time.
var pictures = os.Getenv("QUORUMLAB_PICTURES") != ""

// mostFaults of a page are kept; the first ones tell.
const mostFaults = 10

// shift is the bit of the Shift key in the protocol's modifiers.
const shift = 8

// point in the window, in CSS pixels.
type point struct{ X, Y float64 }

// page is one tab of a browser.
type page struct {
	t   testing.TB
	ctx context.Context

	mu     sync.Mutex
	faults []string // exceptions and console errors
}

// launch starts the browser that all pages share. It takes a second or two, and so would every other one.
func launch() (ctx context.Context, end func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.WindowSize(1440, 900))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closed := chromedp.NewContext(allocator, chromedp.WithLogf(log.Printf))
	end = func() {
		closed()
		stop()
	}
	return ctx, end, chromedp.Do(ctx, chromedp.Navigate("about:blank"))
}

// seldom lets the page draw fifteen times a second: three of them that do so sixty times leave the machine no time for anything else.
const seldom = `{
	const ask = window.requestAnimationFrame.bind(window)
	window.requestAnimationFrame = f => setTimeout(() => ask(f), 50)
}`

// newPage opens an empty window of 1440×900, dark, which shares nothing with other windows: no storage, no cookies, no cache.
// Its frames are few; who counts them asks for newSwiftPage.
func newPage(t testing.TB) *page {
	t.Helper()
	p := newSwiftPage(t)
	p.onNewDocument(seldom)
	return p
}

func newSwiftPage(t testing.TB) *page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(windows, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	p.do(chromedp.Navigate("about:blank"))
	p.do(chromedp.EmulateViewport(1440, 900))
	p.onNewDocument(reading)
	go p.listen(chromedp.Console(ctx))
	t.Cleanup(func() {
		if t.Failed() {
			p.clean()
			p.keep("failed-" + strings.ReplaceAll(t.Name(), "/", "-"))
		}
	})
	return p
}

// listen keeps what the page complains about, until the browser ends.
func (p *page) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return
		}
		p.mu.Lock()
		// Go's runtime says on the console why it panics.
		if len(p.faults) < mostFaults && (m.IsException() || m.Type == chromedp.ConsoleError || strings.Contains(m.Text, "panic")) {
			p.faults = append(p.faults, m.String())
		}
		p.mu.Unlock()
	}
}

// clean fails the test when the page has thrown or complained.
func (p *page) clean() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fault := range p.faults {
		p.t.Errorf("the page complains: %s", fault)
	}
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// soon limits one action; the browser itself lives as long as the page.
func (p *page) soon() (context.Context, context.CancelFunc) {
	if chromedp.FromContext(p.ctx).Target == nil { // the first action gives the window its life
		return p.ctx, func() {}
	}
	return context.WithTimeout(p.ctx, patience)
}

// eval is the value of a JavaScript expression.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// navigated is in the error of whoever looks into a page that is just being left for another one.
const navigated = "target navigated or closed"

// until waits until a JavaScript expression is true. An expression that throws is not true yet; a page that is left for
// another one is looked into again when that is there.
func (p *page) until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	look := `new Promise(done => {
		const look = () => {
			let holds = false
			try { holds = !!(` + expression + `) } catch {}
			holds ? done(true) : setTimeout(look, 20)
		}
		look()
	})`
	for {
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise))
		if err == nil {
			return
		}
		if ctx.Err() != nil || !strings.Contains(err.Error(), navigated) {
			p.t.Fatalf("waited for: %s\n%s\n%v", what, expression, err)
		}
	}
}

// open goes to the address and waits until a live cluster with a leader is drawn.
func (p *page) open(address string) {
	p.t.Helper()
	p.do(chromedp.Navigate(address))
	p.until("the page is live and a leader is drawn", `live() && leaders().length === 1`)
}

// console types a line into the page's console, presses Enter, and waits until the console has it: the answer to an
// earlier line of the same words is not taken for its own.
func (p *page) console(line string) {
	p.t.Helper()
	// What was typed has a prompt; the greeting, which goes then, names a put as well.
	lines := `all('.said .line').filter(l => l.querySelector('.prompt') && l.textContent.includes(` + quoted(line) + `)).length`
	before := eval[int](p, lines)
	p.do(chromedp.Click(chromedp.CSS(consoleField)), chromedp.SendKeys(chromedp.CSS(consoleField), line+"\r"))
	p.until("the console has taken "+line, fmt.Sprintf(`%s > %d`, lines, before))
}

// stroke drags the pointer from one point of the window to another, in CSS pixels, with the Shift key held.
func (p *page) stroke(from, to point) {
	p.t.Helper()
	mouse := func(kind input.DispatchMouseEventType, at point, buttons int64) chromedp.Action[chromedp.Void] {
		return chromedp.MouseEvent(kind, at.X, at.Y, chromedp.ButtonLeft, chromedp.ClickCount(1), func(m *input.DispatchMouseEventParams) {
			m.Modifiers, m.Buttons = shift, buttons
		})
	}
	p.do(mouse(input.DispatchMouseEventTypeMousePressed, from, 1))
	const steps = 12
	for s := 1.0; s <= steps; s++ {
		p.do(mouse(input.DispatchMouseEventTypeMouseMoved, point{from.X + (to.X-from.X)*s/steps, from.Y + (to.Y-from.Y)*s/steps}, 1))
	}
	p.do(mouse(input.DispatchMouseEventTypeMouseReleased, to, 0))
}

// media sets what the system would ask of the page: light or dark.
func (p *page) media(scheme string) {
	p.t.Helper()
	p.prefers("prefers-color-scheme", scheme)
}

// shot leaves a screenshot in artefacts, for people to look at, if they ask for it.
func (p *page) shot(name string) {
	p.t.Helper()
	if pictures {
		p.keep(name)
	}
}

// keep does so always.
func (p *page) keep(name string) {
	p.t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Logf("no screenshot %s: %v", name, err)
		return
	}
	path := filepath.Join(artefacts, name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// looks leaves screenshots of the three sizes that the design is judged at, light and dark.
func (p *page) looks(name string) {
	p.t.Helper()
	if !pictures {
		return
	}
	for _, scheme := range []string{"light", "dark"} {
		p.media(scheme)
		for _, size := range [][2]int64{{1440, 900}, {1024, 768}, {390, 844}} {
			p.do(chromedp.EmulateViewport(size[0], size[1]))
			p.until("the page has taken the new size", fmt.Sprintf(`innerWidth === %d`, size[0]))
			p.shot(fmt.Sprintf("%s-%s-%d", name, scheme, size[0]))
		}
	}
	p.do(chromedp.EmulateViewport(1440, 900))
	p.until("the page is wide again", `innerWidth === 1440`)
}
