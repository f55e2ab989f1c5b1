package conductor

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/world"
)

const (
	// CallTimeout is how long a caller waits for an answer on its own clock. It also bounds a held
	// TimeoutNow, which would otherwise block the leader's Apply for good.
	CallTimeout = time.Second
	// PortQueue bounds what one machine emits in one step and what waits for its raft; more is dropped as a
	// full network card would.
	PortQueue = 4096
)

// Port is a machine's network card, inside its world: a raft.Transport whose channels are all made there.
type Port struct {
	id          event.NodeID
	incarnation int
	world       *world.World
	consumer    chan raft.RPC
	dead        chan struct{}

	mu        sync.Mutex
	fenced    bool
	preVote   bool
	heartbeat func(raft.RPC)
	followed  uint64 // term of the last append that raft's own loop has answered
	serve     func(from event.NodeID, body any, reply func(body any, err error))
	served    func(request, response any, err error)
	guard     func(request any) (pass, response any)
	next      uint64
	pending   map[uint64]call
	expires   *time.Timer // calls expire; nil before the first call
	wakes     time.Time   // when it does; zero: it is not set
	out       []item      // in order of time
	spare     []item      // what was drained last: its memory is used again
	emitted   int         // messages in out
	lost      []*Message  // that came in the step in which the machine died, after it had; at most PortQueue
}

type call struct {
	to  event.NodeID
	ch  chan *Message // capacity 1: the answer, or a message with an error
	due time.Time     // when nobody waits for it any more, on this machine's clock
}

// item is what a world emits, in the order in which it did: an event or a message.
type item struct {
	event event.Event
	msg   *Message
}

func (i item) at() event.Micros {
	if i.msg != nil {
		return i.msg.sent
	}
	return i.event.At
}

func newPort(id event.NodeID, incarnation int, w *world.World, preVote bool) *Port {
	return &Port{id: id, incarnation: incarnation, world: w, preVote: preVote, consumer: make(chan raft.RPC, PortQueue),
		dead: make(chan struct{}), pending: map[uint64]call{}}
}

// Dead is closed when the machine goes down.
func (p *Port) Dead() <-chan struct{} { return p.dead }

// Now is the room's time.
func (p *Port) Now() event.Micros { return p.world.Now() }

// Later is the room's time when d has passed on this machine's clock.
func (p *Port) Later(d time.Duration) event.Micros { return p.world.Later(d) }

// Tap records an event of this machine at its present time.
func (p *Port) Tap(e event.Event) { p.TryTap(e) }

// TryTap is Tap and says whether the event was heard: a machine that is dead has nothing to say.
func (p *Port) TryTap(e event.Event) bool {
	e.At = p.world.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.fenced {
		p.out = append(p.out, item{event: e})
	}
	return !p.fenced
}

// OnServe sets who answers requests that are not raft's. It is called on the root and must not block.
func (p *Port) OnServe(f func(from event.NodeID, body any, reply func(body any, err error))) {
	p.mu.Lock()
	p.serve = f
	p.mu.Unlock()
}

// OnServed sets who is told of every raft request with its answer, before the answer leaves.
func (p *Port) OnServed(f func(request, response any, err error)) {
	p.mu.Lock()
	p.served = f
	p.mu.Unlock()
}

// OnGuard sets who looks at every raft request before raft does: it passes on that one or another, or nil and answers
// in raft's stead. It must not block, nor change the request: a copy of it may be under way.
func (p *Port) OnGuard(f func(request any) (pass, response any)) {
	p.mu.Lock()
	p.guard = f
	p.mu.Unlock()
}

// Call sends a request and waits for its answer.
func (p *Port) Call(to event.NodeID, t event.MessageType, body any, timeout time.Duration) (any, error) {
	return p.call(to, t, body, nil, timeout)
}

func (p *Port) call(to event.NodeID, t event.MessageType, body any, data []byte, timeout time.Duration) (any, error) {
	n, answer := p.expect(to, timeout)
	p.emit(&Message{From: p.id, To: to, Type: t, Body: body, Data: data, call: n})
	m := <-answer
	return m.Body, m.Err
}

// expect notes a call. Whoever takes it out of pending ends it: the answer, a reset, the clock or the machine's death.
func (p *Port) expect(to event.NodeID, timeout time.Duration) (n uint64, answer chan *Message) {
	c := call{to, make(chan *Message, 1), time.Now().Add(timeout)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	if p.isDead() {
		c.ch <- &Message{Err: ErrFenced}
		return p.next, c.ch
	}
	p.pending[p.next] = c
	p.wakeAt(c.due)
	return p.next, c.ch
}

// wakeAt has expire look at the calls then, or before. One timer serves them all: a timer a call is dear.
func (p *Port) wakeAt(due time.Time) {
	switch {
	case p.expires == nil:
		p.expires = time.AfterFunc(time.Until(due), p.expire)
	case p.wakes.IsZero() || due.Before(p.wakes):
		p.expires.Reset(time.Until(due))
	default:
		return
	}
	p.wakes = due
}

// expire ends the calls whose time is over.
func (p *Port) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, next := time.Now(), time.Time{}
	for n, c := range p.pending {
		if !c.due.After(now) {
			p.finish(n, c, &Message{Err: ErrTimeout})
		} else if next.IsZero() || c.due.Before(next) {
			next = c.due
		}
	}
	if p.wakes = (time.Time{}); !next.IsZero() {
		p.wakeAt(next)
	}
}

