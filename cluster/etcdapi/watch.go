package etcdapi

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// MaxUnread and MaxUnreadBytes (of keys and values) bound what a watch stream has to send: a client that does not read is
// told no more from the first of them on until it does, while the store keeps for it where it stands. Answers to its own
// requests come on top: of those for new watches MaxUnanswered may wait.
const (
	MaxUnread      = 128
	MaxUnreadBytes = 8 << 20
	MaxUnanswered  = 1024
)

// watch is etcd's service Watch.
type watch struct {
	pb.UnsafeWatchServer
	m        Member
	most     limits
	progress time.Duration // 0: etcd's default
}

func (s *watch) Watch(stream pb.Watch_WatchServer) (err error) {
	stream, done := tell(s.m, stream)
	defer func() {
		if stream.Context().Err() != nil { // its client has gone
			err = rpctypes.ErrGRPCWatchCanceled
			done(nil)
			return
		}
		done(err)
	}()
	who, box := callerOf(stream.Context(), s.m), newMailbox()
	at := &home{m: s.m, gone: func() { box.end(node.ErrDown) }}
	defer at.leave()
	if _, err := ask(stream.Context(), s.m, untold, func(n *node.Node, _ *node.Call) (*node.Watch, error) {
		return at.enter(n, n.Watch(who.user, who.needLeader, node.Hearer{Hear: box.put, Ended: box.end,
			Fragment: s.most.bytes + messageOverhead, Progress: s.progress})), nil
	}); err != nil {
		return err
	}
	go receive(stream, box, func(q *pb.WatchRequest) { at.post(func(w *node.Watch) { w.Ask(q) }) })
	return deliver(stream, box, func() { at.post((*node.Watch).Resume) })
}

// home is where a watch lives: in one life of a node, with which it dies. The machine's next one knows nothing of it.
type home struct {
	m    Member
	gone func() // it has died

	mu    sync.Mutex
	node  *node.Node
	watch *node.Watch // nil: not yet
	left  bool        // nobody waits for it
}

// enter is called when the watch is there, inside the node.
func (h *home) enter(n *node.Node, w *node.Watch) *node.Watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.left { // its client gave up before
		w.Close()
		return w
	}
	h.node, h.watch = n, w
	return w
}

// post has something done with the watch.
func (h *home) post(do func(*node.Watch)) {
	h.mu.Lock()
	home, w := h.node, h.watch
	h.mu.Unlock()
	if w == nil {
		return
	}
	h.m.Post(func(n *node.Node) {
		if n != home {
			h.gone()
			return
		}
		do(w)
	}, h.gone)
}

// leave ends the watch, also one that is still to come.
func (h *home) leave() {
	h.mu.Lock()
	h.left = true
	h.mu.Unlock()
	h.post((*node.Watch).Close)
}

// receive passes on what the client asks for. One that asks for nothing more still hears.
func receive(stream pb.Watch_WatchServer, box *mailbox, ask func(*pb.WatchRequest)) {
	for {
		q, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			box.end(err)
			return
		}
		if q.GetCreateRequest() != nil && !box.admit(stream.Context()) {
			return
		}
		ask(q)
	}
}

// deliver sends what the box holds until it ends.
func deliver(stream pb.Watch_WatchServer, box *mailbox, resume func()) error {
	for {
		select {
		case <-box.bell:
		case <-stream.Context().Done():
			return cancelled(stream.Context().Err())
		}
		rs, full, ended, err := box.take()
		for _, r := range rs {
			if err := stream.Send(r); err != nil {
				return err
			}
			if r.Created {
				box.answered()
			}
		}
		if ended {
			return cancelled(grpcError(err))
		}
		if full {
			resume()
		}
	}
}

func cancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return rpctypes.ErrGRPCWatchCanceled
	}
	return err
}

// mailbox takes what comes out of a node's world without ever making it wait.
type mailbox struct {
	bell chan struct{} // capacity 1: there is something
	open chan struct{} // capacity MaxUnanswered: requests without an answer

	mu    sync.Mutex
	rs    []*pb.WatchResponse
	bytes int  // of their keys and values
	full  bool // whoever puts was told that there is no room
	ended bool
	err   error
}

func newMailbox() *mailbox {
	return &mailbox{bell: make(chan struct{}, 1), open: make(chan struct{}, MaxUnanswered)}
}

// admit waits until another request may be asked.
func (b *mailbox) admit(ctx context.Context) bool {
	select {
	case b.open <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b *mailbox) answered() {
	select {
	case <-b.open:
	default:
	}
}

func (b *mailbox) put(r *pb.WatchResponse) (room bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rs = append(b.rs, r)
	for _, e := range r.Events {
		b.bytes += len(e.GetKv().GetKey()) + len(e.GetKv().GetValue()) + len(e.GetPrevKv().GetKey()) + len(e.GetPrevKv().GetValue())
	}
	b.full = b.full || len(b.rs) >= MaxUnread || b.bytes >= MaxUnreadBytes
	b.ring()
	return !b.full
}

// end says that nothing comes any more; the first reason counts.
func (b *mailbox) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.ended {
		b.ended, b.err = true, err
	}
	b.ring()
}

func (b *mailbox) ring() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}

// take gives what there is, whether who puts has to be told that there is room again, and whether it was the last.
func (b *mailbox) take() (rs []*pb.WatchResponse, full, ended bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rs, full = b.rs, b.full
	b.rs, b.bytes, b.full = nil, 0, false
	return rs, full, b.ended, b.err
}
