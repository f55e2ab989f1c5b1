package check

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// story is a stream of made-up events, told in the words of the paper.
type story struct {
	t       *testing.T
	monitor *Monitor
	seq     uint64
	logs    map[event.NodeID]uint64 // last index
	told    []event.Event
	lines   []string
}

// newStory starts nodes 1 to n with empty disks.
func newStory(t *testing.T, n event.NodeID) *story {
	s := &story{t: t, monitor: NewMonitor(), logs: make(map[event.NodeID]uint64)}
	for id := event.NodeID(1); id <= n; id++ {
		s.is(event.Event{Kind: event.MachineAdded, Node: id})
		s.is(event.Event{Kind: event.Started, Node: id})
	}
	return s
}

// is tells one event.
func (s *story) is(e event.Event) uint64 {
	s.seq++
	e.Seq, e.At = s.seq, event.Micros(s.seq)*1000
	s.lines = append(s.lines, Line(e))
	s.told = append(s.told, s.monitor.Fold(e)...)
	return s.seq
}

func (s *story) leads(id event.NodeID, term uint64) uint64 {
	return s.is(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term})
}

func (s *story) follows(id event.NodeID, term uint64) {
	s.is(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Follower, Term: term})
}

// appends puts the next entry into the logs of some nodes; op 0 is a no-op.
func (s *story) appends(term, op uint64, ids ...event.NodeID) (seq uint64) {
	kind := event.EntryCommand
	if op == 0 {
		kind = event.EntryNoop
	}
	for _, id := range ids {
		s.logs[id]++
		seq = s.is(event.Event{Kind: event.Appended, Node: id, Index: s.logs[id], Term: term, Op: op, Entry: kind})
	}
	return seq
}

func (s *story) truncates(id event.NodeID, from uint64) uint64 {
	s.logs[id] = from - 1
	return s.is(event.Event{Kind: event.Truncated, Node: id, Index: from})
}

func (s *story) commits(index uint64, ids ...event.NodeID) (seq uint64) {
	for _, id := range ids {
		seq = s.is(event.Event{Kind: event.Committed, Node: id, Index: index})
	}
	return seq
}

func (s *story) applies(id event.NodeID, index, op uint64, rev int64) uint64 {
	return s.is(event.Event{Kind: event.Applied, Node: id, Index: index, Op: op, Rev: rev})
}

func (s *story) restarts(id event.NodeID, term uint64) {
	s.is(event.Event{Kind: event.Stopped, Node: id, Reason: event.Killed})
	s.is(event.Event{Kind: event.Started, Node: id, Term: term, Index: s.logs[id]})
}

// wipes kills a node, empties its disk and starts it again.
func (s *story) wipes(id event.NodeID) {
	s.is(event.Event{Kind: event.Stopped, Node: id, Reason: event.Killed})
	s.is(event.Event{Kind: event.Wiped, Node: id})
	s.logs[id] = 0
	s.is(event.Event{Kind: event.Started, Node: id})
}

// breaks says that exactly this property went out, between exactly these events.
func (s *story) breaks(p event.Property, earlier, later uint64, words string) {
	s.t.Helper()
	if len(s.told) != 1 {
		s.t.Fatalf("%d contradictions instead of one: %v\n%s", len(s.told), s.told, strings.Join(s.lines, "\n"))
	}
	got := s.told[0]
	if got.Kind != event.SafetyBroken || got.Property != p || uint64(got.N) != earlier || uint64(got.Rev) != later {
		s.t.Errorf("%v between %d and %d, not %v between %d and %d: %s", got.Property, got.N, got.Rev, p, earlier, later, got.Text)
	}
	if !strings.Contains(got.Text, words) {
		s.t.Errorf("%q does not say %q", got.Text, words)
	}
}

// holds says that nothing contradicted anything.
func (s *story) holds() {
	s.t.Helper()
	for _, e := range s.told {
		s.t.Errorf("a false alarm: %v: %s\n%s", e.Property, e.Text, strings.Join(s.lines, "\n"))
	}
}

