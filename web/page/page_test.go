package page

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

var assets = Assets{Styles: []string{"/static/app.css?v=1"}, Icon: "/static/icon.svg?v=1",
	WasmExec: "/static/wasm_exec.js?v=1", Script: "/static/app.js?v=1", App: "/static/app.wasm?v=1"}

func written(t *testing.T, c templ.Component) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// living is a room with a leader.
func living() view.State {
	var s view.State
	for id := event.NodeID(1); id <= 3; id++ {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: id})
		s.Apply(event.Event{Kind: event.Started, Node: id, Term: 1})
	}
	s.Apply(event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Leader, Term: 4})
	return s
}

func TestThePageShowsTheClusterBeforeAnyScriptRuns(t *testing.T) {
	page := written(t, Room(RoomData{Assets: assets, Room: "amber-otter-x", Socket: "/r/amber-otter-x/ws", State: living(), Viewers: 2}))
	for _, want := range []string{`data-node="n2" data-role="leader" data-term="4"`, `data-socket="/r/amber-otter-x/ws"`, `data-app="/static/app.wasm?v=1"`,
		`href="/static/app.css?v=1"`, `src="/static/wasm_exec.js?v=1"`, "<title>amber-otter-x · quorumlab</title>", "2 watching"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if home := strings.Index(page, "data-socket"); !strings.HasPrefix(page[home+strings.Index(page[home:], ">")+1:], `<div id="app"`) {
		t.Error("the app's root is not the first thing in its home: the app could not adopt it")
	}
}

func TestAPhoneGetsAPictureOfItsSize(t *testing.T) {
	wide := written(t, Room(RoomData{Assets: assets, State: living()}))
	narrow := written(t, Room(RoomData{Assets: assets, State: living(), Narrow: true}))
	if wide == narrow || !strings.Contains(narrow, `viewBox="0 0 390 `) {
		t.Error("the first picture on a telephone is drawn for a desktop")
	}
}

// TestPolicy holds every page to what its Content-Security-Policy allows.
func TestPolicy(t *testing.T) {
	pages := map[string]string{
		"room":      written(t, Room(RoomData{Assets: assets, Room: `<script>"`, Socket: `"><script>`, State: living()})),
		"lessons":   written(t, Lessons(listed())),
		"not built": written(t, Problem(NotBuilt(assets))),
		"problem":   written(t, Problem(ProblemData{Assets: assets, Status: 404, Title: "<b>No</b>", Text: "<script>alert(1)</script>", Label: "Out", Href: "javascript:alert(1)"})),
	}
	for name, page := range pages {
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
				t.Errorf("%s: inline %s", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s> has %s", name, n.Data, a.Key)
				}
				if a.Key == "src" && !strings.HasPrefix(a.Val, "/static/") {
					t.Errorf("%s: <%s> loads %s", name, n.Data, a.Val)
				}
			}
		}
	}
}

func TestAProblemSaysWhatToDo(t *testing.T) {
	page := written(t, Problem(NotBuilt(assets)))
	if !strings.Contains(page, "go tool task play") {
		t.Error("a program without the app does not say how to build it")
	}
	page = written(t, Problem(ProblemData{Status: 404, Title: "There is no such room", Text: "It may have been deleted.", Label: "Open a new room", Href: "/"}))
	for _, want := range []string{"There is no such room", "It may have been deleted.", `href="/"`, "Open a new room", "404"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
