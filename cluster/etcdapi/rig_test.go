package etcdapi_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"

	"github.com/quorumlab/quorumlab/cluster"
	"github.com/quorumlab/quorumlab/cluster/etcdapi"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// patience is how long, on the wall clock, a test waits for what has to come.
const patience = 4 * time.Minute

// rig is a room of three nodes that runs fast, each with a server of etcd's API.
type rig struct {
	*testing.T
	room    *cluster.Room
	urls    map[event.NodeID]string
	servers map[event.NodeID]*etcdapi.Server
	ctx     context.Context
}

const nodes = 3

func open(t *testing.T) *rig {
	t.Helper()
	return openAt(t, 4*event.One)
}

func openAt(t *testing.T, rate event.Factor) *rig {
	t.Helper()
	room, err := cluster.Open(cluster.Options{Dir: t.TempDir(), Nodes: nodes, NoSync: true, Rate: rate,
		Warn: func(err error) { t.Error(err) }, Fatal: func(err error) { t.Error(err); panic(err) }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r := &rig{T: t, room: room, urls: map[event.NodeID]string{}, servers: map[event.NodeID]*etcdapi.Server{}, ctx: ctx}
	t.Cleanup(func() {
		cancel()
		if err := room.Close(); err != nil {
			t.Error(err)
		}
		state := room.State()
		for _, lamp := range state.Safety {
			if !lamp.Holds {
				t.Errorf("%v is broken: %s", lamp.Property, lamp.Text)
			}
		}
	})
	for id := range event.NodeID(nodes) {
		r.serve(id + 1)
	}
	return r
}

func (r *rig) serve(id event.NodeID) {
	r.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.check(err)
	s := etcdapi.New(etcdapi.Options{Member: r.room.Session(id), BcryptCost: bcrypt.MinCost})
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(l); err != nil {
			r.Error(err)
		}
	})
	r.Cleanup(func() { s.Close(); served.Wait() })
	r.urls[id], r.servers[id] = "http://"+l.Addr().String(), s
	r.room.Announce(id, r.urls[id])
}

func (r *rig) check(err error) {
	if err != nil {
		r.Helper()
		r.Fatal(err)
	}
}

// client is etcd's own, of these nodes; of all without any.
func (r *rig) client(ids ...event.NodeID) *clientv3.Client {
	return r.login("", "", ids...)
}

func (r *rig) login(user, password string, ids ...event.NodeID) *clientv3.Client {
	r.Helper()
	var urls []string
	for id := range event.NodeID(nodes) {
		if len(ids) == 0 || ids[0] == id+1 {
			urls = append(urls, r.urls[id+1])
		}
	}
	c, err := clientv3.New(clientv3.Config{Endpoints: urls, Logger: zap.NewNop(), DialTimeout: patience, Username: user, Password: password})
	r.check(err)
	r.Cleanup(func() { _ = c.Close() })
	return c
}

func (r *rig) do(c event.Command) {
	r.Helper()
	if res := r.room.Do(r.ctx, c); res.Outcome != event.OK {
		r.Fatalf("%s: %v: %s", cluster.Words(c), res.Outcome, res.Error)
	}
}

func (r *rig) leader() event.NodeID {
	r.Helper()
	for r.ctx.Err() == nil {
		s := r.room.State()
		if l := s.Leader(); l != nil {
			return l.ID
		}
	}
	r.Fatal("no leader")
	return 0
}

// follower is a node that does not lead.
func (r *rig) follower() event.NodeID { return r.leader()%nodes + 1 }
