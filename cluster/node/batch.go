package node

import (
	"time"

	"github.com/hashicorp/raft"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/store"
)

// Bounds of requests that share an entry of the log.
const (
	MaxBatch      = 1024                      // requests
	MaxBatchBytes = store.MaxRequestBytes * 2 // of their data; one request alone may be larger only if its client may send it
	batchesAhead  = 1                         // entries that wait for a majority before the next one is begun: more make smaller entries, which was slower
	ProposalQueue = 4 * MaxBatch              // requests that wait for an entry
)

// batcher puts the requests of many clients into one entry: the more of them wait, the more share its fsyncs.
type batcher struct {
	n     *Node
	queue chan *proposal
	ahead chan struct{}
}

// proposal is a request on its way into an entry.
type proposal struct {
	op       uint64
	data     []byte
	deadline time.Time
	answer   func(Answer) // called once; it must not block
}

func newBatcher(n *Node) *batcher {
	b := &batcher{n: n, queue: make(chan *proposal, ProposalQueue), ahead: make(chan struct{}, batchesAhead)}
	go b.run()
	return b
}

// propose waits for its turn and for the cluster. A full queue makes its client wait, until its deadline.
func (b *batcher) propose(op uint64, data []byte, deadline time.Time) Answer {
	answer := make(chan Answer, 1)
	p := &proposal{op, data, deadline, func(a Answer) { answer <- a }}
	t := time.NewTimer(time.Until(deadline))
	defer t.Stop()
	select {
	case b.queue <- p:
	case <-t.C:
		return Answer{Retry: true, Result: failed("%v has too many requests waiting", b.n.o.ID)}
	case <-b.n.o.Transport.Dead():
		return Answer{Result: failed("%v went down", b.n.o.ID), Err: etcderrors.ErrStopped}
	}
	select {
	case a := <-answer:
		return a
	case <-t.C:
		return Answer{Result: unknown("%v has no majority for it yet; it may still be done", b.n.o.ID), Err: etcderrors.ErrTimeout}
	case <-b.n.o.Transport.Dead():
		return Answer{Result: unknown("%v went down meanwhile", b.n.o.ID), Err: etcderrors.ErrStopped}
	}
}

// take is propose for who cannot wait: a full queue is told at once.
func (b *batcher) take(op uint64, data []byte, deadline time.Time, answer func(Answer)) {
	select {
	case b.queue <- &proposal{op, data, deadline, answer}:
	default:
		answer(Answer{Retry: true, Result: failed("%v has too many requests waiting", b.n.o.ID)})
	}
}

func (b *batcher) run() {
	dead := b.n.o.Transport.Dead()
	var first *proposal // that did not fit into the entry before
	for {
		select {
		case b.ahead <- struct{}{}:
		case <-dead:
			return
		}
		if first == nil {
			select {
			case first = <-b.queue:
			case <-dead:
				return
			}
		}
		var batch []*proposal
		batch, first = b.gather(first)
		f := b.n.raft.Apply(join(batch), time.Until(batch[0].deadline))
		go b.finish(batch, f)
	}
}

// gather takes what waits, as much as an entry may hold. What is left over begins the next one.
func (b *batcher) gather(first *proposal) (batch []*proposal, rest *proposal) {
	batch, size := append(make([]*proposal, 0, 1+len(b.queue)), first), len(first.data)
	for len(batch) < MaxBatch {
		select {
		case p := <-b.queue:
			if size += len(p.data); size > MaxBatchBytes {
				return batch, p
			}
			batch = append(batch, p)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

func join(batch []*proposal) []byte {
	all := make([][]byte, len(batch))
	for i, p := range batch {
		all[i] = p.data
	}
	return store.Join(all)
}

func (b *batcher) finish(batch []*proposal, f raft.ApplyFuture) {
	err := f.Error()
	<-b.ahead
	for i, p := range batch {
		a := b.n.proposed(p.op, f, err)
		if err == nil {
			a.Response, a.Err = store.VerdictOf(f.Response(), i)
		}
		p.answer(a)
	}
}
