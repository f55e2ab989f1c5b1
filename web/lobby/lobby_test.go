package lobby

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestRoomIsMadeShownCommandedAndDeleted(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create(`{"nodes":3,"rate":0.25}`)
	if page := h.ask(http.MethodGet, "/r/"+id, "", http.StatusOK); page != "the page of "+id {
		t.Errorf("page: %s", page)
	}
	h.ask(http.MethodPost, "/api/rooms/"+id+"/commands", "put", http.StatusOK)
	if st := h.state(id); st.ID != id || st.Nodes != 3 || st.Puts != 1 {
		t.Errorf("state: %+v", st)
	}
	conn := h.dial(id)
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	if _, b, err := conn.ReadMessage(); err != nil || !strings.HasSuffix(string(b), " hello") || strings.HasPrefix(string(b), id) {
		t.Errorf("websocket: %q, %v", b, err)
	}
	h.ask(http.MethodDelete, "/api/rooms/"+id, "", http.StatusNoContent)
	h.ask(http.MethodGet, "/api/rooms/"+id, "", http.StatusNotFound)
	if _, err := os.Stat(filepath.Join(h.lobby.options.Data, id)); !os.IsNotExist(err) {
		t.Errorf("its data is still there: %v", err)
	}
}

func TestFrontPageMakesARoomAndGoesThere(t *testing.T) {
	h := newHouse(t, Options{})
	response, err := http.Get(h.url + "/?nodes=2")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	id := strings.TrimPrefix(response.Request.URL.Path, "/r/")
	if response.StatusCode != http.StatusOK || h.state(id).Nodes != 2 {
		t.Errorf("arrived at %s: %s", response.Request.URL, response.Status)
	}
	for path, says := range map[string]string{"/?nodes=many": "nodes", "/?nodes=12": "1 to 9", "/?rate=0": "rate", "/?rate=99": "rate"} {
		if answer := h.ask(http.MethodGet, path, "", http.StatusBadRequest); !strings.Contains(answer, says) {
			t.Errorf("%s: %s", path, answer)
		}
	}
	for name, value := range map[string]string{"Sec-Purpose": "prefetch;prerender", "Sec-Fetch-Dest": "image"} {
		r, _ := http.NewRequest(http.MethodGet, h.url, nil)
		r.Header.Set(name, value)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s is answered with %s", name, value, response.Status)
		}
	}
	if n := h.lobby.count().rooms; n != 1 {
		t.Errorf("bad wishes and fetching ahead made rooms: %d", n)
	}
}

func TestBadWishesAreRefused(t *testing.T) {
	h := newHouse(t, Options{})
	for _, body := range []string{`{"nodes":0}`, `{"nodes":10}`, `{"nodes":"three"}`, `{"rate":0}`, `{"rate":-1}`, `{"colour":"red"}`, `[]`, `{} {}`, `nonsense`,
		`{"nodes":1` + strings.Repeat(" ", createBytes) + `}`} {
		if answer := h.ask(http.MethodPost, "/api/rooms", body, http.StatusBadRequest); !strings.Contains(answer, `"error":"`) {
			t.Errorf("%.40s: %s", body, answer)
		}
	}
	h.create("")
	h.create("{}")
}

