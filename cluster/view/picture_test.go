package view

import (
	"reflect"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// ring is n running machines that all vote.
func ring(n event.NodeID) State {
	var s State
	var members []event.Member
	for id := event.NodeID(1); id <= n; id++ {
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	for _, m := range members {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: m.ID})
		s.Apply(event.Event{Kind: event.Started, Node: m.ID})
		s.Apply(event.Event{Kind: event.MembersSet, Node: m.ID, Index: 1, Members: members})
	}
	return s
}

func (s *State) cut(from, to event.NodeID) {
	s.Apply(event.Event{Kind: event.LinkSet, Node: from, Peer: to, Link: event.Link{Cut: true}})
}

func (s *State) part(a, b []event.NodeID) {
	for _, x := range a {
		for _, y := range b {
			s.cut(x, y)
			s.cut(y, x)
		}
	}
}

func (s *State) leads(id event.NodeID, term uint64) {
	s.Apply(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term})
}

func (s *State) logs(id event.NodeID, terms ...uint64) {
	for i, term := range terms {
		s.Apply(event.Event{Kind: event.Appended, Node: id, Index: uint64(i) + 1, Term: term, Entry: event.EntryCommand})
	}
}

func ids(n ...event.NodeID) []event.NodeID { return n }

func TestLeaderIsTheNewestThatRuns(t *testing.T) {
	s := ring(3)
	if s.Leader() != nil {
		t.Error("there is a leader before an election")
	}
	s.leads(1, 2)
	if l := s.Leader(); l == nil || l.ID != 1 || s.StaleLeader(l) {
		t.Errorf("%+v", l)
	}
	s.leads(3, 4)
	if l := s.Leader(); l.ID != 3 || !s.StaleLeader(s.Node(1)) || s.StaleLeader(s.Node(3)) || s.StaleLeader(s.Node(2)) {
		t.Errorf("%+v", l)
	}
	s.Apply(event.Event{Kind: event.Suspended, Node: 3})
	if l := s.Leader(); l != nil || !s.StaleLeader(s.Node(1)) || s.Believing() != s.Node(3) {
		t.Errorf("%+v leads while n3 stands still", l)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed})
	if l := s.Leader(); l != nil || !s.StaleLeader(s.Node(1)) {
		t.Errorf("%+v leads although a majority has voted in a newer term: who was elected in it may be dead, the votes count", l)
	}
	s.leads(2, 3) // its votes were given before, and arrive late
	if l := s.Leader(); l != nil || !s.StaleLeader(s.Node(2)) {
		t.Errorf("%+v leads an older term", l)
	}
	s.leads(2, 5)
	if l := s.Leader(); l == nil || l.ID != 2 || s.StaleLeader(l) {
		t.Errorf("%+v", l)
	}
}

// Where a voter has forgotten for whom it voted, an older leader may get its majority again.
func TestAWipedVoterHoldsBackNobody(t *testing.T) {
	s := ring(3)
	s.leads(1, 2)
	s.leads(2, 3)
	s.Apply(event.Event{Kind: event.Wiped, Node: 3})
	if l := s.Leader(); l == nil || l.ID != 2 {
		t.Errorf("%+v: the newest leader still leads", l)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	s.Apply(event.Event{Kind: event.Wiped, Node: 3})
	if l := s.Leader(); l == nil || l.ID != 1 || s.StaleLeader(l) {
		t.Errorf("%+v: n1 and an empty n3 are a majority", l)
	}
	five := ring(5)
	five.leads(1, 2)
	for id := event.NodeID(3); id <= 5; id++ {
		five.Apply(event.Event{Kind: event.TermChanged, Node: id, Term: 3})
	}
	five.leads(2, 3)
	five.Apply(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	five.Apply(event.Event{Kind: event.Wiped, Node: 5})
	if l := five.Leader(); l != nil || !five.StaleLeader(five.Node(1)) {
		t.Errorf("%+v: n1 and an empty n5 are two of five", l)
	}
}

func TestVotesNeeded(t *testing.T) {
	for n, want := range map[event.NodeID]int{1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 9: 5} {
		s := ring(n)
		if got := s.VotesNeeded(s.Node(1)); got != want {
			t.Errorf("%d voters: %d", n, got)
		}
	}
	s := ring(5)
	s.Apply(event.Event{Kind: event.MembersSet, Node: 1, Index: 7, Members: []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Learner}}})
	if got := s.VotesNeeded(s.Node(1)); got != 1 {
		t.Errorf("a candidate counts by the configuration that it uses itself: %d", got)
	}
	s.Apply(event.Event{Kind: event.MachineAdded, Node: 9})
	if got := s.VotesNeeded(s.Node(9)); got != 3 {
		t.Errorf("who has none counts by the room's: %d", got)
	}
	if got := new(State).VotesNeeded(&Node{}); got != 0 {
		t.Errorf("nothing is known: %d", got)
	}
}

