package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// alone is one member of the real etcd.
func alone(t *testing.T) *trio {
	t.Helper()
	programs, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	members, err := startTrio(t.Context(), program{path: programs.Etcd}, t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(members.stop)
	return members
}

// run is one verb with its flags, and what it prints.
func run(ctx context.Context, verb string, flags ...string) (string, error) {
	c := NewLoad(verb, verb)
	if verb == "compare" {
		c = NewCompare()
	}
	var out bytes.Buffer
	c.SetArgs(flags)
	c.SetOut(&out)
	c.SetErr(io.Discard)
	c.SilenceUsage = true
	err := c.ExecuteContext(ctx)
	return out.String(), err
}

func TestEveryLoadCountsWhatTheClusterDid(t *testing.T) {
	endpoint := alone(t).endpoints[0]
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	revision := int64(1)
	for _, c := range []struct {
		flags  []string
		writes bool // every operation is one revision
	}{
		{[]string{"puts", "--keys", "10"}, true},
		{[]string{"reads", "--keys", "250"}, false},
		{[]string{"reads", "--keys", "250", "--serializable"}, false},
		{[]string{"watches", "--watchers", "3"}, true},
	} {
		out, err := run(t.Context(), c.flags[0], append(c.flags[1:], "--endpoints", endpoint, "--clients", "3", "--for", "300ms", "--json")...)
		var o outcome
		if err != nil || json.Unmarshal([]byte(out), &o) != nil {
			t.Fatalf("%v: %s, %v", c.flags, out, err)
		}
		if o.Operations == 0 || o.Errors != 0 || o.Clients != 3 || o.Rate == 0 || o.P50 <= 0 || o.P50 > o.P95 || o.P95 > o.P99 {
			t.Errorf("%v: %s", c.flags, out)
		}
		read, err := client.Get(t.Context(), "bench/00000000")
		if err != nil {
			t.Fatal(err)
		}
		if written := read.Header.Revision - revision; c.writes && written < int64(o.Operations) {
			t.Errorf("%v says %d operations, and the cluster saw %d", c.flags, o.Operations, written)
		}
		if !c.writes && (len(read.Kvs) != 1 || len(read.Kvs[0].Value) != 256) {
			t.Errorf("%v had nothing to read: %v", c.flags, read.Kvs)
		}
		revision = read.Header.Revision
	}
	out, err := run(t.Context(), "puts", "--endpoints", endpoint, "--clients", "2", "--for", "100ms")
	if err != nil || !strings.Contains(out, "a second") || !strings.Contains(out, "p99") {
		t.Errorf("the table is %q, %v", out, err)
	}
}

// More clients than connections share them.
func TestConnectionsHaveABound(t *testing.T) {
	endpoint := alone(t).endpoints[0]
	c, err := dial(t.Context(), clientv3.Config{}, []string{endpoint}, maxConnections+1)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if len(c.connections) != maxConnections || len(c.puts(maxConnections+1)) != maxConnections+1 {
		t.Errorf("%d connections, should be %d", len(c.connections), maxConnections)
	}
}

func TestWhatCannotBeMeasuredIsRefused(t *testing.T) {
	for _, c := range []struct{ flags, says string }{
		{"puts --clients 0", "--clients is 0"},
		{"puts --clients 2001", "give 1 to 2000"},
		{"puts --size 1500001", "give 0 to 1500000 bytes"},
		{"puts --for 0s", "--for is 0s"},
		{"puts --for 2h", "--for is 2h0m0s"},
		{"reads --keys 0", "--keys is 0"},
		{"watches --clients 1000 --watchers 3", "at most 2000 in all"},
		{"puts --endpoints=", "--endpoints is empty"},
		{"puts --user root", "give name:password"},
		{"puts --cacert nowhere.pem", "the certificates cannot be used"},
		{"compare --clients 0", "--clients has 0"},
		{"compare --slices 0", "--slices is 0"},
		{"compare --slice 1ms", "--slice is 1ms"},
		{"compare --size -1", "--size is -1"},
		{"compare --quick --write", "leave out --quick"},
		{"compare --self --watched", "give one of them"},
		{"compare --self --quick --dir nowhere/at/all", "give another with --dir"},
	} {
		words := strings.Fields(c.flags)
		if _, err := run(t.Context(), words[0], words[1:]...); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("bench %s: %v; should say %q", c.flags, err, c.says)
		}
	}
}

// Of an operation that ends before or after the window nothing is counted; of one that fails, that it failed.
func TestOnlyTheWindowCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose clock does not go on while others use the machine
		const lead, window = 50 * time.Millisecond, 100 * time.Millisecond
		began := time.Now()
		early, refused := 0, errors.New("refused")
		s, err := work(t.Context(), []operation{
			func(ctx context.Context) error {
				pause(ctx, 10*time.Millisecond)
				if time.Since(began) < lead {
					early++
				}
				return nil
			},
			func(context.Context) error { return refused },
		}, lead, window, nil)
		if err != nil {
			t.Fatal(err)
		}
		if early == 0 || s.latency.n == 0 || s.latency.n > 10 {
			t.Errorf("%d operations of 10 ms before and %d in 100 ms", early, s.latency.n)
		}
		if s.errors == 0 || s.errors > 16 || !errors.Is(s.last, refused) {
			t.Errorf("%d errors in 150 ms with a pause of %v after each, the last %v", s.errors, afterError, s.last)
		}
		s, err = work(t.Context(), []operation{func(context.Context) error { return refused }}, 0, window, nil)
		if err != nil || !errors.Is(s.idle(), refused) {
			t.Errorf("when nothing succeeds: %v, %v", err, s.idle())
		}
	})
}

func TestAnEndpointThatDoesNotAnswerIsNamed(t *testing.T) {
	free, err := freeAddresses(1)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	endpoint := "http://" + free[0]
	if _, err := run(ctx, "puts", "--endpoints", endpoint); err == nil || !strings.Contains(err.Error(), endpoint+" does not answer") {
		t.Errorf("%v", err)
	}
}

// gone says whether a process has ended, and was waited for.
func gone(t *testing.T, pid int) bool {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	_, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	return os.IsNotExist(err)
}
