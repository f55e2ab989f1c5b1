package cluster

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// keeping is a room that keeps its recording.
func keeping(t *testing.T, dir string) *lab {
	t.Helper()
	return openLab(t, Options{Dir: dir, Nodes: 3, Keep: MaxKept, Name: "amber-otter"})
}

func (l *lab) asleep() {
	l.Helper()
	if err := l.Close(); err != nil {
		l.Fatal(err)
	}
}

// waking is the fact that the room woke, the last one if it did so more often.
func (l *lab) waking() event.Event {
	l.Helper()
	at, err := l.Journal().Before(l.Journal().Reach().Head+1, journal.Search{Kinds: journal.KindsOf(event.Woke)})
	if err != nil || at == 0 {
		l.Fatal("it does not say that it woke", err)
	}
	events, err := l.Journal().Events(at, 1)
	if err != nil {
		l.Fatal(err)
	}
	return events[0]
}

// TestARoomThatSleptGoesOnWithItsRecording: what was before lunch can be looked at, bookmarks and all, and nothing is told by a number
// that it had before.
func TestARoomThatSleptGoesOnWithItsRecording(t *testing.T) {
	dir := t.TempDir()
	l := keeping(t, dir)
	l.ok(put("x", "before lunch"))
	leader := l.leader()
	l.ok(event.Command{Kind: event.Kill, Node: leader})
	seen := l.State()
	if err := l.Journal().Mark(journal.Mark{Seq: seen.Seq, At: seen.At, Note: "it died"}); err != nil {
		t.Fatal(err)
	}
	epoch := l.Journal().Epoch()
	l.asleep()

	l = keeping(t, dir)
	was, is := seen.Node(leader), l.State()
	if now := is.Node(leader); now.Up || now.Term != was.Term || now.Vote != was.Vote || now.Last != was.Last || now.Log.Len() != was.Log.Len() || now.Commit != was.Commit {
		t.Errorf("what is on the disk of a machine that is down was\n%+v\nand is, after the room slept,\n%+v", was, now)
	}
	l.ok(put("x", "after lunch"))
	woke := l.waking()
	if woke.Text != "" || woke.Took < 0 || woke.At < seen.At {
		t.Errorf("it woke with %+v", woke)
	}
	j := l.Journal()
	if !j.Numbered(seen.Seq, epoch) || j.Numbered(woke.Seq, epoch) || !j.Numbered(woke.Seq, epoch+1) {
		t.Error("the numbers of before are not what they were")
	}
	before, err := j.StateAt(seen.Seq)
	if err != nil || before.Node(leader).Up || before.Node(leader).Down != event.Killed || before.At > seen.At {
		t.Fatalf("%v: %+v", err, before.Node(leader))
	}
	if marks := j.Marks(); len(marks) != 1 || marks[0].Note != "it died" {
		t.Errorf("bookmarks %+v", marks)
	}
	l.goesOn(t)
	l.safe()
}

// goesOn checks that a recording is one: gapless, forwards in time, and each message and request by a number of its own.
func (l *lab) goesOn(t *testing.T) {
	t.Helper()
	events, err := l.Journal().Events(1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var s view.State
	sent, asked, latest := map[uint64]bool{}, map[uint64]bool{}, event.Micros(0)
	for i, e := range events {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("event %d is at place %d", e.Seq, i)
		}
		if e.Kind == event.Sent && sent[e.Msg] || e.Kind == event.Asked && asked[e.Op] {
			t.Fatalf("two have one number: %+v", e)
		}
		sent[e.Msg], asked[e.Op] = sent[e.Msg] || e.Kind == event.Sent, asked[e.Op] || e.Kind == event.Asked
		if e.Kind == event.Woke && e.At < latest {
			t.Fatalf("time goes back from %d to %d", latest, e.At)
		}
		latest = max(latest, e.At)
		s.Apply(e)
	}
	now := l.State()
	if s.Seq != now.Seq || s.Leader() == nil || s.Leader().ID != now.Leader().ID || len(s.Messages) != len(now.Messages) {
		t.Errorf("all of it adds up to %+v", s)
	}
}

