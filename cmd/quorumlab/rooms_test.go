package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// BenchmarkNewRoom opens the front page and follows it until the first picture of facts is there.
func BenchmarkNewRoom(b *testing.B) {
	h := newHouse(b, lobby.Options{Rooms: 1 << 20}, "")
	for b.Loop() {
		id := h.open("/?nodes=5&rate=1")
		conn := h.watch(id)
		b.StopTimer()
		conn.Close()
		h.delete(id)
		b.StartTimer()
	}
}

// BenchmarkWake asks a room that sleeps for its state.
func BenchmarkWake(b *testing.B) {
	h := newHouse(b, lobby.Options{Idle: 20 * time.Millisecond}, `{"nodes":5}`)
	for b.Loop() {
		b.StopTimer()
		await(b, "the room sleeps", func() bool { return h.healthz()["asleep"] == 1 })
		b.StartTimer()
		h.state()
	}
}

// open follows the front page and returns the room it leads to.
func (h *house) open(path string) string {
	h.t.Helper()
	response, err := http.Get(h.url + path)
	if err != nil {
		h.t.Fatal(err)
	}
	response.Body.Close()
	return strings.TrimPrefix(response.Request.URL.Path, "/r/")
}

// watch opens a room's websocket and returns when the first facts are there.
func (h *house) watch(id string) *websocket.Conn {
	h.t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(strings.Replace(h.url, "http", "ws", 1)+"/r/"+id+"/ws", nil)
	if err == nil {
		err = conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion}))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	for {
		_, b, err := conn.ReadMessage()
		if err != nil {
			h.t.Fatal(err)
		}
		if event.FrameType(b[0]) == event.FrameCheckpoint {
			return conn
		}
	}
}

func (h *house) delete(id string) {
	h.t.Helper()
	r, err := http.NewRequest(http.MethodDelete, h.url+"/api/rooms/"+id, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	response.Body.Close()
}