func TestDoomed(t *testing.T) {
	s := ring(3)
	s.logs(1, 1, 1, 2, 2)
	s.Apply(event.Event{Kind: event.Committed, Node: 1, Index: 1})
	doomed := func() (is []uint64) {
		for i := uint64(0); i < 7; i++ {
			if s.Doomed(s.Node(1), i) {
				is = append(is, i)
			}
		}
		return is
	}
	want := func(when string, want ...uint64) {
		t.Helper()
		if got := doomed(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v are doomed, not %v", when, got, want)
		}
	}
	want("without a leader")
	s.logs(2, 1, 1, 3)
	s.leads(2, 3)
	want("another entry at 3, none at 4", 3, 4)
	s.leads(1, 4)
	want("the node itself was elected since")
	s.leads(3, 5)
	want("the newest leader has nothing", 2, 3, 4)
	s.Apply(event.Event{Kind: event.SnapshotInstalled, Node: 3, Index: 4, LogTerm: 2})
	want("the newest leader has it all in a snapshot")
	s.Apply(event.Event{Kind: event.Committed, Node: 2, Index: 3})
	want("n2 knows another entry at 3 to be committed, so that is what the snapshot holds", 3)
	s.Apply(event.Event{Kind: event.SnapshotInstalled, Node: 3, Index: 5, LogTerm: 1})
	want("its last entry is of an older term", 3, 4)
}

// TestMembersAreTheCommittedOnes: a new configuration counts from its entry on for the node that has it, and for the
// room when it is committed.
func TestMembersAreTheCommittedOnes(t *testing.T) {
	s := ring(3)
	if len(s.Members) != 3 || s.MembersIndex != 1 {
		t.Fatalf("the first configuration is given: %+v", s.Members)
	}
	four := append(s.Node(1).Members[:3:3], event.Member{ID: 4, Suffrage: event.Learner})
	s.Apply(event.Event{Kind: event.MembersSet, Node: 1, Index: 8, Members: four})
	if len(s.Node(1).Members) != 4 || len(s.Members) != 3 {
		t.Errorf("before it is committed: node %v, room %v", s.Node(1).Members, s.Members)
	}
	s.Apply(event.Event{Kind: event.Committed, Node: 1, Index: 7})
	if len(s.Members) != 3 {
		t.Error("an entry before it was committed")
	}
	s.Apply(event.Event{Kind: event.Committed, Node: 1, Index: 8})
	if len(s.Members) != 4 || s.MembersIndex != 8 {
		t.Errorf("committed: %v", s.Members)
	}
	s.Apply(event.Event{Kind: event.Committed, Node: 2, Index: 9}) // n2 still uses the old one
	if len(s.Members) != 4 {
		t.Error("an older configuration came back")
	}
}

