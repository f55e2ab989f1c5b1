package lobby

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/web"
)

// Timeouts of what is passed on. The room has closer ones of its own; these are for people who do not read what it sends.
const (
	bodyWait  = 30 * time.Second // for a request's body
	writeWait = 15 * time.Second // for a piece of the answer
	wakeWait  = 20 * time.Second // for a room that sleeps or falls
)

// pass hands a request to its room, at the given path there. It wakes the room if need be.
func (l *Lobby) pass(path string) http.HandlerFunc {
	proxy := &httputil.ReverseProxy{
		Transport:     l.way,
		FlushInterval: -1, // events follow
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL = &url.URL{Scheme: "http", Host: p.In.PathValue("id"), Path: path, RawQuery: p.In.URL.RawQuery}
			p.Out.Host = p.In.Host // the room checks origins against it
			p.SetXForwarded()
		},
		ErrorHandler: l.passFailed,
		ErrorLog:     slog.NewLogLogger(l.log.Handler(), slog.LevelDebug),
	}
	return func(w http.ResponseWriter, r *http.Request) {
		room, err := l.visit(r)
		if err != nil {
			l.complain(w, r, err)
			return
		}
		defer room.leave()
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			l.handover(w, r, path)
			return
		}
		control := http.NewResponseController(w)
		control.SetReadDeadline(time.Now().Add(bodyWait))
		r.Body = http.MaxBytesReader(w, r.Body, web.OrderBytes)
		proxy.ServeHTTP(&patient{w, control, l.patience}, r)
	}
}

// passWatched hands the request of somebody who may only watch to the room that goes by this name for them.
func (l *Lobby) passWatched(path string) http.HandlerFunc {
	pass := l.pass(web.WatchPath + path)
	return func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		id, known := l.watch[r.PathValue("watch")]
		l.mu.Unlock()
		if !known {
			l.complain(w, r, notHere)
			return
		}
		r.SetPathValue("id", id)
		pass(w, r)
	}
}

// visit enters the room of a request.
func (l *Lobby) visit(r *http.Request) (*room, error) {
	room, err := l.find(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), wakeWait)
	defer cancel()
	_, err = room.enter(ctx)
	return room, err
}

// passFailed answers a request whose room ended while it worked on it.
func (l *Lobby) passFailed(w http.ResponseWriter, r *http.Request, err error) {
	var large *http.MaxBytesError
	var fault *web.Fault
	switch {
	case errors.As(err, &fault): // the room's own: it sleeps badly or is gone
		l.complain(w, r, err)
	case errors.As(err, &large):
		web.WriteFault(w, &web.Fault{Status: http.StatusRequestEntityTooLarge, Code: web.CodeTooLarge, Sentence: "The request is too long."})
	case r.Context().Err() != nil: // the client has gone
	default:
		l.complain(w, r, &web.Fault{Status: http.StatusBadGateway, Code: codeFell,
			Sentence: "The room's process ended while it worked on this, so the outcome is unknown. It is being started again from its disk; ask again."})
	}
}

// way goes to rooms: an address's host is a room's id. A request that only looks is asked again when its room
// fell meanwhile; one that does something is not, because it may have been done.
type way struct {
	*http.Transport
	lobby *Lobby
}

func newWay(l *Lobby) *way {
	dial := func(ctx context.Context, _, address string) (net.Conn, error) {
		id, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return l.dial(ctx, id, Child.Dial)
	}
	return &way{&http.Transport{DialContext: dial, DisableCompression: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second}, l}
}

func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := w.Transport.RoundTrip(r)
	if err == nil || r.Method != http.MethodGet || r.Context().Err() != nil {
		return response, err
	}
	return w.Transport.RoundTrip(r)
}

// dial connects to a room. If its child cannot be reached it has fallen, or is about to be found so: dial waits
// for the next one.
func (l *Lobby) dial(ctx context.Context, id string, dial func(Child, context.Context) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, wakeWait)
	defer cancel()
	for {
		r, err := l.find(id)
		if err != nil {
			return nil, err
		}
		child, err := r.enter(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := dial(child, ctx)
		r.leave()
		if err == nil {
			return conn, nil
		}
		if !r.lost(ctx, child) {
			return nil, err
		}
	}
}

// patient gives the client the same time for every piece of an answer, however many there are. What the room says of what
// browsers may do with its pages takes the place of what the lobby would say.
type patient struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

func (p *patient) WriteHeader(status int) {
	web.KeepInner(p.Header())
	p.ResponseWriter.WriteHeader(status)
}

func (p *patient) Write(b []byte) (int, error) {
	p.control.SetWriteDeadline(time.Now().Add(p.patience))
	return p.ResponseWriter.Write(b)
}

func (p *patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }
