package conform

import (
	"fmt"
	"math/rand/v2"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// Comparisons are all targets with all results, beside, at and above what is there.
func Comparisons() (all []*pb.Compare) {
	results := []pb.Compare_CompareResult{pb.Compare_EQUAL, pb.Compare_GREATER, pb.Compare_LESS, pb.Compare_NOT_EQUAL}
	for _, at := range [][2]string{{"a", ""}, {"none", ""}, {"a", "c"}, {"a", "\x00"}, {"x", "z"}, {"", ""}, {"c", "a"}} {
		for _, result := range results {
			for n := range int64(5) {
				for _, c := range []*pb.Compare{
					{Target: pb.Compare_VERSION, TargetUnion: &pb.Compare_Version{Version: n}},
					{Target: pb.Compare_CREATE, TargetUnion: &pb.Compare_CreateRevision{CreateRevision: n}},
					{Target: pb.Compare_MOD, TargetUnion: &pb.Compare_ModRevision{ModRevision: n}},
					{Target: pb.Compare_VALUE, TargetUnion: &pb.Compare_Value{Value: fmt.Append(nil, n)}},
					{Target: pb.Compare_LEASE, TargetUnion: &pb.Compare_Lease{Lease: n}},
				} {
					c.Key, c.Result = []byte(at[0]), result
					if at[1] != "" {
						c.RangeEnd = []byte(at[1])
					}
					all = append(all, c)
				}
			}
		}
	}
	return append(all, &pb.Compare{Key: []byte("a")}, &pb.Compare{Key: []byte("a"), Target: pb.Compare_VALUE}, &pb.Compare{Key: []byte("a"), Target: 9}, &pb.Compare{Key: []byte("a"), Result: 9},
		&pb.Compare{Key: []byte("a"), Target: pb.Compare_MOD, TargetUnion: &pb.Compare_Version{Version: 1}})
}

// Lottery makes transactions of all kinds, allowed and not.
type Lottery struct{ *rand.Rand }

// NewLottery makes the same ones for the same seed.
func NewLottery(seed uint64) Lottery { return Lottery{rand.New(rand.NewPCG(seed, 0))} }

func (l Lottery) key() []byte {
	return []byte([]string{"a", "a", "b", "b", "c", "ab", "none", ""}[l.IntN(8)])
}

func (l Lottery) end() []byte {
	return []byte([]string{"", "", "", "b", "z", "\x00", "a"}[l.IntN(7)])
}

func (l Lottery) op(depth int) *pb.RequestOp {
	switch n := l.IntN(10); {
	case n < 3:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: l.put()}}
	case n < 5:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: &pb.DeleteRangeRequest{Key: l.key(), RangeEnd: l.end(), PrevKv: l.IntN(2) == 0}}}
	case n < 8 || depth == 0:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: l.key(), RangeEnd: l.end(), Limit: int64(l.IntN(3)), Revision: int64(max(0, l.IntN(40)-30)),
			SortOrder: pb.RangeRequest_SortOrder(l.IntN(3)), SortTarget: pb.RangeRequest_SortTarget(l.IntN(5)), KeysOnly: l.IntN(4) == 0, CountOnly: l.IntN(4) == 0, Serializable: l.IntN(2) == 0,
			MinModRevision: int64(max(0, l.IntN(30)-20)), MaxCreateRevision: int64(max(0, l.IntN(60)-20))}}}
	case n == 8:
		return &pb.RequestOp{Request: &pb.RequestOp_RequestTxn{RequestTxn: l.Txn(depth - 1)}}
	}
	return &pb.RequestOp{}
}

func (l Lottery) put() *pb.PutRequest {
	q := &pb.PutRequest{Key: l.key(), Value: fmt.Append(nil, l.IntN(5)), PrevKv: l.IntN(2) == 0}
	switch l.IntN(12) {
	case 0:
		q.Value, q.IgnoreValue = nil, true
	case 1:
		q.IgnoreLease = true
	case 2, 3:
		q.Lease = 77
	case 4:
		q.Lease, q.IgnoreLease = 78, l.IntN(2) == 0
	case 5:
		q.IgnoreValue = true
	}
	return q
}

// Txn is a transaction with others inside, so deep.
func (l Lottery) Txn(depth int) *pb.TxnRequest {
	all, q := Comparisons(), &pb.TxnRequest{}
	for range l.IntN(2) {
		q.Compare = append(q.Compare, all[l.IntN(len(all))])
	}
	for range l.IntN(4) {
		q.Success = append(q.Success, l.op(depth))
	}
	for range l.IntN(3) {
		q.Failure = append(q.Failure, l.op(depth))
	}
	return q
}
