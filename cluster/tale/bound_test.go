package tale

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestPastOfAMachine(t *testing.T) {
	worth := func(e *event.Event) bool { return e.Kind == event.Appended || e.Kind == event.Dropped }
	j := recorded(t, 3, event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 1}, landed(1, 1, 2), landed(2, 3, 2), landed(3, 1, 2),
		event.Event{Kind: event.Fsynced, Node: 2, Index: 4, N: 16}, appended(2, 4, 1, 0), appended(1, 4, 1, 0), lost(9, 3, 2, event.Lost), lost(10, 3, 1, event.Lost))
	s := j.State()
	p := PastOf(2, s.Seq, worth)
	p.Follow(j, s.Seq)
	if p.Role == nil || p.Role.Role != event.Leader || p.Fsync == nil || p.Fsync.Index != 4 || p.From != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Heard) != 2 || p.Heard[0] != (Contact{Peer: 1, At: 4_000}) || p.Heard[1].Peer != 3 {
		t.Errorf("heard %+v", p.Heard)
	}
	if len(p.Changed) != 2 || p.Changed[0].Kind != event.Appended || p.Changed[1].Kind != event.Dropped {
		t.Errorf("changed %+v", p.Changed)
	}
}

func TestPastHasBounds(t *testing.T) {
	var facts []event.Event
	for i := range uint64(MaxPastScan + maxChanged + 5) {
		facts = append(facts, appended(2, i+1, 1, 0))
	}
	j := recorded(t, 3, facts...)
	s := j.State()
	p := PastOf(2, s.Seq, func(*event.Event) bool { return true })
	p.Follow(j, s.Seq)
	if len(p.Changed) != maxChanged || p.Changed[maxChanged-1].Seq != s.Seq || p.From != s.Seq-MaxPastScan+1 {
		t.Errorf("%d, from %d of %d", len(p.Changed), p.From, s.Seq)
	}
}

func TestPastOfALink(t *testing.T) {
	facts := []event.Event{lost(1, 1, 2, event.Lost)}
	for msg := range uint64(maxFlying + 3) {
		facts = append(facts, forward(10+msg, 1, 2, 7, false))
	}
	facts = append(facts, event.Event{Kind: event.Copied, Msg: 5_000, N: 10, Node: 1, Peer: 2}, landed(10, 1, 2), event.Event{Kind: event.Copied, Msg: 5_001, N: 11, Node: 1, Peer: 2},
		lost(5_001, 1, 2, event.ByHand), reply(6_000, 2, 1, true), landed(6_000, 2, 1), reply(7_000, 3, 1, true), landed(7_000, 3, 1), lost(10+maxFlying+2, 1, 2, event.LinkCut))
	j := recorded(t, 3, facts...)
	s := j.State()
	p := LinkPastOf(1, 2, s.Seq)
	p.Follow(j, s.Seq)
	if p.Passed != [2]uint64{1, 1} || p.Lost != [2]uint64{3, 0} || len(p.Drops) != 3 || len(p.flying) > maxFlying {
		t.Fatalf("%+v", p.Copy())
	}
	for i, known := range []bool{false, true, false} { // the first was sent before anything is known, the last when there was no room
		if (p.Drops[i].Sent.Kind == event.Sent) != known {
			t.Errorf("drop %d: %+v", i, p.Drops[i])
		}
	}
	facts = facts[:1]
	for msg := range uint64(MaxDrops + 4) {
		facts = append(facts, lost(100+msg, 2, 1, event.Lost))
	}
	j = recorded(t, 3, facts...)
	s = j.State()
	p = LinkPastOf(1, 2, s.Seq)
	p.Follow(j, s.Seq)
	if len(p.Drops) != MaxDrops || p.Drops[MaxDrops-1].End.Seq != s.Seq {
		t.Errorf("%d drops", len(p.Drops))
	}
}

func TestScansBothWays(t *testing.T) {
	var facts []event.Event
	for i := range uint64(3*scanChunk + 7) {
		facts = append(facts, appended(1, i+1, 1, 0))
	}
	j := recorded(t, 1, facts...)
	head := j.Reach().Head
	for _, most := range []int{0, 1, scanChunk, scanChunk + 1, 1 << 20} {
		want, n := head, 0
		whole := Back(j, head, most, func(e *event.Event) bool {
			if e.Seq != want {
				t.Fatalf("event %d, wanted %d", e.Seq, want)
			}
			want, n = want-1, n+1
			return false
		})
		if n != min(most, int(head)) || whole != (most > int(head)) {
			t.Errorf("at most %d: %d of %d, the beginning: %v", most, n, head, whole)
		}
	}
	next := uint64(5)
	if end := Each(j, 4, head-3, func(e *event.Event) bool {
		if e.Seq != next {
			t.Fatalf("event %d, wanted %d", e.Seq, next)
		}
		next++
		return false
	}); end != head-3 || next != head-2 {
		t.Errorf("it ended at %d, before %d", end, next)
	}
	if end := Each(j, head, head+10, func(*event.Event) bool { t.Error("there is nothing more"); return false }); end != head {
		t.Errorf("it ended at %d", end)
	}
}
