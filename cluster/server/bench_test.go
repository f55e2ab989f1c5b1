package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// BenchmarkServer is three members in one process, on the disk, with so many clients each of whom does the next thing when
// the last is done. Look at it with -cpuprofile; quorumlab bench compare measures members that are processes.
func BenchmarkServer(b *testing.B) {
	all := ring(b, 3)
	start(b, all...)
	value := strings.Repeat("v", 256)
	for _, clients := range []int{1, 16, 64, 256} {
		var connections []*clientv3.Client
		for i := range clients {
			connections = append(connections, client(b, all[i%len(all)]))
		}
		for name, do := range map[string]func(*clientv3.Client) error{
			"puts": func(c *clientv3.Client) error {
				_, err := c.Put(context.Background(), key(), value)
				return err
			},
			"linearizable": func(c *clientv3.Client) error {
				_, err := c.Get(context.Background(), key())
				return err
			},
			"serializable": func(c *clientv3.Client) error {
				_, err := c.Get(context.Background(), key(), clientv3.WithSerializable())
				return err
			},
		} {
			b.Run(fmt.Sprintf("%s/clients=%d", name, clients), func(b *testing.B) { loop(b, connections, do) })
		}
	}
}

func key() string { return fmt.Sprintf("bench/%04d", rand.IntN(1000)) }

// loop has every client work until b.N is done, and reports how long the slowest hundredth took.
func loop(b *testing.B, clients []*clientv3.Client, do func(*clientv3.Client) error) {
	took := make(chan time.Duration, b.N)
	left := make(chan struct{}, b.N)
	for range b.N {
		left <- struct{}{}
	}
	close(left)
	failed := make(chan error, len(clients))
	b.ResetTimer()
	for _, c := range clients {
		go func() {
			for range left {
				began := time.Now()
				if err := do(c); err != nil {
					failed <- err
					return
				}
				took <- time.Since(began)
			}
			failed <- nil
		}()
	}
	for range clients {
		if err := <-failed; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
	close(took)
	var all []time.Duration
	for d := range took {
		all = append(all, d)
	}
	slices.Sort(all)
	if n := len(all); n > 0 {
		b.ReportMetric(float64(all[n/2].Microseconds()), "p50-µs")
		b.ReportMetric(float64(all[min(n-1, n*99/100)].Microseconds()), "p99-µs")
	}
}
