package conform

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Answer is what a request gave, written out, without the term: how many elections there were is chance.
func Answer(r interface {
	proto.Message
	GetHeader() *pb.ResponseHeader
}, err error) string {
	if err != nil {
		return fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
	}
	r.GetHeader().RaftTerm = 0
	b, err := protojson.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return tight(string(b))
}

// tight is JSON without blanks: protobuf puts some by chance, so that nobody counts on them.
func tight(s string) string {
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(s)); err != nil {
		return s
	}
	return out.String()
}

// History is all that a watch from the first revision to this one tells, with what was there before.
func History(ctx context.Context, c *clientv3.Client, to int64) (string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var s strings.Builder
	for r := range c.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(1), clientv3.WithPrevKV()) {
		if err := r.Err(); err != nil {
			return s.String(), err
		}
		for _, e := range r.Events {
			fmt.Fprintf(&s, "%v %v, was %v\n", e.Type, row(e.Kv), row(e.PrevKv))
			if e.Kv.ModRevision == to {
				return s.String(), nil
			}
		}
	}
	return s.String(), ctx.Err()
}

func row(kv *mvccpb.KeyValue) string {
	if kv == nil {
		return "nothing"
	}
	return fmt.Sprintf("%s=%s created at %d, modified at %d, version %d, lease %x", kv.Key, kv.Value, kv.CreateRevision, kv.ModRevision, kv.Version, kv.Lease)
}
