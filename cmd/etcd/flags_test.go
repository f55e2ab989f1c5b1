package main

import (
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// get reads a page.
func get(t testing.TB, url string) (status int, text string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(b)
}

// What a file configures is seen from outside: limits, tokens, pages, logs.
func TestConfigurationTakesEffect(t *testing.T) {
	t.Parallel()
	dir, a := t.TempDir(), addresses(t, 3)
	_, key := newAuthority(t).sign("tokens", nil)
	text, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(text); block == nil {
		t.Fatalf("no key in %s", text)
	}
	log, file := filepath.Join(dir, "log of the member"), filepath.Join(dir, "etcd.yaml")
	config := fmt.Sprintf(`
name: n1
data-dir: %s
listen-client-urls: http://%s
advertise-client-urls: http://%s
listen-peer-urls: http://%s
initial-advertise-peer-urls: http://%s
initial-cluster: n1=http://%s
listen-metrics-urls: http://%s
heartbeat-interval: 20
election-timeout: 100
max-txn-ops: 1
max-request-bytes: 1000
bcrypt-cost: 4
metrics: extensive
auth-token: jwt,priv-key=%s,sign-method=ES256,ttl=5m
log-outputs: ["%s"]
log-level: warn
`, filepath.Join(dir, "n1"), a[0], a[0], a[1], a[1], a[1], a[2], key, log)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	m := newMember(t, ours(t), "ignored", "http", "--config-file="+file)
	m.client = "http://" + a[0]
	m.start()
	c := &cluster{t: t, members: []*member{m}}
	eventually(t, "the member answers", func() bool {
		_, _, err := c.try("endpoint", "health", "--command-timeout=500ms")
		return err == nil
	})
	c.refused("etcdserver: request is too large", "put", "a", strings.Repeat("x", 2000))
	txn := c.command("txn")
	txn.Stdin = strings.NewReader("\nput a 1\nput b 1\n\n\n")
	if out, err := txn.CombinedOutput(); err == nil || !strings.Contains(string(out), "etcdserver: too many operations in txn request") {
		t.Errorf("a transaction of two operations ends with %v and says %s", err, out)
	}
	c.ctl("user", "add", "root", "--new-user-password=top")
	c.ctl("user", "grant-role", "root", "root")
	c.ctl("auth", "enable")
	c.as("--user=root:top").says("OK", "put", "a", "1")

	if status, text := get(t, "http://"+a[2]+"/health"); status != http.StatusOK || !strings.Contains(text, `"health":"true"`) {
		t.Errorf("/health answers %d %s", status, text)
	}
	if _, text := get(t, "http://"+a[2]+"/metrics"); !strings.Contains(text, "etcd_server_has_leader 1") || !strings.Contains(text, `grpc_server_handling_seconds_bucket{grpc_method="Put"`) {
		t.Errorf("/metrics answers %s", tail(text, 2000))
	}
	c.members[0].stop()
	said, err := os.ReadFile(log)
	if err != nil || strings.Contains(string(said), `"level":"info"`) {
		t.Errorf("at the level warn the log has, %v, %s", err, said)
	}
}

// A member of a cluster whose others are lost for ever goes on alone.
func TestForceNewCluster(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http").start()
	c.ctl("put", "a", "1")
	for _, m := range c.members {
		if err := m.cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		m.over()
	}
	m := c.members[1]
	usual := m.args
	m.args = append(append([]string(nil), usual...), "--force-new-cluster")
	m.ready()
	alone := c.at(m)
	alone.says("a\n1", "get", "a")
	if got := alone.ctl("member", "list"); strings.Count(got, ", started, ") != 1 || !strings.Contains(got, m.peer) {
		t.Errorf("member list writes %s", got)
	}
	alone.says("OK", "put", "a", "2")
	m.stop()
	m.args = usual
	m.ready()
	alone.says("a\n2", "get", "a")
}
