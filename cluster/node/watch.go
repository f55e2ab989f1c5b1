package node

import (
	"cmp"
	"math/rand/v2"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/auth"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/store"
)

// Times of a watch on this node's clock, as etcd has them with its defaults.
const (
	progressEvery = 10 * time.Minute // a watch that asked for it hears where it stands, if it heard nothing else
	leaderEvery   = time.Second      // a watch that requires a leader looks for one, and ends
	leaderlessFor = 3                // when there was none so many times
	// MaxFragment bounds one response of a watch that can put fragments together, in bytes.
	MaxFragment = store.MaxRequestBytes + 512<<10
)

// invalidWatch is the id of what concerns no single watch of a stream.
const invalidWatch = -1

// Hearer takes what a watch stream says. Its functions are called inside and must not block.
type Hearer struct {
	Hear  func(*pb.WatchResponse) (room bool) // without room nothing that happened is told until Resume
	Ended func(error)                         // nothing comes any more

	Fragment int           // instead of MaxFragment; 0: that
	Progress time.Duration // instead of etcd's ten minutes; 0: those
}

// Watch is one client's stream of watches. Its methods do not block, so they may be called on a world's root.
type Watch struct {
	n          *Node
	user       store.Credentials
	to         Hearer
	needLeader bool
	stream     mvcc.WatchStream
	watches    map[mvcc.WatchID]*watching // of the goroutine that runs
	room       bool
	leaderless int

	mu     sync.Mutex
	orders []func() (end bool)
	bell   chan struct{} // capacity 1
}

// watching is what one watch asked for.
type watching struct {
	before, fragment bool
	progress, quiet  bool // it wants to hear where it stands; it has heard nothing since the last time
}

// Watch opens a stream; it ends with Close or with the node. Call it inside.
func (n *Node) Watch(user store.Credentials, needLeader bool, to Hearer) *Watch {
	w := &Watch{n: n, user: user, to: to, needLeader: needLeader, stream: n.store.NewWatchStream(), watches: map[mvcc.WatchID]*watching{},
		room: true, bell: make(chan struct{}, 1)}
	go w.run()
	return w
}

// Ask does what the client asks for, in the order of asking.
func (w *Watch) Ask(q *pb.WatchRequest) {
	w.order(func() bool {
		switch u := q.RequestUnion.(type) {
		case *pb.WatchRequest_CreateRequest:
			w.create(u.CreateRequest)
		case *pb.WatchRequest_CancelRequest:
			w.cancel(u.CancelRequest.GetWatchId())
		case *pb.WatchRequest_ProgressRequest:
			w.stream.RequestProgressAll()
		}
		return false
	})
}

// Resume says that there is room again.
func (w *Watch) Resume() { w.order(func() bool { w.room = true; return false }) }

// Close ends the stream.
func (w *Watch) Close() { w.order(func() bool { return true }) }

func (w *Watch) order(f func() bool) {
	w.mu.Lock()
	w.orders = append(w.orders, f)
	w.mu.Unlock()
	select {
	case w.bell <- struct{}{}:
	default:
	}
}

// run is the only one who speaks, so what is told is in order: that a watch was created, what it sees, that it was cancelled.
func (w *Watch) run() {
	defer w.stream.Close()
	every := cmp.Or(w.to.Progress, progressEvery)
	progress := time.NewTicker(every + rand.N(every/10))
	defer progress.Stop()
	var leader <-chan time.Time
	if w.needLeader {
		t := time.NewTicker(leaderEvery)
		defer t.Stop()
		leader = t.C
	}
	for {
		var changes <-chan mvcc.WatchResponse
		if w.room {
			changes = w.stream.Chan()
		}
		select {
		case <-w.bell:
			if w.obey() {
				return
			}
		case c := <-changes:
			w.tell(c)
		case <-progress.C:
			w.progress()
		case <-leader:
			if w.noLeader() {
				w.to.Ended(etcderrors.ErrNoLeader)
				return
			}
		case <-w.n.o.Transport.Dead():
			w.to.Ended(etcderrors.ErrStopped)
			return
		}
	}
}

func (w *Watch) obey() (end bool) {
	w.mu.Lock()
	orders := w.orders
	w.orders = nil
	w.mu.Unlock()
	for _, do := range orders {
		if do() {
			return true
		}
	}
	return false
}

func (w *Watch) noLeader() bool {
	if w.n.knownLeader() != 0 {
		w.leaderless = 0
		return false
	}
	w.leaderless++
	return w.leaderless >= leaderlessFor
}

func (w *Watch) say(r *pb.WatchResponse, revision int64) {
	r.Header = &pb.ResponseHeader{Revision: revision}
	w.n.Head(r.Header)
	r.Header.Revision = revision // none stays none, as when a watch is refused what was compacted
	w.room = w.to.Hear(r) && w.room
}

