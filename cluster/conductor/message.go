package conductor

import (
	"container/heap"
	"errors"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Message is one request or reply between two machines. Its body holds no channel, timer or lock, so it may
// cross from one world into another.
type Message struct {
	ID       uint64
	From, To event.NodeID
	Type     event.MessageType
	Reply    bool
	Body     any
	Data     []byte // snapshot
	Err      error  // of a reply

	call        uint64 // caller's; 0: nobody waits
	incarnation int    // of the caller, in a reply too
	reset       bool   // not a message but the end of a connection: fails the calls of To to From
	silent      bool   // the network's own word (refused, reset), no message of a node: no facts
	sent, due   event.Micros
	order       uint64
	held        bool
}

// Errors that a caller gets instead of an answer.
var (
	ErrRefused = errors.New("connection refused: the machine is down") // definite: the request was not served
	ErrReset   = errors.New("connection reset: the machine went down") // indefinite
	ErrTimeout = errors.New("no answer in time")                       // indefinite
	ErrFenced  = errors.New("this machine is going down")
)

// fact is the Sent event that describes m.
func (m *Message) fact() event.Event {
	e := event.Event{Kind: event.Sent, At: m.sent, Msg: m.ID, Node: m.From, Peer: m.To, Type: m.Type, Reply: m.Reply, Until: m.due}
	if m.held {
		e.Until = 0
	}
	switch b := m.Body.(type) {
	case *raft.AppendEntriesRequest:
		e.Term = b.Term
		if m.Type == event.AppendEntries {
			e.Index, e.LogTerm, e.Commit, e.N = b.PrevLogEntry, b.PrevLogTerm, b.LeaderCommitIndex, int64(len(b.Entries))
		}
		if len(b.Entries) > 0 {
			e.From = event.Micros(b.Entries[0].Term)
		}
	case *raft.AppendEntriesResponse:
		e.Term, e.OK, e.Index = b.Term, b.Success, b.LastLog
	case *raft.RequestVoteRequest:
		e.Term, e.Index, e.LogTerm = b.Term, b.LastLogIndex, b.LastLogTerm
	case *raft.RequestVoteResponse:
		e.Term, e.OK = b.Term, b.Granted
	case *raft.RequestPreVoteRequest:
		e.Term, e.Index, e.LogTerm = b.Term, b.LastLogIndex, b.LastLogTerm
	case *raft.RequestPreVoteResponse:
		e.Term, e.OK = b.Term, b.Granted
	case *raft.InstallSnapshotRequest:
		e.Term, e.Index, e.LogTerm, e.N = b.Term, b.LastLogIndex, b.LastLogTerm, b.Size
	case *raft.InstallSnapshotResponse:
		e.Term, e.OK = b.Term, b.Success
	case *raft.TimeoutNowResponse:
		e.OK = m.Err == nil
	case Described:
		b.Describe(&e)
	}
	return e
}

// Described is a body that fills in the event of its own sending: what is not raft's.
type Described interface{ Describe(*event.Event) }

// queue holds messages in flight by due time, then by order of sending.
type queue []*Message

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].due != q[j].due {
		return q[i].due < q[j].due
	}
	return q[i].order < q[j].order
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*Message)) }
func (q *queue) Pop() any {
	o := *q
	m := o[len(o)-1]
	o[len(o)-1] = nil
	*q = o[:len(o)-1]
	return m
}

// take removes what f selects and returns it in order of sending.
func (q *queue) take(f func(*Message) bool) (out []*Message) {
	keep := (*q)[:0]
	for _, m := range *q {
		if f(m) {
			out = append(out, m)
		} else {
			keep = append(keep, m)
		}
	}
	clear((*q)[len(keep):])
	*q = keep
	heap.Init(q)
	sortByOrder(out)
	return out
}
