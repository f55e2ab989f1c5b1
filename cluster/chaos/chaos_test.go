package chaos

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestChaos is the long one: QUORUMLAB_CHAOS_SEEDS runs (20) of QUORUMLAB_CHAOS_MINUTES virtual minutes (5).
func TestChaos(t *testing.T) {
	seeds, minutes := number(t, "QUORUMLAB_CHAOS_SEEDS", 20), number(t, "QUORUMLAB_CHAOS_MINUTES", 5)
	if raceEnabled || testing.Short() {
		seeds, minutes = 2, 1 // the detector slows it tenfold; the full run is made without it
	}
	usual := debug.SetGCPercent(400) // small heaps, much garbage
	t.Cleanup(func() { debug.SetGCPercent(usual) })
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rep, err := Run(Options{Dir: t.TempDir(), Seed: uint64(seed), Virtual: event.Micros(minutes) * 60_000_000})
			t.Logf("%d virtual s in %.1f s, ops %d ok %d failed %d unknown, %d events, term %d, faults %v", rep.Virtual/1_000_000, rep.Real.Seconds(),
				rep.OK, rep.Failed, rep.Unknown, rep.Events, rep.Terms, rep.Faults)
			if err != nil {
				t.Error(err)
			}
			if rep.OK < minutes*100 {
				t.Errorf("only %d ops were ok: this run proves little", rep.OK)
			}
		})
	}
}

func number(t *testing.T, name string, usual int) int {
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; give a whole number above 0", name, s)
	}
	return n
}
