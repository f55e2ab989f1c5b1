package store

import "go.etcd.io/etcd/server/v3/storage/schema"

// RemovedMembers lists etcd's ids of the members that were taken out of the cluster for good.
func (s *Store) RemovedMembers() (ids []uint64) {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	_, removed := schema.NewMembershipBackend(s.log, s.be).MustReadMembersFromBackend()
	for id := range removed {
		ids = append(ids, uint64(id))
	}
	return ids
}
