package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/web/languages"
	"github.com/quorumlab/quorumlab/web/tape"
)

// viewer is one websocket. One goroutine reads orders, one writes pictures, and each order under way writes its
// own answer: nothing is queued, so one that does not read its answers is not read from either.
type viewer struct {
	server  *Server
	face    *face // of the room
	conn    *websocket.Conn
	writing sync.Mutex // the connection takes one writer at a time

	pending chan struct{} // holds one for every order under way
	limit   *rate.Limiter
	winding *rate.Limiter
	told    int    // number of viewers last told
	doors   string // endpoints last told
	runs    runs
	learner learner
	tape    atomic.Pointer[tape.Tape] // its recorder; there before anything is read or shown, replaced by the goroutine that shows

	ctx    context.Context         // ends when the viewer has gone or has to go
	leave  context.CancelCauseFunc // with a *farewell
	orders context.Context         // its orders'; outlives ctx by CommandWall
	stop   context.CancelFunc      // of orders
}

func newViewer(s *Server, f *face, conn *websocket.Conn) *viewer {
	v := &viewer{server: s, face: f, conn: conn, pending: make(chan struct{}, PendingOrders), limit: rate.NewLimiter(rate.Limit(s.limits.Commands), s.limits.Commands),
		winding: rate.NewLimiter(WindRate, WindBurst)}
	v.ctx, v.leave = context.WithCancelCause(s.ctx)
	v.orders, v.stop = context.WithCancel(s.ctx)
	return v
}

// watch greets the viewer and serves it until it leaves or has to go.
func (v *viewer) watch() {
	defer v.release()
	hello, bye := v.greet()
	if bye == nil {
		bye = v.sit()
	}
	if bye != nil {
		v.server.numbers.bad.Inc()
		writeFarewell(v.conn, bye)
		drain(v.conn)
		return
	}
	defer v.server.audience.leave(v)
	defer v.learner.attend()()
	v.converse(hello)
	drain(v.conn)
}

// release lets what the viewer asked for end, but not at once: a put under way may still become ok.
func (v *viewer) release() {
	v.leave(gone)
	if len(v.pending) == 0 {
		v.stop()
		return
	}
	time.AfterFunc(v.server.wall, v.stop)
}

// greet waits for the Hello.
func (v *viewer) greet() (event.Frame, *farewell) {
	v.conn.SetReadDeadline(time.Now().Add(helloWait))
	hello, bye := readFrame(v.conn)
	if bye != nil {
		return hello, bye
	}
	if hello.Type != event.FrameHello {
		return hello, disorder("The first frame must be a hello.")
	}
	if hello.Version != event.WireVersion {
		return hello, &farewell{CloseVersion, "version", fmt.Sprintf("This page speaks version %d of the wire, the room version %d: reload it.", hello.Version, event.WireVersion)}
	}
	var f *Fault
	if v.learner, f = newLearner(v.server.class, hello.Text); f != nil && v.notify(f) != nil {
		return hello, gone
	}
	v.learner.words, v.learner.watching = languages.Of(hello.Code), v.face.watching
	return hello, nil
}

// notify says a sentence about the lesson.
func (v *viewer) notify(err error) error {
	return v.write(&event.Frame{Type: event.FrameNotice, Code: CodeLesson, Text: v.retell(err.Error())})
}

func (v *viewer) sit() *farewell {
	if f := v.server.audience.join(v); f != nil {
		return &farewell{websocket.CloseTryAgainLater, f.Code, f.Sentence}
	}
	return nil
}

// converse says welcome, then shows and reads until one of the two ends.
func (v *viewer) converse(hello event.Frame) {
	parted := make(chan struct{})
	context.AfterFunc(v.ctx, func() {
		defer close(parted)
		v.part()
	})
	time.AfterFunc(pingEvery, v.ping)
	j := v.server.cluster.Journal()
	v.record(j, hello.Seq, hello.Epoch)
	var showing sync.WaitGroup
	showing.Go(func() { v.leave(v.show(j)) })
	v.leave(v.read())
	showing.Wait()
	<-parted
}

