package peer

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/lease"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/store"
)

func TestCallsAreAnsweredManyAtATime(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	r.peers[1].OnServe(func(from event.NodeID, body any, reply func(any, error)) {
		go func() { // in any order
			if from != 1 {
				reply(nil, fmt.Errorf("it came from %v", from))
				return
			}
			echo(from, body, reply)
		}()
	})
	var all sync.WaitGroup
	for i := range 2000 {
		all.Go(func() {
			a, err := r.peers[0].Call(2, event.Forward, op(i), patience)
			if err != nil {
				t.Errorf("call %d: %v", i, err)
			} else if got := a.(*node.Answer).Index; got != uint64(i) {
				t.Errorf("call %d got the answer of %d", i, got)
			}
		})
	}
	all.Wait()
	if n := len(r.peers[1].allDesks()); n != 1 {
		t.Errorf("%d connections were made for the calls of one member", n)
	}
}

func (t *Transport) allDesks() (all []*desk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for d := range t.desks {
		all = append(all, d)
	}
	return all
}

func TestAnswersAndErrorsKeepWhatTheyAre(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	want := &node.Answer{Result: event.Result{Op: 5, Outcome: event.OK, Leader: 2, Index: 9, Term: 3, Acks: []event.NodeID{1, 2}}, Response: &pb.PutResponse{Header: &pb.ResponseHeader{Revision: 7}}}
	r.peers[1].OnServe(func(_ event.NodeID, body any, reply func(any, error)) {
		switch body.(*node.Ask).Op {
		case 1:
			reply(want, nil)
		case 2:
			reply(&node.Answer{Err: fmt.Errorf("lease 5: %w", lease.ErrLeaseNotFound)}, nil)
		case 3:
			reply(nil, node.Refused("no"))
		case 4:
			reply(make(chan int), nil)
		}
	})
	ask := func(n int) (*node.Answer, error) {
		a, err := r.peers[0].Call(2, event.Forward, op(n), patience)
		if err != nil {
			return nil, err
		}
		return a.(*node.Answer), nil
	}
	a, err := ask(1)
	if err != nil || a.Response.(*pb.PutResponse).Header.Revision != 7 || a.Result.Index != 9 || len(a.Result.Acks) != 2 {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := ask(2); err != nil || !errors.Is(a.Err, lease.ErrLeaseNotFound) || a.Err.Error() != "lease 5: lease not found" {
		t.Errorf("%+v, %v", a, err)
	}
	var refused node.Refused
	if _, err := ask(3); !errors.As(err, &refused) || refused != "no" || Definite(err) {
		t.Errorf("%v", err)
	}
	if _, err := ask(4); err == nil || !strings.Contains(err.Error(), "chan int cannot be sent") {
		t.Errorf("%v", err)
	}
}

func TestWhatWasCertainlyNotServed(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	call := func(to event.NodeID, body any, timeout time.Duration) error {
		_, err := r.peers[0].Call(to, event.Forward, body, timeout)
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		say  string
	}{
		{"no such member", call(9, op(1), patience), "n9 is no member"},
		{"nobody serves", call(2, op(1), patience), "does not serve requests now"},
		{"no ask", call(2, "hello", patience), "a string cannot be sent"},
		{"too large", call(2, &node.Ask{Data: make([]byte, store.MaxRequestBytes+overhead)}, patience), "is larger than"},
	} {
		if c.err == nil || !Definite(c.err) || !strings.Contains(c.err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, c.err)
		}
	}
	if err := r.peers[1].Close(); err != nil {
		t.Fatal(err)
	}
	if err := call(2, op(1), patience); !Definite(err) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := r.peers[0].Close(); err != nil {
		t.Fatal(err)
	}
	if err := call(2, op(1), patience); !Definite(err) || !strings.Contains(err.Error(), "going down") {
		t.Errorf("closed: %v", err)
	}
}

