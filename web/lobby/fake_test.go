package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A room in these tests is this very test program, started again with childEnv set: a process of its own, with
// a cluster that is one file.
const childEnv = "QUORUMLAB_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	if err := RunChild(os.Stdin, os.NewFile(3, "words"), openFake); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// fakeRoom keeps what it is given in a file, and dies when told to.
type fakeRoom struct {
	*http.ServeMux
	dir string

	mu   sync.Mutex
	busy int
	last time.Time
}

func openFake(a Assignment) (Served, error) {
	if _, err := os.Stat(filepath.Join(a.Dir, "damaged")); err == nil {
		return nil, errors.New("its log is damaged at byte 7")
	}
	if _, err := os.Stat(filepath.Join(a.Dir, "falls")); err == nil {
		panic("it always falls")
	}
	r := &fakeRoom{ServeMux: http.NewServeMux(), dir: a.Dir, last: time.Now()}
	r.HandleFunc("GET /{$}", r.visit(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "the page of %s", a.ID) }))
	r.HandleFunc("GET /state", r.visit(func(w http.ResponseWriter, _ *http.Request) {
		b, _ := os.ReadFile(filepath.Join(a.Dir, "puts"))
		json.NewEncoder(w).Encode(fakeState{ID: a.ID, PID: os.Getpid(), Nodes: a.Nodes, Lesson: a.Lesson, Puts: strings.Count(string(b), "\n")})
	}))
	r.HandleFunc("POST /commands", r.visit(r.command))
	r.HandleFunc("GET /events", r.visit(func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprintln(w, `{"seq":1}`)
		http.NewResponseController(w).Flush()
		<-q.Context().Done()
	}))
	r.HandleFunc("/lesson", r.visit(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		json.NewEncoder(w).Encode(map[string]string{"Method": q.Method, "Body": string(b)})
	}))
	r.HandleFunc("GET /ws", r.visit(r.socket))
	r.HandleFunc("GET /watch", r.visit(func(w http.ResponseWriter, q *http.Request) { fmt.Fprintf(w, "%s is watched", a.ID) }))
	r.HandleFunc("GET /watch/ws", r.visit(r.socket))
	return r, nil
}

// fakeState is the answer to GET /state.
type fakeState struct {
	ID     string
	PID    int
	Nodes  int
	Lesson string
	Puts   int
}

func (r *fakeRoom) visit(serve http.HandlerFunc) http.HandlerFunc {
	count := func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.busy += n
		r.last = time.Now()
	}
	return func(w http.ResponseWriter, q *http.Request) {
		count(1)
		defer count(-1)
		serve(w, q)
	}
}

func (r *fakeRoom) command(w http.ResponseWriter, q *http.Request) {
	b, _ := io.ReadAll(q.Body)
	switch string(b) {
	case "exit":
		os.Exit(3)
	case "panic":
		go panic("told to panic")
		select {}
	}
	f, err := os.OpenFile(filepath.Join(r.dir, "puts"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, string(b))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	io.WriteString(w, "ok")
}

// socket says everything back, with the request's host before it.
func (r *fakeRoom) socket(w http.ResponseWriter, q *http.Request) {
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, q, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		kind, b, err := conn.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(kind, []byte(q.Host+" "+string(b)))
	}
}

func (r *fakeRoom) Idle() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy > 0 {
		return 0
	}
	return time.Since(r.last)
}

func (r *fakeRoom) Close() error { return os.WriteFile(filepath.Join(r.dir, "closed"), nil, 0o600) }

// house is a lobby behind a real HTTP server.
type house struct {
	t     testing.TB
	lobby *Lobby
	url   string
}

func rooms() *Processes {
	return NewProcesses(func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"=1", "GORACE=atexit_sleep_ms=10") // the race detector would wait a second
		return cmd
	})
}

func newHouse(t testing.TB, o Options) *house {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	if o.Spawner == nil {
		o.Spawner = rooms()
	}
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l)
	t.Cleanup(func() {
		l.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return &house{t, l, server.URL}
}

func (h *house) ask(method, path, body string, want int) string {
	h.t.Helper()
	got, status, err := h.try(h.t.Context(), method, path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if status != want {
		h.t.Errorf("%s %s: status %d, want %d: %.300s", method, path, status, want, got)
	}
	return got
}

func (h *house) try(ctx context.Context, method, path, body string) (string, int, error) {
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, strings.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return "", 0, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return string(b), response.StatusCode, err
}

// create makes a room and returns its id.
func (h *house) create(body string) string {
	h.t.Helper()
	var made struct{ ID, URL string }
	if err := json.Unmarshal([]byte(h.ask(http.MethodPost, "/api/rooms", body, http.StatusCreated)), &made); err != nil || made.URL != "/r/"+made.ID {
		h.t.Fatalf("created: %+v, %v", made, err)
	}
	return made.ID
}

func (h *house) state(id string) (s fakeState) {
	h.t.Helper()
	if err := json.Unmarshal([]byte(h.ask(http.MethodGet, "/api/rooms/"+id, "", http.StatusOK)), &s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// phase looks at a room without visiting it.
func (h *house) phase(id string) phase {
	h.t.Helper()
	r, err := h.lobby.find(id)
	if err != nil {
		h.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phase
}

func (h *house) dial(id string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+"/r/"+id+"/ws", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	h.t.Cleanup(func() { conn.Close() })
	return conn
}

// await waits for a condition that another goroutine or process brings about.
func await(t testing.TB, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it did not happen within 30 s")
		}
	}
}

// runs says whether a process is there, dead ones that nobody has waited for aside.
func runs(pid int) bool {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(b), ") Z ")
}
