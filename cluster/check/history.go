package check

import (
	"math"
	"sync"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Op is one command as its client saw it. Call and Return are places in one order of all calls and returns:
// an op that returned before another was called has happened before it.
type Op struct {
	Client       int
	Command      event.Command
	Result       event.Result // Outcome Pending: it has not returned
	Call, Return int64
}

// open says whether the op may take effect at any time after its call, or never.
func (o *Op) open() bool {
	return o.Result.Outcome == event.Pending || o.Result.Outcome == event.Unknown
}

// History records what concurrent clients did. The zero History is empty. It grows with every op, so it is for
// tests and benchmarks that end.
type History struct {
	mu  sync.Mutex
	now int64
	ops []Op
}

// Call notes that a client asks for something. The returned function notes the answer; it is called once, or
// not at all if the answer never came.
func (h *History) Call(client int, c event.Command) (answered func(event.Result)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := len(h.ops)
	h.ops = append(h.ops, Op{Client: client, Command: c, Call: h.tick(), Return: math.MaxInt64})
	return func(r event.Result) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ops[i].Result, h.ops[i].Return = r, h.tick()
	}
}

func (h *History) tick() int64 {
	h.now++
	return h.now
}

// Ops returns a copy of all ops so far, in the order of their calls.
func (h *History) Ops() []Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Op(nil), h.ops...)
}