// A lost connection leaves open whether a request was served; the next call makes a new connection.
func TestALostConnectionIsNotDefinite(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	arrived := make(chan struct{})
	r.peers[1].OnServe(func(from event.NodeID, body any, reply func(any, error)) {
		if body.(*node.Ask).Op == 1 {
			close(arrived)
			return
		}
		echo(from, body, reply)
	})
	ended := make(chan error)
	go func() {
		_, err := r.peers[0].Call(2, event.Forward, op(1), patience)
		ended <- err
	}()
	<-arrived
	for _, d := range r.peers[1].allDesks() {
		_ = d.s.Close()
	}
	if err := <-ended; err == nil || Definite(err) || !errors.Is(err, errLost) {
		t.Errorf("the first: %v", err)
	}
	if a, err := r.peers[0].Call(2, event.Forward, op(2), patience); err != nil || a.(*node.Answer).Index != 2 {
		t.Errorf("the second: %v, %v", a, err)
	}
}

// A member that goes down answers what it had taken, and everything else was certainly not served.
func TestGoingDownInOrderLosesNoCall(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	var served sync.Map
	r.peers[1].OnServe(func(from event.NodeID, body any, reply func(any, error)) {
		served.Store(body.(*node.Ask).Op, true)
		go echo(from, body, reply)
	})
	var next, answered, not atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				n := next.Add(1)
				_, err := r.peers[0].Call(2, event.Forward, op(int(n)), patience)
				_, was := served.Load(uint64(n))
				switch {
				case err == nil:
					answered.Add(1)
				case !Definite(err):
					t.Errorf("call %d: %v", n, err)
					return
				case was:
					t.Errorf("call %d was served, but: %v", n, err)
					return
				default:
					not.Add(1)
					return
				}
			}
		})
	}
	until(t, "calls under way", func() bool { return answered.Load() > 1000 })
	within(t, "closing", func() { _ = r.peers[1].Close() })
	within(t, "calling", all.Wait)
	if not.Load() != 16 {
		t.Errorf("%d of 16 callers were told that the other is down", not.Load())
	}
}

func TestWhoComesWhenAMemberHasLeftIsTold(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	r.peers[1].OnServe(echo)
	r.peers[1].Leave()
	for range 3 {
		if _, err := r.peers[0].Call(2, event.Forward, op(1), patience); !Definite(err) {
			t.Errorf("%v", err)
		}
	}
}

func TestMoreThanMaxCallsAreRefused(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	var kept []func(any, error)
	var mu sync.Mutex
	r.peers[1].OnServe(func(_ event.NodeID, _ any, reply func(any, error)) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, reply)
	})
	held := func() int { mu.Lock(); defer mu.Unlock(); return len(kept) }
	var all sync.WaitGroup
	for i := range MaxCalls {
		all.Go(func() {
			if _, err := r.peers[0].Call(2, event.Forward, op(i), time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "all calls are held", func() bool { return held() == MaxCalls })
	_, err := r.peers[0].Call(2, event.Forward, op(0), patience)
	if !Definite(err) || !strings.Contains(err.Error(), fmt.Sprint(MaxCalls)) {
		t.Errorf("one more: %v", err)
	}
	for _, reply := range kept {
		reply(&node.Answer{}, nil)
	}
	within(t, "answering", all.Wait)
}

func TestACallHasATimeout(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.Timeout = 200 * time.Millisecond })
	arrived := make(chan struct{}, 10)
	r.peers[1].OnServe(func(event.NodeID, any, func(any, error)) { arrived <- struct{}{} })
	_, err := r.peers[0].Call(2, event.Forward, op(1), time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "within 1ms") {
		t.Fatal(err)
	}
	// Who says nothing for longer than the transport's timeout gets a new connection.
	for range 2 {
		if _, err = r.peers[0].Call(2, event.Forward, op(2), 250*time.Millisecond); err == nil || Definite(err) {
			t.Fatal(err)
		}
	}
	r.peers[1].OnServe(echo)
	if _, err := r.peers[0].Call(2, event.Forward, op(3), patience); err != nil {
		t.Fatal(err)
	}
	if len(arrived) < 2 {
		t.Errorf("%d calls arrived", len(arrived))
	}
}

