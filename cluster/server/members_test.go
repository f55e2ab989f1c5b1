package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// eventually tries until it works.
func eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	deadline, tick := time.Now().Add(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		<-tick.C
	}
}

// newcomer is the configuration of one that joins.
func newcomer(t testing.TB, all []Config, name string) Config {
	c := all[0]
	c.Name, c.Dir, c.Existing = name, filepath.Join(t.TempDir(), name), true
	c.ListenPeer, c.ListenClient = free(t, 1), free(t, 1)
	c.AdvertisePeer, c.AdvertiseClient = c.ListenPeer, c.ListenClient
	c.InitialCluster = types.URLsMap{}
	for who, urls := range all[0].InitialCluster {
		c.InitialCluster[who] = urls
	}
	c.InitialCluster[name] = types.URLs(c.AdvertisePeer)
	return c
}

func TestLearnerJoinsIsPromotedAndTheLeaderIsRemoved(t *testing.T) {
	all := ring(t, 3)
	running := start(t, all...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := client(t, all...)
	for i := range 50 {
		if _, err := c.Put(ctx, fmt.Sprint("k", i), "v"); err != nil {
			t.Fatal(err)
		}
	}
	fourth := newcomer(t, all, "m4")
	added, err := c.MemberAddAsLearner(ctx, []string{fourth.AdvertisePeer[0].String()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.MemberAddAsLearner(ctx, []string{"http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "too many learner") {
		t.Errorf("a second learner: %v", err)
	}
	running = append(running, start(t, fourth)...)
	eventually(t, "promoting", func() error { _, err := c.MemberPromote(ctx, added.Member.ID); return err })
	got, err := client(t, fourth).Get(ctx, "k", clientv3.WithPrefix(), clientv3.WithSerializable())
	if err != nil || got.Count != 50 {
		t.Fatalf("the newcomer has %v keys: %v", got, err)
	}
	removeLeader(t, ctx, running)
	if _, err := client(t, fourth).Put(ctx, "after", "v"); err != nil {
		t.Fatal(err)
	}
	list, err := client(t, fourth).MemberList(ctx)
	if err != nil || len(list.Members) != 3 {
		t.Errorf("after a removal the members are %v: %v", list, err)
	}
}

// removeLeader has another member remove the leader, which then ends by itself.
func removeLeader(t *testing.T, ctx context.Context, running []*Server) {
	t.Helper()
	leads := running[0].node.Leader()
	var leader *Server
	var rest []Config
	for _, s := range running {
		if s.id.Node == leads {
			leader = s
		} else {
			rest = append(rest, s.c)
		}
	}
	c := client(t, rest...)
	if _, err := c.MemberRemove(ctx, leader.id.member); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-leader.Ended():
		if !errors.Is(err, errRemoved) {
			t.Errorf("the removed member ended with: %v", err)
		}
	case <-ctx.Done():
		t.Error("the removed member did not end")
	}
}

func TestRestartedMembersGoOn(t *testing.T) {
	all := ring(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var running []*Server
	for _, c := range all {
		s, err := Start(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, s)
	}
	<-running[0].Ready()
	put, err := client(t, all[0]).Put(ctx, "x", "1")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range running {
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	start(t, all...)
	got, err := client(t, all[1]).Get(ctx, "x")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Kvs) != 1 || got.Kvs[0].ModRevision != put.Header.Revision || got.Header.ClusterId != put.Header.ClusterId {
		t.Errorf("written as %v, read after a restart as %v", put.Header, got)
	}
}

// snapshotOrder has a node take one now.
var snapshotOrder = event.Command{Kind: event.Snapshot, Timeout: event.Micros(patience.Microseconds())}

func TestFollowerFarBehindGetsASnapshot(t *testing.T) {
	all := ring(t, 3)
	for i := range all {
		all[i].SnapshotCount, all[i].Trailing = 20, 5
		all[i].NoFsync = true
	}
	running := start(t, all...)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := client(t, all[0])
	behind := running[2]
	if err := behind.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if _, err := c.Put(ctx, fmt.Sprint("k", i), strings.Repeat("v", 1000)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "a snapshot", func() error {
		for _, s := range running[:2] {
			if first := s.node.FirstIndex(); first < 50 {
				if r := s.node.Order(snapshotOrder); r.Error != "" {
					return fmt.Errorf("%s keeps entries from %d: %s", s.c.Name, first, r.Error)
				}
			}
		}
		return nil
	})
	start(t, all[2])
	got, err := client(t, all[2]).Get(ctx, "k", clientv3.WithPrefix())
	if err != nil || got.Count != 200 {
		t.Fatalf("the one that was behind has %v: %v", got, err)
	}
	one, err := c.HashKV(ctx, all[0].AdvertiseClient[0].String(), got.Header.Revision)
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.HashKV(ctx, all[2].AdvertiseClient[0].String(), got.Header.Revision)
	if err != nil || one.Hash != other.Hash {
		t.Errorf("the stores differ: %v and %v: %v", one, other, err)
	}
}
