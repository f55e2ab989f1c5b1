package node

import (
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

var nullLogger = hclog.NewNullLogger()

// listener is raft's logger: it is called synchronously with structured fields and is the only place where the engine
// says why it refused a vote, and when it set its election timer.
type listener struct {
	hclog.Logger
	refused func(refusal)
	said    func(words string)
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

func newListener(to hclog.Logger, refused func(refusal), said func(words string)) *listener {
	if to == nil {
		to = nullLogger
	}
	return &listener{Logger: to, refused: refused, said: said}
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
	l.said(msg)
	for _, w := range whyRefused {
		if !strings.Contains(msg, w.words) {
			continue
		}
		r := refusal{reason: w.reason, text: msg}
		for i := 0; i+1 < len(args); i += 2 {
			switch args[i] {
			case "last-term":
				r.term, _ = args[i+1].(uint64)
			case "last-index":
				r.index, _ = args[i+1].(uint64)
			}
		}
		l.refused(r)
		return
	}
}

// maxUnanswered bounds the requests for votes whose answers have not left yet. Beyond it the reasons of the older ones are forgotten.
const maxUnanswered = 256

// refusals keeps what the engine said of a request for a vote until the answer to it leaves. The engine may have worked on several
// by then, of one candidate too, and refuses some in silence: what it says is of the request that it observed last.
type refusals struct {
	mu    sync.Mutex
	now   ballot               // what the engine works on
	said  map[ballot][]refusal // in the order of its work; an empty one where it said nothing
	count int                  // of all in said
}

// observe is a filter of the engine's observations: it is called on the engine's goroutine, where it begins to work on a request.
func (r *refusals) observe(o *raft.Observation) bool {
	switch q := o.Data.(type) {
	case raft.RequestVoteRequest:
		r.begin(voteOf(q.Addr, q.Term, false))
	case raft.RequestPreVoteRequest:
		r.begin(voteOf(q.Addr, q.Term, true))
	}
	return false
}

func (r *refusals) begin(b ballot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said == nil || r.count == maxUnanswered {
		r.said, r.count = map[ballot][]refusal{}, 0
	}
	r.now, r.count = b, r.count+1
	r.said[b] = append(r.said[b], refusal{})
}

func (r *refusals) note(x refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if all := r.said[r.now]; len(all) > 0 {
		all[len(all)-1] = x
	}
}

// take is what the engine said of the oldest such request.
func (r *refusals) take(b ballot) (x refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.said[b]
	if len(all) == 0 {
		return refusal{}
	}
	r.count--
	if x = all[0]; len(all) == 1 {
		delete(r.said, b)
	} else {
		r.said[b] = all[1:]
	}
	return x
}
