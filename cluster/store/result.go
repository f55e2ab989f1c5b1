package store

import (
	"errors"

	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
)

// Result puts what Apply returned into a command's result: the outcome (ok, or failed with a sentence) and what the
// request asked for.
func (s *Store) Result(response any, to *event.Result) {
	to.Outcome = event.OK
	switch r := response.(type) {
	case error:
		to.Outcome, to.Error = event.Failed, r.Error()
	case *apply.Result:
		if r.Err != nil {
			to.Outcome, to.Error = event.Failed, sentence(r.Err)
			return
		}
		fill(r.Resp, to)
	}
}

// sentence says what to do about etcd's errors, with its own words behind it.
func sentence(err error) string {
	switch {
	case errors.Is(err, etcderrors.ErrNoSpace):
		return refuse(err, "the store is full: delete keys and compact, then disarm the alarm").Error()
	case errors.Is(err, mvcc.ErrCompacted):
		return refuse(rpctypes.ErrGRPCCompacted, "the revision was compacted away, so it cannot be read any more").Error()
	case errors.Is(err, mvcc.ErrFutureRev):
		return refuse(rpctypes.ErrGRPCFutureRev, "the store has not reached that revision yet").Error()
	case errors.Is(err, lease.ErrLeaseNotFound):
		return refuse(rpctypes.ErrGRPCLeaseNotFound, "there is no such lease, it may have expired").Error()
	}
	return "the store refused it (" + err.Error() + ")"
}

func fill(response any, to *event.Result) {
	switch r := response.(type) {
	case *pb.PutResponse:
		to.Revision = r.Header.GetRevision()
	case *pb.DeleteRangeResponse:
		to.Revision, to.Deleted = r.Header.GetRevision(), r.Deleted
	case *pb.TxnResponse:
		to.Revision, to.Succeeded = r.Header.GetRevision(), r.Succeeded
		for _, op := range r.Responses {
			to.Responses = append(to.Responses, responseOf(op))
		}
	case *pb.RangeResponse:
		to.Revision, to.KVs, to.Count, to.More = r.Header.GetRevision(), keyValues(r.Kvs), r.Count, r.More
	}
}

func responseOf(op *pb.ResponseOp) event.Response {
	if r := op.GetResponseRange(); r != nil {
		return event.Response{Kind: event.Get, KVs: keyValues(r.Kvs), Count: r.Count}
	}
	if r := op.GetResponseDeleteRange(); r != nil {
		return event.Response{Kind: event.Del, Deleted: r.Deleted}
	}
	return event.Response{Kind: event.Put}
}

func keyValues(kvs []*mvccpb.KeyValue) (out []event.KeyValue) {
	for _, kv := range kvs {
		out = append(out, event.KeyValue{Key: string(kv.Key), Value: string(kv.Value), Create: kv.CreateRevision,
			Mod: kv.ModRevision, Version: kv.Version, Lease: kv.Lease})
	}
	return out
}
