package lessons

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// remembered is a past as a test tells it.
type remembered struct {
	events []event.Event
	keys   []event.KeyValue
	broken bool
}

// remember begins a room of machines, all voters, of which n1 leads.
func remember(nodes int) *remembered {
	r := &remembered{}
	r.tell(event.Event{Kind: event.RateSet, Factor: event.One / 4}, event.Event{Kind: event.PreVoteSet, OK: true})
	var members []event.Member
	for i := range nodes {
		id := event.NodeID(i + 1)
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
		r.tell(event.Event{Kind: event.MachineAdded, Node: id}, event.Event{Kind: event.Started, Node: id})
	}
	for i := range nodes {
		r.tell(event.Event{Kind: event.Appended, Node: event.NodeID(i + 1), Index: 1, Entry: event.EntryConfiguration},
			event.Event{Kind: event.MembersSet, Node: event.NodeID(i + 1), Index: 1, Members: members},
			event.Event{Kind: event.Committed, Node: event.NodeID(i + 1), Index: 1})
	}
	r.lead(1, 1)
	return r
}

func (r *remembered) tell(events ...event.Event) {
	for _, e := range events {
		e.Seq, e.At = uint64(len(r.events)+1), event.Micros(len(r.events))*1000
		r.events = append(r.events, e)
	}
}

func (r *remembered) lead(id event.NodeID, term uint64) {
	r.tell(event.Event{Kind: event.TermChanged, Node: id, Term: term}, event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term})
}

// ask gives a command that ends so; Pending: it does not end.
func (r *remembered) ask(e event.Event, o event.Outcome) (seq uint64) {
	e.Kind, e.Op = event.Asked, uint64(len(r.events))
	r.tell(e)
	seq = r.events[len(r.events)-1].Seq
	if o != event.Pending {
		r.tell(event.Event{Kind: event.Answered, Op: e.Op, Command: e.Command, Node: e.Node, Outcome: o})
	}
	return seq
}

func (r *remembered) past(from uint64) Past {
	return Past{Events: slices.Values(r.events), From: from, Do: r.do}
}

func (r *remembered) do(c event.Command) event.Result {
	if r.broken {
		return event.Result{Outcome: event.Failed, Error: "frozen"}
	}
	return event.Result{Outcome: event.OK, KVs: r.keys[:min(int(c.Limit), len(r.keys))], Count: int64(len(r.keys))}
}

// drafted is the draft as a lesson: it must load.
func (r *remembered) drafted(t *testing.T, from uint64) (*Lesson, string) {
	t.Helper()
	text := Draft(r.past(from))
	lib, err := Load(Source{FS: fstest.MapFS{"draft.md": {Data: []byte(text)}}, Name: "drafts"})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return lib.Lesson("draft"), text
}

func texts(lines []Line) (all []string) {
	for i := range lines {
		all = append(all, lines[i].Text)
	}
	return all
}

func TestDraftTakesCommandsAsSteps(t *testing.T) {
	r := remember(5)
	r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: "put x 1"}, event.OK)
	r.ask(event.Event{Command: event.Kill, Node: 1, Text: "kill n1"}, event.OK)
	r.tell(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed})
	r.lead(3, 2)
	r.ask(event.Event{Command: event.Get, Node: 2, Key: "x", Text: "get x --serializable"}, event.OK)
	r.ask(event.Event{Command: event.Put, Node: 3, Key: "y", Text: "put y 'two words'"}, event.Pending)
	r.ask(event.Event{Command: event.Partition, Text: "partition n1 n2 | n3 n4 n5"}, event.OK)
	r.ask(event.Event{Command: event.Put, Node: 3, Key: "z", Text: "put z `7`"}, event.Unknown)
	l, text := r.drafted(t, 0)
	if l.Nodes != 5 || l.Rate != event.One/4 || !l.PreVote {
		t.Errorf("the room: %+v", l)
	}
	if got := texts(l.Setup); !slices.Equal(got, []string{"elect n1", `until leader.id == "n1"`}) {
		t.Errorf("set-up: %q", got)
	}
	want := []struct {
		check string
		solve []string
	}{
		{`ops.exists(o, o.kind == "put" && o.key == "x" && o.outcome == "ok")`, []string{"put x 1"}},
		{`ops.exists(o, o.kind == "kill" && o.node == "n1" && o.outcome == "ok")`, []string{"kill n1"}},
		{`ops.exists(o, o.kind == "get" && o.key == "x" && o.serializable && o.outcome == "ok")`, []string{"elect n3", `until leader.id == "n3"`, "get x --serializable --from n2"}},
		{`ops.exists(o, o.kind == "put" && o.key == "y")`, []string{"put y 'two words' &"}},
		{`ops.exists(o, o.kind == "partition" && o.text == "partition n1 n2 | n3 n4 n5" && o.outcome == "ok")`, []string{"partition n1 n2 | n3 n4 n5"}},
		{`ops.exists(o, o.kind == "put" && o.key == "z" && o.outcome != "pending")`, []string{"put z `7`"}},
	}
	if len(l.Steps) != len(want) {
		t.Fatalf("%d steps:\n%s", len(l.Steps), text)
	}
	for i, w := range want {
		if s := l.Steps[i]; s.Kind != Act || s.Check.String() != w.check || !slices.Equal(texts(s.Solve), w.solve) || len(s.Hints) != 1 {
			t.Errorf("step %d: %s, %q", i+1, s.Check, texts(s.Solve))
		}
	}
}

