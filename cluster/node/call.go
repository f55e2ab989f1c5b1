package node

import (
	"cmp"
	"errors"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"google.golang.org/protobuf/proto"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
)

// What a call ends with that the node itself did not answer.
var (
	ErrDown = errors.New("the node is down, or has too much waiting for it; nothing was done")
	ErrLost = errors.New("the node went down before it answered; it may have been done or not")
	ErrBusy = errors.New("the room is closing, or has too many commands waiting already; nothing was done")
)

// RequestTimeout bounds a request of etcd's API, on the clock of the node that is asked. etcd takes five seconds and
// twice its election timeout.
const RequestTimeout = 7 * time.Second

// Call is one request of etcd's API to this node. Make it inside, for one request only.
type Call struct {
	Op   uint64            // under which it is told; it travels in the entry. 0: it is not told
	Key  string            // what the facts of its messages say it is about
	User store.Credentials // who asks

	// Told is what the record says of the end: leader, index, term, who had acknowledged, revision. With an error the
	// outcome is unknown where it may have happened all the same, and else left to whoever made the call.
	Told event.Result

	// Seen says that Told holds what the client is shown, so that it can be judged.
	Seen bool

	deadline time.Time
}

func (c *Call) begin() {
	if c.deadline.IsZero() {
		c.deadline = time.Now().Add(RequestTimeout)
	}
}

// about is what the events of the messages for this call tell, and how long the leader may take.
func (c *Call) about(k event.CommandKind) event.Command {
	return event.Command{Kind: k, Key: c.Key, Timeout: event.Micros(time.Until(c.deadline).Microseconds())}
}

// Propose has q applied by the cluster and waits until it is applied here too, so that what a client reads or watches
// here next knows of it. The errors are etcd's. It blocks; call it inside.
func (n *Node) Propose(c *Call, q *pb.InternalRaftRequest) (proto.Message, error) {
	c.begin()
	data, err := n.store.Sign(c.User, q, c.Op)
	if err != nil {
		return nil, err
	}
	a, err := n.insist(c, &Ask{Op: c.Op, Command: c.about(event.TxnDo), Data: data})
	c.Told = a.Result
	if err != nil {
		c.Told.Outcome = event.Unknown
		return nil, err
	}
	if !n.waitApplied(a.Result.Index, c.deadline) {
		c.Told.Outcome = event.Unknown
		return nil, etcderrors.ErrTimeoutWaitAppliedIndex
	}
	return a.Response, a.Err
}

// Confirm waits until this node has applied all that was committed when it was called (dissertation §6.4).
func (n *Node) Confirm(c *Call) error {
	c.begin()
	if n.rounds != nil {
		return n.rounds.confirm(c.deadline)
	}
	a, err := n.insist(c, &Ask{Op: c.Op, Command: c.about(event.Get)})
	if err != nil {
		return err
	}
	c.Told.Leader, c.Told.Term = a.Result.Leader, a.Result.Term
	if !n.waitApplied(a.Index, c.deadline) {
		return etcderrors.ErrTimeout
	}
	return nil
}

// insist has the leader do a, and asks again as long as nothing can have happened, until the deadline.
func (n *Node) insist(c *Call, a *Ask) (Answer, error) {
	if n.o.Batch && a.Change == nil { // every attempt ends in time by itself
		got := n.attempts(c, a)
		return got, got.lost()
	}
	done := make(chan Answer, 1)
	go func() { done <- n.attempts(c, a) }()
	t := time.NewTimer(time.Until(c.deadline))
	defer t.Stop()
	select {
	case got := <-done:
		return got, got.lost()
	case <-t.C:
		return Answer{}, etcderrors.ErrTimeout
	case <-n.o.Transport.Dead():
		return Answer{}, etcderrors.ErrStopped
	}
}

func (n *Node) attempts(c *Call, a *Ask) Answer {
	for {
		got := n.attempt(a, c.deadline)
		if !got.Retry || !n.pause(c.deadline) {
			return got
		}
	}
}

// lost says why there is no verdict: neither of the store nor on a read.
func (a *Answer) lost() error {
	switch {
	case a.Retry:
		return etcderrors.ErrTimeout
	case a.Result.Outcome == event.Unknown, a.Result.Outcome == event.Failed && a.Result.Index == 0:
		return cmp.Or(a.Err, etcderrors.ErrTimeout)
	}
	return nil
}
