package etcdapi_test

import (
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/metadata"
)

func create(q *pb.WatchCreateRequest) *pb.WatchRequest {
	return &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: q}}
}

func cancel(id int64) *pb.WatchRequest {
	return &pb.WatchRequest{RequestUnion: &pb.WatchRequest_CancelRequest{CancelRequest: &pb.WatchCancelRequest{WatchId: id}}}
}

func progress() *pb.WatchRequest {
	return &pb.WatchRequest{RequestUnion: &pb.WatchRequest_ProgressRequest{ProgressRequest: &pb.WatchProgressRequest{}}}
}

// talk asks in one stream, each time waiting for one response. What it waits for but the first is asked for by what comes with
// it: the number of responses to each request.
func talk(qs []*pb.WatchRequest, responses ...int) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		stream, err := s.watch.Watch(s.ctx)
		if err != nil {
			return nil, err
		}
		defer func() { _ = stream.CloseSend() }()
		var all []string
		for i, q := range qs {
			if err := sent(stream.Send(q)); err != nil {
				return nil, err
			}
			for range responses[i] {
				r, err := stream.Recv()
				if err != nil {
					return nil, err
				}
				all = append(all, heard(r, nil))
			}
		}
		return strings.Join(all, "\n"), nil
	}
}

// putWhile watches, then puts and deletes, and hears of it.
func putWhile(q *pb.WatchCreateRequest, halfClosed bool) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		stream, err := s.watch.Watch(s.ctx)
		if err == nil {
			err = sent(stream.Send(create(q)))
		}
		if err != nil {
			return nil, err
		}
		created, err := stream.Recv()
		if err == nil && halfClosed {
			err = stream.CloseSend()
		}
		if err == nil {
			_, err = s.kv.Put(s.ctx, &pb.PutRequest{Key: []byte("w"), Value: v})
		}
		if err == nil {
			_, err = s.kv.DeleteRange(s.ctx, &pb.DeleteRangeRequest{Key: []byte("w")})
		}
		all := []string{heard(created, err)}
		for events := 0; err == nil && events < 2-len(q.Filters); {
			var r *pb.WatchResponse
			r, err = stream.Recv()
			events += len(r.GetEvents())
			r.Header = nil // of one response or two
			for _, e := range r.GetEvents() {
				all = append(all, heard(e, nil))
			}
		}
		return strings.Join(all, "\n"), err
	}
}

var watchDeeds = []deed{
	{what: "a revision that is none", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, StartRevision: -1})}, 1)},
	{what: "a revision that is gone", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, StartRevision: 1})}, 2)},
	{what: "two with one id", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, WatchId: 5}), create(&pb.WatchCreateRequest{Key: k, WatchId: 5})}, 1, 1)},
	{what: "a negative id", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, WatchId: -3})}, 1)},
	{what: "ids by themselves", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, WatchId: 1}), create(&pb.WatchCreateRequest{Key: k}), create(&pb.WatchCreateRequest{Key: k})}, 1, 1, 1)},
	{what: "an end before its beginning", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, RangeEnd: []byte("a")})}, 1)},
	{what: "an end at its beginning", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, RangeEnd: k})}, 1)},
	{what: "no key", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{})}, 1)},
	{what: "the future", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k, StartRevision: 999})}, 1)},
	{what: "cancel what is not there, then what is", do: talk([]*pb.WatchRequest{create(&pb.WatchCreateRequest{Key: k}), cancel(77), cancel(0), cancel(0), create(&pb.WatchCreateRequest{Key: k})}, 1, 0, 1, 0, 1)},
	{what: "progress of none, then of one", do: talk([]*pb.WatchRequest{progress(), create(&pb.WatchCreateRequest{Key: k}), progress()}, 0, 1, 1)},
	{what: "nothing asked, then one", do: talk([]*pb.WatchRequest{{}, create(&pb.WatchCreateRequest{Key: k})}, 0, 1)},
	{what: "puts and deletions", do: putWhile(&pb.WatchCreateRequest{Key: []byte("w")}, false)},
	{what: "with what was there", do: putWhile(&pb.WatchCreateRequest{Key: []byte("w"), PrevKv: true}, false)},
	{what: "without deletions", do: putWhile(&pb.WatchCreateRequest{Key: []byte("w"), Filters: []pb.WatchCreateRequest_FilterType{pb.WatchCreateRequest_NODELETE}}, false)},
	{what: "without puts", do: putWhile(&pb.WatchCreateRequest{Key: []byte("v"), RangeEnd: []byte("x"), Filters: []pb.WatchCreateRequest_FilterType{pb.WatchCreateRequest_NOPUT}}, false)},
	{what: "from a key on", do: putWhile(&pb.WatchCreateRequest{Key: []byte("w"), RangeEnd: nul}, false)},
	{what: "by a client that has asked all it wants", do: putWhile(&pb.WatchCreateRequest{Key: []byte("w")}, true)},
	{what: "a version of the client's interface that is no text", do: func(s *subject) (any, error) {
		return s.kv.Range(metadata.AppendToOutgoingContext(s.ctx, rpctypes.MetadataClientAPIVersionKey, "3.7"), &pb.RangeRequest{Key: k})
	}},
}
