package store

import (
	"context"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/pkg/v3/traceutil"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
)

// NewWatchStream is etcd's own: watchers that share one channel of changes, in order of revisions, from any revision that
// was not compacted. Close it before the store.
func (s *Store) NewWatchStream() mvcc.WatchStream { return s.kv.NewWatchStream() }

// Before is a key as it was before the change e; nil if it was not there, or that revision was compacted.
func (s *Store) Before(e *mvccpb.Event) *mvccpb.KeyValue {
	if e.Type == mvccpb.Event_PUT && e.Kv.CreateRevision == e.Kv.ModRevision {
		return nil
	}
	tx := s.kv.Read(mvcc.SharedBufReadTxMode, traceutil.TODO())
	defer tx.End()
	r, err := tx.Range(context.Background(), e.Kv.Key, nil, mvcc.RangeOptions{Rev: e.Kv.ModRevision - 1})
	if err != nil || len(r.KVs) == 0 {
		return nil
	}
	return r.KVs[0]
}
