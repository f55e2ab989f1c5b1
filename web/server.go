// Package web serves one room: its page, the websocket that carries facts to the page and commands back, and
// the JSON API for everything else. It knows the cluster only as an interface.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/web/desk"
	"github.com/quorumlab/quorumlab/web/tape"
)

// Options say how to serve a room. Cluster and Room must be set.
type Options struct {
	Cluster Cluster
	Room    string  // its id
	Class   Class   // what is taught in it; nil: nothing
	Limits  Limits  // zero fields: DefaultLimits
	Assets  *Assets // css, scripts and the app; nil: none
	Log     *slog.Logger
	Sealed  bool // Cluster is a recording that has ended: viewers wind it, and nobody can do anything in it

	Shell     Shell                     // runs lines as etcdctl would; nil: there is none
	Endpoints func() []cluster.Endpoint // where etcd's clients reach the nodes; nil: nowhere
}

// Server is the HTTP handler of one room. Its routes, which the lobby reaches through its proxy:
//
//	GET  /          the page
//	GET  /ws        websocket of event.Frames
//	GET  /state     the folded state
//	POST /commands  one command and its result
//	GET  /events    facts as lines of JSON, following
//	GET  /log       one node's log entries
//	GET  /lesson    the lesson as somebody sees it who comes now
//	POST /lesson    something said to it
//	GET  /draft     a lesson file made of what was done
//	GET  /recording everything that is kept, as a file
//	GET  /endpoints where etcd's clients reach the nodes
//	GET  /snapshot  a node's store as a file
//	GET  /healthz, /metrics
type Server struct {
	cluster  Cluster
	class    Class // nil: none
	room     string
	limits   Limits
	assets   *Assets
	log      *slog.Logger
	shell    Shell
	doors    func() []cluster.Endpoint
	studio   *tape.Studio
	sealed   bool
	open     *face // the room as those see it who may act,
	shut     *face // and those who may only watch; nil: there are none
	audience *audience
	ring     *ring
	usage    *usage
	numbers  *numbers
	mux      *http.ServeMux

	http      *rate.Limiter // commands over HTTP
	fetching  *rate.Limiter // recordings that are asked for, also by those who may not act
	wall      time.Duration // CommandWall; a test has less
	pending   chan struct{} // holds one for every command that waits for its answer
	downloads chan struct{} // holds one for every recording that is being fetched

	ctx      context.Context // ends when the server closes
	cancel   context.CancelFunc
	visitors sync.WaitGroup // websockets, streams and commands, and who follows the class
	mu       sync.Mutex     // orders closing and the visitors' counting
	closed   bool
}

// New serves the room that o describes. Close it before its cluster.
func New(o Options) *Server {
	limits := o.Limits.Or(DefaultLimits)
	s := &Server{cluster: o.Cluster, sealed: o.Sealed, class: o.Class, shell: o.Shell, doors: o.Endpoints, room: o.Room, limits: limits, assets: o.Assets, log: o.Log,
		ring: &ring{cluster: o.Cluster}, usage: newUsage(),
		http: rate.NewLimiter(rate.Limit(limits.Commands), limits.Commands), fetching: rate.NewLimiter(FetchRate, Downloads),
		wall: CommandWall, pending: make(chan struct{}, PendingCommands), downloads: make(chan struct{}, Downloads)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.audience = newAudience(limits.Viewers)
	s.studio = tape.NewStudio()
	s.studio.Recording = "/api/rooms/" + s.room + "/recording"
	s.studio.Marked, s.studio.Fill = s.audience.rouse, func(m *desk.Moment) { m.Endpoints, m.Store = s.endpointLines(), s.contents }
	s.faces()
	s.numbers = newNumbers(s)
	s.mux = s.routes()
	if s.class != nil {
		s.visitors.Add(1)
		go s.follow(s.class)
	}
	return s
}

func (s *Server) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.visit(s.page))
	m.HandleFunc("GET /ws", s.socket)
	m.HandleFunc("GET /state", s.visit(s.state))
	m.HandleFunc("POST /commands", s.visit(s.command))
	m.HandleFunc("GET /events", s.visit(s.events))
	m.HandleFunc("GET /log", s.visit(s.entries))
	m.HandleFunc("GET /lesson", s.visit(s.lesson))
	m.HandleFunc("POST /lesson", s.visit(s.learn))
	m.HandleFunc("GET /draft", s.visit(s.draft))
	m.HandleFunc("GET /recording", s.visit(s.recording))
	m.HandleFunc("GET /endpoints", s.visit(s.listEndpoints))
	m.HandleFunc("GET /snapshot", s.visit(s.snapshot))
	m.HandleFunc("GET /healthz", s.healthz)
	m.Handle("GET /metrics", s.numbers)
	s.watchRoutes(m)
	if s.assets != nil {
		m.Handle("GET "+StaticPath, s.assets)
	}
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		WriteFault(w, &Fault{http.StatusNotFound, CodeNotFound, "A room has no " + r.Method + " " + r.URL.Path + "; docs/api.md has what there is.", ""})
	})
	return m
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mux.ServeHTTP(w, r)
}

// visit counts a request as use of the room and lets Close wait for it.
func (s *Server) visit(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			WriteFault(w, closing)
			return
		}
		defer s.visitors.Done()
		defer s.usage.begin()()
		serve(w, r)
	}
}

var closing = &Fault{http.StatusServiceUnavailable, CodeClosing, "The room is closing; ask again in a second.", ""}

// enter counts a visitor, unless the server is closing.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.visitors.Add(1)
	return true
}

// Close says goodbye to everybody and waits until they have gone; commands under way end unknown. The cluster stays open.
func (s *Server) Close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		s.cancel()
	}
	s.visitors.Wait()
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	WriteJSON(w, http.StatusOK, map[string]any{"ok": true, "room": s.room})
}

// endpointsBody is the answer to GET /endpoints.
type endpointsBody struct {
	Endpoints []cluster.Endpoint `json:"endpoints"`
}

// listEndpoints is GET /endpoints: where etcd's clients reach the nodes.
func (s *Server) listEndpoints(w http.ResponseWriter, _ *http.Request) {
	body := endpointsBody{[]cluster.Endpoint{}}
	if s.doors != nil {
		body.Endpoints = s.doors()
	}
	WriteJSON(w, http.StatusOK, body)
}

// EndpointsChanged says that Options.Endpoints has something new to tell.
func (s *Server) EndpointsChanged() { s.audience.rouse() }

// endpointLines are the endpoints as FrameEndpoints has them.
func (s *Server) endpointLines() string {
	if s.doors == nil {
		return ""
	}
	var lines []string
	for _, e := range s.doors() {
		lines = append(lines, e.Node.String()+" "+e.URL)
	}
	return strings.Join(lines, "\n")
}