func TestElectionSafety(t *testing.T) {
	t.Run("two leaders in a term", func(t *testing.T) {
		s := newStory(t, 3)
		first := s.leads(1, 2)
		s.leads(2, 3)
		second := s.leads(3, 2)
		s.breaks(event.ElectionSafety, first, second, "n3 became leader of term 2, which n1 had won before")
	})
	t.Run("one after the other", func(t *testing.T) {
		s := newStory(t, 3)
		for term := uint64(1); term < 20; term++ {
			s.leads(event.NodeID(1+term%3), term)
		}
		s.holds()
	})
	t.Run("an old leader that does not know yet", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 1)
		s.leads(2, 2)
		s.leads(1, 1) // told again
		s.follows(1, 2)
		s.holds()
	})
}

func TestLeaderAppendOnly(t *testing.T) {
	t.Run("a leader deletes", func(t *testing.T) {
		s := newStory(t, 3)
		s.appends(1, 0, 1, 2, 3)
		won := s.leads(1, 2)
		s.appends(2, 0, 1)
		cut := s.truncates(1, 2)
		s.breaks(event.LeaderAppendOnly, won, cut, "n1, leader of term 2, deleted its own entries from 2 on")
	})
	t.Run("a leader overwrites", func(t *testing.T) {
		s := newStory(t, 3)
		s.appends(1, 0, 1)
		won := s.leads(1, 2)
		s.appends(2, 0, 1)
		s.logs[1] = 0
		over := s.appends(2, 0, 1)
		s.breaks(event.LeaderAppendOnly, won, over, "overwrote entry 1")
	})
	t.Run("who no longer leads may", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 2)
		s.appends(2, 1, 1)
		s.is(event.Event{Kind: event.TermChanged, Node: 1, Term: 3})
		s.truncates(1, 1)
		s.holds()
	})
	t.Run("a follower may, also after it led and was killed", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 2)
		s.appends(2, 1, 1)
		s.restarts(1, 2)
		s.truncates(1, 1)
		s.appends(3, 2, 1)
		s.holds()
	})
	t.Run("a restarted node tells its log again", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 1, 1, 2)
		s.appends(1, 2, 1, 2)
		s.commits(2, 1, 2)
		s.restarts(1, 1)
		s.logs[1] = 0
		s.appends(1, 1, 1)
		s.appends(1, 2, 1)
		s.leads(1, 2)
		s.holds()
	})
	t.Run("a leader compacts and takes snapshots", func(t *testing.T) {
		s := newStory(t, 1)
		s.leads(1, 2)
		s.appends(2, 1, 1, 1, 1)
		s.is(event.Event{Kind: event.SnapshotTaken, Node: 1, Index: 2, LogTerm: 2})
		s.is(event.Event{Kind: event.Compacted, Node: 1, Index: 3})
		s.truncates(1, 9) // nothing is there
		s.holds()
	})
}

func TestLogMatching(t *testing.T) {
	t.Run("same place and term, another command", func(t *testing.T) {
		s := newStory(t, 2)
		one := s.appends(1, 5, 1)
		two := s.appends(1, 6, 2)
		s.breaks(event.LogMatching, one, two, "entry 1 of term 1 on n2 is not the one that n1 has there")
	})
	t.Run("same entry behind different ones", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1)
		s.appends(2, 6, 2)
		one := s.appends(3, 7, 1)
		two := s.appends(3, 7, 2)
		s.breaks(event.LogMatching, one, two, "follows one of term 2, on n1 one of term 1")
	})
	t.Run("different terms in one place", func(t *testing.T) {
		s := newStory(t, 3)
		s.appends(1, 5, 1)
		s.appends(2, 6, 2)
		s.appends(3, 7, 3)
		s.appends(4, 8, 3)
		s.holds()
	})
	t.Run("cut off and replicated anew", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1, 2)
		s.appends(1, 6, 1)
		s.appends(2, 7, 2)
		s.truncates(1, 2)
		s.appends(2, 7, 1)
		s.appends(2, 8, 1, 2)
		s.holds()
	})
	t.Run("behind a snapshot of a term that fits", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1, 1)
		s.appends(2, 6, 1)
		s.is(event.Event{Kind: event.SnapshotInstalled, Node: 2, Index: 2, LogTerm: 1, Peer: 1})
		s.logs[2] = 2
		s.appends(2, 6, 2)
		s.holds()
	})
	t.Run("behind a snapshot of a term that does not", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1, 1)
		one := s.appends(2, 6, 1)
		s.is(event.Event{Kind: event.SnapshotInstalled, Node: 2, Index: 2, LogTerm: 9, Peer: 1})
		s.logs[2] = 2
		two := s.appends(2, 6, 2)
		s.breaks(event.LogMatching, one, two, "follows one of term 9")
	})
	t.Run("an entry that a snapshot took the place of is not asked", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1, 2)
		s.appends(1, 6, 1, 2)
		s.appends(2, 7, 1)
		s.appends(3, 8, 1)
		s.truncates(2, 2)
		s.is(event.Event{Kind: event.SnapshotInstalled, Node: 2, Index: 3, LogTerm: 2, Peer: 1})
		s.logs[2] = 3
		s.appends(3, 8, 2)
		s.holds()
	})
}

func TestLeaderCompleteness(t *testing.T) {
	t.Run("a leader whose log is too short", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 1)
		s.appends(1, 0, 1, 2, 3)
		s.appends(1, 5, 1, 2)
		committed := s.commits(2, 1)
		won := s.leads(3, 2)
		s.breaks(event.LeaderCompleteness, committed, won, "n3 leads term 2 without entry 2 of term 1, which n1 had committed: its log ends at 1")
	})
	t.Run("a leader with another entry there", func(t *testing.T) {
		s := newStory(t, 3)
		s.appends(1, 0, 1, 2, 3)
		s.appends(2, 4, 3)
		s.leads(1, 3)
		s.appends(3, 5, 1, 2)
		committed := s.commits(2, 1)
		won := s.leads(3, 4)
		s.breaks(event.LeaderCompleteness, committed, won, "it has one of term 2 there")
	})
	t.Run("an old leader commits what the new one lacks", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 1)
		s.appends(1, 5, 1, 2)
		s.leads(3, 2)
		committed := s.commits(1, 1)
		s.breaks(event.LeaderCompleteness, committed, committed, "n3 leads term 2 without entry 1")
	})
	t.Run("a wiped voter lets a committed entry be lost", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 1)
		s.appends(1, 0, 1, 2, 3)
		s.commits(1, 1, 2, 3)
		s.appends(1, 5, 1, 2) // n3 is cut off
		committed := s.commits(2, 1)
		s.commits(2, 2)
		s.wipes(2)
		s.holds()
		won := s.leads(3, 2) // with the vote of n2, which forgot
		s.breaks(event.LeaderCompleteness, committed, won, "n3 leads term 2 without entry 2")
	})
	t.Run("two committed entries in one place", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1)
		one := s.commits(1, 1)
		s.appends(2, 6, 2)
		two := s.commits(1, 2)
		s.breaks(event.LeaderCompleteness, one, two, "n2 calls entry 1 of term 2 committed, but n1 had committed one of term 1 there")
	})
	t.Run("the same node commits twice differently", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 5, 1)
		one := s.commits(1, 1)
		s.truncates(1, 1)
		s.appends(2, 6, 1)
		two := s.commits(1, 1)
		s.breaks(event.LeaderCompleteness, one, two, "n1 had committed one of term 1")
	})
	t.Run("figure 8: an old entry without commit may be lost", func(t *testing.T) {
		s := newStory(t, 5)
		s.leads(1, 2)
		s.appends(2, 1, 1, 2) // (a)
		s.restarts(1, 2)
		s.leads(5, 3)
		s.appends(3, 2, 5) // (b)
		s.restarts(5, 3)
		s.leads(1, 4)
		s.appends(2, 1, 3) // (c): on a majority, and not committed
		s.leads(5, 5)      // (d)
		s.follows(1, 5)
		s.truncates(1, 1)
		s.appends(3, 2, 1)
		s.holds()
	})
	t.Run("an old leader that never stepped down lacks what a new one committed", func(t *testing.T) {
		s := newStory(t, 3)
		s.leads(1, 1)
		s.appends(1, 0, 1)
		s.leads(2, 2)
		s.appends(2, 0, 2, 3)
		s.commits(1, 2, 3)
		s.leads(1, 1) // told again
		s.holds()
	})
	t.Run("committed entries in a snapshot", func(t *testing.T) {
		s := newStory(t, 2)
		s.leads(1, 1)
		s.appends(1, 1, 1, 1)
		s.commits(2, 1)
		s.is(event.Event{Kind: event.SnapshotInstalled, Node: 2, Index: 2, LogTerm: 1, Peer: 1})
		s.logs[2] = 2
		s.leads(2, 2)
		s.holds()
	})
	t.Run("a follower commits less than it was told, as its log ends", func(t *testing.T) {
		s := newStory(t, 2)
		s.leads(1, 1)
		s.appends(1, 1, 1, 1, 2)
		s.commits(2, 1, 2)
		s.appends(1, 1, 2)
		s.commits(2, 2)
		s.leads(2, 2)
		s.holds()
	})
}