// ping keeps an idle connection alive, and its reader's deadline moving.
func (v *viewer) ping() {
	if v.ctx.Err() != nil {
		return
	}
	v.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeWait))
	time.AfterFunc(pingEvery, v.ping)
}

// part ends both goroutines: it shortens a write under way, says why, and stops reading.
func (v *viewer) part() {
	v.conn.NetConn().SetWriteDeadline(time.Now().Add(farewellWait))
	v.writing.Lock()
	defer v.writing.Unlock()
	bye := roomCloses
	errors.As(context.Cause(v.ctx), &bye)
	if bye != gone {
		writeFarewell(v.conn, bye)
	}
	v.conn.NetConn().SetReadDeadline(time.Now().Add(farewellWait))
}

// show welcomes the viewer and writes what happens, in one journal after the other.
func (v *viewer) show(j *journal.Journal) *farewell {
	for {
		err := v.welcome(j)
		if err == nil {
			err = v.follow(v.tape.Load())
		}
		if errors.Is(err, journal.ErrClosed) {
			v.runs.halt("the room is prepared anew; this line has ended")
			if j, err = v.successor(j); err == nil {
				v.record(j, 0, 0)
			}
		}
		switch {
		case v.ctx.Err() != nil:
			return gone // whoever ended it has said why
		case err != nil:
			return v.why(err)
		}
	}
}

// welcome says what the room is and, at the beginning of a journal, that numbers of another epoch mean nothing any more.
func (v *viewer) welcome(j *journal.Journal) error {
	s := v.server
	v.told = s.audience.size()
	err := v.write(&event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: j.Epoch(), Room: v.face.name, Viewers: v.told,
		Limits: event.Limits{ValueBytes: s.limits.ValueBytes, Commands: s.limits.Commands, Nodes: s.limits.Nodes}})
	if err != nil {
		return err
	}
	v.doors = ""
	if err := v.tellEndpoints(); err != nil {
		return err
	}
	return v.teach()
}

// tellEndpoints says where etcd's clients reach the nodes, if that is news.
func (v *viewer) tellEndpoints() error {
	lines := v.server.endpointLines()
	if lines == v.doors || v.face.watching {
		return nil
	}
	v.doors = lines
	return v.write(&event.Frame{Type: event.FrameEndpoints, Text: lines})
}

// record gives the viewer a recorder of a journal. What it looks at goes over from the one before.
func (v *viewer) record(j *journal.Journal, seq, epoch uint64) {
	o := tape.Options{Journal: j, Studio: v.face.studio, Words: v.learner.words, Sealed: v.server.sealed, Seq: seq, Epoch: epoch}
	if before := v.tape.Load(); before != nil {
		o.Looks = before.Looks()
	}
	v.tape.Store(tape.New(o))
}

// follow writes what a viewer's recorder shows until it ends, and meanwhile what is new beside it.
func (v *viewer) follow(t *tape.Tape) error {
	wait := v.server.audience.interrupted(v)
	for {
		sheet, err := t.Next(wait)
		switch {
		case err != nil:
		case sheet.Own:
			err = v.send(sheet.Bytes)
		default:
			err = v.present(v.gather(t, sheet.Frame))
		}
		if wait.Err() != nil && v.ctx.Err() == nil {
			wait = v.server.audience.interrupted(v)
			err = v.news()
		}
		if err != nil {
			return err
		}
	}
}

// successor waits for the journal that follows one which has ended, and tells meanwhile what is new.
func (v *viewer) successor(ended *journal.Journal) (*journal.Journal, error) {
	for {
		wait := v.server.audience.interrupted(v)
		if err := v.news(); err != nil {
			return nil, err
		}
		next, err := v.server.successor(wait, ended)
		if err == nil || v.ctx.Err() != nil || wait.Err() == nil {
			return next, err
		}
	}
}

