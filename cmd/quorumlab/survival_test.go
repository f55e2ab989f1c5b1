package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/lobby"
)

// TestTheRecordingSurvivesTheKillOfItsRoom kills a room with -9 in the middle of its traffic, twice: it is one recording all through, which
// lacks the last moments before each end, and says so. What a machine holds that stays down is known all the same.
func TestTheRecordingSurvivesTheKillOfItsRoom(t *testing.T) {
	h := newHouse(t, lobby.Options{Limits: web.Limits{Commands: 100_000}}, `{"nodes":3,"rate":1}`)
	file := filepath.Join(h.data, filepath.Base(h.room), cluster.RecordingFile)
	defer h.traffic(2)()
	h.order(`{"kind":"put","key":"first","value":"1"}`)
	h.order(`{"kind":"kill","node":"n3"}`)
	h.order(`{"kind":"link","node":"n1","peer":"n2","link":{"delay_ms":9}}`)
	var seen []uint64
	for range 2 {
		seq := h.recorded().Reach().Head
		await(t, "what was seen is in the room's file", func() bool {
			j, err := readGrowing(file)
			return err == nil && j.Reach().Head >= seq
		})
		h.rooms.kill()
		await(t, "it goes on", func() bool {
			var r result
			_, err := post(h.room+"/commands", `{"kind":"put","key":"again","value":"1"}`, &r)
			return err == nil && r.Outcome == "ok"
		})
		seen = append(seen, seq)
	}
	j := h.recorded()
	if reach := j.Reach(); reach.First != 1 {
		t.Errorf("it begins at event %d", reach.First)
	}
	var woke []uint64
	next := uint64(1)
	for c := j.Walk(0); ; next++ {
		e, err := c.Next()
		if err != nil {
			t.Fatal(err)
		}
		if e == nil {
			break
		}
		if e.Seq != next {
			t.Fatalf("event %d follows %d", e.Seq, next-1)
		}
		if e.Kind == event.Woke {
			if woke = append(woke, e.Seq); e.Text != words.MissingMoments {
				t.Errorf("it woke with %+v", e)
			}
		}
	}
	if len(woke) != 2 || woke[0] <= seen[0] || woke[1] <= seen[1] {
		t.Errorf("it woke at %v, and what was seen was at %v", woke, seen)
	}
	s := j.State()
	if n := s.Node(3); n.Up || n.Down != event.Killed || n.Term == 0 || n.Last == 0 || n.Log.Len() == 0 {
		t.Errorf("of the machine that is down it knows %+v", n)
	}
	if !strings.HasPrefix(s.Undo, "link n1 n2") {
		t.Errorf("an undo would take back %q", s.Undo)
	}
	h.order(`{"kind":"undo"}`)
	h.order(`{"kind":"undo"}`)
	if s := h.recorded().State(); !s.Node(3).Up || s.Link(1, 2).Delay != 0 || s.Undo != "" {
		t.Errorf("after two undos: %+v, %+v, %q", s.Node(3), s.Link(1, 2), s.Undo)
	}
}

// traffic has clients put keys until its end is called.
func (h *house) traffic(clients int) (end func()) {
	stop := make(chan struct{})
	var writing sync.WaitGroup
	for c := range clients {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				var r result
				_, _ = post(h.room+"/commands", fmt.Sprintf(`{"kind":"put","key":"c%d","value":"%d"}`, c, i), &r) // the room may be gone
			}
		})
	}
	return func() { close(stop); writing.Wait() }
}

func (h *house) order(command string) {
	h.t.Helper()
	if r := h.do(command); r.Outcome != "ok" {
		h.t.Fatalf("%s: %+v", command, r)
	}
}

// recorded fetches the room's recording.
func (h *house) recorded() *journal.Journal {
	h.t.Helper()
	var b []byte
	await(h.t, "the recording is to be had", func() bool {
		response, err := http.Get(h.room + "/recording")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		b, err = io.ReadAll(response.Body)
		return err == nil && response.StatusCode == http.StatusOK
	})
	j, _, err := journal.Read(bytes.NewReader(b))
	if err != nil {
		h.t.Fatal(err)
	}
	return j
}

// readGrowing reads the file of a room that lives.
func readGrowing(file string) (*journal.Journal, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	j, _, err := journal.Read(f)
	if torn := (*journal.Torn)(nil); errors.As(err, &torn) && torn.Growing {
		return j, nil
	}
	return j, err
}
