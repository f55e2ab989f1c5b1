package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// With mainEnv set this test program is quorumlab: real processes without building another binary.
const mainEnv = "QUORUMLAB_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func quorumlab(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), mainEnv+"=1", "GORACE=atexit_sleep_ms=10") // the race detector would wait a second
	return cmd
}

// rooms starts rooms as processes and remembers them.
type rooms struct {
	*lobby.Processes
	mu  sync.Mutex
	all []context.CancelFunc // each kills one
}

func newRooms(command func() *exec.Cmd) *rooms {
	r := &rooms{}
	r.Processes = lobby.NewProcesses(func() *exec.Cmd {
		like := command()
		ctx, kill := context.WithCancel(context.Background())
		cmd := exec.CommandContext(ctx, like.Path, like.Args[1:]...)
		cmd.Env = like.Env
		r.mu.Lock()
		defer r.mu.Unlock()
		r.all = append(r.all, kill)
		return cmd
	})
	return r
}

// kill ends every process of a room at once.
func (r *rooms) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kill := range r.all {
		kill()
	}
}

// house is a lobby with real rooms behind a real HTTP server.
type house struct {
	t     testing.TB
	rooms *rooms
	data  string // directory
	url   string // of the server
	room  string // of the API of one room
}

func newHouse(t testing.TB, o lobby.Options, wish string) *house {
	t.Helper()
	return newHouseOf(t, newRooms(func() *exec.Cmd { return quorumlab("room") }), o, wish)
}

func newHouseOf(t testing.TB, r *rooms, o lobby.Options, wish string) *house {
	t.Helper()
	h := &house{t: t, rooms: r, data: t.TempDir()}
	o.Data, o.Spawner = h.data, h.rooms
	l, err := lobby.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(l)
	t.Cleanup(func() {
		l.Close()
		server.CloseClientConnections()
		server.Close()
	})
	h.url = server.URL
	if wish != "" {
		h.room = h.url + "/api/rooms/" + h.create(wish)
	}
	return h
}

func (h *house) create(wish string) string {
	h.t.Helper()
	var made struct{ ID string }
	if _, err := post(h.url+"/api/rooms", wish, &made); err != nil || made.ID == "" {
		h.t.Fatalf("no room: %v", err)
	}
	return made.ID
}

// result is what the tests look at in an answer.
type result struct {
	Outcome, Error string
	Revision       int64
	KVs            []struct{ Key, Value string }
}

func post(url, body string, to any) (status int, err error) {
	response, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, json.NewDecoder(response.Body).Decode(to)
}

func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(60 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

func TestPutsAnsweredOKSurviveTheKillOfTheirRoom(t *testing.T) {
	h := newHouse(t, lobby.Options{Limits: web.Limits{Commands: 100_000}}, `{"nodes":3,"rate":1}`)
	const writers, kills = 4, 3
	var mu sync.Mutex
	acknowledged := map[string]string{}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for w := range writers {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key, value := fmt.Sprintf("w%d-%d", w, i), strconv.Itoa(i)
				var r result
				if _, err := post(h.room+"/commands", fmt.Sprintf(`{"kind":"put","key":%q,"value":%q}`, key, value), &r); err == nil && r.Outcome == "ok" {
					mu.Lock()
					acknowledged[key] = value
					mu.Unlock()
				}
			}
		})
	}
	for range kills {
		before := count()
		await(t, "puts go through", func() bool { return count() >= before+20 })
		h.rooms.kill()
	}
	before := count()
	await(t, "puts go through after the last kill", func() bool { return count() >= before+20 })
	close(stop)
	writing.Wait()
	stored := map[string]string{}
	var all result
	if _, err := post(h.room+"/commands", `{"kind":"get","key":"","prefix":true}`, &all); err != nil || all.Outcome != "ok" {
		t.Fatalf("reading everything back: %+v, %v", all, err)
	}
	for _, kv := range all.KVs {
		stored[kv.Key] = kv.Value
	}
	for key, value := range acknowledged {
		if stored[key] != value {
			t.Errorf("%s was answered ok and is gone (%q)", key, stored[key])
		}
	}
	t.Logf("%d puts acknowledged, %d keys stored", len(acknowledged), len(stored))
}

// TestRoomKeepsItsDataAsleep has a real room fall asleep and wakes it by a command.
func TestRoomKeepsItsDataAsleep(t *testing.T) {
	h := newHouse(t, lobby.Options{Idle: 200 * time.Millisecond}, `{"nodes":3}`)
	var r result
	if _, err := post(h.room+"/commands", `{"kind":"put","key":"x","value":"1"}`, &r); err != nil || r.Outcome != "ok" {
		t.Fatalf("put: %+v, %v", r, err)
	}
	await(t, "the room sleeps", func() bool { return h.healthz()["asleep"] == 1 })
	if _, err := post(h.room+"/commands", `{"kind":"get","key":"x"}`, &r); err != nil || r.Outcome != "ok" || len(r.KVs) != 1 || r.KVs[0].Value != "1" {
		t.Errorf("get after sleep: %+v, %v", r, err)
	}
}

func (h *house) healthz() (counts map[string]float64) {
	h.t.Helper()
	response, err := http.Get(h.url + "/healthz")
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	var all map[string]any
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		h.t.Fatal(err)
	}
	counts = map[string]float64{}
	for k, v := range all {
		if n, ok := v.(float64); ok {
			counts[k] = n
		}
	}
	return counts
}

// served is "quorumlab serve" as a process of its own.
type served struct {
	cmd    *exec.Cmd
	url    string
	stderr bytes.Buffer
}

func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	s := &served{cmd: quorumlab(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.cmd.Process.Kill(); s.cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "open ")
	if err != nil || !ok {
		t.Fatalf("it printed %q, %v: %s", line, err, &s.stderr)
	}
	s.url = url
	return s
}

