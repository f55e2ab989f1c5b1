package fault

import (
	"reflect"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// five is a room in which five machines run, three of them not well.
func five() *view.State {
	s := &view.State{}
	for id := event.NodeID(1); id <= 5; id++ {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: id})
		s.Apply(event.Event{Kind: event.Started, Node: id})
	}
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 3})
	return s
}

func TestSeedMakesTheChoiceRepeatable(t *testing.T) {
	draw := func(seed uint64) (all []event.Command) {
		c, s := NewChooser(seed, event.One), five()
		for range 200 {
			all = append(all, c.Next(s), event.Command{Took: c.Pause()})
		}
		return all
	}
	if !reflect.DeepEqual(draw(7), draw(7)) {
		t.Error("one seed, two choices")
	}
	if reflect.DeepEqual(draw(7), draw(8)) {
		t.Error("two seeds, one choice")
	}
}

func TestEveryKindComes(t *testing.T) {
	c, s, come := NewChooser(1, event.One), five(), map[event.CommandKind]bool{}
	for range 2000 {
		come[c.Next(s).Kind] = true
	}
	for _, k := range All {
		if kind := k.Draw(c, s).Kind; !come[kind] {
			t.Errorf("%s (%v) never comes", k.Name, kind)
		}
	}
}

func TestIntensityBoundsWhatIsTakenAway(t *testing.T) {
	s := five()
	s.Apply(event.Event{Kind: event.Stopped, Node: 4})
	gentle := NewChooser(1, event.One/5)
	for range 1000 {
		switch c := gentle.Next(s); {
		case c.Kind == event.Kill || c.Kind == event.Suspend:
			t.Fatalf("with one of five down already, at intensity 0.2 there comes %+v", c)
		case c.Kind == event.Partition || c.Kind == event.Hold:
			t.Fatalf("gentle chaos does %v", c.Kind)
		}
	}
	if slow, quick := gentle.Pause(), NewChooser(1, event.One).Pause(); slow <= quick {
		t.Errorf("it is quiet for %d at intensity 0.2 and for %d at 1", slow, quick)
	}
}

func TestWhatIsBrokenIsMended(t *testing.T) {
	s := five()
	for _, e := range []event.Event{{Kind: event.Stopped, Node: 1}, {Kind: event.Suspended, Node: 2}, {Kind: event.DriftSet, Node: 3, Factor: 2 * event.One},
		{Kind: event.DiskSet, Node: 4, Took: 5}, {Kind: event.LinkSet, Node: 4, Peer: 5, Link: event.Link{Cut: true}}} {
		s.Apply(e)
	}
	want := map[event.CommandKind]bool{event.Restart: true, event.Resume: true, event.Drift: true, event.Disk: true, event.Mend: true}
	for _, m := range mendings(s) {
		delete(want, m.Kind)
	}
	if len(want) > 0 {
		t.Errorf("not mended: %v", want)
	}
	if c := NewChooser(1, event.One).Next(&view.State{}); c.Kind != event.CommandNone {
		t.Errorf("in an empty room there comes %v", c.Kind)
	}
}

// TestAPartitionHasTwoSides, each with a machine, and each machine on one of them.
func TestAPartitionHasTwoSides(t *testing.T) {
	for n := 1; n <= 5; n++ {
		s := five()
		s.Nodes = s.Nodes[:n]
		for seed := range uint64(200) {
			c, named := partition(NewChooser(seed, event.One), s), map[event.NodeID]bool{}
			for _, g := range c.Groups {
				if len(g) == 0 {
					t.Fatalf("of %d machines, seed %d: %v", n, seed, c.Groups)
				}
				for _, id := range g {
					named[id] = true
				}
			}
			if len(named) != n || len(c.Groups) != min(n, 2) {
				t.Fatalf("of %d machines, seed %d: %v", n, seed, c.Groups)
			}
		}
	}
}
