package store

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/protobuf/proto"
)

// Bounds of a request, etcd's defaults.
const (
	MaxRequestBytes = 3 << 19 // 1.5 MiB
	MaxTxnOps       = 128     // comparisons, and requests in each branch
)

// refuse is a sentence with etcd's own words behind it, by which clients recognise the error.
func refuse(etcd error, format string, args ...any) error {
	return fmt.Errorf("%s (%s)", fmt.Sprintf(format, args...), rpctypes.ErrorDesc(etcd))
}

// Encode makes the log entry of a put, del or txn; op travels in it. What etcd would refuse is refused here in a sentence.
func (s *Store) Encode(c event.Command, op uint64) ([]byte, error) {
	q := &pb.InternalRaftRequest{Header: &pb.RequestHeader{ID: op}}
	var err error
	// Partial: only these go through the log.
	//exhaustive:ignore
	switch c.Kind {
	case event.Put:
		q.Put, err = putRequest(c.Key, c.Value)
	case event.Del:
		q.DeleteRange, err = deleteRequest(c.Key, c.End, c.Prefix)
	case event.TxnDo:
		q.Txn, err = txnRequest(c.Txn)
	default:
		err = fmt.Errorf("%s is no write to the store: choose put, del or txn", c.Kind)
	}
	if err != nil {
		return nil, err
	}
	b, err := proto.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("the request cannot be encoded: %w", err)
	}
	if len(b) > MaxRequestBytes {
		return nil, refuse(rpctypes.ErrGRPCRequestTooLarge, "the request has %d bytes, at most %d are allowed", len(b), MaxRequestBytes)
	}
	return b, nil
}

func putRequest(key, value string) (*pb.PutRequest, error) {
	if key == "" {
		return nil, refuse(rpctypes.ErrGRPCEmptyKey, "a put needs a key")
	}
	return &pb.PutRequest{Key: []byte(key), Value: []byte(value)}, nil
}

func deleteRequest(key, end string, prefix bool) (*pb.DeleteRangeRequest, error) {
	k, e, err := span("del", key, end, prefix)
	return &pb.DeleteRangeRequest{Key: k, RangeEnd: e}, err
}

func rangeRequest(key, end string, prefix bool) (*pb.RangeRequest, error) {
	k, e, err := span("get", key, end, prefix)
	return &pb.RangeRequest{Key: k, RangeEnd: e}, err
}

// span gives etcd's key and range_end.
func span(what, key, end string, prefix bool) (k, e []byte, err error) {
	switch {
	case prefix && end != "":
		return nil, nil, fmt.Errorf("a %s takes either a prefix or a range_end, not both", what)
	case prefix && key == "":
		return []byte{0}, []byte{0}, nil // all keys
	case key == "":
		return nil, nil, refuse(rpctypes.ErrGRPCEmptyKey, "a %s needs a key", what)
	case prefix:
		return []byte(key), prefixEnd(key), nil
	case end != "":
		return []byte(key), []byte(end), nil
	}
	return []byte(key), nil, nil
}

// prefixEnd is the first key behind all that start with prefix; "\0" means that there is none.
func prefixEnd(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return []byte{0}
}

func txnRequest(t *event.Txn) (*pb.TxnRequest, error) {
	if t == nil {
		return nil, errors.New("a txn needs compare, success or failure")
	}
	if n := max(len(t.Compare), len(t.Success), len(t.Failure)); n > MaxTxnOps {
		return nil, refuse(rpctypes.ErrGRPCTooManyOps, "the txn has %d operations, at most %d are allowed", n, MaxTxnOps)
	}
	q := &pb.TxnRequest{}
	for i, c := range t.Compare {
		x, err := compare(c)
		if err != nil {
			return nil, fmt.Errorf("comparison %d: %w", i+1, err)
		}
		q.Compare = append(q.Compare, x)
	}
	var err error
	if q.Success, err = branch("success", t.Success); err != nil {
		return nil, err
	}
	q.Failure, err = branch("failure", t.Failure)
	return q, err
}

