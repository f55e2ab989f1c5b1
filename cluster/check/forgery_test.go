package check_test

import (
	"slices"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/check"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// forgery alters a copy of a recording at one place, and says whether it found such a place.
type forgery func(facts []event.Event) bool

// TestEveryLampCanGoOut records a real cluster through a partition and a change of leaders, finds all lamps lit, and then
// alters copies of the recording: each of the six lamps goes out for its own alteration, and names two facts of the recording.
func TestEveryLampCanGoOut(t *testing.T) {
	record := recording(t)
	if lamps := judge(record); slices.ContainsFunc(lamps, func(l view.Lamp) bool { return !l.Holds }) {
		t.Fatalf("the recording as it is: %+v", lamps)
	}
	for p, forge := range map[event.Property]forgery{
		event.ElectionSafety:     secondLeader,
		event.LeaderAppendOnly:   leaderTruncates,
		event.LogMatching:        otherEntry,
		event.LeaderCompleteness: forgetfulLeader,
		event.StateMachineSafety: otherRevision,
		event.Linearizable:       staleRead,
	} {
		t.Run(p.String(), func(t *testing.T) {
			facts := slices.Clone(record)
			if !forge(facts) {
				t.Fatal("the recording has no place for this")
			}
			lamp := judge(facts)[p-event.ElectionSafety]
			if lamp.Holds || lamp.Text == "" {
				t.Fatalf("the lamp is lit: %+v", lamp)
			}
			if lamp.Earlier == 0 || lamp.Earlier >= lamp.Seq || lamp.Seq > facts[len(facts)-1].Seq {
				t.Errorf("it names the facts %d and %d", lamp.Earlier, lamp.Seq)
			}
		})
	}
}

// judge has everybody look at the facts who looks at those of a living room.
func judge(facts []event.Event) []view.Lamp {
	var s view.State
	monitor, clients := check.NewMonitor(), check.NewJudge()
	for _, e := range facts {
		s.Apply(e)
		for _, told := range append(slices.Clone(monitor.Fold(e)), clients.Fold(e)...) {
			s.Apply(told)
		}
	}
	return s.Safety
}

// recording is of five nodes that lose their leader behind a cut, elect another and take the old one back.
func recording(t *testing.T) []event.Event {
	r := open(t, 5)
	put := func(value string) { r.do(event.Command{Kind: event.Put, Key: "x", Value: value}) }
	read := func() { r.do(event.Command{Kind: event.Get, Key: "x"}) }
	put("1")
	put("2")
	read()
	s := r.State()
	old := s.Leader().ID
	r.do(event.Command{Kind: event.Kill, Node: old})
	r.wait("another leader", func(s *view.State) bool { l := s.Leader(); return l != nil && l.ID != old })
	put("3")
	read()
	r.do(event.Command{Kind: event.Restart, Node: old})
	r.wait("everybody has everything", func(s *view.State) bool {
		l := s.Leader()
		return l != nil && !slices.ContainsFunc(s.Nodes, func(n view.Node) bool { return n.Applied < l.Last || n.Applied == 0 })
	})
	facts, err := r.Journal().Events(1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// leaders are the places where somebody became leader.
func leaders(facts []event.Event) (places []int) {
	for i, e := range facts {
		if e.Kind == event.RoleChanged && e.Role == event.Leader {
			places = append(places, i)
		}
	}
	return places
}

// secondLeader has the second leader win the first one's term.
func secondLeader(facts []event.Event) bool {
	won := leaders(facts)
	if len(won) < 2 {
		return false
	}
	facts[won[1]].Term = facts[won[0]].Term
	return true
}

// leaderTruncates has a leader cut off its own log where it was told of a follower's.
func leaderTruncates(facts []event.Event) bool {
	for i, e := range facts {
		if e.Kind == event.MatchSet && e.Index > 1 {
			facts[i] = event.Event{Seq: e.Seq, At: e.At, Kind: event.Truncated, Node: e.Node, Index: e.Index}
			return true
		}
	}
	return false
}

// otherEntry has a node write another entry than the first did at the same place in the same term.
func otherEntry(facts []event.Event) bool {
	first := map[uint64]bool{}
	for i := range facts {
		if e := &facts[i]; e.Kind == event.Appended && e.Op != 0 {
			if first[e.Op] {
				e.Op++
				return true
			}
			first[e.Op] = true
		}
	}
	return false
}

// forgetfulLeader takes the last entry before its election out of the second leader's log.
func forgetfulLeader(facts []event.Event) bool {
	won := leaders(facts)
	if len(won) < 2 {
		return false
	}
	later := facts[won[1]]
	for i := won[1]; i > 0; i-- {
		if e := &facts[i]; e.Kind == event.Appended && e.Node == later.Node && e.Op != 0 {
			*e = event.Event{Seq: e.Seq, At: e.At, Kind: event.Fsynced, Node: e.Node}
			return true
		}
	}
	return false
}

// otherRevision has a store be elsewhere after an entry than the first store was.
func otherRevision(facts []event.Event) bool {
	first := map[uint64]bool{}
	for i := range facts {
		if e := &facts[i]; e.Kind == event.Applied && e.Op != 0 {
			if first[e.Index] {
				e.Rev++
				return true
			}
			first[e.Index] = true
		}
	}
	return false
}

// staleRead has the last read see what the first one saw.
func staleRead(facts []event.Event) bool {
	saw, first := "", true
	for i := range facts {
		if e := &facts[i]; e.Kind == event.Answered && e.Command == event.Get {
			if !first && e.Key != saw {
				e.Key = saw
				return true
			}
			saw, first = e.Key, false
		}
	}
	return false
}

// TestLivingRoomIsJudged: what its clients do is counted by the lamp, on its own time.
func TestLivingRoomIsJudged(t *testing.T) {
	r := open(t, 3)
	for _, value := range []string{"1", "2", "3"} {
		r.do(event.Command{Kind: event.Put, Key: "x", Value: value})
		r.do(event.Command{Kind: event.Get, Key: "x"})
	}
	facts := r.watch(0)
	for facts.state.Safety[event.Linearizable-event.ElectionSafety].Judged < 6 {
		f, err := r.Journal().Subscribe(facts.state.Seq, r.Journal().Epoch()).Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = f // there is something new
		facts.drain()
		r.Advance(second / 100)
	}
	if lamp := facts.state.Safety[event.Linearizable-event.ElectionSafety]; !lamp.Holds || lamp.Unjudged != 0 {
		t.Errorf("%+v", lamp)
	}
}
