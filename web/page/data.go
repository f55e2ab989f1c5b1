// Package page is the HTML documents: the shell around the page's app, with the app's first picture in it,
// and the plain pages that stand where there is no room.
package page

import (
	"bytes"
	"context"
	"io"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/wasm/ui"
	"github.com/quorumlab/quorumlab/web/languages"
)

// Assets are the addresses of the static files, with the hashes of their contents.
type Assets struct {
	Styles   []string // style sheets
	Icon     string
	WasmExec string // wasm_exec.js
	Script   string // app.js
	Painter  string // painter.js
	App      string // app.wasm; "" if it has not been built
}

// RoomData is what the page of a room begins with.
type RoomData struct {
	Assets
	Room     string     // its name
	Socket   string     // path of the websocket
	State    view.State // the picture to start with; the zero State shows that the cluster is starting
	Viewers  int
	Lesson   lessons.Panel // what the left column starts with; the zero Panel until the room tells more
	Doors    string        // where etcd's clients reach the nodes, as in event.FrameEndpoints
	Tape     event.Tape    // how far the recording reaches
	Drawing  string        // of the recording, as package desk draws it for DrawingWidth or PhoneDrawing pixels
	Watching bool          // whoever sees it may not act
	Bare     bool          // the page is a part of another one: stage and timeline alone
	Player   *Player       // the page is a recording of its own; nil for a room
	Narrow   bool          // a telephone, as far as the request tells: the first picture is drawn for it
}

// Player is what a page needs that plays a recording without a server.
type Player struct {
	Script    string // address of tape.js, the worker that plays it
	Program   string // address of its program, compressed by gzip
	Recording string // address of the .qlr file
}

// The widths that the first picture of the recording is drawn for, in CSS pixels.
const (
	DrawingWidth = "1040"
	PhoneDrawing = "280"
)

// ProblemData is a page that says what is wrong and what to do.
type ProblemData struct {
	Assets
	Status int    // HTTP status
	Title  string // "There is no such room"
	Text   string // a sentence or two: what happened, and what can be done
	Run    string // a command to type, or ""
	Label  string // of the way out; "" for none
	Href   string // where it leads
}

// NotBuilt says how to build the app when the program was built without it.
func NotBuilt(a Assets) ProblemData {
	return ProblemData{Assets: a, Status: 503, Title: words.Of("The page's program has not been built"),
		Text: words.Of("The server runs, and the API works, but app.wasm is missing. Build it, or start everything at once with:"),
		Run:  "go tool task play"}
}

// width of the window that a narrow first picture is drawn for, in CSS pixels.
const phoneWidth, phoneHeight = 390, 844

// scene is the app's first picture.
func scene(d RoomData) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		seed := ui.Seed{Words: languages.From(ctx), Room: d.Room, Viewers: d.Viewers, State: d.State, Endpoints: d.Doors}
		seed.Tape, seed.Timeline, seed.Bare, seed.Watching = d.Tape, d.Drawing, d.Bare, d.Watching
		var controls bytes.Buffer
		if err := recorder().Render(ctx, &controls); err != nil {
			return err
		}
		seed.Controls = controls.String()
		var others bytes.Buffer
		if err := tongues().Render(ctx, &others); err != nil {
			return err
		}
		seed.Languages = others.String()
		switch {
		case d.Watching:
			seed.Lesson = WatchedFrame(d.Lesson, languages.From(ctx))
		case d.Lesson.Lesson != "":
			d.Lesson.Viewers, d.Lesson.Held = 1, false // who looks is not known yet, nor who acts
			seed.Lesson = LessonFrame(d.Lesson, languages.From(ctx))
		}
		if d.Narrow {
			seed.Width, seed.Height = phoneWidth, phoneHeight
		}
		m := ui.New(seed)
		_, err := w.Write(ui.Scene(&m).AppendHTML(nil))
		return err
	})
}

// attributes are what tells the page's program to play a recording by itself.
func (p *Player) attributes(ctx context.Context) templ.Attributes {
	if p == nil {
		return nil
	}
	return templ.Attributes{"data-recording": p.Recording, "data-player": p.Script, "data-program": p.Program,
		"data-unplayable": say(ctx, "It cannot be played:"), "data-failed": say(ctx, "The recording cannot be played: a file of this page is missing or damaged. Load the page again.")}
}
