package lobby

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// lessonFile is a lesson of three nodes at real time.
const lessonFile = `---
id: %ID%
title: %TITLE%
track: A
minutes: 3
nodes: 3
rate: 1
remember:
  - One thing.
  - And another.
misconception: Nothing can be learnt from this.
authority: The author.
read:
  - text: More
    url: https://example.com/
---
A lesson for a test.

## Look

This is all there is.

` + "```step\nkind: explain\n```\n"

func writeLesson(t testing.TB, dir, id, title string) {
	t.Helper()
	text := strings.NewReplacer("%ID%", id, "%TITLE%", title).Replace(lessonFile)
	if err := os.WriteFile(filepath.Join(dir, id+".md"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// newSchool is a house whose lessons are in the directory.
func newSchool(t testing.TB, dir string, o Options) *house {
	t.Helper()
	library, err := lessons.Load(lessons.Dir(dir))
	if err != nil {
		t.Fatal(err)
	}
	o.Lessons = library
	return newHouse(t, o)
}

// assigned is what a room's record says.
func (h *house) assigned(id string) Record {
	h.t.Helper()
	r, err := readRecord(filepath.Join(h.lobby.options.Data, id))
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func TestLessonMakesARoomAndGoesThere(t *testing.T) {
	dir := t.TempDir()
	writeLesson(t, dir, "a01", "One")
	h := newSchool(t, dir, Options{})
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		r, _ := http.NewRequest(method, h.url+"/lessons/a01", nil)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if method == http.MethodHead {
			if n := h.lobby.count().rooms; n != 0 || response.StatusCode != http.StatusOK {
				t.Errorf("looking made %d rooms: %s", n, response.Status)
			}
			continue
		}
		id := strings.TrimPrefix(response.Request.URL.Path, "/r/")
		record := h.assigned(id)
		if response.StatusCode != http.StatusOK || record.Lesson != "a01" || record.Nodes != 3 || record.Rate != event.One || h.state(id).Lesson != "a01" {
			t.Errorf("%s: %+v, the room heard %+v", response.Status, record, h.state(id))
		}
	}
	for name, value := range map[string]string{"Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Dest": "image"} {
		r, _ := http.NewRequest(http.MethodGet, h.url+"/lessons/a01", nil)
		r.Header.Set(name, value)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s is answered with %s", name, value, response.Status)
		}
	}
	if n := h.lobby.count().rooms; n != 1 {
		t.Errorf("there are %d rooms", n)
	}
}

func TestRoomIsMadeWithALessonOverTheAPI(t *testing.T) {
	dir := t.TempDir()
	writeLesson(t, dir, "a01", "One")
	h := newSchool(t, dir, Options{})
	id := h.create(`{"lesson":"a01"}`)
	if r := h.assigned(id); r.Lesson != "a01" || r.Nodes != 3 || r.Rate != event.One {
		t.Errorf("record: %+v", r)
	}
	for body, says := range map[string]string{`{"lesson":"a01","nodes":5}`: "leave nodes and rate out", `{"lesson":"a01","rate":1}`: "leave nodes and rate out", `{"lesson":7}`: "lesson"} {
		if answer := h.ask(http.MethodPost, "/api/rooms", body, http.StatusBadRequest); !strings.Contains(answer, says) {
			t.Errorf("%s: %s", body, answer)
		}
	}
	if answer := h.ask(http.MethodPost, "/api/rooms", `{"lesson":"z99"}`, http.StatusNotFound); !strings.Contains(answer, "z99") {
		t.Errorf("an unknown lesson: %s", answer)
	}
	small := newSchool(t, dir, Options{Limits: DefaultOptions.Limits, Nodes: 1})
	small.lobby.options.Limits.Nodes = 2
	if answer := small.ask(http.MethodPost, "/api/rooms", `{"lesson":"a01"}`, http.StatusBadRequest); !strings.Contains(answer, "1 to 2 nodes") {
		t.Errorf("a lesson that is too large for the rooms: %s", answer)
	}
}

func TestUnknownLessonIsAPageWithAWayOut(t *testing.T) {
	h := newHouse(t, Options{})
	if answer := h.ask(http.MethodGet, "/lessons/z99", "", http.StatusNotFound); !strings.Contains(answer, `"code":"not-found"`) {
		t.Errorf("for a program: %s", answer)
	}
	if page := h.page("/lessons/z99", http.StatusNotFound); !strings.Contains(page, "z99") || !strings.Contains(page, `href="/lessons"`) {
		t.Errorf("for a person: %s", page)
	}
	if page := h.page("/lessons/%3Cscript%3E", http.StatusNotFound); strings.Contains(page, "<script>") {
		t.Errorf("the address is put into the page as it is: %s", page)
	}
}

// page asks as a browser does.
func (h *house) page(path string, want int) string {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != want {
		h.t.Errorf("%s: %s, %v", path, response.Status, err)
	}
	return string(b)
}

func TestListShowsTheFilesAsTheyAre(t *testing.T) {
	dir := t.TempDir()
	writeLesson(t, dir, "a01", "The first title")
	h := newSchool(t, dir, Options{})
	if page := h.page("/lessons", http.StatusOK); !strings.Contains(page, "The first title") || !strings.Contains(page, "Consensus") {
		t.Errorf("the list: %s", page)
	}
	writeLesson(t, dir, "a01", "Another title")
	writeLesson(t, dir, "a02", "A second lesson")
	if page := h.page("/lessons", http.StatusOK); !strings.Contains(page, "Another title") || !strings.Contains(page, "A second lesson") {
		t.Errorf("after the files changed: %s", page)
	}
	if err := os.WriteFile(filepath.Join(dir, "a02.md"), []byte("---\nid: a02\ncolour: red\n---\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := h.page("/lessons", http.StatusOK)
	if !strings.Contains(page, "A second lesson") || !strings.Contains(page, "a02.md:3") || !strings.Contains(page, "colour") {
		t.Errorf("with a broken file: %s", page)
	}
	h.create(`{"lesson":"a02"}`)
	writeLesson(t, dir, "a02", "A second lesson, mended")
	if page := h.page("/lessons", http.StatusOK); !strings.Contains(page, "mended") || strings.Contains(page, "colour") {
		t.Errorf("mended: %s", page)
	}
}

func TestRoomForgetsNoLessonWhenTheLobbyIsStartedAgain(t *testing.T) {
	dir, data := t.TempDir(), t.TempDir()
	writeLesson(t, dir, "a01", "One")
	first := newSchool(t, dir, Options{Data: data})
	id := first.create(`{"lesson":"a01"}`)
	first.lobby.Close()
	second := newSchool(t, dir, Options{Data: data})
	if st := second.state(id); st.Lesson != "a01" {
		t.Errorf("the room heard %+v", st)
	}
}

func TestLessonOfARoomIsPassedOn(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	var said struct{ Method, Body string }
	for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: `{"say":"next"}`} {
		if err := json.Unmarshal([]byte(h.ask(method, "/api/rooms/"+id+"/lesson", body, http.StatusOK)), &said); err != nil || said.Method != method || said.Body != body {
			t.Errorf("%s: the room got %+v, %v", method, said, err)
		}
	}
}
