package store

import (
	"fmt"
	"runtime"
	"slices"

	"github.com/coreos/go-semver/semver"
	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/version"
	"go.etcd.io/etcd/client/pkg/v3/types"
	"go.etcd.io/etcd/server/v3/etcdserver/api"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// Members lists etcd's members by id, with names and client URLs as far as they were told. Empty without Options.Place.
func (s *Store) Members() []*membership.Member { return s.ring.Members() }

// Removed says whether a member was taken out of the cluster: its id is never used again.
func (s *Store) Removed(member uint64) bool { return s.ring.IsIDRemoved(types.ID(member)) }

// ClusterVersion is the version that all members speak, such as "3.7.0"; empty until a leader has set it.
func (s *Store) ClusterVersion() string {
	if v := s.ring.Version(); v != nil {
		return v.String()
	}
	return ""
}

// recoverMembers reads what the file says of the cluster.
func (s *Store) recoverMembers() {
	s.ring.SetBackend(schema.NewMembershipBackend(s.log, s.be))
	s.ring.Recover(api.UpdateCapability)
	if s.o.Place != nil {
		s.ring.SetID(types.ID(s.o.Member), types.ID(s.o.Cluster))
	}
}

// StoreConfiguration is told of configurations, which are committed like entries but are raft's own business.
func (s *Store) StoreConfiguration(index uint64, c raft.Configuration) {
	if index <= s.index.ConsistentIndex() {
		return
	}
	s.endIfFailed()
	s.applyEntriesOfMembers(index, c)
	s.endIfFailed()
	s.progress.apply(index, func(index uint64) { s.tell(index, 0) })
}

// applyEntriesOfMembers has this name for the same reason as applyEntries. Every change of the list is a transaction of its
// own, of which a crash may keep the first ones: the index moves with the last one, and to do the others again does no harm.
func (s *Store) applyEntriesOfMembers(index uint64, c raft.Configuration) {
	defer s.recoverApply(index)
	changes, err := s.memberChanges(c)
	if err != nil {
		s.fail(fmt.Errorf("the configuration at entry %d cannot be used by the store of %s: %w", index, s.o.Node, err))
		runtime.Goexit()
	}
	for i, change := range changes {
		if i == len(changes)-1 {
			s.position.begin(index, s.lastTerm.Load(), 1)
		}
		change()
	}
	s.position.pass(index, s.lastTerm.Load())
}

// memberChanges makes etcd's list of members what raft's configuration says.
func (s *Store) memberChanges(c raft.Configuration) (changes []func(), err error) {
	if s.o.Place == nil {
		return nil, nil
	}
	stay := map[types.ID]bool{}
	for _, server := range c.Servers {
		id, urls, err := s.o.Place(server.Address)
		if err != nil {
			return nil, err
		}
		stay[types.ID(id)] = true
		if change := s.memberChange(types.ID(id), urls, server.Suffrage != raft.Voter); change != nil {
			changes = append(changes, change)
		}
	}
	for _, m := range s.ring.Members() {
		if !stay[m.ID] {
			changes = append(changes, func() { s.ring.RemoveMember(m.ID, membership.ApplyBoth) })
		}
	}
	return changes, nil
}

// memberChange is what is to be done about one member; nil: nothing.
func (s *Store) memberChange(id types.ID, urls []string, learner bool) func() {
	m := s.ring.Member(id)
	switch {
	case m == nil:
		m = &membership.Member{ID: id}
	case m.IsLearner == learner && slices.Equal(m.PeerURLs, urls):
		return nil
	}
	m.PeerURLs, m.IsLearner = slices.Clone(urls), learner
	return func() { s.ring.AddMember(m, membership.ApplyBoth) }
}

// refusal says why the ring cannot take a request: etcd's code would panic, because its own server proposes no such thing.
func (s *Store) refusal(r *pb.InternalRaftRequest) error {
	if a := r.ClusterMemberAttrSet; a != nil {
		if id := types.ID(a.Member_ID); !s.ring.IsMemberExist(id) && !s.ring.IsIDRemoved(id) {
			return membership.ErrIDNotFound
		}
	}
	if set := r.ClusterVersionSet; set != nil {
		v, err := semver.NewVersion(set.Ver)
		if err != nil || semver.New(version.Version).LessThan(semver.Version{Major: v.Major, Minor: v.Minor}) {
			return etcderrors.ErrWrongDowngradeVersionFormat
		}
	}
	return nil
}
