package tale

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

func pathAt(t *testing.T, j *journal.Journal, op, seq uint64) *Path {
	t.Helper()
	s := j.State()
	tr := TraceOf(j, &s, op)
	tr.Follow(j, min(seq, s.Seq))
	return &tr.Path
}

// told are the steps, short: "sent n1-n2 lost".
func told(p *Path) (all []string) {
	names := [...]string{"asked", "sent", "wrote", "matched", "committed", "applied", "snapshot", "cut", "stopped", "leads", "answered"}
	fates := [...]string{" flies", "", " held", " lost"}
	for _, s := range p.Arranged() {
		words := names[s.Kind] + " " + s.Event.Node.String()
		if s.Kind == StepSent {
			words += "-" + s.Event.Peer.String() + fates[s.Fate]
		}
		if s.Kind == StepMatched {
			words += " " + s.Event.Peer.String()
		}
		if s.Copy {
			words += " copy"
		}
		if s.Fsync != nil {
			words += " fsync"
		}
		all = append(all, words)
	}
	return all
}

func TestPathOfARequest(t *testing.T) {
	const op = 7
	sync := func(n event.NodeID, index uint64) event.Event {
		return event.Event{Kind: event.Fsynced, Node: n, Index: index, Took: 3_000}
	}
	for _, c := range []struct {
		name  string
		facts []event.Event
		wants []string
		entry uint64
		ended event.Outcome
	}{
		{"forwarded, held by a majority, ok", []event.Event{
			asked(op, 2, "put x 1"), forward(1, 2, 1, op, false), landed(1, 2, 1), appended(1, 4, 1, op), sync(1, 4),
			entries(2, 1, 2, 3, 1, 1, op), entries(3, 1, 3, 3, 1, 1, op), landed(2, 1, 2), appended(2, 4, 1, op), reply(4, 2, 1, true), landed(4, 2, 1),
			matched(1, 2, 4), at(event.Committed, 1, 4), at(event.Applied, 1, 4), forward(5, 1, 2, op, true), landed(5, 1, 2), answered(op, 2, 1, event.OK, 4, 1)},
			[]string{"asked n2", "sent n2-n1", "wrote n1 fsync", "sent n1-n2", "sent n1-n3 flies", "wrote n2", "sent n2-n1", "matched n1 n2", "committed n1", "applied n1", "sent n1-n2", "answered n2"}, 4, event.OK},
		{"reported at one instant, drawn in the order of causes", []event.Event{
			asked(op, 1, "put x 1"), {Kind: event.Applied, Node: 1, Index: 9, At: 5_000}, // of another entry
			{Kind: event.Appended, Node: 1, Index: 4, Term: 1, Op: op, At: 9_000}, {Kind: event.Applied, Node: 1, Index: 4, At: 9_000},
			{Kind: event.Answered, Op: op, Node: 1, Outcome: event.OK, Index: 4, Term: 1, At: 9_000}, {Kind: event.Committed, Node: 1, Index: 4, At: 9_000}},
			[]string{"asked n1", "wrote n1", "applied n1", "answered n1"}, 4, event.OK},
		{"lost on the way, unknown, overwritten", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), entries(2, 1, 2, 3, 1, 1, op), lost(2, 1, 2, event.LinkCut), entries(3, 1, 3, 3, 1, 1, op), lost(3, 1, 3, event.Lost),
			answered(op, 1, 0, event.Unknown, 0, 0), {Kind: event.Committed, Node: 2, Index: 4}, {Kind: event.TimerSet, Node: 1, At: 60_000_000}, at(event.Truncated, 1, 4)},
			[]string{"asked n1", "wrote n1", "sent n1-n2 lost", "sent n1-n3 lost", "answered n1", "cut n1"}, 4, event.Unknown},
		{"together with others in one entry", []event.Event{
			asked(op, 1, "put x 1"), asked(op+1, 1, "put y 1"), appended(1, 4, 1, 0), entries(2, 1, 2, 3, 1, 1, 0), landed(2, 1, 2), appended(2, 4, 1, 0),
			answered(op, 1, 1, event.OK, 4, 1)},
			[]string{"asked n1", "wrote n1", "sent n1-n2", "wrote n2", "answered n1"}, 4, event.OK},
		{"another entry at the same place is not this one", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), appended(2, 4, 2, 99), at(event.Committed, 2, 4), at(event.Applied, 2, 4), answered(op, 1, 0, event.Failed, 0, 0)},
			[]string{"asked n1", "wrote n1", "answered n1"}, 4, event.Failed},
		{"copied and held", []event.Event{
			asked(op, 2, "put x 1"), forward(1, 2, 1, op, false), {Kind: event.Copied, Msg: 9, N: 1, Node: 2, Peer: 1}, {Kind: event.Held, Msg: 1, Node: 2, Peer: 1}, landed(9, 2, 1)},
			[]string{"asked n2", "sent n2-n1 held", "sent n2-n1 copy"}, 0, event.Pending},
		{"its leader dies, another leads", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), {Kind: event.Stopped, Node: 1, Reason: event.Killed}, {Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 2},
			{Kind: event.Stopped, Node: 3, Reason: event.Killed}, answered(op, 1, 0, event.Unknown, 0, 0)},
			[]string{"asked n1", "wrote n1", "stopped n1", "leads n2", "answered n1"}, 4, event.Unknown},
		{"by snapshot", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), at(event.Committed, 1, 4), {Kind: event.Sent, Type: event.InstallSnapshot, Msg: 3, Node: 1, Peer: 2, Index: 6, LogTerm: 1}, landed(3, 1, 2),
			{Kind: event.SnapshotInstalled, Node: 2, Peer: 1, Index: 6, LogTerm: 1}, answered(op, 1, 1, event.OK, 4, 1)},
			[]string{"asked n1", "wrote n1", "committed n1", "sent n1-n2", "snapshot n2", "answered n1"}, 4, event.OK},
		{"by a snapshot of something else", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), {Kind: event.Sent, Type: event.InstallSnapshot, Msg: 3, Node: 2, Peer: 1, Index: 6, LogTerm: 2}, landed(3, 2, 1),
			{Kind: event.SnapshotInstalled, Node: 1, Peer: 2, Index: 6, LogTerm: 2}, {Kind: event.SnapshotInstalled, Node: 3, Peer: 2, Index: 6, LogTerm: 2}, answered(op, 1, 1, event.Unknown, 4, 1)},
			[]string{"asked n1", "wrote n1", "cut n1", "answered n1"}, 4, event.Unknown},
		{"a disk that was wiped, and has it again", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), appended(2, 4, 1, op), at(event.Wiped, 2, 0), appended(2, 4, 1, op), answered(op, 1, 1, event.OK, 4, 1)},
			[]string{"asked n1", "wrote n1", "wrote n2", "cut n2", "wrote n2", "answered n1"}, 4, event.OK},
		{"a read asks how far it must be", []event.Event{
			{Kind: event.Asked, Op: op, Command: event.Get, Node: 2}, {Kind: event.Sent, Type: event.ReadIndex, Msg: 1, Node: 2, Peer: 1, Op: op}, landed(1, 2, 1),
			{Kind: event.Answered, Op: op, Command: event.Get, Node: 2, Peer: 1, Outcome: event.OK, Index: 4}},
			[]string{"asked n2", "sent n2-n1", "answered n2"}, 0, event.OK},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := pathAt(t, recorded(t, 3, c.facts...), op, 1<<60)
			if got := told(p); !slices.Equal(got, c.wants) {
				t.Errorf("got\n%s\nwanted\n%s", strings.Join(got, "\n"), strings.Join(c.wants, "\n"))
			}
			if p.Index != c.entry || p.Outcome() != c.ended || p.Left != 0 || p.Out {
				t.Errorf("entry %d, %v, %d left out, %v", p.Index, p.Outcome(), p.Left, p.Out)
			}
		})
	}
}

