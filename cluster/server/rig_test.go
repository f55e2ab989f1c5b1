package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
)

// patience is far more than anything here takes.
const patience = 30 * time.Second

// free are addresses that nobody listened at a moment ago. They are below those that the system gives away by itself: an outgoing
// connection of whatever runs beside this test takes none of them meanwhile.
func free(t testing.TB, n int) (urls []url.URL) {
	t.Helper()
	for len(urls) < n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.N(22_000)))
		if err != nil {
			continue // somebody listens there
		}
		defer l.Close()
		urls = append(urls, url.URL{Scheme: "http", Host: l.Addr().String()})
	}
	return urls
}

// ring are configurations of n members that make a cluster.
func ring(t testing.TB, n int) (all []Config) {
	peers, clients := free(t, n), free(t, n)
	dir, initial := t.TempDir(), types.URLsMap{}
	for i := range n {
		initial[fmt.Sprintf("m%d", i+1)] = types.URLs{peers[i]}
	}
	for i := range n {
		c := DefaultConfig()
		c.Name = fmt.Sprintf("m%d", i+1)
		c.Dir = filepath.Join(dir, c.Name)
		c.ListenPeer, c.AdvertisePeer = peers[i:i+1], peers[i:i+1]
		c.ListenClient, c.AdvertiseClient = clients[i:i+1], clients[i:i+1]
		c.InitialCluster = initial
		c.Log = logger4(t)
		all = append(all, c)
	}
	return all
}

func logger4(t testing.TB) *zap.Logger {
	if testing.Verbose() {
		return zaptest.NewLogger(t)
	}
	return zap.NewNop()
}

// start runs members until the test ends, and waits until they serve.
func start(t testing.TB, all ...Config) (running []*Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, c := range all {
		s, err := Start(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		running = append(running, s)
	}
	for _, s := range running {
		select {
		case <-s.Ready():
		case err := <-s.Ended():
			t.Fatal(err)
		case <-ctx.Done():
			t.Fatalf("%s was not ready in time", s.c.Name)
		}
	}
	return running
}

func client(t testing.TB, all ...Config) *clientv3.Client {
	t.Helper()
	var urls []string
	for _, c := range all {
		urls = append(urls, c.AdvertiseClient[0].String())
	}
	c, err := clientv3.New(clientv3.Config{Endpoints: urls, DialTimeout: patience, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
