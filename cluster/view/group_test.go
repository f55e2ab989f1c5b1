package view

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestGroups(t *testing.T) {
	tests := []struct {
		name   string
		change func(*State)
		want   []Group
	}{
		{"all together", func(*State) {}, []Group{{ids(1, 2, 3, 4, 5), 5, 5, true, ids(1, 2, 3, 4, 5)}}},
		{"two against three", func(s *State) { s.part(ids(1, 2), ids(3, 4, 5)) },
			[]Group{{ids(1, 2), 2, 5, false, nil}, {ids(3, 4, 5), 3, 5, true, ids(3, 4, 5)}}},
		{"a cut in one direction between two, whom the others still reach", func(s *State) { s.cut(1, 2) },
			[]Group{{ids(1, 2, 3, 4, 5), 5, 5, true, ids(1, 2, 3, 4, 5)}}},
		{"cut in one direction from all others", func(s *State) {
			for id := event.NodeID(2); id <= 5; id++ {
				s.cut(1, id)
			}
		}, []Group{{ids(1), 1, 5, false, nil}, {ids(2, 3, 4, 5), 4, 5, true, ids(2, 3, 4, 5)}}},
		{"one hangs on by one other, and could not lead", func(s *State) { s.part(ids(1), ids(2, 3, 4)) },
			[]Group{{ids(1, 2, 3, 4, 5), 5, 5, true, ids(2, 3, 4, 5)}}},
		{"a chain: nobody relays", func(s *State) { s.part(ids(1), ids(3, 4, 5)); s.part(ids(2), ids(4, 5)); s.part(ids(3), ids(5)) },
			[]Group{{ids(1, 2, 3), 3, 5, true, ids(2)}, {ids(2, 3, 4), 3, 5, true, ids(3)}, {ids(3, 4, 5), 3, 5, true, ids(4)}}},
		{"messages that go around in one direction only", func(s *State) {
			for from := event.NodeID(1); from <= 5; from++ {
				for to := event.NodeID(1); to <= 5; to++ {
					if to != from%5+1 {
						s.cut(from, to)
					}
				}
			}
		}, []Group{{ids(1), 1, 5, false, nil}, {ids(2), 1, 5, false, nil}, {ids(3), 1, 5, false, nil}, {ids(4), 1, 5, false, nil}, {ids(5), 1, 5, false, nil}}},
		{"a link that loses everything is as good as cut", func(s *State) {
			for id := event.NodeID(1); id <= 4; id++ {
				s.Apply(event.Event{Kind: event.LinkSet, Node: id, Peer: 5, Link: event.Link{Loss: event.One}})
			}
		}, []Group{{ids(1, 2, 3, 4), 4, 5, true, ids(1, 2, 3, 4)}, {ids(5), 1, 5, false, nil}}},
		{"a link that holds is whole", func(s *State) {
			for id := event.NodeID(1); id <= 4; id++ {
				s.Apply(event.Event{Kind: event.LinkSet, Node: id, Peer: 5, Link: event.Link{Hold: true}})
			}
		}, []Group{{ids(1, 2, 3, 4, 5), 5, 5, true, ids(1, 2, 3, 4, 5)}}},
		{"who lacks an entry is not elected by those who have it", func(s *State) {
			s.Apply(event.Event{Kind: event.Appended, Node: 2, Index: 2, Term: 1})
			s.Apply(event.Event{Kind: event.Appended, Node: 3, Index: 2, Term: 1})
			s.Apply(event.Event{Kind: event.Stopped, Node: 4, Reason: event.Killed})
			s.Apply(event.Event{Kind: event.Stopped, Node: 5, Reason: event.Killed})
			s.part(ids(2), ids(3))
		}, []Group{{ids(1, 2, 3), 3, 5, false, nil}}},
		{"who leads needs no vote any more", func(s *State) {
			for _, id := range ids(2, 3) {
				s.Apply(event.Event{Kind: event.Appended, Node: id, Index: 2, Term: 1})
			}
			s.Apply(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 2})
			s.part(ids(2), ids(3, 4, 5))
			s.part(ids(3), ids(4, 5))
			s.part(ids(4), ids(5))
		}, []Group{{ids(1, 2, 3, 4, 5), 5, 5, true, ids(1)}}},
		{"wiped machines stand for nothing", func(s *State) {
			for _, id := range ids(1, 2, 3) {
				s.Apply(event.Event{Kind: event.Wiped, Node: id})
			}
			s.Apply(event.Event{Kind: event.Stopped, Node: 4, Reason: event.Killed})
			s.Apply(event.Event{Kind: event.Stopped, Node: 5, Reason: event.Killed})
		}, []Group{{ids(1, 2, 3), 3, 5, false, nil}}},
		{"dead and suspended machines are in no group", func(s *State) {
			s.Apply(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
			s.Apply(event.Event{Kind: event.Suspended, Node: 4})
			s.part(ids(1), ids(5))
		}, []Group{{ids(1, 3, 5), 3, 5, true, ids(3)}}},
		{"three of five gone", func(s *State) {
			for _, id := range ids(1, 2, 3) {
				s.Apply(event.Event{Kind: event.Stopped, Node: id, Reason: event.Killed})
			}
		}, []Group{{ids(4, 5), 2, 5, false, nil}}},
		{"learners do not count, and bring nobody together", func(s *State) {
			s.Apply(event.Event{Kind: event.MembersSet, Index: 2, Members: []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter},
				{ID: 3, Suffrage: event.Learner}, {ID: 4, Suffrage: event.Learner}}})
			s.part(ids(1), ids(2))
			s.part(ids(5), ids(1, 2))
		}, []Group{{ids(1, 3, 4), 1, 2, false, nil}, {ids(2, 3, 4), 1, 2, false, nil}, {ids(5), 0, 2, false, nil}}},
		{"a leader counts with the configuration that it uses, be it settled or not", func(s *State) {
			five := []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Voter}}
			s.Apply(event.Event{Kind: event.MembersSet, Index: 2, Members: five})
			s.Apply(event.Event{Kind: event.MembersSet, Node: 1, Index: 3, Members: append(five, event.Member{ID: 4, Suffrage: event.Voter})})
			s.part(ids(1, 2), ids(3, 4, 5))
		}, []Group{{ids(1, 2), 2, 3, true, ids(2)}, {ids(3, 4, 5), 1, 3, false, nil}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := ring(5)
			test.change(&s)
			if got := s.Groups(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("%+v, not %+v", got, test.want)
			}
		})
	}
	if got := new(State).Groups(); got != nil {
		t.Errorf("an empty room has groups: %v", got)
	}
	var unknown State
	for id := event.NodeID(1); id <= 3; id++ {
		unknown.Apply(event.Event{Kind: event.MachineAdded, Node: id})
		unknown.Apply(event.Event{Kind: event.Started, Node: id})
	}
	if got, want := unknown.Groups(), []Group{{ids(1, 2, 3), 0, 0, false, nil}}; !reflect.DeepEqual(got, want) {
		t.Errorf("before any configuration is known: %+v, not %+v", got, want)
	}
}

