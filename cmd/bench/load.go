package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// load is what the flags of puts, reads and watches say.
type load struct {
	endpoints    []string
	clients      int
	size, keys   int
	during       time.Duration
	serializable bool
	watchers     int // a key
	json         bool
	tls          transport.TLSInfo
	user         string
}

const longestLoad = time.Hour

// NewLoad is the verb puts, reads or watches.
func NewLoad(verb, short string) *cobra.Command {
	var l load
	c := &cobra.Command{
		Use:   verb,
		Short: short,
		Long: short + ".\nEvery client begins its next operation when the last one is done. The keys it writes begin with bench/ and stay. " +
			fmt.Sprintf("Clients are spread over the endpoints, with up to %d connections.", maxConnections),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := l.check(); err != nil {
				return err
			}
			return l.measure(c.Context(), verb, c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&l.endpoints, "endpoints", []string{"http://127.0.0.1:2379"}, "of quorumlab or etcd, with commas")
	f.IntVar(&l.clients, "clients", 16, "that work at the same time")
	f.IntVar(&l.size, "size", 256, "bytes of a value")
	f.DurationVar(&l.during, "for", 10*time.Second, "how long is measured")
	f.BoolVar(&l.json, "json", false, "print the result as JSON")
	f.StringVar(&l.tls.TrustedCAFile, "cacert", "", "file with the authority's certificate, for https endpoints")
	f.StringVar(&l.tls.CertFile, "cert", "", "file with the clients' certificate")
	f.StringVar(&l.tls.KeyFile, "key", "", "file with the clients' key")
	f.StringVar(&l.user, "user", "", "name:password, where the cluster has auth on")
	l.keys, l.watchers = 1000, 1
	switch verb {
	case "puts":
		f.IntVar(&l.keys, "keys", l.keys, "among which each put chooses")
	case "reads":
		f.IntVar(&l.keys, "keys", l.keys, "that are written first, and among which each read chooses")
		f.BoolVar(&l.serializable, "serializable", false, "answered by the asked node alone, perhaps stale; linearizable otherwise")
	case "watches":
		f.IntVar(&l.watchers, "watchers", l.watchers, "of each client's key: an operation is a put that all of them have seen")
	}
	return c
}

// check says which flag cannot be.
func (l *load) check() error {
	switch {
	case len(l.endpoints) == 0:
		return fmt.Errorf("--endpoints is empty; give addresses as http://127.0.0.1:2379, with commas between")
	case l.clients < 1 || l.clients > maxClients:
		return fmt.Errorf("--clients is %d; give 1 to %d", l.clients, maxClients)
	case l.size < 0 || l.size > maxSize:
		return fmt.Errorf("--size is %d; give 0 to %d bytes", l.size, maxSize)
	case l.keys < 1 || l.keys > maxKeys:
		return fmt.Errorf("--keys is %d; give 1 to %d", l.keys, maxKeys)
	case l.during <= 0 || l.during > longestLoad:
		return fmt.Errorf("--for is %v; give up to %v", l.during, longestLoad)
	case l.watchers < 1 || l.watchers*l.clients > maxClients:
		return fmt.Errorf("--watchers is %d for each of %d clients; give 1 or more, with at most %d in all", l.watchers, l.clients, maxClients)
	}
	return nil
}

// config is how endpoints are dialed.
func (l *load) config() (clientv3.Config, error) {
	var config clientv3.Config
	if l.tls.TrustedCAFile != "" || l.tls.CertFile != "" {
		tls, err := l.tls.ClientConfig()
		if err != nil {
			return config, fmt.Errorf("the certificates cannot be used: %w", err)
		}
		config.TLS = tls
	}
	if l.user != "" {
		name, password, ok := strings.Cut(l.user, ":")
		if !ok {
			return config, fmt.Errorf("--user has no colon; give name:password")
		}
		config.Username, config.Password = name, password
	}
	return config, nil
}

func (l *load) measure(ctx context.Context, verb string, out io.Writer) error {
	config, err := l.config()
	if err != nil {
		return err
	}
	c, err := dial(ctx, config, l.endpoints, l.clients)
	if err != nil {
		return err
	}
	defer c.close()
	c.keys = l.keys
	c.fill(l.size)
	var clients []operation
	switch verb {
	case "puts":
		clients = c.puts(l.clients)
	case "reads":
		if err := c.load(ctx); err != nil {
			return err
		}
		clients = c.reads(l.clients, l.serializable)
	case "watches":
		clients = c.watches(ctx, l.clients, l.watchers)
	}
	s, err := work(ctx, clients, min(time.Second, l.during/10), l.during, nil)
	if err != nil {
		return err
	}
	if err := s.idle(); err != nil {
		return err
	}
	return l.print(out, verb, s)
}

// outcome is the result of a load as JSON.
type outcome struct {
	Op           string  `json:"op"`
	Serializable bool    `json:"serializable,omitempty"`
	Clients      int     `json:"clients"`
	Seconds      float64 `json:"seconds"`
	Operations   int     `json:"operations"`
	Rate         float64 `json:"rate"` // operations a second
	P50          float64 `json:"p50_ms"`
	P95          float64 `json:"p95_ms"`
	P99          float64 `json:"p99_ms"`
	Errors       int     `json:"errors"`
	LastError    string  `json:"last_error,omitempty"`
}

func (l *load) print(out io.Writer, verb string, s *slice) error {
	o := outcome{Op: verb, Serializable: l.serializable, Clients: l.clients, Seconds: s.window.Seconds(), Operations: s.latency.n, Rate: round(s.rate(), 1),
		P50: millis(s.latency.percentile(50)), P95: millis(s.latency.percentile(95)), P99: millis(s.latency.percentile(99)), Errors: s.errors}
	if s.last != nil {
		o.LastError = s.last.Error()
	}
	if l.json {
		return json.NewEncoder(out).Encode(o)
	}
	fmt.Fprintf(out, "%-8s %7s %12s %9s %9s %9s %7s\n", "", "clients", "a second", "p50", "p95", "p99", "errors")
	_, err := fmt.Fprintf(out, "%-8s %7d %12.1f %6.2f ms %6.2f ms %6.2f ms %7d\n", verb, o.Clients, o.Rate, o.P50, o.P95, o.P99, o.Errors)
	if o.LastError != "" {
		fmt.Fprintln(out, "the last error:", o.LastError)
	}
	return err
}
