// Package tape is one viewer's recorder: it shows the room as it is, or any moment of its recording, at rest or passing by,
// and draws what the viewer looks into at that moment. What it shows are frames, which a websocket carries, or the port of a
// worker in a browser that replays a recording without a server: this package knows neither.
package tape

import (
	"context"
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
	Sealed  bool            // the journal is a recording that has ended; it is shown from its beginning, at rest

	// Seq and Epoch are what the viewer has seen already; 0 if nothing.
	Seq, Epoch uint64
	Looks      [places]string // what it looks at in each place, as Looks gave it
}

// Tape is one viewer's recorder. Next belongs to one goroutine; everything else is safe for concurrent use. It takes nothing
// while Next is not called, and need not be closed.
type Tape struct {
	o    Options
	wake chan struct{} // holds one when there is something new to do

	mu    sync.Mutex
	deck  deck
	looks [places]look

	// What only Next knows.
	live   *journal.Subscription
	begun  bool      // facts were shown
	past   *past     // what is shown of the past; nil: the room as it is
	ready  []Sheet   // made together, not yet given
	round  time.Time // when panels were last drawn
	jumped time.Time // when what is seen became another moment after that; zero: it did not
	told   event.Tape
	tell   time.Time // when that was looked at
}

// Sheet is one encoded event.Frame.
type Sheet struct {
	*journal.Frame
	Own bool // made for this viewer; others' are shared by all
}

// tellEvery is how often a viewer is told where its recorder stands while that changes by itself.
const tellEvery = time.Second / 2

// New begins where the viewer has seen everything up to o.Seq.
func New(o Options) *Tape {
	t := &Tape{o: o, wake: make(chan struct{}, 1), deck: deck{speed: event.One}}
	for i, what := range o.Looks {
		t.looks[i] = look{words: what, fresh: what != ""}
	}
	if !o.Sealed {
		t.live = o.Journal.Subscribe(o.Seq, o.Epoch)
		return t
	}
	first := o.Journal.Reach().FirstAt
	t.deck.mode = event.TapePaused
	if err := t.deck.rest(o.Journal, first); err != nil {
		t.deck.moveTo(0, first) // what is wrong is said when it is shown
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

// More gives a further frame of facts, if the last sheet was one of the living room's and there is another already.
func (t *Tape) More() *journal.Frame {
	t.mu.Lock()
	busy := t.past != nil || t.deck.turned
	t.mu.Unlock()
	if busy {
		return nil
	}
	f, _, err := t.live.Poll()
	if err != nil {
		return nil // what went wrong comes again
	}
	return f
}

// take gives what is there, or what to wait for.
func (t *Tape) take(now time.Time) (Sheet, <-chan struct{}, error) {
	for _, make := range []func(time.Time){t.turn, t.draw, t.play, t.report} {
		if len(t.ready) > 0 {
			break
		}
		make(now)
	}
	if len(t.ready) > 0 {
		sheet := t.ready[0]
		t.ready = t.ready[1:]
		return sheet, nil, nil
	}
	if t.past == nil {
		f, changed, err := t.live.Poll()
		t.begun = t.begun || f != nil
		return Sheet{Frame: f}, changed, err
	}
	changed, closed := t.o.Journal.Changed()
	switch {
	case closed && !t.o.Sealed:
		return Sheet{}, nil, journal.ErrClosed
	case t.past.passes():
		return Sheet{}, nil, nil // it looks again in a moment
	}
	return Sheet{}, changed, nil
}

// wait returns when there may be something to show, or with ctx's error.
func (t *Tape) wait(ctx context.Context, changed <-chan struct{}) error {
	if t.past != nil && !t.o.Sealed { // a living room changes all the time; the viewer is told now and then
		changed = nil
	}
	var due <-chan time.Time
	if d, any := t.due(time.Now()); any {
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

// due is how long it takes until there is something to do unasked, if there is.
func (t *Tape) due(now time.Time) (d time.Duration, any bool) {
	d, any = t.untilRound(now)
	sooner := func(other time.Duration) {
		if !any || other < d {
			d, any = max(0, other), true
		}
	}
	if t.past != nil && t.past.passes() {
		sooner(playEvery - now.Sub(t.past.ticked))
	}
	if t.past != nil && !t.o.Sealed {
		sooner(tellEvery - now.Sub(t.tell))
	}
	return d, any
}

// rouse has Next look again.
func (t *Tape) rouse() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// show puts a frame made for this viewer among what is given next.
func (t *Tape) show(f *event.Frame) {
	t.ready = append(t.ready, Sheet{&journal.Frame{First: f.Seq, Last: f.Seq, Bytes: event.AppendFrame(nil, f)}, true})
}

// report tells where the recorder stands, if that is news and not told a moment ago. A page that sees the room as it is knows
// by itself how far that has come.
func (t *Tape) report(now time.Time) {
	if t.past == nil && !t.begun || now.Sub(t.tell) < tellEvery {
		return
	}
	here, before, first := t.where(), t.told, t.tell.IsZero()
	t.tell = now
	if t.past == nil {
		before.Seq, before.At, before.Head, before.HeadAt = here.Seq, here.At, here.Head, here.HeadAt
	}
	if here != before || first {
		t.say(now, here)
	}
}

func (t *Tape) say(now time.Time, here event.Tape) {
	t.told, t.tell = here, now
	t.show(&event.Frame{Type: event.FrameTape, Tape: here})
}

// where is where the recorder stands, and how far the recording reaches.
func (t *Tape) where() event.Tape {
	reach := t.o.Journal.Reach()
	here := event.Tape{First: reach.First, FirstAt: reach.FirstAt, Head: reach.Head, HeadAt: reach.HeadAt, Sealed: t.o.Sealed, Seq: reach.Head, At: reach.HeadAt}
	t.mu.Lock()
	defer t.mu.Unlock()
	here.Mode, here.Speed = t.deck.mode, t.deck.speed
	if t.past != nil {
		here.Seq, here.At = t.deck.seq, t.deck.at
	}
	return here
}
