package etcdapi

import (
	"bytes"
	"context"
	"math"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/txn"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// kv is etcd's service KV.
type kv struct {
	pb.UnsafeKVServer
	m     Member
	most  limits
	alone bool // nobody records what is asked
}

// told is the command as which a request is told, in words that nobody makes where nobody hears them.
func told[Q any](alone bool, words func(Q) event.Command, q Q) event.Command {
	if alone {
		return untold
	}
	return words(q)
}

func (s *kv) Range(ctx context.Context, q *pb.RangeRequest) (*pb.RangeResponse, error) {
	if err := checkRange(q); err != nil {
		return nil, err
	}
	return askAny(ctx, s.m, told(s.alone, getCommand, q), q.Serializable, func(n *node.Node, c *node.Call) (*pb.RangeResponse, error) {
		r, err := n.Range(c, q)
		if err == nil {
			n.Head(r.Header)
			if !s.alone && len(q.RangeEnd) == 0 {
				c.Told.KVs, c.Seen = seen(r), true
			}
		}
		return r, err
	})
}

// seen is what a read of a key found, for the record.
func seen(r *pb.RangeResponse) (kvs []event.KeyValue) {
	for _, kv := range r.Kvs {
		kvs = append(kvs, event.KeyValue{Key: string(kv.Key), Value: string(kv.Value), Version: kv.Version, Lease: kv.Lease})
	}
	return kvs
}

// answers are what the requests of a transaction were answered, for the record.
func answers(r *pb.TxnResponse) (told []event.Response) {
	for _, one := range r.Responses {
		switch a := one.Response.(type) {
		case *pb.ResponseOp_ResponseRange:
			told = append(told, event.Response{Kind: event.Get, KVs: seen(a.ResponseRange)})
		case *pb.ResponseOp_ResponseDeleteRange:
			told = append(told, event.Response{Kind: event.Del, Deleted: a.ResponseDeleteRange.Deleted})
		default:
			told = append(told, event.Response{Kind: event.Put})
		}
	}
	return told
}

func (s *kv) Put(ctx context.Context, q *pb.PutRequest) (*pb.PutResponse, error) {
	if err := checkPut(q); err != nil {
		return nil, err
	}
	return ask(ctx, s.m, told(s.alone, putCommand, q), func(n *node.Node, c *node.Call) (*pb.PutResponse, error) {
		if err := s.afford(n, c, q); err != nil {
			return nil, err
		}
		r, err := n.Put(c, q)
		if err == nil {
			n.Head(r.Header)
			c.Seen = true
		}
		return r, err
	})
}

func (s *kv) DeleteRange(ctx context.Context, q *pb.DeleteRangeRequest) (*pb.DeleteRangeResponse, error) {
	if err := checkDelete(q); err != nil {
		return nil, err
	}
	return ask(ctx, s.m, told(s.alone, delCommand, q), func(n *node.Node, c *node.Call) (*pb.DeleteRangeResponse, error) {
		r, err := n.DeleteRange(c, q)
		if err == nil {
			n.Head(r.Header)
			c.Told.Deleted, c.Seen = r.Deleted, true
		}
		return r, err
	})
}

func (s *kv) Txn(ctx context.Context, q *pb.TxnRequest) (*pb.TxnResponse, error) {
	if err := checkTxn(q, s.most.ops); err != nil {
		return nil, err
	}
	return ask(ctx, s.m, told(s.alone, txnCommand, q), func(n *node.Node, c *node.Call) (*pb.TxnResponse, error) {
		if err := s.afford(n, c, q); err != nil {
			return nil, err
		}
		r, err := n.Txn(c, q)
		if err == nil {
			n.Head(r.Header)
			if !s.alone && len(q.Success)+len(q.Failure) <= 2*toldRequests {
				c.Told.Succeeded, c.Told.Responses, c.Seen = r.Succeeded, answers(r), true
			}
		}
		return r, err
	})
}

func (s *kv) afford(n *node.Node, c *node.Call, q any) error { return afford(s.m, n, c, q) }

func (s *kv) Compact(ctx context.Context, q *pb.CompactionRequest) (*pb.CompactionResponse, error) {
	return ask(ctx, s.m, told(s.alone, compactCommand, q), func(n *node.Node, c *node.Call) (*pb.CompactionResponse, error) {
		r, err := n.Compact(c, q)
		if err == nil {
			n.Head(r.Header)
		}
		return r, err
	})
}

// The chunks of a streamed range: the first has few keys; then they grow until each is about as large as a request may be.
const firstChunk = 10

// RangeStream gives a range in chunks, all of one revision. The last one has the header, and how many keys there are.
func (s *kv) RangeStream(q *pb.RangeRequest, to pb.KV_RangeStreamServer) error {
	if err := checkRange(q); err != nil {
		return err
	}
	switch {
	case !txn.IsDefaultOrdering(q.SortTarget, q.SortOrder):
		return status.Error(codes.Unimplemented, "RangeStream does not support custom sort orders")
	case txn.HasRevisionFilters(q):
		return status.Error(codes.Unimplemented, "RangeStream does not support revision filters")
	}
	w := rangeWalk{kv: s, ctx: to.Context(), q: proto.CloneOf(q), c: told(s.alone, getCommand, q), left: q.Limit}
	w.c.Vague = true // what the first chunk holds is not told
	if q.Limit == 0 {
		w.left = math.MaxInt64
	}
	w.q.Limit = min(firstChunk, w.left)
	for {
		r, last, err := w.next()
		if err == nil {
			err = to.Send(&pb.RangeStreamResponse{RangeResponse: r})
		}
		if err != nil || last {
			return err
		}
	}
}

// rangeWalk is a range being streamed.
type rangeWalk struct {
	kv       *kv
	ctx      context.Context
	q        *pb.RangeRequest // the next chunk
	c        event.Command    // as which it is told: once
	revision int64            // of the first answer's header
	sent     int64
	left     int64 // keys that may still be sent
}

// next reads a chunk. The first read is as fresh as the client wants it; the others are at its revision, so this node has it.
func (w *rangeWalk) next() (r *pb.RangeResponse, last bool, err error) {
	type chunk struct {
		r      *pb.RangeResponse
		behind int64 // keys behind the last chunk
	}
	got, err := ask(w.ctx, w.kv.m, w.c, func(n *node.Node, c *node.Call) (chunk, error) {
		r, err := n.Range(c, w.q)
		if err != nil || w.q.CountOnly || !r.More || int64(len(r.Kvs)) < w.left {
			if err == nil {
				n.Head(r.Header)
			}
			return chunk{r: r}, err
		}
		n.Head(r.Header)
		rest := &pb.RangeRequest{Key: after(r), RangeEnd: w.q.RangeEnd, Revision: max(w.q.Revision, w.revision)}
		if rest.Revision == 0 {
			rest.Revision = r.Header.Revision
		}
		behind, err := n.Count(c, rest)
		return chunk{r, behind}, err
	})
	if err != nil {
		return nil, false, err
	}
	r = got.r
	if w.revision == 0 {
		w.revision = r.Header.Revision
	}
	w.sent, w.left = w.sent+int64(len(r.Kvs)), w.left-int64(len(r.Kvs))
	if w.q.CountOnly {
		return &pb.RangeResponse{Header: r.Header, Count: r.Count}, true, nil
	}
	out := &pb.RangeResponse{Kvs: r.Kvs}
	if !r.More || w.left == 0 {
		out.Header, out.More, out.Count = r.Header, r.More, w.sent+got.behind
		out.Header.Revision = w.revision
		return out, true, nil
	}
	w.advance(r)
	return out, false, nil
}

// advance asks for what comes behind r, in chunks of a good size.
func (w *rangeWalk) advance(r *pb.RangeResponse) {
	switch size := proto.Size(r); {
	case size < w.kv.most.bytes/2:
		w.q.Limit *= 2
	case size > w.kv.most.bytes*2:
		w.q.Limit /= 2
	}
	w.q.Limit = min(max(w.q.Limit, 1), w.left)
	w.q.Key = after(r)
	if w.q.Revision == 0 {
		w.q.Revision = w.revision
	}
	w.q.Serializable, w.c = true, untold
}

// after is the first key behind those of r.
func after(r *pb.RangeResponse) []byte { return append(bytes.Clone(r.Kvs[len(r.Kvs)-1].Key), 0) }