func TestStateMachineSafety(t *testing.T) {
	t.Run("another command", func(t *testing.T) {
		s := newStory(t, 2)
		one := s.applies(1, 3, 5, 4)
		two := s.applies(2, 3, 6, 4)
		s.breaks(event.StateMachineSafety, one, two, "n2 applied another entry 3 than n1: command 6, there command 5")
	})
	t.Run("another term", func(t *testing.T) {
		s := newStory(t, 2)
		s.appends(1, 0, 1)
		s.appends(2, 0, 2)
		one := s.applies(1, 1, 0, 1)
		two := s.applies(2, 1, 0, 1)
		s.breaks(event.StateMachineSafety, one, two, "of term 2, there of term 1")
	})
	t.Run("the same command, another store", func(t *testing.T) {
		s := newStory(t, 2)
		one := s.applies(1, 3, 5, 4)
		two := s.applies(2, 3, 5, 3)
		s.breaks(event.StateMachineSafety, one, two, "revision 3, there at 4")
	})
	t.Run("all the same", func(t *testing.T) {
		s := newStory(t, 3)
		for i := uint64(1); i < 50; i++ {
			s.appends(1, i, 1, 2, 3)
			s.commits(i, 1, 2, 3)
			for id := event.NodeID(1); id <= 3; id++ {
				s.applies(id, i, i, int64(i)+1)
			}
		}
		s.holds()
	})
	t.Run("again after a restart, when the store is further already", func(t *testing.T) {
		s := newStory(t, 2)
		for i := uint64(1); i < 10; i++ {
			s.applies(1, i, i, int64(i)+1)
			s.applies(2, i, i, int64(i)+1)
		}
		s.restarts(1, 1)
		for i := uint64(4); i < 10; i++ {
			s.applies(1, i, i, 10)
		}
		s.applies(1, 10, 10, 11)
		s.applies(2, 10, 10, 11)
		s.holds()
	})
	t.Run("a store that says only how far it is", func(t *testing.T) {
		s := newStory(t, 2)
		s.applies(1, 1, 1, 2)
		s.restarts(1, 1)
		s.applies(1, 1, 0, 2)
		s.applies(2, 1, 0, 2)
		s.applies(2, 2, 0, 3)
		one := s.applies(1, 2, 2, 3)
		s.holds()
		s.wipes(1)
		two := s.applies(1, 2, 7, 3)
		s.breaks(event.StateMachineSafety, one-1, two, "command 7, there command 2")
	})
	t.Run("from the beginning after a wipe", func(t *testing.T) {
		s := newStory(t, 2)
		for i := uint64(1); i < 10; i++ {
			s.applies(1, i, i, int64(i)+1)
		}
		s.wipes(1)
		for i := uint64(1); i < 10; i++ {
			s.applies(1, i, i, int64(i)+1)
		}
		s.holds()
	})
}

