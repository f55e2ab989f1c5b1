package lessons

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// probe asks for one field of the vocabulary, wherever it occurs.
type probe struct {
	*expression
	wakes [event.Kinds]bool
	last  string
}

// probes ask for everything that changes with the room.
func probes(t *testing.T) (all []*probe) {
	t.Helper()
	for _, v := range variables {
		switch v.name {
		case "since", "start", "events": // the moments do not change; events wake by their own kinds
			continue
		}
		for _, source := range sights(v.name, v.kind) {
			x := expressAny(t, source)
			all = append(all, &probe{expression: x, wakes: wakesOf(x.names)})
		}
	}
	return all
}

// expressAny compiles an expression of any kind.
func expressAny(t *testing.T, source string) *expression {
	t.Helper()
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	checked, issues := env.Compile(source)
	if issues.Err() != nil {
		t.Fatalf("%s: %v", source, issues.Err())
	}
	found, faults := look(checked)
	program, err := env.Program(checked)
	if err != nil || faults != nil {
		t.Fatalf("%s: %v, %v", source, err, faults)
	}
	return &expression{source: source, kind: checked.OutputType(), program: program, names: found}
}

// sights are expressions that show every field of what an expression gives.
func sights(source string, kind *cel.Type) (all []string) {
	switch kind.Kind() {
	case types.StructKind:
		s := schemaOf(kind.TypeName())
		for _, f := range s.order {
			all = append(all, sights(source+"."+f, s.fields[f].Type)...)
		}
	case types.ListKind:
		element := kind.Parameters()[0]
		if element.Kind() != types.StructKind {
			return []string{source}
		}
		of := fmt.Sprintf("x%d", len(source))
		for _, field := range sights(of, element) {
			all = append(all, fmt.Sprintf("%s.map(%s, %s)", source, of, field))
		}
	case types.MapKind:
		for _, field := range sights("node[k]", kind.Parameters()[1]) {
			all = append(all, fmt.Sprintf("%s.map(k, %s)", source, field))
		}
	default:
		return []string{source}
	}
	return all
}

// shown is a value as a text.
func shown(v ref.Val) string {
	l, is := v.(traits.Lister)
	if !is {
		return fmt.Sprint(v.Value())
	}
	text := "["
	for it := l.Iterator(); it.HasNext() == types.True; {
		text += shown(it.Next()) + " "
	}
	return text + "]"
}

// anyEvent is an event with numbers so small that events meet.
func anyEvent(random *rand.Rand, seq uint64) event.Event {
	small := func(n int) uint64 { return random.Uint64N(uint64(n)) }
	e := event.Event{
		Seq: seq, At: event.Micros(seq * 1000), Kind: event.Kind(1 + small(event.Kinds-1)), Node: event.NodeID(1 + small(5)), Peer: event.NodeID(small(6)),
		Role: event.Role(1 + small(3)), Term: small(4), Index: small(12), LogTerm: small(4), Commit: small(12), Msg: small(30), Type: event.MessageType(small(9)),
		Reply: small(2) == 0, Entry: event.EntryType(small(5)), Op: small(12), Command: event.CommandKind(small(event.Commands)), Outcome: event.Outcome(small(4)),
		Rev: int64(small(9)), OK: small(2) == 0, Reason: event.Reason(small(19)), Property: event.Property(small(event.Properties)), N: int64(small(30)),
		Until: event.Micros(small(3) * 100), Took: event.Micros(small(3) * 1000), Factor: event.Factor(small(3)) * event.One,
		Key: []string{"", "x"}[small(2)], Text: []string{"", "get x --serializable"}[small(2)],
	}
	if small(3) == 0 || e.Kind == event.Woke { // a room wakes before anybody looks at it
		e.Kind = []event.Kind{event.MachineAdded, event.Started, event.Appended, event.RoleChanged}[small(4)]
	}
	if small(2) == 0 {
		e.Link = event.Link{Delay: event.Micros(small(3) * 1000), Loss: event.Factor(small(2)) * event.One, Slow: event.Factor(small(3)) * event.One, Cut: small(2) == 0, Hold: small(2) == 0}
	}
	for id := range event.NodeID(small(5)) {
		e.Nodes = append(e.Nodes, id+1)
		e.Members = append(e.Members, event.Member{ID: id + 1, Suffrage: event.Suffrage(small(3))})
	}
	return e
}

// TestNothingChangesUnawares: whatever an event changes, it is in the table of what wakes those who look at it.
func TestNothingChangesUnawares(t *testing.T) {
	all := probes(t)
	changes := make(map[string]int)
	for seed := range uint64(8) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := &view.State{}
		f := &Facts{Now: s}
		for _, p := range all {
			p.last = ""
		}
		for seq := range uint64(110) {
			e := anyEvent(random, seq+1)
			s.Apply(e)
			for _, p := range all {
				v, ok := p.value(f)
				if !ok {
					t.Fatalf("%s fails", p.source)
				}
				now := shown(v)
				if p.last != "" && now != p.last && !p.wakes[e.Kind] {
					t.Fatalf("%v changed %s from %s to %s, and nobody was woken", e.Kind, p.source, p.last, now)
				}
				if now != p.last {
					changes[p.source]++
				}
				p.last = now
			}
		}
	}
	for _, p := range all {
		if changes[p.source] < 2 && !strings.HasPrefix(p.source, "leader.") { // each field of a node is looked at by nodes too
			t.Errorf("%s never changed, so this test said nothing about it", p.source)
		}
	}
}

// TestChecksSleepThroughTheRest: what comes by the hundred wakes only those who look at it.
func TestChecksSleepThroughTheRest(t *testing.T) {
	for source, asleep := range map[string][]event.Kind{
		`node.n1.role == "leader"`:                         {event.Sent, event.Delivered, event.TimerSet, event.Appended, event.Committed, event.MatchSet, event.Asked},
		`ops.exists(o, o.outcome == "ok")`:                 {event.Sent, event.Appended, event.TimerSet, event.RoleChanged},
		`commit > since.commit`:                            {event.Sent, event.TimerSet, event.RoleChanged, event.Asked},
		`messages.exists(m, m.held)`:                       {event.TimerSet, event.Appended, event.Asked},
		`events.exists(e, e.kind == "truncated")`:          {event.Sent, event.TimerSet, event.Appended, event.RoleChanged},
		`node.n1.log.size() > since.node.n1.log.size()`:    {event.Sent, event.TimerSet, event.RoleChanged},
		`leader.id != since.leader.id && node.n1.up`:       {event.Sent, event.TimerSet, event.Appended},
		`groups.size() == 2 && leaders.exists(n, n.stale)`: {event.Sent, event.TimerSet, event.MatchSet},
	} {
		c, faults := newCheck(source)
		if faults != nil {
			t.Fatal(source, faults)
		}
		for _, k := range asleep {
			if c.Wakes(k) {
				t.Errorf("%v wakes %s", k, source)
			}
		}
	}
}