// A configuration counts for whoever has it in the log, not when it is committed (dissertation §4.1): the leader's is what is drawn.
func TestGroupsCountWithTheNewestConfiguration(t *testing.T) {
	s := ring(6)
	old := []event.Member{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}, {ID: 5}, {ID: 6, Suffrage: event.Learner}}
	for i := range old[:5] {
		old[i].Suffrage = event.Voter
	}
	s.Members, s.MembersIndex = old, 1
	for i := range s.Nodes {
		s.Nodes[i].Members, s.Nodes[i].MembersIndex = old, 1
	}
	l := s.Node(5)
	l.Members, l.MembersIndex = slices.Clone(old), 7
	l.Members[5].Suffrage = event.Voter
	groups := s.Groups()
	if len(groups) != 1 || groups[0].Voters != 6 || groups[0].Total != 6 || len(groups[0].Leaders) != 5 {
		t.Errorf("n5 counts six voters: %+v", groups)
	}
	if s.Believing() != nil || len(s.InUse()) != 6 || s.InUse()[5].Suffrage != event.Voter {
		t.Errorf("nobody leads, and n5 would count n6's vote: %+v", s.InUse())
	}
	l.Up = false
	if s.InUse()[5].Suffrage != event.Learner {
		t.Errorf("nobody who runs knows of a newer configuration than the committed one: %+v", s.InUse())
	}
	s.Node(1).Role = event.Leader
	if l.Up = true; s.InUse()[5].Suffrage != event.Learner {
		t.Errorf("n1 leads, and has not heard of it: %+v", s.InUse())
	}
	s.Node(1).Role = event.Follower
	l.Role = event.Leader
	if s.InUse()[5].Suffrage != event.Voter {
		t.Errorf("n5 leads with six voters: %+v", s.InUse())
	}
	l.Role = event.Follower
	s.logs(1, 2, 2) // since: n5's entry gives way as soon as n1 leads
	if s.InUse()[5].Suffrage != event.Learner {
		t.Errorf("n1 has the newest log and counts five voters: %+v", s.InUse())
	}
	l.Role = event.Leader
	l.Suspended = true
	if s.Leader() != nil || s.Believing() != l {
		t.Error("who stands still leads nobody, and believes what it believed")
	}
}

