package conductor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/world"
)

// echo is a machine's software for these tests: it answers every request with "yes" and tells what it got, when.
type echo struct {
	port *Port
	got  []event.Micros
}

func (e *echo) Fence()     {}
func (e *echo) End() error { return nil }

type lab struct {
	*testing.T
	*Conductor
	events []event.Event
	echoes map[event.NodeID]*echo
}

func newLab(t *testing.T, machines int) *lab {
	l := &lab{T: t, echoes: map[event.NodeID]*echo{}}
	l.Conductor = New(Options{Seed: 1, Tap: func(e event.Event) { l.events = append(l.events, e) }, Fatal: func(err error) { t.Fatal(err) }})
	for i := range machines {
		l.AddMachine(event.NodeID(i+1), event.One)
		l.start(event.NodeID(i + 1))
	}
	t.Cleanup(func() {
		for id := range l.echoes {
			if up, _ := l.Up(id); up {
				if err := l.Stop(id, event.RoomClosed, ""); err != nil {
					t.Error(err)
				}
			}
		}
	})
	return l
}

func (l *lab) start(id event.NodeID) {
	l.Helper()
	e := &echo{}
	l.echoes[id] = e
	err := l.Start(id, func(_ *world.World, p *Port) (Life, error) {
		e.port = p
		p.OnServe(func(_ event.NodeID, _ any, reply func(any, error)) {
			e.got = append(e.got, p.Now())
			reply("yes", nil)
		})
		return e, nil
	})
	if err != nil {
		l.Fatal(err)
	}
}

const callTimeout = event.Micros(CallTimeout / time.Microsecond)

type answer struct {
	body any
	err  error
	at   event.Micros
}

// call has a machine ask another; the answer comes on an outside channel.
func (l *lab) call(from, to event.NodeID) <-chan answer {
	out := make(chan answer, 1)
	p := l.echoes[from].port
	l.Post(from, func() {
		go func() {
			b, err := p.Call(to, event.Forward, "question", CallTimeout)
			out <- answer{b, err, p.Now()}
		}()
	}, func() { out <- answer{err: ErrDown} })
	return out
}

func (l *lab) want(c <-chan answer, err error, at event.Micros) {
	l.Helper()
	select {
	case a := <-c:
		if !errors.Is(a.err, err) || a.at != at {
			l.Fatalf("got %v, %v at %d, want %v at %d", a.body, a.err, a.at, err, at)
		}
	default:
		l.Fatal("no answer yet")
	}
}

func (l *lab) count(k event.Kind, why event.Reason) (n int) {
	for _, e := range l.events {
		if e.Kind == k && e.Reason == why {
			n++
		}
	}
	return n
}

func TestMessagesFlyExactlyAsLongAsTheirLink(t *testing.T) {
	l := newLab(t, 2)
	if err := l.SetLink(1, 2, event.Link{Delay: 7_300}); err != nil {
		t.Fatal(err)
	}
	c := l.call(1, 2)
	l.Advance(20_000)
	l.want(c, nil, 7_300+NearDelay)
	if !slices.Equal(l.echoes[2].got, []event.Micros{7_300}) {
		t.Error(l.echoes[2].got)
	}
}

func TestFrozenMeansNothingHappens(t *testing.T) {
	l := newLab(t, 2)
	l.Freeze()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		l.Conductor.Run(ctx, func(event.Factor) time.Duration { return time.Millisecond })
		close(done)
	}()
	c := l.call(1, 2)
	before := l.Now()
	beat := time.NewTicker(time.Millisecond) // wall time must pass, with turns on the processor, for this to mean anything
	defer beat.Stop()
	for range 50 {
		select {
		case a := <-c:
			t.Fatal("a frozen room answered", a)
		case <-beat.C:
		}
	}
	if l.Now() != before {
		t.Fatal("time moved")
	}
	l.Thaw()
	if a := <-c; a.err != nil {
		t.Fatal(a.err)
	}
	stop()
	<-done
}

func TestStepIsOneArrival(t *testing.T) {
	l := newLab(t, 3)
	l.Freeze()
	a, b := l.call(1, 2), l.call(1, 3)
	for i, want := range []int{0, 1, 2, 3, 4} { // sent; then two requests and two replies, one at a time
		if !l.Step() {
			t.Fatal("nothing happened")
		}
		if got := l.count(event.Delivered, event.ReasonNone); got != want {
			t.Fatalf("after step %d %d messages had arrived", i+1, got)
		}
	}
	l.want(a, nil, 2*NearDelay)
	l.want(b, nil, 2*NearDelay)
	if l.Thaw(); l.Step() {
		t.Error("a room that runs was stepped")
	}
}