func TestUnknownRoomIsAPageForPeopleAndJSONForPrograms(t *testing.T) {
	h := newHouse(t, Options{})
	if answer := h.ask(http.MethodGet, "/api/rooms/amber-otter-0", "", http.StatusNotFound); !strings.Contains(answer, `"code":"not-found"`) {
		t.Errorf("JSON: %s", answer)
	}
	r, _ := http.NewRequest(http.MethodGet, h.url+"/r/amber-otter-0", nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page := bufio.NewScanner(response.Body)
	if !page.Scan() || !strings.Contains(page.Text(), "<!doctype html>") || response.StatusCode != http.StatusNotFound {
		t.Errorf("page: %s %s", response.Status, page.Text())
	}
}

func TestRoomsAreLimited(t *testing.T) {
	h := newHouse(t, Options{Rooms: 2})
	h.create("")
	id := h.create("")
	if answer := h.ask(http.MethodPost, "/api/rooms", "", http.StatusServiceUnavailable); !strings.Contains(answer, "2 rooms") {
		t.Errorf("the third: %s", answer)
	}
	h.ask(http.MethodDelete, "/api/rooms/"+id, "", http.StatusNoContent)
	h.create("")
}

func TestIDsCannotBeGuessed(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := newID()
		secret := id[strings.LastIndexByte(id, '-')+1:]
		if len(secret) != 26 || seen[secret] { // 26 letters of 5 bits hold 128
			t.Fatalf("id %q", id)
		}
		seen[secret] = true
		if strings.Contains(nickname(id), secret) {
			t.Fatalf("the log would have the whole id: %s", nickname(id))
		}
	}
}

// within has something done in some time: at the third try at the latest, as a machine that others use is slow at times.
func within(t *testing.T, most time.Duration, what string, do func() time.Duration) {
	t.Helper()
	var all []time.Duration
	for range 3 {
		took := do()
		if took <= most {
			return
		}
		all = append(all, took)
	}
	t.Errorf("%s took %v, each time more than %v", what, all, most)
}

func TestKilledRoomComesBackWithItsDataWithinTwoSeconds(t *testing.T) {
	h := newHouse(t, Options{})
	within(t, 2*time.Second, "coming back", func() time.Duration {
		id, other := h.create(""), h.create("")
		h.ask(http.MethodPost, "/api/rooms/"+id+"/commands", "put", http.StatusOK)
		before, neighbour := h.state(id), h.state(other)
		syscall.Kill(before.PID, syscall.SIGKILL)
		began := time.Now()
		await(t, func() bool { return !runs(before.PID) })
		after := h.state(id) // waits for the new process
		took := time.Since(began)
		if after.PID == before.PID || after.Puts != 1 {
			t.Errorf("before %+v, after %+v", before, after)
		}
		if h.state(other).PID != neighbour.PID {
			t.Error("the other room was started again too")
		}
		return took
	})
}

func TestWebsocketOfAKilledRoomEndsAndComesBack(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	conn := h.dial(id)
	syscall.Kill(h.state(id).PID, syscall.SIGKILL)
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the websocket outlived its room")
	}
	again := h.dial(id)
	again.WriteMessage(websocket.TextMessage, []byte("back"))
	if _, b, err := again.ReadMessage(); err != nil || !strings.HasSuffix(string(b), " back") {
		t.Errorf("the next one: %q, %v", b, err)
	}
}

func TestRequestDuringAFallIsAnsweredUnknown(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	if answer := h.ask(http.MethodPost, "/api/rooms/"+id+"/commands", "panic", http.StatusBadGateway); !strings.Contains(answer, "outcome is unknown") {
		t.Errorf("answer: %s", answer)
	}
	if st := h.state(id); st.ID != id {
		t.Errorf("afterwards: %+v", st)
	}
}

