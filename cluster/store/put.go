package store

import (
	"bytes"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/pkg/v3/traceutil"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
	"go.etcd.io/etcd/server/v3/etcdserver/txn"
	"go.etcd.io/etcd/server/v3/lease"
	"google.golang.org/protobuf/encoding/protowire"
)

// plainPut is a put without a lease and options, which is what almost all requests are.
type plainPut struct {
	op         uint64
	key, value []byte
}

// readPlainPut reads a request without copying it; false if it is anything else.
func readPlainPut(data []byte) (p plainPut, ok bool) {
	var put, header []byte
	ok = eachBytes(data, func(num protowire.Number, b []byte) bool {
		switch {
		case num == fieldPut && put == nil:
			put = b
		case num == fieldHeader && header == nil:
			header = b
		default:
			return false
		}
		return true
	})
	if !ok || put == nil || header == nil {
		return p, false
	}
	ok = eachBytes(put, func(num protowire.Number, b []byte) bool {
		switch {
		case num == fieldKey && p.key == nil:
			p.key = b
		case num == fieldValue && p.value == nil:
			p.value = b
		default:
			return false
		}
		return true
	})
	num, typ, n := protowire.ConsumeTag(header)
	if !ok || len(p.key) == 0 || n < 0 || num != fieldID || typ != protowire.VarintType {
		return p, false
	}
	p.op, n = protowire.ConsumeVarint(header[n:])
	return p, n > 0
}

// eachBytes calls f with the fields of a message; false if one is no bytes, or f does not want it.
func eachBytes(message []byte, f func(protowire.Number, []byte) bool) bool {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 || typ != protowire.BytesType {
			return false
		}
		b, size := protowire.ConsumeBytes(message[n:])
		if size < 0 || !f(num, b[:len(b):len(b)]) {
			return false
		}
		message = message[n+size:]
	}
	return true
}

// putOverhead is more than etcd's quota counts for a put beside its key and value.
const putOverhead = 4 << 10

// putsPlainly says that etcd's applier would do nothing to a plain put but write it: nobody has to be asked who may, and
// there is room.
func (s *Store) putsPlainly(p plainPut) bool {
	room := s.o.Quota < 0 || int64(putOverhead+len(p.key)+len(p.value)) < s.quota.Remaining()
	return room && !s.auth.IsAuthEnabled() && len(s.Alarms()) == 0
}

// applyPut does what etcd's applier does to a plain put, without the notes that it takes for a log of slow requests. The
// key is copied: the index keeps it, and would keep the whole entry.
func (s *Store) applyPut(p plainPut) *apply.Result {
	began := time.Now()
	var rev int64
	trace := traceutil.TODO()
	trace.StepWithFunction(func() { // in there nothing is noted
		tx := s.kv.Write(trace)
		defer tx.End()
		rev = tx.Put(bytes.Clone(p.key), p.value, lease.NoLease)
	}, "put")
	txn.ApplySecObserve("v3", "Put", true, time.Since(began))
	return &apply.Result{Resp: &pb.PutResponse{Header: &pb.ResponseHeader{Revision: rev}}}
}
