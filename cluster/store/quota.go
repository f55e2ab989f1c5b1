package store

import serverstorage "go.etcd.io/etcd/server/v3/storage"

// Affords says whether there is room for a put, a transaction or a new lease (etcd's *pb.PutRequest, *pb.TxnRequest,
// *pb.LeaseGrantRequest), by etcd's reckoning: what only reads or deletes always has.
func (s *Store) Affords(q any) bool {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	return serverstorage.NewBackendQuota(s.log, s.o.Quota, s.be, "request").Available(q)
}
