package peer

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// MaxCalls bounds the requests of one member to another that wait for an answer. More are refused at once.
const MaxCalls = 8192

// dialPause is how long after a connection could not be made the next one is tried. Notices come with every commit.
const dialPause = 50 * time.Millisecond

// call is one request.
type call struct {
	kind   event.MessageType
	ask    *node.Ask
	number uint64       // on its link; 0 as long as it may not have been written
	done   chan outcome // has room for one; whoever takes the call off its link puts it there
}

type outcome struct {
	answer *node.Answer
	err    error
}

// link carries the calls to one member over one connection: many at a time, answered in any order. When it has ended
// the next call makes a new one.
type link struct {
	t  *Transport
	to event.NodeID

	mu      sync.Mutex
	waiting []*call          // not yet taken to be written
	pending map[uint64]*call // by number: perhaps written
	last    uint64           // number
	silent  time.Time        // since when something was asked and nothing heard; zero: everything is well
	ended   bool
	refused error     // why it could not be connected; nil: it was, or may yet be
	until   time.Time // no new connection is tried before, where it could not be
	stream  *stream   // nil until it is connected

	wake chan struct{} // has room for one: something waits, or the link has ended
}

// Call sends a request that is not raft's, a *node.Ask, and waits for its answer, a *node.Answer. Definite tells of its errors whether
// the request was certainly not served. A notice is sent only: there is no answer to it.
func (t *Transport) Call(to event.NodeID, k event.MessageType, body any, timeout time.Duration) (any, error) {
	ask, ok := body.(*node.Ask)
	if !ok {
		return nil, definite("a %T cannot be sent to a member", body)
	}
	if size := sizeOfAsk(ask); size > t.o.MaxRequest+overhead/2 {
		return nil, definite("the request of %d bytes to %v is larger than %d; nothing was done", size, to, t.o.MaxRequest)
	}
	c := &call{kind: k, ask: ask, done: make(chan outcome, 1)}
	if ask.Notice != nil { // nobody waits for an answer
		_, err := t.enter(to, c)
		return &node.Answer{}, err
	}
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	l, err := t.enter(to, c)
	if err != nil {
		return nil, err
	}
	var o outcome
	select {
	case o = <-c.done:
	case <-timer.C:
		o = l.withdraw(c, timeout)
	}
	if o.err != nil {
		return nil, o.err
	}
	return o.answer, nil
}

// enter puts a call on the link to a member, on a new one if there is none that runs.
func (t *Transport) enter(to event.NodeID, c *call) (*link, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, definite("this member is going down; nothing was done")
	}
	if l := t.links[to]; l != nil {
		if ok, err := l.add(c); ok || err != nil {
			return l, err
		}
	}
	l := &link{t: t, to: to, pending: map[uint64]*call{}, wake: make(chan struct{}, 1)}
	t.links[to] = l
	l.waiting = append(l.waiting, c) // before it runs, and perhaps ends
	t.work.Go(l.run)
	return l, nil
}

// add queues a call; false when the link has ended.
func (l *link) add(c *call) (ok bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended && time.Now().Before(l.until):
		return false, l.refused
	case l.ended:
		return false, nil
	case len(l.waiting)+len(l.pending) >= MaxCalls:
		return false, definite("%d requests to %v wait for their answers already; nothing was done", MaxCalls, l.to)
	}
	l.waiting = append(l.waiting, c)
	l.ring()
	return true, nil
}

func (l *link) ring() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// withdraw ends a call whose time is over. One that has not been taken to be written never will.
func (l *link) withdraw(c *call, timeout time.Duration) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case o := <-c.done: // it was just answered
		return o
	default:
	}
	if i := slices.Index(l.waiting, c); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
		return outcome{err: definite("%v could not be asked within %v; nothing was done", l.to, timeout)}
	}
	delete(l.pending, c.number)
	if !l.silent.IsZero() && time.Since(l.silent) > l.t.o.Timeout { // half open, or the other side stands still: on to a new connection
		_ = l.stream.Close()
		l.finish(definite("%v says nothing; nothing was done", l.to), fmt.Errorf("%w (%v says nothing)", errLost, l.to))
	}
	return outcome{err: fmt.Errorf("%v did not answer within %v; the request may have been served or not", l.to, timeout)}
}

// run connects, then writes what waits, until the connection ends.
func (l *link) run() {
	s, err := l.connect()
	if err != nil {
		l.fail(definite("%v cannot be asked: %w", l.to, err))
		return
	}
	l.t.work.Go(func() { l.read(s) })
	if err := l.write(s); err != nil {
		_ = s.Close() // the reader ends then, and the link
	}
}