func TestCutIsOneWay(t *testing.T) {
	l := newLab(t, 2)
	if err := l.SetLink(2, 1, event.Link{Cut: true}); err != nil {
		t.Fatal(err)
	}
	c := l.call(1, 2)
	l.Advance(callTimeout)
	l.want(c, ErrTimeout, callTimeout)
	if len(l.echoes[2].got) != 1 || l.count(event.Dropped, event.LinkCut) != 1 {
		t.Error("the request should have arrived and its reply been lost", l.echoes[2].got)
	}
}

func TestGates(t *testing.T) {
	l := newLab(t, 2)
	l.HoldAll(true)
	a, b, c := l.call(1, 2), l.call(1, 2), l.call(1, 2)
	l.Advance(10_000)
	if len(l.gates) != 3 || len(l.echoes[2].got) != 0 {
		t.Fatal(len(l.gates), "at the gate")
	}
	ids := []uint64{l.gates[0].ID, l.gates[1].ID, l.gates[2].ID}
	for _, err := range []error{l.Reorder(ids[0], ids[2]), l.Duplicate(ids[1]), l.Drop(ids[0]), l.Deliver(ids[2])} {
		if err != nil {
			t.Fatal(err)
		}
	}
	l.Advance(10_000)
	if len(l.echoes[2].got) != 1 || len(l.gates) != 3 { // the second, its copy, and the reply to the third
		t.Fatal(l.echoes[2].got, len(l.gates))
	}
	l.Heal()
	l.Advance(20_000)
	if len(l.echoes[2].got) != 2 || l.count(event.Delivered, event.ReasonNone) != 5 {
		t.Error("the second should have arrived too, its copy to no effect:", l.echoes[2].got)
	}
	l.want(b, nil, 30_000)
	l.want(c, nil, 25_000)
	l.Advance(1_000_000)
	l.want(a, ErrTimeout, 1_000_000)
	if err := l.Deliver(ids[0]); err == nil {
		t.Error("a message that is gone was delivered")
	}
}

func TestGateIsBounded(t *testing.T) {
	l := newLab(t, 2)
	l.HoldAll(true)
	for range MaxHeld + 5 {
		l.mu.Lock()
		l.hold(&Message{From: 1, To: 2}, 0)
		l.mu.Unlock()
	}
	if len(l.gates) != MaxHeld || l.count(event.Dropped, event.QueueFull) != 5 {
		t.Error(len(l.gates), l.count(event.Dropped, event.QueueFull))
	}
}

func TestPortIsBounded(t *testing.T) {
	l := newLab(t, 2)
	l.Post(1, func() {
		for range PortQueue + 3 {
			l.echoes[1].port.emit(&Message{From: 1, To: 2, Type: event.Forward})
		}
	}, nil)
	l.Advance(1)
	if l.count(event.Sent, event.ReasonNone) != PortQueue || l.count(event.Dropped, event.QueueFull) != 3 {
		t.Error(l.count(event.Sent, event.ReasonNone), l.count(event.Dropped, event.QueueFull))
	}
	if err := l.Suspend(1); err != nil {
		t.Fatal(err)
	}
	gone := 0
	for range PortQueue + 3 {
		l.Post(1, func() {}, func() { gone++ })
	}
	if gone != 3 {
		t.Error(gone, "calls were refused")
	}
}

func TestSuspendedMachineStandsStill(t *testing.T) {
	l := newLab(t, 2)
	if err := l.Suspend(2); err != nil {
		t.Fatal(err)
	}
	c := l.call(1, 2)
	l.Advance(500_000)
	if len(l.echoes[2].got) != 0 {
		t.Fatal("it answered")
	}
	if err := l.Resume(2); err != nil {
		t.Fatal(err)
	}
	l.Advance(100_000)
	l.want(c, nil, 500_000+NearDelay)
	if err := l.Resume(2); err == nil {
		t.Error("it was resumed twice")
	}
}

func TestKillResetsConnections(t *testing.T) {
	l := newLab(t, 2)
	if err := l.SetLink(1, 2, event.Link{Hold: true}); err != nil {
		t.Fatal(err)
	}
	waiting := l.call(1, 2)
	l.Advance(1_000)
	if err := l.Stop(2, event.Killed, ""); err != nil {
		t.Fatal(err)
	}
	l.Advance(20_000)
	l.want(waiting, ErrReset, 1_000+NearDelay)
	l.Heal()
	refused := l.call(1, 2)
	l.Advance(20_000)
	l.want(refused, ErrRefused, 21_000+2*NearDelay)
	l.start(2)
	again := l.call(1, 2)
	l.Advance(20_000)
	l.want(again, nil, 41_000+2*NearDelay)
}

