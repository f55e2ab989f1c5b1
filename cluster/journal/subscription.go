package journal

import (
	"context"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of subscriptions.
const (
	MaxBehind  = 240 // frames that a subscriber may be behind, 4 s at 60 frames a second
	StartReuse = 60  // frames after which a checkpoint is too old for a new subscriber to begin with

	// MaxAway is the least that is kept, in bytes, for subscribers who were cut off and go on: some 10,000 events, as long as there is
	// memory for them.
	MaxAway = 256 << 10

	subscribed = MaxBehind + StartReuse // frames that subscribers may be behind who keep up
)

// Slow ends a subscription that is more than MaxBehind frames behind. Subscribe(Last, epoch) goes on from there.
type Slow struct {
	Last uint64 // of the last event that the subscriber got
}

func (s *Slow) Error() string {
	return "too slow: more than " + strconv.Itoa(MaxBehind) + " frames behind; everything up to event " + strconv.FormatUint(s.Last, 10) +
		" was sent, subscribe from there to go on"
}

// Subscription is a place in the history that moves on with Next. It belongs to one goroutine, takes nothing
// from the journal while it stands still, and need not be closed.
type Subscription struct {
	j     *Journal
	first *Frame // goes before everything else: a checkpoint, or the rest of a frame
	place uint64 // of the next frame, counted from the journal's beginning
	last  uint64 // sequence of the last event that was given
	tick  *Frame // the last frame without events that was given
	most  uint64 // frames that it may be behind; more than MaxBehind while it catches up
	err   error
}

// entry is a checkpoint with the place of the frame that follows it.
type entry struct {
	frame *Frame
	place uint64
}

// Subscribe begins after event from, of which the caller has folded everything. If from is 0, long ago (then a checkpoint is
// less to send) or of another epoch, the first frame is a checkpoint; otherwise frames go on exactly at from+1.
func (j *Journal) Subscribe(from, epoch uint64) *Subscription {
	s := &Subscription{j: j}
	if !s.resume(from, epoch) {
		c := j.checkpoint()
		s.first, s.place, s.last, s.most = c.frame, c.place, c.frame.Last, StartReuse+MaxBehind
	}
	return s
}

// end is the place of the frame that comes next.
func (j *Journal) end() uint64 { return j.dropped + uint64(len(j.frames)) }

// resume finds the frame with event from+1 and gives only the rest of it if it began earlier. It says whether
// it could.
func (s *Subscription) resume(from, epoch uint64) bool {
	j := s.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if from == 0 || epoch != j.epoch || from > j.state.Seq {
		return false
	}
	j.seal()
	if from < j.state.Seq && (len(j.frames) == 0 || from+1 < j.frames[0].First) {
		return false
	}
	i := j.frameOf(from + 1)
	s.place, s.last = j.dropped+uint64(i), from
	s.most = j.end() - s.place + MaxBehind
	if i < len(j.frames) && j.frames[i].First <= from {
		s.first = j.rest(j.frames[i], from+1)
		s.place++
	}
	return true
}

// rest encodes the events of f from sequence from on.
func (j *Journal) rest(f *Frame, from uint64) *Frame {
	whole, err := event.DecodeFrame(f.Bytes)
	if err != nil {
		panic("journal: its own frame cannot be read: " + err.Error())
	}
	whole.Seq, whole.Events = from, after(whole.Events, from)
	return j.encode(whole)
}

// checkpoint gives the last one again if it is fresh, so that a class that arrives together shares it. The
// journal goes on while a new one is made.
func (j *Journal) checkpoint() *entry {
	j.starting.Lock()
	defer j.starting.Unlock()
	state, at, place := j.fork()
	if state == nil {
		return j.entry
	}
	f := event.Frame{Type: event.FrameCheckpoint, Epoch: j.epoch, Seq: state.Seq, At: at, Wall: state.Wall, Events: view.Restate(state)}
	j.entry = &entry{frame: &Frame{First: f.Seq, Last: f.Seq, Bytes: event.AppendFrame(nil, &f)}, place: place}
	return j.entry
}

// fork copies the state at the end of the last frame, unless the last checkpoint still serves.
func (j *Journal) fork() (state *view.State, at event.Micros, place uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if c := j.entry; c != nil && c.place >= j.dropped && c.place+StartReuse >= j.end() {
		return nil, 0, 0
	}
	j.seal()
	s := j.state.Clone()
	return &s, j.at, j.end()
}

// Next waits for the next frame. The error is *Slow, ErrClosed or that of ctx; after the first two the
// subscription is over.
func (s *Subscription) Next(ctx context.Context) (*Frame, error) {
	for {
		f, changed := s.take()
		if f != nil || s.err != nil {
			return f, s.err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Poll gives the next frame if it is there, or else what is closed when there may be one. The error is that of Next.
func (s *Subscription) Poll() (f *Frame, changed <-chan struct{}, err error) {
	f, changed = s.take()
	if f == nil {
		err = s.err
	}
	return f, changed, err
}

// Last is the sequence number of the last event that was given; begun says whether anything was that a State can begin with.
func (s *Subscription) Last() (seq uint64, begun bool) { return s.last, s.first == nil }

// take gives the next frame if it is there, or what to wait for.
func (s *Subscription) take() (*Frame, <-chan struct{}) {
	if f := s.first; f != nil {
		s.first, s.last = nil, f.Last
		return f, nil
	}
	j := s.j
	j.mu.RLock()
	defer j.mu.RUnlock()
	behind := j.end() - s.place
	switch {
	case s.err != nil:
		return nil, nil
	case s.place < j.dropped || behind > s.most:
		s.err = &Slow{Last: s.last}
		return nil, nil
	case behind > 0:
		s.most = max(MaxBehind, min(s.most, behind-1+MaxBehind))
		f := j.frames[s.place-j.dropped]
		s.place, s.last = s.place+1, f.Last
		return f, nil
	case j.tick != nil && j.tick != s.tick:
		s.tick = j.tick
		return s.tick, nil
	case j.closed:
		s.err = ErrClosed
		return nil, nil
	}
	return nil, j.changed
}
