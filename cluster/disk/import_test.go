package disk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/store"
	"github.com/quorumlab/quorumlab/cmd/reference"
)

func programs(t *testing.T) reference.Programs {
	t.Helper()
	p, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func check(t *testing.T, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// node is a member with real raft, disk and store, and a network inside the process.
type node struct {
	t     *testing.T
	name  string
	dir   string
	drive *disk.Drive
	store *store.Store
	raft  *raft.Raft
	net   *raft.InmemTransport
	addr  raft.ServerAddress
}

func start(t *testing.T, name, dir string) *node {
	t.Helper()
	n := &node{t: t, name: name, dir: dir}
	var err error
	n.drive, err = disk.Open(disk.Options{Dir: dir, Failed: func(err error) { t.Error(err) }})
	check(t, err)
	n.store, err = store.Open(store.Options{Dir: n.drive.StoreDir(), Failed: func(err error) { t.Error(err) },
		Place: func(a raft.ServerAddress) (id uint64, urls []string, err error) {
			_, err = fmt.Sscanf(string(a), "%x", &id)
			return id, []string{"http://" + string(a)}, err
		}})
	check(t, err)
	c := raft.DefaultConfig()
	c.LocalID, c.Logger = raft.ServerID(name), hclog.NewNullLogger()
	shots, err := n.drive.Snapshots.List()
	check(t, err)
	c.NoSnapshotRestoreOnStart = len(shots) == 0 || n.store.Applied() >= shots[0].Index
	n.addr, n.net = raft.NewInmemTransport(raft.ServerAddress(name))
	n.raft, err = raft.NewRaft(c, n.store, n.drive.Log, n.drive.Stable, n.drive.Snapshots, n.net)
	check(t, err)
	return n
}

func (n *node) stop() {
	n.t.Helper()
	check(n.t, n.raft.Shutdown().Error())
	check(n.t, errors.Join(n.store.Close(), n.drive.Close(), n.net.Close()))
}

func (n *node) put(key, value string) {
	n.t.Helper()
	data, err := n.store.Encode(event.Command{Kind: event.Put, Key: key, Value: value}, 1)
	check(n.t, err)
	f := n.raft.Apply(data, 0)
	check(n.t, f.Error())
	_, err = store.Verdict(f.Response())
	check(n.t, err)
}

// keys are those that the store has, with their values.
func (n *node) keys() string {
	n.t.Helper()
	r, err := n.store.Range(nil, &pb.RangeRequest{Key: []byte{0}, RangeEnd: []byte{0}})
	check(n.t, err)
	var words []string
	for _, kv := range r.Kvs {
		words = append(words, fmt.Sprintf("%s=%s", kv.Key, kv.Value))
	}
	return strings.Join(words, " ")
}

// leader waits for one, in the bubble's time.
func leader(t *testing.T, nodes ...*node) *node {
	t.Helper()
	for range 200 {
		for _, n := range nodes {
			if n.raft.State() == raft.Leader && n.raft.Barrier(0).Error() == nil {
				return n
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("there is no leader")
	return nil
}

// await waits until all have the keys, in the bubble's time.
func await(t *testing.T, want string, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		until(t, func() bool { return n.keys() == want }, func() string { return fmt.Sprintf("%s has %q, want %q", n.name, n.keys(), want) })
	}
}

func until(t *testing.T, done func() bool, what func() string) {
	t.Helper()
	for i := 0; !done(); i++ {
		if i == 200 {
			t.Fatal(what())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// backup is a store's file as etcdctl snapshot save writes it, but for the checksum at its end.
func backup(t *testing.T, keys int) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "backup.db")
	s, err := store.Open(store.Options{Dir: filepath.Join(dir, "store")})
	check(t, err)
	for i := range keys {
		data, err := s.Encode(event.Command{Kind: event.Put, Key: fmt.Sprint("k", i), Value: fmt.Sprint(i)}, 1)
		check(t, err)
		s.Apply(&raft.Log{Index: uint64(i + 1000), Term: 7, Data: data})
	}
	check(t, s.SaveTo(path))
	check(t, s.Close())
	return path
}

const founders = "one=http://127.0.0.1:12380,two=http://127.0.0.1:22380,three=http://127.0.0.1:32380"

// restore has etcd's own tool write the data directories of three members.
func restore(t *testing.T, backup string) (dirs []string) {
	t.Helper()
	etcdutl := programs(t).Etcdutl
	for _, m := range strings.Split(founders, ",") {
		name, url, _ := strings.Cut(m, "=")
		dir := filepath.Join(t.TempDir(), name)
		out, err := exec.CommandContext(t.Context(), etcdutl, "snapshot", "restore", backup, "--skip-hash-check", "--name", name,
			"--initial-cluster", founders, "--initial-advertise-peer-urls", url, "--data-dir", dir).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

// configure gives members their names by etcd's ids, as nodes do.
func configure(ms []*membership.Member) (c raft.Configuration) {
	for _, m := range ms {
		c.Servers = append(c.Servers, raft.Server{ID: raft.ServerID(m.ID.String()), Address: raft.ServerAddress(m.ID.String())})
	}
	return c
}

// Three members that etcdutl has restored from a backup go on as nodes, know each other, and bring a new one up to date.
func TestImport(t *testing.T) {
	dirs := restore(t, backup(t, 3))
	synctest.Test(t, func(t *testing.T) {
		var nodes []*node
		for i, dir := range dirs {
			m, err := disk.Import(dir, filepath.Join(dir, "node"), configure)
			check(t, err)
			if len(m.Members) != 3 || m.Index != 3 || m.Term != 1 || m.Cluster == 0 || i > 0 && nodes[0].name == fmt.Sprintf("%x", m.Member) {
				t.Fatalf("member %d was read as %+v", i, m)
			}
			again, err := disk.Import(dir, filepath.Join(dir, "node"), nil)
			check(t, err)
			if again.Member != m.Member || again.Cluster != m.Cluster {
				t.Errorf("the second time it was read as %+v", again)
			}
			if _, err := os.Stat(filepath.Join(dir, "member")); !errors.Is(err, os.ErrNotExist) {
				t.Error("etcd's files are still where an etcd would start on them")
			}
			nodes = append(nodes, start(t, fmt.Sprintf("%x", m.Member), filepath.Join(dir, "node")))
			defer nodes[i].stop()
		}
		fresh := start(t, "f4", filepath.Join(t.TempDir(), "node"))
		defer fresh.stop()
		all := append(slices.Clone(nodes), fresh)
		for _, a := range all {
			for _, b := range all {
				a.net.Connect(b.addr, b.net)
			}
		}
		l := leader(t, nodes...)
		l.put("later", "x")
		await(t, "k0=0 k1=1 k2=2 later=x", nodes...)
		check(t, l.raft.AddNonvoter("f4", fresh.addr, 0, 0).Error())
		await(t, "k0=0 k1=1 k2=2 later=x", fresh)
		for _, n := range all {
			until(t, func() bool { return len(n.store.Members()) == 4 }, func() string { return fmt.Sprintf("%s knows %d members", n.name, len(n.store.Members())) })
			if !slices.ContainsFunc(n.store.Members(), func(m *membership.Member) bool { return m.Name == "two" && !m.IsLearner }) {
				t.Errorf("%s does not know the name of the second member", n.name)
			}
		}
	})
}

// An import that a crash has cut short is begun anew; damage and what was never a backup are refused.
func TestImportBroken(t *testing.T) {
	dir := restore(t, backup(t, 3))[0]
	to := filepath.Join(dir, "node")
	check(t, os.MkdirAll(to+".importing", 0o700))
	check(t, os.WriteFile(filepath.Join(to+".importing", "half"), nil, 0o600))
	if m, err := disk.Import(t.TempDir(), to, configure); m != nil || err != nil {
		t.Errorf("an empty directory gave %+v, %v", m, err)
	}
	moved := filepath.Join(dir, "elsewhere")
	for _, name := range []string{"member/wal", "member/snap/db"} {
		check(t, os.Rename(filepath.Join(dir, name), moved))
		if _, err := disk.Import(dir, to, configure); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
		check(t, os.Rename(moved, filepath.Join(dir, name)))
	}
	for _, name := range []string{"member/wal/0000000000000000-0000000000000000.wal", "member/snap/db"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		check(t, err)
		broken := slices.Clone(b)
		for i := range broken[:min(len(b), 8<<10)] {
			broken[i] ^= 0x55
		}
		check(t, os.WriteFile(filepath.Join(dir, name), broken, 0o600))
		if _, err := disk.Import(dir, to, configure); err == nil {
			t.Errorf("a broken %s was taken", name)
		}
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	_, err := disk.Import(dir, to, configure)
	check(t, err)
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 2 {
		t.Errorf("there are %v", left)
	}
}

// A directory that an etcd has run on is refused, running or not: its log has more than its backup would.
func TestImportOfLivingEtcd(t *testing.T) {
	p := programs(t)
	dir := restore(t, backup(t, 3))[0]
	check(t, os.RemoveAll(filepath.Join(dir, "member")))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client, peer := "unix://"+filepath.Join(dir, "client:1"), "unix://"+filepath.Join(dir, "peer:1")
	run := exec.CommandContext(ctx, p.Etcd, "--data-dir", dir, "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	log, err := run.StderrPipe()
	check(t, err)
	check(t, run.Start())
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && !strings.Contains(lines.Text(), "ready to serve client requests") {
	}
	if lines.Err() != nil || lines.Text() == "" {
		t.Fatalf("etcd ended, or said what cannot be read: %v", lines.Err())
	}
	go io.Copy(io.Discard, log)
	for _, state := range []string{"runs", "was stopped"} {
		if state == "was stopped" {
			cancel()
			_ = run.Wait()
		}
		if m, err := disk.Import(dir, filepath.Join(dir, "node"), configure); err == nil || !strings.Contains(err.Error(), "snapshot save") {
			t.Errorf("of an etcd that %s: %+v, %v", state, m, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "member")); err != nil {
		t.Error(err)
	}
}

// One member of three goes on alone with all that its disk holds.
func TestAlone(t *testing.T) {
	dir := t.TempDir()
	if err := disk.Alone(disk.Options{Dir: filepath.Join(dir, "empty")}, "a1", "a1"); err == nil {
		t.Error("an empty disk became a cluster")
	}
	for name, shot := range map[string]bool{"log": false, "snapshot": true} {
		synctest.Test(t, func(t *testing.T) { aloneAfter(t, filepath.Join(dir, name), shot) })
	}
}

func aloneAfter(t *testing.T, dir string, shot bool) {
	n := start(t, "a1", dir)
	check(t, n.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{{ID: "a1", Address: "a1"}}}).Error())
	l := leader(t, n)
	l.put("a", "1")
	if shot {
		check(t, n.raft.Snapshot().Error())
	}
	_ = n.raft.AddVoter("b2", "b2", 0, 0) // it never answers, and from now on nothing is committed
	data, err := n.store.Encode(event.Command{Kind: event.Put, Key: "b", Value: "2"}, 1)
	check(t, err)
	_ = n.raft.Apply(data, 0)
	synctest.Wait()
	n.stop()
	for range 2 { // the second time there is nothing to do
		check(t, disk.Alone(disk.Options{Dir: dir}, "a1", "elsewhere"))
	}
	n = start(t, "a1", dir)
	defer n.stop()
	leader(t, n).put("c", "3")
	await(t, "a=1 b=2 c=3", n)
	if ms := n.store.Members(); len(ms) != 1 || !n.store.Removed(0xb2) || ms[0].PeerURLs[0] != "http://a1" {
		t.Errorf("the members are %v", ms)
	}
}
