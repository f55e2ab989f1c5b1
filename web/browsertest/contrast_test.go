package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// leastContrast is what text must have against what is behind it (WCAG 2.2, 1.4.3).
const leastContrast = 4.5

// inked is a text on the stage: where it is in the window, in CSS pixels, and its colour with what it is dimmed by.
type inked struct {
	Words      string
	X, Y, W, H float64
	R, G, B, A float64
}

// texts finds the texts on the stage. Letters of one machine that is down are dimmed by their opacity.
const texts = `(() => {
	const c = document.createElement("canvas").getContext("2d")
	return all("#stage text").filter(e => e.textContent.trim()).map(e => {
		const r = e.getBoundingClientRect(), s = getComputedStyle(e)
		c.fillStyle = s.fill
		c.clearRect(0, 0, 1, 1); c.fillRect(0, 0, 1, 1)
		const d = c.getImageData(0, 0, 1, 1).data
		let a = 1
		for (let n = e; n && n.id !== "app"; n = n.parentElement) a *= getComputedStyle(n).opacity
		return {Words: e.textContent, X: r.left, Y: r.top, W: r.width, H: r.height, R: d[0], G: d[1], B: d[2], A: a}
	})
})()`

// hideTexts leaves what is behind them. What flies passes over words, and goes on.
const hideTexts = `{
	const sheet = new CSSStyleSheet()
	sheet.replaceSync("#stage text, #packets { visibility: hidden !important }")
	document.adoptedStyleSheets = [sheet]
}`

// TestTextOnTheStageCanBeRead measures the contrast of all text on the stage against the points of the picture behind it,
// which axe cannot do: a fifth of them may be darker or lighter, where a line passes. So it is in the past, with everything
// highlighted that a panel may point at, and on a projector.
func TestTextOnTheStageCanBeRead(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1&nodes=5")
	r := lab.at(t, eval[string](p, `location.href`))
	for preset, change := range map[string]struct{ does, done string }{
		"one-way":     {`undefined`, `true`},
		"election":    {`document.querySelector("#tape-back").click()`, `document.querySelector("#app[data-past=paused]")`},
		"two-leaders": {`document.querySelector("#app").dataset.marks = "n1 n2 n3 n4 n5 n1-n2 n3-n4 stage", undefined`, `document.querySelector("[data-marks~=n1]")`},
		"held-commit": {`document.documentElement.dataset.projector = "true", dispatchEvent(new Event("resize")), undefined`, `document.querySelector("[data-projector]")`},
	} {
		p.do(chromedp.Evaluate[chromedp.Void](`delete document.documentElement.dataset.projector, delete document.querySelector("#app").dataset.marks, undefined`))
		if got := r.do(map[string]any{"kind": "preset", "key": preset}); got.Outcome != "ok" {
			t.Fatalf("the room cannot be brought into %s: %s", preset, got.Error)
		}
		p.until("the room stands still", `frozen()`)
		p.do(chromedp.Evaluate[chromedp.Void](change.does))
		p.until("the page shows it so", change.done)
		for _, scheme := range schemes {
			p.media(scheme)
			p.until("colours have changed over", `!document.getAnimations().some(a => a instanceof CSSTransition)`)
			all := eval[[]inked](p, texts)
			if len(all) < 15 {
				t.Fatalf("%s: only %d texts on the stage", preset, len(all))
			}
			p.do(chromedp.Evaluate[chromedp.Void](hideTexts))
			behind := p.picture()
			p.do(chromedp.Evaluate[chromedp.Void](`document.adoptedStyleSheets = []`))
			for _, text := range all {
				if c := text.contrast(behind); c < leastContrast {
					t.Errorf("%s, %s: %q has a contrast of %.2f", preset, scheme, text.Words, c)
				}
			}
		}
		p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#app[data-past] #tape-live")?.click()`))
		p.until("the page is live", `!document.querySelector("#app[data-past]")`)
		r.do(map[string]any{"kind": "heal"})
		r.do(map[string]any{"kind": "thaw"})
	}
}

// TestTheStageAtTwiceTheSize looks at the page as somebody sees it who zooms to 200 %: nothing is cut off at the sides, and the
// stage's own controls are all in the window.
func TestTheStageAtTwiceTheSize(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.do(chromedp.EmulateViewport(720, 450, chromedp.EmulateScale(2)))
	p.open(lab.base + "/?rate=1")
	p.until("the page has the size", `innerWidth === 720`)
	p.do(chromedp.Click(chromedp.CSS("#tab-log"))) // on so narrow a page the log has a tab
	p.until("the log is shown", `all(".nav button").every(e => e.checkVisibility())`)
	if wide := eval[float64](p, `document.documentElement.scrollWidth`); wide > 720 {
		t.Errorf("the page is %v px wide in a window of 720", wide)
	}
	outside := eval[[]string](p, `all(".tools button, .groups li, [data-node][data-role], .nav button").filter(e => {
		const r = e.getBoundingClientRect()
		return r.left < 0 || r.right > innerWidth || r.width < 16
	}).map(e => e.outerHTML.slice(0, 100))`)
	for _, e := range outside {
		t.Errorf("at 200 %% this is cut off: %s", e)
	}
}

func (p *page) picture() image.Image {
	p.t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		p.t.Fatal(err)
	}
	return picture
}

// contrast is that of the text against all but a fifth of the points behind it.
func (i *inked) contrast(behind image.Image) float64 {
	var all []float64
	for y := int(math.Ceil(i.Y)); y < int(i.Y+i.H); y++ {
		for x := int(math.Ceil(i.X)); x < int(i.X+i.W); x++ {
			r, g, b, _ := behind.At(x, y).RGBA()
			back := [3]float64{float64(r >> 8), float64(g >> 8), float64(b >> 8)}
			ink := [3]float64{i.R, i.G, i.B}
			for k := range ink {
				ink[k] = ink[k]*i.A + back[k]*(1-i.A)
			}
			all = append(all, ratioOf(ink, back))
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/5]
}

// ratioOf is the contrast of two colours (WCAG 2.2, "contrast ratio").
func ratioOf(a, b [3]float64) float64 {
	one, other := luminance(a), luminance(b)
	return (max(one, other) + 0.05) / (min(one, other) + 0.05)
}

func luminance(c [3]float64) float64 {
	linear := func(v float64) float64 {
		if v /= 255; v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

func TestContrastIsMeasuredRightly(t *testing.T) {
	for want, pair := range map[string][2][3]float64{"21.00": {{0, 0, 0}, {255, 255, 255}}, "1.00": {{9, 9, 9}, {9, 9, 9}}, "4.54": {{118, 118, 118}, {255, 255, 255}}} {
		if got := fmt.Sprintf("%.2f", ratioOf(pair[0], pair[1])); got != want {
			t.Errorf("%v: %s, not %s", pair, got, want)
		}
	}
}
