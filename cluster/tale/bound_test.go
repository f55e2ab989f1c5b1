package tale

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestPastOfAMachine(t *testing.T) {
	j := recorded(t, 3, event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 1}, landed(1, 1, 2), landed(2, 3, 2), landed(3, 1, 2),
		event.Event{Kind: event.Fsynced, Node: 2, Index: 4, N: 16}, appended(2, 4, 1, 0), appended(1, 4, 1, 0), lost(9, 3, 2, event.Lost), lost(10, 3, 1, event.Lost))
	s := j.State()
	p := PastOf(Moment{Journal: j, State: &s}, 2)
	if p.Role == nil || p.Role.Role != event.Leader || p.Fsync == nil || p.Fsync.Index != 4 || p.From != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Heard) != 2 || p.Heard[0] != (Contact{Peer: 1, At: 4_000}) || p.Heard[1].Peer != 3 {
		t.Errorf("heard %+v", p.Heard)
	}
	if len(p.Changed) != 4 || p.Changed[0].Kind != event.Started || p.Changed[2].Kind != event.Appended || p.Changed[3].Kind != event.Dropped {
		t.Errorf("changed %+v", p.Changed)
	}
}

// What a machine did last is found however long ago it was, where a register tells where to look. Where none does, some is read.
func TestThePastOfAMachineThatRests(t *testing.T) {
	facts := []event.Event{landed(1, 3, 2), {Kind: event.Fsynced, Node: 2, Index: 4, N: 16}}
	for i := range uint64(maxChanged + 5) {
		facts = append(facts, appended(2, i+1, 1, 0))
	}
	for i := range uint64(2 * MaxPastScan) { // others go on
		facts = append(facts, landed(i+10, 1, 3), lost(i+10, 1, 2, event.MachineDown))
	}
	j := recorded(t, 3, facts...)
	s := j.State()
	p := PastOf(Moment{Journal: j, State: &s}, 2)
	if p.Fsync != nil || len(p.Heard) != 0 || len(p.Changed) != 0 || p.From <= s.Seq-MaxPastScan || p.From > s.Seq-MaxPastScan+stretchEvents {
		t.Errorf("without a register: %+v of %d", p, s.Seq)
	}
	m := Moment{Journal: j, State: &s, Register: registered(j)}
	p = PastOf(m, 2)
	if p.Fsync == nil || p.Fsync.Index != 4 || len(p.Heard) != 1 || p.Heard[0].Peer != 3 || p.From != 1 {
		t.Errorf("%+v", p)
	}
	if len(p.Changed) != maxChanged || p.Changed[maxChanged-1].Index != maxChanged+5 {
		t.Errorf("%d changed", len(p.Changed))
	}
	if back := m.past(0); back.last(of(event.Fsynced).by(2)) == nil || back.read > stretchEvents {
		t.Errorf("%d events were read to find one", back.read)
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

// Whatever a recording is made of, one question reads and passes no more events than its bounds, and none of these searches grows
// with the square of the events: what is delivered by the ten thousand is looked at a few times each.
func TestAQuestionLooksAtNoMoreThanItMay(t *testing.T) {
	storm := func(n int) (facts []event.Event) { // n1 is sent what it never asked for, and its answers get lost
		facts = append(facts, event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 1}, event.Event{Kind: event.TimerSet, Node: 1, From: 1, Until: 2})
		for i := range uint64(n) {
			msg := 10 + 4*i
			facts = append(facts, forward(msg, 2, 1, 7, false), landed(msg, 2, 1), forward(msg+1, 1, 2, 7, true), lost(msg+1, 1, 2, event.Lost), landed(msg+1, 1, 2))
		}
		return append(facts, event.Event{Kind: event.RoleChanged, Node: 1, Role: event.Candidate, Term: 2}, event.Event{Kind: event.TermChanged, Node: 1, Term: 2},
			event.Event{Kind: event.VoteCast, Node: 1, Peer: 1, Term: 2}, event.Event{Kind: event.Truncated, Node: 1, Index: 3}, event.Event{Kind: event.Asked, Op: 9, Command: event.Put, Node: 1, Text: "put x 1"})
	}
	for name, c := range map[string]struct {
		facts []event.Event
		known bool
		times int // that each event may be looked at
	}{
		"all of it within reach":      {storm(10_000), false, 14},
		"more than can be read":       {storm(2 * MaxBack / 5), false, 14},
		"the same, where one can see": {storm(2 * MaxBack / 5), true, 14},
	} {
		t.Run(name, func(t *testing.T) {
			j := recorded(t, 3, c.facts...)
			s := j.State()
			m := Moment{Journal: j, State: &s}
			if c.known {
				m.Register = registered(j)
			}
			asked := 0
			for _, about := range []Subject{Room(), OfNode(1), OfNode(2), OfLink(1, 2), OfOp(9), OfMessage(20_001)} {
				for i := range askings {
					a := &askings[i]
					if a.about != about.sort {
						continue
					}
					q := ask(m, about, 0)
					if q == nil || !a.when(q) {
						continue
					}
					a.answer(q)
					asked++
					if q.read > MaxBack || q.looked > maxLooks || q.looked > c.times*MaxBack {
						t.Errorf("“%s %s”: %d events were read, %d looked at", about, a.name, q.read, q.looked)
					}
				}
				if q := ask(m, about, glance); q != nil {
					for i := range askings {
						if askings[i].about == about.sort {
							askings[i].when(q)
						}
					}
					if q.read > glance+stretchEvents {
						t.Errorf("to find out what one may ask of “%s”, %d events were read", about, q.read)
					}
				}
			}
			if asked < 8 {
				t.Errorf("only %d questions arise", asked)
			}
		})
	}
}

// A search that would go on for ever ends, and the answer says so to whoever draws it.
func TestWhatIsOutOfReachIsNotWaitedFor(t *testing.T) {
	var facts []event.Event
	for i := range uint64(MaxBack + 3*stretchEvents) {
		facts = append(facts, appended(1, i+1, 1, 0))
	}
	j := recorded(t, 2, facts...)
	s := j.State()
	p := Moment{Journal: j, State: &s}.past(0)
	if p.last(of(event.Appended).by(2)) != nil || p.read > MaxBack || !p.short {
		t.Errorf("%d read, short: %v", p.read, p.short)
	}
	for range 100 {
		p.last(of(event.Stopped))
	}
	if p.looked > maxLooks {
		t.Errorf("%d events were looked at", p.looked)
	}
}
