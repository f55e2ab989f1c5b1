package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// patience is how long anything that is to happen may take before a test gives up on it. It is no wait: whoever
// meets its condition earlier goes on at once.
const patience = 40 * time.Second

// room is the API's side of a room: what a page shows is held against it.
type room struct {
	t    testing.TB
	base string // http://host:port
	id   string
}

// facts is the part of an event that the stories look at.
type facts struct {
	Seq   uint64 `json:"seq"`
	At    int64  `json:"at"`   // virtual µs
	Wall  int64  `json:"wall"` // µs since 1970
	Kind  string `json:"kind"`
	Node  string `json:"node"`
	Peer  string `json:"peer"`
	Msg   uint64 `json:"msg"`
	Index uint64 `json:"index"`
	Term  uint64 `json:"term"`
}

// state is the part of the folded state that the stories look at.
type state struct {
	Epoch uint64  `json:"epoch"` // life of the room
	Seq   uint64  `json:"seq"`
	At    int64   `json:"at"` // virtual µs
	Rate  float64 `json:"rate"`
	Nodes []node  `json:"nodes"`
}

type node struct {
	ID      string `json:"id"`
	Role    string `json:"role"`
	Term    uint64 `json:"term"`
	Last    uint64 `json:"last"`
	Commit  uint64 `json:"commit"`
	Applied uint64 `json:"applied"`
	Up      bool   `json:"up"`
	Ballots []ballot
}

type ballot struct{ Granted, PreVote bool }

// result is the part of a command's answer that the stories look at.
type result struct {
	Outcome  string   `json:"outcome"`
	Error    string   `json:"error"`
	Op       uint64   `json:"op"`
	Revision int64    `json:"revision"`
	Index    uint64   `json:"index"`
	Term     uint64   `json:"term"`
	Acks     []string `json:"acks"`
}

// at is the room that a page's address names.
func (p *program) at(t testing.TB, address string) *room {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || len(u.Path) <= len("/r/") {
		t.Fatalf("%q is not the address of a room: %v", address, err)
	}
	return &room{t: t, base: p.base, id: u.Path[len("/r/"):]}
}

func (r *room) url(rest string) string { return r.base + "/api/rooms/" + r.id + rest }

func (r *room) state() state {
	r.t.Helper()
	var s state
	r.call(http.MethodGet, "", nil, &s)
	return s
}

// do gives the room a command and waits for its answer. Fields are as in docs/api.md.
func (r *room) do(command map[string]any) result {
	r.t.Helper()
	body, err := json.Marshal(command)
	if err != nil {
		r.t.Fatal(err)
	}
	var got result
	r.call(http.MethodPost, "/commands", body, &got)
	return got
}

func (r *room) call(method, path string, body []byte, into any) {
	r.t.Helper()
	r.ask(method, r.url(path), body, into)
}

// ask calls any address of the API.
func (r *room) ask(method, address string, body []byte, into any) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 500 || answer.StatusCode == http.StatusNotFound {
		r.t.Fatalf("%s %s: %s %s %v", method, address, answer.Status, text, err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		r.t.Fatalf("%s %s: %v in %s", method, address, err, text)
	}
}

// leader waits until one node leads and says which.
func (r *room) leader() node {
	r.t.Helper()
	var found node
	r.until("one node leads", func(s state) bool {
		n := 0
		for _, each := range s.Nodes {
			if each.Role == "leader" {
				found, n = each, n+1
			}
		}
		return n == 1
	})
	return found
}

// until asks for the state until the condition holds.
func (r *room) until(what string, holds func(state) bool) state {
	r.t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); ; {
		s := r.state()
		if holds(s) {
			return s
		}
		select {
		case <-again.C:
		case <-end:
			r.t.Fatalf("waited %v for: %s; the room is %+v", patience, what, s)
		}
	}
}

// events are those after from, up to and including the one with sequence number to, which must exist.
func (r *room) events(from, to uint64) []facts {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url(fmt.Sprintf("/events?from=%d", from)), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	var all []facts
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	for from < to && lines.Scan() {
		var one facts
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			r.t.Fatalf("%v in %s", err, lines.Bytes())
		}
		if one.Seq > from && one.Seq <= to {
			all = append(all, one)
		}
		from = max(from, one.Seq)
	}
	if from < to {
		r.t.Fatalf("the events ended at %d, before %d: %v", from, to, lines.Err())
	}
	return all
}
