package node

import (
	"testing"

	"github.com/hashicorp/raft"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestRefusalsAreOfTheirRequests: the engine may have worked on several requests before the first answer leaves, and refuses
// some without a word.
func TestRefusalsAreOfTheirRequests(t *testing.T) {
	var r refusals
	l := newListener(nil, r.note, func(string) {})
	work := func(b ballot, msg string, args ...any) {
		header := raft.RPCHeader{Addr: []byte(b.candidate.String())}
		data := any(raft.RequestVoteRequest{RPCHeader: header, Term: b.term})
		if b.pre {
			data = raft.RequestPreVoteRequest{RPCHeader: header, Term: b.term}
		}
		if r.observe(&raft.Observation{Data: data}) {
			t.Error("an observation is wanted by nobody")
		}
		if msg != "" {
			l.Warn(msg, args...)
		}
	}
	three, two := ballot{3, 6, true}, ballot{2, 6, false}
	work(three, "rejecting pre-vote request since our last index is greater", "candidate", raft.ServerAddress("n3"), "last-index", uint64(40))
	work(three, "") // in silence
	work(two, "rejecting vote request since our last term is greater", "candidate", raft.ServerAddress("n2"), "last-term", uint64(5))
	work(three, "rejecting pre-vote request since we have a leader", "from", raft.ServerAddress("n3"))
	if x := r.take(two); x.reason != event.LogTermBehind || x.term != 5 {
		t.Errorf("of %v: %+v", two, x)
	}
	for i, want := range []event.Reason{event.LogIndexBehind, event.ReasonNone, event.HasLeader, event.ReasonNone} {
		if x := r.take(three); x.reason != want {
			t.Errorf("answer %d to %v: %+v", i, three, x)
		}
	}
	for range 3 * maxUnanswered {
		if work(two, "rejecting vote request since we have a leader"); r.count > maxUnanswered {
			t.Fatalf("%d are kept", r.count)
		}
	}
	if x := r.take(two); x.reason != event.HasLeader || len(r.said[two]) != r.count {
		t.Errorf("%+v, %d of %d", x, len(r.said[two]), r.count)
	}
}
