package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/quorumlab/quorumlab/cmd/reference/conform"
)

// side is a cluster of three processes, of etcd or of ours.
type side struct {
	*conform.Target
	cluster *conform.Cluster
}

func started(ctx context.Context, t *testing.T, name, program string, token string, members []conform.Member) *side {
	t.Helper()
	c := &conform.Cluster{Program: program, Dir: t.TempDir(), Token: token, Members: members}
	t.Cleanup(c.Close)
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	return &side{conform.NewTarget(name, theirs(t).Etcdctl, t.TempDir(), 2, c.URLs()...), c}
}

// peers are members with ports, and their peer URLs.
func peers(t *testing.T) (members []conform.Member, urls []string) {
	t.Helper()
	members, err := conform.Free(3)
	if err != nil {
		t.Fatal(err)
	}
	for i := range members {
		members[i].Flags = []string{"--bcrypt-cost=4"}
		urls = append(urls, members[i].Peer)
	}
	return members, urls
}

// What etcdctl prints of three processes of ours is what it prints of etcd's, for every verb that it has.
func TestEtcdctlSaysTheSame(t *testing.T) {
	program := ours(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	mine, at := peers(t)
	other, there := peers(t)
	token, err := conform.Token(there, at, "quorum")
	if err != nil {
		t.Fatal(err)
	}
	etcd, us := started(ctx, t, "etcd", theirs(t).Etcd, token, other), started(ctx, t, "our program", program, "quorum", mine)
	for _, s := range []*side{etcd, us} {
		if err := s.Introduce(ctx, false); err != nil {
			t.Fatal(err)
		}
	}
	var all []conform.Step
	for _, x := range []struct {
		name   string
		script []conform.Step
	}{
		{"words", conform.Words()}, {"keys", conform.Keys()}, {"watches", conform.Watches()}, {"care", conform.Care()}, {"mirror", conform.Mirror()}, {"users", conform.Users()}, {"leases", conform.Leases()},
		{"grants", conform.Grants()}, {"downgrades", conform.Downgrades()}, {"sessions", conform.Sessions()}, {"members", conform.Machines()},
	} {
		all = append(all, x.script...)
		t.Run(x.name, func(t *testing.T) { alike(ctx, t, etcd, us, x.script) })
	}
	verbs, err := conform.Verbs(ctx, us.Etcdctl)
	if err != nil {
		t.Fatal(err)
	}
	// check perf loads for a minute, whatever is asked.
	if left := conform.Uncovered(verbs, all, "check perf", "check datascale"); len(verbs) < 50 || len(left) > 0 {
		t.Errorf("of %d verbs these are in no script: %s", len(verbs), strings.Join(left, ", "))
	}
}

// alike plays a script to both.
func alike(ctx context.Context, t *testing.T, a, b *side, script []conform.Step) {
	t.Helper()
	var saidA, saidB []conform.Said
	var both sync.WaitGroup
	both.Go(func() { saidA = a.Play(ctx, script) })
	both.Go(func() { saidB = b.Play(ctx, script) })
	both.Wait()
	if testing.Verbose() {
		for i, s := range saidA {
			t.Logf("$ etcdctl %s (%v, %v)\n%s", s.Command, s.Took, saidB[i].Took, s.Text)
		}
	}
	for _, d := range conform.Differences(a.Target, b.Target, saidA, saidB) {
		t.Error(d)
	}
}