// TestALifeThatWasNotRecorded is said to be missing: a process that was killed has written nothing.
func TestALifeThatWasNotRecorded(t *testing.T) {
	dir := t.TempDir()
	keeping(t, dir).asleep()
	kept, err := os.ReadFile(filepath.Join(dir, RecordingFile))
	if err != nil {
		t.Fatal(err)
	}
	l := keeping(t, dir)
	l.ok(put("x", "1"))
	lost := l.State().Seq
	l.asleep()
	if err := os.WriteFile(filepath.Join(dir, RecordingFile), kept, 0o600); err != nil {
		t.Fatal(err)
	}
	l = keeping(t, dir)
	l.ok(put("x", "2"))
	if text := l.waking().Text; text != words.MissingLife {
		t.Errorf("it says %q", text)
	}
	if j := l.Journal(); j.Numbered(lost, 2) || !j.Numbered(2, 1) || j.Reach().First != 1 {
		t.Error("what was lost has the numbers of what followed")
	}
	l.goesOn(t)
}

// TestADamagedRecordingIsPutAside, and the room opens all the same, and says so; one that is cut off is looked at as far as it goes.
func TestADamagedRecordingIsPutAside(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func([]byte) []byte
		says  string
		text  string
		whole bool // at least its beginning is there
	}{
		"a flipped bit":  {func(b []byte) []byte { b[len(b)/2] ^= 1; return b }, "damaged at byte", words.MissingAll, false},
		"cut off":        {func(b []byte) []byte { return b[:len(b)-9] }, "a part is cut off", words.MissingEnd, true},
		"empty":          {func([]byte) []byte { return nil }, "not a recording", words.MissingAll, false},
		"something else": {func([]byte) []byte { return []byte(strings.Repeat("so it is ", 99)) }, "not a recording", words.MissingAll, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := keeping(t, dir)
			l.ok(put("x", "1"))
			l.asleep()
			path := filepath.Join(dir, RecordingFile)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoilt := c.spoil(bytes.Clone(b))
			if err := os.WriteFile(path, spoilt, 0o600); err != nil {
				t.Fatal(err)
			}
			var warned error
			r, err := Open(Options{Dir: dir, Manual: true, NoSync: true, Keep: MaxKept, Warn: func(err error) { warned = err }})
			if err != nil {
				t.Fatal(err)
			}
			l = &lab{t, r}
			woke := l.waking()
			if woke.Text != c.text || warned == nil || !strings.Contains(warned.Error(), c.says) {
				t.Errorf("it says %q, and warns: %v", woke.Text, warned)
			}
			if c.whole != (woke.Seq > 1) {
				t.Errorf("it woke at event %d", woke.Seq)
			}
			if got, err := os.ReadFile(filepath.Join(dir, SpoiltFile)); err != nil || !bytes.Equal(got, spoilt) {
				t.Errorf("what was there is not put aside: %v", err)
			}
			if g := l.ok(event.Command{Kind: event.Get, Key: "x"}); len(g.KVs) != 1 || g.KVs[0].Value != "1" {
				t.Errorf("the room lost something: %+v", g)
			}
			l.asleep()
			if text := keeping(t, dir).waking().Text; text != "" {
				t.Errorf("and the next time it says %q", text)
			}
		})
	}
}

// TestAKeptRecordingIsBounded: what is older than fits is forgotten, and the room goes on with the rest.
func TestAKeptRecordingIsBounded(t *testing.T) {
	dir, most := t.TempDir(), int64(1<<20+60_000)
	o := Options{Dir: dir, Nodes: 3, Keep: most, HistoryBytes: 800_000}
	for life := range 6 {
		l := openLab(t, o)
		for range 8 {
			l.ok(put("x", strings.Repeat("y", 100)))
			l.Advance(5 * second)
		}
		head, first := l.Journal().Reach().Head, l.Journal().Reach().First
		l.asleep()
		info, err := os.Stat(filepath.Join(dir, RecordingFile))
		if err != nil || info.Size() > most {
			t.Fatalf("%d bytes are kept, %v", info.Size(), err)
		}
		if life == 5 && (first == 1 || head < 10_000) {
			t.Errorf("after %d lives it reaches from %d to %d: nothing was forgotten", life+1, first, head)
		}
	}
}

