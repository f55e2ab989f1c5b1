package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// quantile q of the values; they are sorted in place.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[min(int(q*float64(len(values))), len(values)-1)]
}

// scriptBudget is the median time, in milliseconds, that the page's script may take for a frame in a storm. It is
// far above what it takes on a quiet machine, because others share this one; frame times are reported only.
const scriptBudget = 12.0

func TestPageKeepsUpWithAStorm(t *testing.T) {
	seen := watchStorm(t, 3, 1)
	t.Log(seen)
	if p50 := quantile(seen.scripts, 0.5); p50 > scriptBudget {
		t.Errorf("a frame takes %.2f ms of script in the median, more than %v", p50, scriptBudget)
	}
	if seen.seq < stormEvents {
		t.Errorf("the page has folded %d events of a storm of %d a second that lasted 3 s", seen.seq, stormEvents)
	}
}

// BenchmarkStorm is nine nodes with 2,000 events a second and 200 messages in flight, on this machine and on one that is four
// times as slow.
func BenchmarkStorm(b *testing.B) {
	for name, slower := range map[string]float64{"AsItIs": 1, "FourTimesSlower": 4} {
		b.Run(name, func(b *testing.B) { benchmarkStorm(b, slower) })
	}
}

func benchmarkStorm(b *testing.B, slower float64) {
	seen := watchStorm(b, 10, slower)
	b.ReportMetric(quantile(seen.scripts, 0.5), "script-ms-p50")
	b.ReportMetric(quantile(seen.scripts, 0.99), "script-ms-p99")
	b.ReportMetric(seen.fps, "fps")
	b.ReportMetric(seen.busy*100, "main-thread-%")
	b.ReportMetric(0, "ns/op")
}

// seen is what a page did in a storm.
type seen struct {
	scripts []float64 // milliseconds of script in each frame
	fps     float64
	busy    float64 // share of the main thread
	seq     int     // events folded since the storm began
}

func (s seen) String() string {
	return fmt.Sprintf("script p50 %.2f ms, p99 %.2f ms, %.1f frames a second, main thread %.0f %%, %d events folded",
		quantile(s.scripts, 0.5), quantile(s.scripts, 0.99), s.fps, s.busy*100, s.seq)
}

// timeFrames makes the page note how long each of its frame callbacks takes.
const timeFrames = `{
	const ask = window.requestAnimationFrame.bind(window)
	window.scripts = []
	window.requestAnimationFrame = f => ask(t => {
		const start = performance.now()
		f(t)
		scripts.push(performance.now() - start)
	})
}`

// watchStorm opens the page in a storm and watches it for so many seconds of the browser's own clock, with a processor that is
// so many times slower.
func watchStorm(tb testing.TB, seconds int, slower float64) seen {
	tb.Helper()
	p := newSwiftPage(tb)
	p.onNewDocument(timeFrames)
	p.do(chromedp.Navigate(fmt.Sprintf("%s/?rate=1&nodes=%d", newStorm(tb, lab).base, stormNodes)))
	p.until("the storm is drawn", fmt.Sprintf(`live() && scripts.length > 30 && nodes().length === %d`, stormNodes))
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: slower})
		return err
	}))
	first := eval[int](p, `seq()`)
	p.do(chromedp.Evaluate[chromedp.Void](`scripts.length = 0, window.began = performance.now(), undefined`))
	busy := p.metric("TaskDuration")
	p.until("the measured time is over", fmt.Sprintf(`performance.now() - began > %d`, seconds*1000))
	took := eval[float64](p, `(performance.now() - began) / 1000`)
	s := seen{scripts: eval[[]float64](p, `scripts`), busy: (p.metric("TaskDuration") - busy) / took, seq: eval[int](p, `seq()`) - first}
	s.fps = float64(len(s.scripts)) / took
	return s
}

// metric is one of Chromium's counters, in seconds of processor time, which does not grow when others use the machine.
func (p *page) metric(name string) float64 {
	p.t.Helper()
	var value float64
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, performance.Enable, performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks}); err != nil {
			return err
		}
		all, err := cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
		for _, m := range all.Metrics {
			if m.Name == name {
				value = m.Value
			}
		}
		return err
	}))
	return value
}

// BenchmarkOpen is the time from the beginning of a navigation with an empty cache to the frame in which a live
// cluster with a leader is drawn.
func BenchmarkOpen(b *testing.B) {
	p := newSwiftPage(b)
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		if _, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, t, network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true})
		return err
	}))
	p.onNewDocument(`{
		const look = () => {
			let there = false
			try { there = live() && leaders().length === 1 } catch {}
			there ? window.opened = performance.now() : requestAnimationFrame(look)
		}
		requestAnimationFrame(look)
	}`)
	p.open(lab.base + "/?rate=1")
	room := eval[string](p, `location.href`)
	var fresh, again []float64
	for b.Loop() {
		p.do(chromedp.Navigate(lab.base + "/"))
		p.until("the page of a new room is live", `opened`)
		fresh = append(fresh, eval[float64](p, `opened`))
		p.do(chromedp.Navigate(room))
		p.until("the page of a room that lives is live", `opened`)
		again = append(again, eval[float64](p, `opened`))
	}
	b.ReportMetric(quantile(fresh, 0.5), "new-room-ms-p50")
	b.ReportMetric(quantile(again, 0.5), "page-ms-p50")
}

// BenchmarkDrawn is the time from a commit on the server to the frame in which its log cell is drawn solid.
func BenchmarkDrawn(b *testing.B) {
	p := newSwiftPage(b)
	p.open(lab.base + "/?rate=1")
	r := lab.at(b, eval[string](p, `location.href`))
	r.do(map[string]any{"kind": "rate", "rate": 1})
	leader := r.leader()
	p.do(chromedp.Evaluate[chromedp.Void](`{
		window.drawnAt = {}
		// At the end of the script that has changed the page: a frame callback of our own could come before the page's and see it a frame late.
		new MutationObserver(() => {
			for (const cell of cells("` + leader.ID + `"))
				if (solid(cell)) drawnAt[cell.dataset.index] ??= performance.timeOrigin + performance.now()
		}).observe(document.getElementById("log"), { subtree: true, childList: true, attributes: true })
	}`))
	var late []float64
	for b.Loop() {
		from := r.state().Seq
		r.do(map[string]any{"kind": "put", "node": leader.ID, "key": "k", "value": "v"})
		for _, e := range r.events(from, r.state().Seq) {
			if e.Kind == "committed" && e.Node == leader.ID {
				p.until("the commit is drawn", fmt.Sprintf(`drawnAt[%d]`, e.Index))
				late = append(late, eval[float64](p, fmt.Sprintf(`drawnAt[%d]`, e.Index))-float64(e.Wall)/1000)
			}
		}
	}
	b.ReportMetric(quantile(late, 0.5), "ms-p50")
	b.ReportMetric(quantile(late, 0.99), "ms-p99")
}

// pause is a measured stretch of the wall clock in which nothing may happen: the one thing that no condition can
// stand for. It returns when it is over.
func pause(d time.Duration) { <-time.After(d) }

// text of any value, for comparing two of them.
func text(tb testing.TB, v any) string {
	tb.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}