// TestRoomThatBeganWithAnOpenChange: a reopened room may first hear of a configuration that is then overwritten.
func TestRoomThatBeganWithAnOpenChange(t *testing.T) {
	var s State
	one, two := []event.Member{{ID: 1, Suffrage: event.Voter}}, []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 2, Suffrage: event.Voter}}
	for _, e := range []event.Event{
		{Kind: event.MachineAdded, Node: 1}, {Kind: event.MachineAdded, Node: 2},
		{Kind: event.MembersSet, Node: 1, Index: 9, Members: two},
		{Kind: event.MembersSet, Node: 2, Index: 5, Members: one},
	} {
		s.Apply(e)
	}
	if s.MembersIndex != 9 {
		t.Errorf("%d is known first", s.MembersIndex)
	}
	s.Apply(event.Event{Kind: event.Committed, Node: 2, Index: 6})
	if s.MembersIndex != 5 || len(s.Members) != 1 {
		t.Errorf("the one of %d counts, though only that of 5 is committed", s.MembersIndex)
	}
	s.Apply(event.Event{Kind: event.Committed, Node: 1, Index: 9})
	if s.MembersIndex != 9 || len(s.Members) != 2 {
		t.Errorf("the one of %d counts, though that of 9 is committed", s.MembersIndex)
	}
}

func TestDiskOutlivesTheProcess(t *testing.T) {
	s := ring(3)
	for _, e := range []event.Event{
		{Kind: event.VoteCast, Node: 1, Peer: 1, Term: 3},
		{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 3},
		{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 3, OK: true},
		{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 3},
		{Kind: event.LeaderSeen, Node: 1, Peer: 1, Term: 3},
		{Kind: event.Appended, Node: 1, Index: 1, Term: 3},
		{Kind: event.Appended, Node: 1, Index: 2, Term: 3},
		{Kind: event.MatchSet, Node: 1, Peer: 2, Index: 1, N: 2},
		{Kind: event.Committed, Node: 1, Index: 1},
		{Kind: event.Applied, Node: 1, Index: 1, Rev: 2},
		{Kind: event.TimerSet, Node: 1, From: 10, N: 20, Until: 30},
		{Kind: event.Suspended, Node: 1},
	} {
		s.Apply(e)
	}
	n := s.Node(1)
	if n.Role != event.Leader || len(n.Ballots) != 1 || len(n.Peers) != 2 || !n.Suspended || n.TimerMax != 30 {
		t.Fatalf("%+v", n)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 1, Reason: event.KilledAfterFsync})
	want := Node{ID: 1, Term: 3, Vote: 1, VoteTerm: 3, Down: event.KilledAfterFsync, First: 1, Last: 2, Commit: 1, Applied: 1, Revision: 2,
		Log: n.Log, Drift: event.One, Members: n.Members, MembersIndex: 1}
	if !reflect.DeepEqual(*n, want) || n.Log.Len() != 2 {
		t.Errorf("after the crash\n got %+v\nwant %+v", *n, want)
	}
	for _, late := range []event.Event{{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 3}, {Kind: event.TimerSet, Node: 1, Until: 9},
		{Kind: event.MatchSet, Node: 1, Peer: 2}, {Kind: event.VoteCounted, Node: 1, Peer: 2}, {Kind: event.LeaderSeen, Node: 1, Peer: 2}, {Kind: event.Suspended, Node: 1}} {
		if s.Apply(late); !reflect.DeepEqual(*n, want) {
			t.Errorf("%v of a dead process shows", late.Kind)
		}
	}
	s.Apply(event.Event{Kind: event.Started, Node: 1, Term: 3, Index: 2})
	if !n.Up || n.Role != event.Follower || n.Last != 2 || n.Commit != 0 || n.Down != event.ReasonNone {
		t.Errorf("after the restart %+v", n)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	s.Apply(event.Event{Kind: event.Wiped, Node: 1})
	if !reflect.DeepEqual(*n, Node{ID: 1, Down: event.Killed, Drift: event.One}) {
		t.Errorf("wiped: %+v", n)
	}
	s.Apply(event.Event{Kind: event.Stopped, Node: 1, Reason: event.RefusedToStart, Text: "the log is damaged at byte 12"})
	if n.Refused != "the log is damaged at byte 12" {
		t.Errorf("refused: %+v", n)
	}
}

