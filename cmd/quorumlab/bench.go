package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/chaos"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cmd/bench"
)

func newBench() *cobra.Command {
	verb := &cobra.Command{
		Use:   "bench",
		Short: "Measure this program, or any etcd, on this machine, or repeat a run of chaos",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	verb.AddCommand(newBenchChaos(), newBenchTime(), newBenchRooms(), bench.NewCompare(),
		bench.NewLoad("puts", "Puts in a closed loop, against any etcd endpoints"),
		bench.NewLoad("reads", "Reads in a closed loop, against any etcd endpoints"),
		bench.NewLoad("watches", "Puts until their watchers have seen them, against any etcd endpoints"))
	return verb
}

// inScratch runs f with a directory that is gone afterwards.
func inScratch(f func(dir string) error) error {
	dir, err := os.MkdirTemp("", "quorumlab-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return f(dir)
}

func newBenchChaos() *cobra.Command {
	var seed uint64
	var minutes float64
	var sync bool
	c := &cobra.Command{
		Use:   "chaos",
		Short: "Random faults of every kind under concurrent clients, in virtual time; judged",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if minutes <= 0 || minutes > 10_000 {
				return fmt.Errorf("--minutes is %v; give virtual minutes between 0 and 10000", minutes)
			}
			return inScratch(func(dir string) error {
				rep, err := chaos.Run(chaos.Options{Dir: dir, Seed: seed, Virtual: event.Micros(minutes * 60e6), Sync: sync})
				printChaos(rep)
				return err
			})
		},
	}
	c.Flags().Uint64Var(&seed, "seed", 0, "of faults, clients and network; goroutines keep an order of their own, so a run is alike but not the same")
	c.Flags().Float64Var(&minutes, "minutes", 5, "virtual minutes of faults")
	c.Flags().BoolVar(&sync, "fsync", false, "with real fsyncs")
	return c
}

func printChaos(r chaos.Report) {
	virtual := float64(r.Virtual) / 1e6
	fmt.Printf("seed %d: %.0f virtual s in %.1f s (%.0f a second), %d events, terms to %d\n", r.Seed, virtual, r.Real.Seconds(), virtual/r.Real.Seconds(), r.Events, r.Terms)
	fmt.Printf("requests: %d ok, %d failed, %d unknown\n", r.OK, r.Failed, r.Unknown)
	var names []string
	for n, k := range r.Faults {
		names = append(names, fmt.Sprintf("%s %d", n, k))
	}
	slices.Sort(names)
	fmt.Println("faults:", strings.Join(names, ", "))
}

func newBenchTime() *cobra.Command {
	return &cobra.Command{
		Use:   "time",
		Short: "Virtual seconds a real second: five nodes, idle and at 100 puts a virtual second",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, c := range []struct {
				name    string
				puts    int
				fsync   bool
				seconds int
			}{{"idle", 0, false, 300}, {"100 puts/s, no fsync", 100, false, 60}, {"100 puts/s, fsync", 100, true, 20}} {
				err := inScratch(func(dir string) error { return timeOf(dir, c.name, c.puts, c.fsync, c.seconds) })
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// timeOf lets a room run for so many virtual seconds in five parts and prints the median speed.
func timeOf(dir, name string, puts int, fsync bool, seconds int) error {
	r, err := cluster.Open(cluster.Options{Dir: dir, NoSync: !fsync, Manual: true, Rate: event.One})
	if err != nil {
		return err
	}
	defer r.Close()
	const parts = 5
	var speeds []float64
	for part := range parts {
		began := time.Now()
		var last <-chan event.Result
		for i := range seconds / parts * max(puts, 1) {
			if puts > 0 {
				last = r.Begin(event.Command{Kind: event.Put, Key: fmt.Sprintf("k%d", (part*1000+i)%1000), Value: strings.Repeat("v", 100)})
			}
			r.Advance(event.Micros(1_000_000 / max(puts, 1)))
		}
		speeds = append(speeds, float64(seconds/parts)/time.Since(began).Seconds())
		if puts > 0 {
			r.Advance(1_000_000)
			if res := <-last; res.Outcome != event.OK {
				return fmt.Errorf("the last put of a part was %v: %s", res.Outcome, res.Error)
			}
		}
	}
	slices.Sort(speeds)
	fmt.Printf("%-22s %6.1f virtual s a second (median of %d; %.1f to %.1f)\n", name, speeds[parts/2], parts, speeds[0], speeds[parts-1])
	return nil
}
