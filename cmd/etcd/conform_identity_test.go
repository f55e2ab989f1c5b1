package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cmd/reference/conform"
)

// identity is a script whose answers hold nothing but what follows from the cluster's token, its members' names and URLs,
// and what is done. Nothing in it is given a name.
func identity() (script []conform.Step) {
	script = conform.AsAll(conform.Run("put a 1"), conform.Run("get a"), conform.Run("del a"), conform.Run("member list"), conform.Run("endpoint status --cluster").Mask(conform.Indices, conform.Sizes, conform.Rows),
		conform.Run("endpoint hashkv --cluster"), conform.Run("endpoint health").Mask(conform.Took))
	for i := range 3 {
		script = append(script, conform.Run("get a -w json").At(i+1), conform.Run("endpoint status -w json").At(i+1).Mask(conform.Indices, conform.Sizes))
	}
	return script
}

// With the same token, names and URLs the ids of cluster and members are etcd's, as is every hash: in turn at the same
// ports, the answers are the same without any names for what differs.
func TestIdentityIsEtcds(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	members, _ := peers(t)
	var said [2][]conform.Said
	var who [2]*conform.Target
	for i, p := range []string{theirs(t).Etcd, program} {
		s := started(ctx, t, p, p, "the same", append([]conform.Member(nil), members...))
		if err := s.Introduce(ctx, true); err != nil {
			t.Fatal(err)
		}
		said[i], who[i] = s.Play(ctx, identity()), s.Target
		s.cluster.Close()
	}
	for _, d := range conform.Differences(who[0], who[1], said[0], said[1]) {
		t.Error(d)
	}
	if n := len(said[0]); n < 40 || !strings.Contains(said[0][n-1].Text, `"leader":`) {
		t.Errorf("%d commands were compared, the last one said %s", n, said[0][n-1].Text)
	}
}

// A cluster of ours that runs out of its quota says so, and gets space again, as one of etcd's does.
func TestSpaceIsEtcds(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	var both []*side
	for _, p := range []string{theirs(t).Etcd, program} {
		members, err := conform.Free(1)
		if err != nil {
			t.Fatal(err)
		}
		members[0].Flags = []string{"--quota-backend-bytes=2097152"}
		s := started(ctx, t, p, p, "small", members)
		s.Node = 1
		if err := s.Introduce(ctx, false); err != nil {
			t.Fatal(err)
		}
		both = append(both, s)
	}
	big := strings.Repeat("x", 300_000)
	alike(ctx, t, both[0], both[1], []conform.Step{
		conform.Act("it is filled", fill(big)), conform.Run("put b 1"), conform.Run("alarm list").Again("NOSPACE"),
		conform.Run("endpoint health"), conform.Run("endpoint status").Mask(conform.Rows), conform.Run("txn").Input("\nput b 1\n\n\n"), conform.Run("lease grant 10"), conform.Run("get b"), conform.Run("txn").Input("\nget b\n\n\n"),
		conform.Run("alarm disarm"), conform.Act("it is filled again", fill(big)), conform.Run("alarm list").Again("NOSPACE"),
		conform.Run("del a"), conform.Run("get a --keys-only"), conform.Run("get b -w json").Learn("rev", `"revision":(\d+)`).Mask(conform.Revision),
		conform.Run("compaction $rev --physical").Mask(conform.Revision), conform.Run("defrag").Mask(conform.Took), conform.Run("alarm disarm"), conform.Run("alarm list"),
		conform.Run("put a").Input(big), conform.Run("endpoint health").Mask(conform.Took), conform.Run("get a --keys-only"),
	})
}

// fill writes until there is no space left: how much fits depends on how a program's file grows.
func fill(value string) func(context.Context, *conform.Target) error {
	return func(ctx context.Context, t *conform.Target) error {
		c, err := t.Client(ctx)
		if err != nil {
			return err
		}
		defer c.Close()
		for range 100 {
			if _, err := c.Put(ctx, "a", value); err != nil {
				return err
			}
		}
		return errors.New("there is still space")
	}
}

// status is what etcdutl tells of a backup: how many revisions and keys it holds. Sizes are a program's own.
func status(t *testing.T, path string) string {
	t.Helper()
	out := run(t, theirs(t).Etcdutl, "snapshot", "status", path, "-w", "json")
	m := regexp.MustCompile(`"revision":(\d+),"totalKey":(\d+)`).FindString(out)
	if m == "" {
		t.Fatalf("etcdutl says %s", out)
	}
	return m
}