// TestARoomKeepsNothingUnasked: those of tests and of recordings that are made to a file of their own.
func TestARoomKeepsNothingUnasked(t *testing.T) {
	dir := t.TempDir()
	openLab(t, Options{Dir: dir, Nodes: 1}).asleep()
	if _, err := os.Stat(filepath.Join(dir, RecordingFile)); !os.IsNotExist(err) {
		t.Error(err)
	}
	l := openLab(t, Options{Dir: dir})
	if woke := l.waking(); woke.Seq != 1 || woke.Text != words.MissingNone {
		t.Errorf("%+v", woke)
	}
}

// TestAFrozenRoomSleepsFrozen: no time passes in it, not even until it has a leader, and it thaws to the rate that it had.
func TestAFrozenRoomSleepsFrozen(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, Nodes: 5, Keep: MaxKept, Manual: true, NoSync: true, Warn: func(err error) { t.Error(err) }}
	l := openLab(t, o)
	l.ok(event.Command{Kind: event.Rate, Factor: event.One / 4})
	if r := l.staged(l.Begin(event.Command{Kind: event.Preset, Key: "held-commit"})); r.Outcome != event.OK {
		t.Fatal(r.Error)
	}
	before := l.State()
	for range 2 {
		l.asleep()
		l = openLab(t, o)
		s := l.State()
		if s.Rate != 0 || s.Thawed != event.One/4 || s.At != before.At {
			t.Fatalf("it was left at %d with the rate %v of %v, and is at %d with %v of %v", before.At, before.Rate, before.Thawed, s.At, s.Rate, s.Thawed)
		}
		for _, n := range s.Nodes {
			if !n.Up {
				t.Errorf("%v does not run", n.ID)
			}
		}
	}
	l.ok(event.Command{Kind: event.Release})
	l.ok(event.Command{Kind: event.Thaw})
	l.leader()
	if s := l.State(); s.Rate != event.One/4 {
		t.Errorf("it goes on at %v", s.Rate)
	}
}

// TestARoomWithoutQuorumWakesAtOnce: nobody is waited for who cannot come.
func TestARoomWithoutQuorumWakesAtOnce(t *testing.T) {
	for name, c := range map[string]event.Command{
		"two pairs and one": {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3, 4}, {5}}},
		"gates":             {Kind: event.Hold},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := openLab(t, Options{Dir: dir})
			l.ok(c)
			before := l.State().At
			l.asleep()
			if now := openLab(t, Options{Dir: dir}).State().At; now > before+second {
				t.Errorf("%d seconds passed", (now-before)/second)
			}
		})
	}
}

// entries are those of a machine's log.
func entries(n *view.Node) (all []view.Entry) {
	for i := range n.Log.Len() {
		all = append(all, *n.Log.At(i))
	}
	return all
}

// killed is the directory of a room as the end of its process leaves it: what was written until then, and no goodbye.
func (l *lab) killed() (dir string) {
	l.Helper()
	l.extend()
	dir = l.TempDir()
	if err := os.CopyFS(dir, os.DirFS(l.o.Dir)); err != nil {
		l.Fatal(err)
	}
	return dir
}

