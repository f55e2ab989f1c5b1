package web

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/a-h/templ"

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
	WritePage(w, r, http.StatusOK, page.Room(d))
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
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept-Language, Cookie")
	w.WriteHeader(status)
	w.Write(b.Bytes())
}
