package web

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/static"
)

// watchOnly opens the websocket of those who may only watch and says hello.
func (h *house) watchOnly() *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+WatchPath+"/ws", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.Close() })
	h.send(conn, event.Frame{Type: event.FrameHello, Version: event.WireVersion})
	return conn
}

func TestWhoWatchesSeesTheRoomAndCannotAct(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watchOnly()
	if welcome := h.receive(conn, event.FrameWelcome); welcome.Room != WatchName("amber-otter") {
		t.Errorf("the room is called %q", welcome.Room)
	}
	h.receive(conn, event.FrameCheckpoint)
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 7, Kind: event.Kill, Node: 1}})
	if f := h.receive(conn, event.FrameAnswer); f.Result.ID != 7 || f.Result.Outcome != event.Failed || !strings.Contains(f.Result.Error, "for watching") {
		t.Errorf("an order: %+v", f.Result)
	}
	h.send(conn, event.Frame{Type: event.FrameLearn, Text: "next"})
	if f := h.receive(conn, event.FrameNotice); !strings.Contains(f.Text, "for watching") {
		t.Errorf("a word to the lesson: %q", f.Text)
	}
	h.send(conn, event.Frame{Type: event.FrameRun, Seq: 3, Text: "put x 1"})
	if f := h.receive(conn, event.FrameOutput); f.Seq != 3 || f.Code != event.OutputBad || !strings.Contains(f.Text, "for watching") {
		t.Errorf("a line: %+v", f)
	}
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "mark mine"})
	if f := h.receive(conn, event.FrameNotice); !strings.Contains(f.Text, "for watching") {
		t.Errorf("a bookmark: %q", f.Text)
	}
	if n := h.cluster.requests(); n != 0 {
		t.Errorf("the cluster was asked %d times", n)
	}
	h.send(conn, event.Frame{Type: event.FrameWind, Text: "pause"})
	for f := h.receive(conn, event.FrameTape); f.Tape.Mode != event.TapePaused; f = h.receive(conn, event.FrameTape) {
	}
}

// TestWatchingDoesNotLeadToTheRoom looks for the room's id in everything that those are sent who may only watch.
func TestWatchingDoesNotLeadToTheRoom(t *testing.T) {
	const secret = "0123456789abcdefghjkmnpqrs"
	h := newHouse(t, Limits{})
	h.server.room = "amber-otter-" + secret
	h.server.studio.Recording = "/api/rooms/" + h.server.room + "/recording"
	h.server.faces()
	h.server.assets = NewAssets(fstest.MapFS{"app.wasm": {Data: []byte("a")}, "app.js": {Data: []byte("b")}, static.RuntimeFile: {Data: []byte("c")}})
	h.server.mux = h.server.routes()
	for _, path := range []string{"", "/state", "/log?node=n1", "/recording"} {
		response, err := http.Get(h.url + WatchPath + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || strings.Contains(string(body), secret) {
			t.Errorf("%s: %s, %v, or it has the id: %.300s", path, response.Status, err, body)
		}
		if path == "" && (!strings.Contains(string(body), `data-watching`) || !strings.Contains(string(body), WatchURL(WatchName(h.server.room))+"/ws")) {
			t.Errorf("the page: %.600s", body)
		}
	}
	conn := h.watchOnly()
	h.send(conn, event.Frame{Type: event.FrameLook, Code: "dialog", Text: "share http://here/r/elsewhere"})
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			t.Fatal(kind, err)
		}
		if strings.Contains(string(b), secret) {
			t.Fatal("a frame has the id")
		}
		if f, err := event.DecodeFrame(b); err == nil && f.Type == event.FramePanel {
			if !strings.Contains(f.Text, WatchName(h.server.room)) || strings.Contains(f.Text, "/r/") {
				t.Errorf("what may be shared: %s", f.Text)
			}
			break
		}
	}
	for _, path := range []string{"/commands", "/lesson", "/draft", "/endpoints", "/snapshot"} {
		response, err := http.Get(h.url + WatchPath + path)
		if err != nil {
			t.Fatal(err)
		}
		if response.Body.Close(); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}

func TestWatchNamesAreNotGuessed(t *testing.T) {
	name := WatchName("amber-otter-aaaa")
	if !strings.HasPrefix(name, "amber-otter-") || len(name) < len("amber-otter-")+26 || strings.Contains(name, "aaaa") {
		t.Errorf("it is called %q", name)
	}
	if name == WatchName("amber-otter-aaab") || name != WatchName("amber-otter-aaaa") {
		t.Error("two rooms have one name, or one has two")
	}
}

// TestWhoWatchesSeesTheLesson, as far as those are who take it, and is neither counted among them nor heard.
func TestWhoWatchesSeesTheLesson(t *testing.T) {
	class := newFakeClass()
	class.change(func() { class.title = "Cut in two" })
	h := newSchool(t, Limits{}, class)
	conn := h.watchOnly()
	l := h.receive(conn, event.FrameLesson).Lesson
	if !strings.Contains(l.HTML, "You watch this room") || !strings.Contains(l.HTML, "Cut in two") || strings.Contains(l.HTML, `id="control"`) {
		t.Errorf("it sees %s", l.HTML)
	}
	if l.ID != "" || l.Done != 0 {
		t.Errorf("its browser would note that it took %q", l.ID)
	}
	class.change(func() { class.title = "One way" })
	if l := h.receive(conn, event.FrameLesson).Lesson; !strings.Contains(l.HTML, "One way") {
		t.Errorf("then it sees %s", l.HTML)
	}
	h.send(conn, event.Frame{Type: event.FrameLearn, Text: "answer 1"})
	if f := h.receive(conn, event.FrameNotice); !strings.Contains(f.Text, "for watching") {
		t.Errorf("a word to the lesson: %q", f.Text)
	}
	class.mu.Lock()
	defer class.mu.Unlock()
	if len(class.picks) != 0 || len(class.here) != 0 {
		t.Errorf("the class heard %v and counts %v", class.picks, class.here)
	}
}

// TestWhoWatchesIsOfferedNoBookmarks, neither of what is nor of what was.
func TestWhoWatchesIsOfferedNoBookmarks(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watchOnly()
	h.receive(conn, event.FrameCheckpoint)
	for _, where := range []string{"live", "part 0"} {
		h.send(conn, event.Frame{Type: event.FrameWind, Text: where})
		h.send(conn, event.Frame{Type: event.FrameLook, Code: "dialog", Text: "marks"})
		if f := h.receive(conn, event.FramePanel); !strings.Contains(f.Text, `id="marks-watched"`) || strings.Contains(f.Text, "mark-note") || strings.Contains(f.Text, "unmark") {
			t.Errorf("%s: %s", where, f.Text)
		}
		h.send(conn, event.Frame{Type: event.FrameLook, Code: "dialog"})
	}
}
