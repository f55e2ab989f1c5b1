package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// pipe is an etcdctl that runs in the background, and what it has written so far.
type pipe struct {
	t     testing.TB
	cmd   *exec.Cmd
	ended chan struct{}
	mu    sync.Mutex
	text  bytes.Buffer
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *pipe) written() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (c *cluster) background(args ...string) *pipe {
	c.t.Helper()
	p := &pipe{t: c.t, cmd: c.command(args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the state says it
		close(p.ended)
	}()
	c.t.Cleanup(p.end)
	return p
}

func (p *pipe) end() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

func (p *pipe) saying(what string) {
	p.t.Helper()
	defer func() {
		if p.t.Failed() {
			p.t.Logf("it has written\n%s", tail(p.written(), 2000))
		}
	}()
	eventually(p.t, fmt.Sprintf("%v writes %q", p.cmd.Args[1:], what), func() bool { return strings.Contains(p.written(), what) })
}

func TestAStoryWithEtcdctl(t *testing.T) {
	c := form(t, 3, "http", "--quota-backend-bytes=4194304", "--bcrypt-cost=4").start()
	t.Run("keys", func(t *testing.T) { c.on(t).keys() })
	t.Run("leases", func(t *testing.T) { c.on(t).leases() })
	t.Run("locks", func(t *testing.T) { c.on(t).locks() })
	t.Run("members", func(t *testing.T) { c.on(t).grow() })
	t.Run("users", func(t *testing.T) { c.on(t).users() })
	t.Run("backup", func(t *testing.T) { c.on(t).backup() })
	t.Run("space", func(t *testing.T) { c.on(t).fill() })
}

// on is the same cluster for a part of the test.
func (c *cluster) on(t testing.TB) *cluster {
	return &cluster{t: t, members: c.members, flags: c.flags}
}

func (c *cluster) keys() {
	watch := c.at(c.members[2]).background("watch", "--prefix", "story/", "--prev-kv")
	c.says("OK", "put", "story/a", "1")
	eventually(c.t, "the watch has begun", func() bool {
		c.ctl("put", "story/begun", "x")
		return strings.Contains(watch.written(), "story/begun")
	})
	c.says("story/a\n1", "get", "story/a")
	txn := c.command("txn")
	txn.Stdin = strings.NewReader("value(\"story/a\") = \"1\"\n\nput story/a 2\nget story/a\n\nput story/a never\n\n")
	if out, err := txn.CombinedOutput(); err != nil || string(out) != "SUCCESS\n\nOK\n\nstory/a\n2\n" {
		c.t.Errorf("the transaction ends with %v and writes %q", err, out)
	}
	for _, m := range c.members {
		c.at(m).says("story/a\n2", "get", "story/a")
	}
	c.says("2", "del", "--prefix", "story/")
	watch.saying("DELETE\nstory/a\n2\n")
	if got := watch.written(); strings.Count(got, "PUT\nstory/a\n1\nstory/a\n2\n") != 1 {
		c.t.Errorf("the watch writes %q", got)
	}
	watch.end()
	c.refused("etcdserver: mvcc: required revision is a future revision", "get", "x", "--rev=100000")
}

func (c *cluster) leases() {
	id := leaseOf(c.t, c.ctl("lease", "grant", "300"))
	c.ctl("put", "leased/a", "x", "--lease="+id)
	if got := c.ctl("lease", "timetolive", id, "--keys"); !strings.Contains(got, "granted with TTL(300s)") || !strings.Contains(got, "attached keys([leased/a])") {
		c.t.Errorf("timetolive writes %s", got)
	}
	c.says("lease "+id+" keepalived with TTL(300)", "lease", "keep-alive", "--once", id)
	if got := c.ctl("lease", "list"); !strings.Contains(got, id) {
		c.t.Errorf("lease list writes %s", got)
	}
	c.says("lease "+id+" revoked", "lease", "revoke", id)
	c.says("", "get", "leased/a")
	c.refused("requested lease not found", "lease", "revoke", id)
	c.ctl("put", "leased/b", "x", "--lease="+leaseOf(c.t, c.ctl("lease", "grant", "1")))
	eventually(c.t, "a lease of a second runs out", func() bool { return c.ctl("get", "leased/b") == "" })
}

func leaseOf(t testing.TB, granted string) string {
	t.Helper()
	words := strings.Fields(granted)
	if len(words) < 2 || words[0] != "lease" {
		t.Fatalf("lease grant writes %s", granted)
	}
	return words[1]
}

func (c *cluster) locks() {
	mark, let := filepath.Join(c.t.TempDir(), "order"), filepath.Join(c.t.TempDir(), "let go")
	first := c.background("lock", "story/lock", "--", "sh", "-c", "echo first has it; while ! [ -e '"+let+"' ]; do sleep 0.05; done; echo first >> "+mark)
	first.saying("first has it")
	second := c.at(c.members[1]).background("lock", "story/lock", "--", "sh", "-c", "echo second has it; echo second >> "+mark)
	eventually(c.t, "the second waits", func() bool {
		return strings.Count(c.ctl("get", "--prefix", "story/lock/", "--keys-only"), "story/lock/") == 2
	})
	if strings.Contains(second.written(), "second has it") {
		c.t.Error("two have the lock")
	}
	if err := os.WriteFile(let, nil, 0o600); err != nil {
		c.t.Fatal(err)
	}
	second.saying("second has it")
	<-first.ended
	<-second.ended
	if order, err := os.ReadFile(mark); err != nil || string(order) != "first\nsecond\n" {
		c.t.Errorf("the order was %q, %v", order, err)
	}
	elect := c.background("elect", "story/election", "me")
	elect.saying("me")
	if got := c.ctl("get", "--prefix", "story/election/", "--print-value-only"); !strings.Contains(got, "me") {
		c.t.Errorf("the leader of the election is %q", got)
	}
	elect.end()
}

// added is what member add says about how to start the new one.
var added = regexp.MustCompile(`(?m)^(ETCD_[A-Z_]+)="(.*)"$`)

// grow adds a fourth member, which begins as a learner and becomes one that votes, and removes it.
func (c *cluster) grow() {
	m := newMember(c.t, ours(c.t), "n4", "http")
	out := c.ctl("member", "add", "n4", "--learner", "--peer-urls="+m.peer)
	for _, v := range added.FindAllStringSubmatch(out, -1) {
		if v[1] != "ETCD_NAME" && v[1] != "ETCD_INITIAL_ADVERTISE_PEER_URLS" { // those it has as flags
			m.env = append(m.env, v[1]+"="+v[2])
		}
	}
	if len(m.env) != 2 {
		c.t.Fatalf("member add writes %s", out)
	}
	id := strings.Fields(out)[1]
	c.refused("etcdserver: can only promote a learner member which is in sync with leader", "member", "promote", id)
	m.ready()
	all := c.at(append([]*member{m}, c.members...)...)
	if got := c.ctl("member", "list"); !strings.Contains(got, id+", started, n4, "+m.peer+", "+m.client+", true") {
		c.t.Errorf("member list writes %s", got)
	}
	c.at(m).refused("etcdserver: rpc not supported for learner", "put", "x", "y")
	eventually(c.t, "the learner has caught up and is promoted", func() bool {
		_, _, err := c.try("member", "promote", id)
		return err == nil
	})
	c.ctl("put", "story/of four", "x")
	c.at(m).says("story/of four\nx", "get", "story/of four")
	if got := all.ctl("endpoint", "health"); strings.Count(got, "is healthy") != 4 {
		c.t.Errorf("endpoint health writes %s", got)
	}
	if got := c.ctl("member", "remove", id); !strings.HasPrefix(got, fmt.Sprintf("Member %16s removed from cluster", id)) { // etcdctl pads it
		c.t.Errorf("member remove writes %s", got)
	}
	if state := m.over(); state.ExitCode() != 0 || !strings.Contains(m.said(), "the member has been permanently removed from the cluster") {
		c.t.Errorf("a removed member ends with %v", state)
	}
	if got := c.ctl("member", "list"); strings.Count(got, ", started, ") != 3 {
		c.t.Errorf("member list writes %s", got)
	}
}

func (c *cluster) users() {
	c.ctl("role", "add", "reader")
	c.ctl("role", "grant-permission", "reader", "read", "story/", "story0")
	c.ctl("user", "add", "ann", "--new-user-password=secret")
	c.ctl("user", "grant-role", "ann", "reader")
	c.ctl("user", "add", "root", "--new-user-password=top")
	c.ctl("user", "grant-role", "root", "root")
	c.says("Authentication Enabled", "auth", "enable")
	root, ann := c.as("--user=root:top"), c.as("--user=ann:secret")
	root.says("OK", "put", "story/secret", "x")
	ann.says("story/secret\nx", "get", "story/secret")
	ann.refused("etcdserver: permission denied", "put", "story/secret", "y")
	ann.refused("etcdserver: permission denied", "get", "other")
	c.refused("etcdserver: user name is empty", "get", "story/secret")
	c.as("--user=ann:wrong").refused("authentication failed, invalid user ID or password", "get", "story/secret")
	for _, m := range c.members { // a token of one member is good at all
		ann.at(m).says("story/secret\nx", "get", "story/secret")
	}
	root.says("Authentication Disabled", "auth", "disable")
	c.says("story/secret\nx", "get", "story/secret")
}

// backup takes a snapshot and starts members from it: one of ours and a real etcd.
func (c *cluster) backup() {
	c.ctl("put", "story/kept", "from before")
	file := filepath.Join(c.t.TempDir(), "snapshot.db")
	if got := c.at(c.members[0]).ctl("snapshot", "save", file); !strings.Contains(got, "Snapshot saved at "+file) {
		c.t.Errorf("snapshot save writes %s", got)
	}
	c.ctl("put", "story/kept", "from after")
	var status struct {
		Revision, TotalKey int
		Version            string
	}
	text := run(c.t, theirs(c.t).Etcdutl, "snapshot", "status", file, "-w", "json")
	if err := json.Unmarshal([]byte(text), &status); err != nil || status.Revision == 0 || status.TotalKey == 0 {
		c.t.Errorf("snapshot status writes %s", text)
	}
	for name, program := range map[string]string{"real": theirs(c.t).Etcd, "ours": ours(c.t)} {
		m := newMember(c.t, program, "restored", "http", quick...)
		m.args = append(m.args, "--initial-cluster=restored="+m.peer)
		run(c.t, theirs(c.t).Etcdutl, "snapshot", "restore", file, "--name=restored", "--data-dir="+m.dir,
			"--initial-cluster=restored="+m.peer, "--initial-advertise-peer-urls="+m.peer)
		m.ready()
		alone := c.at(m)
		alone.says("story/kept\nfrom before", "get", "story/kept")
		alone.says("OK", "put", "story/kept", "restored")
		if got := alone.ctl("member", "list"); !strings.Contains(got, "started, restored, "+m.peer+", "+m.client) {
			c.t.Errorf("restored into %s, member list writes %s", name, got)
		}
		m.stop()
		m.ready()
		alone.says("story/kept\nrestored", "get", "story/kept")
		m.stop()
	}
}

// fill writes until there is no space, and makes space.
func (c *cluster) fill() {
	for i := 0; ; i++ {
		put := c.command("put", "story/big") // the value is what it reads
		put.Stdin = strings.NewReader(strings.Repeat("x", 1<<20))
		out, err := put.CombinedOutput()
		if err == nil && i < 10 {
			continue
		}
		if !strings.Contains(string(out), "etcdserver: mvcc: database space exceeded") {
			c.t.Fatalf("after %d puts of a mebibyte into a quota of four: %v %s", i, err, out)
		}
		break
	}
	eventually(c.t, "the alarm is raised", func() bool { return strings.Contains(c.ctl("alarm", "list"), "alarm:NOSPACE") })
	c.refused("etcdserver: mvcc: database space exceeded", "put", "story/small", "x")
	c.says("1", "del", "story/big") // what makes space is allowed
	var status []struct {
		Status struct{ Header struct{ Revision int } }
	}
	if err := json.Unmarshal([]byte(c.ctl("endpoint", "status", "-w", "json")), &status); err != nil {
		c.t.Fatal(err)
	}
	rev := fmt.Sprint(status[0].Status.Header.Revision)
	c.says("compacted revision "+rev, "compact", rev)
	if got := c.ctl("defrag", "--cluster"); strings.Count(got, "Finished defragmenting etcd member") != 3 {
		c.t.Errorf("defrag writes %s", got)
	}
	c.ctl("alarm", "disarm")
	c.says("", "alarm", "list")
	c.says("OK", "put", "story/small", "x")
}
