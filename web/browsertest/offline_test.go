package browsertest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// wiretap keeps the frames with facts that a page's websocket received.
type wiretap struct {
	mu     sync.Mutex
	frames []event.Frame
	err    error
}

// tap listens to the websockets that the page opens from now on.
func (p *page) tap() *wiretap {
	p.t.Helper()
	w := &wiretap{}
	err := chromedp.Listen(p.ctx, func(e any) {
		if received, ok := e.(*network.EventWebSocketFrameReceived); ok && received.Response.Opcode == 2 {
			w.note(received.Response.PayloadData)
		}
	})
	if err != nil {
		p.t.Fatal(err)
	}
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{})
		return err
	}))
	return w
}

func (w *wiretap) note(payload []byte) {
	f, err := event.DecodeFrame(payload)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
	}
	if f.Type == event.FrameEvents && len(f.Events) > 0 || f.Type == event.FrameCheckpoint || f.Type == event.FrameWelcome {
		w.frames = append(w.frames, f)
	}
}

func (w *wiretap) heard() ([]event.Frame, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]event.Frame(nil), w.frames...), w.err
}

// A browser that loses its network for a virtual minute, in which the cluster works on, misses nothing: it
// resumes with the event after the last one it saw.
func TestBrowserOfflineForAMinuteMissesNothing(t *testing.T) {
	t.Parallel()
	wire := newCable(t, lab)
	p := newPage(t)
	tap := p.tap()
	p.open(wire.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	r.do(map[string]any{"kind": "put", "key": "before", "value": "1"})
	p.until("the put is drawn", `rows().every(row => cells(row).some(c => solid(c) && says(c, "before")))`)

	wire.pull()
	p.until("the page says that it has lost its room", `!live()`)
	p.shot("offline")
	r.do(map[string]any{"kind": "rate", "rate": 10})
	since := r.state().At
	r.do(map[string]any{"kind": "put", "key": "meanwhile", "value": "2"})
	r.until("a virtual minute has passed", func(s state) bool { return s.At > since+60_000_000 })
	r.do(map[string]any{"kind": "rate", "rate": 0.25})
	wire.plug()

	p.until("the page is live again", `live()`)
	p.until("what happened meanwhile is drawn", `rows().every(row => cells(row).some(c => solid(c) && says(c, "meanwhile")))`)
	last := r.state().Seq
	p.until("the page has caught up", fmt.Sprintf(`seq() >= %d`, last))
	frames, err := tap.heard()
	if err != nil {
		t.Fatal(err)
	}
	gapless(t, frames)
}

// gapless fails unless the frames tell every event once, after one checkpoint at the beginning, over more than
// one connection.
func gapless(t *testing.T, frames []event.Frame) {
	t.Helper()
	var seen uint64
	welcomes, checkpoints := 0, 0
	for _, f := range frames {
		// the tap keeps no other frames
		//exhaustive:ignore
		switch f.Type {
		case event.FrameWelcome:
			welcomes++
		case event.FrameCheckpoint:
			checkpoints++
			seen = f.Seq
		default:
			if f.Seq != seen+1 {
				t.Errorf("after event %d came %d", seen, f.Seq)
			}
			seen = f.Seq + uint64(len(f.Events)) - 1
		}
	}
	if welcomes < 2 || checkpoints != 1 {
		t.Errorf("%d connections and %d checkpoints; a resumed page needs one checkpoint only", welcomes, checkpoints)
	}
}