func branch(name string, rs []event.Request) (ops []*pb.RequestOp, err error) {
	for i, r := range rs {
		op, err := requestOp(r)
		if err != nil {
			return nil, fmt.Errorf("%s, request %d: %w", name, i+1, err)
		}
		ops = append(ops, op)
	}
	return ops, checkDuplicates(name, ops)
}

func requestOp(r event.Request) (*pb.RequestOp, error) {
	// Partial: what etcd allows inside a transaction.
	//exhaustive:ignore
	switch r.Kind {
	case event.Put:
		q, err := putRequest(r.Key, r.Value)
		return &pb.RequestOp{Request: &pb.RequestOp_RequestPut{RequestPut: q}}, err
	case event.Get:
		q, err := rangeRequest(r.Key, r.End, r.Prefix)
		return &pb.RequestOp{Request: &pb.RequestOp_RequestRange{RequestRange: q}}, err
	case event.Del:
		q, err := deleteRequest(r.Key, r.End, r.Prefix)
		return &pb.RequestOp{Request: &pb.RequestOp_RequestDeleteRange{RequestDeleteRange: q}}, err
	}
	return nil, fmt.Errorf("%s cannot stand in a txn: choose put, get or del", r.Kind)
}

// checkDuplicates refuses two puts of a key, and a put of a key that the same branch deletes: all of them would have the
// same revision.
func checkDuplicates(name string, ops []*pb.RequestOp) error {
	put := map[string]bool{}
	for _, op := range ops {
		p := op.GetRequestPut()
		if p == nil {
			continue
		}
		if put[string(p.Key)] {
			return refuse(rpctypes.ErrGRPCDuplicateKey, "%s puts %q twice", name, clip(string(p.Key)))
		}
		put[string(p.Key)] = true
	}
	for _, op := range ops {
		d := op.GetRequestDeleteRange()
		for key := range put {
			if d != nil && deletes(d, key) {
				return refuse(rpctypes.ErrGRPCDuplicateKey, "%s puts %q and deletes it", name, clip(key))
			}
		}
	}
	return nil
}

func deletes(d *pb.DeleteRangeRequest, key string) bool {
	from, end := string(d.Key), string(d.RangeEnd)
	switch end {
	case "":
		return key == from
	case "\x00":
		return key >= from
	}
	return key >= from && key < end
}

var compareResults = map[string]pb.Compare_CompareResult{"=": pb.Compare_EQUAL, "!=": pb.Compare_NOT_EQUAL, "<": pb.Compare_LESS, ">": pb.Compare_GREATER}

func compare(c event.Compare) (*pb.Compare, error) {
	if c.Key == "" {
		return nil, refuse(rpctypes.ErrGRPCEmptyKey, "it needs a key")
	}
	result, ok := compareResults[c.Result]
	if !ok {
		return nil, fmt.Errorf("%q is no comparison: choose =, !=, < or >", clip(c.Result))
	}
	q := &pb.Compare{Key: []byte(c.Key), Result: result}
	if c.Target == "value" {
		q.Target, q.TargetUnion = pb.Compare_VALUE, &pb.Compare_Value{Value: []byte(c.Value)}
		return q, nil
	}
	return q, compareNumber(q, c)
}

func compareNumber(q *pb.Compare, c event.Compare) error {
	n, err := strconv.ParseInt(c.Value, 10, 64)
	switch c.Target {
	case "version":
		q.Target, q.TargetUnion = pb.Compare_VERSION, &pb.Compare_Version{Version: n}
	case "create":
		q.Target, q.TargetUnion = pb.Compare_CREATE, &pb.Compare_CreateRevision{CreateRevision: n}
	case "mod":
		q.Target, q.TargetUnion = pb.Compare_MOD, &pb.Compare_ModRevision{ModRevision: n}
	case "lease":
		q.Target, q.TargetUnion = pb.Compare_LEASE, &pb.Compare_Lease{Lease: n}
	default:
		return fmt.Errorf("%q cannot be compared: choose value, version, create, mod or lease", clip(c.Target))
	}
	if err != nil {
		return fmt.Errorf("%s is compared with a number from 0 to %d, not with %q", c.Target, int64(math.MaxInt64), clip(c.Value))
	}
	return nil
}

// clip keeps foreign text short in sentences.
func clip(s string) string {
	const most = 40
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
