package peer

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// leaving is how long a member that goes down waits for answers under way and for the others to have read them.
const leaving = 250 * time.Millisecond

// desk answers the calls of one other member that come on one connection.
type desk struct {
	t    *Transport
	from event.NodeID
	s    *stream

	mu      sync.Mutex
	waiting []reply
	open    int    // requests that are being served
	last    uint64 // number of the newest that was taken
	leaving bool
	ended   bool

	wake chan struct{} // has room for one
	gone chan struct{} // closed when all has been written that will be
}

// reply is a frame that has to be written.
type reply struct {
	call uint64
	kind kind
	body *node.Answer // of an answer
	err  error        // of a failure
	text string       // of a refusal
}

// answerCalls serves a connection until it ends.
func (t *Transport) answerCalls(from event.NodeID, s *stream) {
	d := &desk{t: t, from: from, s: s, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		_ = s.Close()
		return
	}
	if t.leaving {
		d.leave() // so that the caller hears that nothing of what it asks was done
	}
	t.desks[d] = struct{}{}
	t.work.Go(d.write)
	t.work.Go(d.read)
}

func (d *desk) read() {
	in := newFrames(d.s, d.t.o.MaxRequest+overhead)
	for {
		f, err := in.next()
		if err == nil {
			err = d.take(f)
		}
		if err != nil {
			d.stop(err)
			return
		}
	}
}

// take serves one request, or says why not.
func (d *desk) take(f frame) error {
	if f.kind != request {
		return fmt.Errorf("it sent a frame of kind %d where a request was expected", f.kind)
	}
	d.mu.Lock()
	d.last, d.open = f.call, d.open+1
	leaving, crowded := d.leaving, d.open > MaxCalls
	d.mu.Unlock()
	serve := d.t.serve.Load()
	switch {
	case f.tooLong > 0:
		return d.reply(reply{call: f.call, kind: refusal, text: fmt.Sprintf("the request has %d bytes, more than %d; nothing was done", f.tooLong, d.t.o.MaxRequest)})
	case leaving || serve == nil:
		return d.reply(reply{call: f.call, kind: refusal, text: "it does not serve requests now; nothing was done"})
	case crowded:
		return d.reply(reply{call: f.call, kind: refusal, text: fmt.Sprintf("it serves %d requests already; nothing was done", MaxCalls)})
	}
	if len(f.payload) == 0 {
		return errShort
	}
	ask, err := readAsk(f.payload[1:])
	if err != nil {
		return err
	}
	if ask.Notice != nil {
		(*serve)(d.from, ask, func(any, error) {})
		d.mu.Lock()
		d.open--
		d.mu.Unlock()
		return nil
	}
	(*serve)(d.from, ask, func(body any, err error) { d.answer(f.call, body, err) })
	return nil
}

// answer queues the answer to a request that was served.
func (d *desk) answer(call uint64, body any, err error) {
	r := reply{call: call, kind: failure, err: err}
	if a, ok := body.(*node.Answer); ok && err == nil {
		r.kind, r.body = answer, a
	} else if err == nil {
		r.err = fmt.Errorf("a %T cannot be sent to a member", body)
	}
	if err := d.reply(r); err != nil {
		_ = d.s.Close() // both sides notice
	}
}

// reply queues a frame. Requests are MaxCalls at most, so replies that are more were not asked for: nobody reads them.
func (d *desk) reply(r reply) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open--; len(d.waiting) > 2*MaxCalls {
		return fmt.Errorf("it does not read its answers; %d wait", len(d.waiting))
	}
	d.waiting = append(d.waiting, r)
	d.ring()
	return nil
}

func (d *desk) ring() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// stop is called when nothing more will be read.
func (d *desk) stop(err error) {
	d.t.o.Log.Debug("a peer's connection ended", zap.Stringer("node", d.from), zap.Error(err))
	_ = d.s.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	d.ring()
}

// leave refuses what comes from now on, and tells the other side which requests have been taken. It closes the connection
// when they are answered.
func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leaving {
		return
	}
	d.leaving = true
	d.waiting = append(d.waiting, reply{call: d.last, kind: bye})
	d.ring()
}

// Leave takes no more calls of other members, lets each of them know which of its calls were not taken, so that it can ask
// elsewhere, and waits a little until the others are answered. Call it while the node still works; Close does it otherwise.
func (t *Transport) Leave() {
	t.mu.Lock()
	t.leaving = true
	desks := slices.Collect(maps.Keys(t.desks))
	t.mu.Unlock()
	for _, d := range desks {
		d.leave()
	}
	over := time.NewTimer(leaving)
	defer over.Stop()
	for _, d := range desks {
		select {
		case <-d.gone:
		case <-over.C:
			return
		}
	}
}

// write writes what waits, all that has gathered meanwhile at once.
func (d *desk) write() {
	defer d.forget()
	var out []byte
	var batch []reply
	for {
		var end bool
		if batch, end = d.batch(batch); end {
			return
		}
		out = out[:0]
		for i := range batch {
			out = appendReply(out, &batch[i])
			if len(out) >= buffered || i == len(batch)-1 {
				if _, err := d.s.Write(out); err != nil {
					d.t.o.Log.Debug("a peer does not read its answers", zap.Stringer("node", d.from), zap.Error(err))
					return
				}
				out = out[:0]
			}
		}
		if cap(out) > keptBuffer {
			out = nil
		}
	}
}

func (d *desk) forget() {
	_ = d.s.Close()
	close(d.gone)
	d.t.mu.Lock()
	defer d.t.mu.Unlock()
	delete(d.t.desks, d)
}

// batch waits for replies and takes all of them; end when there is nobody left to write to.
func (d *desk) batch(last []reply) (all []reply, end bool) {
	clear(last)
	for {
		d.mu.Lock()
		if len(d.waiting) > 0 || d.ended {
			break
		}
		d.mu.Unlock()
		<-d.wake
	}
	defer d.mu.Unlock()
	all, d.waiting = d.waiting, last[:0]
	return all, d.ended && len(all) == 0
}

func appendReply(b []byte, r *reply) []byte {
	at := len(b)
	b = startFrame(b, r.call, r.kind)
	switch r.kind {
	case answer:
		whole, err := appendAnswer(b, r.body)
		if err == nil && len(whole)-at > MaxAnswer {
			err = fmt.Errorf("the answer has %d bytes, more than %d", len(whole)-at, MaxAnswer)
		}
		if err != nil {
			return appendReply(b[:at], &reply{call: r.call, kind: failure, err: err})
		}
		b = whole
	case failure:
		b = appendFailure(b, r.err)
	case refusal:
		b = append(b, r.text...)
	case bye, request:
	}
	return endFrame(b, at)
}