// TestGroupsAgainstBruteForce holds the groups of random rooms against all sets of machines: the sets with a quorum are
// the largest in which somebody gets a request to and a reply from all others, more than half of the voters among them.
func TestGroupsAgainstBruteForce(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 9))
	for round := range 3000 {
		s := anyRoom(random, event.NodeID(round%9+1))
		want := map[string]int{}
		sets := quorateSets(&s)
		for _, set := range sets {
			if !insideAnother(set, sets) {
				want[fmt.Sprint(set)] = ackers(&s, set)
			}
		}
		got := map[string]int{}
		seen := map[event.NodeID]bool{}
		for _, g := range s.Groups() {
			for _, id := range g.Nodes {
				seen[id] = true
			}
			if g.Quorum {
				got[fmt.Sprint(g.Nodes)] = g.Voters
			} else if insideAnother(g.Nodes, sets) {
				t.Errorf("round %d: %v is told apart from a set with a quorum that it is in", round, g.Nodes)
			}
			for _, id := range ids(1, 2, 3, 4, 5, 6, 7, 8, 9) {
				if could := canCommit(&s, id, g.Nodes); could != holds(g.Leaders, id) {
					t.Errorf("round %d: that n%d could lead %v is %v, not as told in %v", round, id, g.Nodes, could, g.Leaders)
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("round %d: %v, not %v, in a room with links %+v", round, got, want, s.Links)
		}
		for i := range s.Nodes {
			if n := &s.Nodes[i]; n.running() != seen[n.ID] {
				t.Errorf("round %d: n%d runs: %v; is in a group: %v", round, n.ID, n.running(), seen[n.ID])
			}
		}
	}
}

// anyRoom is a room with random cuts and losses in single directions, learners, outsiders, machines that do not run, uneven logs, and
// a leader or none.
func anyRoom(random *rand.Rand, n event.NodeID) State {
	s := ring(n)
	var members []event.Member
	for id := event.NodeID(1); id <= n; id++ {
		switch random.IntN(6) {
		case 0:
			members = append(members, event.Member{ID: id, Suffrage: event.Learner})
		case 1:
		default:
			members = append(members, event.Member{ID: id, Suffrage: event.Voter})
		}
	}
	if len(members) > 0 {
		s.Apply(event.Event{Kind: event.MembersSet, Index: 2, Members: members})
	}
	for id := event.NodeID(1); id <= n; id++ {
		term := uint64(1)
		for index := range uint64(random.IntN(4)) {
			term += uint64(random.IntN(2))
			s.Apply(event.Event{Kind: event.Appended, Node: id, Index: index + 2, Term: term})
		}
	}
	if id := event.NodeID(random.IntN(int(2 * n))); id <= n {
		s.Apply(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: 9})
	}
	density := random.IntN(10)
	for _, l := range s.Links {
		if random.IntN(10) < density {
			s.Apply(event.Event{Kind: event.LinkSet, Node: l.From, Peer: l.To,
				Link: event.Link{Cut: random.IntN(3) > 0, Loss: event.Factor(random.IntN(2)) * event.One, Hold: random.IntN(2) == 0}})
		}
	}
	for id := event.NodeID(1); id <= n; id++ {
		switch random.IntN(12) {
		case 0:
			s.Apply(event.Event{Kind: event.Stopped, Node: id, Reason: event.Killed})
		case 1:
			s.Apply(event.Event{Kind: event.Suspended, Node: id})
		}
	}
	return s
}

