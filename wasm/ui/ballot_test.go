package ui

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
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
	look(".....", "0 of 3 votes") // it may have been told to stand at once, and its own vote is on no disk yet
	round := event.Event{Kind: event.TimerSet, Node: 3, OK: true, Reply: true}
	s.tell(round)
	look("..~..", "pre-vote: 1 of 3 would vote for it")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 4, Term: term + 1, OK: true, Reply: true}, event.Event{Kind: event.VoteCounted, Node: 3, Peer: 1, Term: term + 1, Reply: true})
	look("-.~~.", "pre-vote: 2 of 3 would vote for it")
	s.tell(event.Event{Kind: event.TermChanged, Node: 3, Term: term + 1}, event.Event{Kind: event.VoteCast, Node: 3, Peer: 3, Term: term + 1},
		event.Event{Kind: event.VoteCounted, Node: 3, Peer: 3, Term: term + 1, OK: true})
	look("..+..", "1 of 3 votes")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 5, Term: term + 1, OK: true, Reply: true}) // late
	look("..+..", "1 of 3 votes")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 5, Term: term + 1, OK: true}, event.Event{Kind: event.VoteCounted, Node: 3, Peer: 4, Term: term + 1})
	look("..+-+", "2 of 3 votes")
	s.tell(round) // it was not enough: what was answered counts no more
	look("..~..", "pre-vote: 1 of 3 would vote for it")
	s.tell(event.Event{Kind: event.VoteCounted, Node: 3, Peer: 1, Term: term + 2, OK: true, Reply: true})
	look("~.~..", "pre-vote: 2 of 3 would vote for it")
	s.tell(round)
	look("..~..", "pre-vote: 1 of 3 would vote for it")
	s.tell(event.Event{Kind: event.TermChanged, Node: 3, Term: term + 2}, event.Event{Kind: event.VoteCounted, Node: 3, Peer: 5, Term: term + 1, OK: true}) // late
	look(".....", "0 of 3 votes")
}

// A refused heartbeat deposes a leader: it is seen to be refused, while one that is welcome stays quiet.
func TestARefusedHeartbeatIsCrossed(t *testing.T) {
	beat := view.Message{Type: event.Heartbeat, Reply: true, OK: true}
	if l := lookOf(&beat); l.mark != NoMark || l.colour != colourBeat {
		t.Errorf("%+v", l)
	}
	if beat.OK = false; lookOf(&beat).mark != Cross || lookOf(&beat).colour != colourBad {
		t.Errorf("%+v", lookOf(&beat))
	}
}

// Of a machine that it replicates to no more a leader believes nothing.
func TestAMachineOnItsWayOutHasNoMatch(t *testing.T) {
	s := healthy()
	leader := s.m.State.Leader()
	out := *s.m.State.Node(4)
	if below, _ := s.m.wordsBelow(&out); !strings.HasPrefix(below, "match ") {
		t.Fatalf("%q", below)
	}
	s.tell(event.Event{Kind: event.MembersSet, Node: leader.ID, Index: leader.Last, Members: slices.DeleteFunc(slices.Clone(leader.Members), func(m event.Member) bool { return m.ID == 4 })})
	if below, _ := s.m.wordsBelow(&out); below != "last "+number(out.Last) {
		t.Errorf("%q", below)
	}
}

// An entry that only a part of the machines has changes who could be elected, and so the outlines, though no link has changed.
func TestALogChangesWhoCouldBeElected(t *testing.T) {
	s := healthy()
	leader := s.m.State.Leader().ID
	last := s.m.State.Node(1).Last
	s.tell(event.Event{Kind: event.Stopped, Node: leader, Reason: event.Killed})
	all := len(s.m.State.Nodes)
	outline := func() (said string) {
		each(Scene(&s.m), func(e *Element) {
			if _, there := e.Attr("data-quorum"); there && e.Tag == "li" {
				said += wordsOf(e)
			}
		})
		return said
	}
	if said := outline(); !strings.HasSuffix(said, " – quorum") {
		t.Fatal(said)
	}
	var have []string
	for i := range all {
		if n := &s.m.State.Nodes[i]; n.Up && len(have) < 2 {
			have = append(have, n.ID.String())
			s.tell(event.Event{Kind: event.Appended, Node: n.ID, Index: last + 1, Term: n.Term})
		}
	}
	if said := outline(); !strings.HasSuffix(said, " – quorum if led by "+strings.Join(have, " ")) {
		t.Fatal(said)
	}
	first, second := event.NodeID(have[0][1]-'0'), event.NodeID(have[1][1]-'0')
	s.tell(event.Event{Kind: event.LinkSet, Node: first, Peer: second, Link: event.Link{Cut: true}})
	for i := range all {
		if n := &s.m.State.Nodes[i]; n.Up && !slices.Contains(have, n.ID.String()) {
			s.tell(event.Event{Kind: event.Stopped, Node: n.ID, Reason: event.Killed})
			break
		}
	}
	if said := outline(); !strings.HasSuffix(said, "3 of 5 – nobody can be elected") {
		t.Fatal(said)
	}
}
