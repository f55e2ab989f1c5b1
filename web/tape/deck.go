package tape

import (
	"errors"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// playEvery is how often the picture goes on while the past passes by; playMost bounds the events of one such step, which
// takes longer then.
const (
	playEvery = 33 * time.Millisecond
	playMost  = journal.MaxEvents
	playLag   = 4 * playEvery // a viewer that was away for longer does not miss what passed by meanwhile
)

// deck is what a viewer's recorder is to do: Wind turns it, Next follows.
type deck struct {
	mode  event.TapeMode
	speed event.Factor
	seq   uint64       // the last event that is seen, unless live
	at    event.Micros // virtual time that is seen

	turned bool // since Next looked
	moved  bool // and the place is another one
	near   bool // a step ahead of the one before
	onto   bool // the event seq is why one goes there: it is seen happening
}

// moveTo changes the place. A place that is not kept becomes the oldest when it is shown.
func (d *deck) moveTo(seq uint64, at event.Micros) {
	d.seq, d.at, d.turned, d.moved, d.near, d.onto = seq, at, true, true, false, false
}

// rest moves to a virtual time within the recording: what has happened by then is seen.
func (d *deck) rest(j *journal.Journal, at event.Micros) error {
	reach := j.Reach()
	at = max(reach.FirstAt, min(at, reach.HeadAt))
	seq, err := j.SeqAt(at)
	if err == nil {
		d.moveTo(seq, at)
	}
	return err
}

// past is a moment of the recording that is seen.
type past struct {
	state   view.State
	cursor  *journal.Cursor // after it
	onto    bool            // the next event happens at once
	playing bool
	stride  *stride   // where it goes to first, or alone; nil: nowhere
	ticked  time.Time // up to when it has passed by
}

// passes says whether time goes by in it.
func (p *past) passes() bool { return p.playing || p.stride != nil }

// turn does what Wind asked for.
func (t *Tape) turn(now time.Time) {
	t.mu.Lock()
	d := t.deck
	t.deck.turned, t.deck.moved, t.deck.near, t.deck.onto = false, false, false, false
	t.mu.Unlock()
	if !d.turned {
		return
	}
	switch {
	case d.mode == event.TapeLive:
		t.past = nil
		t.live = t.o.Journal.Subscribe(0, 0)
	case t.past != nil && d.moved && t.past.begin(d, now):
		d.moved = false // what follows is shown as it happened
	case t.past == nil || d.moved:
		if err := t.enter(d); err != nil {
			t.complain(err)
			return
		}
		t.past.ticked = now
	}
	if t.past != nil {
		if playing := d.mode == event.TapePlaying; playing != t.past.playing {
			t.past.playing, t.past.ticked = playing, now
		}
	}
	t.say(now, t.where())
	if t.past != nil && d.moved {
		s := &t.past.state
		t.jumped = now
		t.show(&event.Frame{Type: event.FrameCheckpoint, Epoch: t.o.Journal.Epoch(), Seq: s.Seq, At: s.At, Wall: s.Wall, Events: view.Restate(s)})
		if t.past.onto {
			t.happen()
		}
	}
}

// enter makes the moment that is to be seen; instead of one that is no longer kept, the oldest.
func (t *Tape) enter(d deck) error {
	j := t.o.Journal
	seq := d.seq
	if d.onto {
		seq--
	}
	state, err := j.StateAt(seq)
	for gone := (*journal.Gone)(nil); errors.As(err, &gone); {
		reach := j.Reach()
		d.seq, d.at, d.onto = reach.First-1, reach.FirstAt, false
		state, err = j.StateAt(d.seq)
	}
	if err != nil {
		return err
	}
	d.at = max(d.at, state.At)
	state.At = d.at
	t.past = &past{state: state, cursor: j.Walk(state.Seq + 1), onto: d.onto}
	t.place(d.seq, d.at)
	return nil
}

// happen shows the event that one went to as it happens, so that a page can say what it was.
func (t *Tape) happen() {
	p := t.past
	p.onto = false
	e, err := p.cursor.Next()
	if err != nil {
		t.overtaken(err)
		return
	}
	p.state.Apply(*e)
	t.show(&event.Frame{Type: event.FrameEvents, Epoch: t.o.Journal.Epoch(), Seq: e.Seq, At: p.state.At, Wall: p.state.Wall, Events: []event.Event{*e}})
}

// place notes where the recorder is, unless it was wound elsewhere meanwhile.
func (t *Tape) place(seq uint64, at event.Micros) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.deck.moved {
		t.deck.seq, t.deck.at = seq, at
	}
}

