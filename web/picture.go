package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/web/desk"
	"github.com/quorumlab/quorumlab/web/languages"
	"github.com/quorumlab/quorumlab/web/page"
)

// page is GET /: the room as it is now, drawn before any script runs.
func (s *Server) page(w http.ResponseWriter, r *http.Request) { s.pageOf(s.open, w, r) }

func (s *Server) pageOf(f *face, w http.ResponseWriter, r *http.Request) {
	assets := s.assets.Page()
	if assets.App == "" || assets.Script == "" || assets.WasmExec == "" {
		WritePage(w, r, http.StatusServiceUnavailable, page.Problem(page.NotBuilt(assets)))
		return
	}
	d := page.RoomData{Assets: assets, Room: f.name, Socket: f.socket, Watching: f.watching,
		Viewers: s.audience.size(), Narrow: narrow(r)}
	d.State, d.Tape = s.sight()
	if !f.watching {
		d.Doors = s.endpointLines()
	}
	if s.class != nil {
		d.Lesson = s.class.Panel("")
	}
	if d.Bare = r.URL.Query().Has("embed"); d.Bare {
		w.Header().Set("Content-Security-Policy", embeddedPolicy)
	}
	language := languages.Of(languages.Wanted(r))
	d.Drawing = timeline(desk.Moment{Journal: s.cluster.Journal(), State: &d.State, Live: !s.sealed, Words: language}, d.Narrow)
	WritePage(w, r, http.StatusOK, page.Room(d))
}

// sight is what a viewer sees at first, and where its recorder stands.
func (s *Server) sight() (view.State, event.Tape) {
	j := s.cluster.Journal()
	if s.sealed {
		return beginning(j)
	}
	reach := j.Reach()
	return s.cluster.State(), event.Tape{Seq: reach.Head, At: reach.HeadAt, First: reach.First, FirstAt: reach.FirstAt, Head: reach.Head, HeadAt: reach.HeadAt}
}

// timeline is the drawing of the whole recording.
func timeline(m desk.Moment, narrow bool) string {
	width := page.DrawingWidth
	if narrow {
		width = page.PhoneDrawing
	}
	return desk.Draw(m, "timeline "+width).HTML
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
