package web

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/quorumlab/quorumlab/cluster/event"
)

var (
	viewersFlag = flag.Int("viewers", 200, "viewers of BenchmarkViewers")
	eventsFlag  = flag.Int("events", 600, "facts a second of BenchmarkViewers")
)

// crowdEnv makes this test program a crowd of viewers: a process of its own, so that what the server takes can
// be told from what they take. It holds the websocket's address and the number of viewers.
const crowdEnv = "QUORUMLAB_TEST_CROWD"

func TestMain(m *testing.M) {
	if task := os.Getenv(crowdEnv); task != "" {
		runCrowd(task)
		return
	}
	os.Exit(m.Run())
}

// watched is what a crowd reports of a few seconds of watching.
type watched struct {
	Dropped       int
	P50, P99, Max float64 // milliseconds from the last fact of a frame to its arrival
	Frames        int     // of one viewer
}

// watchFor is how long a crowd watches, once all are there.
const watchFor = 5 * time.Second

func runCrowd(task string) {
	var address string
	var n int
	fmt.Sscan(task, &address, &n)
	var all sync.WaitGroup
	there, over := make(chan struct{}, n), make(chan struct{})
	start := make(chan struct{})
	waits, lost := make([][]float64, n), make([]bool, n)
	gate := make(chan struct{}, 32) // who connect at the same time
	for i := range n {
		all.Go(func() {
			gate <- struct{}{}
			conn := enterCrowd(address)
			<-gate
			there <- struct{}{}
			waits[i], lost[i] = watchCrowd(conn, start, over)
		})
	}
	for range n {
		<-there
	}
	close(start)
	time.AfterFunc(watchFor, func() { close(over) })
	all.Wait()
	var w watched
	every := slices.Concat(waits...)
	slices.Sort(every)
	w.P50, w.P99, w.Max, w.Frames = every[len(every)/2], every[len(every)*99/100], every[len(every)-1], len(every)/n
	for _, gone := range lost {
		if gone {
			w.Dropped++
		}
	}
	json.NewEncoder(os.Stdout).Encode(w)
}

func enterCrowd(address string) *websocket.Conn {
	dialer := websocket.Dialer{ReadBufferSize: 2048, WriteBufferSize: 256, HandshakeTimeout: time.Minute}
	conn, _, err := dialer.Dial(address, nil)
	if err == nil {
		err = conn.WriteMessage(websocket.BinaryMessage, event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion}))
	}
	if err != nil {
		panic(err)
	}
	return conn
}

// watchCrowd reads until over. It decodes every tenth frame only: the crowd shares the machine with the server.
func watchCrowd(conn *websocket.Conn, start, over <-chan struct{}) (waits []float64, lost bool) {
	defer conn.Close()
	for i := 0; ; i++ {
		_, b, err := conn.ReadMessage()
		if err != nil {
			return waits, true
		}
		now := time.Now().UnixMicro()
		select {
		case <-over:
			return waits, false
		case <-start:
			if event.FrameType(b[0]) == event.FrameEvents && i%10 == 0 {
				f, err := event.DecodeFrame(b)
				if err != nil {
					return waits, true
				}
				waits = append(waits, float64(now-int64(f.Wall))/1000)
			}
		default:
		}
	}
}

// BenchmarkViewers shows a busy room to -viewers people for a few seconds and reports how long after the fact
// they saw it, how many were dropped, and what one costs the server.
func BenchmarkViewers(b *testing.B) {
	cluster := newFake(5)
	server := New(Options{Cluster: cluster, Room: "amber-otter", Limits: Limits{Viewers: *viewersFlag}})
	listener := httptest.NewServer(server)
	defer listener.Close()
	defer server.Close()
	stop := make(chan struct{})
	var busy sync.WaitGroup
	busy.Go(func() { cluster.live(stop, *eventsFlag) })
	before := resident(b)
	for b.Loop() {
		w, peak := crowd(b, strings.Replace(listener.URL, "http", "ws", 1)+"/ws", *viewersFlag)
		b.ReportMetric(w.P50, "p50-ms")
		b.ReportMetric(w.P99, "p99-ms")
		b.ReportMetric(w.Max, "max-ms")
		b.ReportMetric(float64(w.Dropped), "dropped")
		b.ReportMetric(float64(w.Frames)*10/watchFor.Seconds(), "frames/s")
		b.ReportMetric((peak-before)/float64(*viewersFlag), "KiB/viewer")
	}
	close(stop)
	busy.Wait()
}

// live records facts 60 times a second.
func (f *fakeCluster) live(stop <-chan struct{}, perSecond int) {
	tick := time.NewTicker(time.Second / 60)
	defer tick.Stop()
	events := make([]event.Event, perSecond/60)
	for i := range events {
		events[i] = event.Event{Kind: event.Sent, Type: event.Heartbeat, Node: 1, Peer: event.NodeID(2 + i%4), Term: 4, Msg: uint64(i + 1), Until: 1}
		if i%2 == 1 {
			events[i] = event.Event{Kind: event.Delivered, Node: 1, Peer: event.NodeID(2 + (i-1)%4), Msg: uint64(i)}
		}
	}
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			f.tell(events...)
		}
	}
}

// crowd runs n viewers in another process and returns what they saw and the server's memory in KiB meanwhile.
func crowd(b *testing.B, address string, n int) (w watched, peak float64) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", crowdEnv, address, n))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- json.NewDecoder(out).Decode(&w) }()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err := <-done:
			if err = errors.Join(err, cmd.Wait()); err != nil {
				b.Fatal(err)
			}
			return w, peak
		case <-look.C:
			peak = max(peak, resident(b))
		}
	}
}

// resident is this process's resident memory in KiB, where the system tells.
func resident(b *testing.B) float64 {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.Sys) / 1024
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kib float64
	fmt.Sscan(rest, &kib)
	return kib
}