// At a moment of the past only that is told which had happened; followed on in pieces it is the same as at once.
func TestPathGrowsWithTheMoment(t *testing.T) {
	j := recorded(t, 3, asked(7, 1, "put x 1"), appended(1, 4, 1, 7), entries(2, 1, 2, 3, 1, 1, 7), landed(2, 1, 2), appended(2, 4, 1, 7), answered(7, 1, 1, event.OK, 4, 1))
	s := j.State()
	piecewise := TraceOf(j, &s, 7)
	for seq := uint64(7); seq <= s.Seq; seq++ {
		piecewise.Follow(j, seq)
		if got, want := fmt.Sprint(told(&piecewise.Path)), fmt.Sprint(told(pathAt(t, j, 7, seq))); got != want {
			t.Errorf("up to %d: %s, at once %s", seq, got, want)
		}
	}
	if early := pathAt(t, j, 7, 8); early.Outcome() != event.Pending || len(early.Steps) != 2 {
		t.Errorf("%v %v", early.Outcome(), told(early))
	}
}

func TestPathHasBounds(t *testing.T) {
	facts := []event.Event{asked(7, 1, "put x 1"), appended(1, 4, 1, 7)}
	for msg := range uint64(MaxTries + 5) {
		facts = append(facts, entries(100+msg, 1, 2, 3, 1, 1, 7), lost(100+msg, 1, 2, event.Lost))
	}
	facts = append(facts, answered(7, 1, 0, event.Unknown, 0, 0))
	if p := pathAt(t, recorded(t, 3, facts...), 7, 1<<60); p.Left != 5 || len(p.Steps) != 3+MaxTries {
		t.Errorf("%d left out, %v", p.Left, told(p))
	}
	facts = []event.Event{asked(7, 1, "put x 1")}
	for msg := range uint64(MaxSteps + 10) {
		facts = append(facts, forward(100+msg, 1, 2, 7, false))
	}
	facts = append(facts, answered(7, 1, 0, event.Failed, 0, 0))
	p := pathAt(t, recorded(t, 3, facts...), 7, 1<<60)
	if len(p.Steps) != MaxSteps || p.Steps[MaxSteps-1].Kind != StepAnswered || p.Left != 12 {
		t.Errorf("%d steps, %d left out", len(p.Steps), p.Left)
	}
	facts = []event.Event{asked(7, 1, "put x 1")}
	for range MaxPathScan + scanChunk {
		facts = append(facts, event.Event{Kind: event.TimerSet, Node: 1})
	}
	if p := pathAt(t, recorded(t, 3, facts...), 7, 1<<60); !p.Out {
		t.Error("it is followed without end")
	}
	if p := pathAt(t, recorded(t, 3), 7, 1<<60); p.Asked.Kind != event.KindNone || len(p.Steps) != 0 {
		t.Errorf("a request that nobody asked: %v", told(p))
	}
}