func (l *link) connect() (*stream, error) {
	a, ok := l.t.o.Address(l.to)
	if !ok {
		return nil, fmt.Errorf("%v is no member", l.to)
	}
	s, err := l.t.dial(a, callsProtocol, l.t.o.Timeout)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.stream = s
	l.mu.Unlock()
	return s, nil
}

// fail ends a link that could not be connected. Calls within the next moment are told so without another try.
func (l *link) fail(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused, l.until = why, time.Now().Add(dialPause)
	l.finish(why, why)
}

// end finishes all calls: those that were never written with one error, the others with another.
func (l *link) end(unwritten, written error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish(unwritten, written)
}

// finish is end with the lock held.
func (l *link) finish(unwritten, written error) {
	l.ended = true
	for _, c := range l.waiting {
		c.done <- outcome{err: unwritten}
	}
	for _, c := range l.pending {
		c.done <- outcome{err: written}
	}
	l.waiting, l.pending = nil, nil
	l.ring()
}

// write writes what waits, all that has gathered meanwhile at once.
func (l *link) write(s *stream) error {
	var out []byte
	var batch []*call
	for {
		var ok bool
		if batch, ok = l.take(batch); !ok {
			return nil
		}
		out = out[:0]
		for _, c := range batch {
			at := len(out)
			out = startFrame(out, c.number, request)
			out = endFrame(appendAsk(append(out, byte(c.kind)), c.ask), at)
			if len(out) >= buffered {
				if _, err := s.Write(out); err != nil {
					return err
				}
				out = out[:0]
			}
		}
		if len(out) > 0 {
			if _, err := s.Write(out); err != nil {
				return err
			}
		}
		if cap(out) > keptBuffer {
			out = nil
		}
	}
}

// keptBuffer bounds the memory that a connection keeps for writing.
const keptBuffer = 4 << 20

// take waits for calls and takes all of them; false when the link has ended. The last batch's memory is used again.
func (l *link) take(last []*call) ([]*call, bool) {
	clear(last)
	for {
		l.mu.Lock()
		if l.ended {
			l.mu.Unlock()
			return nil, false
		}
		if len(l.waiting) > 0 {
			break
		}
		l.mu.Unlock()
		<-l.wake
	}
	defer l.mu.Unlock()
	batch := l.waiting
	l.waiting = last[:0]
	for _, c := range batch {
		l.last++
		c.number = l.last
		if c.ask.Notice == nil {
			l.pending[c.number] = c
		}
	}
	if l.silent.IsZero() && len(l.pending) > 0 {
		l.silent = time.Now()
	}
	return batch, true
}

// read hands answers to who waits for them, and ends the link when the connection ends.
func (l *link) read(s *stream) {
	in := newFrames(s, MaxAnswer)
	for {
		f, err := in.next()
		if err == nil {
			err = l.heard(f)
		}
		if err != nil {
			_ = s.Close()
			l.end(definite("the connection to %v was lost before it was asked (%w); nothing was done", l.to, err),
				fmt.Errorf("%w (%v: %w)", errLost, l.to, err))
			return
		}
	}
}

// heard takes a frame from the other side.
func (l *link) heard(f frame) error {
	var o outcome
	switch f.kind {
	case answer:
		o.answer, o.err = readAnswer(f.payload)
	case failure:
		r := reader{b: f.payload}
		if o.err = r.failure(); r.err != nil {
			o.err = r.err
		}
	case refusal:
		o.err = definite("%v: %s", l.to, f.payload)
	case bye:
		l.unserved(f.call)
		return nil
	case request:
		return errors.New("it asks where it should answer")
	default:
		return fmt.Errorf("it sent a frame of the unknown kind %d", f.kind)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silent = time.Time{}
	c := l.pending[f.call]
	if c == nil {
		return nil // nobody waits for it any more
	}
	delete(l.pending, f.call)
	if len(l.pending) > 0 {
		l.silent = time.Now()
	}
	c.done <- o
	l.closeIfDone()
	return nil
}

// closeIfDone closes the connection when the other side, going down, has answered all that it had taken: it waits for that.
// The lock is held.
func (l *link) closeIfDone() {
	if l.ended && len(l.pending) == 0 {
		_ = l.stream.Close()
	}
}

// unserved ends the calls that the other side, going down, did not take. Those before may still be answered.
func (l *link) unserved(last uint64) {
	why := definite("%v is going down; nothing was done", l.to)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	for _, c := range l.waiting {
		c.done <- outcome{err: why}
	}
	l.waiting = nil
	for n, c := range l.pending {
		if n > last {
			delete(l.pending, n)
			c.done <- outcome{err: why}
		}
	}
	l.closeIfDone()
	l.ring()
}
