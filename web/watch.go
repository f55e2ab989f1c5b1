package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"net/http"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/desk"
	"github.com/quorumlab/quorumlab/web/tape"
)

// WatchPath is where a room's process serves those who may only watch it; what follows is as for everybody. Only the lobby
// leads there: a room's other paths take no word of a client's that it is one of those.
const WatchPath = "/watch"

// watchBytes make the part of a watch name that cannot be guessed: as many as of a room's id.
const watchBytes = 16

// watchAlphabet is that of rooms' ids (Crockford).
var watchAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// WatchName is the name under which a room can be watched, and not acted in. It begins with the same words as the room's id,
// which is its key: the rest is a hash keyed with that, so that nobody finds the id by it, and nothing need be kept.
func WatchName(room string) string {
	h := hmac.New(sha256.New, []byte(room))
	h.Write([]byte("watch")) // a hash takes everything
	return PublicName(room) + "-" + watchAlphabet.EncodeToString(h.Sum(nil)[:watchBytes])
}

// WatchURL is the page of a watch name.
func WatchURL(name string) string { return "/w/" + name }

// errWatching refuses what those who watch may not.
var errWatching = &Fault{http.StatusForbidden, CodeForbidden, "This was not done: this address is for watching. Whoever gave it to you has another one, for acting in the room.", ""}

// face is the room as one sort of viewer sees it.
type face struct {
	name     string // by which the viewer knows it
	socket   string // path of its websocket
	studio   *tape.Studio
	watching bool // the viewer may not act
}

// faces makes the two: of those who may act, and of those who may watch. A recording has the first alone.
func (s *Server) faces() {
	s.open = &face{name: s.room, socket: "/r/" + s.room + "/ws", studio: s.studio}
	if s.sealed {
		return
	}
	name := WatchName(s.room)
	s.studio.Watch = WatchURL(name)
	studio := tape.NewStudio()
	studio.Watch, studio.Recording, studio.Watching = WatchURL(name), "/api/watch/"+name+"/recording", true
	studio.Marked, studio.Fill = s.audience.rouse, func(m *desk.Moment) { m.Store = s.contents }
	s.shut = &face{name: name, socket: WatchURL(name) + "/ws", studio: studio, watching: true}
}

// watchRoutes are what is there for those who may only watch: nothing that acts, and nothing that leads to where one could.
func (s *Server) watchRoutes(m *http.ServeMux) {
	if s.shut == nil {
		return
	}
	m.HandleFunc("GET "+WatchPath, s.visit(func(w http.ResponseWriter, r *http.Request) { s.pageOf(s.shut, w, r) }))
	m.HandleFunc("GET "+WatchPath+"/ws", func(w http.ResponseWriter, r *http.Request) { s.socketOf(s.shut, w, r) })
	m.HandleFunc("GET "+WatchPath+"/state", s.visit(func(w http.ResponseWriter, r *http.Request) { s.stateOf(s.shut, w) }))
	m.HandleFunc("GET "+WatchPath+"/events", s.visit(s.events))
	m.HandleFunc("GET "+WatchPath+"/log", s.visit(s.entries))
	m.HandleFunc("GET "+WatchPath+"/recording", s.visit(s.recording))
}

// refuseAll answers what a viewer may not do who only watches.
func (v *viewer) refuseAll(hearing map[event.FrameType]func(*event.Frame) error) {
	hearing[event.FrameOrder] = func(f *event.Frame) error { return v.write(v.refusal(f.Command, errWatching)) }
	hearing[event.FrameLearn] = func(*event.Frame) error { return v.notify(errWatching) }
	hearing[event.FrameRun] = func(f *event.Frame) error {
		t := newTerminal(f.Seq, "", v.write)
		fmt.Fprintln(t.Err(), errWatching.Sentence)
		t.end()
		return v.ctx.Err()
	}
	wind := hearing[event.FrameWind]
	hearing[event.FrameWind] = func(f *event.Frame) error {
		if words := strings.Fields(f.Text); len(words) > 0 && (words[0] == "mark" || words[0] == "unmark") { // they are everybody's
			return v.write(&event.Frame{Type: event.FrameNotice, Code: CodeTape, Text: v.retell(errWatching.Sentence)})
		}
		return wind(f)
	}
}