// settle changes what the recorder does by itself, unless it was told something else meanwhile.
func (t *Tape) settle(mode event.TapeMode) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.deck.turned {
		t.deck.mode, t.deck.turned = mode, true
	}
}

// complain says what is wrong with the recording, and rests.
func (t *Tape) complain(err error) {
	t.settle(event.TapePaused)
	if t.past == nil {
		t.past = &past{cursor: t.o.Journal.Walk(0)}
	}
	t.past.playing, t.past.stride = false, nil
	t.show(&event.Frame{Type: event.FrameNotice, Code: "tape", Text: err.Error()})
}

// play lets pass by what is due.
func (t *Tape) play(now time.Time) {
	if t.past == nil || !t.past.passes() || now.Sub(t.past.ticked) < playEvery {
		return
	}
	p, reach := t.past, t.o.Journal.Reach()
	until := min(p.state.At+t.passed(now), max(reach.HeadAt, p.state.At))
	if p.stride != nil {
		until = min(until, p.stride.at)
	}
	f := event.Frame{Type: event.FrameEvents, Epoch: t.o.Journal.Epoch(), Seq: p.state.Seq + 1, At: until}
	for len(f.Events) < playMost {
		e, err := p.cursor.Peek()
		if err != nil {
			t.overtaken(err)
			return
		}
		if e == nil || !p.due(e, until) {
			break
		}
		f.Events = append(f.Events, *e)
		p.state.Apply(*e)
		_, _ = p.cursor.Next() // it was there
	}
	if len(f.Events) == playMost {
		f.At = p.state.At // the rest in the next step
	}
	p.state.At = f.At
	f.Wall = p.state.Wall
	t.show(&f)
	if g := p.stride; g != nil && p.state.Seq >= g.seq && f.At >= g.at {
		p.stride, t.jumped = nil, now.Add(-lookRest)
	}
	if !p.playing || p.stride != nil {
		return
	}
	t.place(p.state.Seq, f.At)
	if p.state.Seq >= reach.Head && f.At >= reach.HeadAt {
		t.arrive()
	}
}

// due says whether an event has happened by a virtual time; at a stride's end just those that it leads to have.
func (p *past) due(e *event.Event, until event.Micros) bool {
	if g := p.stride; g != nil && (e.Seq > g.seq || until >= g.at) {
		return e.Seq <= g.seq
	}
	return e.At <= until
}

// passed is how much virtual time goes by until now: at the speed of the room at that place, times that of the viewer.
func (t *Tape) passed(now time.Time) event.Micros {
	p := t.past
	wall := min(now.Sub(p.ticked), playLag)
	p.ticked = now
	if g := p.stride; g != nil {
		return max(1, event.Micros(float64(wall.Microseconds())*g.pace))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(1, event.Micros(float64(wall.Microseconds())*p.rate()*t.deck.speed.Float()))
}

// arrive is at the end: a living room is seen as it is from here on, a recording rests.
func (t *Tape) arrive() {
	if t.o.Sealed {
		t.settle(event.TapePaused)
		return
	}
	t.settle(event.TapeLive)
}

// overtaken goes on at the oldest moment that is kept if what comes next has been dropped.
func (t *Tape) overtaken(err error) {
	var gone *journal.Gone
	if !errors.As(err, &gone) {
		t.complain(err)
		return
	}
	reach := t.o.Journal.Reach()
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.deck.moved {
		t.deck.moveTo(reach.First-1, reach.FirstAt)
	}
}
