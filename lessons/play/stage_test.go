package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/conductor"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/lessons"
)

func openStage(t *testing.T, o cluster.Options, l *lessons.Lesson) *Stage {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.NoSync = true
	o.Warn = func(err error) { t.Error(err) }
	s, err := Open(o, l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStageReplacesTheClusterAndCountsOn(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "lesson.json")
	if err := os.WriteFile(other, []byte("progress"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := openStage(t, cluster.Options{Dir: dir, Nodes: 1}, nil)
	before := s.Journal()
	if r := s.Do(t.Context(), event.Command{Kind: event.Put, Key: "x", Value: "1"}); r.Outcome != event.OK {
		t.Fatal(r.Error)
	}
	if err := s.Stage(&lessons.Lesson{Nodes: 3, Rate: event.One}); err != nil {
		t.Fatal(err)
	}
	state := s.State()
	if len(state.Nodes) != 3 || state.Rate != event.One || state.PreVote || state.Leader() == nil || state.Leader().Revision != 1 {
		t.Errorf("%+v", state)
	}
	if e := s.Journal().Epoch(); e <= before.Epoch() {
		t.Error("epoch", e, "after", before.Epoch())
	}
	if err := before.Wait(t.Context(), before.State().Seq); !errors.Is(err, journal.ErrClosed) {
		t.Error("who watched the room before is told", err)
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "progress" {
		t.Error("the room's other files:", string(b), err)
	}
	if _, err := os.Stat(filepath.Join(dir, stagingFile)); !errors.Is(err, os.ErrNotExist) {
		t.Error("the mark of staging is left:", err)
	}
}

func TestAStagedRoomGoesOnAfterTheProcess(t *testing.T) {
	dir := t.TempDir()
	lesson := &lessons.Lesson{Nodes: 2, Rate: event.One / 2, PreVote: true}
	s := openStage(t, cluster.Options{Dir: dir, Nodes: 1}, lesson)
	if r := s.Do(t.Context(), event.Command{Kind: event.Put, Key: "x", Value: "1"}); r.Outcome != event.OK {
		t.Fatal(r.Error)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Stage(lesson); err == nil {
		t.Error("a closed room was staged")
	}
	again := openStage(t, cluster.Options{Dir: dir}, &lessons.Lesson{Nodes: 4})
	if state := again.State(); len(state.Nodes) != 2 || state.Leader().Revision != 2 {
		t.Errorf("%d nodes at revision %d", len(state.Nodes), state.Leader().Revision)
	}
}

// A process that ends in the middle of staging leaves half a room; the next one begins anew, with an epoch of its own.
func TestAHalfStagedRoomIsPreparedAnew(t *testing.T) {
	dir := t.TempDir()
	s := openStage(t, cluster.Options{Dir: dir}, &lessons.Lesson{Nodes: 1, Rate: event.One})
	if err := s.Stage(&lessons.Lesson{Nodes: 1, Rate: event.One}); err != nil {
		t.Fatal(err)
	}
	half := s.Journal().Epoch()
	if err := errors.Join(s.Close(), s.mark(half)); err != nil {
		t.Fatal(err)
	}
	again := openStage(t, cluster.Options{Dir: dir}, &lessons.Lesson{Nodes: 3, Rate: event.One})
	if n := len(again.State().Nodes); n != 3 || again.Journal().Epoch() <= half {
		t.Errorf("%d nodes in epoch %d", n, again.Journal().Epoch())
	}
}

func TestFreePlayKeepsWhatTheRoomWasMadeWith(t *testing.T) {
	play := &lessons.Lesson{Nodes: 5, Rate: event.One, AnyOrder: true, PreVote: true}
	s := openStage(t, cluster.Options{Nodes: 2}, play)
	if state := s.State(); len(state.Nodes) != 2 || state.Rate != event.One {
		t.Errorf("%d nodes at rate %v", len(state.Nodes), state.Rate.Float())
	}
	s = openStage(t, cluster.Options{NoPreVote: true, Rate: conductor.WorkshopRate, Nodes: 1}, play)
	if state := s.State(); state.PreVote || state.Rate != conductor.WorkshopRate {
		t.Errorf("pre-vote %v at rate %v", state.PreVote, state.Rate.Float())
	}
}

func TestTooManyNodesLeaveTheRoomAlone(t *testing.T) {
	s := openStage(t, cluster.Options{Nodes: 1, MaxNodes: 3}, nil)
	before := s.Journal()
	err := s.Stage(&lessons.Lesson{Nodes: 5})
	if err == nil || !strings.Contains(err.Error(), "5 nodes") || s.Journal() != before {
		t.Fatal(err)
	}
	if r := s.Do(t.Context(), event.Command{Kind: event.Put, Key: "x"}); r.Outcome != event.OK {
		t.Error(r.Error)
	}
}

// Whoever acts while the room is staged waits and then acts in the new room, or is told how it ended in the old one.
func TestStagingWhileOthersAct(t *testing.T) {
	s := openStage(t, cluster.Options{Nodes: 1, Rate: event.One}, nil)
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	for range 4 {
		busy.Go(func() {
			for ctx.Err() == nil {
				r := s.Do(t.Context(), event.Command{Kind: event.Put, Key: "x"})
				if r.Outcome != event.OK && r.Error == "" {
					t.Errorf("%v without a reason", r.Outcome)
				}
				if state := s.State(); len(state.Nodes) != 1 || s.Journal().State().Seq == 0 {
					t.Error("a room that is being staged was seen")
				}
			}
		})
	}
	for range 5 {
		if err := s.Stage(&lessons.Lesson{Nodes: 1, Rate: event.One}); err != nil {
			t.Error(err)
		}
	}
	stop()
	busy.Wait()
}

// TestNodesKeepTheirDoors has a node found where the node of its number was found before, also after a smaller lesson.
func TestNodesKeepTheirDoors(t *testing.T) {
	next, changed := 0, 0
	doors := cluster.Doors{Changed: func() { changed++ }, Open: func(_ *cluster.Session, before string) (string, error) {
		if before == "" {
			next++
			before = fmt.Sprint("http://", next)
		}
		return before, nil
	}}
	s := openStage(t, cluster.Options{Nodes: 5, Doors: doors}, nil)
	at := func() (urls []string) {
		for _, e := range s.Room().Endpoints() {
			urls = append(urls, e.URL)
		}
		return urls
	}
	five := at()
	if changed != 5 || len(five) != 5 {
		t.Errorf("%d doors %q, and %d changes", len(five), five, changed)
	}
	for _, n := range []int{3, 5} {
		if err := s.Stage(&lessons.Lesson{Nodes: n, Rate: event.One}); err != nil {
			t.Fatal(err)
		}
		if got := at(); !slices.Equal(got, five[:n]) {
			t.Errorf("%d nodes are at %q, before they were at %q", n, got, five)
		}
	}
}
