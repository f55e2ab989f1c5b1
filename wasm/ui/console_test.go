package ui

import (
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// desk is a page whose console is tested.
type desk struct {
	t *testing.T
	m Model
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, m: New(Seed{Words: tongue})}
	d.m.State.Rate = event.One
	for id := event.NodeID(1); id <= 5; id++ {
		d.m.State.Nodes = append(d.m.State.Nodes, view.Node{ID: id, Role: event.Follower, Up: true, Term: 3})
	}
	return d
}

func (d *desk) press(key string) []Effect {
	return d.m.Console.press(&d.m, Pressed{Key: key, Console: true})
}

// write is what the browser tells of a line being typed.
func (d *desk) write(line string) { d.m.Console.changed(&d.m, line) }

// enter types a line and gives the command that was sent, if one was.
func (d *desk) enter(line string) event.Command {
	d.write(line)
	for _, e := range d.press("Enter") {
		if s, ok := e.(Send); ok {
			return s.Frame.Command
		}
	}
	return event.Command{}
}

// field is what stands in the input.
func (d *desk) field() string { return d.m.Console.line }

// said is what stands on the page, line by line.
func (d *desk) said() []string {
	var lines []string
	var walk func(e *Element) string
	walk = func(e *Element) string {
		s := e.Text
		for _, k := range e.Kids {
			s += walk(k)
		}
		return s
	}
	for _, part := range consoleElement(&d.m).Kids {
		if class, _ := part.Attr("class"); class == "said" {
			for _, line := range part.Kids {
				lines = append(lines, walk(line))
			}
		}
	}
	return lines
}

func (d *desk) shows(want ...string) {
	d.t.Helper()
	lines := d.said()
	if len(lines) < len(want) {
		d.t.Fatalf("the console shows %q", lines)
	}
	for i, w := range want {
		if got := lines[len(lines)-len(want)+i]; got != w {
			d.t.Errorf("line %d from below is\n%s, wanted\n%s", len(want)-i, got, w)
		}
	}
}