func TestRoomThatFallsAtOnceIsLeftAlone(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	pid := h.state(id).PID
	if err := os.WriteFile(filepath.Join(h.lobby.options.Data, id, "falls"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	await(t, func() bool { return h.phase(id) == broken })
	answer := h.ask(http.MethodGet, "/api/rooms/"+id, "", http.StatusServiceUnavailable)
	if !strings.Contains(answer, fmt.Sprintf("fell %d times", fallsMost)) || !strings.Contains(answer, "it always falls") {
		t.Errorf("answer: %s", answer)
	}
	h.create("") // the lobby goes on
	h.ask(http.MethodDelete, "/api/rooms/"+id, "", http.StatusNoContent)
}

func TestBrokenRoomIsTriedAgainWhenSomebodyComesLater(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	pid, damage := h.state(id).PID, filepath.Join(h.lobby.options.Data, id, "damaged")
	if err := os.WriteFile(damage, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	await(t, func() bool { return h.phase(id) == broken })
	if answer := h.ask(http.MethodGet, "/r/"+id, "", http.StatusServiceUnavailable); !strings.Contains(answer, "damaged at byte 7") {
		t.Errorf("the refusal's own sentence is missing: %s", answer)
	}
	if err := os.Remove(damage); err != nil {
		t.Fatal(err)
	}
	r, _ := h.lobby.find(id)
	r.mu.Lock()
	r.failed = r.failed.Add(-restWait)
	r.mu.Unlock()
	h.state(id)
}

func TestBackoffIsBounded(t *testing.T) {
	var total time.Duration
	for falls := range fallsMost {
		total += backoff(falls)
	}
	if backoff(1) != 0 || total > 2*time.Second {
		t.Errorf("the first restart waits %v, all together %v", backoff(1), total)
	}
}

func TestUnusedRoomSleepsAndWakesForAVisit(t *testing.T) {
	h := newHouse(t, Options{Idle: 50 * time.Millisecond})
	id := h.create("")
	h.ask(http.MethodPost, "/api/rooms/"+id+"/commands", "put", http.StatusOK)
	within(t, time.Second, "waking", func() time.Duration {
		await(t, func() bool { return h.phase(id) == asleep })
		if _, err := os.Stat(filepath.Join(h.lobby.options.Data, id, "closed")); err != nil {
			t.Errorf("it was not closed cleanly: %v", err)
		}
		began := time.Now()
		if st := h.state(id); st.Puts != 1 {
			t.Errorf("after sleep: %+v", st)
		}
		return time.Since(began)
	})
}

func TestWatchedRoomDoesNotSleep(t *testing.T) {
	h := newHouse(t, Options{Idle: 30 * time.Millisecond})
	id, other := h.create(""), h.create("")
	conn := h.dial(id)
	await(t, func() bool { return h.phase(other) == asleep })
	conn.WriteMessage(websocket.TextMessage, []byte("still here"))
	if _, _, err := conn.ReadMessage(); err != nil {
		t.Errorf("a watched room went to sleep: %v", err)
	}
	conn.Close()
	await(t, func() bool { return h.phase(id) == asleep })
}

func TestManyVisitorsWakeARoomOnce(t *testing.T) {
	h := newHouse(t, Options{Idle: 50 * time.Millisecond})
	id := h.create("")
	await(t, func() bool { return h.phase(id) == asleep })
	var visitors sync.WaitGroup
	pids := make([]int, 20)
	for i := range pids {
		visitors.Go(func() { pids[i] = h.state(id).PID })
	}
	visitors.Wait()
	for _, pid := range pids {
		if pid != pids[0] {
			t.Fatalf("different processes answered: %v", pids)
		}
	}
}

func TestRoomNobodyUsesIsDeleted(t *testing.T) {
	h := newHouse(t, Options{Idle: 20 * time.Millisecond, Unused: 100 * time.Millisecond})
	id := h.create("")
	await(t, func() bool { return h.lobby.count().rooms == 0 })
	await(t, func() bool {
		_, err := os.Stat(filepath.Join(h.lobby.options.Data, id))
		return os.IsNotExist(err)
	})
}

func TestLobbyFindsItsRoomsAgain(t *testing.T) {
	data := t.TempDir()
	first := newHouse(t, Options{Data: data})
	id := first.create(`{"nodes":3}`)
	first.ask(http.MethodPost, "/api/rooms/"+id+"/commands", "put", http.StatusOK)
	pid := first.state(id).PID
	first.lobby.Close()
	if runs(pid) {
		t.Error("the room outlived its lobby")
	}
	second := newHouse(t, Options{Data: data})
	if st := second.state(id); st.Puts != 1 || st.Nodes != 3 {
		t.Errorf("found again: %+v", st)
	}
}

func TestClosingLobbyEndsStreamsAndSockets(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	conn := h.dial(id)
	response, err := http.Get(h.url + "/api/rooms/" + id + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	if !lines.Scan() {
		t.Fatal(lines.Err())
	}
	h.lobby.Close()
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the websocket is still open")
	}
	if lines.Scan() {
		t.Errorf("the stream goes on: %s", lines.Text())
	}
	h.ask(http.MethodGet, "/r/"+id, "", http.StatusServiceUnavailable)
	h.ask(http.MethodPost, "/api/rooms", "", http.StatusServiceUnavailable)
}

func TestForeignDataDirectoryIsRefused(t *testing.T) {
	foreign, other, damaged := t.TempDir(), t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		filepath.Join(foreign, "letter.txt"): "dear",
		filepath.Join(other, markFile):       `{"version":2}`,
		filepath.Join(damaged, markFile):     `{"vers`,
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for dir, says := range map[string]string{foreign: "not a data directory", other: "another version", damaged: "damaged"} {
		spawner := rooms()
		if _, err := Open(Options{Data: dir, Spawner: spawner}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want a sentence with %q, got %v", says, err)
		}
		spawner.Close()
	}
}

func TestDamagedRoomIsLeftOutAndLeftThere(t *testing.T) {
	data := t.TempDir()
	h := newHouse(t, Options{Data: data})
	id, other := h.create(""), h.create("")
	h.lobby.Close()
	record := filepath.Join(data, id, recordFile)
	if err := os.WriteFile(record, []byte(`{"version":9,"id":"`+id+`"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	again := newHouse(t, Options{Data: data})
	again.ask(http.MethodGet, "/r/"+id, "", http.StatusNotFound)
	again.state(other)
	if _, err := os.Stat(record); err != nil {
		t.Error("its data is gone")
	}
}

func TestForeignPageMakesNoRooms(t *testing.T) {
	h := newHouse(t, Options{})
	r, _ := http.NewRequest(http.MethodPost, h.url+"/api/rooms", nil)
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden || h.lobby.count().rooms != 0 {
		t.Errorf("status %d, %d rooms", response.StatusCode, h.lobby.count().rooms)
	}
}

func TestRefusedWebsocketLeavesNoLineToTheRoom(t *testing.T) {
	h := newHouse(t, Options{})
	id := h.create("")
	_, response, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+"/r/"+id+"/ws", http.Header{"Origin": {"https://evil.example"}})
	if err == nil || response.StatusCode != http.StatusForbidden || !response.Close {
		t.Errorf("a foreign page's websocket: %v, %v", err, response)
	}
}

func TestRoomsRunInsideTheLobbyToo(t *testing.T) {
	h := newHouse(t, Options{Spawner: InProcess{Open: openFake}, Idle: 50 * time.Millisecond})
	id := h.create("")
	if st := h.state(id); st.PID != os.Getpid() {
		t.Errorf("it runs in process %d", st.PID)
	}
	await(t, func() bool { return h.phase(id) == asleep })
	h.state(id)
}

func TestMetricsCountRooms(t *testing.T) {
	h := newHouse(t, Options{Rate: event.One})
	id := h.create("")
	syscall.Kill(h.state(id).PID, syscall.SIGKILL)
	await(t, func() bool {
		return strings.Contains(h.ask(http.MethodGet, "/metrics", "", 200), "quorumlab_room_restarts_total 1")
	})
	h.state(id)
	metrics := h.ask(http.MethodGet, "/metrics", "", http.StatusOK)
	for _, line := range []string{"quorumlab_rooms 1", "quorumlab_rooms_created_total 1", "quorumlab_rooms_asleep 0", "quorumlab_room_start_seconds_count 2"} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("no %q", line)
		}
	}
	if health := h.ask(http.MethodGet, "/healthz", "", http.StatusOK); !strings.Contains(health, `"ok":true`) {
		t.Errorf("health: %s", health)
	}
}

func BenchmarkNewRoom(b *testing.B) {
	h := newHouse(b, Options{Rooms: 1 << 20})
	for b.Loop() {
		id := h.create("")
		b.StopTimer()
		h.ask(http.MethodDelete, "/api/rooms/"+id, "", http.StatusNoContent)
		b.StartTimer()
	}
}
