package journal_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/preset"
	"github.com/quorumlab/quorumlab/cluster/view"
)

var (
	record = flag.Bool("record", false, "record the situations of testdata anew, from real clusters")
	write  = flag.Bool("write", false, "write what the recordings fold to, to be reviewed as a diff")
)

// Bounds of a recording, in virtual time.
const (
	step    event.Micros = 1_000
	patient event.Micros = 300_000_000
	goesOn  event.Micros = 3_000_000 // what comes of a situation
)

// TestSituationsFoldToTheirPictures folds recordings of real clusters and compares some moments with pictures in words.
func TestSituationsFoldToTheirPictures(t *testing.T) {
	for _, situation := range preset.All {
		t.Run(situation.Name, func(t *testing.T) {
			file := filepath.Join("testdata", situation.Name)
			if *record {
				recordSituation(t, situation.Name, file+".qlr")
			}
			j := open(t, file+".qlr")
			got := situation.Title + ". " + situation.About + "\n"
			for _, seq := range moments(t, j) {
				s, err := j.StateAt(seq)
				if err != nil {
					t.Fatal(err)
				}
				got += picture(&s)
			}
			if *write {
				if err := os.WriteFile(file+".txt", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("it folds otherwise than %s.txt says (-write writes it anew):\n%s", file, got)
			}
		})
	}
}

// TestEveryCutOfASituation: the nearest checkpoint with what comes after it is the fold of everything, wherever a recording is cut,
// with many checkpoints and with one.
func TestEveryCutOfASituation(t *testing.T) {
	for _, situation := range preset.All {
		t.Run(situation.Name, func(t *testing.T) {
			t.Parallel()
			whole := open(t, filepath.Join("testdata", situation.Name+".qlr"))
			again := journal.New(journal.Options{HistoryBytes: 200_000}) // with chunks as small as can be that all of it is kept
			var want view.State
			for c := whole.Walk(0); ; {
				e, err := c.Next()
				if err != nil {
					t.Fatal(err)
				}
				if e == nil {
					break
				}
				want.Apply(*e)
				again.Append(*e)
				if e.Seq%5 == 0 {
					again.Flush(e.At)
				}
				if e.Seq%stride != 0 {
					continue
				}
				for name, j := range map[string]*journal.Journal{"the file": whole, "a journal that grows": again} {
					if name == "the file" && e.Seq%(29*stride) != 0 { // its only checkpoint is far away
						continue
					}
					got, err := j.StateAt(e.Seq)
					if err != nil {
						t.Fatal(err)
					}
					got.Wall = want.Wall
					if !reflect.DeepEqual(got, want) {
						t.Fatalf("event %d of %s:\n got %+v\nwant %+v", e.Seq, name, got, want)
					}
				}
			}
			if again.Reach().First != 1 {
				t.Fatal("something was dropped")
			}
		})
	}
}

func open(t *testing.T, name string) *journal.Journal {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	j, _, err := journal.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// recordSituation brings a new room into a situation and lets it go on for a while.
func recordSituation(t *testing.T, name, file string) {
	t.Helper()
	room, err := cluster.Open(cluster.Options{Dir: filepath.Join(t.TempDir(), "room"), Nodes: 5, Rate: event.One, NoSync: true, Manual: true, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer room.Close()
	for _, c := range []event.Command{{Kind: event.Put, Key: "x", Value: "0"}, {Kind: event.Preset, Key: name}, {Kind: event.Thaw}} {
		answer := room.Begin(c)
		for end := room.Now() + patient; ; {
			select {
			case r := <-answer:
				if r.Outcome != event.OK {
					t.Fatalf("%v: %s", c.Kind, r.Error)
				}
			default:
				if room.Advance(step); room.Now() > end {
					t.Fatalf("%v is not answered", c.Kind)
				}
				continue
			}
			break
		}
	}
	for end := room.Now() + goesOn; room.Now() < end; {
		room.Advance(step)
	}
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := room.Journal().Write(out, journal.Info{Room: name}); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// moments are where a recording is looked at: whenever its time went on again, and at its end.
func moments(t *testing.T, j *journal.Journal) (all []uint64) {
	t.Helper()
	for at := uint64(0); ; {
		stopped := next(t, j, at, func(e *event.Event) bool { return e.Factor == 0 })
		if stopped == 0 {
			return append(all, j.Reach().Head)
		}
		at = next(t, j, stopped, func(e *event.Event) bool { return e.Factor != 0 })
		if at == 0 {
			return append(all, j.Reach().Head)
		}
		all = append(all, at-1)
	}
}

// next is the next change of the room's rate that is meant.
func next(t *testing.T, j *journal.Journal, at uint64, meant func(*event.Event) bool) uint64 {
	t.Helper()
	seq, err := j.After(at, journal.Search{Kinds: journal.KindsOf(event.RateSet), Match: meant})
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// picture is a state in words.
func picture(s *view.State) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n── event %d at %d µs, rate %v\n", s.Seq, s.At, s.Rate.Float())
	for i := range s.Nodes {
		nodePicture(&b, s, &s.Nodes[i])
	}
	for _, l := range s.Links {
		if l.Link != (event.Link{}) {
			fmt.Fprintf(&b, "   %v→%v %+v\n", l.From, l.To, l.Link)
		}
	}
	for _, g := range s.Groups() {
		fmt.Fprintf(&b, "   together: %v, %d of %d voters, quorum %v\n", g.Nodes, g.Voters, g.Total, g.Quorum)
	}
	for _, m := range s.Messages {
		fmt.Fprintf(&b, "   on its way: %d %v reply %v %v→%v term %d index %d held %v %q\n", m.ID, m.Type, m.Reply, m.From, m.To, m.Term, m.Index, m.Held, m.Text)
	}
	for _, op := range s.Ops {
		fmt.Fprintf(&b, "   asked: %q %v, entry %d, acknowledged by %v %s\n", op.Text, op.Outcome, op.Index, op.Acks, op.Error)
	}
	for _, l := range s.Safety {
		if !l.Holds {
			fmt.Fprintf(&b, "   %v is broken: %s\n", l.Property, l.Text)
		}
	}
	return b.String()
}

// nodePicture is a node with its log: a cell is an entry's term and ● committed, ○ not yet, ✕ doomed.
func nodePicture(b *strings.Builder, s *view.State, n *view.Node) {
	role := n.Role.String()
	switch {
	case !n.Up:
		role = n.Down.String()
	case n.Suspended:
		role += " (suspended)"
	}
	fmt.Fprintf(b, "   %v %-9s term %d, vote %v in %d, follows %v, first %d, commit %d, applied %d, revision %d, snapshot %d │", n.ID, role, n.Term, n.Vote, n.VoteTerm, n.Leader,
		n.First, n.Commit, n.Applied, n.Revision, n.SnapshotIndex)
	for i := max(0, n.Log.Len()-12); i < n.Log.Len(); i++ {
		e := n.Log.At(i)
		mark := "○"
		switch {
		case e.Index <= n.Commit:
			mark = "●"
		case s.Doomed(n, e.Index):
			mark = "✕"
		}
		fmt.Fprintf(b, " %d%s", e.Term, mark)
	}
	if s.StaleLeader(n) {
		b.WriteString("  (leads no longer, and does not know)")
	}
	b.WriteString("\n")
}
