package etcdapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
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

// ordered gives the token with which etcd's members have ids in the same order as the room's, so that lists are.
func ordered(h *house, members []conform.Member) string {
	rank := func(token string, urls []string) (order []int) {
		ids := make([]uint64, len(urls))
		for i, u := range urls {
			id, err := node.MemberID(token, u)
			h.check(err)
			ids[i] = id
			order = append(order, i)
		}
		slices.SortFunc(order, func(a, b int) int {
			if ids[a] < ids[b] {
				return -1
			}
			return 1
		})
		return order
	}
	var theirs, ours []string
	for i, m := range members {
		theirs, ours = append(theirs, m.Peer), append(ours, fmt.Sprintf("http://n%d:2380", i+1))
	}
	want := rank(h.token(), ours)
	for i := 0; ; i++ {
		if token := fmt.Sprint("token", i); slices.Equal(rank(token, theirs), want) {
			return token
		}
	}
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
	c.Token = ordered(h, members)
	t.Cleanup(c.Close)
	h.check(c.Start(h.ctx))
	pair := &pair{house: h, etcd: c, ours: conform.NewTarget("the room", p.Etcdctl, t.TempDir(), 2, h.urls()...), real: conform.NewTarget("etcd", p.Etcdctl, t.TempDir(), 2, c.URLs()...)}
	for _, x := range []*conform.Target{pair.ours, pair.real} {
		h.check(introduce(h.ctx, x))
	}
	return pair
}

// introduce names a cluster's members and has n1 lead it.
func introduce(ctx context.Context, x *conform.Target) error {
	c, err := x.Client(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	list, err := c.MemberList(ctx)
	if err != nil {
		return err
	}
	x.Number("cluster", list.Header.ClusterId)
	for _, m := range list.Members {
		x.Number(m.Name, m.ID)
		x.Call("peer"+strings.TrimPrefix(m.Name, "n"), m.PeerURLs[0])
	}
	return lead(ctx, c, x)
}

// lead has n1 lead.
func lead(ctx context.Context, c *clientv3.Client, x *conform.Target) error {
	for ctx.Err() == nil {
		first, err := c.Status(ctx, x.Endpoints[0])
		if err != nil || first.Leader == 0 {
			continue
		}
		if first.Leader == first.Header.MemberId {
			return nil
		}
		for _, e := range x.Endpoints[1:] {
			one, err := clientv3.New(clientv3.Config{Endpoints: []string{e}, Logger: zap.NewNop()})
			if err != nil {
				return err
			}
			_, err = one.MoveLeader(ctx, first.Header.MemberId) // whoever does not lead refuses
			if err = errors.Join(one.Close()); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
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
		t.Skip("seven hundred commands, compared without the race detector")
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
		all = append(all, x.script...)
		t.Run(x.name, func(t *testing.T) {
			h.pace(x.rate * event.One)
			p.ours.Node, p.real.Node = x.node, x.node
			p.compare(t, x.script)
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
