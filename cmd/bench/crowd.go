package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

const (
	maxClients     = 2_000
	maxConnections = 64 // more clients than that share connections, as they do in etcd's own benchmark
	maxKeys        = 1_000_000
	maxSize        = 1_500_000        // bytes of a value: etcd refuses larger requests
	greeting       = 10 * time.Second // for an endpoint to answer the first time
	stuck          = 10 * time.Second // after the end of a measurement an operation is given up
	afterError     = 10 * time.Millisecond
	loadedAtOnce   = 100 // keys in one transaction; etcd takes 128
)

// operation is what a client does over and over, each time when the last one is done.
type operation func(ctx context.Context) error

// crowd is connections to a cluster: any number of clients share them.
type crowd struct {
	connections []*clientv3.Client
	first       int    // connection of the first client
	prefix      string // of all keys
	keys        int
	value       string
}

// dial makes the connections for so many clients, each to one endpoint, spread over them evenly. It returns when every
// endpoint has answered.
func dial(ctx context.Context, base clientv3.Config, endpoints []string, clients int) (*crowd, error) {
	c := &crowd{prefix: "bench/", keys: 1000}
	for i := range min(clients, maxConnections) {
		config := base
		config.Endpoints, config.Logger = []string{endpoints[i%len(endpoints)]}, zap.NewNop()
		config.DialTimeout = greeting
		client, err := clientv3.New(config)
		if err != nil {
			c.close()
			return nil, fmt.Errorf("%s is not an endpoint that can be dialed: %w", config.Endpoints[0], err)
		}
		c.connections = append(c.connections, client)
	}
	var greeted sync.WaitGroup
	answers := make([]error, len(c.connections))
	for i, client := range c.connections {
		greeted.Go(func() { answers[i] = greet(ctx, client, c.prefix) })
	}
	greeted.Wait()
	if err := errors.Join(answers...); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func greet(ctx context.Context, client *clientv3.Client, key string) error {
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	if _, err := client.Get(ctx, key); err != nil {
		return fmt.Errorf("%s does not answer as etcd does within %v: %w", client.Endpoints()[0], greeting, err)
	}
	return nil
}

func (c *crowd) close() {
	for _, client := range c.connections {
		client.Close()
	}
}

// fill sets the size of values.
func (c *crowd) fill(size int) {
	letters := make([]byte, size)
	for i := range letters {
		letters[i] = byte('a' + rand.IntN(26))
	}
	c.value = string(letters)
}

func (c *crowd) key(n int) string { return fmt.Sprintf("%s%08d", c.prefix, n) }

// load writes all keys once, so that reads find something.
func (c *crowd) load(ctx context.Context) error {
	for from := 0; from < c.keys; from += loadedAtOnce {
		var puts []clientv3.Op
		size := 0
		for n := from; n < min(from+loadedAtOnce, c.keys); n++ {
			puts = append(puts, clientv3.OpPut(c.key(n), c.value))
			if size += len(c.value); size > maxSize/2 || n == min(from+loadedAtOnce, c.keys)-1 {
				if _, err := c.connections[0].Txn(ctx).Then(puts...).Commit(); err != nil {
					return fmt.Errorf("the keys to read could not be written: %w", err)
				}
				puts, size = nil, 0
			}
		}
	}
	return nil
}

// connection of client n of many.
func (c *crowd) connection(n int) *clientv3.Client {
	return c.connections[(c.first+n)%len(c.connections)]
}

// leader is the number of the connection to the member that leads.
func (c *crowd) leader(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	for i, client := range c.connections {
		status, err := client.Status(ctx, client.Endpoints()[0])
		if err != nil {
			return 0, fmt.Errorf("%s does not say whether it leads: %w", client.Endpoints()[0], err)
		} else if status.Leader == status.Header.MemberId {
			return i, nil
		}
	}
	return 0, errors.New("no member says that it leads; the cluster is electing, try again")
}

// puts are clients that write random keys.
func (c *crowd) puts(clients int) []operation {
	var all []operation
	for n := range clients {
		kv := c.connection(n)
		all = append(all, func(ctx context.Context) error {
			_, err := kv.Put(ctx, c.key(rand.IntN(c.keys)), c.value)
			return err
		})
	}
	return all
}

// reads are clients that read random keys.
func (c *crowd) reads(clients int, serializable bool) []operation {
	var options []clientv3.OpOption
	if serializable {
		options = append(options, clientv3.WithSerializable())
	}
	var all []operation
	for n := range clients {
		kv := c.connection(n)
		all = append(all, func(ctx context.Context) error {
			_, err := kv.Get(ctx, c.key(rand.IntN(c.keys)), options...)
			return err
		})
	}
	return all
}

// watches are clients that write a key of their own and wait until all its watchers have seen that. The watchers
// are on other connections than the writer, where there are others.
func (c *crowd) watches(ctx context.Context, clients, watchers int) []operation {
	var all []operation
	for n := range clients {
		kv, key := c.connection(n), fmt.Sprintf("%swatched/%08d", c.prefix, n)
		var seen []clientv3.WatchChan
		for w := range watchers {
			seen = append(seen, c.connection(n+1+w).Watch(clientv3.WithRequireLeader(ctx), key, clientv3.WithCreatedNotify()))
		}
		all = append(all, func(ctx context.Context) error {
			put, err := kv.Put(ctx, key, c.value)
			if err != nil {
				return err
			}
			for _, events := range seen {
				if err := awaitRevision(ctx, events, put.Header.Revision); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all
}

var errWatchEnded = errors.New("the watch ended")

func awaitRevision(ctx context.Context, events clientv3.WatchChan, revision int64) error {
	for {
		select {
		case r, open := <-events:
			if !open {
				return errWatchEnded
			} else if err := r.Err(); err != nil {
				return err
			}
			for _, e := range r.Events {
				if e.Kv.ModRevision >= revision {
					return nil
				}
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// slice is what was measured in one window.
type slice struct {
	latency   latencies
	window    time.Duration
	errors    int
	last      error         // the last of them
	processor time.Duration // that the servers used; 0 where it cannot be told
}

// rate is operations a second.
func (s *slice) rate() float64 { return float64(s.latency.n) / s.window.Seconds() }

// work lets the clients work for lead, which is not counted, and for window, of which the operations count that end
// in it. meter is the processor time that the servers have used so far, or nil.
func work(ctx context.Context, clients []operation, lead, window time.Duration, meter func() time.Duration) (*slice, error) {
	begin := time.Now().Add(lead)
	end := begin.Add(window)
	bound, cancel := context.WithDeadline(ctx, end.Add(stuck))
	defer cancel()
	parts := make([]slice, len(clients))
	var working sync.WaitGroup
	for i, do := range clients {
		working.Go(func() { parts[i].repeat(bound, do, begin, end) })
	}
	whole := &slice{window: window}
	if meter != nil {
		whole.processor = during(ctx, begin, end, meter)
	}
	working.Wait()
	for i := range parts {
		whole.latency.merge(&parts[i].latency)
		if whole.errors += parts[i].errors; parts[i].last != nil {
			whole.last = parts[i].last
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return whole, nil
}

// idle is the error of a slice in which nothing succeeded.
func (s *slice) idle() error {
	if s.latency.n > 0 {
		return nil
	}
	return fmt.Errorf("nothing succeeded in %v: %w", s.window, cmp.Or(s.last, errSlow))
}

var errSlow = errors.New("no operation ended in that time")

// repeat does the operation until the window ends.
func (s *slice) repeat(ctx context.Context, do operation, begin, end time.Time) {
	for {
		began := time.Now()
		if !began.Before(end) || ctx.Err() != nil {
			return
		}
		err := do(ctx)
		now := time.Now()
		switch {
		case err != nil:
			s.errors, s.last = s.errors+1, err
			pause(ctx, afterError) // who is refused at once would take the servers' processor
		case !now.Before(begin) && now.Before(end):
			s.latency.add(now.Sub(began))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// during is how much the meter moved between two moments.
func during(ctx context.Context, begin, end time.Time, meter func() time.Duration) time.Duration {
	pause(ctx, time.Until(begin))
	before := meter()
	pause(ctx, time.Until(end))
	return meter() - before
}
