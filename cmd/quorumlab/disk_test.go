package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// fullAt is where the disk of a room in these tests is full: the longest file it may write, in blocks of 512 bytes.
const fullAt = 3 << 20 / 512

// TestFullDisk has a room whose files cannot grow any more: its machines stop with a sentence, the lobby lives, and
// when there is space again everything that was answered ok is there.
func TestFullDisk(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("without sh a process's files cannot be limited")
	}
	var space atomic.Bool
	rooms := newRooms(func() *exec.Cmd {
		if space.Load() {
			return quorumlab("room")
		}
		cmd := exec.Command("sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" room`, fullAt), os.Args[0])
		cmd.Env = append(os.Environ(), mainEnv+"=1", "GORACE=atexit_sleep_ms=10") // the race detector would wait a second
		return cmd
	})
	h := newHouseOf(t, rooms, lobby.Options{Limits: web.Limits{Commands: 100_000}}, `{"nodes":3,"rate":1}`)
	acknowledged := h.fill()
	if told := h.stopped(); !strings.Contains(told, "file too large") { // EFBIG, as EFBIG is what a limit gives; a full disk gives ENOSPC
		t.Errorf("the machines stopped and said %q", told)
	}
	space.Store(true)
	h.rooms.kill()
	for _, n := range h.state().Nodes {
		h.do(fmt.Sprintf(`{"kind":"restart","node":%q}`, n.ID))
	}
	var all result
	await(t, "the room goes on", func() bool {
		_, err := post(h.room+"/commands", `{"kind":"get","key":"big-","prefix":true}`, &all)
		return err == nil && all.Outcome == "ok"
	})
	stored := map[string]bool{}
	for _, kv := range all.KVs {
		stored[kv.Key] = true
	}
	for key := range acknowledged {
		if !stored[key] {
			t.Errorf("%s was answered ok and is gone", key)
		}
	}
}

// fill puts large values until no majority of the machines runs any more: the last one gets none, so its disk need not fill up.
func (h *house) fill() (acknowledged map[string]bool) {
	h.t.Helper()
	acknowledged = map[string]bool{}
	value := strings.Repeat("v", 100_000)
	for i := range 300 {
		key := fmt.Sprintf("big-%d", i)
		if r := h.do(fmt.Sprintf(`{"kind":"put","key":%q,"value":%q,"timeout_ms":2000}`, key, value)); r.Outcome == "ok" {
			acknowledged[key] = true
			continue
		}
		up, nodes := 0, h.state().Nodes
		for _, n := range nodes {
			if n.Up {
				up++
			}
		}
		if up <= len(nodes)/2 {
			return acknowledged
		}
	}
	h.t.Fatalf("%d values of 100 kB went onto a full disk", len(acknowledged))
	return nil
}

// stopped is what the first machine said when it stopped.
func (h *house) stopped() string {
	h.t.Helper()
	response, err := http.Get(h.room + "/events?from=1")
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		var e event.Event
		if json.Unmarshal(lines.Bytes(), &e) == nil && e.Kind == event.Stopped {
			return e.Text
		}
	}
	h.t.Fatalf("no machine stopped: %v", lines.Err())
	return ""
}

func (h *house) do(command string) (r result) {
	h.t.Helper()
	if _, err := post(h.room+"/commands", command, &r); err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) state() (st view.State) {
	h.t.Helper()
	response, err := http.Get(h.room)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&st); err != nil {
		h.t.Fatal(err)
	}
	return st
}
