package store

import (
	"context"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/pkg/v3/traceutil"
	"go.etcd.io/etcd/server/v3/auth"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/etcdserver/txn"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
)

// Range does a range of etcd's API on what this node has applied. The errors are etcd's.
func (s *Store) Range(user Credentials, q *pb.RangeRequest) (r *pb.RangeResponse, err error) {
	may := func(who *auth.AuthInfo) error { return s.auth.IsRangePermitted(who, q.Key, q.RangeEnd) }
	err = s.readable(user, may, func() (err error) {
		ctx, trace := traceutil.EnsureTrace(context.Background(), s.log, "range")
		trace.StepWithFunction(func() { // in there no notes are taken for a log of slow requests
			r, _, err = txn.Range(ctx, s.log, s.reads(q), q, true)
		}, "range")
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// reads is what a range is read from. The buffer of what was written since the last commit is copied, so that a long read
// is not in the way of writes; for one key that would take longer than the read.
func (s *Store) reads(q *pb.RangeRequest) mvcc.KV {
	if len(q.RangeEnd) == 0 {
		return sharing{s.kv}
	}
	return s.kv
}

// sharing reads from the buffer that is written to.
type sharing struct{ mvcc.KV }

func (k sharing) Read(_ mvcc.ReadTxMode, trace *traceutil.Trace) mvcc.TxnRead {
	return k.KV.Read(mvcc.SharedBufReadTxMode, trace)
}

// Count is how many keys a range holds.
func (s *Store) Count(user Credentials, q *pb.RangeRequest) (n int64, err error) {
	may := func(who *auth.AuthInfo) error { return s.auth.IsRangePermitted(who, q.Key, q.RangeEnd) }
	err = s.readable(user, may, func() (err error) {
		n, err = txn.Count(context.Background(), s.log, s.kv, q.Key, q.RangeEnd, q.Revision)
		return err
	})
	return n, err
}

// ReadOnly says whether a transaction writes nothing, so that it need not go through the log, and whether it is content
// with what this node has.
func ReadOnly(q *pb.TxnRequest) (readOnly, serializable bool) {
	return txn.IsTxnReadonly(q), txn.IsTxnSerializable(q)
}

// ReadTxn does a transaction that writes nothing on what this node has applied.
func (s *Store) ReadTxn(user Credentials, q *pb.TxnRequest) (r *pb.TxnResponse, err error) {
	err = s.readable(user, s.mayTxn(q), func() (err error) {
		r, _, err = txn.Txn(context.Background(), s.log, q, false, s.kv, s.lessor, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// readable is permitted for a store that has not failed.
func (s *Store) readable(user Credentials, may func(*auth.AuthInfo) error, read func() error) error {
	if s.failed.Load() {
		return etcderrors.ErrStopped
	}
	return s.permitted(user, may, read)
}
