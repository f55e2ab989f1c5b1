package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// load is clients that write without pause, each its own keys in order.
type load struct {
	t       testing.TB
	stop    context.CancelFunc
	work    sync.WaitGroup
	done    [4]int // puts that were answered, of each client
	written atomic.Int64
	mu      sync.Mutex
	failed  []error
}

// write begins; finish ends it.
func (c *cluster) write() *load {
	c.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	l := &load{t: c.t, stop: stop}
	for i := range l.done {
		client, err := clientv3.New(clientv3.Config{Endpoints: c.endpoints(), Logger: zap.NewNop()})
		if err != nil {
			c.t.Fatal(err)
		}
		l.work.Go(func() {
			defer client.Close()
			for ctx.Err() == nil {
				put, cancel := context.WithTimeout(context.Background(), patience) // an end of the load fails no put
				_, err := client.Put(put, fmt.Sprintf("load/%d/%06d", i, l.done[i]), "x")
				cancel()
				if err != nil {
					l.mu.Lock()
					l.failed = append(l.failed, fmt.Errorf("put %d of client %d: %w", l.done[i], i, err))
					l.mu.Unlock()
				}
				l.done[i]++
				l.written.Add(1)
			}
		})
	}
	c.t.Cleanup(stop)
	return l
}

// more waits until as much again was written.
func (l *load) more(n int64) {
	l.t.Helper()
	want := l.written.Load() + n
	eventually(l.t, fmt.Sprintf("%d more are written", n), func() bool { return l.written.Load() >= want })
}

// finish ends the load, which must not have failed, and gives how many keys there must be.
func (l *load) finish() int {
	l.t.Helper()
	l.stop()
	l.work.Wait()
	if len(l.failed) > 0 {
		l.t.Errorf("%d of %d writes failed; the first: %v", len(l.failed), l.written.Load(), l.failed[0])
	}
	return int(l.written.Load())
}

// count is how many keys of the load a member has.
func (c *cluster) count(m *member) int {
	c.t.Helper()
	out := c.at(m).ctl("get", "--prefix", "load/", "--count-only", "-w", "fields")
	_, after, found := strings.Cut(out, "\"Count\" : ")
	n, err := strconv.Atoi(strings.TrimSpace(after))
	if !found || err != nil {
		c.t.Fatalf("get --count-only writes %s", out)
	}
	return n
}

// without is all members but one.
func (c *cluster) without(m *member) []*member {
	return slices.DeleteFunc(slices.Clone(c.members), func(other *member) bool { return other == m })
}

// leader is the member that leads.
func (c *cluster) leader() *member {
	c.t.Helper()
	var found *member
	eventually(c.t, "one member leads", func() bool {
		for _, m := range c.members {
			var s []struct {
				Status struct {
					Header struct {
						MemberID uint64 `json:"member_id"`
					}
					Leader uint64
				}
			}
			out, _, err := c.at(m).try("endpoint", "status", "-w", "json")
			if err == nil && json.Unmarshal([]byte(out), &s) == nil && s[0].Status.Leader == s[0].Status.Header.MemberID {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func TestRollingRestartFailsNoWrite(t *testing.T) {
	c := form(t, 3, "http").start()
	seen := c.background("watch", "--prefix", "load/", "-w", "fields")
	eventually(t, "the watch has begun", func() bool {
		c.ctl("put", "load/begun", "x")
		return strings.Contains(seen.written(), "load/begun")
	})
	l := c.write()
	for _, m := range c.members { // the leader among them
		l.more(50)
		if state := m.stop(); !terminated(state) {
			t.Errorf("%s ends with %v; a signal should have ended it", m.name, state)
		}
		m.ready()
	}
	l.more(50)
	keys := l.finish() + 1
	for _, m := range c.members {
		if got := c.count(m); got != keys {
			t.Errorf("%s has %d keys of %d", m.name, got, keys)
		}
	}
	c.ctl("put", "load/ended", "x")
	seen.saying("load/ended")
	written := seen.written()
	for i, n := range l.done {
		for j := range n {
			if key := fmt.Sprintf("load/%d/%06d", i, j); strings.Count(written, `"`+key+`"`) != 1 {
				t.Errorf("the watch, which was open all the time, tells of %s %d times", key, strings.Count(written, `"`+key+`"`))
			}
		}
	}
}

// terminated says whether SIGTERM ended the process, which is how etcd tells its supervisor that it obeyed.
func terminated(s interface{ Sys() any }) bool {
	status, is := s.Sys().(syscall.WaitStatus)
	return is && status.Signaled() && status.Signal() == syscall.SIGTERM
}

func TestLeaderThatIsStoppedHandsOver(t *testing.T) {
	c := form(t, 3, "http").start()
	old := c.leader()
	old.stop()
	if said := old.said(); !strings.Contains(said, "leadership handed over") {
		t.Error("the leader does not say that it hands over")
	}
	rest := c.without(old)
	c.at(rest...).says("OK", "put", "a", "1")
	for _, m := range rest {
		if said := m.said(); strings.Contains(said, "heartbeat timeout reached") && !strings.Contains(strings.SplitN(said, "ready to serve", 2)[0], "heartbeat timeout reached") {
			t.Errorf("%s had to notice that the leader was gone", m.name)
		}
	}
}

func TestMemberIsReplacedUnderLoad(t *testing.T) {
	c := form(t, 3, "http").start()
	broken := c.members[2]
	if broken == c.leader() { // what a leader was doing when it was killed is lost
		broken = c.members[0]
	}
	live := c.at(c.without(broken)...)
	l := live.write()
	l.more(50)
	if err := broken.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	broken.over()
	var id string
	for line := range strings.Lines(live.ctl("member", "list")) {
		if words := strings.Split(line, ", "); len(words) > 2 && words[2] == broken.name {
			id = words[0]
		}
	}
	live.ctl("member", "remove", id)
	l.more(50)
	m := newMember(t, ours(t), "replaced", "http")
	out := live.ctl("member", "add", m.name, "--peer-urls="+m.peer)
	for _, v := range added.FindAllStringSubmatch(out, -1) {
		if v[1] == "ETCD_INITIAL_CLUSTER" || v[1] == "ETCD_INITIAL_CLUSTER_STATE" {
			m.env = append(m.env, v[1]+"="+v[2])
		}
	}
	m.ready()
	l.more(50)
	keys := l.finish()
	if got := c.count(m); got != keys {
		t.Errorf("the new member has %d keys of %d", got, keys)
	}
	if got := c.at(m).ctl("member", "list"); strings.Count(got, ", started, ") != 3 || strings.Contains(got, broken.name+",") {
		t.Errorf("member list writes %s", got)
	}
}
