//go:build !js

package browser_test

import (
	"io/fs"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// built is where cmd/build-app leaves the page's program.
const built = "../../static"

// epoch of the room's journal.
const epoch = 7

// room serves a page with the picture of five nodes, and plays the server's part on its websocket by hand.
type room struct {
	t      testing.TB
	base   string
	visits chan *visit
	gone   atomic.Bool  // the room has been deleted
	lesson event.Lesson // that the page begins with
}

// visit is one websocket of a page, after its Hello.
type visit struct {
	t       testing.TB
	hello   event.Frame
	conn    *websocket.Conn
	deliver func(event.Frame) // instead of the websocket
	seq     uint64
	at      event.Micros
}

func newRoom(t testing.TB) *room {
	t.Helper()
	files := os.DirFS(built)
	if _, err := fs.Stat(files, "app.wasm"); err != nil {
		t.Skip("there is no app.wasm: build it with go run ./cmd/build-app in the root of the repository")
	}
	r := &room{t: t, visits: make(chan *visit, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", r.page)
	mux.HandleFunc("GET /ws", r.socket)
	mux.HandleFunc("GET /static/{name}", func(w http.ResponseWriter, q *http.Request) {
		name := q.PathValue("name")
		if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		http.ServeFileFS(w, q, files, name)
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if r.gone.Load() {
			http.NotFound(w, q)
			return
		}
		mux.ServeHTTP(w, q)
	}))
	t.Cleanup(server.Close)
	r.base = server.URL
	return r
}

// page is the document as the server writes it, under the policy that it sets.
func (r *room) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'")
	m := ui.New(ui.Seed{Room: "amber-otter", Viewers: 1, State: folded(pictured()), Lesson: r.lesson})
	b := []byte(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>room</title>
<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/app.css"><script src="/static/wasm_exec.js" defer></script>
<script src="/static/app.js" data-app="/static/app.wasm" data-painter="/static/painter.js" data-unpainted="Messages under way cannot be drawn here." data-stopped="The picture stands still. Load the page again." defer></script></head>
<body><div data-socket="/ws" data-room="amber-otter">`)
	b = ui.Scene(&m).AppendHTML(b)
	w.Write(append(b, `</div><template id="rules"><dialog class="rules"><button id="rules-close" data-close autofocus>Close</button></dialog></template></body></html>`...))
}

func (r *room) socket(w http.ResponseWriter, q *http.Request) {
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, q, nil)
	if err != nil {
		r.t.Errorf("websocket: %v", err)
		return
	}
	v := &visit{t: r.t, conn: conn}
	v.hello = v.hear(event.FrameHello)
	r.visits <- v
}

// visited is the next page that says hello.
func (r *room) visited() *visit {
	r.t.Helper()
	select {
	case v := <-r.visits:
		return v
	case <-time.After(patience):
		r.t.Fatal("no page has said hello")
		return nil
	}
}

// greet says welcome and gives the picture as a checkpoint.
func (v *visit) greet() {
	picture := pictured()
	s := folded(picture)
	v.seq, v.at = 1000, s.At
	v.say(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: epoch, Room: "amber-otter", Viewers: 1,
		Limits: event.Limits{ValueBytes: 1 << 20, Commands: 100, Nodes: 9}})
	v.say(event.Frame{Type: event.FrameCheckpoint, Epoch: epoch, Seq: v.seq, At: s.At, Wall: wall(), Events: picture})
}

// happen tells of events that come after all others.
func (v *visit) happen(events ...event.Event) {
	f := event.Frame{Type: event.FrameEvents, Seq: v.seq + 1}
	for _, e := range events {
		v.seq++
		v.at++
		e.Seq, e.At, e.Wall = v.seq, v.at, wall()
		f.Events = append(f.Events, e)
	}
	f.At, f.Wall = v.at, wall()
	v.say(f)
}

func (v *visit) say(f event.Frame) {
	if v.deliver != nil {
		v.deliver(f)
		return
	}
	if err := v.conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &f)); err != nil {
		v.t.Errorf("writing to the page: %v", err)
	}
}

// hear is the page's next frame, which has to be of this type. What it only wants to look at is passed over.
func (v *visit) hear(want event.FrameType) event.Frame {
	v.t.Helper()
	v.conn.SetReadDeadline(time.Now().Add(patience))
	var f event.Frame
	var err error
	for f.Type == event.FrameNone || f.Type == event.FrameLook && want != event.FrameLook {
		var b []byte
		if _, b, err = v.conn.ReadMessage(); err != nil {
			v.t.Errorf("reading from the page: %v", err)
			return event.Frame{}
		}
		if f, err = event.DecodeFrame(b); err != nil {
			break
		}
	}
	if err != nil || f.Type != want {
		v.t.Errorf("the page sent a frame of type %d, %v; wanted %d", f.Type, err, want)
	}
	return f
}

// ordered is the page's next command.
func (v *visit) ordered() event.Command {
	v.t.Helper()
	return v.hear(event.FrameOrder).Command
}

func wall() event.Micros { return event.Micros(time.Now().UnixMicro()) }

// pictured are events that add up to five nodes of which n2 leads term 3, with a log of twelve entries.
func pictured() []event.Event {
	const at = 60_000_000
	members := []event.Member{}
	events := []event.Event{{Kind: event.RateSet, Factor: event.One / 4, Took: 75_000}}
	for id := event.NodeID(1); id <= 5; id++ {
		events = append(events, event.Event{Kind: event.MachineAdded, Node: id})
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	for id := event.NodeID(1); id <= 5; id++ {
		role := event.Follower
		if id == 2 {
			role = event.Leader
		}
		events = append(events, event.Event{Kind: event.Started, Node: id}, event.Event{Kind: event.TermChanged, Node: id, Term: 3},
			event.Event{Kind: event.RoleChanged, Node: id, Role: role, Term: 3}, event.Event{Kind: event.LeaderSeen, Node: id, Peer: 2, Term: 3},
			event.Event{Kind: event.MembersSet, Node: id, Index: 1, Members: members})
		for i := uint64(1); i <= 12; i++ {
			events = append(events, event.Event{Kind: event.Appended, Node: id, Index: i, Term: 1 + i/5, Entry: event.EntryCommand, Text: "put x", N: 40})
		}
		events = append(events, event.Event{Kind: event.Committed, Node: id, Index: 12})
	}
	for i := range events {
		events[i].At = at
	}
	return events
}

func folded(events []event.Event) view.State {
	var s view.State
	for _, e := range events {
		s.Apply(e)
	}
	return s
}
