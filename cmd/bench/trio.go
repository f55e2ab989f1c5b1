package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

const (
	trioStart = 60 * time.Second      // for a new cluster to elect a leader and serve, on a busy machine
	askAgain  = 50 * time.Millisecond // whether it serves
)

// program is how one member is started.
type program struct {
	path  string
	words []string // before the flags
	facts bool     // the members serve what they do to viewers
}

// trio is a cluster of processes of one program on this machine, each with a directory of its own.
type trio struct {
	endpoints []string
	facts     []string // addresses, host and port, of members that serve them
	members   []*exec.Cmd
	ended     []chan struct{} // closed when the process is gone
	logs      []string
}

// startTrio starts as many members of a program as asked, with etcd's defaults, which sync every write to the disk, and
// returns when all of them answer. Their directories are made in dir.
func startTrio(ctx context.Context, p program, dir string, members int) (*trio, error) {
	free, err := freeAddresses(3 * members)
	if err != nil {
		return nil, err
	}
	clients, peers, facts := free[:members], free[members:2*members], free[2*members:]
	var cluster []string
	for n, address := range peers {
		cluster = append(cluster, fmt.Sprintf("n%d=http://%s", n+1, address))
	}
	t := &trio{}
	for n := range members {
		name, client, peer := fmt.Sprintf("n%d", n+1), "http://"+clients[n], "http://"+peers[n]
		t.endpoints = append(t.endpoints, client)
		flags := append(slices.Clone(p.words), "--name", name, "--data-dir", filepath.Join(dir, name),
			"--listen-client-urls", client, "--advertise-client-urls", client,
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
			"--initial-cluster", strings.Join(cluster, ","), "--initial-cluster-token", filepath.Base(dir), "--initial-cluster-state", "new",
			"--log-level", "warn")
		if p.facts {
			t.facts = append(t.facts, facts[n])
			flags = append(flags, "--listen-facts", facts[n])
		}
		if err := t.start(ctx, filepath.Join(dir, name+".log"), p.path, flags...); err != nil {
			t.stop()
			return nil, err
		}
	}
	if err := t.awaitAnswers(ctx); err != nil {
		t.stop()
		return nil, err
	}
	return t, nil
}

// freeAddresses are ports of 127.0.0.1 that nobody listened at a moment ago.
func freeAddresses(n int) ([]string, error) {
	var free []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all at the end, so that none comes twice
		free = append(free, l.Addr().String())
	}
	return free, nil
}

func (t *trio) start(ctx context.Context, log, program string, flags ...string) error {
	f, err := os.Create(log)
	if err != nil {
		return err
	}
	defer f.Close() // the process has its own
	cmd := exec.CommandContext(ctx, program, flags...)
	cmd.Stdout, cmd.Stderr = f, f
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // killed in the end
		close(ended)
	}()
	t.members, t.ended, t.logs = append(t.members, cmd), append(t.ended, ended), append(t.logs, log)
	return nil
}

// stop ends all processes. What they wrote is thrown away, so they need not end in order.
func (t *trio) stop() {
	for _, m := range t.members {
		_ = m.Process.Kill() // fails when it has ended by itself
	}
	for _, e := range t.ended {
		<-e
	}
}

// awaitAnswers returns when every member has answered a linearizable read.
func (t *trio) awaitAnswers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, trioStart)
	defer cancel()
	for i, endpoint := range t.endpoints {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()})
		if err != nil {
			return err
		}
		err = t.awaitAnswer(ctx, client, i)
		client.Close()
		if err != nil {
			return fmt.Errorf("member %d of %s does not serve: %w\n%s", i+1, t.members[i].Path, err, lastLines(t.logs[i]))
		}
	}
	return nil
}

var errEnded = errors.New("its process has ended")

func (t *trio) awaitAnswer(ctx context.Context, client *clientv3.Client, member int) error {
	for {
		try, cancel := context.WithTimeout(ctx, time.Second)
		_, err := client.Get(try, "ready")
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-t.ended[member]:
			return errEnded
		case <-ctx.Done():
			return err
		case <-time.After(askAgain):
		}
	}
}

// lastLines of a file, for an error.
func lastLines(path string) string {
	b, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// processor is the time that all members have used, 0 where there is no /proc.
func (t *trio) processor() time.Duration {
	var sum time.Duration
	for _, m := range t.members {
		used, _, _ := ProcessorTime(m.Process.Pid)
		sum += used
	}
	return sum
}