func TestAnswersAreTold(t *testing.T) {
	for _, c := range []struct {
		line   string
		result event.Result
		want   []string
	}{
		{"put c 5", event.Result{Outcome: event.OK, Revision: 17, Node: 2, Acks: []event.NodeID{1, 2, 3}, Wall: 612_000, Virtual: 153_000},
			[]string{"› put c 5", "OK rev 17 · n2 · acknowledged by n1 n2 n3 · 612 ms (virtual 153 ms)"}},
		{"put c 5", event.Result{Outcome: event.OK, Revision: 17, Node: 2, Leader: 4, Wall: 10_000, Virtual: 10_000},
			[]string{"OK rev 17 · n2 · leader n4 · 10 ms"}},
		{"get c --from n4 --serializable", event.Result{Outcome: event.OK, Revision: 12, Node: 4, Behind: 1, Count: 1, Wall: 900, Virtual: 900,
			KVs: []event.KeyValue{{Key: "c", Value: "4", Mod: 12}}},
			[]string{"c = 4  written at rev 12", "OK rev 12 · stale by 1 revision · n4 · 900 µs"}},
		{"get nothing", event.Result{Outcome: event.OK, Revision: 3}, []string{"no such key", "OK rev 3 · 0 s"}},
		{"get a --prefix --limit 1", event.Result{Outcome: event.OK, Revision: 3, Count: 7, More: true, KVs: []event.KeyValue{{Key: "a", Value: "1", Mod: 2}}},
			[]string{"a = 1  written at rev 2", "… and 6 more keys", "OK rev 3 · 0 s"}},
		{"del a --prefix", event.Result{Outcome: event.OK, Revision: 4, Deleted: 2}, []string{"OK deleted 2 keys rev 4 · 0 s"}},
		{`txn 'value("x") = "1"' -- put x 2 -- get x`, event.Result{Outcome: event.OK, Revision: 5, Succeeded: true,
			Responses: []event.Response{{Kind: event.Put}}}, []string{"put x", "OK the comparisons held rev 5 · 0 s"}},
		{`txn 'value("x") = "1"' -- put x 2 -- get x`, event.Result{Outcome: event.OK, Revision: 5,
			Responses: []event.Response{{Kind: event.Get, Count: 1, KVs: []event.KeyValue{{Key: "x", Value: "9", Mod: 5}}}}},
			[]string{"x = 9  written at rev 5", "OK the comparisons did not hold rev 5 · 0 s"}},
		{"member add", event.Result{Outcome: event.OK, Node: 6}, []string{"OK n6 joined as a learner · 0 s"}},
		{"kill n2", event.Result{Outcome: event.OK, Node: 2}, []string{"OK · n2 · 0 s"}},
		{"put c 5 --from n4", event.Result{Outcome: event.Failed, Error: "n4 is down: restart it or ask another node."},
			[]string{"failed · n4 is down: restart it or ask another node."}},
		{"put c 5", event.Result{Outcome: event.Failed}, []string{"failed · the room gave no reason"}},
		{"put c 5", event.Result{Outcome: event.Unknown}, []string{"unknown: no answer within 5 s; it may still happen"}},
		{"put c 5 --timeout 300ms", event.Result{Outcome: event.Unknown}, []string{"unknown: no answer within 300 ms; it may still happen"}},
		{"put c 5", event.Result{Outcome: event.Unknown, Error: "leadership was lost while committing."},
			[]string{"unknown: leadership was lost while committing; it may still happen"}},
		{"put c 5", event.Result{Outcome: event.Unknown, Error: "n2 lost its leadership: it may still be committed, or overwritten."},
			[]string{"unknown: n2 lost its leadership: it may still be committed, or overwritten"}},
		{"get c", event.Result{Outcome: event.Unknown}, []string{"unknown: no answer within 5 s"}},
	} {
		d := newDesk(t)
		c.result.ID = d.enter(c.line).ID
		d.m.Console.answered(&d.m, c.result)
		d.shows(c.want...)
		if len(d.m.Console.waits) != 0 {
			t.Errorf("%s: still waits", c.line)
		}
	}
}

func TestLateAnswersNameTheirCommand(t *testing.T) {
	d := newDesk(t)
	first, second := d.enter("put a 1"), d.enter("put b 2")
	if first.ID == 0 || first.ID == second.ID {
		t.Fatalf("IDs %d and %d", first.ID, second.ID)
	}
	d.m.Console.answered(&d.m, event.Result{ID: second.ID, Outcome: event.OK, Revision: 2})
	d.m.Console.answered(&d.m, event.Result{ID: first.ID, Outcome: event.OK, Revision: 3})
	d.shows("OK rev 2 · 0 s", "answer to put a 1:", "OK rev 3 · 0 s")
	before := len(d.said())
	d.m.Console.answered(&d.m, event.Result{ID: 99, Outcome: event.OK})
	if len(d.said()) != before {
		t.Error("an answer to somebody else's command was told")
	}
}

func TestALostConnectionLeavesNothingWaiting(t *testing.T) {
	d := newDesk(t)
	d.enter("put a 1")
	d.enter("get a")
	d.m.update(Disconnected{})
	d.shows("answer to put a 1: unknown: the connection was lost before the answer came; it may still happen",
		"answer to get a: unknown: the connection was lost before the answer came")
	if len(d.m.Console.waits) != 0 {
		t.Error("something still waits")
	}
}