// children are the processes that a process has started.
func children(t *testing.T, parent int) (pids []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil || len(threads) == 0 {
		t.Skip("this machine does not tell who started whom")
	}
	var b []byte
	for _, name := range threads {
		more, _ := os.ReadFile(name) // a thread may have ended
		b = append(b, more...)
	}
	for _, word := range strings.Fields(string(b)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

func ended(pids []int) bool {
	for _, pid := range pids {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil && !bytes.Contains(b, []byte(") Z ")) {
			return false
		}
	}
	return true
}

func TestInterruptedServerEndsWithItsRooms(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			s := startServe(t, "--data", t.TempDir())
			var made struct{ ID string }
			if status, err := post(s.url+"api/rooms", `{"nodes":3}`, &made); err != nil || status != http.StatusCreated {
				t.Fatalf("no room: %d, %v", status, err)
			}
			rooms := children(t, s.cmd.Process.Pid)
			if len(rooms) == 0 {
				t.Fatal("the room is no process")
			}
			s.cmd.Process.Signal(signal)
			err := s.cmd.Wait()
			if signal != syscall.SIGKILL && err != nil {
				t.Errorf("it ended with %v: %s", err, &s.stderr)
			}
			await(t, "its rooms end too", func() bool { return ended(rooms) })
		})
	}
}

// Pages of other sites may have a room's embedded page in a frame, and no other. Browsers obey every policy that comes, so there
// may be one only, though the room and the lobby before it both guard their answers.
func TestOnlyEmbeddedPagesGoIntoFramesOfOthers(t *testing.T) {
	h := newHouse(t, lobby.Options{}, "")
	id := h.create(`{"nodes":1}`)
	for address, frames := range map[string]string{"": "'self'", "?embed": "*"} {
		response, err := http.Get(h.url + "/r/" + id + address)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		policies := response.Header.Values("Content-Security-Policy")
		if len(policies) != 1 || !strings.HasSuffix(policies[0], "frame-ancestors "+frames) {
			t.Errorf("%q: %q, wanted one that ends in frame-ancestors %s", address, policies, frames)
		}
		if kinds := response.Header.Values("X-Content-Type-Options"); len(kinds) != 1 {
			t.Errorf("%q: %q", address, kinds)
		}
	}
}

func TestSoloServesWithoutOtherProcesses(t *testing.T) {
	s := startServe(t, "--data", t.TempDir(), "--solo")
	var made struct{ ID string }
	if status, err := post(s.url+"api/rooms", `{"nodes":3}`, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("no room: %d, %v", status, err)
	}
	var r result
	if _, err := post(s.url+"api/rooms/"+made.ID+"/commands", `{"kind":"put","key":"x","value":"1"}`, &r); err != nil || r.Outcome != "ok" {
		t.Errorf("put: %+v, %v", r, err)
	}
	if rooms := children(t, s.cmd.Process.Pid); len(rooms) != 0 {
		t.Errorf("it started %v", rooms)
	}
	s.cmd.Process.Signal(os.Interrupt)
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, &s.stderr)
	}
}

// What tests and measurements have built and kept in the user's cache is not in the way of who opens the playground after them.
func TestServeStartsBesideWhatTestsHaveBuilt(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir()) // where other systems than Linux keep it
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, theirs := range []string{"etcd-3.7.3", "bench-1"} { // of cmd/reference and cmd/bench
		if err := os.MkdirAll(filepath.Join(cache, "quorumlab", theirs), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	startServe(t, "--solo")
}

func TestPrintedAddressCanBeOpened(t *testing.T) {
	for want, a := range map[string]net.TCPAddr{
		"127.0.0.1:80": {IP: net.IPv4(127, 0, 0, 1), Port: 80}, "localhost:80": {IP: net.IPv4zero, Port: 80},
		"localhost:81": {IP: net.IPv6zero, Port: 81}, "[::1]:80": {IP: net.IPv6loopback, Port: 80},
	} {
		if got := reachable(&a); got != want {
			t.Errorf("%v is reachable at %s, want %s", a, got, want)
		}
	}
}

func TestServeTellsWhyItCannotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "quorumlab.json"), []byte(`{"version":99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free := []string{"--addr", "127.0.0.1:0", "--data"}
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"port in use":        {[]string{"--addr", taken.Addr().String(), "--data", t.TempDir()}, "in use by another program"},
		"no address":         {[]string{"--addr", "nowhere", "--data", t.TempDir()}, "cannot be listened on"},
		"another version":    {append(free, other), "another version of quorumlab (99, this one reads 1)"},
		"a file for data":    {append(free, file), "choose another one with --data"},
		"too many nodes":     {append(free, t.TempDir(), "--nodes-per-room", "12"), "1 to 9"},
		"values too long":    {append(free, t.TempDir(), "--value-bytes", "999999999"), "--value-bytes"},
		"an unknown command": {[]string{"dance"}, `unknown command "dance"`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := quorumlab(c.args...).CombinedOutput()
			exit, ok := err.(*exec.ExitError)
			if !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), c.says) || strings.Contains(string(out), "goroutine") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

func TestRoomRefusesDataOfAnotherVersion(t *testing.T) {
	h := newHouse(t, lobby.Options{Idle: 100 * time.Millisecond}, `{"nodes":1}`)
	await(t, "the room sleeps", func() bool { return h.healthz()["asleep"] == 1 })
	name := filepath.Join(h.data, h.room[strings.LastIndexByte(h.room, '/'):], "cluster.json")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte(`"version": 1`), []byte(`"version": 7`), 1)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(h.room)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(answer), "layout 7") {
		t.Errorf("%s: %s", response.Status, answer)
	}
}
