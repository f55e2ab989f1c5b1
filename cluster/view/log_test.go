package view

import (
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// written makes the entry at an index; entries of one index and term are the same everywhere.
func written(index, term uint64) Entry {
	return Entry{Index: index, Term: term, Op: index * 7, Type: event.EntryCommand, Label: "k=v", Bytes: 40}
}

// same compares a log with what it should hold.
func same(t *testing.T, l *Log, want []Entry) {
	t.Helper()
	if l.Len() != len(want) {
		t.Fatalf("%d entries, not %d", l.Len(), len(want))
	}
	for i, e := range want {
		if *l.At(i) != e || l.Entry(e.Index) != l.At(i) {
			t.Fatalf("at %d there is %+v, not %+v", i, *l.At(i), e)
		}
	}
	first, end := uint64(0), uint64(0)
	if len(want) > 0 {
		first, end = want[0].Index, want[0].Index+uint64(len(want))
	}
	if l.First() != first || l.End() != end || l.Entry(first-1) != nil || l.Entry(end) != nil {
		t.Fatalf("it reaches from %d to before %d, not from %d to before %d", l.First(), l.End(), first, end)
	}
}

// TestALogIsAListOfEntries lets a log grow, be cut off and be forgotten at random, beside a plain list, and copies of it beside
// copies of the list.
func TestALogIsAListOfEntries(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	for range 60 {
		var l Log
		var want []Entry
		var copies []Log
		var wants [][]Entry
		next := 1 + random.Uint64N(3*runSize)
		for step := range 40 {
			switch n := random.IntN(2 * runSize); random.IntN(5) {
			case 0:
				n = min(n, len(want))
				l.drop(l.First() + uint64(n))
				want = want[n:]
			case 1:
				n = max(len(want)-n, 0)
				l.keep(l.First() + uint64(n))
				want = want[:n:n]
			default:
				for range n {
					if len(want) > 0 {
						next = want[len(want)-1].Index + 1
					}
					e := written(next, uint64(step))
					l.put(&e)
					want = append(want, e)
				}
			}
			same(t, &l, want)
			if random.IntN(4) == 0 {
				copies, wants = append(copies, l.copy()), append(wants, want[:len(want):len(want)])
			}
		}
		for i := range copies {
			same(t, &copies[i], wants[i])
			e := written(copies[i].End()+1, 99)
			copies[i].put(&e)
		}
		same(t, &l, want)
	}
}

// long is a room of n machines with the same entries.
func long(n event.NodeID, entries uint64) State {
	s := ring(n)
	for i := uint64(1); i <= entries; i++ {
		for id := event.NodeID(1); id <= n; id++ {
			s.Apply(event.Event{Kind: event.Appended, Node: id, Index: i, Term: 1 + i/1000, Op: i, Entry: event.EntryCommand, Text: "put x 1", N: 40})
		}
	}
	return s
}

// TestMachinesAreTheirOwn: what one machine writes over does not show in those that had the same, also after a checkpoint, in which they
// share their entries.
func TestMachinesAreTheirOwn(t *testing.T) {
	first := long(5, 3*runSize)
	again := refold(&first)
	for _, s := range []*State{&first, &again} {
		before := s.Clone()
		s.Apply(event.Event{Kind: event.Appended, Node: 3, Index: 2 * runSize, Term: 9})
		for _, id := range []event.NodeID{1, 2, 4, 5} {
			if n := s.Node(id); n.Log.Len() != 3*runSize || n.Entry(2*runSize).Term == 9 {
				t.Errorf("what n3 writes over shows in %v", id)
			}
		}
		if n := s.Node(3); n.Last != 2*runSize || n.Entry(2*runSize).Term != 9 || n.Entry(2*runSize-1).Term != 1 {
			t.Errorf("n3 ends with %d: %+v", n.Last, n.Entry(n.Last))
		}
		for id := event.NodeID(1); id <= 5; id++ { // all write behind what they share
			s.Apply(event.Event{Kind: event.Appended, Node: id, Index: s.Node(id).Last + 1, Term: 10 + uint64(id)})
		}
		for id := event.NodeID(1); id <= 5; id++ {
			if n := s.Node(id); n.Entry(n.Last).Term != 10+uint64(id) {
				t.Errorf("%v ends with an entry of term %d", id, n.Entry(n.Last).Term)
			}
		}
		if got := refold(s); !reflect.DeepEqual(got, *s) {
			t.Error("it is not restated")
		}
		if n := before.Node(3); n.Log.Len() != 3*runSize || n.Entry(2*runSize).Term == 9 {
			t.Error("the copy has changed")
		}
	}
}

// TestACheckpointTellsAnEntryOnce: nine machines with full logs take hardly more than one.
func TestACheckpointTellsAnEntryOnce(t *testing.T) {
	s := long(9, MaxLog+10)
	f := event.Frame{Type: event.FrameCheckpoint, Events: Restate(&s)}
	b := event.AppendFrame(nil, &f)
	each := float64(len(b)) / MaxLog
	t.Logf("a checkpoint of nine machines with %d entries each is %d events, %d bytes: %.1f an entry", MaxLog, len(f.Events), len(b), each)
	if each > 16 || len(b) > event.MaxFrame/4 {
		t.Errorf("that is too much")
	}
	read, err := event.DecodeFrame(b)
	if err != nil {
		t.Fatal(err)
	}
	again := fold(read.Events)
	again.Seq, again.At, again.Wall = s.Seq, s.At, s.Wall
	if !reflect.DeepEqual(again, s) {
		t.Error("it folds to something else")
	}
}

// TestACopyIsReadWhileTheStateGoesOn is for the race detector.
func TestACopyIsReadWhileTheStateGoesOn(t *testing.T) {
	s := long(3, runSize+7)
	clone := s.Clone()
	var reading sync.WaitGroup
	reading.Go(func() {
		for i := range clone.Nodes {
			l := &clone.Nodes[i].Log
			if l.Len() != runSize+7 || l.OfOp(uint64(runSize)+7) == nil || l.OfOp(0) != nil {
				t.Errorf("%d entries", l.Len())
			}
		}
		clone.Apply(event.Event{Kind: event.Appended, Node: 1, Index: runSize + 8, Term: 5})
	})
	for i := uint64(runSize + 8); i < 3*runSize; i++ {
		s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: i, Term: 4})
	}
	s.Apply(event.Event{Kind: event.Truncated, Node: 1, Index: runSize + 2})
	s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: runSize + 2, Term: 5})
	reading.Wait()
}

