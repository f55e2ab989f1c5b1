package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// schoolDir has the lesson of these tests, x01.
const schoolDir = "testdata/lessons"

// newSchoolHouse is a house whose rooms are taught from schoolDir.
func newSchoolHouse(t testing.TB, o lobby.Options, wish string) *house {
	t.Helper()
	s := newSchool(schoolDir)
	var err error
	if o.Lessons, err = s.load(); err != nil {
		t.Fatal(err)
	}
	return newHouseOf(t, newRooms(func() *exec.Cmd { return quorumlab(s.args()...) }), o, wish)
}

// pupil is a browser that watches a room.
type pupil struct {
	t      testing.TB
	conn   *websocket.Conn
	state  view.State
	epoch  uint64
	lesson event.Lesson
	orders uint64
}

// enrol opens the websocket at the address as the viewer with this token and waits for the first picture.
func enrol(t testing.TB, socket, token string) *pupil {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(socket, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	p := &pupil{t: t, conn: conn}
	p.send(event.Frame{Type: event.FrameHello, Version: event.WireVersion, Text: token})
	p.until("the first picture", func() bool { return p.epoch != 0 && p.lesson.ID != "" })
	return p
}

func (p *pupil) send(f event.Frame) {
	p.t.Helper()
	if err := p.conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &f)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pupil) say(words string) {
	p.t.Helper()
	p.send(event.Frame{Type: event.FrameLearn, Text: words})
}

// until reads frames until ok holds.
func (p *pupil) until(what string, ok func() bool) {
	p.t.Helper()
	for !ok() {
		if f := p.next(what); f.Type == event.FrameNotice {
			p.t.Fatalf("waiting for %s: %s", what, f.Text)
		}
	}
}

// next reads a frame and folds it as a page does.
func (p *pupil) next(what string) event.Frame {
	p.t.Helper()
	_, b, err := p.conn.ReadMessage()
	if err != nil {
		p.t.Fatalf("waiting for %s: %v; the panel is %s", what, err, p.lesson.HTML)
	}
	f, err := event.DecodeFrame(b)
	if err != nil {
		p.t.Fatal(err)
	}
	// the other frames say nothing about the room
	//exhaustive:ignore
	switch f.Type {
	case event.FrameLesson:
		p.lesson = f.Lesson
	case event.FrameCheckpoint:
		p.state, p.epoch = view.State{}, f.Epoch
		for _, e := range f.Events {
			p.state.Apply(e)
		}
		p.state.Seq = f.Seq
	case event.FrameEvents:
		if len(f.Events) > 0 && f.Seq != p.state.Seq+1 {
			p.t.Fatalf("after fact %d comes %d", p.state.Seq, f.Seq)
		}
		for i, e := range f.Events {
			e.Seq = f.Seq + uint64(i)
			p.state.Apply(e)
		}
	}
	return f
}

// order has a command done and returns how it ended.
func (p *pupil) order(c event.Command) (r event.Result) {
	p.t.Helper()
	p.orders++
	c.ID = p.orders
	p.send(event.Frame{Type: event.FrameOrder, Command: c})
	for r.ID != c.ID {
		r = p.next("an answer").Result
	}
	return r
}

// refusal waits for what the lesson says to words that it does not take.
func (p *pupil) refusal() string {
	p.t.Helper()
	for {
		if f := p.next("a refusal"); f.Type == event.FrameNotice && f.Code == "lesson" {
			return f.Text
		}
	}
}

func (p *pupil) shows(text string) func() bool {
	return func() bool { return strings.Contains(p.lesson.HTML, text) }
}

func (h *house) socket() string {
	return strings.Replace(h.url, "http", "ws", 1) + "/r/" + h.room[strings.LastIndexByte(h.room, '/')+1:] + "/ws"
}

// panel is what a room says of its lesson over HTTP.
func panel(t testing.TB, room string) (p lessons.Panel) {
	t.Helper()
	get(t, room+"/lesson", &p)
	return p
}

func TestLessonOpensWithItsPreparedRoom(t *testing.T) {
	h := newHouse(t, lobby.Options{Lessons: embedded(t)}, "")
	for _, id := range []string{"a07", "a07", "a04"} { // the first finds no process in reserve, or one that still loads
		began := time.Now()
		room := h.open("/lessons/" + id)
		h.room = h.url + "/api/rooms/" + room
		p := enrol(t, h.socket(), "anna")
		took := time.Since(began)
		if p.lesson.ID != id || p.state.Leader() == nil || p.lesson.Steps == 0 {
			t.Errorf("%s: the room has lesson %q and leader %v", id, p.lesson.ID, p.state.Leader())
		}
		t.Logf("%s: first picture after %v", id, took.Round(time.Millisecond))
		if took > 10*time.Second && !raceEnabled { // a busy machine's allowance; alone it is well below 1.5 s
			t.Errorf("%s: the first picture took %v", id, took)
		}
	}
}

