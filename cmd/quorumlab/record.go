package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// recording are record's flags.
type recording struct {
	length  time.Duration
	chaos   float64
	seed    uint64
	nodes   int
	rate    float64
	clients int
}

// Bounds of what record takes, and how it goes on.
const (
	longestRecording              = 24 * time.Hour
	mostClients                   = 32
	recordSlice      event.Micros = 1_000_000 / 60 // of virtual time: a frame's worth
	recordHistory                 = journal.MaxRecording
	recordCalm       event.Micros = 5_000_000  // without new faults at the end
	recordPause      event.Micros = 2_000_000  // of a client between two requests, at most
	recordClosing    event.Micros = 60_000_000 // for the last answers
)

func newRecord() *cobra.Command {
	r := &recording{}
	c := &cobra.Command{
		Use:   "record FILE.qlr",
		Short: "Record a cluster under faults, in virtual time, without a browser",
		Long: "Record lets a cluster live for a while in virtual time, as fast as this machine can, with clients that put and get and, if that\n" +
			"is wanted, with faults that come by themselves. What happened is written to a file, which quorumlab replay plays. The seed chooses the\n" +
			"faults and the requests; what the cluster makes of them differs from run to run.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := r.check(args[0]); err != nil {
				return err
			}
			return r.run(c, args[0])
		},
	}
	f := c.Flags()
	f.DurationVar(&r.length, "for", 10*time.Minute, "how long, in the cluster's time")
	f.Float64Var(&r.chaos, "chaos", 0.3, "how wild it gets, above 0 and at most 1; 0: no faults")
	f.Uint64Var(&r.seed, "seed", 0, "of faults and requests; 0: any")
	f.IntVar(&r.nodes, "nodes", cluster.DefaultNodes, "machines (1 to 9)")
	f.Float64Var(&r.rate, "rate", 1, "how fast it plays: seconds of the cluster's time a second (0.01 to 20); messages fly longer at low rates")
	f.IntVar(&r.clients, "clients", 3, "clients that put and get")
	return c
}

func (r *recording) check(file string) error {
	switch {
	case r.length < time.Second || r.length > longestRecording:
		return fmt.Errorf("--for is from 1s to %v, not %v", longestRecording, r.length)
	case !(r.chaos >= 0 && r.chaos <= 1):
		return fmt.Errorf("--chaos is from 0 to 1, not %v", r.chaos)
	case r.nodes < 1 || r.nodes > cluster.MaxNodes:
		return fmt.Errorf("--nodes is 1 to %d, not %d", cluster.MaxNodes, r.nodes)
	case r.clients < 0 || r.clients > mostClients:
		return fmt.Errorf("--clients is 0 to %d, not %d", mostClients, r.clients)
	case !(r.rate >= 0.01 && r.rate <= 20):
		return fmt.Errorf("--rate is from 0.01 to 20, not %v", r.rate)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already: remove it, or give another name", file)
	}
	return nil
}

func (r *recording) run(c *cobra.Command, file string) error {
	if r.seed == 0 {
		r.seed = 1 + rand.Uint64N(1<<53-1)
	}
	dir, err := os.MkdirTemp("", "quorumlab-record-")
	if err != nil {
		return fmt.Errorf("there is no place for the cluster's files: %w", err)
	}
	defer os.RemoveAll(dir)
	room, err := cluster.Open(cluster.Options{Dir: filepath.Join(dir, "room"), Nodes: r.nodes, Rate: event.FactorOf(r.rate), NoSync: true, Manual: true,
		HistoryBytes: recordHistory, Seed: r.seed})
	if err != nil {
		return err
	}
	defer room.Close()
	if err := r.live(c.Context(), room); err != nil {
		return err
	}
	name := plainName(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)))
	if err := writeRecording(file, room.Journal(), journal.Info{Room: name, Made: event.Micros(time.Now().UnixMicro())}); err != nil {
		return err
	}
	reach := room.Journal().Reach()
	fmt.Fprintf(c.OutOrStdout(), "%s: %d events in %v, seed %d; see it with: quorumlab replay %s\n", file, reach.Head,
		(time.Duration(reach.HeadAt-reach.FirstAt) * time.Microsecond).Round(time.Second), r.seed, file)
	return nil
}

