package view

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// timed is a follower whose timer was set at 1,000 and runs out between 2,000 and 4,000.
func timed() *State {
	s := ring(3)
	s.Apply(event.Event{At: 1000, Kind: event.TimerSet, Node: 2, From: 1000, N: 2000, Until: 4000})
	return &s
}

func (s *State) timerIs(t *testing.T, from, earliest, latest event.Micros) {
	t.Helper()
	if n := s.Node(2); n.TimerFrom != from || n.TimerMin != earliest || n.TimerMax != latest {
		t.Errorf("the timer is %d, %d to %d, not %d, %d to %d", n.TimerFrom, n.TimerMin, n.TimerMax, from, earliest, latest)
	}
}

func TestATimerStandsStillWithItsMachine(t *testing.T) {
	s := timed()
	s.Apply(event.Event{At: 1500, Kind: event.Suspended, Node: 2})
	s.Apply(event.Event{At: 1600, Kind: event.Suspended, Node: 2})
	if n := s.Node(2); n.Stood != 1500 {
		t.Errorf("it stands still since %d", n.Stood)
	}
	s.Apply(event.Event{At: 9500, Kind: event.Resumed, Node: 2})
	s.timerIs(t, 9000, 10000, 12000)
	s.Apply(event.Event{At: 9600, Kind: event.Resumed, Node: 2})
	s.timerIs(t, 9000, 10000, 12000)
}

func TestATimerRunsOutByItsMachinesClock(t *testing.T) {
	s := timed()
	s.Apply(event.Event{At: 1000, Kind: event.DriftSet, Node: 2, Factor: 2 * event.One})
	s.timerIs(t, 1000, 1500, 2500)
	s.Apply(event.Event{At: 1500, Kind: event.DriftSet, Node: 2, Factor: event.One})
	s.timerIs(t, 1000, 1500, 3500)
	s.Apply(event.Event{At: 1700, Kind: event.Suspended, Node: 2})
	s.Apply(event.Event{At: 5000, Kind: event.DriftSet, Node: 2, Factor: event.One / 2})
	s.Apply(event.Event{At: 6700, Kind: event.Resumed, Node: 2})
	s.timerIs(t, 6000, 6300, 10300)
}

func TestATimerThatBeganByItselfIsNoContact(t *testing.T) {
	s := timed()
	s.Apply(event.Event{At: 5000, Kind: event.TimerSet, Node: 2, From: 5000, N: 6000, Until: 7000, OK: true})
	s.timerIs(t, 5000, 6000, 7000)
	if n := s.Node(2); n.Contact != 1000 {
		t.Errorf("the last contact was at %d", n.Contact)
	}
	s.Apply(event.Event{At: 6500, Kind: event.RoleChanged, Node: 2, Role: event.Candidate})
	s.timerIs(t, 0, 0, 0)
	s.Apply(event.Event{At: 6500, Kind: event.TimerSet, Node: 2, From: 6500, N: 7500, Until: 8500, OK: true})
	again := fold(Restate(s))
	again.timerIs(t, 6500, 7500, 8500)
	if n := again.Node(2); n.Contact != 1000 {
		t.Errorf("told anew the last contact was at %d", n.Contact)
	}
	s.Apply(event.Event{At: 8500, Kind: event.RoleChanged, Node: 2, Role: event.Leader})
	s.timerIs(t, 0, 0, 0)
}

func TestWhyAVoteWasRefusedIsKnownWhileTheProcessLives(t *testing.T) {
	s := ring(3)
	s.Apply(event.Event{Kind: event.VoteRefused, Node: 2, Peer: 3, Term: 7, Reason: event.LogTermBehind, Index: 4, LogTerm: 6, Text: "no"})
	want := Refusal{Candidate: 3, Term: 7, Reason: event.LogTermBehind, Index: 4, LogTerm: 6, Text: "no"}
	if got := s.Node(2).Refusal; got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	s.Apply(event.Event{Kind: event.Started, Node: 2})
	if got := s.Node(2).Refusal; got != (Refusal{}) {
		t.Errorf("after a restart it still knows of %+v", got)
	}
}

func TestVotesAreCountedWithoutPreVotes(t *testing.T) {
	s := ring(3)
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 2})
	s.Apply(event.Event{Kind: event.VoteCast, Node: 1, Peer: 1, Term: 2})
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 2, OK: true, Reply: true})
	if n := s.Node(1); n.Votes() != 1 || len(n.Ballots) != 1 {
		t.Errorf("an answer to its pre-vote, which it has won, comes late and is counted: %+v", n.Ballots)
	}
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 3, OK: true, Reply: true})
	if n := s.Node(1); n.Votes() != 1 || len(n.Ballots) != 2 {
		t.Errorf("its own vote and a pre-vote for the next term: %+v", n.Ballots)
	}
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 2, OK: true})
	if n := s.Node(1).Votes(); n != 2 {
		t.Errorf("%d votes with its own and another", n)
	}
}
