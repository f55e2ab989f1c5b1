package web

import (
	"context"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Cluster is the room behind the server; *cluster.Room is one.
type Cluster interface {
	Do(context.Context, event.Command) event.Result
	Journal() *journal.Journal
	State() view.State
	Close() error
}
