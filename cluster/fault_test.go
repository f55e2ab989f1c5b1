package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func node1(k event.CommandKind, id event.NodeID) event.Command {
	return event.Command{Kind: k, Node: id}
}

// others lists all nodes but these.
func (l *lab) others(not ...event.NodeID) (ids []event.NodeID) {
	s := l.State()
	for i := range s.Nodes {
		if id := s.Nodes[i].ID; !slices.Contains(not, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (l *lab) newLeader(not event.NodeID) event.NodeID {
	l.Helper()
	l.wait("another leader", func(s *view.State) bool { m := s.Leader(); return m != nil && m.ID != not })
	return l.leader()
}

func (l *lab) term(id event.NodeID) uint64 {
	s := l.State()
	return s.Node(id).Term
}

func (l *lab) settle(n int) {
	l.Helper()
	l.wait(fmt.Sprint(n, " equal rows"), func(s *view.State) bool { return s.Leader() != nil && equalRows(s, n) })
}

func TestKilledLeaderIsReplacedAndComesBack(t *testing.T) {
	l := openLab(t, Options{})
	old := l.leader()
	term := l.term(old)
	l.ok(put("a", "1"))
	l.ok(node1(event.Kill, old))
	next := l.newLeader(old)
	if s := l.State(); s.Node(next).Term <= term {
		t.Errorf("the new leader's term %d is not above %d", s.Node(next).Term, term)
	}
	l.ok(put("a", "2"))
	if r := l.do(on(old, put("a", "3"))); r.Outcome != event.Failed || !strings.Contains(r.Error, "is down") {
		t.Errorf("a put to a dead node: %+v", r)
	}
	l.ok(node1(event.Restart, old))
	l.settle(5)
	if g := l.ok(on(old, event.Command{Kind: event.Get, Key: "a", Serializable: true})); g.KVs[0].Value != "2" {
		t.Error(g.KVs)
	}
}

func TestMinorityPutIsUnknownAndMajorityPutIsOK(t *testing.T) {
	l := openLab(t, Options{})
	old := l.leader()
	rest := l.others(old)
	minority, majority := []event.NodeID{old, rest[0]}, rest[1:]
	l.ok(event.Command{Kind: event.Partition, Groups: [][]event.NodeID{minority, majority}})
	lost := l.do(on(old, event.Command{Kind: event.Put, Key: "y", Value: "lost", Timeout: 3 * second}))
	// It stops to lead when its lease is over, from its last heartbeat on: they are up to 2 × HeartbeatTimeout/10 apart, and 10 ms under way.
	if lost.Outcome != event.Unknown || lost.Virtual < event.Micros(500_000-140_000-10_000) {
		t.Errorf("minority: %+v", lost)
	}
	l.newLeader(old)
	l.ok(on(majority[0], put("y", "kept")))
	if late := l.do(on(rest[0], event.Command{Kind: event.Put, Key: "z", Value: "1", Timeout: 2 * second})); late.Outcome != event.Unknown {
		t.Errorf("a put to a follower without a leader: %+v", late)
	}
	if g := l.do(on(old, event.Command{Kind: event.Get, Key: "y", Timeout: second})); g.Outcome != event.Failed {
		t.Errorf("a linearizable read of the minority: %+v", g)
	}
	l.ok(event.Command{Kind: event.Heal})
	l.settle(5)
	for _, id := range l.others() {
		if g := l.ok(on(id, event.Command{Kind: event.Get, Key: "y", Serializable: true})); g.KVs[0].Value != "kept" {
			t.Error(id, g.KVs)
		}
	}
}

// A leader that stood still, was replaced and wakes up confirms itself by VerifyLeader with answers that were under way
// all the time. A linearizable read must not believe it.
func TestWokenLeaderServesNoStaleRead(t *testing.T) {
	for seed := range 10 {
		l := openLab(t, Options{Seed: uint64(seed + 1)})
		old := l.leader()
		l.ok(put("x", "old"))
		for _, id := range l.others(old) { // answers to heartbeats of now come when it is awake again
			l.ok(event.Command{Kind: event.SetLink, Node: id, Peer: old, OneWay: true, Link: event.Link{Delay: 400_000}})
		}
		l.Advance(event.Micros(100_000 + 37_000*seed))
		l.ok(node1(event.Suspend, old))
		l.newLeader(old)
		l.ok(put("x", "new"))
		for _, id := range l.others(old) { // the successor's word does not reach it
			l.ok(event.Command{Kind: event.SetLink, Node: id, Peer: old, OneWay: true, Link: event.Link{Delay: 900_000}})
		}
		fresh := l.Begin(on(old, event.Command{Kind: event.Get, Key: "x", Timeout: 20 * second}))
		stale := l.Begin(on(old, event.Command{Kind: event.Get, Key: "x", Serializable: true}))
		l.ok(node1(event.Resume, old))
		if r := l.end(stale); r.Outcome != event.OK || r.KVs[0].Value != "old" {
			t.Logf("seed %d: the serializable read was not stale: %+v", seed, r)
		}
		if r := l.end(fresh); r.Outcome == event.OK && r.KVs[0].Value != "new" {
			t.Errorf("seed %d: a linearizable read was stale: %+v", seed, r)
		}
		l.ok(event.Command{Kind: event.Heal})
		l.settle(5)
	}
}

// A link that delivers twice may not make a forwarded put happen twice.
func TestForwardedPutHappensOnce(t *testing.T) {
	l := openLab(t, Options{})
	f := l.others(l.leader())[0]
	l.ok(event.Command{Kind: event.SetLink, Node: f, Peer: l.leader(), Link: event.Link{Duplicate: event.One, Jitter: 20_000}})
	first := l.ok(on(f, put("k", "1")))
	l.Advance(second)
	if again := l.ok(put("k", "2")); again.Revision != first.Revision+1 {
		t.Errorf("revisions %d and %d", first.Revision, again.Revision)
	}
}

func TestSuspendedNodeTakesItsPutWhenItWakes(t *testing.T) {
	l := openLab(t, Options{})
	f := l.others(l.leader())[0]
	l.ok(node1(event.Suspend, f))
	r := l.do(on(f, event.Command{Kind: event.Put, Key: "k", Value: "v", Timeout: second}))
	if r.Outcome != event.Unknown {
		t.Fatalf("%+v", r)
	}
	l.ok(node1(event.Resume, f))
	l.settle(5)
}

func TestCrashBeforeAndAfterFsync(t *testing.T) {
	for _, at := range []event.KillPoint{event.BeforeFsync, event.AfterFsync} {
		t.Run(at.String(), func(t *testing.T) {
			l := openLab(t, Options{})
			l.settle(5)
			old := l.leader()
			s := l.State()
			last := s.Node(old).Last
			c := node1(event.Kill, old)
			c.At = at
			l.ok(c)
			r := l.do(on(old, put("k", "v")))
			if r.Outcome != event.Unknown {
				t.Errorf("%+v", r)
			}
			l.wait("it is down", func(s *view.State) bool { return !s.Node(old).Up })
			if s := l.State(); s.Node(old).Down.String() != "killed-"+at.String() {
				t.Error(s.Node(old).Down)
			}
			l.newLeader(old)
			n := l.State().Seq
			l.ok(node1(event.Restart, old))
			var found uint64
			for _, e := range l.events(n) {
				if e.Kind == event.Started {
					found = e.Index
				}
			}
			if has := found > last; has != (at == event.AfterFsync) {
				t.Errorf("killed %v: last entry %d, was %d", at, found, last)
			}
			l.settle(5)
		})
	}
}

func TestFrozenRoomWaitsAndStepDoesOneThing(t *testing.T) {
	l := openLab(t, Options{})
	l.ok(event.Command{Kind: event.Freeze})
	c := l.Begin(put("k", "v"))
	before := l.State()
	for range 5 {
		n := l.State().Seq
		l.do(event.Command{Kind: event.Step})
		arrived := 0
		for _, e := range l.events(n) {
			if e.Kind == event.Delivered {
				arrived++
			}
		}
		if arrived > 1 {
			t.Error(arrived, "messages arrived in one step")
		}
	}
	if s := l.State(); s.At-before.At > 400_000 {
		t.Error("five steps took", s.At-before.At)
	}
	l.ok(event.Command{Kind: event.Thaw})
	if r := l.end(c); r.Outcome != event.OK {
		t.Errorf("%+v", r)
	}
}

// events are those after seq.
func (l *lab) events(seq uint64) []event.Event {
	l.Helper()
	es, err := l.Journal().Events(seq, 100_000)
	if err != nil {
		l.Fatal(err)
	}
	return es
}

func TestMembersComeAndGo(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	l.ok(put("k", "v"))
	added := l.ok(event.Command{Kind: event.MemberAdd})
	l.wait("a learner that caught up", func(s *view.State) bool {
		n := s.Node(4)
		return n != nil && n.Up && n.Applied > 0 && n.Applied == s.Leader().Applied && slices.Contains(s.Members, event.Member{ID: 4, Suffrage: event.Learner})
	})
	_ = added
	l.ok(node1(event.MemberPromote, 4))
	l.wait("four voters", func(s *view.State) bool {
		return slices.Contains(s.Members, event.Member{ID: 4, Suffrage: event.Voter})
	})
	l.ok(node1(event.MemberDemote, 4))
	gone := l.others(l.leader(), 4)[0]
	l.ok(node1(event.MemberRemove, gone))
	l.wait("the machine has left", func(s *view.State) bool { return s.Node(gone) == nil && len(s.Members) == 3 })
	l.ok(event.Command{Kind: event.MemberAdd})
	l.wait("a new machine with a new name", func(s *view.State) bool { return s.Node(5) != nil && s.Node(5).Applied > 0 })
	l.ok(put("k", "w"))
}

func TestRemovedLeaderHandsOver(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	old := l.leader()
	l.ok(node1(event.MemberRemove, old))
	l.newLeader(old)
	l.wait("it has left", func(s *view.State) bool { return s.Node(old) == nil })
	l.ok(put("k", "v"))
}

func TestElectionAndTransfer(t *testing.T) {
	l := openLab(t, Options{})
	to := l.others(l.leader())[1]
	l.ok(node1(event.Transfer, to))
	l.wait("the chosen one leads", func(s *view.State) bool { m := s.Leader(); return m != nil && m.ID == to })
	term := l.term(to)
	l.ok(node1(event.StepDown, to))
	l.newLeader(to)
	l.ok(node1(event.Elect, to))
	l.wait("a higher term", func(s *view.State) bool { m := s.Leader(); return m != nil && m.Term > term+1 })
}

func TestFarBehindFollowerGetsASnapshot(t *testing.T) {
	l := openLab(t, Options{})
	f := l.others(l.leader())[0]
	l.ok(node1(event.Kill, f))
	for i := range 20 {
		l.ok(put(fmt.Sprint("k", i), "v"))
	}
	for _, id := range l.others(f) {
		l.ok(node1(event.Snapshot, id))
	}
	l.ok(put("after", "v"))
	n := l.State().Seq
	l.ok(node1(event.Restart, f))
	l.settle(5)
	installed := slices.ContainsFunc(l.events(n), func(e event.Event) bool { return e.Kind == event.SnapshotInstalled && e.Node == f })
	if !installed {
		for _, e := range l.events(n) {
			t.Logf("%+v", e)
		}
		t.Fatal("no snapshot was installed")
	}
	if g := l.ok(on(f, event.Command{Kind: event.Get, Key: "k", Prefix: true, Serializable: true})); g.Count != 20 {
		t.Errorf("%+v", g)
	}
	l.ok(node1(event.Kill, f))
	l.ok(node1(event.Restart, f))
	l.settle(5)
}

func TestCorruptedNodeRefusesToStart(t *testing.T) {
	for _, file := range []string{"log", "stable", "store"} {
		t.Run(file, func(t *testing.T) {
			l := openLab(t, Options{})
			l.ok(put("k", strings.Repeat("v", 5000)))
			f := l.others(l.leader())[0]
			if r := l.do(event.Command{Kind: event.Corrupt, Node: f, File: file}); r.Outcome != event.Failed {
				t.Errorf("a running node was corrupted: %+v", r)
			}
			l.ok(node1(event.Kill, f))
			l.ok(event.Command{Kind: event.Corrupt, Node: f, File: file})
			for range 2 { // it does not forget
				r := l.do(node1(event.Restart, f))
				if r.Outcome != event.Failed || !strings.Contains(r.Error, "damaged at byte") {
					t.Errorf("%+v", r)
				}
			}
			if s := l.State(); s.Node(f).Up || !strings.Contains(s.Node(f).Refused, "damaged at byte") {
				t.Errorf("%+v", s.Node(f))
			}
			l.ok(node1(event.Wipe, f))
			l.ok(node1(event.Restart, f))
			l.settle(5)
		})
	}
}

func TestTheLastVoterStays(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	for _, kind := range []event.CommandKind{event.MemberRemove, event.MemberDemote} {
		if r := l.do(node1(kind, 1)); r.Outcome != event.Failed || !strings.Contains(r.Error, "add a machine and promote it first") {
			t.Errorf("%v: %+v", kind, r)
		}
	}
	l.ok(put("x", "1"))
}

// What fails on a disk is told with the file's name in the room's directory, and not where that is.
func TestFactsDoNotTellWhereARoomIs(t *testing.T) {
	dir := t.TempDir()
	l := openLab(t, Options{Dir: dir})
	f := l.others(l.leader())[0]
	l.ok(node1(event.Kill, f))
	store := filepath.Join(dir, "nodes", f.String(), "store")
	if err := os.RemoveAll(store); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(store, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := l.do(node1(event.Restart, f)); r.Outcome != event.Failed || !strings.Contains(r.Error, "store") || strings.Contains(r.Error, dir) {
		t.Errorf("the answer is %+v", r)
	}
	events, err := l.Journal().Events(1, int(l.Journal().Reach().Head))
	if err != nil {
		t.Fatal(err)
	}
	told := false
	for _, e := range events {
		told = told || e.Kind == event.Stopped && e.Reason == event.RefusedToStart && strings.Contains(e.Text, "store")
		if strings.Contains(e.Text, dir) {
			t.Errorf("a fact tells the room's directory: %+v", e)
		}
	}
	if !told {
		t.Error("no fact tells what is wrong with the disk")
	}
}

func TestSlowDiskAndDrift(t *testing.T) {
	l := openLab(t, Options{})
	lead := l.leader()
	l.ok(event.Command{Kind: event.Disk, Node: lead, Took: 200_000})
	if r := l.ok(on(lead, put("k", "v"))); r.Virtual < 200_000 {
		t.Error("a put through a disk of 200 ms took", r.Virtual)
	}
	f := l.others(lead)[0]
	l.ok(event.Command{Kind: event.Drift, Node: f, Factor: 4 * event.One})
	l.Advance(20 * second)
	l.ok(event.Command{Kind: event.Drift, Node: f, Factor: event.One})
	l.ok(event.Command{Kind: event.Disk, Node: lead})
	l.settle(5)
}

func TestRoomKeepsItsData(t *testing.T) {
	dir := t.TempDir()
	l := openLab(t, Options{Dir: dir, Nodes: 3})
	l.ok(put("k", "v"))
	f := l.others(l.leader())[0]
	l.settle(3)
	l.ok(node1(event.Kill, f))
	l.ok(event.Command{Kind: event.Cut, Node: 1, Peer: 2})
	rev := l.ok(put("k", "w")).Revision
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openLab(t, Options{Dir: dir, Nodes: 3})
	s := l.State()
	if s.Node(f).Up || !s.Link(1, 2).Cut || !s.Link(2, 1).Cut {
		t.Error("the room has forgotten its faults")
	}
	if l.Journal().Epoch() != 2 {
		t.Error("epoch", l.Journal().Epoch())
	}
	l.ok(event.Command{Kind: event.Heal})
	if g := l.ok(event.Command{Kind: event.Get, Key: "k"}); g.KVs[0].Value != "w" || g.Revision != rev {
		t.Errorf("%+v", g)
	}
	l.ok(node1(event.Restart, f))
	l.settle(3)
	if s := l.State(); s.Node(f).First != 1 || s.Node(f).Entry(1) == nil {
		t.Errorf("its log is not told whole: %+v", s.Node(f))
	}
}

func TestPreVoteSwitch(t *testing.T) {
	l := openLab(t, Options{})
	l.ok(event.Command{Kind: event.PreVote, On: false})
	f := l.others(l.leader())[0]
	n := l.State().Seq
	for _, id := range l.others(f) {
		l.ok(event.Command{Kind: event.Cut, Node: id, Peer: f, OneWay: true})
	}
	l.wait("a deaf node disturbs", func(s *view.State) bool { return s.Node(f).Term > 3 })
	for _, e := range l.events(n) {
		if e.Kind == event.Sent && e.Type == event.RequestPreVote {
			t.Fatal("a pre-vote was asked though they are off")
		}
	}
	l.ok(event.Command{Kind: event.PreVote, On: true})
	l.ok(event.Command{Kind: event.Heal})
	l.settle(5)
}

func TestBadOrdersSayWhatIsWrong(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	for _, c := range []event.Command{
		{Kind: event.Kill, Node: 9}, {Kind: event.Kill}, {Kind: event.Restart, Node: 1}, {Kind: event.Resume, Node: 1},
		{Kind: event.Cut, Node: 1, Peer: 1}, {Kind: event.Cut, Node: 1, Peer: 7}, {Kind: event.Cut}, {Kind: event.Rate, Factor: 21 * event.One},
		{Kind: event.Rate}, {Kind: event.Drift, Node: 1}, {Kind: event.Disk, Node: 1, Took: -1}, {Kind: event.Deliver, Message: 1 << 60},
		{Kind: event.Partition, Groups: [][]event.NodeID{{1}, {1}}}, {Kind: event.Step}, {Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Loss: 2 * event.One}},
		{Kind: event.Transfer, Node: 8}, {Kind: event.MemberRemove, Node: 8}, {Kind: event.Corrupt, Node: 1}, {Kind: 200},
		{Kind: event.Put}, {Kind: event.Put, Key: "k", Value: strings.Repeat("v", 2<<20)}, {Kind: event.Get}, {Kind: event.TxnDo},
		{Kind: event.Put, Node: 8, Key: "k"}, {Kind: event.Put, Key: "k", Timeout: -1}, {Kind: event.Reorder, Message: 3}, {Kind: event.Elect, Node: 44},
	} {
		r := l.do(c)
		if r.Outcome != event.Failed || len(r.Error) < 10 {
			t.Errorf("%s: %+v", Words(c), r)
		}
	}
	l.ok(put("k", "v"))
}

func TestTooManyCommandsAreRefused(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	l.ok(event.Command{Kind: event.Freeze})
	for range MaxPending {
		if l.desk.admit(put("k", "v"), 1, 0) == nil {
			t.Fatal("refused too early")
		}
	}
	if r := l.do(put("k", "v")); r.Outcome != event.Failed || !strings.Contains(r.Error, "waiting already") {
		t.Errorf("%+v", r)
	}
}

// Who asks a room in which nothing runs is told so at once, and the record shows it.
func TestNobodyRunsIsAFact(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	l.ok(node1(event.Kill, 1))
	for _, c := range []event.Command{{Kind: event.Get, Key: "k"}, put("k", "v")} {
		n := l.State().Seq
		if r := l.do(c); r.Outcome != event.Failed || r.Error != nobodyRuns {
			t.Errorf("%s: %+v", Words(c), r)
		}
		told := l.events(n)[1:]
		if len(told) != 2 || told[0].Kind != event.Asked || told[1].Kind != event.Answered || told[1].Outcome != event.Failed {
			t.Errorf("%s: the record says %+v", Words(c), told)
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	for i := range 9 {
		l.ok(put(fmt.Sprint("big", i), strings.Repeat("v", 1<<20)))
	}
	if r := l.do(event.Command{Kind: event.Get, Key: "big", Prefix: true}); r.Outcome != event.Failed || !strings.Contains(r.Error, "with a limit") {
		t.Errorf("%v %s", r.Outcome, r.Error)
	}
	if r := l.ok(event.Command{Kind: event.Get, Key: "big", Prefix: true, Limit: 3}); len(r.KVs) != 3 || r.Count != 9 || !r.More {
		t.Error(len(r.KVs), r.Count, r.More)
	}
}

// A request that is answered leaves no deadline behind: one may wait for an hour.
func TestAnAnswerEndsTheDeadline(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	before := l.conductor.Alarms()
	for i := range 20 {
		c := put("x", fmt.Sprint(i))
		c.Timeout = MaxTimeout
		l.ok(c)
	}
	l.ok(event.Command{Kind: event.Get, Key: "x", Timeout: MaxTimeout})
	l.ok(event.Command{Kind: event.Kill, Node: 3})
	if r := l.do(on(3, event.Command{Kind: event.Put, Key: "x", Timeout: MaxTimeout})); r.Outcome != event.Failed {
		t.Errorf("%+v", r)
	}
	if after := l.conductor.Alarms(); after > before {
		t.Errorf("%d deadlines are left behind", after-before)
	}
}

// TestALateAnswerIsOfAnEarlierOffice holds the answer to an entry until who sent it leads again: what it believes of the follower in
// its new term is what the engine believes, which begins anew (Raft paper, Figure 2).
func TestALateAnswerIsOfAnEarlierOffice(t *testing.T) {
	l := openLab(t, Options{Nodes: 3})
	l.settle(3)
	led := l.leader()
	other, mute := l.others(led)[0], l.others(led)[1]
	l.ok(event.Command{Kind: event.Hold, Node: mute, Peer: led, OneWay: true})
	l.ok(put("x", "1"))
	term := l.term(led)
	for _, id := range []event.NodeID{other, led} {
		l.do(node1(event.Transfer, id))
		l.wait("it leads", func(s *view.State) bool { return s.Leader() != nil && s.Leader().ID == id })
	}
	s := l.State()
	i := slices.IndexFunc(s.Messages, func(m view.Message) bool {
		return m.Held && m.From == mute && m.Type == event.AppendEntries && m.Reply && m.OK && m.Term == term
	})
	if i < 0 || s.Node(led).Term <= term {
		t.Fatalf("no answer of term %d waits: %+v", term, s.Messages)
	}
	from := s.Seq
	l.ok(event.Command{Kind: event.Deliver, Message: s.Messages[i].ID})
	delivered := func(e event.Event) bool { return e.Kind == event.Delivered && e.Msg == s.Messages[i].ID }
	l.wait("it has arrived", func(*view.State) bool { return slices.ContainsFunc(l.events(from), delivered) })
	for _, e := range l.events(from) {
		if e.Kind == event.MatchSet && e.Node == led && e.Peer == mute {
			t.Errorf("it believes now that %v matches up to %d", mute, e.Index)
		}
	}
	l.ok(event.Command{Kind: event.Heal})
	l.settle(3)
}