// restored starts etcd on a backup.
func restored(ctx context.Context, t *testing.T, name, program, backup string) *side {
	t.Helper()
	members, err := conform.Free(1)
	if err != nil {
		t.Fatal(err)
	}
	c := &conform.Cluster{Program: program, Dir: t.TempDir(), Token: "restored", Members: members}
	m := members[0]
	run(t, theirs(t).Etcdutl, "snapshot", "restore", backup, "--data-dir", filepath.Join(c.Dir, m.Name), "--name", m.Name, "--initial-cluster", m.Name+"="+m.Peer,
		"--initial-advertise-peer-urls", m.Peer, "--initial-cluster-token", c.Token)
	t.Cleanup(c.Close)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return &side{conform.NewTarget(name, theirs(t).Etcdctl, t.TempDir(), 1, c.URLs()...), c}
}

// A backup of ours that is restored into etcd, and one of etcd's that is restored into ours, hold what was backed up: the
// same keys at the same revisions, the same users and leases.
func TestBackupsAreEtcds(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	var backups []string
	var kept []*side
	for _, p := range []string{theirs(t).Etcd, program} {
		members, err := conform.Free(1)
		if err != nil {
			t.Fatal(err)
		}
		s := started(ctx, t, p, p, "backed up", members)
		s.Node = 1
		if err := s.Introduce(ctx, false); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, s)
		backups = append(backups, filepath.Join(s.Dir, "saved.db"))
	}
	script := []conform.Step{conform.Run("put a 1"), conform.Run("put a 2"), conform.Run("put b 1"), conform.Run("del b"), conform.Run("compaction 3"), conform.Run("user add u:pw"), conform.Run("role add r"), conform.Run("user grant-role u r"),
		conform.Run("lease grant 10000").Keep("lease", "lease ([0-9a-f]+) granted"), conform.Run("put leased x --lease=$lease"), conform.Run("snapshot save saved.db").Mask(conform.Took, conform.Saved), conform.Run("put late x")}
	alike(ctx, t, kept[0], kept[1], script)
	if a, b := status(t, backups[0]), status(t, backups[1]); a != b {
		t.Errorf("of etcd's backup etcdutl says %s, of ours %s", a, b)
	}
	after := []conform.Step{conform.Run("get '' --prefix -w fields").Mask(), conform.Run("get a --rev=3"), conform.Run("get a --rev=2"), conform.Run("user get u"), conform.Run("lease timetolive $lease --keys").Mask(conform.Left),
		conform.Run("endpoint hashkv --rev=5 -w json"), conform.Run("put late 2 -w json"), conform.Run("lease revoke $lease"), conform.Run("get leased -w json")}
	into := []*side{restored(ctx, t, "ours, restored into etcd", theirs(t).Etcd, backups[1]), restored(ctx, t, "etcd's, restored into ours", program, backups[0])}
	for i, s := range into {
		if err := s.Introduce(ctx, false); err != nil {
			t.Fatal(err)
		}
		s.Borrow(kept[1-i].Target, "lease")
	}
	alike(ctx, t, into[0], into[1], after)
}

// Leases outlive members that are stopped and killed: they have the time that they had, or more, and their keys.
func TestLeaseOutlivesProcesses(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	members, _ := peers(t)
	s := started(ctx, t, "our program", program, "leases", members)
	c, err := s.Client(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	long, err := c.Grant(ctx, 600)
	if err != nil {
		t.Fatal(err)
	}
	short, err := c.Grant(ctx, 5)
	if err != nil {
		t.Fatal(err)
	}
	for key, id := range map[string]clientv3.LeaseID{"long": long.ID, "short": short.ID} {
		if _, err := c.Put(ctx, key, "x", clientv3.WithLease(id)); err != nil {
			t.Fatal(err)
		}
	}
	gone := c.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(2))
	for i, sig := range []os.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGTERM} { // one after the other: there is a majority
		if _, err := s.cluster.Stop(ctx, i, sig); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.cluster.Begin(i, "existing"), s.cluster.Ready(ctx, i)); err != nil {
			t.Fatal(err)
		}
	}
	deleted := ""
	for deleted == "" {
		select {
		case r := <-gone:
			for _, e := range r.Events {
				if e.Type == clientv3.EventTypeDelete {
					deleted += string(e.Kv.Key)
				}
			}
		case <-ctx.Done():
			t.Fatal("the short lease does not run out")
		}
	}
	left, err := c.TimeToLive(ctx, long.ID, clientv3.WithAttachedKeys())
	if err != nil {
		t.Fatal(err)
	}
	if deleted != "short" || left.TTL < 500 || left.TTL > 600 || fmt.Sprintf("%s", left.Keys) != "[long]" {
		t.Errorf("%s was deleted; of the long one %d s are left and the keys %s", deleted, left.TTL, left.Keys)
	}
}
