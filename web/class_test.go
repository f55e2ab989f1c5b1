package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// fakeClass is a lesson of one question that everybody in the room may answer; it does without wipe.
type fakeClass struct {
	mu      sync.Mutex
	here    map[string]int
	picks   map[string]string
	title   string
	changed chan struct{}
}

func newFakeClass() *fakeClass {
	return &fakeClass{here: map[string]int{}, picks: map[string]string{}, title: "A question", changed: make(chan struct{})}
}

// change does something and tells that it did.
func (f *fakeClass) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *fakeClass) Join(viewer string) (leave func()) {
	f.change(func() { f.here[viewer]++ })
	return func() { f.change(func() { f.here[viewer]-- }) }
}

func (f *fakeClass) Learn(viewer, words string) error {
	answer, ok := strings.CutPrefix(words, "answer ")
	if !ok {
		return errors.New("this lesson hears only answers")
	}
	f.change(func() { f.picks[viewer] = answer })
	return nil
}

func (f *fakeClass) Admit(viewer string, c event.Command) error {
	if c.Kind == event.Wipe {
		return errors.New("the lesson does without wipe")
	}
	return nil
}

func (f *fakeClass) Panel(viewer string) lessons.Panel {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := lessons.Panel{Lesson: "a01", Title: f.title, Denied: "wipe", Marks: "n2", Said: fmt.Sprint(len(f.picks), " have answered")}
	_, locked := f.picks[viewer]
	p.Steps = []lessons.PanelStep{{Number: 1, Kind: lessons.Predict, State: lessons.StepNow, Prose: template.HTML("Who <b>leads</b>?"), Locked: locked, Count: len(f.picks)}}
	return p
}

func (f *fakeClass) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changed
}

func (f *fakeClass) present(viewer string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.here[viewer]
}

func (f *fakeClass) answers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.picks)
}

// enrol opens a websocket as the viewer with this token.
func (h *house) enrol(token string) *websocket.Conn {
	h.t.Helper()
	conn := h.dial()
	h.send(conn, event.Frame{Type: event.FrameHello, Version: event.WireVersion, Text: token})
	return conn
}

func TestViewerIsShownTheLessonAndEveryChangeOfIt(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	conn := h.enrol("anna_1-Z")
	l := h.receive(conn, event.FrameLesson).Lesson
	if l.ID != "a01" || !strings.Contains(l.HTML, "A question") || l.Marks != "n2" || l.Denied != "wipe" || l.Steps != 1 {
		t.Errorf("the first panel: %+v", l)
	}
	class.change(func() { class.title = "Another" })
	if l := h.receive(conn, event.FrameLesson).Lesson; !strings.Contains(l.HTML, "Another") {
		t.Errorf("after a change: %+v", l)
	}
	if class.present("anna_1-Z") != 1 {
		t.Errorf("the class has %v", class.here)
	}
	conn.Close()
	await(t, func() bool { return class.present("anna_1-Z") == 0 })
}

func TestViewerWithoutANameIsGivenOne(t *testing.T) {
	for name, c := range map[string]struct{ token, says string }{
		"none":      {"", ""},
		"too long":  {strings.Repeat("a", TokenBytes+1), "takes you for somebody else"},
		"odd signs": {"<b>", "takes you for somebody else"},
	} {
		t.Run(name, func(t *testing.T) {
			class := newFakeClass()
			h := newSchool(t, Limits{}, class)
			conn := h.enrol(c.token)
			if c.says != "" {
				if n := h.receive(conn, event.FrameNotice); n.Code != CodeLesson || !strings.Contains(n.Text, c.says) {
					t.Errorf("notice: %+v", n)
				}
			}
			h.receive(conn, event.FrameLesson)
			class.mu.Lock()
			defer class.mu.Unlock()
			if len(class.here) != 1 || class.here[c.token] != 0 {
				t.Errorf("the class has %v", class.here)
			}
		})
	}
}

func TestWordsToTheLesson(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	conn := h.enrol("anna")
	h.send(conn, event.Frame{Type: event.FrameLearn, Text: "answer 2"})
	for h.receive(conn, event.FrameLesson).Lesson.Said != "1 have answered" {
	}
	for words, says := range map[string]string{"dance": "hears only answers", "": "What shall", strings.Repeat("x", LearnBytes+1): "256 bytes"} {
		h.send(conn, event.Frame{Type: event.FrameLearn, Text: words})
		if n := h.receive(conn, event.FrameNotice); n.Code != CodeLesson || !strings.Contains(n.Text, says) {
			t.Errorf("%.20q: %+v", words, n)
		}
	}
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 3, Kind: event.Wipe, Node: 1}})
	if r := h.receive(conn, event.FrameAnswer).Result; r.ID != 3 || r.Outcome != event.Failed || !strings.Contains(r.Error, "does without wipe") {
		t.Errorf("wipe: %+v", r)
	}
	if h.cluster.requests() != 0 {
		t.Error("the room was asked")
	}
}

func TestWordsAreLimitedLikeOrders(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{Commands: 3}, class)
	conn := h.enrol("anna")
	for range 4 {
		h.send(conn, event.Frame{Type: event.FrameLearn, Text: "answer 1"})
	}
	if n := h.receive(conn, event.FrameNotice); !strings.Contains(n.Text, "at most 3") {
		t.Errorf("the fourth within a second: %+v", n)
	}
}

