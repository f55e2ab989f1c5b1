package lessons

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// theory is a lesson with a step of every kind.
const theory = `---
id: t01
title: Theory
track: A
minutes: 3
nodes: 3
forbid: [wipe]
remember:
  - One.
  - Two.
misconception: none
authority: nobody
read:
  - {text: The paper, url: "https://raft.github.io/raft.pdf"}
summary:
  - "Revision {{ revision }} was reached."
---
Welcome.

## What will happen?

Think first.

` + "```step" + `
kind: predict
answers:
  - {text: It stops, say: No.}
  - {text: It goes on, right: true, say: Yes.}
` + "```" + `

It goes on.

## Kill n1

Do it.

` + "```step" + `
kind: act
check: node.n1.up == false
highlight: [n1]
hints:
  - Click n1.
  - Press K.
  - say: That was {{ nodes.filter(n, !n.up)[0].id }}, not n1.
    when: nodes.exists(n, !n.up && n.id != "n1")
solve: [kill n1]
wrong:
  - do: [kill n2]
    hint: 3
` + "```" + `

It is down, and {{ nodes.filter(n, n.up).size() }} still run.

## See a new leader

Wait for one.

` + "```step" + `
kind: observe
begin: [freeze, thaw]
check: events.exists(e, e.kind == "role-changed" && e.role == "leader")
freeze: events.exists(e, e.kind == "role-changed" && e.role == "candidate")
hints: [Wait.]
` + "```" + `

## So that is why

Because of copies.

` + "```step" + `
kind: explain
` + "```" + `

## And with five?

Think of five nodes.

` + "```step" + `
kind: transfer
answers:
  - {text: Two may die, right: true}
  - {text: Three may die}
` + "```" + `
`

const freePlay = `---
id: play
title: Play
track: P
minutes: 1
nodes: 3
order: any
---
Try.

## Put

Put something.

` + "```step" + `
kind: act
check: ops.exists(o, o.kind == "put" && o.outcome == "ok")
hints: [Put.]
try: put pizza 4
label: Put
solve: [put pizza 4]
` + "```" + `

## Kill the leader

Kill it.

` + "```step" + `
kind: act
check: ops.exists(o, o.kind == "kill")
hints: [Kill.]
try: "kill {{ leader.id }}"
label: Kill
solve: ["kill {{ leader.id }}"]
` + "```" + `
`

// fakeRoom folds the facts that a test tells, and shows them to its class as a cluster does.
type fakeRoom struct {
	class *Class

	mu     sync.Mutex
	state  view.State
	op     uint64
	staged []string
	refuse error
	froze  int
}

func (f *fakeRoom) tell(events ...event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.record(events...)
}

func (f *fakeRoom) record(events ...event.Event) {
	for _, e := range events {
		e.Seq, e.At = f.state.Seq+1, f.state.At+1000
		f.state.Apply(e)
		f.state.Seq, f.state.At = e.Seq, e.At
		if f.class.Fold(&f.state, e) {
			f.froze++
			f.record(event.Event{Kind: event.RateSet})
		}
	}
}

// tick lets time go on without events.
func (f *fakeRoom) tick(now event.Micros) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.class.Tick(now, &f.state)
}

func (f *fakeRoom) State() view.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state.Clone()
}

func (f *fakeRoom) Do(_ context.Context, c event.Command) event.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.op++
	f.record(event.Event{Kind: event.Asked, Op: f.op, Command: c.Kind, Node: c.Node, Key: c.Key})
	// the other commands do nothing here
	//exhaustive:ignore
	switch c.Kind {
	case event.Kill:
		f.record(event.Event{Kind: event.Stopped, Node: c.Node, Reason: event.Killed})
	case event.Freeze:
		f.record(event.Event{Kind: event.RateSet})
	case event.Thaw:
		f.record(event.Event{Kind: event.RateSet, Factor: event.One})
	}
	f.record(event.Event{Kind: event.Answered, Op: f.op, Command: c.Kind, Node: c.Node, Outcome: event.OK})
	return event.Result{Op: f.op, Kind: c.Kind, Outcome: event.OK}
}

func (f *fakeRoom) Stage(l *Lesson) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.staged = append(f.staged, l.ID)
	if f.refuse != nil {
		return f.refuse
	}
	f.furnish(l.Nodes)
	return nil
}

func (f *fakeRoom) furnish(nodes int) {
	f.state = view.State{}
	f.record(event.Event{Kind: event.RateSet, Factor: event.One})
	for i := range nodes {
		f.record(event.Event{Kind: event.MachineAdded, Node: event.NodeID(i + 1)}, event.Event{Kind: event.Started, Node: event.NodeID(i + 1)})
	}
	f.record(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 1})
}

