package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// freeze makes a process stand still as a paused machine does: its connections stay, and what comes waits.
func (m *member) freeze() {
	m.t.Helper()
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(m.thaw) // one that stands still does not even end
}

func (m *member) thaw() {
	_ = m.cmd.Process.Signal(syscall.SIGCONT) // it may have ended
}

// leader is who leads, and the others.
func leader(t testing.TB, members []*member) (leads *member, others []*member, term uint64) {
	t.Helper()
	eventually(t, "somebody leads", func() bool {
		leads, others = nil, nil
		for _, m := range members {
			ctx, cancel := context.WithTimeout(t.Context(), opTimeout)
			s, err := m.conn().Status(ctx, m.client)
			cancel()
			if err == nil && s.Leader == s.Header.MemberId && s.RaftTerm >= term {
				leads, term = m, s.RaftTerm
			}
		}
		return leads != nil
	})
	for _, m := range members {
		if m != leads {
			others = append(others, m)
		}
	}
	return leads, others, term
}

// conn is a client of this member alone that is connected already.
func (m *member) conn() *clientv3.Client {
	return dial(m.t, m.client)
}

// What a leader answers that stood still while another took its place is never stale: it has to hear from a majority after the
// question came.
func TestAWokenLeaderDoesNotReadStale(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...).start()
	for round := range 3 {
		leads, others, term := leader(t, c.members)
		reads := make([]*clientv3.Client, 8)
		for i := range reads {
			reads[i] = dial(t, leads.client)
			if _, err := reads[i].Put(t.Context(), "k", fmt.Sprintf("old %d", round)); err != nil {
				t.Fatal(err)
			}
		}
		leads.freeze()
		next, _, newTerm := leader(t, others)
		if newTerm <= term {
			t.Fatalf("%s leads in term %d, after term %d", next.name, newTerm, term)
		}
		want := fmt.Sprintf("new %d", round)
		if _, err := next.conn().Put(t.Context(), "k", want); err != nil {
			t.Fatal(err)
		}
		fresh(t, leads, reads, want)
	}
}

// Reads that were on their way to a leader that stands still are asked again of the next one: they do not wait until it wakes.
func TestReadsAndWritesGoOnWithoutTheLeader(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...).start()
	leads, others, _ := leader(t, c.members)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, m := range others {
		for range 4 {
			client := dial(t, m.client)
			if _, err := client.Put(ctx, "k", "v"); err != nil {
				t.Fatal(err)
			}
			all.Go(func() { // reads without end, so that some are under way
				for ctx.Err() == nil {
					_, _ = client.Get(ctx, "k") // the last is cut off
				}
			})
		}
	}
	leads.freeze()
	leader(t, others)
	for _, m := range others {
		within(t, "a read of "+m.name, func(ctx context.Context) error { _, err := m.conn().Get(ctx, "k"); return err })
		within(t, "a write to "+m.name, func(ctx context.Context) error { _, err := m.conn().Put(ctx, "k", "w"); return err })
	}
	cancel()
	all.Wait()
}

// Members stand still one after the other, sometimes two at a time, while clients of all of them go on.
func TestMembersThatStandStillLoseNothing(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...).start()
	s := begin(t, c)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 2 {
		s.further(20 + rng.Int64N(40))
		still := rng.Perm(len(c.members))[:1+rng.IntN(2)]
		for _, i := range still {
			c.members[i].freeze()
		}
		if len(still) == 1 {
			s.further(10) // the others go on
		} else {
			asked := s.ops.Load()
			eventually(t, "clients ask what nobody can answer", func() bool { return s.ops.Load() >= asked+2 })
		}
		for _, i := range still {
			c.members[i].thaw()
		}
	}
	s.further(30)
	s.end()
}

// A watch of a member that stood still until it needed a snapshot goes on without a gap.
func TestAWatchGoesOnThroughASnapshot(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http").start()
	_, others, _ := leader(t, c.members)
	still, busy := others[0], dial(t, c.at(others[1]).endpoints()...)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	events := still.conn().Watch(ctx, "k", clientv3.WithCreatedNotify())
	if r := <-events; !r.Created {
		t.Fatalf("the watch began with %+v", r)
	}
	put := func(n, size int) {
		for range n {
			eventually(t, "a value is put", func() bool { _, err := busy.Put(ctx, "k", strings.Repeat("x", size)); return err == nil })
		}
	}
	put(20, 1)
	still.freeze()
	put(50, 1<<20) // more than the others keep of their logs
	still.thaw()
	put(20, 1)
	last, err := busy.Get(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	for seen := int64(0); seen < last.Kvs[0].Version; {
		r, ok := <-events
		if !ok || r.Err() != nil {
			t.Fatalf("the watch ended after write %d of %d: %v", seen, last.Kvs[0].Version, r.Err())
		}
		for _, e := range r.Events {
			if seen++; e.Kv.Version != seen {
				t.Fatalf("write %d came next, but the watch told of write %d", seen, e.Kv.Version)
			}
		}
	}
	if said := still.said(); !strings.Contains(said, "Installed remote snapshot") {
		t.Errorf("%s needed no snapshot, its log says:\n%s", still.name, tail(said, 4000))
	}
}

// A member that is told to end waits neither for one that stands still nor for its timeout.
func TestAMemberEndsWhileAnotherStandsStill(t *testing.T) {
	t.Parallel()
	c := form(t, 3, "http", hasty...).start()
	leads, others, _ := leader(t, c.members)
	others[0].freeze()
	if _, err := others[1].conn().Put(t.Context(), "k", "v"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	leads.stop()
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("%s took %v to end", leads.name, took)
	}
}

// within has something done that must not take until the server's own timeout of seven seconds.
func within(t *testing.T, what string, do func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
	defer cancel()
	if err := do(ctx); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// fresh wakes a member to which reads have been sent before, when the new value had been acknowledged.
func fresh(t *testing.T, woken *member, clients []*clientv3.Client, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var all sync.WaitGroup
	for _, client := range clients {
		all.Go(func() {
			for n := range 20 { // the first waits in the member's connection, the others come while it wakes
				a, err := client.Get(ctx, "k")
				if err != nil {
					t.Errorf("%s was woken, but does not read: %v", woken.name, err)
					return
				}
				if got := string(a.Kvs[0].Value); got != want {
					t.Errorf("read %d of the woken %s is stale: %q where %q had been written", n, woken.name, got, want)
					return
				}
			}
		})
	}
	eventually(t, "the reads wait in its connections", func() bool { return unread(t, woken) >= len(clients) })
	woken.thaw()
	all.Wait()
}

// unread counts the connections of clients on which something has come that the process has not read.
func unread(t *testing.T, m *member) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skipf("only Linux tells what waits in a connection: %v", err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(m.client, "http://"), ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	const established = "01"
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line) // number, local address:port, the other's, state, what waits to be sent:read, …
		if len(f) > 4 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", number)) && f[3] == established && !strings.HasSuffix(f[4], ":00000000") {
			n++
		}
	}
	return n
}
