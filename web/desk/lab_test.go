package desk

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// lab is a real room that moves only when the test says so.
type lab struct {
	*testing.T
	*cluster.Room
}

func openLab(t *testing.T) *lab {
	t.Helper()
	r, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: 3, Manual: true, NoSync: true, Rate: event.One, Seed: 1,
		Warn: func(err error) { t.Error(err) }, Fatal: func(err error) { t.Error(err); panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	if !r.Await(100_000_000, settled) {
		t.Fatal("nobody leads whom all follow within 100 virtual seconds")
	}
	return &lab{t, r}
}

// settled says that somebody leads, and that all have everything, know it to be committed, and have told the leader so.
func settled(s *view.State) bool {
	l := s.Leader()
	if l == nil || len(l.Peers) != len(s.Nodes)-1 {
		return false
	}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Leader != l.ID || n.Last != l.Last || n.Commit != l.Last || n.Applied != l.Last {
			return false
		}
	}
	return !slices.ContainsFunc(l.Peers, func(p view.Progress) bool { return p.Match != l.Last })
}

// do moves time until the command is answered.
func (l *lab) do(c event.Command) event.Result {
	l.Helper()
	answer := l.Begin(c)
	for range 100_000 {
		select {
		case r := <-answer:
			return r
		default:
			l.Advance(1_000)
		}
	}
	l.Fatal("no answer within 100 virtual seconds")
	return event.Result{}
}

// ok is do for what must succeed.
func (l *lab) ok(c event.Command) event.Result {
	l.Helper()
	r := l.do(c)
	if r.Outcome != event.OK {
		l.Fatalf("%v: %v, %s", c.Kind, r.Outcome, r.Error)
	}
	return r
}

// run lets time pass.
func (l *lab) run(d event.Micros) {
	for ; d > 0; d -= 1_000 {
		l.Advance(1_000)
	}
}

// leader is the one there is.
func (l *lab) leader() event.NodeID {
	l.Helper()
	s := l.State()
	for range 10_000 {
		if n := s.Leader(); n != nil {
			return n.ID
		}
		l.run(10_000)
		s = l.State()
	}
	l.Fatal("no leader within 100 virtual seconds")
	return 0
}

// moment is what is there now.
func (l *lab) moment() Moment {
	s := l.State()
	return Moment{Journal: l.Journal(), State: &s, Live: true}
}

// draw draws and expects what it names to be there.
func (l *lab) draw(words string, wants ...string) Panel {
	l.Helper()
	p := Draw(l.moment(), words)
	has(l.T, words, p.HTML, wants...)
	return p
}

// has expects texts in HTML, tags aside.
func has(t *testing.T, what, html string, wants ...string) {
	t.Helper()
	text := plain(html)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s: %q is not in\n%s", what, want, text)
		}
	}
}

// plain is HTML without its tags, each of which is a blank.
func plain(html string) string {
	var b strings.Builder
	in := false
	for _, r := range html {
		switch {
		case r == '<':
			in = true
			b.WriteByte(' ')
		case r == '>':
			in = false
		case !in:
			b.WriteRune(r)
		}
	}
	text := strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(b.String())
	return strings.Join(strings.Fields(text), " ")
}