// desk is a class in a fake room, its clock, and what a test says to them.
type desk struct {
	*testing.T
	class *Class
	room  *fakeRoom
	now   time.Time
}

func newDesk(t *testing.T, first, file string) *desk {
	d := &desk{T: t, now: time.Unix(1_000_000, 0)}
	d.class = NewClass(ClassOptions{Library: library(t, theory, freePlay), File: file, Now: func() time.Time { return d.now },
		Warn: func(err error) { t.Errorf("warned: %v", err) }})
	d.room = &fakeRoom{class: d.class}
	d.room.furnish(3)
	d.must(d.class.Enter(d.room, first))
	t.Cleanup(func() { d.class.Close() })
	return d
}

func library(t *testing.T, files ...string) *Library {
	t.Helper()
	dir := fstest.MapFS{}
	for i, f := range files {
		dir[fmt.Sprintf("l%d.md", i)] = &fstest.MapFile{Data: []byte(f)}
	}
	l, err := Load(Source{FS: dir, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) refused(err error, words string) {
	d.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		d.Fatalf("got %v, want a refusal with %q", err, words)
	}
}

// say is what one viewer says; the class must take it.
func (d *desk) say(viewer, words string) {
	d.Helper()
	d.must(d.class.Learn(viewer, words))
}

// at wants the open step to be n, from 1.
func (d *desk) at(n int) {
	d.Helper()
	for i, st := range d.class.Panel("").Steps {
		if want := map[bool]StepState{true: StepDone, false: StepOpen}[i+1 < n]; i+1 != n && st.State != want {
			d.Fatalf("step %d is %s, want %s", i+1, st.State, want)
		} else if i+1 == n && st.State != StepNow {
			d.Fatalf("step %d is %s, want it open", n, st.State)
		}
	}
}

// settled waits until the lesson has done what it does itself.
func (d *desk) settled() {
	d.Helper()
	for !d.class.Ready() {
		select {
		case <-d.class.Changed():
		case <-time.After(10 * time.Second):
			d.Fatal("the lesson does not finish what it does itself")
		}
	}
}

func TestLessonGoesByFacts(t *testing.T) {
	d := newDesk(t, "t01", "")
	d.at(1)
	d.refused(d.class.Learn("ann", "next"), "when it has happened")
	d.refused(d.class.Learn("ann", "answer 3"), "from 1 to 2")
	d.say("ann", "answer 1")
	d.at(2)
	p := d.class.Panel("ann")
	if a := p.Steps[0].Answers; !a[0].Picked || a[0].Right || !a[1].Right || a[0].Count != 1 || !strings.Contains(string(a[0].Say), "No.") {
		t.Errorf("the answers are not explained: %+v", a)
	}
	if p.Marks != "n1" || p.Denied != "wipe" {
		t.Errorf("marks %q, denied %q", p.Marks, p.Denied)
	}
	d.refused(d.class.Learn("ann", "next"), "when it has happened")
	d.room.tell(event.Event{Kind: event.Sent, Node: 2, Peer: 3, Type: event.Heartbeat}, event.Event{Kind: event.TimerSet, Node: 3})
	d.at(2)
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.settled()
	d.at(3)
	if why := string(d.class.Panel("ann").Steps[1].Why); !strings.Contains(why, "2 still run") {
		t.Errorf("the explanation does not take its number from the room: %s", why)
	}
	d.room.tell(event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Candidate, Term: 2})
	if d.room.froze != 1 {
		t.Errorf("the room was frozen %d times", d.room.froze)
	}
	d.room.Do(t.Context(), event.Command{Kind: event.Thaw})
	d.room.tell(event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Leader, Term: 2})
	d.at(4)
	d.say("ann", "next")
	d.now = d.now.Add(4 * time.Minute)
	d.say("ann", "answer 1")
	end := d.class.Panel("ann").End
	if end == nil || end.Right != 1 || end.Asked != 2 || end.Minutes != 4 || len(end.Facts) != 1 || len(end.Remember) != 2 {
		t.Fatalf("the ending is %+v", end)
	}
	if !strings.Contains(end.Share, "1 of 2 predictions right") || !strings.Contains(end.Share, "Revision 0 was reached.") {
		t.Errorf("what is shared says %q", end.Share)
	}
	d.refused(d.class.Learn("ann", "next"), "finished")
}

