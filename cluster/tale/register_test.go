package tale

import (
	"math/rand/v2"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// registered is a register that knows a journal.
func registered(j *journal.Journal) *Register {
	r := &Register{}
	events, err := j.Events(0, 1<<30)
	if err != nil {
		panic(err)
	}
	r.Add(events)
	return r
}

// anything is a recording of n random facts about machines, more of the one kind than of the other.
func anything(t *testing.T, random *rand.Rand, n, machines int) *journal.Journal {
	kinds := []event.Kind{event.Delivered, event.Delivered, event.Delivered, event.Sent, event.Dropped, event.Appended, event.Stopped, event.VoteRefused, event.Fsynced}
	var facts []event.Event
	for range n {
		k := kinds[int(float64(len(kinds))*random.Float64()*random.Float64())]
		if k == event.Fsynced && random.IntN(100) > 0 {
			k = event.Delivered
		}
		facts = append(facts, event.Event{Kind: k, Node: event.NodeID(1 + random.IntN(machines)), Peer: event.NodeID(random.IntN(1 + machines)),
			Reason: event.Reason(random.IntN(5)), Term: random.Uint64N(4)})
	}
	return recorded(t, machines, facts...)
}

// A register leads to what reading everything leads to, wherever it begins and ends, and with more machines than it tells apart.
func TestARegisterHidesNothing(t *testing.T) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 7))
		machines := []int{2, 5, maxSlots + 9}[seed%3]
		j := anything(t, random, 8_000, machines)
		s := j.State()
		all, _ := j.Events(1, 1<<30)
		known := &Register{}
		from, to := 1+random.IntN(2_000), len(all)-random.IntN(2_000)
		if seed%2 == 0 {
			from, to = 1, len(all)
		}
		known.Add(all[from-1 : to])
		known.Add(all[from-1 : to]) // again: nothing is counted twice
		for range 50 {
			w := of(all[random.IntN(len(all))].Kind)
			if random.IntN(2) == 0 {
				w = w.by(event.NodeID(1 + random.IntN(machines)))
			}
			if random.IntN(2) == 0 {
				w = w.to(event.NodeID(1 + random.IntN(machines)))
			}
			if random.IntN(3) == 0 {
				term := random.Uint64N(5)
				w = w.that(func(e *event.Event) bool { return e.Term == term })
			}
			if random.IntN(3) == 0 {
				w = w.behind(random.Uint64N(uint64(len(all))))
			}
			if random.IntN(4) == 0 {
				w = search{deedOf: event.NodeID(1 + random.IntN(machines))}
			}
			s.Seq = 1 + random.Uint64N(uint64(len(all)))
			plain, quick := Moment{Journal: j, State: &s}.past(0), Moment{Journal: j, State: &s, Register: known}.past(0)
			for name, pair := range map[string][2]*event.Event{"last": {plain.last(w), quick.last(w)}, "first": {plain.first(w), quick.first(w)}} {
				if a, b := pair[0], pair[1]; (a == nil) != (b == nil) || a != nil && a.Seq != b.Seq {
					t.Fatalf("%s of %+v before %d: %v, by the register %v", name, w, s.Seq, a, b)
				}
			}
			if quick.read > plain.read+stretchEvents {
				t.Fatalf("%+v: read %d with a register, %d without", w, quick.read, plain.read)
			}
		}
	}
}

// What a journal has dropped a register forgets, and after a gap it begins anew.
func TestARegisterForgets(t *testing.T) {
	j := anything(t, rand.New(rand.NewPCG(1, 1)), 10_000, 3)
	all, _ := j.Events(1, 1<<30)
	r := registered(j)
	whole := len(r.leaves)
	r.Forget(4*stretchEvents + 1)
	if len(r.leaves) != whole-4 || r.leaf(3, 1<<40) != nil || r.leaf(4, 1<<40) == nil {
		t.Errorf("%d stretches of %d, from %d", len(r.leaves), whole, r.first)
	}
	r = &Register{}
	r.Add(all[:2000])
	r.Add(all[len(all)-1500:])
	if r.first != all[len(all)-1500].Seq || r.Next() != all[len(all)-1].Seq+1 || r.leaf(0, 1<<40) != nil {
		t.Errorf("after a gap it knows %d to %d", r.first, r.Next())
	}
	var none *Register
	if none.Next() != 0 || !none.may(3, 1, &search{}) {
		t.Error("no register knows something")
	}
}
