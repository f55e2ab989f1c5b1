package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cmd/bench"
)

// benchRooms is a lobby of this program in a process of its own, with rooms and one viewer for each.
type benchRooms struct {
	lobby   *exec.Cmd
	base    string
	viewers []*websocket.Conn
	first   []time.Duration // from asking for a room to its first picture on the websocket
}

func newBenchRooms() *cobra.Command {
	var rooms int
	var during time.Duration
	c := &cobra.Command{
		Use:   "rooms",
		Short: "Processor and memory of many rooms of five nodes at workshop rate: watched, then asleep",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if rooms < 1 || rooms > 1000 {
				return fmt.Errorf("--rooms is %d; give 1 to 1000", rooms)
			}
			return inScratch(func(dir string) error { return measureRooms(dir, rooms, during) })
		},
	}
	c.Flags().IntVar(&rooms, "rooms", 100, "how many")
	c.Flags().DurationVar(&during, "for", 20*time.Second, "how long each state is measured")
	return c
}

func measureRooms(dir string, n int, during time.Duration) error {
	b := &benchRooms{}
	if err := b.start(dir, n); err != nil {
		return err
	}
	defer b.stop()
	for range n {
		if err := b.open(); err != nil {
			return err
		}
	}
	slices.Sort(b.first)
	fmt.Printf("first picture of a new room: median %v, slowest %v of %d\n", b.first[n/2].Round(time.Millisecond), b.first[n-1].Round(time.Millisecond), n)
	cores, resident, processes := b.load(during)
	fmt.Printf("%d rooms watched at 0.25×: %.2f cores in all, %.1f MiB resident a process, %d processes\n", n, cores, resident, processes)
	for _, v := range b.viewers {
		v.Close()
	}
	if err := b.awaitSleep(n); err != nil {
		return err
	}
	cores, resident, processes = b.load(during)
	fmt.Printf("%d rooms asleep: %.3f cores in all, %.1f MiB resident a process, %d processes\n", n, cores, resident, processes)
	return nil
}

func (b *benchRooms) start(dir string, n int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.lobby = exec.Command(self, "serve", "--addr", "127.0.0.1:0", "--data", dir, "--rooms", strconv.Itoa(n+10), "--sleep-after", "5s")
	out, err := b.lobby.StdoutPipe()
	if err != nil {
		return err
	}
	b.lobby.Stderr = os.Stderr
	if err := b.lobby.Start(); err != nil {
		return err
	}
	if _, err := fmt.Fscanf(out, "open %s", &b.base); err != nil {
		return errors.Join(fmt.Errorf("the lobby did not say where it is: %w", err), b.lobby.Process.Kill())
	}
	b.base = strings.TrimSuffix(b.base, "/")
	return nil
}

func (b *benchRooms) stop() {
	_ = b.lobby.Process.Signal(os.Interrupt)
	_ = b.lobby.Wait()
}

// open makes a room and watches it.
func (b *benchRooms) open() error {
	began := time.Now()
	r, err := http.Post(b.base+"/api/rooms", "application/json", strings.NewReader(`{"nodes":5,"rate":0.25}`))
	if err != nil {
		return err
	}
	defer r.Body.Close()
	var room struct{ ID string }
	if err := json.NewDecoder(r.Body).Decode(&room); err != nil || room.ID == "" {
		return fmt.Errorf("no room: %s, %w", r.Status, err)
	}
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(b.base, "http")+"/r/"+room.ID+"/ws", http.Header{"Origin": {b.base}})
	if err != nil {
		return err
	}
	hello := event.AppendFrame(nil, &event.Frame{Type: event.FrameHello, Version: event.WireVersion})
	if err := ws.WriteMessage(websocket.BinaryMessage, hello); err != nil {
		return err
	}
	for {
		_, m, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		f, err := event.DecodeFrame(m)
		if err != nil {
			return err
		}
		if f.Type == event.FrameCheckpoint {
			break
		}
	}
	b.first, b.viewers = append(b.first, time.Since(began)), append(b.viewers, ws)
	go func() {
		for {
			if _, _, err := ws.ReadMessage(); err != nil {
				return
			}
		}
	}()
	return nil
}

// load is what the lobby and its children use during d.
func (b *benchRooms) load(d time.Duration) (cores, residentMiB float64, processes int) {
	before := b.processes()
	began := time.Now()
	<-time.After(d)
	var used time.Duration
	for pid, t := range b.processes() {
		used += t - before[pid]
		residentMiB += resident(pid)
		processes++
	}
	return used.Seconds() / time.Since(began).Seconds(), residentMiB / float64(max(processes, 1)), processes
}

// processes is the processor time of the lobby and its children by process.
func (b *benchRooms) processes() map[int]time.Duration {
	used := map[int]time.Duration{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		if t, parent, ok := bench.ProcessorTime(pid); ok && (pid == b.lobby.Process.Pid || parent == b.lobby.Process.Pid) {
			used[pid] = t
		}
	}
	return used
}

func resident(pid int) float64 {
	var size, pages int
	s, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	_, _ = fmt.Sscan(string(s), &size, &pages)
	return float64(pages*os.Getpagesize()) / (1 << 20)
}

// awaitSleep waits until only the lobby is left, and perhaps a spare room.
func (b *benchRooms) awaitSleep(n int) error {
	for range 600 {
		if len(b.processes()) <= 2 {
			return nil
		}
		<-time.After(200 * time.Millisecond)
	}
	return fmt.Errorf("after two minutes %d of %d rooms have not fallen asleep", len(b.processes())-1, n)
}