func TestDraftBeginsWithTheRoomAsItWas(t *testing.T) {
	r := remember(5)
	r.keys = []event.KeyValue{{Key: "x", Value: "1"}, {Key: "two words", Value: `it's "so"`}, {Key: "lines", Value: "a\nb"}, {Key: "insert", Value: "{{ 1 }}"}, {Key: "-", Value: "&"}}
	for i := range 5 {
		r.tell(event.Event{Kind: event.Applied, Node: event.NodeID(i + 1), Index: 2, Rev: 6})
	}
	r.tell(event.Event{Kind: event.DiskSet, Node: 2, Took: 300_000}, event.Event{Kind: event.DriftSet, Node: 3, Factor: 3 * event.One / 2},
		event.Event{Kind: event.Suspended, Node: 2}, event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed},
		event.Event{Kind: event.LinkSet, Node: 1, Peer: 2, Link: event.Link{Cut: true}}, event.Event{Kind: event.LinkSet, Node: 1, Peer: 4, Link: event.Link{Delay: 50_000, Loss: event.One / 10}},
		event.Event{Kind: event.LinkSet, Node: 4, Peer: 1, Link: event.Link{Delay: 50_000, Loss: event.One / 10}},
		event.Event{Kind: event.LinkSet, Node: 4, Peer: 5, Link: event.Link{Hold: true}}, event.Event{Kind: event.LinkSet, Node: 5, Peer: 4, Link: event.Link{Hold: true}},
		event.Event{Kind: event.PreVoteSet}, event.Event{Kind: event.RateSet})
	from := r.ask(event.Event{Command: event.Heal, Text: "heal"}, event.OK)
	l, text := r.drafted(t, from)
	want := []string{"elect n1", `until leader.id == "n1"`, "put x 1", `put "two words" "it's \"so\""`, `put "-" "&"`, "until nodes.all(n, n.commit == leader.last)",
		"disk n2 300ms", "drift n3 1.5", "cut n1 n2 --one-way", "link n1 n4 --delay 50ms --loss 0.1", "hold n4 n5", "suspend n2", "kill n3", "freeze"}
	if got := texts(l.Setup); !slices.Equal(got, want) {
		t.Errorf("set-up: %q", got)
	}
	if l.PreVote || l.Rate != event.One/4 {
		t.Errorf("pre-vote %v, rate %v", l.PreVote, l.Rate)
	}
	if !strings.Contains(text, "no line can write them: 2.") {
		t.Errorf("nothing says which keys are missing:\n%s", text)
	}
	r.broken = true
	if _, text := r.drafted(t, from); !strings.Contains(text, "could not be read") {
		t.Errorf("nothing says that keys are missing:\n%s", text)
	}
}

func TestDraftKnowsWallsAndLostMajorities(t *testing.T) {
	r := remember(5)
	for _, a := range []event.NodeID{1, 2} {
		for _, b := range []event.NodeID{3, 4, 5} {
			r.tell(event.Event{Kind: event.LinkSet, Node: a, Peer: b, Link: event.Link{Cut: true}}, event.Event{Kind: event.LinkSet, Node: b, Peer: a, Link: event.Link{Cut: true}})
		}
	}
	r.tell(event.Event{Kind: event.Stopped, Node: 1, Reason: event.Killed}, event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed})
	l, _ := r.drafted(t, 0)
	if got, want := texts(l.Setup), []string{"partition n1 n2 | n3 n4 n5", "kill n1", "kill n3", `until leader.id == ""`}; !slices.Equal(got, want) {
		t.Errorf("set-up: %q", got)
	}
	if len(l.Steps) != 1 || l.Steps[0].Kind != Explain {
		t.Errorf("a room in which nothing was done since has %d steps", len(l.Steps))
	}
}

func TestDraftRestoresMembers(t *testing.T) {
	r := remember(3)
	r.tell(event.Event{Kind: event.MachineRemoved, Node: 2})
	members := []event.Member{{ID: 1, Suffrage: event.Voter}, {ID: 3, Suffrage: event.Learner}}
	r.tell(event.Event{Kind: event.MembersSet, Node: 1, Index: 2, Members: members}, event.Event{Kind: event.Committed, Node: 1, Index: 2})
	l, _ := r.drafted(t, 0)
	if got, want := texts(l.Setup), []string{"member remove n2", "member demote n3", "elect n1", `until leader.id == "n1"`}; l.Nodes != 3 || !slices.Equal(got, want) {
		t.Errorf("%d nodes, set-up: %q", l.Nodes, got)
	}
}

