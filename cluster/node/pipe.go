package node

import (
	"sync"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// AppendEntriesPipeline is the transport's, heard like single requests. A transport without one says so.
func (w *wire) AppendEntriesPipeline(id raft.ServerID, a raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := w.Transport.AppendEntriesPipeline(id, a)
	if err != nil {
		return nil, err
	}
	peer, _ := event.ParseNodeID(string(id))
	p := &pipe{AppendPipeline: inner, n: w.n, peer: peer, out: make(chan raft.AppendFuture), closed: make(chan struct{})}
	go p.run()
	return p, nil
}

// pipe hears answers on their way from the transport to raft.
type pipe struct {
	raft.AppendPipeline
	n      *Node
	peer   event.NodeID
	out    chan raft.AppendFuture
	close  sync.Once
	closed chan struct{}
}

// AppendEntries sends a request.
func (p *pipe) AppendEntries(q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) (raft.AppendFuture, error) {
	p.n.clamp(q)
	f, err := p.AppendPipeline.AppendEntries(q, r)
	if err == nil {
		p.n.told.send(p.peer, q.LeaderCommitIndex)
	}
	return f, err
}

// Consumer gives the answers in the order of the requests.
func (p *pipe) Consumer() <-chan raft.AppendFuture { return p.out }

// Close ends the pipeline.
func (p *pipe) Close() error {
	p.close.Do(func() { close(p.closed) })
	return p.AppendPipeline.Close()
}

func (p *pipe) run() {
	in := p.AppendPipeline.Consumer()
	for {
		select {
		case f := <-in:
			p.hear(f)
			select {
			case p.out <- f:
			case <-p.closed:
				return
			}
		case <-p.closed:
			return
		}
	}
}

func (p *pipe) hear(f raft.AppendFuture) {
	q, r := f.Request(), f.Response()
	if f.Error() == nil && r.Success && r.Term <= q.Term {
		match := q.PrevLogEntry + uint64(len(q.Entries))
		p.n.acks.matched(p.peer, match, q.Term)
		p.n.believes(p.peer, match, match+1, q.Term)
	}
}