func TestLossAndDuplication(t *testing.T) {
	l := newLab(t, 2)
	if err := l.SetLink(1, 2, event.Link{Loss: event.One / 2}); err != nil {
		t.Fatal(err)
	}
	for range 400 {
		l.call(1, 2)
	}
	l.Advance(20_000)
	if n := len(l.echoes[2].got); n < 120 || n > 280 {
		t.Error(n, "of 400 arrived at a loss of one half")
	}
	l.echoes[2].got = nil
	if err := l.SetLink(1, 2, event.Link{Duplicate: event.One, Jitter: 2_000}); err != nil {
		t.Fatal(err)
	}
	l.call(1, 2)
	l.Advance(40_000)
	if l.count(event.Copied, event.ReasonNone) != 1 || len(l.echoes[2].got) != 1 {
		t.Error("a forwarded command was done", len(l.echoes[2].got), "times")
	}
}

func TestPartition(t *testing.T) {
	l := newLab(t, 4)
	if err := l.Partition([][]event.NodeID{{1, 2}, {3}}); err != nil {
		t.Fatal(err)
	}
	for p, cut := range map[pair]bool{{1, 2}: false, {2, 1}: false, {1, 3}: true, {3, 1}: true, {4, 1}: true, {3, 4}: true} {
		if l.Link(p.from, p.to).Cut != cut {
			t.Error(p, "cut:", !cut)
		}
	}
	for _, bad := range [][][]event.NodeID{{{1, 1}}, {{1}, {1}}, {{7}}} {
		if l.Partition(bad) == nil {
			t.Error("accepted", bad)
		}
	}
}

func TestAlarmsRingInVirtualTime(t *testing.T) {
	l := newLab(t, 1)
	var at event.Micros
	l.After(12_345, func() { at = l.now })
	l.Advance(12_344)
	if at != 0 {
		t.Fatal("early")
	}
	l.Advance(10)
	if at != 12_345 {
		t.Fatal("rang at", at)
	}
}

// An alarm that nobody waits for any more is not kept until its time comes, which in a frozen room it never does.
func TestAnAlarmThatIsStoppedIsGone(t *testing.T) {
	l := newLab(t, 1)
	var rang []int
	stops := map[int]func(){}
	for i := range 20 {
		stops[i] = l.After(event.Micros(10*(20-i)), func() { rang = append(rang, i) })
	}
	for i := 0; i < 20; i += 2 {
		stops[i]()
		stops[i]() // is nothing the second time
	}
	if len(l.alarms) != 10 {
		t.Fatal(len(l.alarms), "alarms are kept, not 10")
	}
	l.Advance(1000)
	if want := []int{19, 17, 15, 13, 11, 9, 7, 5, 3, 1}; !slices.Equal(rang, want) {
		t.Fatal("rang", rang)
	}
	stops[1]() // has rung
}

// TestWhatADyingMachineDoesNotTakeIsDropped: messages that waited for a machine which dies at the first of them are told to be lost, as is
// whatever else is sent to a machine that is down; none is under way for ever.
func TestWhatADyingMachineDoesNotTakeIsDropped(t *testing.T) {
	l := newLab(t, 2)
	if err := l.Suspend(2); err != nil {
		t.Fatal(err)
	}
	var calls []<-chan answer
	for range 3 {
		calls = append(calls, l.call(1, 2))
		l.Advance(10_000)
	}
	dying := l.echoes[2].port
	dying.OnServe(func(event.NodeID, any, func(any, error)) { dying.Crash(l.Conductor, event.KilledAfterFsync, "") })
	if err := l.Resume(2); err != nil {
		t.Fatal(err)
	}
	l.Advance(callTimeout)
	if up, _ := l.Up(2); up {
		t.Fatal("it lives")
	}
	ends := map[uint64]int{}
	for _, e := range l.events {
		if e.Kind == event.Delivered || e.Kind == event.Dropped {
			ends[e.Msg]++
		}
	}
	sent := l.count(event.Sent, event.ReasonNone)
	if l.count(event.Delivered, event.ReasonNone) != 1 || l.count(event.Dropped, event.MachineDown) != 2 || sent != 3 || len(ends) != 3 {
		t.Errorf("%d were sent, and ended so: %v", sent, ends)
	}
	for i, c := range calls {
		if a := <-c; a.err == nil {
			t.Errorf("call %d was answered", i)
		}
	}
}