func TestRoomWithoutLessonsSaysSo(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.enrol("anna")
	h.send(conn, event.Frame{Type: event.FrameLearn, Text: "next"})
	if n := h.receive(conn, event.FrameNotice); n.Code != CodeLesson || !strings.Contains(n.Text, "without lessons") {
		t.Errorf("notice: %+v", n)
	}
	h.get("/lesson", http.StatusNotFound)
	h.ask(http.MethodPost, "/lesson", `{"say":"next"}`, http.StatusNotFound)
}

// TestAnswersOfAClassAreShownTogether has thirty people answer at once, again and again: whatever happens within
// lessonGather costs each of them one frame.
func TestAnswersOfAClassAreShownTogether(t *testing.T) {
	const people, rounds = 30, 4
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	began := time.Now()
	all := make([]*websocket.Conn, people)
	for i := range all {
		all[i] = h.enrol(fmt.Sprint("p", i))
		h.receive(all[i], event.FrameWelcome)
	}
	for round := range rounds {
		for _, conn := range all {
			h.send(conn, event.Frame{Type: event.FrameLearn, Text: fmt.Sprint("answer ", round)})
		}
	}
	await(t, func() bool { return class.answers() == people })
	class.change(func() { class.title = "The end" })
	var reading sync.WaitGroup
	frames := make([]int, people)
	for i, conn := range all {
		reading.Go(func() {
			for {
				_, b, err := conn.ReadMessage()
				if err != nil {
					t.Error(err)
					return
				}
				f, err := event.DecodeFrame(b)
				if err != nil {
					t.Error(err)
					return
				}
				if f.Type == event.FrameLesson {
					frames[i]++
					if strings.Contains(f.Lesson.HTML, "The end") {
						return
					}
				}
			}
		})
	}
	reading.Wait()
	most := 2 + int(time.Since(began)/lessonGather) // the welcome's, the first change's, and one for each pause after it
	for i, n := range frames {
		if n > most {
			t.Errorf("viewer %d got %d panels, at most %d may be", i, n, most)
		}
	}
	t.Logf("%d answers in %v: %v panels", people*rounds, time.Since(began), frames)
}

func TestPanelThatIsTheSameIsNotSentAgain(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	conn := h.enrol("anna")
	h.receive(conn, event.FrameLesson)
	class.change(func() {}) // something that this viewer does not see
	time.AfterFunc(2*lessonGather, func() { class.change(func() { class.title = "New" }) })
	if l := h.receive(conn, event.FrameLesson).Lesson; !strings.Contains(l.HTML, "New") {
		t.Errorf("the next panel: %+v", l)
	}
}

func TestLargeAudienceWaitsLongerForItsPanels(t *testing.T) {
	a := newAudience(3000)
	if a.gather() != lessonGather {
		t.Errorf("a small one waits %v", a.gather())
	}
	a.streams = 10 * manyLearners
	if a.gather() != 11*lessonGather {
		t.Errorf("%d wait %v", a.streams, a.gather())
	}
}

func TestLessonOverHTTP(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	var panel struct {
		Lesson, Title string
		Steps         []struct {
			Kind, State, Prose string
			Count              int
		}
	}
	if err := json.Unmarshal([]byte(h.get("/lesson", http.StatusOK)), &panel); err != nil || panel.Lesson != "a01" || panel.Steps[0].Prose != "Who <b>leads</b>?" {
		t.Errorf("panel: %+v, %v", panel, err)
	}
	if err := json.Unmarshal([]byte(h.ask(http.MethodPost, "/lesson", `{"say":"answer 1"}`, http.StatusOK)), &panel); err != nil || panel.Steps[0].Count != 1 {
		t.Errorf("after an answer: %+v, %v", panel, err)
	}
	for body, status := range map[string]int{`{"say":"dance"}`: 409, `{"say":""}`: 400, `{"say":7}`: 400, `{"shout":"next"}`: 400, `nonsense`: 400, ``: 400,
		`{"say":"` + strings.Repeat("x", LearnBytes+1) + `"}`: 400} {
		var f Fault
		if answer := h.ask(http.MethodPost, "/lesson", body, status); json.Unmarshal([]byte(answer), &f) != nil || f.Sentence == "" {
			t.Errorf("%.30s: %s", body, answer)
		}
	}
	var f Fault
	if err := json.Unmarshal([]byte(h.ask(http.MethodPost, "/commands", `{"kind":"wipe","node":"n1"}`, http.StatusConflict)), &f); err != nil || f.Code != CodeLesson {
		t.Errorf("wipe: %+v, %v", f, err)
	}
}

func TestDraftOverHTTP(t *testing.T) {
	h := newHouse(t, Limits{})
	h.ask(http.MethodPost, "/commands", `{"kind":"kill","node":"n2"}`, http.StatusOK)
	from := h.cluster.State().Seq + 1
	h.ask(http.MethodPost, "/commands", `{"kind":"kill","node":"n3"}`, http.StatusOK)
	all, later := h.get("/draft", http.StatusOK), h.get(fmt.Sprint("/draft?from=", from), http.StatusOK)
	for what, is := range map[string]bool{"all has n2": strings.Contains(all, "kill n2"), "all has n3": strings.Contains(all, "kill n3"),
		"later has no n2": !strings.Contains(later, "kill n2"), "later has n3": strings.Contains(later, "kill n3")} {
		if !is {
			t.Errorf("not so: %s\n%s\n%s", what, all, later)
		}
	}
	h.get("/draft?from=x", http.StatusBadRequest)
	h.get("/draft?since=1", http.StatusBadRequest)
}
