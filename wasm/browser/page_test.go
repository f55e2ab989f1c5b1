//go:build !js

package browser_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

// page is a browser of its own with one tab.
type page struct {
	t   testing.TB
	ctx context.Context
}

func newPage(t testing.TB) *page {
	t.Helper()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium on this machine; the browser tests of web/browsertest install it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.WindowSize(1440, 900),
		chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithLogf(t.Logf))
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	p.before(`window.faults = []; addEventListener("error", e => faults.push(e.message));
		addEventListener("securitypolicyviolation", e => faults.push("policy: " + e.violatedDirective + " " + e.sourceFile + ":" + e.lineNumber))`)
	return p
}

func (p *page) do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatal(err)
	}
}

// before runs a script in every document before its own.
func (p *page) before(script string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	}))
}

// eval is the value of an expression.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// run runs a script for what it does.
func (p *page) run(script string) {
	p.t.Helper()
	p.do(chromedp.Evaluate[chromedp.Void](script + "; undefined"))
}

// until waits until an expression is true; one that throws is not true yet.
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
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise)); err != nil {
		p.t.Fatalf("waited for: %s\n%s\n%v", what, expression, err)
	}
}

// clean fails the test over what the page threw or its policy refused.
func (p *page) clean() {
	p.t.Helper()
	for _, fault := range eval[[]string](p, `faults`) {
		p.t.Errorf("the page: %s", fault)
	}
}

// enter opens the room's page, plays the server's greeting, and waits for the first drawing.
func (p *page) enter(r *room) *visit {
	p.t.Helper()
	p.do(chromedp.Navigate(r.base + "/"))
	v := r.visited()
	v.greet()
	p.until("the checkpoint is drawn", `quorumlab.measure().drawnSeq >= 1000`)
	return v
}
