package etcdapi_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// held is a member at which puts wait.
type held struct {
	etcdapi.Member
	came, let chan struct{}
}

func (h held) Do(ctx context.Context, c event.Command, f func(*node.Node, *node.Call) (any, error)) (any, error) {
	if c.Kind == event.Put {
		h.came <- struct{}{}
		<-h.let
	}
	return h.Member.Do(ctx, c, f)
}

// hold serves node 1 so that puts wait, and gives a connection to it.
func (r *rig) hold() (*etcdapi.Server, held, *grpc.ClientConn) {
	r.Helper()
	h := held{r.room.Session(1), make(chan struct{}), make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.check(err)
	s := etcdapi.New(etcdapi.Options{Member: h})
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(l); err != nil {
			r.Error(err)
		}
	})
	r.Cleanup(func() { s.Close(); served.Wait() })
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{l.Addr().String()}, Logger: zap.NewNop(), DialTimeout: patience})
	r.check(err)
	r.Cleanup(func() { _ = c.Close() })
	return s, h, c.ActiveConnection()
}

// A server that shuts down ends what would last for ever, so that clients go on elsewhere, and lets all else finish.
func TestShutdownCutsNoCall(t *testing.T) {
	r := open(t)
	r.leader()
	s, h, conn := r.hold()
	watch, err := pb.NewWatchClient(conn).Watch(r.ctx)
	r.check(err)
	r.check(watch.Send(&pb.WatchRequest{RequestUnion: &pb.WatchRequest_CreateRequest{CreateRequest: &pb.WatchCreateRequest{Key: []byte("a")}}}))
	_, err = watch.Recv()
	r.check(err)
	locks, kv := v3lockpb.NewLockClient(conn), pb.NewKVClient(conn)
	_, err = locks.Lock(r.ctx, &v3lockpb.LockRequest{Name: []byte("l")})
	r.check(err)

	waited, put := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := locks.Lock(r.ctx, &v3lockpb.LockRequest{Name: []byte("l")})
		waited <- err
	}()
	go func() {
		_, err := kv.Put(r.ctx, &pb.PutRequest{Key: []byte("b"), Value: []byte("1")})
		put <- err
	}()
	<-h.came
	for queued := int64(0); queued < 2; pause() {
		got, err := kv.Range(r.ctx, &pb.RangeRequest{Key: []byte("l/"), RangeEnd: []byte("l0"), CountOnly: true})
		r.check(err)
		queued = got.Count
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.Shutdown(r.ctx)
	}()
	if _, err := watch.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("the watch ends with %v", err)
	}
	if err := <-waited; status.Code(err) != codes.Unavailable {
		t.Errorf("who waits for a lock hears %v", err)
	}
	select {
	case <-over:
		t.Error("the server is shut down while a call goes on")
	default:
	}
	h.let <- struct{}{}
	if err := <-put; err != nil {
		t.Errorf("a put that had begun ends with %v", err)
	}
	<-over
	if _, err := kv.Put(r.ctx, &pb.PutRequest{Key: []byte("b")}); status.Code(err) != codes.Unavailable {
		t.Errorf("a put after it ends with %v", err)
	}
}

func TestShutdownWaitsOnlySoLong(t *testing.T) {
	r := open(t)
	s, h, conn := r.hold()
	put := make(chan error, 1)
	go func() {
		_, err := pb.NewKVClient(conn).Put(r.ctx, &pb.PutRequest{Key: []byte("b")})
		put <- err
	}()
	<-h.came
	ctx, cancel := context.WithTimeout(r.ctx, 50*time.Millisecond)
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		s.Shutdown(ctx)
	}()
	if err := <-put; status.Code(err) != codes.Unavailable {
		t.Errorf("a put that did not finish ends with %v", err)
	}
	<-over
	close(h.let)
}
