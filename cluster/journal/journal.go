// Package journal is a room's memory: it stamps the events of a room with gapless sequence numbers, folds them
// into the room's State, keeps a bounded history of them as encoded frames, and feeds subscribers.
//
// Frames are encoded once and shared by all. A subscriber is a place in the history, not a queue: one that
// falls behind costs nothing and is ended when it is too far behind.
package journal

import (
	"bytes"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds and defaults.
const (
	DefaultHistory = 64 << 20 // bytes of Options.HistoryBytes
	MaxEvents      = 2048     // events of one frame; a fuller one is closed without waiting for Flush
	MaxText        = 4096     // bytes of an event's Text and Key; longer ones are cut
	frameCost      = 128      // bytes of memory that a kept frame takes beside its own
)

// Options of a journal. Zero values are defaults.
type Options struct {
	HistoryBytes int64               // memory for kept frames; 0: DefaultHistory
	Epoch        uint64              // which life of the room: numbers of another epoch mean nothing here
	Wall         func() event.Micros // the wall clock; nil: the machine's
}

// Journal is safe for concurrent use.
type Journal struct {
	history int64
	epoch   uint64
	wall    func() event.Micros

	mu      sync.RWMutex
	state   view.State
	folds   []Fold
	open    []event.Event // not in a frame yet
	at      event.Micros  // virtual time up to which nothing is missing
	scratch []byte

	base    view.State // what the dropped frames add up to
	frames  []*Frame   // kept, oldest first, without gap
	dropped uint64     // frames before them
	bytes   int64      // that they take
	tick    *Frame     // says that time went on after the last of them; nil: it did not

	starting sync.Mutex // held while a checkpoint is made; taken before mu
	start    *start     // the last one, guarded by starting

	changed chan struct{} // closed at the next change of frames, tick or closed
	closed  bool
}

// Frame is an encoded event.Frame, shared by everyone: nobody may write to Bytes.
type Frame struct {
	First, Last uint64 // sequence of its events; of a frame without events Last is First-1. Of a checkpoint both are what it stands for
	Bytes       []byte
}

// Fold sees every event, stamped and in order, and may add facts about it. It runs while the journal is locked:
// it must be quick and must not call the journal. What it adds is not shown to folds again.
type Fold func(event.Event) []event.Event

// New starts an empty journal.
func New(o Options) *Journal {
	if o.HistoryBytes <= 0 {
		o.HistoryBytes = DefaultHistory
	}
	if o.Wall == nil {
		o.Wall = func() event.Micros { return event.Micros(time.Now().UnixMicro()) }
	}
	return &Journal{history: o.HistoryBytes, epoch: o.Epoch, wall: o.Wall, changed: make(chan struct{})}
}

// Epoch is Options.Epoch.
func (j *Journal) Epoch() uint64 { return j.epoch }

// AddFold lets f see all events from now on.
func (j *Journal) AddFold(f Fold) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.folds = append(j.folds, f)
}

// Append stamps e with the next sequence number and the wall time and folds it. It returns the number, 0 if
// the journal is closed. The journal keeps e's slices.
func (j *Journal) Append(e event.Event) uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return 0
	}
	e = j.stamp(e)
	for _, f := range j.folds {
		for _, more := range f(e) {
			j.stamp(more)
		}
	}
	if len(j.open) >= MaxEvents {
		j.seal()
	}
	return e.Seq
}

func (j *Journal) stamp(e event.Event) event.Event {
	e.Seq, e.Wall = j.state.Seq+1, max(j.wall(), j.state.Wall)
	e.Text, e.Key = clip(e.Text), clip(e.Key)
	j.state.Apply(e)
	j.open = append(j.open, e)
	return e
}

func clip(s string) string {
	if len(s) <= MaxText {
		return s
	}
	end := MaxText - len("…")
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Flush closes a frame and offers it to the subscribers. Up to at, in virtual time, no event may follow. If
// there were no events but time went on, subscribers are told just that.
func (j *Journal) Flush(at event.Micros) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	went := at > j.at
	j.at = max(j.at, at)
	switch {
	case len(j.open) > 0:
		j.seal()
	case went:
		j.tick = j.encode(event.Frame{Type: event.FrameEvents, Seq: j.state.Seq + 1, At: j.at, Wall: max(j.wall(), j.state.Wall)})
		j.wake()
	}
}

// seal makes a frame of the open events.
func (j *Journal) seal() {
	if len(j.open) == 0 {
		return
	}
	f := j.encode(event.Frame{Type: event.FrameEvents, Seq: j.open[0].Seq, At: j.at, Wall: j.state.Wall, Events: j.open})
	clear(j.open) // the texts
	j.open = j.open[:0]
	j.frames = append(j.frames, f)
	j.bytes += f.cost()
	j.tick = nil
	for j.bytes > j.history && len(j.frames) > 1 {
		j.drop()
	}
	j.wake()
}

func (j *Journal) encode(f event.Frame) *Frame {
	f.Epoch = j.epoch
	j.scratch = event.AppendFrame(j.scratch[:0], &f)
	return &Frame{First: f.Seq, Last: f.Seq + uint64(len(f.Events)) - 1, Bytes: bytes.Clone(j.scratch)}
}

func (f *Frame) cost() int64 { return int64(len(f.Bytes)) + frameCost }

// drop forgets the oldest frame but for what it adds to base.
func (j *Journal) drop() {
	oldest := j.frames[0]
	for _, e := range oldest.events() {
		j.base.Apply(e)
	}
	j.frames[0] = nil
	j.frames = j.frames[1:]
	j.bytes -= oldest.cost()
	j.dropped++
}

// events decodes what the journal itself encoded.
func (f *Frame) events() []event.Event {
	frame, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		panic("journal: its own frame cannot be read: " + err.Error())
	}
	return frame.Events
}

// wake lets everyone who waits look again.
func (j *Journal) wake() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// Close ends the journal: what is open is still offered, subscribers then get ErrClosed. History stays readable.
func (j *Journal) Close() {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return
	}
	j.seal()
	j.closed = true
	j.wake()
}

// State returns a copy of what the events so far add up to.
func (j *Journal) State() view.State {
	j.mu.RLock()
	defer j.mu.RUnlock()
	s := j.state.Clone()
	s.At = max(s.At, j.at)
	return s
}

// With calls read with the State itself, which read must neither keep nor change. The journal is locked meanwhile.
func (j *Journal) With(read func(*view.State)) {
	j.mu.RLock()
	defer j.mu.RUnlock()
	read(&j.state)
}

// Stats is what the journal holds.
type Stats struct {
	Seq    uint64 // of the newest event
	Oldest uint64 // of the oldest kept event; Seq+1 if none is
	Frames int
	Bytes  int64 // of memory that the frames take
}

// Stats returns the numbers for metrics.
func (j *Journal) Stats() Stats {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return Stats{Seq: j.state.Seq, Oldest: j.base.Seq + 1, Frames: len(j.frames), Bytes: j.bytes}
}

// Reach is what can be looked at.
type Reach struct {
	First   uint64       // the oldest event that is kept; Head+1 if none is
	FirstAt event.Micros // virtual time before it
	Head    uint64       // the newest event
	HeadAt  event.Micros // virtual time up to which nothing is missing
	Closed  bool         // nothing more will happen
}

// Reach says from where to where the recording goes.
func (j *Journal) Reach() Reach {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return Reach{First: j.base.Seq + 1, FirstAt: j.base.At, Head: j.state.Seq, HeadAt: max(j.at, j.state.At), Closed: j.closed}
}
