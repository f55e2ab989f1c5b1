package tale

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// lived is a life, short: "n1 wrote matched committed applied".
func lived(l *Life) (all []string) {
	for _, s := range l.Stays {
		words := s.Node.String()
		for _, part := range []struct {
			e    *event.Event
			name string
		}{{s.Wrote, "wrote"}, {s.Snapshot, "snapshot"}, {s.Fsync, "fsync"}, {s.Matched, "matched"}, {s.Committed, "committed"}, {s.Applied, "applied"},
			{s.Compacted, "compacted"}, {s.Cut, "cut"}, {s.Replaced, "replaced"}} {
			if part.e != nil {
				words += " " + part.name
			}
		}
		if s.Before {
			words += " before"
		}
		all = append(all, words)
	}
	return all
}

func TestLifeOfAnEntry(t *testing.T) {
	const op = 7
	for _, c := range []struct {
		name  string
		facts []event.Event
		wants []string
		held  string
	}{
		{"written, acknowledged, committed, applied, compacted", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), {Kind: event.Fsynced, Node: 1, Index: 4}, appended(2, 4, 1, op), matched(1, 2, 4), at(event.Committed, 1, 4),
			at(event.Applied, 1, 4), at(event.Committed, 2, 5), at(event.Applied, 2, 4), appended(3, 4, 1, op), at(event.Compacted, 1, 5)},
			[]string{"n1 wrote fsync committed applied compacted", "n2 wrote matched committed applied", "n3 wrote"}, "[n1 n2]"},
		{"overwritten by another", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), appended(2, 4, 2, 0), at(event.Committed, 2, 4), at(event.Truncated, 1, 4), appended(1, 4, 2, 0), at(event.Committed, 1, 4)},
			[]string{"n1 wrote cut replaced"}, "[]"},
		{"cut off and written again", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), appended(2, 4, 1, op), at(event.Truncated, 2, 3), appended(2, 4, 1, op)},
			[]string{"n1 wrote", "n2 wrote"}, "[]"},
		{"in a snapshot", []event.Event{
			asked(op, 1, "put x 1"), appended(1, 4, 1, op), at(event.Committed, 1, 4), {Kind: event.SnapshotInstalled, Node: 2, Peer: 1, Index: 6}, at(event.Wiped, 1, 0)},
			[]string{"n1 wrote committed cut", "n2 snapshot"}, "[n1]"},
		{"told again after a restart", []event.Event{asked(op, 1, "put x 1"), appended(1, 4, 1, op), appended(1, 4, 1, op)}, []string{"n1 wrote"}, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := recorded(t, 3, c.facts...)
			s := j.State()
			l := LifeOf(Moment{Journal: j, State: &s}, view.Entry{Index: 4, Term: 1, Op: op})
			l.Follow(j, s.Seq)
			if got := lived(l); !slices.Equal(got, c.wants) || fmt.Sprint(l.Held) != c.held || l.Older || l.Born == nil {
				t.Errorf("got\n%s, %v held it\nwanted\n%s, %s\n%+v", strings.Join(got, "\n"), l.Held, strings.Join(c.wants, "\n"), c.held, l)
			}
		})
	}
}

// An entry that is older than what is looked at is not said to be born in it.
func TestLifeThatBeganLongAgo(t *testing.T) {
	facts := []event.Event{appended(1, 4, 1, 0), at(event.Committed, 1, 4)}
	for range lifeWindows[1] + 10 {
		facts = append(facts, event.Event{Kind: event.TimerSet, Node: 2})
	}
	facts = append(facts, appended(2, 4, 1, 0), at(event.Committed, 2, 4))
	j := recorded(t, 3, facts...)
	s := j.State()
	l := LifeOf(Moment{Journal: j, State: &s}, view.Entry{Index: 4, Term: 1})
	l.Follow(j, s.Seq)
	if got := lived(l); !slices.Equal(got, []string{"n1 before", "n2 wrote committed"}) || !l.Older || l.Born != nil || l.Agreed != nil {
		t.Errorf("%v %+v", got, l)
	}
}
