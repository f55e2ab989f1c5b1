package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cmd/reference"
)

// patience is far more than anything here takes on a machine that does something else too.
const patience = 30 * time.Second

// look is how often a condition is looked at.
const look = 20 * time.Millisecond

var workshop string

func TestMain(m *testing.M) {
	var err error
	if workshop, err = os.MkdirTemp("", "etcd-of-ours-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(workshop)
	os.Exit(code)
}

// built is our program as users get it.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workshop, "etcd")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// ours is the path of our program. Tests of it are skipped under the race detector, which would look at the test alone.
func ours(t testing.TB) string {
	t.Helper()
	if raceEnabled {
		t.Skip("the programs that this test judges are built without the race detector")
	}
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// theirs are etcd's own programs.
func theirs(t testing.TB) reference.Programs {
	t.Helper()
	programs, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	again := time.NewTicker(look)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; <-again.C {
		if is() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v it is not so that %s", patience, what)
		}
	}
}

// Ports of members lie below those that the system gives to connections by itself: a member that is down must find its
// own free when it comes back.
const firstPort, ports = 20000, 12000

// nextPort is where the search goes on; processes that test at the same time begin at different ones.
var nextPort atomic.Int64

func init() { nextPort.Store(int64(os.Getpid()) * 97) }

// addresses are ports that nobody listens at.
func addresses(t testing.TB, n int) []string {
	t.Helper()
	var all []string
	for tried := 0; len(all) < n; tried++ {
		if tried > ports {
			t.Fatal("no port is free")
		}
		address := fmt.Sprintf("127.0.0.1:%d", firstPort+nextPort.Add(1)%ports)
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			all = append(all, address)
		}
	}
	return all
}

// member is one process of a cluster.
type member struct {
	t            testing.TB
	name         string
	client, peer string // URLs
	dir, log     string
	program      string
	args         []string // beside its own name, place and cluster
	env          []string

	cmd   *exec.Cmd
	ended chan struct{}
}

// newMember gives a process its place; its cluster is still to be said.
func newMember(t testing.TB, program, name, scheme string, args ...string) *member {
	t.Helper()
	a := addresses(t, 2)
	dir := t.TempDir()
	return &member{t: t, name: name, client: scheme + "://" + a[0], peer: scheme + "://" + a[1],
		dir: filepath.Join(dir, name), log: filepath.Join(dir, name+".log"), program: program, args: args}
}

// start runs the process. Every start goes on with the same log.
func (m *member) start() {
	m.t.Helper()
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	args := append([]string{"--name=" + m.name, "--data-dir=" + m.dir, "--listen-client-urls=" + m.client, "--advertise-client-urls=" + m.client,
		"--listen-peer-urls=" + m.peer, "--initial-advertise-peer-urls=" + m.peer}, m.args...)
	cmd, ended := exec.Command(m.program, args...), make(chan struct{})
	cmd.Stderr, cmd.Env = log, append(os.Environ(), m.env...)
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.cmd, m.ended = cmd, ended
	go func() {
		_ = cmd.Wait() // the state says more than the error
		close(ended)
	}()
	m.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
		if m.t.Failed() {
			m.t.Logf("the log of %s:\n%s", m.name, tail(m.said(), 4000))
		}
	})
}

// said is all that the process has logged, over all its starts.
func (m *member) said() string {
	text, err := os.ReadFile(m.log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.t.Fatal(err)
	}
	return string(text)
}

// ready starts the process and waits until it serves clients.
func (m *member) ready() {
	m.t.Helper()
	before := strings.Count(m.said(), "ready to serve client requests")
	m.start()
	m.serves(before + 1)
}

// serves waits until the log says for the n-th time that clients are served.
func (m *member) serves(n int) {
	m.t.Helper()
	eventually(m.t, m.name+" serves clients", func() bool {
		select {
		case <-m.ended:
			m.t.Fatalf("%s ended: %v", m.name, m.cmd.ProcessState)
		default:
		}
		return strings.Count(m.said(), "ready to serve client requests") >= n
	})
}

// over waits until the process has ended.
func (m *member) over() *os.ProcessState {
	m.t.Helper()
	select {
	case <-m.ended:
	case <-time.After(patience):
		m.t.Fatalf("%s does not end", m.name)
	}
	return m.cmd.ProcessState
}

// stop ends the process as a supervisor does.
func (m *member) stop() *os.ProcessState {
	m.t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Fatal(err)
	}
	return m.over()
}

// cluster is members, and the client that its test is told with.
type cluster struct {
	t       testing.TB
	members []*member
	flags   []string // of etcdctl, beside the endpoints
}

// form gives n members of our program a cluster of their own; they are not started.
func form(t testing.TB, n int, scheme string, args ...string) *cluster {
	t.Helper()
	c := &cluster{t: t}
	var initial []string
	for i := range n {
		m := newMember(t, ours(t), fmt.Sprintf("n%d", i+1), scheme, args...)
		initial = append(initial, m.name+"="+m.peer)
		c.members = append(c.members, m)
	}
	for _, m := range c.members {
		m.args = append([]string{"--initial-cluster=" + strings.Join(initial, ",")}, m.args...)
	}
	return c
}

// start runs all members and waits until they serve.
func (c *cluster) start() *cluster {
	c.t.Helper()
	for _, m := range c.members {
		m.start()
	}
	for _, m := range c.members {
		m.serves(1)
	}
	return c
}

// at is the same cluster through some of its members only.
func (c *cluster) at(members ...*member) *cluster {
	return &cluster{t: c.t, members: members, flags: c.flags}
}

// as is the same cluster with more flags of etcdctl.
func (c *cluster) as(flags ...string) *cluster {
	return &cluster{t: c.t, members: c.members, flags: append(append([]string(nil), c.flags...), flags...)}
}

func (c *cluster) endpoints() []string {
	var all []string
	for _, m := range c.members {
		all = append(all, m.client)
	}
	return all
}

// command prepares the real etcdctl.
func (c *cluster) command(args ...string) *exec.Cmd {
	c.t.Helper()
	cmd := exec.Command(theirs(c.t).Etcdctl, append(append([]string{"--endpoints=" + strings.Join(c.endpoints(), ",")}, c.flags...), args...)...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "ETCDCTL_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// try runs etcdctl and gives what it writes and whether it was content.
func (c *cluster) try(args ...string) (out, errs string, err error) {
	c.t.Helper()
	var o, e bytes.Buffer
	cmd := c.command(args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}

// ctl runs etcdctl, which must be content, and gives what it writes.
func (c *cluster) ctl(args ...string) string {
	c.t.Helper()
	out, errs, err := c.try(args...)
	if err != nil {
		c.t.Fatalf("etcdctl %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
	return out
}

// refused runs etcdctl, which must end with that error.
func (c *cluster) refused(want string, args ...string) {
	c.t.Helper()
	out, errs, err := c.try(args...)
	if err == nil || !strings.Contains(errs, want) {
		c.t.Errorf("etcdctl %s ends with %v and says %s%s; want an error with %q", strings.Join(args, " "), err, out, errs, want)
	}
}

// says runs etcdctl and compares what it writes.
func (c *cluster) says(want string, args ...string) {
	c.t.Helper()
	if got := c.ctl(args...); strings.TrimSpace(got) != strings.TrimSpace(want) {
		c.t.Errorf("etcdctl %s writes\n%s\nwant\n%s", strings.Join(args, " "), got, want)
	}
}

// run runs a program that must be content.
func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}
