package etcdapi_test

import (
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

func put(q *pb.PutRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.kv.Put(s.ctx, q) }
}

func get(q *pb.RangeRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.kv.Range(s.ctx, q) }
}

func del(q *pb.DeleteRangeRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.kv.DeleteRange(s.ctx, q) }
}

func txn(q *pb.TxnRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.kv.Txn(s.ctx, q) }
}

func streamed(q *pb.RangeRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		r, err := s.kv.RangeStream(s.ctx, q)
		if err != nil {
			return nil, err
		}
		return drained(r.Recv)
	}
}

func compaction(q *pb.CompactionRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.kv.Compact(s.ctx, q) }
}

var (
	k   = []byte("k")
	v   = []byte("v")
	nul = []byte{0}
)

const mebibyte = 1 << 20

var keyDeeds = []deed{
	{what: "nothing yet", do: get(&pb.RangeRequest{Key: k})},
	{what: "all of nothing", do: get(&pb.RangeRequest{Key: nul, RangeEnd: nul})},
	{what: "put", do: put(&pb.PutRequest{Key: k, Value: v})},
	{what: "put with what was there", do: put(&pb.PutRequest{Key: k, Value: []byte("w"), PrevKv: true})},
	{what: "put with nothing there", do: put(&pb.PutRequest{Key: []byte("l"), PrevKv: true})},
	{what: "put without a key", do: put(&pb.PutRequest{Value: v})},
	{what: "put that ignores a value with one", do: put(&pb.PutRequest{Key: k, Value: v, IgnoreValue: true})},
	{what: "put that ignores a lease with one", do: put(&pb.PutRequest{Key: k, Lease: 1, IgnoreLease: true})},
	{what: "put that keeps the value of nothing", do: put(&pb.PutRequest{Key: []byte("x"), IgnoreValue: true})},
	{what: "put that keeps the lease of nothing", do: put(&pb.PutRequest{Key: []byte("x"), IgnoreLease: true})},
	{what: "put that keeps both", do: put(&pb.PutRequest{Key: k, IgnoreLease: true, IgnoreValue: true, PrevKv: true})},
	{what: "put with a lease that is not there", do: put(&pb.PutRequest{Key: k, Lease: 77})},
	{what: "put with a negative lease", do: put(&pb.PutRequest{Key: k, Lease: -1})},
	{what: "put that is as large as allowed", do: put(&pb.PutRequest{Key: []byte("big"), Value: make([]byte, 3*mebibyte/2-64)})},
	{what: "put of 1.5 MiB", do: put(&pb.PutRequest{Key: []byte("big"), Value: make([]byte, 3*mebibyte/2)})},
	{what: "put of 1.9 MiB", do: put(&pb.PutRequest{Key: []byte("big"), Value: make([]byte, 19*mebibyte/10)})},
	{what: "put of 2 MiB", do: put(&pb.PutRequest{Key: []byte("big"), Value: make([]byte, 2*mebibyte)})},
	{what: "put of 8 MiB", do: put(&pb.PutRequest{Key: []byte("big"), Value: make([]byte, 8*mebibyte)})},
	{what: "get without a key", do: get(&pb.RangeRequest{})},
	{what: "get in an order that is none", do: get(&pb.RangeRequest{Key: k, SortOrder: 7})},
	{what: "get by what cannot be sorted by", do: get(&pb.RangeRequest{Key: k, SortTarget: 7})},
	{what: "get of a negative order", do: get(&pb.RangeRequest{Key: k, SortOrder: -1})},
	{what: "get of the future", do: get(&pb.RangeRequest{Key: k, Revision: 99})},
	{what: "get of the future, serializable", do: get(&pb.RangeRequest{Key: k, Revision: 99, Serializable: true})},
	{what: "get of a negative revision", do: get(&pb.RangeRequest{Key: k, Revision: -1})},
	{what: "get of revision 1", do: get(&pb.RangeRequest{Key: k, Revision: 1})},
	{what: "get of revision 2", do: get(&pb.RangeRequest{Key: k, Revision: 2})},
	{what: "get with a negative limit", do: get(&pb.RangeRequest{Key: nul, RangeEnd: []byte("l"), Limit: -1, KeysOnly: true})},
	{what: "get with a limit", do: get(&pb.RangeRequest{Key: nul, RangeEnd: nul, Limit: 1, KeysOnly: true})},
	{what: "get of an end before its beginning", do: get(&pb.RangeRequest{Key: []byte("l"), RangeEnd: k})},
	{what: "get that counts", do: get(&pb.RangeRequest{Key: nul, RangeEnd: nul, CountOnly: true})},
	{what: "get by value, descending", do: get(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), SortOrder: pb.RangeRequest_DESCEND, SortTarget: pb.RangeRequest_VALUE})},
	{what: "get by version without an order", do: get(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), SortTarget: pb.RangeRequest_VERSION})},
	{what: "get between revisions", do: get(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), MinModRevision: 4, MaxCreateRevision: 3})},
	{what: "get of what is sorted and limited", do: get(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), SortOrder: pb.RangeRequest_DESCEND, Limit: 1})},
	{what: "stream", do: streamed(&pb.RangeRequest{Key: k, RangeEnd: []byte("m")})},
	{what: "stream that counts", do: streamed(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), CountOnly: true})},
	{what: "stream with a limit", do: streamed(&pb.RangeRequest{Key: k, RangeEnd: []byte("m"), Limit: 1})},
	{what: "stream without a key", do: streamed(&pb.RangeRequest{})},
	{what: "stream in an order", do: streamed(&pb.RangeRequest{Key: k, SortOrder: pb.RangeRequest_DESCEND, SortTarget: pb.RangeRequest_VALUE})},
	{what: "stream in an order that is none", do: streamed(&pb.RangeRequest{Key: k, SortOrder: 9})},
	{what: "stream between revisions", do: streamed(&pb.RangeRequest{Key: k, MinModRevision: 1})},
	{what: "stream of the future", do: streamed(&pb.RangeRequest{Key: k, Revision: 99})},
	{what: "del without a key", do: del(&pb.DeleteRangeRequest{})},
	{what: "del of nothing", do: del(&pb.DeleteRangeRequest{Key: []byte("nothing")})},
	{what: "del of an end before its beginning", do: del(&pb.DeleteRangeRequest{Key: []byte("z"), RangeEnd: []byte("a")})},
	{what: "del with what was there", do: del(&pb.DeleteRangeRequest{Key: []byte("l"), PrevKv: true})},
	{what: "del of what is large", do: del(&pb.DeleteRangeRequest{Key: []byte("big")})},
}