// live lets the cluster live under its clients and, until shortly before the end, under faults.
func (r *recording) live(ctx context.Context, room *cluster.Room) error {
	crowd := newCrowd(room, r.clients, r.seed)
	begin := room.Now()
	end := begin + event.Micros(r.length.Microseconds())
	if r.chaos > 0 {
		if res := crowd.order(event.Command{Kind: event.Chaos, On: true, Factor: event.FactorOf(r.chaos), Seed: r.seed}); res.Outcome != event.OK {
			return fmt.Errorf("the chaos does not begin: %s", res.Error)
		}
	}
	calm := r.chaos == 0
	for room.Now() < end {
		if ctx.Err() != nil {
			return errors.New("interrupted: nothing was written")
		}
		if !calm && room.Now() >= max(begin, end-recordCalm) {
			calm = true
			if res := crowd.order(event.Command{Kind: event.Chaos, Undo: true}); res.Outcome != event.OK {
				return fmt.Errorf("the chaos does not end: %s", res.Error)
			}
		}
		crowd.act()
		room.Advance(recordSlice)
	}
	crowd.finish()
	return nil
}

// crowd are clients that put and get, one request each at a time.
type crowd struct {
	room    *cluster.Room
	random  *rand.Rand
	nodes   int
	clients []client
}

type client struct {
	answer <-chan event.Result // nil: it has asked nothing
	next   event.Micros        // when it asks again
	puts   int
}

func newCrowd(room *cluster.Room, clients int, seed uint64) *crowd {
	s := room.State()
	return &crowd{room: room, random: rand.New(rand.NewPCG(seed, 11)), nodes: len(s.Nodes), clients: make([]client, clients)}
}

// act lets everybody ask whose time has come.
func (c *crowd) act() {
	now := c.room.Now()
	for i := range c.clients {
		one := &c.clients[i]
		select {
		case <-one.answer:
			one.answer = nil
		default:
		}
		if one.answer == nil && now >= one.next {
			one.next = now + event.Micros(c.random.Int64N(int64(recordPause)))
			one.answer = c.room.Begin(c.request(i, one))
		}
	}
}

// request is what client i asks: mostly a put to one of a few keys.
func (c *crowd) request(i int, one *client) event.Command {
	node := event.NodeID(1 + c.random.IntN(c.nodes))
	key := string(rune('u' + c.random.IntN(6)))
	if c.random.IntN(3) == 0 {
		return event.Command{Kind: event.Get, Node: node, Key: key}
	}
	one.puts++
	return event.Command{Kind: event.Put, Node: node, Key: key, Value: strconv.Itoa(i+1) + "." + strconv.Itoa(one.puts)}
}

// order has an order done while the clients go on.
func (c *crowd) order(o event.Command) event.Result {
	answer := c.room.Begin(o)
	for {
		select {
		case res := <-answer:
			return res
		default:
			c.act()
			c.room.Advance(recordSlice)
		}
	}
}

// finish waits for the last answers; what was not answered by then stays open in the recording.
func (c *crowd) finish() {
	for end := c.room.Now() + recordClosing; c.room.Now() < end && c.open(); {
		c.room.Advance(recordSlice)
	}
}

func (c *crowd) open() bool {
	open := false
	for i := range c.clients {
		one := &c.clients[i]
		select {
		case <-one.answer:
			one.answer = nil
		default:
		}
		open = open || one.answer != nil
	}
	return open
}

// writeRecording writes a file that is whole or not there.
func writeRecording(name string, j *journal.Journal, info journal.Info) error {
	file, err := os.CreateTemp(filepath.Dir(name), ".recording-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // after a rename there is nothing left to remove
	err = errors.Join(j.Write(file, info), file.Chmod(0o644), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("the recording was not written: %w", err)
	}
	return nil
}

// plainName keeps of a file's name what can stand in an address.
func plainName(name string) string {
	name = strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, name)
	if strings.Trim(name, "-") == "" {
		return "recording"
	}
	return name[:min(len(name), 64)]
}
