package etcdapi

import (
	"context"
	"sync"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc"
)

// farewell ends, when its server says goodbye, the calls that would not end by themselves: their clients go on with
// another member. All other calls may finish.
type farewell struct {
	said context.Context
	say  context.CancelFunc
}

func newFarewell() *farewell {
	f := &farewell{}
	f.said, f.say = context.WithCancel(context.Background())
	return f
}

// waiting are the unary calls that may wait for other clients for ever, finishing the streams that do not.
var (
	waiting   = map[string]bool{"/v3lockpb.Lock/Lock": true, "/v3electionpb.Election/Campaign": true}
	finishing = map[string]bool{"/etcdserverpb.Maintenance/Snapshot": true, "/etcdserverpb.KV/RangeStream": true}
)

func (f *farewell) unary(ctx context.Context, q any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if !waiting[info.FullMethod] {
		return handler(ctx, q)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(f.said, end)()
	r, err := handler(ctx, q)
	if err != nil && f.said.Err() != nil {
		err = rpctypes.ErrGRPCStopped
	}
	return r, err
}

// stream lets the handler go on by itself after the goodbye; what it sends then goes nowhere, and what it reads fails,
// as it would with a client that went away.
func (f *farewell) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if finishing[info.FullMethod] {
		return handler(srv, s)
	}
	p := &parting{ServerStream: s}
	over := make(chan error, 1)
	go func() { over <- handler(srv, p) }()
	select {
	case err := <-over:
		return err
	case <-f.said.Done():
		p.part()
		return rpctypes.ErrGRPCStopped
	}
}

// parting is a stream on which nothing is sent after its handler's call has ended.
type parting struct {
	grpc.ServerStream
	mu   sync.RWMutex
	gone bool
}

// part waits for what is being sent; a client that does not read is waited for until its connection is cut.
func (p *parting) part() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = true
}

// SendMsg is grpc.ServerStream's.
func (p *parting) SendMsg(m any) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.gone {
		return rpctypes.ErrGRPCStopped
	}
	return p.ServerStream.SendMsg(m)
}

// Shutdown ends the server in order: it accepts no connection and no call any more and tells clients so, ends watches
// and whatever else waits for others, and lets all other calls finish until ctx ends. Then it is closed.
func (s *Server) Shutdown(ctx context.Context) {
	s.bye.say()
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		_ = s.http.Shutdown(ctx) // when ctx ends Close does what is left; gRPC's calls over it have to be over before gRPC stops
		if s.grpc != nil {
			s.grpc.GracefulStop() // with a call that never ends, never
		}
	}()
	select {
	case <-finished:
	case <-ctx.Done():
	}
	s.Close()
}
