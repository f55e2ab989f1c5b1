package cluster

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// timekeeper holds what machines do against what they said of their election timers.
type timekeeper struct {
	*testing.T
	s        view.State
	ordered  map[event.NodeID]bool // told to stand for election: it does not wait for its timer
	stood    int                   // elections that began because a timer ran out
	again    int                   // those of them in which a candidate tried again
	unheard  int                   // and before which it had heard from nobody since it started or turned follower
	orders   map[uint64]bool       // messages that tell somebody to stand
	reported int
}

// rounding is what times on different clocks may differ by.
const rounding = event.Micros(1)

// timed says whether a machine's election timer runs as far as it can know: it is a voter of the configuration it uses, and does not lead.
func timed(n *view.Node) bool {
	if !n.Up || n.Suspended || n.Role == event.Leader || n.Role == event.RoleNone {
		return false
	}
	for _, m := range n.Members {
		if m.ID == n.ID {
			return m.Suffrage == event.Voter
		}
	}
	return false
}

func (k *timekeeper) complain(e *event.Event, n *view.Node, what string) {
	if k.reported++; k.reported <= 5 {
		k.Errorf("event %d (%v) at %d µs: %v, a %v whose timer runs from %d to between %d and %d, %s", e.Seq, e.Kind, e.At, n.ID, n.Role, n.TimerFrom, n.TimerMin, n.TimerMax, what)
	}
}

// hear takes the next fact.
func (k *timekeeper) hear(e *event.Event) {
	if e.At > k.s.At {
		k.look(e)
	}
	// what concerns elections
	//exhaustive:ignore
	switch e.Kind {
	case event.Sent:
		k.orders[e.Msg] = e.Type == event.TimeoutNow && !e.Reply
	case event.Delivered:
		k.ordered[e.Peer] = k.ordered[e.Peer] || k.orders[e.Msg]
	case event.Asked:
		k.ordered[e.Node] = k.ordered[e.Node] || e.Command == event.Elect
	case event.RoleChanged:
		if n := k.s.Node(e.Node); e.Role == event.Candidate && n.Role == event.Follower {
			k.stands(e, n)
		}
		delete(k.ordered, e.Node)
	case event.TimerSet:
		if n := k.s.Node(e.Node); e.OK && n.Role == event.Candidate && n.TimerMax != 0 && e.From > n.TimerFrom && e.From >= n.TimerMin-rounding {
			k.again++
			k.stands(e, n)
		}
	}
	k.s.Apply(*e)
}

// look is taken when time goes on: nothing happened between the last event and e.
func (k *timekeeper) look(e *event.Event) {
	for i := range k.s.Nodes {
		switch n := &k.s.Nodes[i]; {
		case !timed(n):
		case n.TimerMax == 0:
			k.complain(e, n, "has no timer")
		case n.TimerMax+rounding < e.At:
			k.complain(e, n, "has not stood for election")
		}
	}
}

// stands: a machine stands for election.
func (k *timekeeper) stands(e *event.Event, n *view.Node) {
	if k.ordered[n.ID] {
		return
	}
	k.stood++
	if n.TimerFrom > n.Contact || n.Contact == 0 {
		k.unheard++
	}
	if e.At < n.TimerMin-rounding || e.At > n.TimerMax+rounding {
		k.complain(e, n, "stands for election at another time")
	}
}

// hour lets a room live through faults of all kinds, but for slow disks: they keep the engine from looking at its clock.
func hour(l *lab, random *rand.Rand, steps int) {
	kinds := []event.Command{{Kind: event.Kill}, {Kind: event.Restart}, {Kind: event.Restart}, {Kind: event.Suspend}, {Kind: event.Resume}, {Kind: event.Resume},
		{Kind: event.Elect}, {Kind: event.Wipe}, {Kind: event.Heal}, {Kind: event.MemberDemote}, {Kind: event.MemberPromote}, {Kind: event.MemberPromote},
		{Kind: event.Put, Key: "k", Value: "v"}, {Kind: event.Snapshot}, {Kind: event.PreVote}, {Kind: event.PreVote, On: true}, {Kind: event.StepDown},
		{Kind: event.Drift, Factor: event.One / 2}, {Kind: event.Drift, Factor: event.One * 3 / 2}}
	for i := range steps {
		if i%6 == 0 { // now and then it comes to rest
			l.Begin(event.Command{Kind: event.Heal})
			for id := event.NodeID(1); id <= 5; id++ {
				l.Begin(event.Command{Kind: event.Resume, Node: id})
				l.Begin(event.Command{Kind: event.Restart, Node: id})
				l.Begin(event.Command{Kind: event.MemberPromote, Node: id})
			}
			l.Advance(5 * second)
		}
		c := kinds[random.IntN(len(kinds))]
		id := event.NodeID(1 + random.IntN(5))
		switch random.IntN(4) {
		case 0:
			c = event.Command{Kind: event.Partition, Groups: [][]event.NodeID{{id}}}
		case 1:
			c = event.Command{Kind: event.Cut, Peer: id%5 + 1, OneWay: true}
		}
		if c.Kind != event.Put && c.Kind != event.StepDown {
			c.Node = id
		}
		l.Begin(c) // some cannot be done as things are, and say so
		for range 1 + random.IntN(12) {
			l.Advance(second / 8)
		}
	}
}

// TestElectionsBeginWhenTimersSaid: every voter that runs and does not lead has a deadline at every moment, also when it has
// only just started, and stands for election when it said.
func TestElectionsBeginWhenTimersSaid(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l := openLab(t, Options{})
			hour(l, rand.New(rand.NewPCG(seed, 5)), 60)
			k := &timekeeper{T: t, ordered: map[event.NodeID]bool{}, orders: map[uint64]bool{}}
			es := l.events(0)
			for i := range es {
				k.hear(&es[i])
			}
			if k.unheard == 0 || k.again == 0 || k.stood == k.unheard {
				t.Errorf("%d timers ran out, %d before anybody was heard, %d candidates': that is not enough to say much", k.stood, k.unheard, k.again)
			}
			t.Logf("%d facts, %d timers ran out, %d candidates' among them, %d before anybody was heard", len(es), k.stood, k.again, k.unheard)
		})
	}
}
