// Package journal is a room's memory: it stamps the events of a room with gapless sequence numbers, folds them
// into the room's State, keeps a bounded history of them as encoded frames, and feeds subscribers. Any moment of the
// history can be looked at, and the whole be written to a file and read again.
//
// Frames are encoded once and shared by all. A subscriber is a place in the history, not a queue: one that
// falls behind costs nothing and is ended when it is too far behind. Old frames are packed into chunks, each with the
// state that it begins with.
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
	DefaultHistory = 64 << 20 // bytes of Options.HistoryBytes: an hour at thousands of events a second
	MaxEvents      = 2048     // events of one frame; a fuller one is closed without waiting for Flush
	MaxText        = 4096     // bytes of an event's Text and Key; longer ones are cut
	frameCost      = 128      // bytes of memory that a kept frame takes beside its own
)

// Options of a journal. Zero values are defaults.
type Options struct {
	// HistoryBytes is the memory for what is kept: frames, chunks with their checkpoints, bookmarks. 0: DefaultHistory. The
	// frames of less than two chunks stay in any case; on top come up to three States, the newest and those that unfinished
	// chunks begin with, and unpackedMost chunks that were looked into.
	HistoryBytes int64
	Epoch        uint64              // which life of the room: numbers of another epoch mean nothing here
	Wall         func() event.Micros // the wall clock; nil: the machine's
	After        *Journal            // a recording that Read gave: this journal goes on where it ends, and has it from now on; nil: it is empty
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
	reach   event.Micros  // the latest of the events in frames
	scratch []byte

	chunks     []*chunk     // packed, oldest first, without gap
	packing    *packing     // becomes the next of them; nil: none
	start      view.State   // at the beginning of what is neither in them nor in packing; never changed, only replaced
	startReach event.Micros // the latest virtual time up to there
	loose      int          // frames that are in neither of the two, the last of frames
	weight     int64        // that those take
	frames     []*Frame     // as subscribers get them, oldest first, without gap; the older ones may be in chunks too
	framed     int64        // that they take
	dropped    uint64       // frames before them
	bytes      int64        // that frames, chunks and marks take
	tick       *Frame       // says that time went on after the last of them; nil: it did not
	marks      []Mark       // by Seq
	marked     uint64       // how often they have changed
	lives      []Life       // by First; the last is this one
	grown      grown        // where it was read from

	oldest   uint64       // the last event that is no longer kept
	oldestAt event.Micros // its virtual time

	starting sync.Mutex // held while a checkpoint is made; taken before mu
	entry    *entry     // the last one, guarded by starting

	changed chan struct{} // closed at the next change of frames, tick or closed
	closed  bool

	unpacked unpacked
}

// Frame is an encoded event.Frame, shared by everyone: nobody may write to Bytes.
type Frame struct {
	First, Last uint64 // sequence of its events; of a frame without events Last is First-1. Of a checkpoint both are what it stands for
	Bytes       []byte

	until event.Micros // the latest virtual time of its events and of those before
	kinds Kinds        // of its events
}

// Fold sees every event, stamped and in order, and may add facts about it. It runs while the journal is locked:
// it must be quick and must not call the journal. What it adds is not shown to folds again.
type Fold func(event.Event) []event.Event

// New starts a journal, which is empty or goes on after another one.
func New(o Options) *Journal {
	if o.HistoryBytes <= 0 {
		o.HistoryBytes = DefaultHistory
	}
	if o.Wall == nil {
		o.Wall = func() event.Micros { return event.Micros(time.Now().UnixMicro()) }
	}
	j := &Journal{history: o.HistoryBytes, epoch: o.Epoch, wall: o.Wall, changed: make(chan struct{})}
	if o.After != nil {
		j.follow(o.After)
	}
	j.lives = append(j.lives, Life{Epoch: o.Epoch, First: j.state.Seq + 1})
	return j
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
	if e.Seq == 1 { // a room that was opened again does not begin at 0
		j.reach, j.startReach, j.oldestAt = e.At, e.At, e.At
	}
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
	for i := range j.open {
		j.reach = max(j.reach, j.open[i].At)
		f.kinds |= 1 << j.open[i].Kind
	}
	f.until = j.reach
	clear(j.open) // the texts
	j.open = j.open[:0]
	j.frames = append(j.frames, f)
	j.loose++
	j.weight += f.cost()
	j.framed += f.cost()
	j.bytes += f.cost()
	j.tick = nil
	j.collect()
	if j.full() {
		j.cut()
	}
	j.trim()
	j.wake()
}

func (j *Journal) encode(f event.Frame) *Frame {
	f.Epoch = j.epoch
	j.scratch = event.AppendFrame(j.scratch[:0], &f)
	return &Frame{First: f.Seq, Last: f.Seq + uint64(len(f.Events)) - 1, Bytes: bytes.Clone(j.scratch)}
}

func (f *Frame) cost() int64 { return int64(len(f.Bytes)) + frameCost }

// trim forgets what there is no memory for: frames that are packed already and that no subscriber needs who keeps up or comes back
// soon, and then the oldest chunks.
func (j *Journal) trim() {
	packed := j.packed()
	for len(j.frames) > j.loose && j.frames[0].Last <= packed && (len(j.frames) > subscribed && j.framed-j.frames[0].cost() >= MaxAway || j.bytes > j.history) {
		j.framed -= j.frames[0].cost()
		j.bytes -= j.frames[0].cost()
		j.frames[0] = nil
		j.frames = j.frames[1:]
		j.dropped++
	}
	for len(j.chunks) > 0 && j.bytes > j.history {
		j.bytes -= j.chunks[0].cost()
		j.chunks[0] = nil
		j.chunks = j.chunks[1:]
		j.oldest, j.oldestAt = j.edge()
		j.forgetMarks()
		j.forgetLives()
	}
}

// decode gives the events of a frame that the journal itself encoded.
func (j *Journal) decode(f *Frame) []event.Event {
	frame, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		panic("journal: its own frame cannot be read: " + err.Error())
	}
	j.unpacked.work.events.Add(int64(len(frame.Events)))
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
	j.await()
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
	Frames int    // that are not packed
	Chunks int
	Bytes  int64 // of memory that all this takes

	// Unpacked are the bytes, and Decoded the events, that looking back has cost so far.
	Unpacked, Decoded int64
}

// Stats returns the numbers for metrics.
func (j *Journal) Stats() Stats {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return Stats{Seq: j.state.Seq, Oldest: j.oldest + 1, Frames: len(j.frames), Chunks: len(j.chunks), Bytes: j.bytes,
		Unpacked: j.unpacked.work.bytes.Load(), Decoded: j.unpacked.work.events.Load()}
}

// Reach is what can be looked at.
type Reach struct {
	First   uint64       // the oldest event that is kept; Head+1 if none is
	FirstAt event.Micros // virtual time before it
	Head    uint64       // the newest event
	HeadAt  event.Micros // virtual time up to which nothing is missing
	Closed  bool         // nothing more will happen
	Marked  uint64       // how often bookmarks have changed
}

// Reach says from where to where the recording goes.
func (j *Journal) Reach() Reach {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return Reach{First: j.oldest + 1, FirstAt: j.oldestAt, Head: j.state.Seq, HeadAt: max(j.at, j.state.At), Closed: j.closed, Marked: j.marked}
}
