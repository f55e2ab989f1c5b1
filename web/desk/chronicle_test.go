package desk

import (
	"math"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// book is a recording that a test writes.
type book struct {
	*journal.Journal
	at event.Micros
	op uint64
}

func newBook() *book { return &book{Journal: journal.New(journal.Options{Epoch: 1})} }

// write has events happen, one virtual millisecond after the other.
func (b *book) write(events ...event.Event) {
	for _, e := range events {
		b.at += 1000
		e.At = b.at
		b.Append(e)
	}
	b.Flush(b.at)
}

// pass lets time go by.
func (b *book) pass(d event.Micros) {
	b.at += d
	b.Flush(b.at)
}

// machines start, as followers in term 1.
func (b *book) machines(n int) {
	b.write(event.Event{Kind: event.RateSet, Factor: event.One})
	for id := event.NodeID(1); int(id) <= n; id++ {
		b.write(event.Event{Kind: event.MachineAdded, Node: id}, event.Event{Kind: event.Started, Node: id, Term: 1})
	}
}

// put is a request from its question to its answer.
func (b *book) put(outcome event.Outcome) {
	b.op++
	b.write(event.Event{Kind: event.Asked, Op: b.op, Command: event.Put, Text: "put x 1"})
	b.pass(20_000)
	if outcome != event.Pending {
		b.write(event.Event{Kind: event.Answered, Op: b.op, Command: event.Put, Outcome: outcome})
	}
}

func (b *book) chronicle() *chronicle {
	c := chronicleOf(b.Journal)
	c.catchUp(b.Journal, math.MaxInt)
	return c
}

// The lanes say of every moment what the fold of the facts says.
func TestLanesAreWhatTheFactsAddUpTo(t *testing.T) {
	l := openLab(t)
	lead := l.leader()
	l.ok(event.Command{Kind: event.Kill, Node: lead})
	l.run(3_000_000)
	l.leader()
	l.ok(event.Command{Kind: event.Restart, Node: lead})
	l.run(500_000)
	l.ok(event.Command{Kind: event.Suspend, Node: l.leader()})
	l.run(4_000_000)
	j := l.Journal()
	c := chronicleOf(j)
	c.catchUp(j, math.MaxInt)
	events, err := j.Events(0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	s, checked := j.Oldest(), 0
	for i, e := range events {
		s.Apply(e)
		if i+1 < len(events) && events[i+1].At == e.At {
			continue // the moment is not over
		}
		for k := range s.Nodes {
			n := &s.Nodes[k]
			is := at(c.lane(n.ID), e.At)
			if is.state != laneStateOf(n) || is.term != n.Term {
				t.Fatalf("event %d: %v is %v in term %d, its lane %v in term %d", e.Seq, n.ID, laneStateOf(n), n.Term, is.state, is.term)
			}
			checked++
		}
	}
	if checked < 500 {
		t.Errorf("only %d moments were compared", checked)
	}
}

// at is the stretch in which an instant is.
func at(l *lane, when event.Micros) (s stretch) {
	for _, x := range l.stretches {
		if x.from <= when {
			s = x
		}
	}
	return s
}

func TestTheChronicleGoesOnWhereItWas(t *testing.T) {
	b := newBook()
	b.machines(3)
	c := b.chronicle()
	next := c.next
	b.write(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	if again := b.chronicle(); again != c || c.next != next+1 {
		t.Errorf("the same recording has another chronicle, or it is at event %d instead of %d", c.next, next+1)
	}
	if other := newBook().chronicle(); other == c {
		t.Error("two recordings have one chronicle")
	}
}

// However long a recording is, its chronicle is bounded, and what it leaves out is counted.
func TestTheChronicleIsBounded(t *testing.T) {
	b := newBook()
	b.machines(1)
	c := b.chronicle()
	const terms, puts, faults = 2*MaxStretches + 11, 2*MaxDeeds + 7, 3 * MaxFaults
	for i := range uint64(terms) {
		c.fold(&event.Event{Kind: event.TermChanged, Node: 1, Term: i + 2, At: event.Micros(i+1) * 10_000})
	}
	l := c.lane(1)
	changes := -1 // it was down when it was added
	for _, s := range l.stretches {
		changes += s.turns + 1
	}
	if len(l.stretches) > MaxStretches || changes != terms+1 {
		t.Errorf("%d stretches, at most %d; they tell of %d changes, there were %d", len(l.stretches), MaxStretches, changes, terms+1)
	}
	outcomes := []event.Outcome{event.OK, event.Failed, event.Unknown, event.Pending}
	for i := range uint64(puts) {
		c.fold(&event.Event{Kind: event.Asked, Op: i, Command: event.Put, At: event.Micros(i)})
		if o := outcomes[i%3]; i != 5 {
			c.fold(&event.Event{Kind: event.Answered, Op: i, Command: event.Put, Outcome: o, At: event.Micros(i + 1)})
		}
	}
	n := 0
	for _, d := range c.deeds {
		n += d.n
	}
	if len(c.deeds) > MaxDeeds || n != puts || len(c.pending) != 1 || c.deeds[c.pending[5]].outcome != event.Pending {
		t.Errorf("%d entries for requests, at most %d; they tell of %d, there were %d", len(c.deeds), MaxDeeds, n, puts)
	}
	for i := range faults {
		c.fold(&event.Event{Kind: event.Wiped, Node: 1, At: event.Micros(i) * 1000})
	}
	told := 0
	for _, f := range c.faults {
		told += f.more + 1
	}
	if len(c.faults) > MaxFaults || told != faults {
		t.Errorf("%d flags, at most %d; they tell of %d faults, there were %d", len(c.faults), MaxFaults, told, faults)
	}
}

// BenchmarkChronicle is what an hour of a busy room costs to be folded once, an event.
func BenchmarkChronicle(b *testing.B) {
	c := &chronicle{drawings: map[drawingOf]drawing{}}
	c.begin(view.State{})
	kinds := [...]event.Kind{event.Sent, event.Delivered, event.Appended, event.Fsynced, event.MatchSet, event.Asked, event.Answered}
	for i := 0; b.Loop(); i++ {
		c.fold(&event.Event{Kind: kinds[i%len(kinds)], Node: 1, Op: uint64(i / len(kinds)), Command: event.Put, Outcome: event.OK, At: event.Micros(i)})
	}
}

// A room that slept has one flag for that, not one for each machine that stopped and started with it, nor for links, clocks and chaos that
// are as they were; what somebody asks for then has its own, also where no time has passed.
func TestASleepIsOneFlag(t *testing.T) {
	c := &chronicle{}
	c.begin(view.State{})
	events := []event.Event{
		{Kind: event.MachineAdded, Node: 1}, {Kind: event.Started, Node: 1, Term: 1}, {Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 1},
		{Kind: event.Asked, Op: 4, Command: event.Put, Text: "put x 1"},
		{At: 10, Kind: event.Stopped, Node: 1, Reason: event.RoomClosed}, {At: 10, Kind: event.Woke, Took: 7_200_000_000},
		{At: 10, Kind: event.MachineAdded, Node: 1}, {At: 10, Kind: event.Stopped, Node: 2, Reason: event.Killed}, {At: 10, Kind: event.LinkSet, Node: 1, Peer: 2, Link: event.Link{Cut: true}},
		{At: 10, Kind: event.ChaosSet, OK: true, Factor: 1}, {At: 10, Kind: event.Started, Node: 1, Term: 1},
	}
	for i, e := range append(events, event.Event{At: 10, Kind: event.Asked, Op: 5, Command: event.Cut}, event.Event{At: 10, Kind: event.LinkSet, Node: 1, Peer: 3, Link: event.Link{Cut: true}}) {
		e.Seq = uint64(i) + 1
		c.fold(&e)
		if i+1 == len(events) && (len(c.faults) != 1 || c.faults[0].kind != event.Woke || c.faults[0].took != 7_200_000_000) {
			t.Errorf("%+v", c.faults)
		}
	}
	if len(c.faults) != 2 || c.faults[1].kind != event.LinkSet {
		t.Errorf("%+v", c.faults)
	}
	if d := c.deeds[0]; d.outcome != event.Unknown || d.to != 10 {
		t.Errorf("how the request ended that nobody answered before the sleep: %+v", d)
	}
}

// A recording that begins with a waking, as nothing of what was before is kept, has no flag for that; one whose process had ended without a
// word does not say for how long it slept.
func TestAWakingWithoutASleep(t *testing.T) {
	c, p := &chronicle{}, &pen{}
	c.begin(view.State{})
	woke := event.Event{Seq: 1, At: 10, Kind: event.Woke, Text: "none was kept"}
	c.fold(&woke)
	if len(c.faults) != 0 {
		t.Errorf("%+v", c.faults)
	}
	woke.Seq, woke.At = 40, 500_000
	c.fold(&woke)
	if len(c.faults) != 1 || p.fault(c.faults[0]) != "opened again" {
		t.Errorf("%+v", c.faults)
	}
}
