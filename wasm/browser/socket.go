//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// maxQueued bounds the frames of the websocket that wait for the next animation frame. Beyond it they are
// folded at once: a page that is not drawn, because it is hidden or slow, must not keep what it was told.
const maxQueued = 64

// socket is the page's websocket: one at a time, each new one with listeners that know that they are its.
type socket struct {
	address   string
	conn      js.Value // undefined while there is none
	life      int      // counts the connections, so that the last words of an old one are not heard
	queue     []event.Frame
	listeners []js.Func
	opened    bool     // the connection has been open
	retry     js.Value // the timer that connects again
	send      []byte
}

// connect opens the websocket, and forgets the one before.
func (a *app) connect() {
	s := &a.socket
	a.hangUp()
	if s.address == "" {
		s.address = socketAddress(attribute(a.home, "data-socket"))
	}
	if a.offline() {
		a.tell(ui.Disconnected{Reason: ui.LostOffline})
		return
	}
	s.life++
	life := s.life
	s.opened = false
	s.conn = a.host.Call("connect", s.address)
	s.conn.Set("binaryType", "arraybuffer")
	a.hear("open", life, func(js.Value) {
		s.opened = true
		a.tell(ui.Connected{})
	})
	a.hear("message", life, func(e js.Value) { a.receive(e.Get("data")) })
	a.hear("close", life, func(e js.Value) { a.closed(e.Get("code").Int(), e.Get("reason").String()) })
}

// recording is the attribute of a page that has the address of a recording and plays it by itself.
const recording = "data-recording"

// offline says whether the page cannot reach its room for lack of a network. A recording on the page itself needs none.
func (a *app) offline() bool {
	return attribute(a.home, recording) == "" && !window.Get("navigator").Get("onLine").Bool()
}

// closed is the end of a connection by the other side or by the network. One that never opened does not say why:
// the page's own address does, if the room is no more.
func (a *app) closed(code int, sentence string) {
	if code == closeVersion {
		a.reload()
		return
	}
	if a.socket.opened {
		a.lost(reasonOf(code, sentence))
		return
	}
	a.hangUp()
	life := a.socket.life
	status(func(is int) {
		reason := ""
		if is == 404 || is == 410 {
			reason = ui.LostGone
		}
		if a.socket.life == life { // nobody has connected meanwhile
			a.lost(reason)
		}
	})
}

// closeVersion is the close code for a page that speaks another version of the wire.
const closeVersion = 4002

// status asks for the HTTP status of the page itself; 0 if there is no answer.
func status(tell func(int)) {
	var answered, failed js.Func
	done := func(is int) {
		answered.Release()
		failed.Release()
		tell(is)
	}
	answered = js.FuncOf(func(_ js.Value, args []js.Value) any { done(args[0].Get("status").Int()); return nil })
	failed = js.FuncOf(func(js.Value, []js.Value) any { done(0); return nil })
	window.Call("fetch", window.Get("location").Get("pathname"), map[string]any{"method": "HEAD", "cache": "no-store"}).
		Call("then", answered, failed)
}

// hear listens to the connection as long as it is the current one.
func (a *app) hear(name string, life int, do func(event js.Value)) {
	f := js.FuncOf(func(_ js.Value, args []js.Value) any {
		if a.socket.life == life {
			do(args[0])
		}
		return nil
	})
	a.socket.listeners = append(a.socket.listeners, f)
	a.socket.conn.Call("addEventListener", name, f)
}

// hangUp closes the connection, if there is one, and does not listen to it any more.
func (a *app) hangUp() {
	s := &a.socket
	if s.retry.Truthy() {
		window.Call("clearTimeout", s.retry)
		s.retry = js.Undefined()
	}
	if !s.conn.Truthy() {
		return
	}
	for i, name := range [...]string{"open", "message", "close"} {
		s.conn.Call("removeEventListener", name, s.listeners[i])
		s.listeners[i].Release()
	}
	s.listeners = s.listeners[:0]
	s.conn.Call("close")
	s.conn, s.life = js.Undefined(), s.life+1
}

// lost ends the connection and tells the model, which says when to try again.
func (a *app) lost(reason string) {
	a.fold()
	a.hangUp()
	a.meter.reconnects++
	a.tell(ui.Disconnected{Reason: reason})
}

// reasonOf names the end of a connection. Without a code of the server's own it is the network, or the
// room's process that ended.
func reasonOf(code int, sentence string) string {
	if !window.Get("navigator").Get("onLine").Bool() {
		return ui.LostOffline
	}
	switch code {
	case 1001, 1005, 1006:
		return ""
	case 1012:
		return ui.LostCrashed
	}
	return sentence
}

// receive decodes a message and queues it for the next animation frame.
func (a *app) receive(data js.Value) {
	begin, bytes := now(), window.Get("Uint8Array").New(data)
	b := make([]byte, bytes.Length())
	js.CopyBytesToGo(b, bytes)
	f, err := event.DecodeResponse(b)
	if err != nil {
		a.lost(a.model.Unreadable(err))
		return
	}
	a.meter.received(len(b), &f, now()-begin)
	a.socket.queue = append(a.socket.queue, f)
	if len(a.socket.queue) >= maxQueued || document.Get("hidden").Bool() {
		a.fold()
		return
	}
	a.clock.wake()
}

// fold takes all queued frames into the model. One of them may end the connection.
func (a *app) fold() {
	queue := a.socket.queue
	a.socket.queue = nil
	for i := range queue {
		a.update(ui.Arrived{Frame: queue[i]})
		queue[i] = event.Frame{}
	}
	if a.socket.queue == nil {
		a.socket.queue = queue[:0]
	}
}

// transmit sends a frame. An order for which there is no connection has failed: it will not happen.
func (a *app) transmit(f event.Frame) {
	const open = 1
	s := &a.socket
	if !s.conn.Truthy() || s.conn.Get("readyState").Int() != open {
		if f.Type == event.FrameLook || f.Type == event.FrameWind {
			return // the page tells the room where it looks when it is there again
		}
		if f.Type != event.FrameOrder {
			a.update(ui.Arrived{Frame: event.Frame{Type: event.FrameNotice, Text: a.model.NotSent()}})
			return
		}
		a.update(ui.Arrived{Frame: event.Frame{Type: event.FrameAnswer, Result: event.Result{ID: f.Command.ID, Kind: f.Command.Kind,
			Outcome: event.Failed, Error: a.model.NotSent()}}})
		return
	}
	s.send = event.AppendRequest(s.send[:0], &f)
	bytes := window.Get("Uint8Array").New(len(s.send))
	js.CopyBytesToJS(bytes, s.send)
	s.conn.Call("send", bytes)
}

// later connects again after a while.
func (a *app) later(after event.Micros) {
	a.hangUp()
	f := js.Func{}
	f = js.FuncOf(func(js.Value, []js.Value) any {
		f.Release()
		a.socket.retry = js.Undefined()
		a.connect()
		return nil
	})
	a.socket.retry = window.Call("setTimeout", f, int(after/1000))
}

// socketAddress makes a path of this site an address for a WebSocket.
func socketAddress(path string) string {
	where := window.Get("location")
	scheme := "ws://"
	if where.Get("protocol").String() == "https:" {
		scheme = "wss://"
	}
	return scheme + where.Get("host").String() + path
}