func TestLessonsOwnDoingIsNotTheLearners(t *testing.T) {
	own := strings.Replace(theory, "check: events.exists(e, e.kind == \"role-changed\" && e.role == \"leader\")", "check: ops.exists(o, o.kind == \"thaw\")", 1)
	l := library(t, own, freePlay)
	d := newDesk(t, "t01", "")
	d.class.library = l
	d.must(d.class.Open("t01"))
	d.say("ann", "answer 1")
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.settled()
	d.room.tell(event.Event{Kind: event.LeaderSeen, Node: 3})
	d.at(3)
	d.room.Do(t.Context(), event.Command{Kind: event.Thaw})
	d.room.tell(event.Event{Kind: event.LeaderSeen, Node: 3})
	d.at(4)
}

// In a room where nothing happens, time alone ends a lesson's own waiting, and has what was put off judged.
func TestQuietRoomIsJudgedAsTimeGoesOn(t *testing.T) {
	waits := strings.Replace(theory, "begin: [freeze, thaw]", "begin: [wait 2s]", 1)
	waits = strings.Replace(waits, `check: events.exists(e, e.kind == "role-changed" && e.role == "leader")`, `check: ops.exists(o, o.kind == "put" && o.outcome == "ok")`, 1)
	d := newDesk(t, "t01", "")
	d.class.library = library(t, waits, freePlay)
	d.must(d.class.Open("t01"))
	d.say("ann", "answer 1")
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.at(3)
	if d.class.Ready() {
		t.Fatal("the lesson does not wait")
	}
	now := d.room.State().At
	for !d.class.Ready() {
		now += 100_000
		d.room.tick(now)
	}
	d.room.Do(t.Context(), event.Command{Kind: event.Get, Key: "x"}) // looked at, so that what follows is put off
	d.room.Do(t.Context(), event.Command{Kind: event.Put, Key: "x"})
	d.at(3)
	d.room.tick(now + 2*judgeLatest)
	d.at(4)
}

// What freezes the room may have come about while the lesson did something itself, or between two events: the next one freezes it.
func TestAMomentThatTimeAloneSawFreezesTheRoom(t *testing.T) {
	waits := strings.Replace(theory, "begin: [freeze, thaw]", "begin: [wait 2s]", 1)
	waits = strings.Replace(waits, `freeze: events.exists(e, e.kind == "role-changed" && e.role == "candidate")`, `freeze: nodes.exists(n, n.id == "n3" && !n.up)`, 1)
	d := newDesk(t, "t01", "")
	d.class.library = library(t, waits, freePlay)
	d.must(d.class.Open("t01"))
	d.say("ann", "answer 1")
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.at(3)
	d.room.tell(event.Event{Kind: event.Stopped, Node: 3, Reason: event.Killed})
	now := d.room.State().At
	for !d.class.Ready() {
		now += 100_000
		d.room.tick(now)
	}
	if d.room.tick(now + 2*judgeLatest); d.room.froze != 0 {
		t.Fatal("time alone freezes no room")
	}
	d.room.tell(event.Event{Kind: event.TimerSet, Node: 2}, event.Event{Kind: event.TimerSet, Node: 2})
	if d.room.froze != 1 {
		t.Errorf("the room was frozen %d times", d.room.froze)
	}
}

func TestHintsUnfold(t *testing.T) {
	d := newDesk(t, "t01", "")
	d.say("ann", "answer 2")
	unfolded := func(want ...int) {
		t.Helper()
		if got := d.class.Status()[1].Unfolded; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("hints %v, want %v", got, want)
		}
	}
	unfolded()
	for range troubleAfter {
		d.room.Do(t.Context(), event.Command{Kind: event.Get, Key: "x"})
	}
	unfolded(1)
	d.say("bob", "hint")
	unfolded(1, 2)
	d.refused(d.class.Learn("bob", "hint"), "no further hint")
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 3})
	unfolded(1, 2, 3)
	if h := d.class.Panel("ann").Steps[1].Hints[2]; !strings.Contains(string(h), "That was n3") {
		t.Errorf("the hint says %s", h)
	}
	d.at(2)
}