// finish ends a call. The lock is held.
func (p *Port) finish(n uint64, c call, m *Message) {
	delete(p.pending, n)
	c.ch <- m
}

// die ends all calls: the machine goes down.
func (p *Port) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.dead)
	for n, c := range p.pending {
		p.finish(n, c, &Message{Err: ErrFenced})
	}
	if p.expires != nil {
		p.expires.Stop()
	}
}

func (p *Port) isDead() bool {
	select {
	case <-p.dead:
		return true
	default:
		return false
	}
}

// emit hands a message to the conductor; it never blocks.
func (p *Port) emit(m *Message) {
	m.sent = p.world.Now()
	if !m.Reply {
		m.incarnation = p.incarnation
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fenced {
		return
	}
	if p.emitted++; p.emitted > PortQueue {
		p.out = append(p.out, item{event: event.Event{Kind: event.Dropped, At: m.sent, Node: m.From, Peer: m.To, Reason: event.QueueFull}})
		return
	}
	p.out = append(p.out, item{msg: m})
}

// drain takes what has been emitted since the last time; it is valid until the next but one.
func (p *Port) drain() []item {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.spare)
	out := p.out
	p.out, p.spare, p.emitted = p.spare[:0], out, 0
	return out
}

// fence cuts the machine off from the room: nothing it says from here on is heard.
func (p *Port) fence() {
	p.mu.Lock()
	p.fenced = true
	p.mu.Unlock()
}

// lose keeps what came too late for whoever buries the machine.
func (p *Port) lose(m *Message) {
	p.mu.Lock()
	p.lost = append(p.lost, m)
	p.mu.Unlock()
}

func (p *Port) takeLost() []*Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	lost := p.lost
	p.lost = nil
	return lost
}

// deliver runs on the world's root and must not block: a root that blocks on a channel made inside lets the
// world's clock run away.
func (p *Port) deliver(m *Message) {
	switch {
	case p.isFenced():
	case m.reset:
		p.resetCalls(m)
	case m.Reply:
		p.answer(m)
	default:
		p.request(m)
	}
}

func (p *Port) isFenced() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fenced
}

func (p *Port) answer(m *Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.pending[m.call]; ok {
		p.finish(m.call, c, m)
	}
}

func (p *Port) resetCalls(m *Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n, c := range p.pending {
		if c.to == m.From && n <= m.call {
			p.finish(n, c, &Message{Err: m.Err})
		}
	}
}

func (p *Port) request(m *Message) {
	p.mu.Lock()
	heartbeat, followed, serve, guard := p.heartbeat, p.followed, p.serve, p.guard
	p.mu.Unlock()
	reply := func(body any, err error) {
		p.emit(&Message{From: p.id, To: m.From, Type: m.Type, Reply: true, Body: body, Err: err, call: m.call, incarnation: m.incarnation})
	}
	if m.Type == event.Forward || m.Type == event.ReadIndex {
		// Raft stands copies of its messages; a command done twice would be wrong. The connection of such calls knows a
		// copy (nobody waits for its answer) and drops it, as TCP does.
		if serve != nil && m.call != 0 {
			serve(m.From, m.Body, reply)
		}
		return
	}
	body := m.Body
	if guard != nil {
		var response any
		if body, response = guard(body); body == nil {
			reply(response, nil)
			return
		}
	}
	answer := make(chan raft.RPCResponse, 1)
	rpc := raft.RPC{Command: body, RespChan: answer}
	if m.Data != nil {
		rpc.Reader = bytes.NewReader(m.Data)
	}
	// Raft's fast path: not behind a slow disk. The first heartbeat of a term takes the way of all requests: beside its own
	// loop raft would change role and term while that loop, which led until then, still takes a proposal; it would write it
	// as an entry of the new term, and keep it where the new leader has another one.
	if a, ok := body.(*raft.AppendEntriesRequest); ok && m.Type == event.Heartbeat && heartbeat != nil && a.Term == followed {
		go func() {
			heartbeat(rpc)
			p.await(m.Body, answer, reply)
		}()
		return
	}
	select {
	case p.consumer <- rpc:
		go p.await(m.Body, answer, reply)
	default:
		p.Tap(event.Event{Kind: event.Dropped, Msg: m.ID, Node: m.From, Peer: m.To, Reason: event.QueueFull})
	}
}