func ops(n int, op *pb.RequestOp) (all []*pb.RequestOp) {
	for range n {
		all = append(all, op)
	}
	return all
}

func opPut(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key), Value: v}}}
}

func opGet(q *pb.RangeRequest) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: q}}
}

func opDel(key, end string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: []byte(key), RangeEnd: []byte(end)}}}
}

func opTxn(q *pb.TxnRequest) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: q}}
}

func then(ops ...*pb.RequestOp) func(*subject) (any, error) {
	return txn(&pb.TxnRequest{Success: ops})
}

func puts(n int) (all []*pb.RequestOp) {
	for i := range n {
		all = append(all, opPut(fmt.Sprintf("many%d", i)))
	}
	return all
}

var isThere = &pb.Compare{Key: k, Target: pb.Compare_VERSION, Result: pb.Compare_GREATER, TargetUnion: &pb.Compare_Version{Version: 0}}

func compares(n int) (all []*pb.Compare) {
	for range n {
		all = append(all, isThere)
	}
	return all
}

var txnDeeds = []deed{
	{what: "empty", do: txn(&pb.TxnRequest{})},
	{what: "128 puts", do: then(puts(128)...)},
	{what: "129 puts", do: then(puts(129)...)},
	{what: "129 puts else", do: txn(&pb.TxnRequest{Failure: puts(129)})},
	{what: "128 comparisons", do: txn(&pb.TxnRequest{Compare: compares(128), Success: ops(1, opPut("t"))})},
	{what: "129 comparisons", do: txn(&pb.TxnRequest{Compare: compares(129)})},
	{what: "129 gets", do: then(ops(129, opGet(&pb.RangeRequest{Key: k}))...)},
	{what: "too many inside", do: then(append(puts(100), opTxn(&pb.TxnRequest{Success: puts(29)}))...)},
	{what: "as many inside as are left", do: then(opTxn(&pb.TxnRequest{Success: puts(127)}))},
	{what: "one more inside", do: then(opTxn(&pb.TxnRequest{Success: puts(128)}))},
	{what: "a comparison without a key", do: txn(&pb.TxnRequest{Compare: []*pb.Compare{{Result: pb.Compare_EQUAL}}})},
	{what: "a comparison with what is none", do: txn(&pb.TxnRequest{Compare: []*pb.Compare{{Key: k, Target: 99}}, Success: ops(1, opPut("t"))})},
	{what: "a comparison by what is none", do: txn(&pb.TxnRequest{Compare: []*pb.Compare{{Key: k, Result: 99}}, Success: ops(1, opPut("t"))})},
	{what: "a comparison of a value with nothing", do: txn(&pb.TxnRequest{Compare: []*pb.Compare{{Key: k, Target: pb.Compare_VALUE}}, Success: ops(1, opPut("t"))})},
	{what: "a comparison of all", do: txn(&pb.TxnRequest{Compare: []*pb.Compare{{Key: nul, RangeEnd: nul, Target: pb.Compare_VERSION, Result: pb.Compare_GREATER}}, Success: ops(1, opPut("t"))})},
	{what: "nothing to do", do: then(&pb.RequestOp{})},
	{what: "a put without a key", do: then(opPut(""))},
	{what: "a get without a key", do: then(opGet(&pb.RangeRequest{}))},
	{what: "a del without a key", do: then(opDel("", ""))},
	{what: "a get in an order that is none", do: then(opGet(&pb.RangeRequest{Key: k, SortOrder: 9}))},
	{what: "two puts of a key", do: then(opPut("a"), opPut("a"))},
	{what: "a put in a range that is deleted", do: then(opPut("b"), opDel("a", "c"))},
	{what: "a put beside a range that is deleted", do: then(opPut("c"), opDel("a", "c"))},
	{what: "a put in all that is deleted", do: then(opPut("b"), opDel("\x00", "\x00"))},
	{what: "two branches inside with one key", do: then(opTxn(&pb.TxnRequest{Success: ops(1, opPut("a")), Failure: ops(1, opPut("a"))}))},
	{what: "one inside and one beside", do: then(opTxn(&pb.TxnRequest{Success: ops(1, opPut("a"))}), opPut("a"))},
	{what: "one in each of two inside", do: then(opTxn(&pb.TxnRequest{Success: ops(1, opPut("a"))}), opTxn(&pb.TxnRequest{Success: ops(1, opPut("a"))}))},
	{what: "deleted inside and put beside", do: then(opTxn(&pb.TxnRequest{Success: ops(1, opDel("a", ""))}), opPut("a"))},
	{what: "put inside and deleted beside", do: then(opTxn(&pb.TxnRequest{Failure: ops(1, opPut("a"))}), opDel("a", "b"))},
	{what: "a get of the future among writes", do: then(opPut("a"), opGet(&pb.RangeRequest{Key: k, Revision: 999}))},
	{what: "a get of the future alone", do: then(opGet(&pb.RangeRequest{Key: k, Revision: 999}))},
	{what: "a put with a lease that is not there", do: then(&pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: k, Lease: 77}}})},
	{what: "a put that keeps the value of nothing", do: then(&pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte("x"), IgnoreValue: true}}})},
	{what: "reads and writes in order", do: then(opGet(&pb.RangeRequest{Key: []byte("t")}), opPut("t"), opGet(&pb.RangeRequest{Key: []byte("t")}), opDel("many", "manz"))},
	{what: "1.6 MiB in two puts", do: then(bigPut("a"), bigPut("b"))},
	{what: "a get of all", do: get(&pb.RangeRequest{Key: nul, RangeEnd: nul})},
}