func TestNoticesAreNotAnswered(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	var heard atomic.Int64
	r.peers[1].OnServe(func(from event.NodeID, body any, reply func(any, error)) {
		if body.(*node.Ask).Notice == nil {
			echo(from, body, reply)
			return
		}
		heard.Add(1)
		reply(&node.Answer{}, nil)
	})
	const notices = 2 * MaxCalls // more than may wait for an answer
	for i := range notices {
		until(t, "there is room", func() bool {
			_, err := r.peers[0].Call(2, event.MessageNone, &node.Ask{Notice: &node.Notice{Index: uint64(i)}}, 0)
			return err == nil
		})
	}
	until(t, "all are heard", func() bool { return heard.Load() == notices })
	if _, err := r.peers[0].Call(2, event.Forward, op(1), patience); err != nil {
		t.Fatal(err)
	}
}

func TestAMemberThatIsDownIsNotTriedWithoutPause(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, nil)
	_ = r.peers[1].Close()
	until(t, "two calls share one attempt", func() bool {
		_, first := r.peers[0].Call(2, event.Forward, op(1), patience)
		_, second := r.peers[0].Call(2, event.Forward, op(1), patience)
		if !Definite(first) || !Definite(second) {
			t.Fatalf("%v, then %v", first, second)
		}
		return first == second // the very same: else the machine was too busy for that
	})
}

// mute accepts connections and says nothing.
func mute(t *testing.T) net.Listener {
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = c.Close() })
		}
	}()
	return l
}

func TestWhoAcceptsAndSaysNothingHoldsNobodyUp(t *testing.T) {
	const timeout = 100 * time.Millisecond
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.Timeout = timeout })
	url := "http://" + mute(t).Addr().String()
	r.change(func(l *Roster) { l.Members[1].PeerURLs = []string{url} })
	start := time.Now()
	within(t, "calling", func() {
		_, err := r.peers[0].Call(2, event.Forward, op(1), patience)
		if !Definite(err) || !strings.Contains(err.Error(), "did not answer within the time") {
			t.Error(err)
		}
	})
	within(t, "voting", func() {
		if err := r.peers[0].RequestVote("n2", r.place(2), &raft.RequestVoteRequest{}, &raft.RequestVoteResponse{}); err == nil {
			t.Error("a vote from nobody")
		}
	})
	if took := time.Since(start); took > patience/2 { // it is not the caller's time that counts
		t.Errorf("it took %v", took)
	}
	// Closing does not wait for it either.
	go func() { _, _ = r.peers[0].Call(2, event.Forward, op(1), patience) }()
	within(t, "closing", func() { _ = r.peers[0].Close() })
}

func TestTheSecondURLIsTried(t *testing.T) {
	r := newRig(t, 2, transport.TLSInfo{}, func(o *Options) { o.Timeout = time.Second })
	r.peers[1].OnServe(echo)
	gone := listen(t)
	_ = gone.Close()
	quiet := mute(t)
	r.change(func(l *Roster) {
		l.Members[1].PeerURLs = append([]string{"http://" + gone.Addr().String(), "http://" + quiet.Addr().String()}, l.Members[1].PeerURLs...)
	})
	if _, err := r.peers[0].Call(2, event.Forward, op(1), patience); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkCall(b *testing.B) {
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprint(clients, " clients"), func(b *testing.B) { benchmarkCall(b, clients) })
	}
}

func benchmarkCall(b *testing.B, clients int) {
	r := newRig(b, 2, transport.TLSInfo{}, nil)
	r.peers[1].OnServe(func(from event.NodeID, body any, reply func(any, error)) {
		go reply(&node.Answer{Response: &pb.PutResponse{Header: &pb.ResponseHeader{Revision: 7}}}, nil)
	})
	ask := &node.Ask{Data: make([]byte, 256)}
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := r.peers[0].Call(2, event.Forward, ask, patience); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
}
