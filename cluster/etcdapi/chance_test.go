package etcdapi_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/server"
)

// chance makes requests of what is at the edges.
type chance struct{ *rand.Rand }

var (
	edges  = []int64{-1, 0, 0, 0, 1, 2, 3, 7, 99, math.MinInt64, math.MaxInt64}
	names  = []string{"", "a", "b", "ab", "\x00", "u", "http://127.0.0.1:1", "3.6"}
	deeper = 4
)

// fill sets some of the fields of a message.
func (c chance) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		inside := f.Message() != nil
		switch {
		case f.IsMap(), c.IntN(3) == 0, inside && depth == deeper:
		case f.IsList():
			list := m.Mutable(f).List()
			for range c.IntN(4) {
				if inside {
					c.fill(list.AppendMutable().Message(), depth+1)
				} else {
					list.Append(c.value(f))
				}
			}
		case inside:
			c.fill(m.Mutable(f).Message(), depth+1)
		default:
			m.Set(f, c.value(f))
		}
	}
}

func (c chance) value(f protoreflect.FieldDescriptor) protoreflect.Value {
	n, name := edges[c.IntN(len(edges))], names[c.IntN(len(names))]
	// Partial: etcd's messages have no other kinds.
	//exhaustive:ignore
	switch f.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n > 0)
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(c.IntN(8) - 1))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes([]byte(name))
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(name)
	default:
		return protoreflect.ValueOfInt64(n)
	}
}

// message makes one of a type that the services know.
func message(t *testing.T, name protoreflect.FullName) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return kind.New().Interface()
}

// Whatever is asked for, the member lives on. Where it can tell that it was asked for nonsense, it says so.
func TestNothingThatIsAskedEndsAMember(t *testing.T) {
	t.Parallel()
	s := meet(t, process, startMember(t, func(c *server.Config) { c.NoFsync = true }))
	seed := rand.Uint64()
	c := chance{rand.New(rand.NewPCG(seed, 1))}
	descs := []grpc.ServiceDesc{pb.KV_ServiceDesc, pb.Lease_ServiceDesc, pb.Cluster_ServiceDesc, pb.Maintenance_ServiceDesc, pb.Auth_ServiceDesc}
	for range 40 {
		for _, d := range descs {
			service, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(d.ServiceName))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range d.Methods {
				if m.MethodName == "MemberAdd" {
					continue // a voter that nobody starts takes the majority away, as it must
				}
				method := service.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(m.MethodName))
				q, r := message(t, method.Input().FullName()), message(t, method.Output().FullName())
				c.fill(q.ProtoReflect(), 0)
				s.chanced(seed, "/"+d.ServiceName+"/"+m.MethodName, q, r)
			}
		}
	}
	s.chancedStreams(c)
	for _, kind := range []pb.AlarmType{pb.AlarmType_NOSPACE, pb.AlarmType_CORRUPT} {
		list, err := s.care.Alarm(s.ctx, &pb.AlarmRequest{Alarm: kind})
		for _, a := range list.GetAlarms() {
			if err == nil {
				_, err = s.care.Alarm(s.ctx, &pb.AlarmRequest{Action: disarm, MemberID: a.MemberID, Alarm: kind})
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.kv.Put(s.ctx, &pb.PutRequest{Key: k}); err != nil {
		t.Errorf("seed %d: after all that a put says %v", seed, err)
	}
}

func (s *subject) chanced(seed uint64, method string, q, r proto.Message) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	switch err := s.conn.Invoke(ctx, method, q, r); status.Code(err) {
	case codes.Unavailable, codes.Internal, codes.DeadlineExceeded:
		s.Fatalf("seed %d: %s of %v: %v", seed, method, q, err)
	}
}

// chancedStreams asks in streams; whatever it hears is fine.
func (s *subject) chancedStreams(c chance) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	watch, err := s.watch.Watch(ctx)
	if err != nil {
		s.Fatal(err)
	}
	go func() {
		for {
			if _, err := watch.Recv(); err != nil {
				return
			}
		}
	}()
	for range 500 {
		w, q := &pb.WatchRequest{}, &pb.RangeRequest{}
		c.fill(w.ProtoReflect(), 0)
		c.fill(q.ProtoReflect(), 0)
		if err := watch.Send(w); err != nil {
			s.Fatalf("the stream ended at %v: %v", w, err)
		}
		stream, err := s.kv.RangeStream(ctx, q)
		if err == nil {
			_, err = drained(stream.Recv)
		}
		if code := status.Code(err); code == codes.Unavailable || code == codes.Internal {
			s.Fatalf("a stream of %v: %v", q, err)
		}
	}
}