func TestControlIsOnes(t *testing.T) {
	d := newDesk(t, "t01", "")
	leaveAnn := d.class.Join("ann")
	d.class.Join("bob")
	put, get := event.Command{Kind: event.Put, Key: "x"}, event.Command{Kind: event.Get, Key: "x"}
	d.must(d.class.Admit("ann", put))
	d.refused(d.class.Admit("bob", put), "somebody else acts")
	d.must(d.class.Admit("bob", get))
	d.refused(d.class.Admit("", event.Command{Kind: event.Wipe, Node: 1}), "does without wipe")
	d.must(d.class.Admit("", put))

	d.say("bob", "answer 1")
	d.say("ann", "answer 2")
	d.at(1)
	d.refused(d.class.Learn("bob", "answer 2"), "locked in")
	d.refused(d.class.Learn("bob", "reveal"), "somebody else acts")
	if a := d.class.Panel("bob").Steps[0].Answers; a[1].Right || a[0].Count != 0 || !a[0].Picked {
		t.Errorf("answers are shown before they are revealed: %+v", a)
	}
	d.say("ann", "reveal")
	d.at(2)
	if a := d.class.Panel("bob").Steps[0].Answers; a[0].Count != 1 || a[1].Count != 1 || !a[1].Right {
		t.Errorf("the distribution is not shown: %+v", a)
	}

	d.refused(d.class.Learn("ann", "control give"), "nobody has asked")
	d.say("bob", "control ask")
	if p := d.class.Panel("ann"); p.Wants != 1 || !p.Holder {
		t.Errorf("the holder does not see who asks: %+v", p)
	}
	d.say("ann", "control give")
	d.must(d.class.Admit("bob", put))
	d.refused(d.class.Admit("ann", put), "somebody else acts")
	d.say("ann", "control ask")
	d.say("bob", "control give")

	leaveAnn()
	leaveAnn() // counts once
	d.refused(d.class.Admit("bob", put), "somebody else acts")
	d.now = d.now.Add(Grace)
	d.must(d.class.Admit("bob", put))
	d.class.Join("ann")
	d.refused(d.class.Admit("ann", put), "somebody else acts")
}

func TestReloadKeepsControl(t *testing.T) {
	d := newDesk(t, "t01", "")
	leave := d.class.Join("ann")
	d.class.Join("bob")
	leave()
	d.now = d.now.Add(Grace - 1)
	d.class.Join("ann")
	d.now = d.now.Add(time.Hour)
	d.refused(d.class.Admit("bob", event.Command{Kind: event.Heal}), "somebody else acts")
}

func TestFreePlayIsEverybodys(t *testing.T) {
	d := newDesk(t, "", "")
	d.class.Join("ann")
	d.class.Join("bob")
	d.must(d.class.Admit("bob", event.Command{Kind: event.Wipe, Node: 1}))
	d.refused(d.class.Learn("ann", "control take"), "free play")
	p := d.class.Panel("ann")
	if p.Steps[1].Do != "kill n2" || p.NextID != "t01" {
		t.Errorf("the second thing to try is %q, the first lesson %q", p.Steps[1].Do, p.NextID)
	}
	changed := d.class.Changed()
	d.room.tell(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed}, event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Leader, Term: 2})
	<-changed
	if p := d.class.Panel("ann"); p.Steps[1].Do != "kill n3" {
		t.Errorf("what to try does not follow the room: %q", p.Steps[1].Do)
	}
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 3})
	d.room.tell(event.Event{Kind: event.LeaderSeen, Node: 1})
	if p := d.class.Panel("ann"); p.Steps[0].State != StepNow || p.Steps[1].State != StepDone {
		t.Errorf("steps without order are %s, %s", p.Steps[0].State, p.Steps[1].State)
	}
	d.say("ann", "restart")
	if p := d.class.Panel("ann"); p.Done != 0 || len(d.room.staged) != 0 {
		t.Errorf("starting over: %d done, staged %v", p.Done, d.room.staged)
	}
}

func TestLessonIsStagedAndLeft(t *testing.T) {
	d := newDesk(t, "", "")
	d.class.Join("ann")
	d.class.Join("bob")
	d.refused(d.class.Learn("ann", "open zz"), `no lesson "zz"`)
	d.say("bob", "open t01")
	if p := d.class.Panel("bob"); !p.Holder || p.Lesson != "t01" || fmt.Sprint(d.room.staged) != "[t01]" {
		t.Errorf("bob opened the lesson: %+v, staged %v", p, d.room.staged)
	}
	d.refused(d.class.Learn("ann", "restart"), "somebody else acts")
	d.say("bob", "answer 2")
	d.say("bob", "reveal")
	d.say("bob", "restart")
	d.at(1)
	d.say("bob", "leave")
	if p := d.class.Panel("ann"); p.Lesson != FreePlay || p.Held {
		t.Errorf("free play is %+v", p)
	}
	d.room.refuse = errors.New("the disk is full")
	d.refused(d.class.Learn("ann", "open t01"), "disk is full")
	if p := d.class.Panel("ann"); p.Lesson != FreePlay || !strings.Contains(p.Trouble, "disk is full") {
		t.Errorf("after a failed staging: %q in %q", p.Trouble, p.Lesson)
	}
}

