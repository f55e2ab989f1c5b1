package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/web/lobby"
)

var roomsFlag = flag.Int("rooms", 5, "rooms of BenchmarkRooms")

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

// BenchmarkRooms has -rooms rooms of five nodes watched at the workshop's rate for a few seconds, then lets them
// fall asleep, and reports what they and the lobby take.
func BenchmarkRooms(b *testing.B) {
	const look = 5 * time.Second
	h := newHouse(b, lobby.Options{Rooms: 1 << 20, Idle: time.Second}, "")
	for b.Loop() {
		var watching []*websocket.Conn
		for range *roomsFlag {
			watching = append(watching, h.watch(h.create(`{"nodes":5,"rate":0.25}`)))
		}
		for _, conn := range watching {
			go readOn(conn)
		}
		before := h.rooms.busy()
		<-time.After(look)
		b.ReportMetric((h.rooms.busy()-before)/look.Seconds(), "cores-watched")
		b.ReportMetric(h.rooms.resident()/float64(*roomsFlag)/1024, "MiB/room")
		for _, conn := range watching {
			conn.Close()
		}
		await(b, "all rooms sleep", func() bool { return int(h.healthz()["asleep"]) == *roomsFlag })
		rest := busy(os.Getpid())
		<-time.After(look)
		b.ReportMetric((busy(os.Getpid())-rest)/look.Seconds(), "cores-asleep")
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

func readOn(conn *websocket.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
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

// pids are the processes of all rooms, ended ones too.
func (r *rooms) pids() (pids []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cmd := range r.all {
		if cmd.Process != nil {
			pids = append(pids, cmd.Process.Pid)
		}
	}
	return pids
}

// busy is the processor time that the rooms have taken, in seconds.
func (r *rooms) busy() (seconds float64) {
	for _, pid := range r.pids() {
		seconds += busy(pid)
	}
	return seconds
}

// resident is the memory of the rooms, in KiB.
func (r *rooms) resident() (kib float64) {
	for _, pid := range r.pids() {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		var one float64
		_, rest, _ := strings.Cut(string(status), "VmRSS:")
		fmt.Sscan(rest, &one)
		kib += one
	}
	return kib
}

// busy is the processor time of one process (proc(5): utime and stime, in hundredths).
func busy(pid int) float64 {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}
