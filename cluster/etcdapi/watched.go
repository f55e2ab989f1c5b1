package etcdapi

import (
	"errors"
	"sync"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Teller is a Member that tells of what goes on for long: a watch that is open.
type Teller interface {
	// Tell says that c has begun, and gives what says that it has ended: with nil, as its client wanted. An error refuses it.
	Tell(c event.Command) (end func(error), err error)
}

// toldWatches bounds the watches of one stream that are told.
const toldWatches = 8

// watched is a stream of watches that tells of those that it opens and closes.
type watched struct {
	pb.Watch_WatchServer
	to Teller

	mu    sync.Mutex
	told  int
	asked []func(error) // of watches that are not open yet, in order; nil for one that is not told
	open  map[int64]func(error)
	ended bool
}

// tell has a stream's watches told, if the member tells; done says that the stream has ended.
func tell(m Member, stream pb.Watch_WatchServer) (_ pb.Watch_WatchServer, done func(error)) {
	t, ok := m.(Teller)
	if !ok {
		return stream, func(error) {}
	}
	w := &watched{Watch_WatchServer: stream, to: t, open: map[int64]func(error){}}
	return w, w.end
}

func (w *watched) Recv() (*pb.WatchRequest, error) {
	q, err := w.Watch_WatchServer.Recv()
	if c := q.GetCreateRequest(); err == nil && c != nil {
		err = w.ask(c)
	}
	return q, err
}

func (w *watched) ask(q *pb.WatchCreateRequest) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended || w.told == toldWatches {
		w.asked = append(w.asked, nil)
		return nil
	}
	end, err := w.to.Tell(watchCommand(q))
	if err != nil {
		return grpcError(err)
	}
	w.told++
	w.asked = append(w.asked, end)
	return nil
}

func (w *watched) Send(r *pb.WatchResponse) error {
	w.heed(r)
	return w.Watch_WatchServer.Send(r)
}

// heed takes note of an answer: to the oldest request, or that a watch has ended.
func (w *watched) heed(r *pb.WatchResponse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.Created && len(w.asked) > 0 {
		if end := w.asked[0]; end != nil {
			w.open[r.WatchId] = end
		}
		w.asked = w.asked[1:]
	}
	if end := w.open[r.WatchId]; r.Canceled && end != nil {
		delete(w.open, r.WatchId)
		w.told--
		var err error
		if r.CancelReason != "" {
			err = errors.New(r.CancelReason)
		}
		end(err)
	}
}

// end ends all that is open.
func (w *watched) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for _, end := range w.asked {
		if end != nil {
			end(err)
		}
	}
	for _, end := range w.open {
		end(err)
	}
	w.asked, w.open = nil, nil
}
