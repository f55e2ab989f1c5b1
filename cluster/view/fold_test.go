package view

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// anyEvents gives events in any order, with numbers small enough that they meet.
func anyEvents(random *rand.Rand, n int) []event.Event {
	events := make([]event.Event, n)
	for i := range events {
		events[i] = anyEvent(random, uint64(i)+1)
	}
	return events
}

func anyEvent(random *rand.Rand, seq uint64) event.Event {
	small := func(n int) uint64 { return random.Uint64N(uint64(n)) }
	e := event.Event{
		Seq: seq, At: event.Micros(seq * 10), Wall: event.Micros(seq * 11), Kind: event.Kind(small(event.Kinds)),
		Node: event.NodeID(small(7)), Peer: event.NodeID(small(7)), Role: event.Role(small(5)), Term: small(4),
		Index: small(12), LogTerm: small(4), Commit: small(12), Msg: small(30), Type: event.MessageType(small(10)),
		Reply: small(2) == 0, Entry: event.EntryType(small(6)), Op: small(12), Command: event.CommandKind(small(event.Commands + 1)),
		Outcome: event.Outcome(small(5)), Rev: int64(small(9)), OK: small(2) == 0, Reason: event.Reason(small(20)),
		Property: event.Property(small(event.Properties + 2)), N: int64(small(30)) - 2, From: event.Micros(small(4)),
		Until: event.Micros(small(3) * 100), Took: event.Micros(small(3)), Factor: event.Factor(small(3)) - 1,
		Key: []string{"", "x"}[small(2)], Text: []string{"", "put x 1"}[small(2)],
	}
	if e.Kind == event.Appended && small(5) > 0 { // it stands for one entry
		e.Peer, e.Key = 0, ""
	}
	if e.Kind == event.Appended && e.Key != "" && small(6) == 0 {
		e.Peer, e.Key = 0, anyRun(random)
	}
	if e.Kind == event.Appended && e.Peer != 0 {
		e.N = int64(small(1000))
	}
	if small(4) == 0 {
		e.Kind = []event.Kind{event.MachineAdded, event.Started, event.Appended, event.Sent}[small(4)]
	}
	if e.Kind == event.Woke && small(8) != 0 { // nothing would be left of what others have set
		e.Kind = event.MachineAdded
	}
	if small(2) == 0 {
		e.Link = event.Link{Delay: event.Micros(small(3)), Jitter: event.Micros(small(3)), Loss: event.Factor(small(3)), Duplicate: event.Factor(small(3)),
			Slow: event.Factor(small(3)), Cut: small(2) == 0, Hold: small(2) == 0}
	}
	for range small(4) {
		e.Nodes = append(e.Nodes, event.NodeID(small(7)))
		e.Members = append(e.Members, event.Member{ID: event.NodeID(small(7)), Suffrage: event.Suffrage(small(4))})
	}
	return e
}

// anyRun packs enough entries to fill pages.
func anyRun(random *rand.Rand) string {
	run, first := event.Frame{Type: event.FrameCheckpoint}, random.Uint64N(12)
	for i := range 1 + random.Uint64N(3*runSize) {
		run.Events = append(run.Events, event.Event{Kind: event.Appended, Index: first + i, Term: 1 + random.Uint64N(2)/2, Entry: event.EntryType(random.Uint64N(6)), Op: random.Uint64N(12),
			Text: []string{"", "put x 1"}[random.Uint64N(2)], N: random.Int64N(9)})
	}
	return string(event.AppendFrame(nil, &run))
}

func fold(events []event.Event) State {
	var s State
	for _, e := range events {
		s.Apply(e)
	}
	return s
}

// TestRestateGivesTheStateAgain is the promise of a checkpoint, for events that make sense and for those that
// do not. A new field of State that Restate forgets fails here as soon as an event sets it.
func TestRestateGivesTheStateAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for round := range 400 {
		s := fold(anyEvents(random, random.IntN(400)))
		if got := refold(&s); !reflect.DeepEqual(got, s) {
			t.Fatalf("round %d\n got %+v\nwant %+v", round, got, s)
		}
	}
}

func refold(s *State) State {
	again := fold(Restate(s))
	again.Seq, again.At, again.Wall = s.Seq, s.At, s.Wall
	return again
}

// TestRestatedStateGoesOnTheSame: whoever came late sees the same from there on.
func TestRestatedStateGoesOnTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	for round := range 200 {
		early := fold(anyEvents(random, random.IntN(300)))
		late := refold(&early)
		for _, e := range anyEvents(random, 100) {
			early.Apply(e)
			late.Apply(e)
		}
		if !reflect.DeepEqual(early, late) {
			t.Fatalf("round %d\n late %+v\nearly %+v", round, late, early)
		}
	}
}

func TestCloneSharesNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	for round := range 200 {
		s := fold(anyEvents(random, 300))
		before, clone := refold(&s), s.Clone()
		if !reflect.DeepEqual(clone, s) {
			t.Fatalf("round %d: a clone differs", round)
		}
		for _, e := range anyEvents(random, 200) {
			s.Apply(e)
		}
		if !reflect.DeepEqual(clone, before) {
			t.Fatalf("round %d: what happens later shows in a clone", round)
		}
	}
}

// TestApplyKeepsNothingOfTheEvent: the sender may use its slices again.
func TestApplyKeepsNothingOfTheEvent(t *testing.T) {
	members := []event.Member{{ID: 2, Suffrage: event.Voter}, {ID: 1, Suffrage: event.Voter}}
	acks := []event.NodeID{1, 2}
	s := fold([]event.Event{
		{Kind: event.MachineAdded, Node: 1},
		{Kind: event.MembersSet, Node: 1, Index: 1, Members: members},
		{Kind: event.Asked, Op: 1, Command: event.Put},
		{Kind: event.Answered, Op: 1, Outcome: event.OK, Nodes: acks},
	})
	if members[0].ID != 2 {
		t.Error("it sorted the event's members")
	}
	members[0].ID, acks[0] = 9, 9
	if s.Node(1).Members[1].ID != 2 || s.Members[1].ID != 2 || s.Ops[0].Acks[0] != 1 {
		t.Errorf("it shows: %+v", s)
	}
}

// FuzzApply makes an event of every six bytes, so that the fuzzer can look for streams of events.
func FuzzApply(f *testing.F) {
	f.Add([]byte{4, 1, 0, 0, 0, 0, 4, 2, 0, 0, 0, 0, 6, 1, 0, 3, 1, 0, 30, 1, 0, 4, 2, 9, 15, 1, 2, 7, 8, 9, 17, 1, 2, 7, 8, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		var events []event.Event
		for seq := uint64(1); len(b) >= 6; seq++ {
			events = append(events, eventOf(seq, b[:6]))
			b = b[6:]
		}
		s := fold(events)
		bounded(t, &s)
		if again := refold(&s); !reflect.DeepEqual(again, s) {
			t.Fatalf("\n got %+v\nwant %+v", again, s)
		}
		if clone := s.Clone(); !reflect.DeepEqual(clone, s) {
			t.Fatalf("\n got %+v\nwant %+v", clone, s)
		}
	})
}

func eventOf(seq uint64, b []byte) event.Event {
	node, peer := event.NodeID(b[1]%8), event.NodeID(b[2]%8)
	e := event.Event{
		Seq: seq, At: event.Micros(seq), Kind: event.Kind(int(b[0]) % event.Kinds), Node: node, Peer: peer,
		Index: uint64(b[3]), Msg: uint64(b[3]), Op: uint64(b[3]), Role: event.Role(b[3] % 5),
		Term: uint64(b[4]), LogTerm: uint64(b[4]), Outcome: event.Outcome(b[4] % 5), Reason: event.Reason(b[4]), Property: event.Property(b[4]),
		N: int64(b[5]), Until: event.Micros(b[5]), Took: event.Micros(b[5]), Factor: event.Factor(b[5]), OK: b[5]%2 == 0, Reply: b[5]%3 == 0,
	}
	if e.Kind == event.MembersSet && peer != 0 {
		e.Members = []event.Member{{ID: peer, Suffrage: event.Suffrage(b[5])}, {ID: node, Suffrage: event.Voter}}
	}
	return e
}

func bounded(t *testing.T, s *State) {
	t.Helper()
	s.Groups()
	for i := range s.Nodes {
		n := &s.Nodes[i]
		s.VotesNeeded(n)
		s.StaleLeader(n)
		s.Doomed(n, n.Last)
		if n.Log.Len() > MaxLog || len(n.Peers) > MaxNodes || len(n.Ballots) > MaxNodes || len(n.Members) > MaxNodes {
			t.Fatalf("%v has grown beyond its bounds", n.ID)
		}
		if n.Log.Len() > 0 && (n.Log.End() > n.Last+1 || n.First > n.Log.First() || n.First == 0) {
			t.Fatalf("%v: entries %d to %d do not fit first %d, last %d", n.ID, n.Log.First(), n.Log.End()-1, n.First, n.Last)
		}
	}
	if len(s.Nodes) > MaxNodes || len(s.Links) > MaxNodes*MaxNodes || len(s.Messages) > MaxMessages || len(s.Ops) > MaxOps || len(s.Members) > MaxNodes {
		t.Fatal("the state has grown beyond its bounds")
	}
}