func TestACandidatesOwnVoteCounts(t *testing.T) {
	s := ring(3)
	s.Apply(event.Event{Kind: event.TermChanged, Node: 1, Term: 2})
	s.Apply(event.Event{Kind: event.VoteCast, Node: 1, Peer: 1, Term: 2}) // not as a candidate: it was told what is on its disk
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 2})
	if s.Node(1).Ballots != nil {
		t.Errorf("a vote of before: %+v", s.Node(1).Ballots)
	}
	for _, e := range []event.Event{{Kind: event.TermChanged, Node: 1, Term: 3}, {Kind: event.VoteCast, Node: 1, Peer: 1, Term: 3}} {
		s.Apply(e)
	}
	if want := []Ballot{{Voter: 1, Granted: true}}; !reflect.DeepEqual(s.Node(1).Ballots, want) {
		t.Errorf("%+v", s.Node(1).Ballots)
	}
}

func TestNewTermClearsBallots(t *testing.T) {
	s := ring(3)
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 1})
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 2, OK: true, Reply: true}) // for the next one
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 3, Term: 1})
	s.Apply(event.Event{Kind: event.VoteCounted, Node: 1, Peer: 2, Term: 1, OK: true})
	if want := []Ballot{{Voter: 2, Granted: true}, {Voter: 3}}; !reflect.DeepEqual(s.Node(1).Ballots, want) {
		t.Errorf("%+v", s.Node(1).Ballots)
	}
	s.Apply(event.Event{Kind: event.TermChanged, Node: 1, Term: 2})
	if s.Node(1).Ballots != nil {
		t.Errorf("%+v", s.Node(1).Ballots)
	}
}

func TestMessages(t *testing.T) {
	s := ring(2)
	sent := event.Event{Kind: event.Sent, At: 5, Msg: 7, Node: 1, Peer: 2, Type: event.AppendEntries, Term: 3, Index: 4, LogTerm: 2, Commit: 3, N: 2,
		From: 3, Op: 9, Text: "put x 1", Until: 2005}
	flying := Message{ID: 7, From: 1, To: 2, Type: event.AppendEntries, Term: 3, Index: 4, LogTerm: 2, Commit: 3, N: 2, EntryTerm: 3, Op: 9,
		Text: "put x 1", Sent: 5, Due: 2005}
	want := func(when string, want ...Message) {
		t.Helper()
		if !reflect.DeepEqual(s.Messages, want) {
			t.Errorf("%s: %+v, not %+v", when, s.Messages, want)
		}
	}
	s.Apply(sent)
	want("sent", flying)
	s.Apply(event.Event{Kind: event.Held, At: 6, Msg: 7, Node: 1, Peer: 2})
	held := flying
	held.Held, held.Due = true, 0
	want("held", held)
	s.Apply(event.Event{Kind: event.Copied, At: 8, Msg: 8, N: 7, Node: 1, Peer: 2, Until: 3000})
	twin := flying
	twin.ID, twin.Sent, twin.Due = 8, 8, 3000
	want("copied", held, twin)
	s.Apply(event.Event{Kind: event.Released, At: 9, Msg: 7, Node: 1, Peer: 2, Until: 4000})
	flying.Due = 4000
	want("released", flying, twin)
	s.Apply(event.Event{Kind: event.Delivered, Msg: 7, Node: 1, Peer: 2})
	want("delivered", twin)
	s.Apply(event.Event{Kind: event.Dropped, Msg: 8, Node: 1, Peer: 2, Reason: event.Lost})
	want("dropped")
	sent.Until = 0
	s.Apply(sent)
	s.Apply(event.Event{Kind: event.Dropped, Msg: 7, Node: 1, Peer: 2, Reason: event.LinkCut})
	want("lost at once")
	s.Apply(sent)
	s.Apply(event.Event{Kind: event.MachineRemoved, Node: 2})
	want("its addressee has left the ring")
	if len(s.Links) != 0 || len(s.Nodes) != 1 {
		t.Errorf("links %v, nodes %v", s.Links, s.Nodes)
	}
}