func embedded(t testing.TB) *lessons.Library {
	t.Helper()
	l, err := lessons.Load(lessons.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestClassTakesALessonTogether is two people in one room: who came first acts, the other predicts along.
func TestClassTakesALessonTogether(t *testing.T) {
	h := newSchoolHouse(t, lobby.Options{}, `{"lesson":"x01"}`)
	first := enrol(t, h.socket(), "first")
	first.until("control", first.shows("A lesson for tests"))
	second := enrol(t, h.socket(), "second")
	second.until("that somebody else acts", second.shows("Somebody else acts"))
	first.until("that it holds control", first.shows("You hold control"))
	put := event.Command{Kind: event.Put, Key: "x", Value: "2"}
	if r := second.order(put); r.Outcome != event.Failed || !strings.Contains(r.Error, "ask for control") {
		t.Errorf("the second one's put: %+v", r)
	}
	second.say("reveal")
	if said := second.refusal(); !strings.Contains(said, "ask for control") {
		t.Errorf("revealing without control: %s", said)
	}
	first.say("answer 1")
	second.say("answer 2")
	await(t, "both have answered", func() bool { return panel(t, h.room).Steps[0].Count == 2 })
	for _, p := range []*pupil{first, second} {
		p.until("its own answer", p.shows(`aria-pressed="true"`))
		if strings.Contains(p.lesson.HTML, `data-right="true"`) {
			t.Error("the answer is shown before it is revealed")
		}
	}
	first.say("reveal")
	for _, p := range []*pupil{first, second} {
		p.until("the distribution", func() bool { return strings.Contains(p.lesson.HTML, `data-right="true"`) && p.lesson.Done == 1 })
		if n := strings.Count(p.lesson.HTML, `width="50"`); n < 2 {
			t.Errorf("%d answers have half of the votes: %s", n, p.lesson.HTML)
		}
	}
	first.conn.Close()
	await(t, "the first has left", func() bool { return panel(t, h.room).Viewers == 1 })
	await(t, "the second can go on", func() bool { return second.order(put).Outcome == event.OK })
	second.until("the next step", func() bool { return second.lesson.Done == 2 })
	second.say("next")
	second.until("the end", func() bool { return second.lesson.Done == 3 })
}

// TestRoomIsPreparedAnewUnderItsViewers opens another lesson in a room that people watch.
func TestRoomIsPreparedAnewUnderItsViewers(t *testing.T) {
	h := newSchoolHouse(t, lobby.Options{}, `{"nodes":5,"rate":1}`)
	anna := enrol(t, h.socket(), "anna")
	if anna.lesson.ID != "play" || len(anna.state.Nodes) != 5 {
		t.Fatalf("a room without a lesson has %q and %d nodes", anna.lesson.ID, len(anna.state.Nodes))
	}
	if r := anna.order(event.Command{Kind: event.Put, Key: "x", Value: "1"}); r.Outcome != event.OK {
		t.Fatalf("put: %+v", r)
	}
	facts, err := http.Get(h.room + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer facts.Body.Close()
	epoch := anna.epoch
	anna.say("open x01")
	var meanwhile sync.WaitGroup
	for range 8 { // whatever falls into the change waits for its end, or is told how it ended
		meanwhile.Go(func() {
			var r result
			if status, err := post(h.room+"/commands", `{"kind":"get","key":"seed"}`, &r); err != nil || status != http.StatusOK || r.Outcome == "" {
				t.Errorf("a command meanwhile: %d, %+v, %v", status, r, err)
			}
		})
	}
	anna.until("the other room", func() bool { return anna.epoch > epoch && anna.lesson.ID == "x01" })
	meanwhile.Wait()
	if len(anna.state.Nodes) != 3 || anna.state.Leader() == nil {
		t.Errorf("the room of the lesson has %d nodes and leader %v", len(anna.state.Nodes), anna.state.Leader())
	}
	lines := json.NewDecoder(facts.Body)
	for {
		var line struct {
			Kind  string
			Epoch uint64
			State struct{ Nodes []any }
		}
		if err := lines.Decode(&line); err != nil {
			t.Fatalf("the stream ended: %v", err)
		}
		if line.Kind == "checkpoint" && line.Epoch == anna.epoch && len(line.State.Nodes) == 3 {
			break
		}
	}
	r := anna.order(event.Command{Kind: event.Get, Prefix: true})
	if r.Outcome != event.OK || len(r.KVs) != 1 || r.KVs[0].Key != "seed" {
		t.Errorf("the store of the lesson has %+v", r)
	}
	if r := anna.order(event.Command{Kind: event.Wipe, Node: 2}); r.Outcome != event.Failed || !strings.Contains(r.Error, "does without wipe") {
		t.Errorf("wipe: %+v", r)
	}
	if r := anna.order(event.Command{Kind: event.Kill, Node: 5}); r.Outcome != event.Failed || !strings.Contains(r.Error, "n5 is not in this room") {
		t.Errorf("a machine of the room before: %+v", r)
	}
}

// TestProgressSurvivesKillsAndTheServersRestart does a step, kills the room with -9, does another, and starts the server again.
func TestProgressSurvivesKillsAndTheServersRestart(t *testing.T) {
	data := t.TempDir()
	s := startServe(t, "--data", data, "--lessons", schoolDir)
	var made struct{ ID string }
	if status, err := post(s.url+"api/rooms", `{"lesson":"x01"}`, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("no room: %d, %v", status, err)
	}
	room := func() string { return s.url + "api/rooms/" + made.ID }
	var p lessons.Panel
	if status, err := post(room()+"/lesson", `{"say":"answer 2"}`, &p); err != nil || status != http.StatusOK || p.Done != 1 {
		t.Fatalf("answer: %d, %v, %+v", status, err, p)
	}
	await(t, "it is on the disk", func() bool { return keptSteps(t, data, made.ID) == 1 })
	for _, pid := range children(t, s.cmd.Process.Pid) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	if p = panel(t, room()); p.Lesson != "x01" || p.Done != 1 {
		t.Errorf("after the kill: %+v", p)
	}
	var r result
	if _, err := post(room()+"/commands", `{"kind":"put","key":"x","value":"1"}`, &r); err != nil || r.Outcome != "ok" {
		t.Fatalf("put: %+v, %v", r, err)
	}
	await(t, "the put is judged", func() bool { p = panel(t, room()); return p.Done == 2 })
	if !strings.Contains(string(p.Steps[1].Why), "revision 3") {
		t.Errorf("the explanation: %s", p.Steps[1].Why)
	}
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v: %s", err, &s.stderr)
	}
	s = startServe(t, "--data", data, "--lessons", schoolDir)
	if p = panel(t, room()); p.Lesson != "x01" || p.Done != 2 || !strings.Contains(string(p.Steps[1].Why), "revision 3") {
		t.Errorf("after the restart: %+v", p)
	}
	s.cmd.Process.Signal(os.Interrupt)
	s.cmd.Wait() // its rooms write until then
}

// keptSteps is how many steps a room's progress file has as done.
func keptSteps(t testing.TB, data, id string) (n int) {
	t.Helper()
	var kept struct{ Steps []struct{ Done bool } }
	b, err := os.ReadFile(filepath.Join(data, id, progressFile))
	if err != nil || json.Unmarshal(b, &kept) != nil {
		return 0
	}
	for _, s := range kept.Steps {
		if s.Done {
			n++
		}
	}
	return n
}

func TestBrokenLessonsStopTheServer(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"one.md": "---\nid: a99\ncolour: red\n---\n", "two.md": "no header"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := quorumlab("serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--lessons", dir).CombinedOutput()
	exit, ok := err.(*exec.ExitError)
	if !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), "one.md:3") || !strings.Contains(string(out), "two.md:1") {
		t.Errorf("%v: %s", err, out)
	}
	out, _ = quorumlab("serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--lessons", filepath.Join(dir, "nowhere")).CombinedOutput()
	if !strings.Contains(string(out), "nowhere") || strings.Contains(string(out), "goroutine") {
		t.Errorf("a directory that is not there: %s", out)
	}
}

