package cluster

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// lab is a room that only moves when the test says so.
type lab struct {
	*testing.T
	*Room
}

const second = event.Micros(1_000_000)

func openLab(t *testing.T, o Options) *lab {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.Manual, o.NoSync = true, true
	o.Rate = event.One
	o.Warn = func(err error) { t.Error(err) }
	o.Fatal = func(err error) { t.Error(err); panic(err) }
	r, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t, r}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error("close:", err)
		}
		l.safe()
	})
	return l
}

// safe checks that every monitor is still lit.
func (l *lab) safe() {
	l.Helper()
	for _, lamp := range l.State().Safety {
		if !lamp.Holds {
			l.Errorf("%v is broken: %s", lamp.Property, lamp.Text)
		}
	}
}

// end moves time until the command is answered.
func (l *lab) end(c <-chan event.Result) event.Result {
	l.Helper()
	for range 100_000 {
		select {
		case r := <-c:
			return r
		default:
		}
		if l.conductor.Rate() == 0 {
			return <-c // an order to a frozen room needs no time
		}
		l.Advance(1_000)
	}
	l.Fatal("no answer within 100 virtual seconds")
	return event.Result{}
}

func (l *lab) do(c event.Command) event.Result {
	l.Helper()
	return l.end(l.Begin(c))
}

// ok is do for a command that must succeed.
func (l *lab) ok(c event.Command) event.Result {
	l.Helper()
	r := l.do(c)
	if r.Outcome != event.OK {
		l.Fatalf("%s: %v: %s", Words(c), r.Outcome, r.Error)
	}
	return r
}

func (l *lab) wait(what string, ok func(*view.State) bool) {
	l.Helper()
	if !l.Await(60*second, ok) {
		l.Fatalf("after a virtual minute still not: %s", what)
	}
}

// leader is who leads, and has committed an entry of its term: none of its entries is still on its way to a majority.
func (l *lab) leader() event.NodeID {
	l.Helper()
	l.wait("a leader", func(s *view.State) bool { return s.Leader() != nil && s.Leader().Commit >= s.Leader().Began() })
	s := l.State()
	return s.Leader().ID
}

func put(key, value string) event.Command {
	return event.Command{Kind: event.Put, Key: key, Value: value}
}

func on(id event.NodeID, c event.Command) event.Command {
	c.Node = id
	return c
}

func TestPutReachesEveryNode(t *testing.T) {
	l := openLab(t, Options{})
	r := l.ok(put("x", "1"))
	if r.Revision != 2 || len(r.Acks) < 3 || r.Leader != l.leader() {
		t.Errorf("%+v", r)
	}
	l.wait("five equal rows", func(s *view.State) bool { return equalRows(s, 5) })
	for id := event.NodeID(1); id <= 5; id++ {
		for _, serializable := range []bool{false, true} {
			g := l.ok(on(id, event.Command{Kind: event.Get, Key: "x", Serializable: serializable}))
			if len(g.KVs) != 1 || g.KVs[0].Value != "1" {
				t.Errorf("%v: %+v", id, g)
			}
		}
	}
}

// equalRows says that n nodes are up and have the same log, committed and applied to its end.
func equalRows(s *view.State, n int) bool {
	var first *view.Node
	up := 0
	for i := range s.Nodes {
		m := &s.Nodes[i]
		if !m.Up {
			continue
		}
		up++
		if first == nil {
			first = m
		}
		if m.Last != first.Last || m.Commit != m.Last || m.Applied != m.Last || m.Revision != first.Revision {
			return false
		}
		a, b := m.Entry(m.Last), first.Entry(m.Last)
		if a != nil && b != nil && a.Term != b.Term {
			return false
		}
	}
	return up == n
}
