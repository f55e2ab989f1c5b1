package lobby

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/languages"
)

func (l *Lobby) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", l.front)
	m.HandleFunc("GET /lessons", l.list)
	m.HandleFunc("GET /lessons/{id}", l.lesson)
	m.HandleFunc("GET /r/{id}", l.pass("/"))
	m.HandleFunc("GET /r/{id}/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, roomURL(r.PathValue("id")), http.StatusMovedPermanently)
	})
	m.HandleFunc("GET /r/{id}/ws", l.pass("/ws"))
	m.HandleFunc("POST /api/rooms", l.create)
	m.HandleFunc("GET /api/rooms/{id}", l.pass("/state"))
	m.HandleFunc("DELETE /api/rooms/{id}", l.remove)
	m.HandleFunc("POST /api/rooms/{id}/commands", l.pass("/commands"))
	m.HandleFunc("GET /api/rooms/{id}/events", l.pass("/events"))
	m.HandleFunc("GET /api/rooms/{id}/log", l.pass("/log"))
	m.HandleFunc("GET /api/rooms/{id}/lesson", l.pass("/lesson"))
	m.HandleFunc("POST /api/rooms/{id}/lesson", l.pass("/lesson"))
	m.HandleFunc("GET /api/rooms/{id}/draft", l.pass("/draft"))
	m.HandleFunc("GET /api/rooms/{id}/recording", l.pass("/recording"))
	m.HandleFunc("GET /api/rooms/{id}/endpoints", l.pass("/endpoints"))
	m.HandleFunc("GET /api/rooms/{id}/snapshot", l.pass("/snapshot"))
	m.HandleFunc("GET /api/rooms/{id}/metrics", l.pass("/metrics"))
	m.HandleFunc("GET /w/{watch}", l.passWatched(""))
	m.HandleFunc("GET /w/{watch}/{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, web.WatchURL(r.PathValue("watch")), http.StatusMovedPermanently)
	})
	m.HandleFunc("GET /w/{watch}/ws", l.passWatched("/ws"))
	m.HandleFunc("GET /api/watch/{watch}", l.passWatched("/state"))
	m.HandleFunc("GET /api/watch/{watch}/events", l.passWatched("/events"))
	m.HandleFunc("GET /api/watch/{watch}/log", l.passWatched("/log"))
	m.HandleFunc("GET /api/watch/{watch}/recording", l.passWatched("/recording"))
	m.HandleFunc("GET /healthz", l.healthz)
	m.Handle("GET /metrics", l.numbers)
	if l.options.Assets != nil {
		m.Handle("GET "+web.StaticPath, l.options.Assets)
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		l.complain(w, r, &web.Fault{Status: http.StatusNotFound, Code: web.CodeNotFound, Sentence: "There is nothing at this address."})
	})
	return m
}

func roomURL(id string) string { return "/r/" + id }

// front makes a room and goes there. ?nodes=3&rate=0.25 say what it is like.
func (l *Lobby) front(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	wish, err := wishes(r)
	if err == nil {
		wish.Rate = cmp.Or(wish.Rate, l.options.Rate)
		err = l.enter(w, r, wish)
	}
	if err != nil {
		l.complain(w, r, err)
	}
}

// enter makes a room for somebody who opens a page, and leads there.
func (l *Lobby) enter(w http.ResponseWriter, r *http.Request, wish Wish) error {
	if r.Method == http.MethodHead {
		return nil // looking makes no room
	}
	if !visits(r) {
		return &web.Fault{Status: http.StatusForbidden, Code: web.CodeForbidden, Sentence: "A room is made by opening this page, not by looking at it from another."}
	}
	record, err := l.Create(r.Context(), wish)
	if err == nil {
		languages.Remember(w, r) // the address it leads to does not say it any more
		http.Redirect(w, r, roomURL(record.ID), http.StatusSeeOther)
	}
	return err
}

// visits says whether a person opens the page: a room is too dear for a browser that fetches ahead, or for an
// image on another site's page. Programs say nothing of the kind.
func visits(r *http.Request) bool {
	to := r.Header.Get("Sec-Fetch-Dest")
	return (to == "" || to == "document" || to == "iframe") && !strings.Contains(r.Header.Get("Sec-Purpose"), "prefetch")
}

// wishes reads nodes and rate from the address; absent ones are zero.
func wishes(r *http.Request) (wish Wish, err error) {
	q := r.URL.Query()
	if text := q.Get("nodes"); text != "" {
		if wish.Nodes, err = strconv.Atoi(text); err != nil || wish.Nodes == 0 {
			return wish, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeBadRequest, Sentence: "nodes is a whole number, such as ?nodes=3.", Where: "nodes"}
		}
	}
	if text := q.Get("rate"); text != "" {
		if err = wish.Rate.UnmarshalJSON([]byte(text)); err != nil || wish.Rate == 0 {
			return wish, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeBadRequest, Sentence: "rate is a number, such as ?rate=0.25.", Where: "rate"}
		}
	}
	return wish, nil
}

// createBytes bound the body of POST /api/rooms.
const createBytes = 4096

func (l *Lobby) create(w http.ResponseWriter, r *http.Request) {
	var wish struct {
		Nodes  *int          `json:"nodes"`
		Rate   *event.Factor `json:"rate"`
		Lesson string        `json:"lesson"`
	}
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, createBytes))
	dec.DisallowUnknownFields()
	err := dec.Decode(&wish)
	if err == nil && dec.More() {
		err = errors.New("there is more after the object")
	}
	if err != nil && err != io.EOF {
		web.WriteFault(w, &web.Fault{Status: http.StatusBadRequest, Code: web.CodeBadRequest,
			Sentence: fmt.Sprintf(`This is not what a room is made of (%v); send {"nodes":5,"rate":1}, {"lesson":"a07"} or less.`, err)})
		return
	}
	made := Wish{Lesson: wish.Lesson}
	if wish.Nodes != nil {
		if made.Nodes = *wish.Nodes; made.Nodes == 0 {
			made.Nodes = -1 // zero would be the default
		}
	}
	if wish.Rate != nil {
		if made.Rate = *wish.Rate; made.Rate == 0 {
			made.Rate = -1
		}
	}
	record, err := l.Create(r.Context(), made)
	if err != nil {
		web.WriteFault(w, err)
		return
	}
	w.Header().Set("Location", roomURL(record.ID))
	web.WriteJSON(w, http.StatusCreated, map[string]string{"id": record.ID, "url": roomURL(record.ID), "watch": web.WatchURL(web.WatchName(record.ID))})
}

func (l *Lobby) remove(w http.ResponseWriter, r *http.Request) {
	if err := l.Delete(r.PathValue("id")); err != nil {
		web.WriteFault(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (l *Lobby) healthz(w http.ResponseWriter, _ *http.Request) {
	counts := l.count()
	web.WriteJSON(w, http.StatusOK, map[string]any{"ok": true, "rooms": counts.rooms, "asleep": counts.asleep, "broken": counts.broken})
}
