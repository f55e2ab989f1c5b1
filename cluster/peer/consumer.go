package peer

import (
	"io"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// OnGuard sets who looks at every raft request before raft does: it passes on that one or another, or nil and answers in
// raft's stead. It must not block, nor change the request. Requests wait until it has been called; nil lets all pass.
func (t *Transport) OnGuard(f func(request any) (pass, response any)) {
	if f == nil {
		f = func(request any) (pass, response any) { return request, nil }
	}
	t.guard.Store(&f)
	t.guarding.Do(func() { close(t.guarded) })
}

// OnServed sets who is told of every raft request with its answer, before the answer leaves. Set it before OnGuard.
func (t *Transport) OnServed(f func(request, response any, err error)) { t.served.Store(&f) }

// OnServe sets who answers requests that are not raft's; it must not block. Before, they are refused.
func (t *Transport) OnServe(f func(from event.NodeID, body any, reply func(body any, err error))) {
	t.serve.Store(&f)
}

// Consumer is where raft takes requests from.
func (t *Transport) Consumer() <-chan raft.RPC { return t.consumer }

// Inject hands raft a request that no machine sent; false when InjectQueue of them wait. It does not block.
func (t *Transport) Inject(body any) bool {
	select {
	case t.injected <- body:
		return true
	default:
		return false
	}
}

// pump hands requests to raft, one after the other: raft works on one at a time anyway.
func (t *Transport) pump() {
	if !t.open() {
		return
	}
	answer := make(chan raft.RPCResponse, 1)
	for {
		select {
		case q := <-t.network.Consumer():
			t.relay(q, answer)
		case q := <-t.beats:
			t.relay(q, answer)
		case body := <-t.injected:
			if a, ok := t.hand(raft.RPC{Command: body, RespChan: answer}, answer); ok {
				t.tell(body, a)
			}
		case <-t.dead:
			return
		}
	}
}

// open waits until requests may reach raft.
func (t *Transport) open() bool {
	select {
	case <-t.guarded:
		return true
	case <-t.dead:
		return false
	}
}

// relay brings a request to raft and the answer back.
func (t *Transport) relay(q raft.RPC, answer chan raft.RPCResponse) {
	pass, response := (*t.guard.Load())(q.Command)
	if pass == nil {
		t.answerInstead(q, response)
		return
	}
	if a, ok := t.hand(raft.RPC{Command: pass, Reader: q.Reader, RespChan: answer}, answer); ok {
		if r, ok := a.Response.(*raft.AppendEntriesResponse); ok {
			t.followed.Store(r.Term)
		}
		t.tell(q.Command, a)
		q.RespChan <- a // it has room for one
	}
}

// answerInstead answers what does not reach raft. A snapshot's bytes have to be read from the connection all the same.
func (t *Transport) answerInstead(q raft.RPC, response any) {
	if q.Reader == nil {
		q.RespChan <- raft.RPCResponse{Response: response}
		return
	}
	t.work.Go(func() {
		_, err := io.Copy(io.Discard, q.Reader)
		q.RespChan <- raft.RPCResponse{Response: response, Error: err}
	})
}

// hand gives raft a request and waits for its answer; false when the transport is closed before.
func (t *Transport) hand(q raft.RPC, answer <-chan raft.RPCResponse) (a raft.RPCResponse, ok bool) {
	select {
	case t.consumer <- q:
	case <-t.dead:
		return a, false
	}
	select {
	case a = <-answer:
		return a, true
	case <-t.dead:
		return a, false
	}
}

func (t *Transport) tell(request any, a raft.RPCResponse) {
	if f := t.served.Load(); f != nil {
		(*f)(request, a.Response, a.Error)
	}
}

// SetHeartbeatHandler sets who answers heartbeats: raft does so on the connection's own goroutine, not behind a slow disk. But
// the first one of a term takes the way of all requests. Beside its own loop raft would change role and term while that loop,
// which led until then, still takes a proposal; it would write it as an entry of the new term, and keep it where the new
// leader has another one.
func (t *Transport) SetHeartbeatHandler(beat func(raft.RPC)) {
	if beat == nil {
		t.network.SetHeartbeatHandler(nil)
		return
	}
	t.network.SetHeartbeatHandler(func(q raft.RPC) {
		if !t.open() {
			return
		}
		if a, ok := q.Command.(*raft.AppendEntriesRequest); !ok || a.Term != t.followed.Load() {
			select {
			case t.beats <- q:
			case <-t.dead:
			}
			return
		}
		t.beat(q, beat)
	})
}

func (t *Transport) beat(q raft.RPC, beat func(raft.RPC)) {
	pass, response := (*t.guard.Load())(q.Command)
	if pass == nil {
		t.answerInstead(q, response)
		return
	}
	answer := make(chan raft.RPCResponse, 1)
	beat(raft.RPC{Command: pass, RespChan: answer})
	select {
	case a := <-answer:
		t.tell(q.Command, a)
		q.RespChan <- a
	default: // raft goes down and answers nobody
	}
}
