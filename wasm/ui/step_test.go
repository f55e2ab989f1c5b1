package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Who steps reads what that step has done, at once, and nothing that was done before.
func TestAStepSaysWhatItDid(t *testing.T) {
	s := healthy()
	s.tell(event.Event{Kind: event.Suspended, Node: 3})
	s.tell(event.Event{Kind: event.RateSet, Factor: 0})
	aloud := func() string {
		s.m.feed.narrate(s.m.clock.wall + 1)
		return s.m.feed.aloud.text
	}
	for _, step := range []struct {
		fact event.Event
		says string
	}{
		{event.Event{Kind: event.Sent, Msg: 900, Type: event.Heartbeat, Node: 1, Peer: 2, Until: s.at + 100*ms}, ""},
		{event.Event{Kind: event.Delivered, Msg: 900, Node: 1, Peer: 2}, ""},
		{event.Event{Kind: event.VoteGranted, Node: 2, Peer: 4, Term: 7}, "n2 votes for n4 in term 7."},
		{event.Event{Kind: event.TimerSet, Node: 2, Until: s.at + 900*ms}, ""},
		{event.Event{Kind: event.Suspended, Node: 2}, "n2 stands still, its clock too. It will not notice."},
	} {
		s.tell(step.fact)
		if said := aloud(); said != step.says {
			t.Errorf("after %v it says %q, not %q", step.fact.Kind, said, step.says)
		}
	}
}