// A command says what it waits for, as the facts have it.
func TestWaitingIsExplainedByTheFacts(t *testing.T) {
	d := newDesk(t)
	d.m.State.Ops = []view.Op{{ID: 4, Kind: event.Put, Key: "x", Outcome: event.Pending}}
	d.enter("put x 3")
	waits := func(want string) {
		t.Helper()
		d.shows("⟳ put x 3 · waiting: " + want)
	}
	why := func(op string) bool { return strings.Contains(html(Scene(&d.m)), `data-arg="why op `+op+`"`) }
	waits("on its way to the room")
	d.m.State.Ops = append(d.m.State.Ops, view.Op{ID: 5, Kind: event.Put, Key: "x", Outcome: event.Pending})
	waits("there is no leaderWhy?")
	leader := &d.m.State.Nodes[1]
	leader.Role = event.Leader
	waits("it is in no leader's log yetWhy?")
	for id := event.NodeID(1); id <= 5; id++ {
		leader.Members = append(leader.Members, event.Member{ID: id, Suffrage: event.Voter})
	}
	leader.Log = view.LogOf(view.Entry{Index: 8, Op: 4}, view.Entry{Index: 9, Op: 5})
	leader.Peers = []view.Progress{{ID: 1, Match: 8}, {ID: 3, Match: 9}}
	waits("2 of 3 needed acks (n2 n3)Why?")
	leader.Peers[0].Match = 9
	waits("a majority has it (n1 n2 n3), it is being appliedWhy?")
	d.m.State.Rate = 0
	waits("the room is frozen: nothing happens until thawWhy?")
	if !why("5") || why("4") {
		t.Error("the button does not ask about this command")
	}
}

func TestMistakesAreShownAtTheirPlace(t *testing.T) {
	d := newDesk(t)
	if c := d.enter("get x --serialisable"); c.Kind != event.CommandNone {
		t.Errorf("sent %+v", c)
	}
	d.shows("› get x --serialisable", "get x --serialisable", "unknown flag --serialisable for get: did you mean --serializable?")
}

func TestHistoryComesBack(t *testing.T) {
	d := newDesk(t)
	for i := range MaxHistory + 5 {
		d.enter("put k " + strconv.Itoa(i))
		d.enter("put k " + strconv.Itoa(i)) // twice the same is remembered once
	}
	d.write("get dra")
	for range MaxHistory {
		d.press("ArrowUp")
	}
	if d.field() != "put k 5" {
		t.Errorf("the oldest line is %q", d.field())
	}
	if d.press("ArrowUp") != nil || d.field() != "put k 5" {
		t.Error("there is something older than the oldest line")
	}
	for range MaxHistory {
		d.press("ArrowDown")
	}
	if d.field() != "get dra" {
		t.Errorf("the line being typed came back as %q", d.field())
	}
	d.press("ArrowUp")
	d.press("Escape")
	if d.field() != "" {
		t.Errorf("Escape leaves %q", d.field())
	}
}

func TestTabCompletes(t *testing.T) {
	d := newDesk(t)
	d.m.State.Ops = []view.Op{{Key: "pizza"}, {Key: "svc/a b"}, {Key: "svc/b"}, {Key: "pizza"}}
	d.m.State.Messages = []view.Message{{ID: 117, Held: true}, {ID: 118}}
	for line, want := range map[string]string{
		"pu":                      "put ",
		"me":                      "me", // member, mend
		"mem":                     "member ",
		"wat":                     "watch ",
		"lease g":                 "lease grant ",
		"lock p":                  "lock pizza ",
		"member pr":               "member promote ",
		"end":                     "endpoint ",
		"get p":                   "get pizza ",
		"get s":                   "get svc/b ", // the other key that begins so has to be quoted
		"get 's":                  "get 'svc/a b' ",
		"get pizza --ser":         "get pizza --serializable ",
		"get pizza --from n4 --p": "get pizza --from n4 --prefix ",
		"get pizza --from ":       "get pizza --from n",
		"get pizza --consistency": "get pizza --consistency ",
		"kill ":                   "kill n",
		"kill n4 --b":             "kill n4 --before-fsync ",
		"cut n1 n":                "cut n1 n",
		"deliver ":                "deliver 117 ",
		"rate w":                  "rate workshop ",
		"corrupt n2 sta":          "corrupt n2 stable ",
		"pre-vote o":              "pre-vote o",
		"partition n1 | ":         "partition n1 | ",
		"help tx":                 "help txn ",
		"frobnicate x":            "frobnicate x",
		"put 'a":                  "put 'a",
		"put x \"a b":             "put x \"a b",
	} {
		d.write(line)
		completes := d.m.TabCompletes()
		effects := d.press("Tab")
		if d.field() != want {
			t.Errorf("%q was completed to %q, wanted %q", line, d.field(), want)
		}
		if completes != (len(effects) > 0) {
			t.Errorf("%q: the page says that Tab completes: %v, but it did %v", line, completes, effects)
		}
	}
	d.write("cut n1 n")
	d.press("Tab")
	if len(d.m.Console.offers) != 5 {
		t.Errorf("offered %q", d.m.Console.offers)
	}
}

