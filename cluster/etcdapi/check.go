package etcdapi

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/pkg/v3/adt"
)

func checkRange(q *pb.RangeRequest) error {
	_, order := pb.RangeRequest_SortOrder_name[int32(q.SortOrder)]
	_, target := pb.RangeRequest_SortTarget_name[int32(q.SortTarget)]
	switch {
	case len(q.Key) == 0:
		return rpctypes.ErrGRPCEmptyKey
	case !order || !target:
		return rpctypes.ErrGRPCInvalidSortOption
	}
	return nil
}

func checkPut(q *pb.PutRequest) error {
	switch {
	case len(q.Key) == 0:
		return rpctypes.ErrGRPCEmptyKey
	case q.IgnoreValue && len(q.Value) != 0:
		return rpctypes.ErrGRPCValueProvided
	case q.IgnoreLease && q.Lease != 0:
		return rpctypes.ErrGRPCLeaseProvided
	}
	return nil
}

func checkDelete(q *pb.DeleteRangeRequest) error {
	if len(q.Key) == 0 {
		return rpctypes.ErrGRPCEmptyKey
	}
	return nil
}

// checkTxn refuses what has too many operations, one that is wrong by itself, or two that write the same key.
func checkTxn(q *pb.TxnRequest, most int) error {
	if err := checkOps(q, most); err != nil {
		return err
	}
	for _, branch := range [][]*pb.RequestOp{q.Success, q.Failure} {
		if _, err := writesOf(branch); err != nil {
			return err
		}
	}
	return nil
}

// checkOps checks one operation after the other. A transaction inside may have as many as its parent left over.
func checkOps(q *pb.TxnRequest, most int) error {
	n := max(len(q.Compare), len(q.Success), len(q.Failure))
	if n > most {
		return rpctypes.ErrGRPCTooManyOps
	}
	for _, c := range q.Compare {
		if len(c.Key) == 0 {
			return rpctypes.ErrGRPCEmptyKey
		}
	}
	for _, branch := range [][]*pb.RequestOp{q.Success, q.Failure} {
		for _, op := range branch {
			if err := checkOp(op, most-n); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkOp(op *pb.RequestOp, most int) error {
	switch u := op.GetRequest().(type) {
	case *pb.RequestOp_RequestRange:
		return checkRange(u.RequestRange)
	case *pb.RequestOp_RequestPut:
		return checkPut(u.RequestPut)
	case *pb.RequestOp_RequestDeleteRange:
		return checkDelete(u.RequestDeleteRange)
	case *pb.RequestOp_RequestTxn:
		return checkOps(u.RequestTxn, most)
	}
	return rpctypes.ErrGRPCKeyNotFound
}

// writes are the keys that operations put, and the ranges that they delete.
type writes struct {
	puts map[string]bool
	dels adt.IntervalTree
}

// writesOf collects what operations write, those of transactions inside included. Two puts of a key are refused unless
// they stand in different branches of one transaction, and so is a put of a key that an operation beside it deletes: all of
// one transaction have the same revision.
func writesOf(ops []*pb.RequestOp) (w writes, err error) {
	w = writes{puts: map[string]bool{}, dels: adt.NewIntervalTree()}
	for _, op := range ops {
		if d := op.GetRequestDeleteRange(); d != nil {
			w.dels.Insert(interval(d), struct{}{})
		}
	}
	for _, op := range ops {
		if t := op.GetRequestTxn(); t != nil {
			if err := w.addTxn(t); err != nil {
				return w, err
			}
		}
	}
	for _, op := range ops {
		if p := op.GetRequestPut(); p != nil {
			if err := w.put(string(p.Key)); err != nil {
				return w, err
			}
		}
	}
	return w, nil
}

func (w *writes) addTxn(t *pb.TxnRequest) error {
	then, err := writesOf(t.Success)
	if err != nil {
		return err
	}
	otherwise, err := writesOf(t.Failure)
	if err != nil {
		return err
	}
	for key := range then.puts {
		if err := w.put(key); err != nil {
			return err
		}
	}
	for key := range otherwise.puts {
		if then.puts[key] {
			continue // only one of them happens
		}
		if err := w.put(key); err != nil {
			return err
		}
	}
	all := adt.NewStringAffineInterval("\x00", "")
	w.dels.Union(then.dels, all)
	w.dels.Union(otherwise.dels, all)
	return nil
}

func (w *writes) put(key string) error {
	if w.puts[key] || w.dels.Intersects(adt.NewStringAffinePoint(key)) {
		return rpctypes.ErrGRPCDuplicateKey
	}
	w.puts[key] = true
	return nil
}

func interval(d *pb.DeleteRangeRequest) adt.Interval {
	if len(d.RangeEnd) == 0 {
		return adt.NewStringAffinePoint(string(d.Key))
	}
	return adt.NewStringAffineInterval(string(d.Key), string(d.RangeEnd))
}
