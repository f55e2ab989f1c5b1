package server

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/hashicorp/raft"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"

	"github.com/quorumlab/quorumlab/cluster/disk"
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
)

// restored takes over a data directory that etcdutl snapshot restore has written; nil: it is none. The backup's members
// begin with the same configuration, and with the same numbers, behind what the backup holds.
func restored(c *Config) (*identity, error) {
	m, err := disk.Import(c.Dir, filepath.Join(c.Dir, nodeDir), configurationOf)
	if m == nil || err != nil {
		return nil, err
	}
	id := &identity{cluster: m.Cluster, member: m.Member}
	for _, s := range configurationOf(m.Members).Servers {
		if p, err := node.ParsePlace(s.Address); err == nil && p.Member == m.Member {
			if id.Node, err = event.ParseNodeID(string(s.ID)); err != nil {
				return nil, err
			}
		}
	}
	if id.Node == 0 {
		return nil, fmt.Errorf("the backup in %s was restored for member %x, which is not among its members", c.Dir, m.Member)
	}
	return id, id.save(c.Dir)
}

// configurationOf numbers members as the founders of a cluster are.
func configurationOf(ms []*membership.Member) (all raft.Configuration) {
	ms = slices.SortedFunc(slices.Values(ms), func(a, b *membership.Member) int { return cmp.Compare(a.ID, b.ID) })
	for i, m := range ms {
		s := raft.Server{ID: raft.ServerID(event.NodeID(i + 1).String()), Address: node.Place{Member: uint64(m.ID), URLs: slices.Sorted(slices.Values(m.PeerURLs))}.Address()}
		if m.IsLearner {
			s.Suffrage = raft.Nonvoter
		}
		all.Servers = append(all.Servers, s)
	}
	return all
}

// forceNew makes a cluster of this member alone of what its disk holds.
func (s *Server) forceNew(dir string) error {
	o := disk.Options{Dir: dir, Node: s.id.Node, Sync: !s.c.NoFsync, Witness: s.c.Witness}
	var urls []string
	for _, u := range s.c.AdvertisePeer {
		urls = append(urls, u.String())
	}
	address := node.Place{Member: s.id.member, URLs: slices.Sorted(slices.Values(urls))}.Address()
	if err := disk.Alone(o, raft.ServerID(s.id.Node.String()), address); err != nil {
		return fmt.Errorf("--force-new-cluster: %w", err)
	}
	return nil
}
