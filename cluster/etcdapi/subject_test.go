package etcdapi_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.uber.org/zap"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/server"
)

// The ones whose answers are compared.
const (
	realEtcd = "etcd"
	room     = "a room"
	process  = "a process"
)

// subject is one of them, asked without etcd's client, which refuses some things by itself.
type subject struct {
	*testing.T
	kind string
	url  string
	ctx  context.Context
	conn *grpc.ClientConn

	kv    pb.KVClient
	lease pb.LeaseClient
	users pb.AuthClient
	ring  pb.ClusterClient
	care  pb.MaintenanceClient
	watch pb.WatchClient

	kept map[string]string // what one step keeps for another: tokens
}

func meet(t *testing.T, kind, at string) *subject {
	t.Helper()
	return meetWith(t, kind, at, insecure.NewCredentials())
}

func meetWith(t *testing.T, kind, at string, c credentials.TransportCredentials) *subject {
	t.Helper()
	_, host, _ := strings.Cut(at, "://")
	conn, err := grpc.NewClient(host, grpc.WithTransportCredentials(c),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(func() { cancel(); _ = conn.Close() })
	return &subject{T: t, kind: kind, url: at, ctx: ctx, conn: conn, kv: pb.NewKVClient(conn), lease: pb.NewLeaseClient(conn), users: pb.NewAuthClient(conn),
		ring: pb.NewClusterClient(conn), care: pb.NewMaintenanceClient(conn), watch: pb.NewWatchClient(conn), kept: map[string]string{}}
}

// as is the context of a user's calls, by the name under which a token was kept.
func (s *subject) as(user string) context.Context {
	return metadata.AppendToOutgoingContext(s.ctx, rpctypes.TokenFieldNameGRPC, s.kept[user])
}

// subjects are the three, each a cluster of its own: the real etcd, and a follower of three, as a room's and in this process.
func subjects(t *testing.T) []*subject {
	t.Helper()
	r := openAt(t, 20*event.One)
	return []*subject{meet(t, realEtcd, startEtcd(t)), meet(t, room, r.urls[r.follower()]), meet(t, process, follower(t, startRing(t, 3)))}
}

// freeURLs are of ports that are free on this machine, below those that the system gives away by itself: an outgoing connection of
// whatever runs beside this test takes none of them meanwhile.
func freeURLs(t *testing.T, n int) (urls []string) {
	t.Helper()
	for len(urls) < n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(22_000)))
		if err != nil {
			continue // somebody listens there
		}
		defer l.Close()
		urls = append(urls, "http://"+l.Addr().String())
	}
	return urls
}

// startEtcd runs the real one and gives its client URL.
func startEtcd(t *testing.T, flags ...string) string {
	t.Helper()
	return startEtcdWith(t, "http", flags...)
}

func startEtcdWith(t *testing.T, scheme string, flags ...string) string {
	t.Helper()
	urls, dir := freeURLs(t, 3), t.TempDir()
	urls[0] = strings.Replace(urls[0], "http", scheme, 1)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(programs(t).Etcd, append([]string{"--name=m1", "--data-dir=" + filepath.Join(dir, "m1"), "--bcrypt-cost=4",
		"--listen-client-urls=" + urls[0], "--advertise-client-urls=" + urls[0], "--listen-peer-urls=" + urls[1],
		"--listen-metrics-urls=" + urls[2], "--initial-advertise-peer-urls=" + urls[1], "--initial-cluster=m1=" + urls[1]}, flags...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has nothing to save
		_ = cmd.Wait()
		_ = log.Close()
	})
	if !untilTrue(func() bool { code, _, _ := page(urls[2]+"/health", "GET"); return code == 200 }) {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("etcd is not ready:\n%s", said)
	}
	return urls[0]
}

// untilTrue polls until something is so, or the patience is over.
func untilTrue(so func() bool) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-end:
			return false
		}
	}
	return true
}

// startMember runs a member of ours in this process, alone, and gives its client URL.
func startMember(t *testing.T, change ...func(*server.Config)) string {
	t.Helper()
	return startRing(t, 1, change...)[0]
}

// startRing runs members of ours that make a cluster, and gives their client URLs.
func startRing(t *testing.T, members int, change ...func(*server.Config)) (clients []string) {
	t.Helper()
	clients, peers, initial := freeURLs(t, members), freeURLs(t, members), types.URLsMap{}
	for i := range members {
		initial[fmt.Sprint("m", i+1)] = types.URLs{parsed(t, peers[i])}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var running []*server.Server
	for i := range members {
		c := server.DefaultConfig()
		c.Name, c.Dir, c.Log, c.BcryptCost = fmt.Sprint("m", i+1), t.TempDir(), zap.NewNop(), bcrypt.MinCost
		c.ListenClient, c.ListenPeer = []url.URL{parsed(t, clients[i])}, []url.URL{parsed(t, peers[i])}
		c.AdvertiseClient, c.AdvertisePeer, c.InitialCluster = c.ListenClient, c.ListenPeer, initial
		for _, f := range change {
			f(&c)
		}
		s, err := server.Start(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		running, clients[i] = append(running, s), fmt.Sprint(&c.ListenClient[0])
	}
	for _, s := range running {
		select {
		case <-s.Ready():
		case err := <-s.Ended():
			t.Fatal(err)
		case <-ctx.Done():
			t.Fatal("a member was not ready in time")
		}
	}
	return clients
}

// follower is one of the members that does not lead.
func follower(t *testing.T, urls []string) (found string) {
	t.Helper()
	if !untilTrue(func() bool {
		for _, u := range urls {
			s := meet(t, process, u)
			r, err := s.care.Status(s.ctx, &pb.StatusRequest{})
			if err == nil && r.Leader != 0 && r.Leader != r.Header.MemberId {
				found = u
			}
		}
		return found != ""
	}) {
		t.Fatal("nobody follows")
	}
	return found
}

func parsed(t *testing.T, s string) url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return *u
}
