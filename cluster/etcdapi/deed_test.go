package etcdapi_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// deed is something that is done to all subjects in the same state. They must answer the same: an error's code and text,
// or the response with all of it but who answered.
type deed struct {
	what string
	do   func(*subject) (any, error)
	but  map[string]string // who answers otherwise, and what: the document tells why
}

// heard is what a subject said, in words.
func heard(v any, err error) string {
	if err != nil {
		return fmt.Sprintf("%v: %s", status.Code(err), status.Convert(err).Message())
	}
	m, ok := v.(proto.Message)
	if !ok {
		return strings.ReplaceAll(fmt.Sprint(v), "  ", " ") // protobuf varies its spaces on purpose
	}
	m = proto.Clone(m)
	if r, streams := m.(*pb.RangeStreamResponse); streams {
		m = r.RangeResponse
	}
	if h, ok := m.(interface{ GetHeader() *pb.ResponseHeader }); ok && h.GetHeader() != nil {
		h.GetHeader().ClusterId, h.GetHeader().MemberId, h.GetHeader().RaftTerm = 0, 0, 0
	}
	return strings.ReplaceAll(prototext.MarshalOptions{}.Format(m), "  ", " ")
}

// same has all deeds done by all subjects, one after the other, and compares what they say with the first of them.
func same(t *testing.T, all []*subject, deeds []deed) {
	t.Helper()
	said := make([][]string, len(all))
	var done sync.WaitGroup
	for i, s := range all {
		done.Go(func() {
			for _, d := range deeds {
				said[i] = append(said[i], heard(d.do(s)))
			}
		})
	}
	done.Wait()
	for n, d := range deeds {
		want := said[0][n]
		for i, s := range all[1:] {
			got := said[i+1][n]
			expect, differs := d.but[s.kind]
			switch {
			case differs && expect == want:
				t.Errorf("%s: %s need not be excused: that is what %s says", d.what, s.kind, all[0].kind)
			case !differs && got != want, differs && got != expect:
				t.Errorf("%s: %s says\n\t%s\n%s says\n\t%s", d.what, s.kind, got, all[0].kind, want)
			}
		}
	}
}

// sent is the error of a Send. A stream that the member has ended already fails with io.EOF, and Recv says why it did.
func sent(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// drained reads a stream to its end.
func drained[T proto.Message](next func() (T, error)) (any, error) {
	var all []string
	for {
		m, err := next()
		if errors.Is(err, io.EOF) {
			return strings.Join(all, "\n"), nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, heard(m, nil))
	}
}

// What etcd answers and what it refuses, and in which words, is what a room and a process answer and refuse.
func TestSameAsEtcd(t *testing.T) {
	t.Parallel()
	all := subjects(t)
	for _, part := range []struct {
		name  string
		deeds []deed
	}{{"KV", keyDeeds}, {"Txn", txnDeeds}, {"Lease", leaseDeeds}, {"Compaction", compactDeeds}, {"Watch", watchDeeds}, {"Lock", lockDeeds}, {"Maintenance", careDeeds},
		{"NoAuth", noAuthDeeds}, {"Users", userDeeds}, {"Auth", authDeeds}, {"Cluster", memberDeeds}} {
		t.Run(part.name, func(t *testing.T) { same(t, all, part.deeds) })
	}
}