// quorateSets are all sets of machines in which somebody reaches all others and is reached by them, and so commits.
func quorateSets(s *State) (sets [][]event.NodeID) {
	for bits := 1; bits < 1<<len(s.Nodes); bits++ {
		var set []event.NodeID
		for i := range s.Nodes {
			if bits>>i&1 == 1 {
				set = append(set, s.Nodes[i].ID)
			}
		}
		for _, leader := range set {
			if len(acknowledged(s, leader, set)) == len(set) && canCommit(s, leader, set) {
				sets = append(sets, set)
				break
			}
		}
	}
	return sets
}

// acknowledged plays a round of replication by the letter: the leader sends to all in the set, whoever runs and gets it
// replies, and those whose replies arrive have acknowledged.
func acknowledged(s *State, leader event.NodeID, set []event.NodeID) (by []event.NodeID) {
	if n := s.Node(leader); n == nil || !n.Up || n.Suspended {
		return nil
	}
	arrives := func(from, to event.NodeID) bool {
		l, n := s.Link(from, to), s.Node(to)
		return !l.Cut && l.Loss != event.One && n.Up && !n.Suspended
	}
	for _, id := range set {
		if id == leader || arrives(leader, id) && arrives(id, leader) {
			by = append(by, id)
		}
	}
	return by
}

// grants says whether a voter gives its vote to a candidate, by the letter of §5.4.1: "If the logs have last entries with different
// terms, then the log with the later term is more up-to-date. If the logs end with the same term, then whichever log is longer is".
func grants(s *State, voter, candidate event.NodeID) bool {
	last := func(id event.NodeID) (term uint64, length int) {
		log := s.Node(id).Log
		if log.Len() == 0 {
			return 0, 0
		}
		return log.At(log.Len() - 1).Term, log.Len()
	}
	myTerm, mine := last(voter)
	term, length := last(candidate)
	if myTerm != term {
		return term > myTerm
	}
	return length >= mine
}

// canCommit says whether a voter that talks to this set only gets the acknowledgements of a majority, and its votes, unless it leads:
// then it need not be a voter. Whoever else it exchanges messages with must be in the set: it is about all of its partners.
func canCommit(s *State, leader event.NodeID, set []event.NodeID) bool {
	leads := s.Node(leader) != nil && s.Node(leader).Role == event.Leader
	if !leads && !isVoter(s, leader) || !holds(set, leader) {
		return false
	}
	everybody := make([]event.NodeID, 0, len(s.Nodes))
	for i := range s.Nodes {
		everybody = append(everybody, s.Nodes[i].ID)
	}
	all := acknowledged(s, leader, everybody)
	if len(all) != len(acknowledged(s, leader, set)) {
		return false
	}
	got, total := 0, 0
	for _, id := range all {
		if isVoter(s, id) && (leads || grants(s, id, leader)) {
			got++
		}
	}
	for _, m := range s.Members {
		if m.Suffrage == event.Voter {
			total++
		}
	}
	return 2*got > total
}

func isVoter(s *State, id event.NodeID) bool {
	for _, m := range s.Members {
		if m.ID == id && m.Suffrage == event.Voter {
			return true
		}
	}
	return false
}

// ackers counts the voters in a set.
func ackers(s *State, set []event.NodeID) (n int) {
	for _, id := range set {
		if isVoter(s, id) {
			n++
		}
	}
	return n
}

func insideAnother(set []event.NodeID, sets [][]event.NodeID) bool {
	for _, other := range sets {
		if len(other) > len(set) && within(set, other) {
			return true
		}
	}
	return false
}

func within(a, b []event.NodeID) bool {
	for _, id := range a {
		if !holds(b, id) {
			return false
		}
	}
	return true
}

func holds(list []event.NodeID, id event.NodeID) bool { return slices.Contains(list, id) }

// A leader that takes itself out goes on until that is committed, by the others alone (dissertation §4.2.2).
func TestALeaderOnItsWayOutLeads(t *testing.T) {
	s := ring(3)
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 1})
	s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: 2, Term: 1})
	s.Apply(event.Event{Kind: event.MembersSet, Node: 1, Index: 2, Members: []event.Member{{ID: 2, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Voter}}})
	if got, want := s.Groups(), []Group{{ids(1, 2, 3), 2, 2, true, ids(1, 2, 3)}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, not %+v", got, want)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed})
	if got, want := s.Groups(), []Group{{ids(1, 2), 1, 2, false, nil}}; !reflect.DeepEqual(got, want) {
		t.Errorf("n2 alone is no majority of two, and will not be elected with n1's vote: %+v, not %+v", got, want)
	}
}
