// Package tape is one viewer's recorder: it shows the room as it is, or any moment of its recording, at rest or passing by,
// and draws what the viewer looks into at that moment. What it shows are frames, which a websocket carries, or the port of a
// worker in a browser that replays a recording without a server: this package knows neither.
package tape

import (
	"context"
	"hash/maphash"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Options of a viewer's recorder. Journal and Studio must be set.
type Options struct {
	Journal *journal.Journal
	Studio  *Studio         // shared by all who watch the room
	Words   *words.Language // the viewer's; nil: English

	// Seq and Epoch are what the viewer has seen already; 0 if nothing.
	Seq, Epoch uint64
	Looks      [places]string // what it looks at in each place, as Looks gave it
}

// Tape is one viewer's recorder. Next belongs to one goroutine; everything else is safe for concurrent use. It takes nothing
// while Next is not called, and need not be closed.
type Tape struct {
	o    Options
	wake chan struct{} // holds one when there is something new to do
	live *journal.Subscription

	mu    sync.Mutex
	looks [places]look

	ready []Sheet   // made together, not yet given; at most one for each place
	round time.Time // when panels were last drawn
}

// Sheet is one encoded event.Frame.
type Sheet struct {
	*journal.Frame
	Own bool // made for this viewer; others' are shared by all
}

var seed = maphash.MakeSeed()

// New begins where the viewer has seen everything up to o.Seq.
func New(o Options) *Tape {
	t := &Tape{o: o, wake: make(chan struct{}, 1), live: o.Journal.Subscribe(o.Seq, o.Epoch)}
	for i, what := range o.Looks {
		t.looks[i] = look{words: what, fresh: what != ""}
	}
	return t
}

// Next waits for what the viewer is shown next. The error is that of the journal (*journal.Slow, journal.ErrClosed), after
// which the recorder is over, or of ctx.
func (t *Tape) Next(ctx context.Context) (Sheet, error) {
	for {
		sheet, changed, err := t.take(time.Now())
		if sheet.Frame != nil || err != nil {
			return sheet, err
		}
		if err := t.wait(ctx, changed); err != nil {
			return Sheet{}, err
		}
	}
}

// More gives a further frame of facts, if the last sheet was one and there is another already.
func (t *Tape) More() *journal.Frame {
	f, _, err := t.live.Poll()
	if err != nil {
		return nil // what went wrong comes again
	}
	return f
}

// take gives what is there, or what to wait for.
func (t *Tape) take(now time.Time) (Sheet, <-chan struct{}, error) {
	if len(t.ready) == 0 {
		t.draw(now)
	}
	if len(t.ready) > 0 {
		sheet := t.ready[0]
		t.ready = t.ready[1:]
		return sheet, nil, nil
	}
	f, changed, err := t.live.Poll()
	return Sheet{Frame: f}, changed, err
}

// wait returns when there may be something to show, or with ctx's error.
func (t *Tape) wait(ctx context.Context, changed <-chan struct{}) error {
	var due <-chan time.Time
	if d, any := t.untilRound(time.Now()); any {
		timer := time.NewTimer(d)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-changed:
	case <-t.wake:
	case <-due:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// rouse has Next look again.
func (t *Tape) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// encode makes a sheet for this viewer alone.
func encode(f *event.Frame) Sheet {
	return Sheet{&journal.Frame{First: f.Seq, Last: f.Seq, Bytes: event.AppendFrame(nil, f)}, true}
}