func TestHintShowsWhatComesNext(t *testing.T) {
	d := newDesk(t)
	for line, want := range map[string]string{
		"":        "",
		"pu":      "",
		"drift ":  "drift NODE FACTOR — makes its clock run at FACTOR times the true speed",
		"put 'a":  "this ' is never closed: add another at the end of the text",
		"member ": "",
	} {
		d.write(line)
		if got := d.m.Console.hint(); got != want {
			t.Errorf("%q: hint %q, wanted %q", line, got, want)
		}
	}
}

func TestWhatThePageAnswersItself(t *testing.T) {
	d := newDesk(t)
	d.enter("help disk")
	d.shows("disk NODE TIME", "makes every fsync take this much longer; 0s mends it", "for example: disk n2 300ms")
	d.enter("help member")
	d.shows("member add  a new machine, or the one named, joins as a learner", "member promote  the learner becomes a voter",
		"member demote  the voter becomes a learner", "member remove  it leaves the cluster")
	d.enter("history")
	d.shows("help member", "history")
	d.enter("clear")
	if lines := d.said(); len(lines) != 1 || !strings.HasPrefix(lines[0], "Type ") {
		t.Errorf("after clear the console shows %q", lines)
	}
}

func TestOutputIsBounded(t *testing.T) {
	d := newDesk(t)
	for range MaxOutput {
		d.enter("clear?")
	}
	if n := len(d.m.Console.out); n != MaxOutput {
		t.Errorf("the console keeps %d lines", n)
	}
	keys := map[string]bool{}
	for _, line := range d.m.Console.out {
		keys[line.Key] = true
	}
	if len(keys) != MaxOutput {
		t.Error("two lines have the same key")
	}
}

func TestPendingCommandsAreBounded(t *testing.T) {
	d := newDesk(t)
	for range MaxPending {
		if d.enter("put x 1").Kind != event.Put {
			t.Fatal("a command within the bound was not sent")
		}
	}
	if d.enter("put x 1").Kind != event.CommandNone {
		t.Error("a command beyond the bound was sent")
	}
	lines := strings.Join(d.said(), "\n")
	if !strings.Contains(lines, "not sent: 64 commands of this page wait for an answer") || !strings.Contains(lines, "… 58 more commands waiting") {
		t.Errorf("the console shows\n%s", lines)
	}
}

func TestRowsOfAnAnswerAreBounded(t *testing.T) {
	d := newDesk(t)
	r := event.Result{ID: d.enter("get a --prefix").ID, Outcome: event.OK}
	for range MaxRows + 3 {
		r.KVs = append(r.KVs, event.KeyValue{Key: "a", Value: strings.Repeat("é", 1000)})
	}
	d.m.Console.answered(&d.m, r)
	lines := d.said()
	if len(lines) != MaxRows+3 || lines[len(lines)-2] != "… and 3 more keys" {
		t.Errorf("%d lines, the last but one %q", len(lines), lines[len(lines)-2])
	}
	if len(lines[1]) > 2*maxShown || !strings.Contains(lines[1], "… (2000 bytes)") {
		t.Errorf("a long value is shown as %q", lines[1])
	}
}

// A gesture shows the line that would do the same.
func TestGesturesAreWrittenAsLines(t *testing.T) {
	d := newDesk(t)
	d.m.Console.do(&d.m, event.Command{Kind: event.Cut, Node: 1, Peer: 3, OneWay: true})
	d.shows("› cut n1 n3 --one-way", "⟳ cut n1 n3 --one-way · waiting: on its way to the room")
}
