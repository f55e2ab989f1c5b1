package disk

import (
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// patience is how long a test waits for what has to come.
const patience = 20 * time.Second

// held is a drive whose disk can be made to stand still.
type held struct {
	*Drive
	t     testing.TB
	next  atomic.Pointer[halt] // of the next write; nil: it goes through
	fails chan error
	facts chan event.Event
}

// halt is where one write stands still. What comes behind it does not stand there: who waits for it waits of his own accord.
type halt struct{ reached, over chan struct{} }

func openHeld(t testing.TB, dir, note string) *held {
	t.Helper()
	h := &held{t: t, fails: make(chan error, 1), facts: make(chan event.Event, 100)}
	var err error
	h.Drive, err = Open(Options{Dir: dir, Node: 1, Sync: true, Witness: note, Failed: func(err error) { h.fails <- err },
		Tap: func(e event.Event) { h.facts <- e },
		Delay: func() time.Duration {
			if here := h.next.Swap(nil); here != nil {
				close(here.reached)
				<-here.over
			}
			return 0
		}})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// hold has the next write stand still until the function that it gives is called.
func (h *held) hold() (release func()) {
	here := &halt{make(chan struct{}), make(chan struct{})}
	h.next.Store(here)
	return func() { close(here.over) }
}

// ahead stores entries; a write that is to stand still does so when it returns.
func (h *held) ahead(first, last uint64) {
	h.t.Helper()
	here := h.next.Load()
	if err := h.Log.StoreAhead(commands(first, last)); err != nil {
		h.t.Fatal(err)
	}
	if here != nil {
		<-here.reached
	}
}

// told are the facts until now, without those before.
func (h *held) told() (kinds []event.Kind) {
	for {
		select {
		case e := <-h.facts:
			kinds = append(kinds, e.Kind)
		default:
			return kinds
		}
	}
}

func commands(first, last uint64) (all []*raft.Log) {
	for i := first; i <= last; i++ {
		all = append(all, &raft.Log{Index: i, Term: 1, Data: []byte(strings.Repeat("v", 300))})
	}
	return all
}

// ending runs something on a goroutine of its own: true is sent when it returns, false when it ends its goroutine.
func ending(do func()) <-chan bool {
	done := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { done <- returned }()
		do()
		returned = true
	}()
	return done
}

// stuck waits until each of n that were begun by ending has either ended or stands where the disk is waited for. Nobody
// comes on from there but by the disk.
func stuck(t *testing.T, n int) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	stacks := make([]byte, 1<<20)
	for end := time.After(patience); ; {
		begun, waits := 0, 0
		for one := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if !strings.Contains(one, "disk.ending.func") {
				continue
			}
			begun++
			state, _, _ := strings.Cut(one, "]:")
			if strings.Contains(state, "[sync.Mutex.Lock") && strings.Contains(one, "(*Log).lock(") ||
				strings.Contains(state, "[chan receive") && strings.Contains(one, "(*Log).Await(") {
				waits++
			}
		}
		if begun == waits {
			return
		}
		select {
		case <-again.C:
		case <-end:
			t.Fatalf("of %d, %d have not ended and %d wait for the disk:\n%s", n, begun, waits, stacks)
		}
	}
}

// What is stored ahead can be read at once; the disk is told apart from it, and whatever else is to be written waits.
func TestStoredAhead(t *testing.T) {
	h := openHeld(t, t.TempDir(), "")
	if err := h.Log.StoreLogs(commands(1, 4)); err != nil {
		t.Fatal(err)
	}
	h.told()
	release := h.hold()
	h.ahead(5, 6)
	if last, _ := h.Log.LastIndex(); last != 6 {
		t.Errorf("the log ends at %d", last)
	}
	var l raft.Log
	if err := h.Log.GetLog(6, &l); err != nil || l.Index != 6 {
		t.Errorf("entry 6 is %v, %v", l, err)
	}
	if a, b, c := h.Log.OnDisk(3), h.Log.OnDisk(5), h.Log.OnDisk(math.MaxUint64); a != 3 || b != 4 || c != 4 {
		t.Errorf("of 3, 5 and all, %d, %d and %d are on disk", a, b, c)
	}
	if got := h.told(); !slices.Equal(got, []event.Kind{event.Appended, event.Appended}) {
		t.Errorf("told: %v", got)
	}
	h.Log.Await(4) // it is on disk
	waiting := map[string]<-chan bool{
		"who awaits the entry":       ending(func() { h.Log.Await(5) }),
		"who awaits all":             ending(h.Log.Settle),
		"a term":                     ending(func() { _ = h.Stable.SetUint64(keyTerm, 2) }),
		"what forgets the beginning": ending(func() { _ = h.Log.DeleteRange(1, 2) }),
		"the next entries":           ending(func() { _ = h.Log.StoreAhead(commands(7, 7)) }),
	}
	stuck(t, len(waiting))
	for what, done := range waiting {
		if len(done) > 0 {
			t.Errorf("%s did not wait for the disk", what)
		}
	}
	release()
	for what, done := range waiting {
		if !<-done {
			t.Errorf("%s ended", what)
		}
	}
	h.Log.Settle()
	if got := h.told(); !slices.Contains(got, event.Fsynced) || h.Log.OnDisk(7) != 7 {
		t.Errorf("told: %v; of 7, %d are on disk", got, h.Log.OnDisk(7))
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// A power cut takes what was stored ahead and is not on disk, and nothing else.
func TestPowerLossTakesWhatIsAhead(t *testing.T) {
	dir, note := filepath.Join(t.TempDir(), "n"), filepath.Join(t.TempDir(), "note")
	h := openHeld(t, dir, note)
	h.ahead(1, 3)
	h.ahead(4, 5)
	h.Log.Settle()
	release := h.hold()
	h.ahead(6, 9)
	left, leftNote := filepath.Join(t.TempDir(), "n"), filepath.Join(t.TempDir(), "note")
	(&machine{t: t, dir: dir, note: note}).copyTo(left, leftNote)
	release()
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := LosePower(left, leftNote, rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]uint64{left: 5, dir: 9} {
		again := openTest(t, where)
		if last, _ := again.Log.LastIndex(); last != want {
			t.Errorf("%s has entries to %d, not %d", where, last, want)
		}
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	}
}

// When a write that nobody waited for fails, who waits for it ends, nothing is written behind it, and it never counts as on disk.
func TestFailedWriteAhead(t *testing.T) {
	h := openHeld(t, t.TempDir(), "")
	h.ahead(1, 2)
	h.Log.Settle()
	release := h.hold()
	h.ahead(3, 4)
	waiting := []<-chan bool{
		ending(func() { h.Log.Await(3) }),
		ending(func() { _ = h.Log.StoreLogs(commands(5, 5)) }),
		ending(func() { _ = h.Log.DeleteRange(2, 4) }),
		ending(func() { _ = h.Stable.SetUint64(keyTerm, 2) }),
	}
	stuck(t, len(waiting))
	_ = h.Log.w.Close() // as if the disk were gone
	release()
	if err := <-h.fails; err == nil || !strings.Contains(err.Error(), "could not be written") {
		t.Errorf("it failed with %v", err)
	}
	for i, done := range waiting {
		if <-done {
			t.Errorf("the %dth of those who waited goes on", i+1)
		}
	}
	if got := h.Log.OnDisk(9); got != 2 {
		t.Errorf("%d entries count as on disk", got)
	}
	if err := errors.Join(h.Stable.Close(), h.Log.Close()); err == nil {
		t.Error("a log that was closed already is closed without a word")
	}
}