func (w *Watch) create(q *pb.WatchCreateRequest) {
	key, end := span(q)
	id, why := mvcc.WatchID(invalidWatch), ""
	switch err := w.n.store.MayWatch(w.user, key, q.RangeEnd); { // etcd's users have "\0" for all keys from the first, not what span makes of it
	case q.StartRevision < 0:
		why = rpctypes.ErrCompacted.Error()
	case err != nil:
		why = noWatch(err)
	default:
		if id, err = w.stream.Watch(w.user, mvcc.WatchID(q.WatchId), key, end, q.StartRevision, filters(q)...); err != nil {
			id, why = invalidWatch, err.Error()
		}
	}
	if why == "" {
		w.watches[id] = &watching{before: q.PrevKv, fragment: q.Fragment, progress: q.ProgressNotify, quiet: true}
	}
	w.say(&pb.WatchResponse{WatchId: int64(id), Created: true, Canceled: why != "", CancelReason: why}, w.stream.Rev())
}

// span is the range of a watch as etcd's store wants it: nil means one key, empty all keys from the first.
func span(q *pb.WatchCreateRequest) (key, end []byte) {
	key, end = q.Key, q.RangeEnd
	if len(key) == 0 {
		key = []byte{0}
	}
	switch {
	case len(end) == 0:
		end = nil
	case len(end) == 1 && end[0] == 0:
		end = []byte{}
	}
	return key, end
}

func filters(q *pb.WatchCreateRequest) (fs []mvcc.FilterFunc) {
	for _, f := range q.Filters {
		switch f {
		case pb.WatchCreateRequest_NOPUT:
			fs = append(fs, func(e *mvccpb.Event) bool { return e.Type == mvccpb.Event_PUT })
		case pb.WatchCreateRequest_NODELETE:
			fs = append(fs, func(e *mvccpb.Event) bool { return e.Type == mvccpb.Event_DELETE })
		}
	}
	return fs
}

// whyNoWatch are etcd's words where a watch is refused for who asks.
var whyNoWatch = map[error]error{
	auth.ErrInvalidAuthToken: rpctypes.ErrGRPCInvalidAuthToken,
	auth.ErrAuthOldRevision:  rpctypes.ErrGRPCAuthOldRevision,
	auth.ErrUserEmpty:        rpctypes.ErrGRPCUserEmpty,
}

func noWatch(err error) string {
	if said, ok := whyNoWatch[err]; ok {
		return said.Error()
	}
	return rpctypes.ErrGRPCPermissionDenied.Error()
}

func (w *Watch) cancel(id int64) {
	if w.stream.Cancel(mvcc.WatchID(id)) == nil {
		delete(w.watches, mvcc.WatchID(id))
		w.say(&pb.WatchResponse{WatchId: id, Canceled: true}, w.stream.Rev())
	}
}

// tell passes on what happened. What a watch saw before it was cancelled is not told after that.
func (w *Watch) tell(c mvcc.WatchResponse) {
	mvcc.ReportEventReceived(len(c.Events))
	g := w.watches[c.WatchID]
	if g == nil && c.WatchID != invalidWatch {
		return
	}
	r := &pb.WatchResponse{WatchId: int64(c.WatchID), Events: c.Events, CompactRevision: c.CompactRevision, Canceled: c.CompactRevision != 0}
	if g == nil {
		w.say(r, c.Revision)
		return
	}
	g.quiet = g.quiet && len(c.Events) == 0
	if g.before {
		for _, e := range r.Events {
			e.PrevKv = w.n.store.Before(e)
		}
	}
	if r.Canceled {
		delete(w.watches, c.WatchID)
	}
	for _, part := range g.parts(r, cmp.Or(w.to.Fragment, MaxFragment)) {
		w.say(part, c.Revision)
	}
}

// parts cuts a response that is too large, if the client can put it together again; all but the last are marked.
func (g *watching) parts(r *pb.WatchResponse, most int) (parts []*pb.WatchResponse) {
	if !g.fragment || len(r.Events) < 2 || proto.Size(r) < most {
		return []*pb.WatchResponse{r}
	}
	part, size := &pb.WatchResponse{WatchId: r.WatchId}, 0
	for _, e := range r.Events {
		n := proto.Size(e) + 8
		if len(part.Events) > 0 && size+n >= most {
			part.Fragment = true
			parts = append(parts, part)
			part, size = &pb.WatchResponse{WatchId: r.WatchId}, 0
		}
		part.Events, size = append(part.Events, e), size+n
	}
	return append(parts, part)
}

// progress tells those that asked for it and have heard nothing for a while where they stand.
func (w *Watch) progress() {
	for id, g := range w.watches {
		if g.progress && g.quiet {
			w.stream.RequestProgress(id)
		}
		g.quiet = true
	}
}
