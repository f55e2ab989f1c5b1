package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/desk"
	"github.com/quorumlab/quorumlab/web/languages"
	"github.com/quorumlab/quorumlab/web/page"
)

// page is GET /: the room as it is now, drawn before any script runs.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	assets := s.assets.Page()
	if assets.App == "" || assets.Script == "" || assets.WasmExec == "" {
		WritePage(w, r, http.StatusServiceUnavailable, page.Problem(page.NotBuilt(assets)))
		return
	}
	d := page.RoomData{Assets: assets, Room: s.room, Socket: "/r/" + s.room + "/ws",
		State: s.cluster.State(), Viewers: s.audience.size(), Narrow: narrow(r)}
	d.Doors = s.endpointLines()
	if s.class != nil {
		d.Lesson = s.class.Panel("")
	}
	if d.Bare = r.URL.Query().Has("embed"); d.Bare {
		w.Header().Set("Content-Security-Policy", embeddedPolicy)
	}
	language := languages.Of(languages.Wanted(r))
	d.Tape, d.Drawing = recording(s.cluster.Journal(), &d.State, d.Narrow, language)
	WritePage(w, r, http.StatusOK, page.Room(d))
}

// recording is how far the recording of a room reaches, and its drawing.
func recording(j *journal.Journal, now *view.State, narrow bool, language *words.Language) (event.Tape, string) {
	reach, width := j.Reach(), page.DrawingWidth
	if narrow {
		width = page.PhoneDrawing
	}
	return event.Tape{Seq: reach.Head, At: reach.HeadAt, First: reach.First, FirstAt: reach.FirstAt, Head: reach.Head, HeadAt: reach.HeadAt},
		desk.Draw(desk.Moment{Journal: j, State: now, Live: true, Words: language}, "timeline "+width).HTML
}

// narrow guesses from the request whether a telephone asks. The page finds out for sure and draws itself again.
func narrow(r *http.Request) bool {
	return r.Header.Get("Sec-CH-UA-Mobile") == "?1" || strings.Contains(r.UserAgent(), "Mobile")
}

// WritePage answers with a page, whole or not at all.
func WritePage(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	var b bytes.Buffer
	ctx := languages.With(r.Context(), languages.Of(languages.Wanted(r)))
	if err := c.Render(ctx, &b); err != nil {
		http.Error(w, "The page cannot be drawn.", http.StatusInternalServerError)
		return
	}
	languages.Remember(w, r)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