// TestRoomWhoseLessonIsBrokenWaits breaks the only file of a room's lesson while the room sleeps.
func TestRoomWhoseLessonIsBrokenWaits(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(schoolDir, "x01.md"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "x01.md")
	write := func(text []byte) {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(text)
	warned := 0
	warn := func(error) { warned++ }
	s := newRoomSchool(dir)
	if _, err := s.libraryWith("x01", warn); err != nil || warned != 0 {
		t.Fatal(err)
	}
	write([]byte("---\nbroken"))
	if l, err := s.libraryWith("x01", warn); err != nil || l.Lesson("x01") == nil || warned != 1 {
		t.Errorf("a process that has seen it whole: %v, %d warnings", err, warned)
	}
	late := newRoomSchool(dir)
	if _, err := late.libraryWith("x01", warn); err == nil || !strings.Contains(err.Error(), "x01.md:") {
		t.Errorf("a process that has not: %v", err)
	}
	if l, err := late.libraryWith("a01", warn); err != nil || l.Lesson("a01") == nil || warned != 2 {
		t.Errorf("a room with another lesson: %v, %d warnings", err, warned)
	}
	write(text)
	if l, err := late.libraryWith("x01", warn); err != nil || l.Lesson("x01") == nil {
		t.Errorf("mended: %v", err)
	}
}

func TestRoomTellsItsArguments(t *testing.T) {
	if got := newSchool("").args(); !slices.Equal(got, []string{"room"}) {
		t.Errorf("without a directory: %v", got)
	}
	if got := fmt.Sprint(newSchool("dir").args()); got != "[room --lessons dir]" {
		t.Errorf("with one: %v", got)
	}
}

// get asks for JSON.
func get(t testing.TB, url string, to any) (status int) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(to); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}
