package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/config"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"

	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/peer"
)

// Times of making or joining a cluster.
const (
	askPeer    = 5 * time.Second // how long peers may take to say who the members are, for one that joins
	askFounder = time.Second     // and for one that founds a cluster with them
	askAgain   = 500 * time.Millisecond
)

// rules are etcd's own checks of what the flags say.
func (c *Config) rules() *config.ServerConfig {
	return &config.ServerConfig{Name: c.Name, DataDir: c.Dir, InitialPeerURLsMap: c.InitialCluster, PeerURLs: c.AdvertisePeer,
		ClientURLs: c.AdvertiseClient, InitialClusterToken: c.Token, NewCluster: !c.Existing, Logger: c.Log}
}

// whoAmI finds out which member this is: the one that the data directory knows, one of a backup that was restored, a
// founder, or one that a cluster has added.
func whoAmI(ctx context.Context, c *Config) (*identity, error) {
	id, err := loadIdentity(c.Dir)
	if id != nil || err != nil {
		return id, err
	}
	if id, err = restored(c); id != nil || err != nil {
		return id, err
	}
	if c.Existing {
		id, err = join(ctx, c)
	} else {
		id, err = found(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	return id, id.save(c.Dir)
}

// found makes this member one of the founders of a new cluster.
func found(ctx context.Context, c *Config) (*identity, error) {
	if err := c.rules().VerifyBootstrap(); err != nil {
		return nil, err
	}
	ring, err := membership.NewClusterFromURLsMap(c.Log, c.Token, c.InitialCluster)
	if err != nil {
		return nil, err
	}
	me := ring.MemberByName(c.Name)
	if old := bootstrapped(ctx, c, ring, me); old {
		return nil, fmt.Errorf("member %s has already been bootstrapped", me.ID)
	}
	id := &identity{cluster: uint64(ring.ID()), member: uint64(me.ID)}
	var places []node.Place
	for _, m := range ring.Members() {
		places = append(places, node.Place{Member: uint64(m.ID), URLs: slices.Sorted(slices.Values(m.PeerURLs))})
	}
	id.founders = number(places)
	for _, f := range id.founders {
		if f.place.Member == id.member {
			id.Node = f.ID
		}
	}
	return id, nil
}

// bootstrapped says whether the others run already and know this member by its name: its data directory was lost, and it
// would vote a second time (etcd's isMemberBootstrapped).
func bootstrapped(ctx context.Context, c *Config, ring *membership.RaftCluster, me *membership.Member) bool {
	ctx, cancel := context.WithTimeout(ctx, askFounder)
	defer cancel()
	urls := others(ring, me)
	knows := make(chan bool, len(urls))
	for _, url := range urls {
		go func() {
			r, err := peer.Members(ctx, url, c.PeerTLS)
			i := slices.IndexFunc(r.Members, func(m peer.Listed) bool { return m.ID == uint64(me.ID) })
			knows <- err == nil && i >= 0 && len(r.Members[i].ClientURLs) > 0
		}()
	}
	for range urls {
		if <-knows {
			return true
		}
	}
	return false
}

func others(ring *membership.RaftCluster, me *membership.Member) (urls []string) {
	for _, m := range ring.Members() {
		if m.ID != me.ID {
			urls = append(urls, m.PeerURLs...)
		}
	}
	return urls
}

// join learns from the cluster who this member is in it: somebody has added its peer URLs before.
func join(ctx context.Context, c *Config) (*identity, error) {
	if err := c.rules().VerifyJoinExisting(); err != nil {
		return nil, err
	}
	ring, err := membership.NewClusterFromURLsMap(c.Log, c.Token, c.InitialCluster)
	if err != nil {
		return nil, err
	}
	urls := others(ring, ring.MemberByName(c.Name))
	if len(urls) == 0 {
		return nil, errors.New("cannot fetch cluster info from peer urls: --initial-cluster names no other member")
	}
	ctx, cancel := context.WithTimeout(ctx, askPeer)
	defer cancel()
	var why error
	for {
		id, err := askAround(ctx, c, ring, urls)
		if err == nil {
			return id, nil
		}
		if why == nil || ctx.Err() == nil { // that the time is over says less than what was answered before
			why = err
		}
		t := time.NewTimer(askAgain) // perhaps who was asked has yet to hear of this member
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, why
		}
	}
}

// askAround asks one peer after the other who the members are, until one knows this one too.
func askAround(ctx context.Context, c *Config, ring *membership.RaftCluster, urls []string) (*identity, error) {
	var errs []error
	for _, url := range urls {
		r, err := peer.Members(ctx, url, c.PeerTLS)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot fetch cluster info from peer urls: %w", err))
			continue
		}
		id, err := find(c, ring, r)
		if err == nil {
			return id, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

// find is who this member is in a roster.
func find(c *Config, ring *membership.RaftCluster, r peer.Roster) (*identity, error) {
	if err := membership.ValidateClusterAndAssignIDs(c.Log, ring, ringOf(c, r)); err != nil {
		return nil, fmt.Errorf("error validating peerURLs of %s: %w; --initial-cluster has to name the members that the cluster has now, this one included (see etcdctl member list)", listed(r), err)
	}
	me := ring.MemberByName(c.Name)
	for _, m := range r.Members {
		if m.ID == uint64(me.ID) {
			return &identity{cluster: r.Cluster, member: m.ID, Node: m.Node}, nil
		}
	}
	return nil, fmt.Errorf("the cluster %x has no member with the peer URLs of %q; add it first: etcdctl member add %s --peer-urls=…", r.Cluster, c.Name, c.Name)
}

func ringOf(c *Config, r peer.Roster) *membership.RaftCluster {
	var ms []*membership.Member
	for _, m := range r.Members {
		ms = append(ms, &membership.Member{ID: types.ID(m.ID), RaftAttributes: membership.RaftAttributes{PeerURLs: m.PeerURLs, IsLearner: m.IsLearner},
			Attributes: membership.Attributes{Name: m.Name, ClientURLs: m.ClientURLs}})
	}
	return membership.NewClusterFromMembers(c.Log, types.ID(r.Cluster), ms)
}

// listed are the members of a roster in words.
func listed(r peer.Roster) string {
	var words []string
	for _, m := range r.Members {
		words = append(words, m.Name+"="+strings.Join(m.PeerURLs, ","))
	}
	return strings.Join(words, ",")
}
