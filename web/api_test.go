package web

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func (h *house) get(path string, want int) string {
	h.t.Helper()
	return h.ask(http.MethodGet, path, "", want)
}

func (h *house) ask(method, path, body string, want int) string {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if response.StatusCode != want {
		h.t.Errorf("%s %s: status %d, want %d: %.200s", method, path, response.StatusCode, want, b)
	}
	return string(b)
}

func TestStateHasWhatTheAPIPromises(t *testing.T) {
	h := newHouse(t, Limits{})
	var st map[string]any
	if err := json.Unmarshal([]byte(h.get("/state", http.StatusOK)), &st); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"id", "epoch", "seq", "rate", "nodes", "links", "messages", "members", "safety", "viewers"} {
		if st[field] == nil {
			t.Errorf("the state has no %q: %v", field, st)
		}
	}
	node := st["nodes"].([]any)[0].(map[string]any)
	for _, field := range []string{"id", "role", "term", "vote", "leader", "last", "commit", "applied", "up", "suspended"} {
		if _, there := node[field]; !there {
			t.Errorf("a node has no %q: %v", field, node)
		}
	}
}

func TestCommandOverHTTP(t *testing.T) {
	h := newHouse(t, Limits{})
	var result struct {
		Outcome  string
		Revision int64
	}
	body := h.ask(http.MethodPost, "/commands", `{"kind":"put","node":"n2","key":"x","value":"1"}`, http.StatusOK)
	if err := json.Unmarshal([]byte(body), &result); err != nil || result.Outcome != "ok" || result.Revision != 2 {
		t.Errorf("put: %s", body)
	}
	for body, status := range map[string]int{
		`{"kind":"dance"}`:             http.StatusBadRequest,
		`{"kind":"kill","node":"n12"}`: http.StatusBadRequest,
		`{"kind":"put","key":"x","value":"` + strings.Repeat("v", 2<<20) + `"}`: http.StatusRequestEntityTooLarge,
		strings.Repeat(" ", OrderBytes+1):                                       http.StatusRequestEntityTooLarge,
	} {
		var f Fault
		answer := h.ask(http.MethodPost, "/commands", body, status)
		if err := json.Unmarshal([]byte(answer), &f); err != nil || f.Sentence == "" || f.Code == "" {
			t.Errorf("%.60s: %s", body, answer)
		}
	}
}

func TestCommandsOverHTTPAreLimited(t *testing.T) {
	h := newHouse(t, Limits{Commands: 3})
	for range 3 {
		h.ask(http.MethodPost, "/commands", `{"kind":"heal"}`, http.StatusOK)
	}
	answer := h.ask(http.MethodPost, "/commands", `{"kind":"heal"}`, http.StatusTooManyRequests)
	if !strings.Contains(answer, "not done") {
		t.Errorf("the fourth within a second: %s", answer)
	}
}

func TestFrozenRoomLeavesACommandUnknown(t *testing.T) {
	h := newHouse(t, Limits{})
	h.server.wall = 20 * time.Millisecond
	h.cluster.freeze()
	answer := h.ask(http.MethodPost, "/commands", `{"kind":"put","key":"x","value":"1"}`, http.StatusOK)
	if !strings.Contains(answer, `"outcome":"unknown"`) || !strings.Contains(answer, "frozen") {
		t.Errorf("answer: %s", answer)
	}
}

func TestPutOfAViewerWhoLeftMayStillBecomeOK(t *testing.T) {
	h := newHouse(t, Limits{})
	h.cluster.freeze()
	conn := h.watch(0, 0)
	h.receive(conn, event.FrameWelcome)
	h.send(conn, event.Frame{Type: event.FrameOrder, Command: event.Command{ID: 1, Kind: event.Put, Key: "x"}})
	await(t, func() bool { return h.cluster.requests() == 1 })
	conn.Close()
	await(t, func() bool { return h.server.audience.size() == 0 })
	h.cluster.thaw()
	await(t, func() bool {
		return strings.Contains(h.get("/metrics", 200), `quorumlab_commands_total{kind="put",outcome="ok"} 1`)
	})
}

func TestPendingCommandsOfARoomAreBounded(t *testing.T) {
	h := newHouse(t, Limits{})
	for range PendingCommands {
		h.server.pending <- struct{}{}
	}
	if answer := h.ask(http.MethodPost, "/commands", `{"kind":"heal"}`, http.StatusServiceUnavailable); !strings.Contains(answer, "not done") {
		t.Errorf("answer: %s", answer)
	}
	<-h.server.pending
	h.ask(http.MethodPost, "/commands", `{"kind":"heal"}`, http.StatusOK)
}