func TestOps(t *testing.T) {
	var s State
	ask := func(id uint64) {
		s.Apply(event.Event{Kind: event.Asked, At: 10, Op: id, Command: event.Put, Node: 1, Key: "x", Text: "put x 1"})
	}
	answer := func(id uint64, o event.Outcome) {
		s.Apply(event.Event{Kind: event.Answered, At: 20, Op: id, Command: event.Put, Node: 1, Peer: 2, Outcome: o, Rev: 4, Index: 5, Nodes: ids(2, 3), Text: "why"})
	}
	ask(1)
	answer(1, event.Unknown)
	answer(1, event.OK)
	want := Op{ID: 1, Kind: event.Put, Node: 1, Leader: 2, Key: "x", Text: "put x 1", Asked: 10, Answered: 20, Outcome: event.Unknown, Rev: 4, Index: 5, Acks: ids(2, 3), Error: "why"}
	if !reflect.DeepEqual(s.Ops, []Op{want}) {
		t.Errorf("%+v", s.Ops)
	}
	ask(2) // stays pending
	for id := uint64(3); id < 3*MaxOps; id++ {
		ask(id)
		answer(id, event.OK)
	}
	if len(s.Ops) != MaxOps || s.Op(1) != nil || s.Op(2) == nil || s.Op(3*MaxOps-1) == nil {
		t.Errorf("%d ops, from %d to %d", len(s.Ops), s.Ops[0].ID, s.Ops[len(s.Ops)-1].ID)
	}
	for id := uint64(10_000); id < 10_000+2*MaxOps; id++ {
		ask(id)
	}
	if len(s.Ops) != MaxOps || s.Op(2) != nil || s.Ops[0].ID != 10_000+MaxOps {
		t.Errorf("all pending: %d ops from %d on", len(s.Ops), s.Ops[0].ID)
	}
}

func TestLog(t *testing.T) {
	s := ring(1)
	n := s.Node(1)
	apply := func(k event.Kind, index, term uint64) {
		s.Apply(event.Event{Kind: k, Node: 1, Index: index, Term: term, LogTerm: term})
	}
	want := func(when string, first, last uint64, terms ...uint64) {
		t.Helper()
		var got []uint64
		for i := range n.Log.Len() {
			got = append(got, n.Log.At(i).Term)
		}
		if n.First != first || n.Last != last || !reflect.DeepEqual(got, terms) {
			t.Errorf("%s: first %d, last %d, terms %v", when, n.First, n.Last, got)
		}
	}
	for i, term := range []uint64{1, 1, 2, 2, 2} {
		apply(event.Appended, uint64(i)+1, term)
	}
	want("five entries", 1, 5, 1, 1, 2, 2, 2)
	apply(event.Truncated, 4, 0)
	want("two cut off", 1, 3, 1, 1, 2)
	apply(event.Truncated, 9, 0)
	want("nothing there to cut", 1, 3, 1, 1, 2)
	apply(event.Appended, 3, 3)
	want("one written over", 1, 3, 1, 1, 3)
	apply(event.Appended, 2, 1)
	want("one told again", 1, 3, 1, 1, 3)
	apply(event.SnapshotTaken, 2, 1)
	apply(event.Compacted, 3, 0)
	want("compacted", 3, 3, 3)
	if n.Entry(2) != nil || n.Entry(3) == nil || n.Entry(4) != nil || n.SnapshotIndex != 2 || n.SnapshotTerm != 1 {
		t.Errorf("%+v", n)
	}
	apply(event.Compacted, 4, 0)
	want("all compacted", 0, 3)
	apply(event.Appended, 4, 3)
	want("on after it", 4, 4, 3)
	apply(event.SnapshotInstalled, 20, 5)
	apply(event.Appended, 21, 5)
	want("on after a snapshot from the leader", 21, 21, 5)
	if n.Commit != 20 || n.Applied != 20 {
		t.Errorf("commit %d, applied %d", n.Commit, n.Applied)
	}
	apply(event.SnapshotInstalled, 30, 5)
	apply(event.Compacted, 22, 0)
	want("what the snapshot replaced is gone, and it was all there was", 0, 30)
	apply(event.Appended, 31, 5)
	want("on after that", 31, 31, 5)
	apply(event.SnapshotInstalled, 40, 6)
	apply(event.Compacted, 33, 0)
	want("of entries 31 and 32, which the snapshot holds, nothing is left", 0, 40)
	apply(event.Started, 10, 5)
	if want("restarted with less", 0, 10); n.Commit != 10 {
		t.Errorf("commit %d", n.Commit)
	}
}