func TestProgressSurvives(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lesson.json")
	d := newDesk(t, "t01", file)
	d.class.Join("ann")
	d.say("ann", "answer 2")
	d.say("ann", "hint")
	d.must(d.class.Close())

	again := newDesk(t, "play", file)
	again.at(2)
	p := again.class.Panel("ann")
	if p.Lesson != "t01" || len(p.Steps[1].Hints) != 1 || !p.Steps[0].Answers[1].Picked || p.Steps[0].Why == "" {
		t.Errorf("progress is lost: %+v", p)
	}
	again.refused(again.class.Admit("bob", event.Command{Kind: event.Heal}), "somebody else acts")
	again.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	again.settled()
	again.at(3)
}

func TestChangedOrDamagedProgressBeginsAnew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lesson.json")
	d := newDesk(t, "t01", file)
	d.say("ann", "answer 2")
	d.must(d.class.Close())

	changed := NewClass(ClassOptions{Library: library(t, theory+"\nMore.\n", freePlay), File: file})
	room := &fakeRoom{class: changed}
	room.furnish(3)
	d.must(changed.Enter(room, ""))
	if p := changed.Panel(""); p.Done != 0 || p.Lesson != "t01" || !strings.Contains(p.Trouble, "has changed") {
		t.Errorf("a lesson whose file changed: %d done, %q", p.Done, p.Trouble)
	}
	d.must(changed.Close())

	d.must(os.WriteFile(file, []byte(`{"version":1,`), 0o600))
	var warned error
	damaged := NewClass(ClassOptions{Library: library(t, theory, freePlay), File: file, Warn: func(err error) { warned = err }})
	room = &fakeRoom{class: damaged}
	room.furnish(3)
	d.must(damaged.Enter(room, ""))
	if p := damaged.Panel(""); p.Lesson != FreePlay || warned == nil || !strings.Contains(warned.Error(), "damaged") {
		t.Errorf("damaged progress: %q, warned %v", p.Lesson, warned)
	}
	d.must(damaged.Close())
}

func TestBoundsOfAClass(t *testing.T) {
	d := newDesk(t, "t01", "")
	d.class.Join("holder")
	d.class.Join("other")
	for i := range MaxPicks {
		d.say(fmt.Sprint("v", i), "answer 1")
	}
	d.refused(d.class.Learn("late", "answer 1"), "are not kept")
	d.say("holder", "reveal")
	d.room.Do(t.Context(), event.Command{Kind: event.Kill, Node: 1})
	d.settled()
	for i := range 2 * MaxEvents {
		d.room.tell(event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Follower, Term: uint64(i + 2)})
	}
	if f := d.class.Facts(2); len(f.Events) != MaxEvents || f.Events[MaxEvents-1].Term != 2*MaxEvents+1 {
		t.Errorf("%d events are kept, the last of term %d", len(f.Events), f.Events[len(f.Events)-1].Term)
	}
	for i := range MaxPeople + 10 {
		d.class.Join(fmt.Sprint("w", i))
	}
	if n := d.class.Panel("").Viewers; n != MaxPeople {
		t.Errorf("%d people are told apart, the bound is %d", n, MaxPeople)
	}
}

// BenchmarkFold judges a lesson in a busy room: 2,000 events a second may cost 1 % of a core, 5 µs each.
func BenchmarkFold(b *testing.B) {
	d := newDesk(&testing.T{}, "play", "")
	d.class.o.Now = time.Now
	// Two steps wait for commands, of which the room sees hundreds.
	kinds := []event.Kind{event.Sent, event.Delivered, event.Appended, event.Fsynced, event.Sent, event.Delivered, event.MatchSet, event.Committed, event.Applied, event.Asked, event.Answered}
	s := &d.room.state
	op := uint64(1 << 20)
	for b.Loop() {
		e := event.Event{Kind: kinds[s.Seq%uint64(len(kinds))], Seq: s.Seq + 1, At: s.At + 500, Node: 2, Peer: 3, Op: op, Outcome: event.OK}
		if e.Kind == event.Asked {
			op++
		}
		s.Apply(e)
		s.Seq, s.At = e.Seq, e.At
		d.class.Fold(s, e)
	}
}