func (p *Port) await(request any, answer chan raft.RPCResponse, reply func(any, error)) {
	select {
	case r := <-answer:
		p.mu.Lock()
		served := p.served
		if a, ok := r.Response.(*raft.AppendEntriesResponse); ok {
			p.followed = a.Term
		}
		p.mu.Unlock()
		if served != nil {
			served(request, r.Response, r.Error)
		}
		reply(r.Response, r.Error)
	case <-p.dead:
	}
}

// Inject hands raft a request that no machine sent (an order to stand for election). Who is told of answers is told of this one
// too. It must not block.
func (p *Port) Inject(body any) bool {
	answer := make(chan raft.RPCResponse, 1)
	select {
	case p.consumer <- raft.RPC{Command: body, RespChan: answer}:
		go p.await(body, answer, func(any, error) {})
		return true
	default:
		return false
	}
}

// Address is a machine's address in raft configurations: its name.
func Address(id event.NodeID) raft.ServerAddress { return raft.ServerAddress(id.String()) }

func callRaft[T any](p *Port, a raft.ServerAddress, t event.MessageType, body any, data []byte, out *T) error {
	to, err := event.ParseNodeID(string(a))
	if err != nil {
		return err
	}
	r, err := p.call(to, t, body, data, CallTimeout)
	if err != nil {
		return err
	}
	*out = *(r.(*T))
	return nil
}

// The rest is raft.Transport, raft.WithPreVote and raft.WithClose.

func (p *Port) Consumer() <-chan raft.RPC                               { return p.consumer }
func (p *Port) LocalAddr() raft.ServerAddress                           { return Address(p.id) }
func (p *Port) EncodePeer(_ raft.ServerID, a raft.ServerAddress) []byte { return []byte(a) }
func (p *Port) DecodePeer(b []byte) raft.ServerAddress                  { return raft.ServerAddress(b) }
func (p *Port) SetHeartbeatHandler(f func(raft.RPC)) {
	p.mu.Lock()
	p.heartbeat = f
	p.mu.Unlock()
}

// AppendEntriesPipeline is refused: every append is one visible request, and a failed one is not counted as contact.
func (p *Port) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

func (p *Port) AppendEntries(_ raft.ServerID, a raft.ServerAddress, q *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) error {
	c := *q // the heartbeat goroutine reuses its request
	c.Entries = append([]*raft.Log(nil), q.Entries...)
	t := event.AppendEntries
	if isHeartbeat(q) {
		t = event.Heartbeat
	}
	return callRaft(p, a, t, &c, nil, r)
}

// isHeartbeat is raft's own test for its fast path.
func isHeartbeat(q *raft.AppendEntriesRequest) bool {
	return q.Term != 0 && q.PrevLogEntry == 0 && q.PrevLogTerm == 0 && len(q.Entries) == 0 && q.LeaderCommitIndex == 0
}

func (p *Port) RequestVote(_ raft.ServerID, a raft.ServerAddress, q *raft.RequestVoteRequest, r *raft.RequestVoteResponse) error {
	c := *q
	return callRaft(p, a, event.RequestVote, &c, nil, r)
}

// errNoPreVote makes raft count the pre-vote as granted without asking, as it does for members that are too old
// to know it: pre-vote can so be switched while a node runs.
type errNoPreVote struct{}

func (errNoPreVote) Error() string { return "unexpected command: pre-vote is switched off" }

func (p *Port) RequestPreVote(_ raft.ServerID, a raft.ServerAddress, q *raft.RequestPreVoteRequest, r *raft.RequestPreVoteResponse) error {
	p.mu.Lock()
	on := p.preVote
	p.mu.Unlock()
	if !on {
		return errNoPreVote{}
	}
	c := *q
	return callRaft(p, a, event.RequestPreVote, &c, nil, r)
}

func (p *Port) setPreVote(on bool) {
	p.mu.Lock()
	p.preVote = on
	p.mu.Unlock()
}

func (p *Port) TimeoutNow(_ raft.ServerID, a raft.ServerAddress, q *raft.TimeoutNowRequest, r *raft.TimeoutNowResponse) error {
	c := *q
	return callRaft(p, a, event.TimeoutNow, &c, nil, r)
}

func (p *Port) InstallSnapshot(_ raft.ServerID, a raft.ServerAddress, q *raft.InstallSnapshotRequest, r *raft.InstallSnapshotResponse, data io.Reader) error {
	b, err := io.ReadAll(data)
	if err != nil {
		return err
	}
	c := *q
	return callRaft(p, a, event.InstallSnapshot, &c, b, r)
}

// Close is raft.WithClose; the conductor closes ports itself.
func (p *Port) Close() error { return nil }