// TestAKilledRoomGoesOnWithItsRecording: what was written before the end of its process is there, bookmarks and numbers included, that
// something is missing is said, and what machines hold that stay down is read from their disks.
func TestAKilledRoomGoesOnWithItsRecording(t *testing.T) {
	l := keeping(t, t.TempDir())
	leader := l.leader()
	down := event.NodeID(1)
	if leader == down {
		down = 2
	}
	for range 4 {
		l.ok(put("x", "before"))
	}
	l.ok(event.Command{Kind: event.Snapshot, Node: down})
	l.ok(put("x", "after the snapshot"))
	l.ok(event.Command{Kind: event.Kill, Node: down})
	seen := l.State()
	if err := l.Journal().Mark(journal.Mark{Seq: seen.Seq, At: seen.At, Note: "it died"}); err != nil {
		t.Fatal(err)
	}
	dir := l.killed()
	l.ok(put("x", "not recorded"))
	epoch := l.Journal().Epoch()

	l = keeping(t, dir)
	woke := l.waking()
	if woke.Text != words.MissingMoments || woke.Took != 0 || woke.N != 0 || woke.Seq != seen.Seq+1 {
		t.Errorf("it woke with %+v", woke)
	}
	was, now := seen.Node(down), l.State()
	is := now.Node(down)
	if is.Up || is.Down != event.Killed || is.Term != was.Term || is.Vote != was.Vote || is.VoteTerm != was.VoteTerm || is.First != was.First || is.Last != was.Last ||
		is.SnapshotIndex != was.SnapshotIndex || is.SnapshotIndex == 0 || is.SnapshotTerm != was.SnapshotTerm || !slices.Equal(entries(is), entries(was)) || is.Applied > was.Applied || is.Applied < is.SnapshotIndex || is.Revision > was.Revision || is.Revision == 0 {
		t.Errorf("the machine that is down held\n%+v\nand holds, as its disk is read,\n%+v", was, is)
	}
	l.ok(put("x", "on"))
	j := l.Journal()
	if !j.Numbered(seen.Seq, epoch) || j.Numbered(woke.Seq, epoch) {
		t.Error("the numbers of before are not what they were")
	}
	if marks := j.Marks(); len(marks) != 1 || marks[0].Note != "it died" {
		t.Errorf("bookmarks %+v", marks)
	}
	l.goesOn(t)

	again := keeping(t, l.killed()) // in a file that two lives have written
	again.ok(put("x", "and on"))
	if j := again.Journal(); !j.Numbered(seen.Seq, epoch) || !j.Numbered(woke.Seq, epoch+1) {
		t.Error("the numbers of two lives are not what they were")
	}
	again.goesOn(t)
	again.asleep()
	slept := keeping(t, again.o.Dir)
	if text := slept.waking().Text; text != "" {
		t.Errorf("after it slept it says %q", text)
	}
	slept.ok(put("x", "after the sleep"))
	last := keeping(t, slept.killed()) // in a file that was closed before
	if woke := last.waking(); woke.Text != words.MissingMoments || !last.Journal().Numbered(seen.Seq, epoch) {
		t.Errorf("killed after it slept it says %+v", woke)
	}
	last.ok(put("x", "in the end"))
	last.goesOn(t)
}

// TestADiskThatCannotBeReadIsSaidToBeSo: with it the machine would not start.
func TestADiskThatCannotBeReadIsSaidToBeSo(t *testing.T) {
	l := keeping(t, t.TempDir())
	l.ok(put("x", "1"))
	l.ok(event.Command{Kind: event.Kill, Node: 2})
	l.ok(event.Command{Kind: event.Corrupt, Node: 2})
	before := l.State()
	r, err := Open(Options{Dir: l.killed(), Manual: true, NoSync: true, Keep: MaxKept})
	if err != nil {
		t.Fatal(err)
	}
	l = &lab{t, r}
	defer l.asleep()
	now := l.State()
	if n := now.Node(2); n.Up || n.Down != event.RefusedToStart || n.Refused == "" || strings.Contains(n.Refused, l.o.Dir) || n.Last >= before.Node(2).Last {
		t.Errorf("%+v", n)
	}
}

// TestATornRecordingIsGoneOnWith, whatever the end of its file is like: a power cut may leave anything there.
func TestATornRecordingIsGoneOnWith(t *testing.T) {
	l := keeping(t, t.TempDir())
	l.ok(put("x", "1"))
	l.extend()
	whole := l.growing.roll.Size()
	held := l.State().Seq
	l.ok(put("x", "2"))
	dir := l.killed()
	path := filepath.Join(dir, RecordingFile)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) <= whole {
		t.Fatalf("nothing was added to %d bytes", whole)
	}
	clear(b[whole+20:])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var warned error
	r, err := Open(Options{Dir: dir, Manual: true, NoSync: true, Keep: MaxKept, Warn: func(err error) { warned = err }})
	if err != nil {
		t.Fatal(err)
	}
	l = &lab{t, r}
	if woke := l.waking(); woke.Text != words.MissingEnd || woke.N != int64(len(b))-whole || woke.Seq != held+1 {
		t.Errorf("%d bytes of %d were spoilt, and it woke after event %d with %+v", int64(len(b))-whole, len(b), held, woke)
	}
	if warned == nil || !strings.Contains(warned.Error(), "up to event "+strconv.FormatUint(held, 10)) {
		t.Errorf("it warns: %v", warned)
	}
	l.ok(put("x", "3"))
	l.goesOn(t)
	l = keeping(t, l.killed())
	l.goesOn(t)
}

