package server

import (
	"context"
	"errors"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of what a member that may be watched remembers of itself.
const (
	historyBytes = 8 << 20
	flushEvery   = time.Second / 60 // viewers get frames so often
)

// recorder keeps what this member tells of itself, for viewers.
type recorder struct {
	journal *journal.Journal
	began   time.Time
}

func newRecorder(self event.NodeID) *recorder {
	now := time.Now()
	r := &recorder{journal.New(journal.Options{HistoryBytes: historyBytes, Epoch: uint64(now.UnixMicro())}), now}
	r.tap(event.Event{Kind: event.MachineAdded, Node: self})
	r.tap(event.Event{Kind: event.RateSet, Factor: event.One})
	return r
}

func (r *recorder) now() event.Micros { return event.Micros(time.Since(r.began).Microseconds()) }

func (r *recorder) tap(e event.Event) {
	e.At = r.now()
	r.journal.Append(e)
}

// run closes a frame so often as viewers are to get one.
func (r *recorder) run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.journal.Flush(r.now())
		case <-ctx.Done():
			r.journal.Close()
			return
		}
	}
}

// Watched is a member as viewers see it: what it tells of itself, and nothing of what only others know.
type Watched struct{ s *Server }

// ErrNotWatched says that the configuration did not ask for it.
var ErrNotWatched = errors.New("this member does not record what it does")

// Watched gives the member's record, if Config.Record was set.
func (s *Server) Watched() (Watched, error) {
	if s.recorder == nil {
		return Watched{}, ErrNotWatched
	}
	return Watched{s}, nil
}

// Journal is the record.
func (w Watched) Journal() *journal.Journal { return w.s.recorder.journal }

// State is what the record adds up to.
func (w Watched) State() view.State { return w.s.recorder.journal.State() }

// Do refuses: who watches a process commands nothing.
func (w Watched) Do(_ context.Context, c event.Command) event.Result {
	return event.Result{Kind: c.Kind, Outcome: event.Failed, Node: w.s.id.Node,
		Error: "this member is only watched here; use etcdctl to work with it, and the system's own means to break it"}
}

// Close leaves the member running.
func (w Watched) Close() error { return nil }
