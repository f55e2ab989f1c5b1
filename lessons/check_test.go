package lessons

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// storied is the room of trio in which a bit has happened since: a put by the lesson, two by people, one of them pending,
// and n2 cut off from n1.
func storied() *Facts {
	f := trio()
	s := f.Now
	s.Apply(event.Event{Kind: event.Asked, Op: 1, Command: event.Put, Key: "own", Text: "put own 1", At: 1000})
	s.Apply(event.Event{Kind: event.Answered, Op: 1, Command: event.Put, Outcome: event.OK, At: 2000})
	since := s.Clone()
	f.Since, f.Own = &since, map[uint64]bool{2: true}
	for op := uint64(2); op <= 4; op++ {
		s.Apply(event.Event{Kind: event.Asked, Op: op, Command: event.Get, Node: 2, Key: "x", Text: "get x --serializable", At: event.Micros(op * 1000)})
	}
	s.Apply(event.Event{Kind: event.Answered, Op: 3, Command: event.Get, Outcome: event.Unknown, Text: "no majority", Nodes: []event.NodeID{1, 2}, At: 5500})
	s.Apply(event.Event{Kind: event.LinkSet, Node: 2, Peer: 1, Link: event.Link{Cut: true}})
	s.Apply(event.Event{Kind: event.Committed, Node: 2, Index: 1, At: 7000})
	f.Events = []event.Event{{Kind: event.Truncated, Node: 3, Index: 5, At: 6001}, {Kind: event.Appended, Entry: event.EntryNoop}}
	return f
}

func TestChecksHold(t *testing.T) {
	f := storied()
	for _, source := range []string{
		`node.n2.role == "leader" && leader.id == "n2" && leaders.size() == 1 && leader.term == 3`,
		`nodes.size() == 3 && nodes[0].id == "n1" && node.size() == 3 && "n3" in node && !("n4" in node)`,
		`has(node.n3.refused) == false && !has(node.n7) && !node.n3.up && !node.n3.runs && node.n3.role == "none"`,
		`node.exists(id, node[id].role == "leader")`,
		`groups.size() == 2 && groups.all(g, !g.quorum) && groups[0].nodes == ["n1"] && groups[1].voters == 1`,
		`links.size() == 6 && links.filter(l, l.cut).size() == 1 && links.exists(l, l.from == "n2" && l.to == "n1" && l.cut)`,
		`messages.size() == 0 && members.all(m, m.suffrage == "voter") && voters == 3 && quorum == 2`,
		`ops.size() == 2 && ops.all(o, o.kind == "get" && o.serializable && o.node == "n2")`,
		`history.size() == 3 && history[0].key == "own"`,
		`ops.exists(o, o.outcome == "pending" && o.took_ms == 0) && ops.exists(o, o.outcome == "unknown" && o.took_ms == 3 && o.error == "no majority" && o.acks == ["n1", "n2"])`,
		`events.exists(e, e.kind == "truncated" && e.node == "n3" && e.index == 5 && e.at_ms == 7) && events[1].type == "noop"`,
		`commit == 1 && since.commit == 0 && start.commit == 0 && commit > since.commit && now == 7`,
		`leader.log[0].committed && leader.log[0].label == "x=<1>" && leader.log[0].type == "command" && !leader.log[0].doomed`,
		`since.leader.id == "n2" && since.nodes.size() == 3 && since.node.n3.up == false && since.leaders.size() == 1 && since.members.size() == 3 && lit`,
		`math.greatest(leader.term, 1) == 3 && sets.contains(["n1", "n2"], [leader.id]) && rate == 0.0`,
	} {
		c, faults := newCheck(source)
		if faults != nil {
			t.Errorf("%s: %v", source, faults)
			continue
		}
		if !c.Holds(f) {
			t.Errorf("%s does not hold", source)
		}
		if c.String() != source {
			t.Errorf("%s is written as %s", source, c)
		}
	}
}

// A check that fails does not hold, whichever way it is asked.
func TestChecksThatFailDoNotHold(t *testing.T) {
	for _, source := range []string{
		`node.n9.up`, `!node.n9.up`, `node.n9.role != "leader"`, `nodes[9].up`, `!nodes[9].up`, `commit / (commit - commit) == 1`, `int(leader.id) == 1 || lit == false`,
	} {
		c, faults := newCheck(source)
		if faults != nil {
			t.Errorf("%s: %v", source, faults)
			continue
		}
		if c.Holds(storied()) {
			t.Errorf("%s holds", source)
		}
	}
}

// Without a leader there is a leader with no name, so that checks can ask for it.
func TestNobodyLeads(t *testing.T) {
	f := trio()
	f.Now.Apply(event.Event{Kind: event.Stopped, Node: 2})
	f.Since, f.Start = nil, nil
	c, _ := newCheck(`leader.id == "" && leader.role == "none" && leader.suffrage == "none" && leaders.size() == 0 && since.leader.id == "" && since.nodes.size() == 0`)
	if !c.Holds(f) {
		t.Error("it does not hold")
	}
}

func TestChecksTellWhichEventsTheyWant(t *testing.T) {
	c, faults := newCheck(`events.exists(e, e.kind in ["truncated", "appended"]) && ops.exists(o, o.outcome == "ok")`)
	if faults != nil {
		t.Fatal(faults)
	}
	for k := range event.Kind(event.Kinds) {
		if want := k == event.Truncated || k == event.Appended; c.Tells(k) != want {
			t.Errorf("it wants %v: %v", k, !want)
		}
		if want := k == event.Truncated || k == event.Appended || k == event.Asked || k == event.Answered; c.Wakes(k) != want {
			t.Errorf("%v wakes it: %v", k, !want)
		}
	}
	if quiet, _ := newCheck(`ops.exists(o, o.key == "truncated")`); quiet.Tells(event.Truncated) {
		t.Error("a check that asks for no events wants some")
	}
	if c.Wakes(event.Kind(200)) || c.Tells(event.Kind(200)) {
		t.Error("a kind that does not exist wakes it")
	}
}

// TestChecksEnd: a check that would take for ever fails after maxSteps rounds.
func TestChecksEnd(t *testing.T) {
	f := crowded()
	long := `history.exists(a, history.exists(b, history.exists(c, a.id + b.id + c.id < 0)))` // 60³ rounds
	c, faults := newCheck(long + ` || lit`)
	if faults != nil {
		t.Fatal(faults)
	}
	f.Own = map[uint64]bool{}
	if !c.Holds(f) {
		t.Error("one side of an or that fails hides the other")
	}
	if c, _ = newCheck(`!` + long + ` && lit`); c.Holds(f) {
		t.Error("it went on to its end")
	}
	if c, _ = newCheck(strings.Replace(`!`+long, "history.exists(c, a.id + b.id + c.id < 0)", "a.id + b.id < 0", 1) + ` && lit`); !c.Holds(f) {
		t.Error("a check with few rounds is ended too")
	}
}
