package web

import (
	"context"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Cluster is the room behind the server; *cluster.Room is one. One that is prepared anew, for a lesson, has another journal
// from then on, of a larger epoch, and its old journal has ended.
type Cluster interface {
	Do(context.Context, event.Command) event.Result
	Journal() *journal.Journal
	State() view.State
	Close() error
}

// successor waits for the journal that follows one which has ended. ErrClosed says that none comes.
func (s *Server) successor(ctx context.Context, ended *journal.Journal) (*journal.Journal, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, stageWait, journal.ErrClosed)
	defer cancel()
	tick := time.NewTicker(stageLook)
	defer tick.Stop()
	for {
		if j := s.cluster.Journal(); j != ended {
			return j, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
