package tale

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// What no room can be held at for long is asked of facts as a cluster writes them.
func TestWhyFromFacts(t *testing.T) {
	members := []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Voter}}
	j := recorded(t, 3,
		event.Event{Kind: event.MembersSet, Node: 1, Members: members},
		event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2},
		event.Event{Kind: event.LeaderSeen, Node: 2, Peer: 1, Term: 2},
		appended(2, 1, 2, 7), at(event.Committed, 2, 1),
		appended(3, 1, 2, 7), at(event.Committed, 3, 1),
		event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 2},
		event.Event{Kind: event.SafetyBroken, Property: event.ElectionSafety, Node: 2, Peer: 1, Term: 2, Rev: 14, N: 8, Text: "n2 became leader of term 2, which n1 had won before"},
	)
	s := j.State()
	m := Moment{Journal: j, State: &s}
	for words, want := range map[string]string{
		"n2 not-applied":            "n2 has entries up to 1 committed and has applied them up to 0. Its store applies one entry after the other, in the order of the log, and has not come to them yet.",
		"n3 not-applied":            "It has been started and hears from no leader yet. How far the log is committed is not kept on disk, so it applies nothing until a leader says so again.",
		"entry n2 1 not-applied":    "n2 has entries up to 1 committed and has applied them up to 0.",
		"lamp election-safety out":  "Two facts contradict each other: n2 became leader of term 2, which n1 had won before.",
		"lamp election-safety":      "Two facts contradict each other",
		"two-leaders":               "both lead term 2, which must never be: Election Safety is broken (§5.2).",
		"entry n2 1 not-committed":  "does not arise",
		"lamp state-machine-safety": "",
	} {
		q, ok := Ask(m, strings.Fields(words))
		if !ok {
			if want != "" {
				t.Errorf("%s cannot be asked", words)
			}
			continue
		}
		if a := Why(m, q); want == "" || !strings.Contains(a.Sentence, want) {
			t.Errorf("%s: %s", words, a.Sentence)
		}
	}
	a := Why(m, Question{Subject: Subject{sort: aboutLamp, property: "election-safety"}, Name: "out"})
	if len(a.Facts) != 2 || a.Facts[0].Seq != 14 || a.Facts[1].Seq != 8 || a.Facts[0].Words != "n2 became leader of term 2." || a.Facts[1].Words != "n1 became leader of term 2." {
		t.Errorf("%+v", a.Facts)
	}
}

// An old leader that stands still is told of although the newest one stands still, too, or leads alone of those that run.
func TestWhyTwoLeadersStandStill(t *testing.T) {
	facts := []event.Event{
		{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2}, {Kind: event.Suspended, Node: 1},
		{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 3}, {Kind: event.Suspended, Node: 2},
	}
	for n, want := range map[int]string{3: "n2 leads term 3 by now.", 4: "others have gone on to a later term."} {
		j := recorded(t, 3, facts[:n]...)
		s := j.State()
		m := Moment{Journal: j, State: &s}
		q, ok := Ask(m, []string{"n1", "suspended"})
		if !ok {
			t.Fatal("it cannot be asked why n1 stands still")
		}
		if a := Why(m, q); !strings.Contains(a.Sentence, want) {
			t.Errorf("%d facts: %s", n, a.Sentence)
		}
	}
}

// A configuration counts for whoever has it in the log before it is committed (dissertation §4.1), also when its leader is gone.
func TestWhyNoLeaderWithAConfigurationUncommitted(t *testing.T) {
	voters := func(ids ...event.NodeID) (list []event.Member) {
		for _, id := range ids {
			list = append(list, event.Member{ID: id, Suffrage: event.Voter})
		}
		return list
	}
	j := recorded(t, 4,
		event.Event{Kind: event.MembersSet, Node: 1, Index: 1, Members: voters(1, 2, 3)}, at(event.Committed, 1, 1),
		event.Event{Kind: event.MembersSet, Node: 2, Index: 7, Members: voters(1, 2, 3, 4)},
		event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed},
		event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed},
	)
	s := j.State()
	m := Moment{Journal: j, State: &s}
	q, ok := Ask(m, []string{"no-leader"})
	if !ok {
		t.Fatal("it cannot be asked why nobody leads")
	}
	a := Why(m, q)
	if want := "A leader needs the votes of 3 of the 4 voters, and only 2 of them run: n2 and n4."; !strings.HasPrefix(a.Sentence, want) {
		t.Errorf("n2 counts four voters: %s", a.Sentence)
	}
	if !slices.ContainsFunc(a.Facts, func(f Fact) bool {
		return f.Words == "n2 counts with the configuration of entry 7: voters n1, n2, n3 and n4."
	}) {
		t.Errorf("%+v", a.Facts)
	}
}

// Terms that a machine did not see are those of candidates that it did not hear.
func TestWhyTheTermJumped(t *testing.T) {
	j := recorded(t, 4,
		event.Event{Kind: event.VoteCast, Node: 2, Peer: 2, Term: 2}, event.Event{Kind: event.VoteCast, Node: 3, Peer: 3, Term: 3},
		event.Event{Kind: event.VoteCast, Node: 4, Peer: 3, Term: 1}, // late, and of another
		event.Event{Kind: event.VoteCast, Node: 2, Peer: 2, Term: 4}, event.Event{Kind: event.VoteCast, Node: 4, Peer: 4, Term: 5},
		event.Event{Kind: event.TermChanged, Node: 1, Term: 5},
	)
	s := j.State()
	m := Moment{Journal: j, State: &s}
	q, ok := Ask(m, []string{"n1", "term"})
	if !ok {
		t.Fatal("it cannot be asked why n1 is in its term")
	}
	if a := Why(m, q); !strings.Contains(a.Sentence, "It jumped by 4: in between there were 3 candidacies (n2 and n3) whose terms n1 did not take over.") {
		t.Error(a.Sentence)
	}
}
