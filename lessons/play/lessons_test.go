package play

import (
	"os"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// TestMain lets memory grow further before it is collected: hours of heartbeats leave much behind and hold little.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// library is what comes with the program.
var library = sync.OnceValues(func() (*lessons.Library, error) { return lessons.Load(lessons.Embedded()) })

// TestLessons plays every lesson that comes with the program: solved, done wrong, and left idle. The parts of one lesson
// are run with -run 'TestLessons/a07'. Under the race detector, which slows rooms tenfold, only the solutions are played.
func TestLessons(t *testing.T) {
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	hour := newHours(lib)
	for _, l := range lib.Lessons() {
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			for _, part := range Parts(lib, l) {
				if raceEnabled && part.Name != "solved" {
					continue
				}
				t.Run(part.Name, func(t *testing.T) {
					t.Parallel()
					if part.Name == "hour" {
						hour.of(t, l)
						return
					}
					began := time.Now()
					took, err := part.Play(t.TempDir())
					if err != nil {
						t.Error(err)
					}
					t.Logf("%.1f virtual s in %d ms", float64(took)/1e6, time.Since(began).Milliseconds())
				})
			}
		})
	}
}

// hours leave the learners of all lessons idle, those of lessons that are alike in one room.
type hours struct {
	lib   *lessons.Library
	alike map[string][]*lessons.Lesson
	left  map[string]func() map[string]error // by the same word: the room's result, found once
	mu    sync.Mutex
	dir   map[string]string
}

func newHours(lib *lessons.Library) *hours {
	h := &hours{lib: lib, alike: map[string][]*lessons.Lesson{}, left: map[string]func() map[string]error{}, dir: map[string]string{}}
	for _, l := range lib.Lessons() {
		h.alike[Alike(l)] = append(h.alike[Alike(l)], l)
	}
	d := Hour
	if testing.Short() {
		d = 60 * second
	}
	for word := range h.alike {
		h.left[word] = sync.OnceValue(func() map[string]error {
			_, errs := Idle(lib, h.alike[word], event.Micros(d), h.dir[word])
			return errs
		})
	}
	return h
}

// of waits for the hour of the room that a lesson shares.
func (h *hours) of(t *testing.T, l *lessons.Lesson) {
	word := Alike(l)
	h.mu.Lock()
	if h.dir[word] == "" {
		h.dir[word] = t.TempDir()
	}
	h.mu.Unlock()
	began := time.Now()
	if err := h.left[word]()[l.ID]; err != nil {
		t.Error(err)
	}
	t.Logf("with %d lessons in the room, waited for it %d ms", len(h.alike[word]), time.Since(began).Milliseconds())
}

// stagingMost is far above the 1.5 s that staging may take: the machine may be busy, and the race detector looks on.
const stagingMost = 20 * time.Second

// TestStagingIsQuick stages every lesson, one after the other, in one room that is paced by the wall clock and writes to
// its disk as rooms do.
func TestStagingIsQuick(t *testing.T) {
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(cluster.Options{Dir: t.TempDir()}, lib.Lesson(lessons.FreePlay))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var longest time.Duration
	var id string
	for _, l := range lib.Lessons() {
		began := time.Now()
		if err := s.Stage(l); err != nil {
			t.Errorf("%s: %v", l.ID, err)
		}
		took := time.Since(began)
		if took > longest {
			longest, id = took, l.ID
		}
		if took > stagingMost {
			t.Errorf("%s was staged in %v", l.ID, took)
		}
		if n := len(s.State().Nodes); n != l.Nodes {
			t.Errorf("%s has %d nodes, not %d", l.ID, n, l.Nodes)
		}
	}
	t.Logf("%s took longest: %d ms", id, longest.Milliseconds())
}
