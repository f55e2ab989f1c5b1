package node

import (
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/quorumlab/quorumlab/cluster/event"
)

var nullLogger = hclog.NewNullLogger()

// listener is raft's logger: it is called synchronously with structured fields and is the only place where the engine
// says why it refused a vote.
type listener struct {
	hclog.Logger
	refused func(candidate event.NodeID, r refusal)
}

// whyRefused maps the engine's words (raft.go, requestVote and requestPreVote) to reasons.
var whyRefused = []struct {
	words  string
	reason event.Reason
}{
	{"since node is not in configuration", event.NotAVoter},
	{"since node is not a voter", event.NotAVoter},
	{"since we have a leader", event.HasLeader},
	{"duplicate requestVote for same term", event.AlreadyVoted},
	{"since our last term is greater", event.LogTermBehind},
	{"since our last index is greater", event.LogIndexBehind},
}

type refusal struct {
	reason      event.Reason
	text        string
	index, term uint64
}

func newListener(to hclog.Logger, refused func(event.NodeID, refusal)) *listener {
	if to == nil {
		to = nullLogger
	}
	return &listener{Logger: to, refused: refused}
}

// Warn, Info and Debug are hclog's.
func (l *listener) Warn(msg string, args ...any) {
	l.hear(msg, args)
	l.Logger.Warn(msg, args...)
}

// Info is hclog's.
func (l *listener) Info(msg string, args ...any) {
	l.hear(msg, args)
	l.Logger.Info(msg, args...)
}

// Debug is hclog's.
func (l *listener) Debug(msg string, args ...any) {
	l.hear(msg, args)
	l.Logger.Debug(msg, args...)
}

func (l *listener) hear(msg string, args []any) {
	for _, w := range whyRefused {
		if !strings.Contains(msg, w.words) {
			continue
		}
		r := refusal{reason: w.reason, text: msg}
		var from event.NodeID
		for i := 0; i+1 < len(args); i += 2 {
			switch args[i] {
			case "candidate", "from":
				from = asNode(args[i+1])
			case "last-term":
				r.term, _ = args[i+1].(uint64)
			case "last-index":
				r.index, _ = args[i+1].(uint64)
			}
		}
		l.refused(from, r)
		return
	}
}

func asNode(x any) event.NodeID {
	var s string
	switch v := x.(type) {
	case string:
		s = v
	case interface{ String() string }:
		s = v.String()
	default:
		if b, ok := x.([]byte); ok {
			s = string(b)
		}
	}
	id, _ := event.ParseNodeID(s)
	return id
}

// refusals keeps what the engine said of a candidate until the answer to it leaves. Bounded by the number of machines.
type refusals struct {
	mu   sync.Mutex
	last map[event.NodeID]refusal
}

func (r *refusals) note(from event.NodeID, x refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last = map[event.NodeID]refusal{}
	}
	r.last[from] = x
}

// take is the refusal of a candidate; the engine names none where it says that the vote of the term is given away.
func (r *refusals) take(candidate event.NodeID) refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range []event.NodeID{candidate, 0} {
		if x, ok := r.last[id]; ok {
			delete(r.last, id)
			return x
		}
	}
	return refusal{}
}