// TestDraftFindsTheLikeOfWhatHasAnotherName names a held message and a revision, which are others in another room.
func TestDraftFindsTheLikeOfWhatHasAnotherName(t *testing.T) {
	r := remember(3)
	for i := range 3 {
		r.tell(event.Event{Kind: event.Applied, Node: event.NodeID(i + 1), Index: 2, Rev: 6})
	}
	r.ask(event.Event{Command: event.Hold, Text: "hold"}, event.OK)
	for _, id := range []uint64{40, 50} {
		r.tell(event.Event{Kind: event.Sent, Msg: id, Node: 1, Peer: 2, Type: event.AppendEntries, N: 1}, event.Event{Kind: event.Held, Msg: id, Node: 1, Peer: 2})
	}
	r.ask(event.Event{Command: event.Deliver, Text: "deliver 50"}, event.OK)
	r.ask(event.Event{Command: event.Get, Node: 1, Key: "x", Text: "get x --rev 8"}, event.OK)
	r.ask(event.Event{Command: event.Get, Node: 1, Key: "x", Text: "get x --rev 3"}, event.OK)
	l, _ := r.drafted(t, 0)
	if got := texts(l.Steps[1].Solve)[0]; !strings.HasPrefix(got, `deliver {{ messages.filter(m, m.held && m.from == "n1" && m.to == "n2"`) || !strings.HasSuffix(got, "[1].id }}") {
		t.Errorf("the message: %q", got)
	}
	if got := texts(l.Steps[2].Solve)[0]; got != "get x --rev {{ start.revision + 2 }}" {
		t.Errorf("a revision after the start: %q", got)
	}
	if got := texts(l.Steps[3].Solve)[0]; got != "get x" {
		t.Errorf("a revision before the start: %q", got)
	}
}

func TestDraftIsBounded(t *testing.T) {
	r := remember(3)
	for range 2 * MaxSteps {
		r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: "put x 1"}, event.OK)
	}
	for _, words := range []string{"put x " + strings.Repeat("v", 80) + "…", "put x {{ 1 }}", "put x 'a\nb'", "put x 1 &", "dance", ""} {
		r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: words}, event.OK)
	}
	for range 2 * maxDraftKeys {
		r.keys = append(r.keys, event.KeyValue{Key: "k", Value: "v"})
	}
	for i := range 3 {
		r.tell(event.Event{Kind: event.Applied, Node: event.NodeID(i + 1), Index: 2, Rev: 60})
	}
	r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: "put x last"}, event.OK)
	r.ask(event.Event{Command: event.Get, Node: 1, Text: "get '' --prefix --rev 60 --limit 24 --serializable"}, event.OK) // a draft's own
	l, text := r.drafted(t, 0)
	if len(l.Steps) != MaxSteps || texts(l.Steps[MaxSteps-1].Solve)[0] != "put x last" {
		t.Errorf("%d steps", len(l.Steps))
	}
	if !strings.Contains(text, "does not have them whole: 6.") {
		t.Errorf("nothing says that commands are missing:\n%s", text)
	}
	if l, text = r.drafted(t, r.events[len(r.events)-4].Seq); len(l.Steps) != 1 || len(l.Setup) > MaxLines || !strings.Contains(text, "restore, because they are too many") {
		t.Errorf("%d steps, %d lines", len(l.Steps), len(l.Setup))
	}
}

// FuzzDraft drafts from any facts: what comes out must load.
func FuzzDraft(f *testing.F) {
	r := remember(3)
	r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: "put x 1"}, event.OK)
	frame := event.AppendFrame(nil, &event.Frame{Type: event.FrameEvents, Seq: 1, Events: r.events})
	for _, words := range []string{"put x 1", "put \x89 0", "put \x00 \x1b", "put `x` ``<b>", "put --- '## '", "put '```step' 1", "put x {{", "put x 1 &"} {
		f.Add(frame, words)
	}
	f.Fuzz(func(t *testing.T, b []byte, words string) {
		frame, err := event.DecodeFrame(b)
		if err != nil {
			return
		}
		r := remember(3)
		for i := range frame.Events {
			r.tell(frame.Events[i])
		}
		r.ask(event.Event{Command: event.Put, Node: 1, Key: "x", Text: words}, event.OK)
		r.keys = []event.KeyValue{{Key: words, Value: words}}
		r.drafted(t, 0)
	})
}

func TestDraftOfNothing(t *testing.T) {
	if l, _ := (&remembered{}).drafted(t, 0); len(l.Steps) != 1 || l.Nodes != 1 {
		t.Errorf("%d steps, %d nodes", len(l.Steps), l.Nodes)
	}
}