// news is what is new beside the facts.
func (v *viewer) news() error {
	if err := v.countViewers(); err != nil {
		return err
	}
	if err := v.tellEndpoints(); err != nil {
		return err
	}
	return v.teach()
}

// teach shows the viewer the lesson, if it has not seen it so.
func (v *viewer) teach() error {
	if b := v.learner.picture(); b != nil {
		return v.send(b)
	}
	return nil
}

// gather makes the next picture: a frame, with those that have come meanwhile. So a server or a viewer that is
// short of breath gets by with fewer messages, and a large audience, which waits a moment first, always does.
func (v *viewer) gather(t *tape.Tape, first *journal.Frame) []*journal.Frame {
	run := []*journal.Frame{first}
	if event.FrameType(first.Bytes[0]) != event.FrameEvents {
		return run
	}
	v.pause()
	for len(run) < mergedFrames {
		more := t.More()
		if more == nil {
			break
		}
		run = append(run, more)
	}
	return run
}

// pause keeps a viewer of a large audience to its pace.
func (v *viewer) pause() {
	d := v.server.audience.pause(time.Now())
	if d == 0 {
		return
	}
	select {
	case <-time.After(d):
	case <-v.ctx.Done():
	}
}

func (v *viewer) present(run []*journal.Frame) error {
	m, err := v.server.audience.message(run)
	if err != nil {
		return err
	}
	v.writing.Lock()
	defer v.writing.Unlock()
	v.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return v.conn.WritePreparedMessage(m)
}

func (v *viewer) write(f *event.Frame) error {
	return v.send(event.AppendFrame(nil, f))
}

// send writes an encoded frame.
func (v *viewer) send(b []byte) error {
	v.writing.Lock()
	defer v.writing.Unlock()
	v.conn.SetWriteDeadline(time.Now().Add(writeWait))
	return v.conn.WriteMessage(websocket.BinaryMessage, b)
}

// countViewers tells how many watch, if that is news.
func (v *viewer) countViewers() error {
	n := v.server.audience.size()
	if n == v.told {
		return nil
	}
	v.told = n
	return v.write(&event.Frame{Type: event.FrameAudience, Viewers: n})
}