// TestARecordingThatCannotBeWrittenIsToldOnce, and the room goes on; when it can be written again nothing is missing.
func TestARecordingThatCannotBeWrittenIsToldOnce(t *testing.T) {
	dir := t.TempDir()
	var warned []error
	r, err := Open(Options{Dir: dir, Nodes: 1, Manual: true, NoSync: true, Rate: event.One, Keep: MaxKept, Warn: func(err error) { warned = append(warned, err) }})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{t, r}
	good := l.growing.file
	closed, err := os.Open(good.Name()) // nothing can be written to it
	if err != nil {
		t.Fatal(err)
	}
	defer closed.Close()
	swap := func(f *os.File) {
		l.growing.mu.Lock()
		defer l.growing.mu.Unlock()
		roll := l.Journal().NewScroll(f, journal.Info{}, MaxKept)
		l.growing.roll = roll
	}
	swap(closed)
	for range 3 {
		l.ok(put("x", "1"))
		l.extend()
	}
	if len(warned) != 1 || !strings.Contains(warned[0].Error(), "The room goes on") {
		t.Errorf("%v", warned)
	}
	swap(good)
	l.extend()
	held := l.State().Seq
	woken := keeping(t, l.killed())
	if woke := woken.waking(); woke.Seq != held+1 {
		t.Errorf("it goes up to event %d, not %d", woke.Seq-1, held)
	}
	l.asleep()
}

// TestARecordingThatGrowsIsBounded: it is written anew when it holds too much that is older, or that was written twice.
func TestARecordingThatGrowsIsBounded(t *testing.T) {
	keep := int64(1<<20 + 60_000)
	l := openLab(t, Options{Dir: t.TempDir(), Nodes: 3, Keep: keep})
	largest, smaller := int64(0), 0
	for range 400 {
		l.ok(put("x", strings.Repeat("y", 2000)))
		l.Advance(5 * second)
		l.growing.mu.Lock()
		l.growing.rested = time.Time{}
		l.growing.mu.Unlock()
		l.extend()
		info, err := os.Stat(filepath.Join(l.o.Dir, RecordingFile))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() < largest {
			smaller++
			break
		}
		if largest = info.Size(); largest > keep*3/2+300_000 {
			t.Fatalf("it has %d bytes", largest)
		}
	}
	if smaller == 0 {
		t.Fatalf("it grew to %d bytes, and was not written anew", largest)
	}
	head := l.State().Seq
	woken := keeping(t, l.killed())
	if woke, first := woken.waking(), woken.Journal().Reach().First; woke.Seq <= head || first == 1 {
		t.Errorf("it reaches from %d to %d", first, woke.Seq-1)
	}
}

// TestNobodyIsToldWhereTheRoomIs: a lobby has the room's key in the name of its directory.
func TestNobodyIsToldWhereTheRoomIs(t *testing.T) {
	o := Options{Dir: filepath.Join(t.TempDir(), "amber-dove-5v5b")}
	for text, want := range map[string]string{
		"open " + filepath.Join(o.Dir, "nodes", "n1", "stable.db") + ": no such file": "open " + filepath.Join("nodes", "n1", "stable.db") + ": no such file",
		"mkdir " + o.Dir + ": no space left on device":                                "mkdir the room's directory: no space left on device",
	} {
		if got := o.within(text); got != want {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

// TestARoomOpensWithoutWhoLeft: the links of a machine that was removed are gone with it.
func TestARoomOpensWithoutWhoLeft(t *testing.T) {
	o := Options{Dir: t.TempDir(), Nodes: 4, Manual: true, NoSync: true, Warn: func(err error) { t.Error(err) }}
	l := openLab(t, o)
	gone := l.leader()%4 + 1
	for peer := event.NodeID(1); peer <= 4; peer++ {
		if peer != gone {
			l.ok(event.Command{Kind: event.SetLink, Node: gone, Peer: peer, Link: event.Link{Delay: 9_000}})
		}
	}
	l.ok(event.Command{Kind: event.MemberRemove, Node: gone})
	l.wait("it has left", func(s *view.State) bool { return s.Node(gone) == nil })
	l.asleep()
	l = openLab(t, o)
	if s := l.State(); len(s.Nodes) != 3 || s.Node(gone) != nil {
		t.Errorf("%+v", s.Nodes)
	}
	l.leader()
}
