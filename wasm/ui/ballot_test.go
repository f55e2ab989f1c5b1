package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Who would vote has not voted: answers to a pre-vote look otherwise than votes, and say so, and none is left when votes are asked for.
func TestPreVotesAreNoVotes(t *testing.T) {
	s := healthy()
	s.tell(event.Event{Kind: event.PreVoteSet, OK: true}, event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	look := func(pips, votes string) {
		t.Helper()
		l := s.m.lookOfNode(s.m.State.Node(3))
		if l.pips != pips || l.votes != votes {
			t.Errorf("pips %q, %q; wanted %q, %q", l.pips, l.votes, pips, votes)
		}
	}
	term := s.m.State.Node(3).Term
	s.tell(event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Candidate, Term: term})
	look("..~..", "pre-vote: 1 of 3 would vote for it")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 4, Term: term + 1, OK: true, Reply: true}, event.Event{Kind: event.VoteCounted, Node: 3, Peer: 1, Term: term + 1, Reply: true})
	look("-.~~.", "pre-vote: 2 of 3 would vote for it")
	s.tell(event.Event{Kind: event.TermChanged, Node: 3, Term: term + 1}, event.Event{Kind: event.VoteCast, Node: 3, Peer: 3, Term: term + 1},
		event.Event{Kind: event.VoteCounted, Node: 3, Peer: 3, Term: term + 1, OK: true})
	look("..+..", "1 of 3 votes")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 5, Term: term + 1, OK: true, Reply: true}) // late
	look("..+..", "1 of 3 votes")
}