// TestEachPropertyIsToldOnce: the first contradiction is the one to look at.
func TestEachPropertyIsToldOnce(t *testing.T) {
	s := newStory(t, 3)
	for term := uint64(1); term < 10; term++ {
		s.leads(1, term)
		s.leads(2, term)
	}
	if len(s.told) != 1 {
		t.Errorf("told %d times", len(s.told))
	}
}

// TestMonitorIsBounded: much longer stories than the window take no more memory and raise no alarm.
func TestMonitorIsBounded(t *testing.T) {
	s := newStory(t, 3)
	s.leads(1, 1)
	for i := uint64(1); i < 3*Window; i++ {
		s.lines = s.lines[:0]
		s.appends(1, i, 1, 2)
		s.commits(i, 1)
		s.applies(1, i, i, int64(i)+1)
	}
	s.appends(1, 1, 3) // an old entry is not remembered, so it is not compared
	s.holds()
	m := s.monitor
	if len(m.entries.slots) != Window || len(m.commits.slots) != Window || len(m.applied.slots) != Window || len(m.replicas[0].terms.slots) != Window {
		t.Error("a table has grown")
	}
	for id := event.NodeID(4); id < 1000; id++ {
		s.is(event.Event{Kind: event.Started, Node: id})
	}
	if len(m.replicas) > 32 {
		t.Errorf("%d nodes are remembered", len(m.replicas))
	}
	// At the edge of the window a contradiction is still seen.
	s.logs[2] = 3*Window - 1
	s.appends(1, 7, 1)
	s.appends(1, 8, 2)
	if len(s.told) != 1 || s.told[0].Property != event.LogMatching {
		t.Errorf("told %v", s.told)
	}
}

func TestRemovedMachineIsForgotten(t *testing.T) {
	s := newStory(t, 3)
	s.leads(1, 5)
	s.is(event.Event{Kind: event.MachineRemoved, Node: 1})
	s.appends(4, 1, 2, 3)
	s.is(event.Event{Kind: event.TermChanged, Node: 2, Term: 4})
	s.commits(1, 2)
	s.holds()
}

func BenchmarkFold(b *testing.B) {
	m := NewMonitor()
	var seq, index uint64
	var events []event.Event
	for id := event.NodeID(1); id <= 5; id++ {
		m.Fold(event.Event{Kind: event.Started, Node: id, Term: 1})
	}
	for b.Loop() {
		if len(events) == 0 {
			index++
			for id := event.NodeID(1); id <= 5; id++ {
				events = append(events,
					event.Event{Kind: event.Appended, Node: id, Index: index, Term: 1, Op: index, Entry: event.EntryCommand},
					event.Event{Kind: event.Sent, Node: id, Peer: 1, Msg: seq},
					event.Event{Kind: event.Committed, Node: id, Index: index},
					event.Event{Kind: event.Applied, Node: id, Index: index, Op: index, Rev: int64(index)})
			}
		}
		seq++
		e := events[0]
		events = events[1:]
		e.Seq = seq
		if found := m.Fold(e); len(found) > 0 {
			b.Fatal(found)
		}
	}
}

// TestMonitorTakesAnything: events without sense neither stop it nor make it grow.
func TestMonitorTakesAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := NewMonitor()
	told := 0
	for seq := uint64(1); seq < 200_000; seq++ {
		number := func() uint64 {
			switch random.IntN(20) {
			case 0:
				return random.Uint64()
			case 1:
				return 0
			}
			return random.Uint64N(3 * Window)
		}
		told += len(m.Fold(event.Event{Seq: seq, Kind: event.Kind(random.IntN(event.Kinds)), Node: event.NodeID(random.IntN(40)), Role: event.Role(random.IntN(5)),
			Term: number() % 9, LogTerm: number() % 9, Index: number(), Op: number() % 50, Rev: int64(number()), Entry: event.EntryType(random.IntN(5))}))
	}
	if told != event.Properties-2 || // a Judge tells of the last one
		len(m.replicas) > 32 || len(m.entries.slots) != Window {
		t.Errorf("told %d contradictions, remembers %d nodes", told, len(m.replicas))
	}
}