func bigPut(key string) *pb.RequestOp {
	return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: &pb.PutRequest{Key: []byte(key), Value: make([]byte, 8*mebibyte/10)}}}
}

var compactDeeds = []deed{
	{what: "of the future", do: compaction(&pb.CompactionRequest{Revision: 999})},
	{what: "of a negative revision", do: compaction(&pb.CompactionRequest{Revision: -1})},
	{what: "of nothing", do: compaction(&pb.CompactionRequest{})},
	{what: "to 3", do: compaction(&pb.CompactionRequest{Revision: 3, Physical: true})},
	{what: "to 3 again", do: compaction(&pb.CompactionRequest{Revision: 3})},
	{what: "to 2 behind it", do: compaction(&pb.CompactionRequest{Revision: 2})},
	{what: "get of what is gone", do: get(&pb.RangeRequest{Key: k, Revision: 2})},
	{what: "get of the last that is there", do: get(&pb.RangeRequest{Key: k, Revision: 3})},
	{what: "stream of what is gone", do: streamed(&pb.RangeRequest{Key: k, Revision: 2})},
	{what: "a txn that reads what is gone", do: then(opGet(&pb.RangeRequest{Key: k, Revision: 2}))},
	{what: "a txn that writes, and reads what is gone", do: then(opPut("t"), opGet(&pb.RangeRequest{Key: k, Revision: 2}))},
	{what: "hash of what is gone", do: func(s *subject) (any, error) {
		return s.care.HashKV(s.ctx, &pb.HashKVRequest{Revision: 2})
	}},
	{what: "hash of the future", do: func(s *subject) (any, error) {
		return s.care.HashKV(s.ctx, &pb.HashKVRequest{Revision: 999})
	}},
	{what: "hash of a negative revision", do: func(s *subject) (any, error) {
		return s.care.HashKV(s.ctx, &pb.HashKVRequest{Revision: -1})
	}},
	{what: "hash of all", do: func(s *subject) (any, error) { return s.care.HashKV(s.ctx, &pb.HashKVRequest{}) }},
}
