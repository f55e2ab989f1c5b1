package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/quorumlab/quorumlab/cluster/event"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/etcdserver/txn"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
)

// Read does a get on what this node has applied: key, range or prefix, at a revision, up to a limit. The error is a
// sentence for the asker.
func (s *Store) Read(c event.Command, to *event.Result) error {
	if c.Kind != event.Get {
		return fmt.Errorf("%s is no read", c.Kind)
	}
	q, err := rangeRequest(c.Key, c.End, c.Prefix)
	if err != nil {
		return err
	}
	if c.Rev < 0 || c.Limit < 0 {
		return errors.New("revision and limit of a get cannot be negative; leave them out for the newest and for all")
	}
	if s.failed.Load() {
		return fmt.Errorf("the store of %s has failed and cannot be read", s.o.Node)
	}
	q.Revision, q.Limit = c.Rev, c.Limit
	r, _, err := txn.Range(context.Background(), s.log, s.reads(q), q, true)
	switch {
	case errors.Is(err, mvcc.ErrCompacted):
		return refuse(rpctypes.ErrGRPCCompacted, "revision %d was compacted away, so it cannot be read any more", c.Rev)
	case errors.Is(err, mvcc.ErrFutureRev):
		return refuse(rpctypes.ErrGRPCFutureRev, "%s has not reached revision %d yet, it is at %d", s.o.Node, c.Rev, s.Revision())
	case err != nil:
		return fmt.Errorf("the store of %s cannot be read: %w", s.o.Node, err)
	}
	fill(r, to)
	return nil
}