// TestARunThatIsCutOff: what is not whole in a file ends a run, and nothing more.
func TestARunThatIsCutOff(t *testing.T) {
	s := long(1, 20)
	run := ""
	for _, e := range Restate(&s) {
		run += e.Key
	}
	for n := range run {
		s := ring(2)
		s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: 1, Key: run[:n]})
		s.Apply(event.Event{Kind: event.Appended, Node: 2, Peer: 1, Index: 1, N: 1 << 62})
		s.Apply(event.Event{Kind: event.Appended, Node: 2, Peer: 2, Index: 1, N: 9})
		s.Apply(event.Event{Kind: event.Appended, Node: 2, Peer: 7, Index: 1, N: 9})
		bounded(t, &s)
		if s.Node(2).Log.Len() != s.Node(1).Log.Len() {
			t.Errorf("of %d bytes n1 has %d entries, n2 %d", n, s.Node(1).Log.Len(), s.Node(2).Log.Len())
		}
	}
}

// A snapshot that is installed on a machine whose log ends before it leaves nothing of that log: it begins anew behind the snapshot.
func TestALogBehindAnInstalledSnapshot(t *testing.T) {
	s := ring(1)
	n := s.Node(1)
	for i := uint64(1); i <= 3; i++ {
		s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: i, Term: 1})
	}
	s.Apply(event.Event{Kind: event.SnapshotInstalled, Node: 1, Index: 5, LogTerm: 1})
	s.Apply(event.Event{Kind: event.Compacted, Node: 1, Index: 4})
	if n.First != 0 || n.Last != 5 || n.Log.Len() != 0 {
		t.Errorf("first %d, last %d, %d entries", n.First, n.Last, n.Log.Len())
	}
	s.Apply(event.Event{Kind: event.Appended, Node: 1, Index: 6, Term: 2})
	if n.First != 6 || n.Last != 6 || n.Entry(6) == nil {
		t.Errorf("first %d, last %d, %d entries", n.First, n.Last, n.Log.Len())
	}
}