func TestBounds(t *testing.T) {
	s := ring(MaxNodes)
	s.Apply(event.Event{Kind: event.MachineAdded, Node: MaxNodes + 1})
	if len(s.Nodes) != MaxNodes || len(s.Links) != MaxNodes*(MaxNodes-1) {
		t.Errorf("%d machines, %d links", len(s.Nodes), len(s.Links))
	}
	for id := uint64(1); id <= MaxMessages+1; id++ {
		s.Apply(event.Event{Kind: event.Sent, Msg: id, Node: 1, Peer: 2, Until: 1})
	}
	if len(s.Messages) != MaxMessages {
		t.Errorf("%d messages", len(s.Messages))
	}
	for i := uint64(1); i <= 3*MaxLog; i++ {
		s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: i, Term: 1})
	}
	n := s.Node(1)
	if n.Log.Len() != MaxLog || n.First != 1 || n.Last != 3*MaxLog || n.Entry(2*MaxLog) != nil || n.Entry(2*MaxLog+1) == nil || n.Entry(3*MaxLog) == nil {
		t.Errorf("%d entries, first %d, last %d", n.Log.Len(), n.First, n.Last)
	}
	if again := refold(&s); !reflect.DeepEqual(again, s) {
		t.Error("a full state is not restated")
	}
	bounded(t, &s)
}

func TestLampsGoOutOnce(t *testing.T) {
	s := ring(1)
	if len(s.Safety) != event.Properties-1 {
		t.Fatalf("%+v", s.Safety)
	}
	for _, e := range []event.Event{
		{Kind: event.SafetyBroken, Property: event.LogMatching, Rev: 9, N: 4, Text: "first"},
		{Kind: event.SafetyBroken, Property: event.LogMatching, Rev: 12, N: 5, Text: "second"},
		{Kind: event.SafetyBroken, Property: 77},
		{Kind: event.SafetyBroken},
	} {
		s.Apply(e)
	}
	for _, lamp := range s.Safety {
		want := Lamp{Property: lamp.Property, Holds: true}
		if lamp.Property == event.LogMatching {
			want = Lamp{Property: event.LogMatching, Seq: 9, Earlier: 4, Text: "first"}
		}
		if lamp != want {
			t.Errorf("%+v", lamp)
		}
	}
}

func TestTime(t *testing.T) {
	var s State
	s.Apply(event.Event{Seq: 4, At: 5, Wall: 6, Kind: event.RateSet, Factor: event.One / 4, Took: 75_000})
	if s.Rate != event.One/4 || s.Thawed != event.One/4 || s.Delay != 75_000 || s.Seq != 4 || s.At != 5 || s.Wall != 6 {
		t.Errorf("%+v", s)
	}
	s.Apply(event.Event{Kind: event.RateSet, Took: 75_000})
	if s.Rate != 0 || s.Thawed != event.One/4 {
		t.Errorf("frozen: %+v", s)
	}
	s.Apply(event.Event{Kind: event.PreVoteSet, OK: true})
	if !s.PreVote {
		t.Error("no pre-vote")
	}
}
