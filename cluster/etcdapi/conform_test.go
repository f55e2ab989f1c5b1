package etcdapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cmd/reference"
	"github.com/quorumlab/quorumlab/cmd/reference/conform"
)

// programs are etcd's own, built once.
func programs(t *testing.T) reference.Programs {
	t.Helper()
	p, err := reference.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// quiet is the log of clients that are meant to fail at times.
var quiet = zap.NewNop()

// look is how often a condition is looked at.
const look = 2 * time.Millisecond

// pause is until it is looked at again.
func pause() { <-time.After(look) }

// house is a room whose nodes have ports, as the room program makes them.
type house struct {
	*testing.T
	ctx  context.Context
	room *cluster.Room
	dir  string
}

func build(t *testing.T, n int, rate event.Factor) *house {
	t.Helper()
	ports := etcdapi.Ports{BcryptCost: bcrypt.MinCost}
	h := &house{T: t, dir: t.TempDir()}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	h.ctx = ctx
	room, err := cluster.Open(cluster.Options{Dir: h.dir, Nodes: n, NoSync: true, Rate: rate,
		Warn: func(err error) { t.Error(err) }, Fatal: func(err error) { t.Error(err); panic(err) },
		Doors: cluster.Doors{Open: func(s *cluster.Session, before string) (string, error) { return ports.Open(s, before) }, Shut: ports.Shut}})
	h.check(err)
	h.room = room
	t.Cleanup(func() {
		cancel()
		h.check(room.Close())
		state := room.State()
		for _, lamp := range state.Safety {
			if !lamp.Holds {
				t.Errorf("%v is broken: %s", lamp.Property, lamp.Text)
			}
		}
	})
	return h
}

func (h *house) check(err error) {
	if err != nil {
		h.Helper()
		h.Fatal(err)
	}
}

func (h *house) urls() (urls []string) {
	for _, e := range h.room.Endpoints() {
		urls = append(urls, e.URL)
	}
	return urls
}

// token of the room's cluster, which goes into its ids.
func (h *house) token() string {
	b, err := os.ReadFile(filepath.Join(h.dir, "cluster.json"))
	h.check(err)
	var s struct{ Token string }
	h.check(json.Unmarshal(b, &s))
	return s.Token
}

// pair is a room and a real etcd of as many members, both led by n1, with n2 asked.
type pair struct {
	ours, real *conform.Target
	house      *house
	etcd       *conform.Cluster
}

func beside(t *testing.T, h *house) *pair {
	t.Helper()
	p := programs(t)
	members, err := conform.Free(nodes)
	h.check(err)
	for i := range members {
		members[i].Flags = []string{"--bcrypt-cost=4", "--unsafe-no-fsync"}
	}
	c := &conform.Cluster{Program: p.Etcd, Dir: t.TempDir(), Members: members}
	var theirs, ours []string
	for i, m := range members {
		theirs, ours = append(theirs, m.Peer), append(ours, fmt.Sprintf("http://n%d:2380", i+1))
	}
	c.Token, err = conform.Token(theirs, ours, h.token())
	h.check(err)
	t.Cleanup(c.Close)
	h.check(c.Start(h.ctx))
	pair := &pair{house: h, etcd: c, ours: conform.NewTarget("the room", p.Etcdctl, t.TempDir(), 2, h.urls()...), real: conform.NewTarget("etcd", p.Etcdctl, t.TempDir(), 2, c.URLs()...)}
	for _, x := range []*conform.Target{pair.ours, pair.real} {
		h.check(x.Introduce(h.ctx, false))
	}
	return pair
}

// compare plays a script to both.
func (p *pair) compare(t *testing.T, script []conform.Step) {
	t.Helper()
	var ours, real []conform.Said
	var both sync.WaitGroup
	both.Go(func() { ours = p.ours.Play(p.house.ctx, script) })
	both.Go(func() { real = p.real.Play(p.house.ctx, script) })
	both.Wait()
	if testing.Verbose() {
		for i, s := range real {
			t.Logf("$ etcdctl %s (%v, %v)\n%s", s.Command, s.Took, ours[i].Took, s.Text)
		}
	}
	for _, d := range conform.Differences(p.real, p.ours, real, ours) {
		t.Error(d)
	}
}

// pace is how fast the room's time goes.
func (h *house) pace(rate event.Factor) {
	h.Helper()
	if r := h.room.Do(h.ctx, event.Command{Kind: event.Rate, Factor: rate}); r.Outcome != event.OK {
		h.Fatal(r.Error)
	}
}

// What etcdctl prints of a room is what it prints of etcd, for every verb that it has.
func TestEtcdctlSaysTheSame(t *testing.T) {
	if raceEnabled {
		t.Skip("four hundred commands, compared without the race detector")
	}
	h := build(t, nodes, 16*event.One)
	p := beside(t, h)
	var all []conform.Step
	for _, x := range []struct {
		name   string
		rate   event.Factor
		node   int
		script []conform.Step
	}{
		{"words", 16, 2, conform.Words()}, {"keys", 16, 2, conform.Keys()}, {"watches", 16, 2, conform.Watches()}, {"care", 16, 2, conform.Care()}, {"mirror", 16, 2, conform.Mirror()},
		{"users", 16, 2, conform.Users()}, {"leases", 16, 2, conform.Leases()}, {"grants", 16, 2, conform.Grants()}, {"downgrades", 16, 2, conform.Downgrades()},
		{"sessions", 1, 1, conform.Sessions()}, {"members", 4, 2, conform.Members()},
	} {
		script := conform.Only(x.script, "json", "protobuf") // processes are compared in all
		all = append(all, script...)
		t.Run(x.name, func(t *testing.T) {
			h.pace(x.rate * event.One)
			p.ours.Node, p.real.Node = x.node, x.node
			p.compare(t, script)
		})
	}
	verbs, err := conform.Verbs(t.Context(), p.ours.Etcdctl)
	h.check(err)
	// check perf loads for a minute, whatever is asked, and check datascale reads the memory of one server's process, which a
	// room's node is not.
	if left := conform.Uncovered(verbs, all, "check perf", "check datascale"); len(verbs) < 50 || len(left) > 0 {
		t.Errorf("of %d verbs these are in no script: %v", len(verbs), left)
	}
}