// why makes a farewell of the error that ended the show.
func (v *viewer) why(err error) *farewell {
	var slow *journal.Slow
	switch {
	case errors.As(err, &slow):
		v.server.numbers.slow.Inc()
		return &farewell{CloseSlow, CodeSlow, fmt.Sprintf("slow: you do not keep up with the room; %d was the last fact sent", slow.Last)}
	case errors.Is(err, journal.ErrClosed):
		return roomCloses
	case isTimeout(err):
		v.server.numbers.slow.Inc()
	}
	return gone
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// read takes orders until the viewer leaves or sends what cannot be read.
func (v *viewer) read() *farewell {
	v.await()
	v.conn.SetPongHandler(func(string) error { v.await(); return nil })
	hearing := v.hearing()
	for v.ctx.Err() == nil {
		f, bye := readFrame(v.conn)
		say, known := hearing[f.Type]
		if bye == nil && !known {
			bye = disorder("After the hello a page may send nothing but orders, lines to run, and words to the lesson and to its recorder.")
		}
		if bye != nil {
			if bye != gone {
				v.server.numbers.bad.Inc()
			}
			return bye
		}
		v.await()
		if say(&f) != nil {
			return gone
		}
	}
	return gone
}

// hearing is what becomes of each frame that a page may send after the hello.
func (v *viewer) hearing() map[event.FrameType]func(*event.Frame) error {
	hearing := map[event.FrameType]func(*event.Frame) error{
		event.FrameOrder: func(f *event.Frame) error { return v.order(f.Command) },
		event.FrameLearn: func(f *event.Frame) error { return v.learn(f.Text) },
		event.FrameWind:  func(f *event.Frame) error { return v.advise(func(t *tape.Tape) error { return t.Wind(f.Text) }) },
		event.FrameLook:  func(f *event.Frame) error { return v.look(f.Code, f.Text) },
		event.FrameRun:   v.run,
		event.FrameInput: v.input,
		event.FrameStop: func(f *event.Frame) error {
			if one, ok := v.runs.find(f.Seq); ok {
				one.stop()
			}
			return nil
		},
	}
	if v.face.watching {
		v.refuseAll(hearing)
	}
	return hearing
}

// await gives the viewer pongWait from now, unless it is on its way out.
func (v *viewer) await() {
	if v.ctx.Err() == nil {
		v.conn.SetReadDeadline(time.Now().Add(pongWait))
	}
}

// learn passes words on to the lesson. The viewer is not read from meanwhile, so its words and orders keep their order and
// there is no queue of them. Its error says that the viewer takes no answers.
func (v *viewer) learn(words string) error {
	err := error(nil)
	if !v.limit.Allow() {
		v.server.numbers.refused.WithLabelValues("rate").Inc()
		err = tooFast(v.server.limits.Commands)
	} else {
		err = v.learner.learn(words)
	}
	if err != nil {
		return v.notify(err)
	}
	return nil
}

// look has a place of the page show something else. Its error says that the viewer takes no answers.
func (v *viewer) look(place, words string) error {
	return v.advise(func(t *tape.Tape) error { return t.Look(place, words) })
}

// advise tells the viewer's recorder something, and the viewer why that cannot be.
func (v *viewer) advise(do func(*tape.Tape) error) error {
	var err error
	if v.winding.Allow() {
		err = do(v.tape.Load())
	} else {
		v.server.numbers.refused.WithLabelValues("rate").Inc()
		err = tooFast(int(WindRate))
	}
	if err != nil {
		return v.write(&event.Frame{Type: event.FrameNotice, Code: CodeTape, Text: v.retell(err.Error())})
	}
	return nil
}

// order has a command done and answered. Its error says that the viewer takes no answers.
func (v *viewer) order(c event.Command) error {
	if err := v.admit(c); err != nil {
		return v.write(v.refusal(c, err))
	}
	if !v.server.enter() {
		<-v.pending
		return roomCloses
	}
	go func() {
		defer v.server.visitors.Done()
		defer func() { <-v.pending }()
		result, err := v.server.do(v.orders, c)
		if err != nil {
			v.write(v.refusal(c, err))
			return
		}
		result.Error = v.retell(result.Error)
		v.write(&event.Frame{Type: event.FrameAnswer, Result: result})
	}()
	return nil
}

// admit checks a command and takes a place among the viewer's pending ones.
func (v *viewer) admit(c event.Command) error {
	s := v.server
	if !v.limit.Allow() {
		s.numbers.refused.WithLabelValues("rate").Inc()
		return tooFast(s.limits.Commands)
	}
	if err := vet(c, s.limits, s.ring); err != nil {
		s.numbers.refused.WithLabelValues("invalid").Inc()
		return err
	}
	if err := v.learner.admit(c); err != nil {
		s.numbers.refused.WithLabelValues("lesson").Inc()
		return err
	}
	select {
	case v.pending <- struct{}{}:
		return nil
	default:
		s.numbers.refused.WithLabelValues("pending").Inc()
		return &Fault{http.StatusTooManyRequests, CodeLimit,
			fmt.Sprintf("This was not done: %d of your commands wait for the room's answer already. Is it frozen?", PendingOrders), ""}
	}
}

// refusal answers a command that the room was never asked: it failed and will not happen. Where in a request the fault is means
// nothing to who typed a line.
func (v *viewer) refusal(c event.Command, err error) *event.Frame {
	said, fault := err.Error(), (*Fault)(nil)
	if errors.As(err, &fault) {
		said = fault.Sentence
	}
	return &event.Frame{Type: event.FrameAnswer, Result: event.Result{ID: c.ID, Kind: c.Kind, Node: c.Node, Outcome: event.Failed, Error: v.retell(said)}}
}

// retell says a refusal in the viewer's language.
func (v *viewer) retell(said string) string { return retold(v.learner.words, said) }