func TestEventsFollow(t *testing.T) {
	h := newHouse(t, Limits{})
	lines := h.stream("/events?from=5")
	for want := uint64(5); want <= 6; want++ {
		if e := lines.event(); e.Seq != want {
			t.Fatalf("want fact %d, got %+v", want, e)
		}
	}
	h.cluster.tell(event.Event{Kind: event.Suspended, Node: 3})
	if e := lines.event(); e.Seq != 7 || e.Kind != event.Suspended || e.Node != 3 {
		t.Errorf("live: %+v", e)
	}
	await(t, func() bool { return h.server.audience.size() == 1 })
}

func TestEventsOfAnotherEpochBeginWithACheckpoint(t *testing.T) {
	h := newHouse(t, Limits{})
	for _, path := range []string{"/events?from=3&epoch=6", "/events?from=300"} {
		line := h.stream(path).line()
		if !strings.Contains(line, `"kind":"checkpoint"`) || !strings.Contains(line, `"seq":6`) || !strings.Contains(line, `"n3"`) {
			t.Errorf("%s begins with %s", path, line)
		}
	}
}

func TestEventsEndWithANoticeWhenTheRoomCloses(t *testing.T) {
	h := newHouse(t, Limits{})
	lines := h.stream("/events?from=6")
	lines.event()
	go h.server.Close()
	if line := lines.line(); !strings.Contains(line, `"closing"`) || !strings.Contains(line, `"seq":6`) {
		t.Errorf("the last line is %s", line)
	}
}

func TestEndpointsOfARoomWithoutAny(t *testing.T) {
	if got := newHouse(t, Limits{}).get("/endpoints", http.StatusOK); strings.TrimSpace(got) != `{"endpoints":[]}` {
		t.Errorf("GET /endpoints: %s", got)
	}
}

func TestBadQueriesAreRefused(t *testing.T) {
	h := newHouse(t, Limits{})
	for path, status := range map[string]int{
		"/events?from=x": 400, "/events?from=-1": 400, "/events?since=3": 400, "/events?from=1&from=2": 400, "/events?%zz": 400,
		"/log": 400, "/log?node=7": 400, "/log?node=n9": 404, "/log?node=n1&limit=many": 400, "/nowhere": 404,
	} {
		var f Fault
		if answer := h.get(path, status); json.Unmarshal([]byte(answer), &f) != nil || f.Sentence == "" {
			t.Errorf("%s: %s", path, answer)
		}
	}
}

func TestLogOfANode(t *testing.T) {
	h := newHouse(t, Limits{})
	for i := range 10 {
		h.cluster.tell(event.Event{Kind: event.Appended, Node: 1, Index: uint64(i + 1), Term: 1, Entry: event.EntryCommand, Text: "put x"})
	}
	var got logBody
	if err := json.Unmarshal([]byte(h.get("/log?node=n1&from=4&limit=3", http.StatusOK)), &got); err != nil {
		t.Fatal(err)
	}
	if got.Node != 1 || got.Last != 10 || len(got.Entries) != 3 || got.Entries[0].Index != 4 || got.Entries[0].Label != "put x" {
		t.Errorf("log: %+v", got)
	}
}

func TestIdleCountsFromTheLastVisit(t *testing.T) {
	h := newHouse(t, Limits{})
	conn := h.watch(0, 0)
	h.receive(conn, event.FrameWelcome)
	if h.server.Idle() != 0 {
		t.Error("a watched room is idle")
	}
	conn.Close()
	await(t, func() bool { return h.server.Idle() > 0 })
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	h := newHouse(t, Limits{})
	for _, path := range []string{"/state", "/healthz", "/nowhere"} {
		response, err := http.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		policy := response.Header.Get("Content-Security-Policy")
		if strings.Contains(policy, "unsafe-inline") || !strings.Contains(policy, "default-src 'none'") || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, response.Header)
		}
	}
	r, _ := http.NewRequest(http.MethodPost, h.url+"/commands", strings.NewReader(`{"kind":"heal"}`))
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden || h.cluster.requests() != 0 {
		t.Errorf("a foreign page's command: %d", response.StatusCode)
	}
}

// lines reads a stream of JSON lines.
type lines struct {
	t testing.TB
	*bufio.Scanner
}

func (h *house) stream(path string) *lines {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get(EpochHeader) != fmt.Sprint(7) {
		h.t.Fatalf("%s: %s, epoch %s", path, response.Status, response.Header.Get(EpochHeader))
	}
	return &lines{h.t, bufio.NewScanner(response.Body)}
}

func (l *lines) line() string {
	l.t.Helper()
	if !l.Scan() {
		l.t.Fatalf("the stream ended: %v", l.Err())
	}
	return l.Text()
}

func (l *lines) event() (e event.Event) {
	l.t.Helper()
	if err := json.Unmarshal([]byte(l.line()), &e); err != nil {
		l.t.Fatal(err)
	}
	return e
}
