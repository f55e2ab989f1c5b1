package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Cluster is one of processes of a program that takes etcd's flags, on loopback ports.
type Cluster struct {
	Program string // etcd's, or one with its flags
	Dir     string // its members' data and logs
	Token   string // of the cluster
	Members []Member
}

// Member is one process of a cluster.
type Member struct {
	Name         string
	Client, Peer string   // the URLs where it listens
	Advertised   string   // instead of Peer: how others are told of it
	Flags        []string // of its own
	process      *exec.Cmd
	ended        chan struct{}
	log          *os.File
}

// Free makes n members n1, n2 and so on, with ports that are free now.
func Free(n int) (members []Member, err error) {
	for i := range n {
		var urls [2]string
		for j := range urls {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return nil, err
			}
			defer l.Close() // all are taken before the first is given back
			urls[j] = "http://" + l.Addr().String()
		}
		members = append(members, Member{Name: fmt.Sprintf("n%d", i+1), Client: urls[0], Peer: urls[1]})
	}
	return members, nil
}

// URLs for clients.
func (c *Cluster) URLs() (urls []string) {
	for _, m := range c.Members {
		urls = append(urls, m.Client)
	}
	return urls
}

func (m *Member) advertised() string {
	if m.Advertised != "" {
		return m.Advertised
	}
	return m.Peer
}

// Start all members as a new cluster, or as they were, and wait until they are ready.
func (c *Cluster) Start(ctx context.Context) error {
	for i := range c.Members {
		if err := c.Begin(i, "new"); err != nil {
			return err
		}
	}
	for i := range c.Members {
		if err := c.Ready(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// Begin starts one member's process. The state is that of the flag initial-cluster-state.
func (c *Cluster) Begin(i int, state string) error {
	m := &c.Members[i]
	var founders []string
	for j := range c.Members {
		founders = append(founders, c.Members[j].Name+"="+c.Members[j].advertised())
	}
	m.process = exec.Command(c.Program, append([]string{"--name", m.Name, "--data-dir", filepath.Join(c.Dir, m.Name),
		"--listen-client-urls", m.Client, "--advertise-client-urls", m.Client, "--listen-peer-urls", m.Peer,
		"--initial-advertise-peer-urls", m.advertised(), "--initial-cluster", strings.Join(founders, ","),
		"--initial-cluster-token", c.Token, "--initial-cluster-state", state}, m.Flags...)...)
	var err error
	if m.log, err = os.OpenFile(filepath.Join(c.Dir, m.Name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	m.process.Stdout, m.process.Stderr = m.log, m.log
	if err := m.process.Start(); err != nil {
		return errors.Join(err, m.log.Close())
	}
	m.ended = make(chan struct{})
	go func() {
		_ = m.process.Wait() // its state tells how it ended
		close(m.ended)
	}()
	return nil
}

// Ready waits until a member serves linearizable reads.
func (c *Cluster) Ready(ctx context.Context, i int) error {
	m := &c.Members[i]
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if healthy(ctx, m.Client) {
			return nil
		}
		select {
		case <-again.C:
		case <-m.ended:
			return fmt.Errorf("%s ended with %v before it was ready:\n%s", m.Name, m.process.ProcessState, c.tail(i))
		case <-ctx.Done():
			return fmt.Errorf("%s was not ready in time:\n%s", m.Name, c.tail(i))
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
	if err != nil {
		return false
	}
	got, err := http.DefaultClient.Do(q)
	if err != nil {
		return false
	}
	_ = got.Body.Close()
	return got.StatusCode == http.StatusOK
}

// tail is the end of what a member has logged.
func (c *Cluster) tail(i int) string {
	b, err := os.ReadFile(filepath.Join(c.Dir, c.Members[i].Name+".log"))
	if err != nil {
		return err.Error()
	}
	rows := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(rows[max(0, len(rows)-8):], []byte("\n")))
}

// Signal sends a member's process a signal.
func (c *Cluster) Signal(i int, s os.Signal) error { return c.Members[i].process.Process.Signal(s) }

// Stop ends a member's process by a signal and waits for its end, whose exit code it gives; -1: the signal ended it.
func (c *Cluster) Stop(ctx context.Context, i int, s os.Signal) (int, error) {
	m := &c.Members[i]
	if err := c.Signal(i, s); err != nil {
		return 0, err
	}
	select {
	case <-m.ended:
		return m.process.ProcessState.ExitCode(), m.log.Close()
	case <-ctx.Done():
		return 0, fmt.Errorf("%s did not end in time:\n%s", m.Name, c.tail(i))
	}
}

// Close kills whatever runs.
func (c *Cluster) Close() {
	for i := range c.Members {
		m := &c.Members[i]
		if m.process == nil || m.process.Process == nil {
			continue
		}
		_ = m.process.Process.Kill() // it may have ended
		<-m.ended
		_ = m.log.Close() // or be closed
	}
}
