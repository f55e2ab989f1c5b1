package store

import (
	"errors"
	"fmt"
	"os"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	serverstorage "go.etcd.io/etcd/server/v3/storage"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// Sizes of a store's file, in bytes.
type Sizes struct {
	File, InUse, Quota int64
}

// Sizes tells how large the file is, and how much of it is used.
func (s *Store) Sizes() Sizes {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	z := Sizes{File: s.be.Size(), InUse: s.be.SizeInUse(), Quota: s.o.Quota}
	if z.Quota == 0 {
		z.Quota = serverstorage.DefaultQuotaBytes
	}
	return z
}

// Alarms lists those that were raised and not yet disarmed.
func (s *Store) Alarms() []*pb.AlarmMember {
	return s.alarms.Load().Get(pb.AlarmType_NONE)
}

// StorageVersion is the version of etcd whose layout the file has, empty if it says none.
func (s *Store) StorageVersion() string {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	if v := schema.ReadStorageVersion(s.be.ReadTx()); v != nil {
		return v.String()
	}
	return ""
}

// HashKV is Hash with what etcd's API tells beside it: the newest revision, and the one that the store is compacted to.
func (s *Store) HashKV(revision int64) (h mvcc.KeyValueHash, newest int64, err error) {
	return s.kv.HashStorage().HashByRev(revision)
}

// HashAll is the hash of everything in the file, leases and users too.
func (s *Store) HashAll() (hash uint32, revision int64, err error) { return s.kv.HashStorage().Hash() }

// Defragment writes the file anew without its holes. Nothing else happens in the store meanwhile.
func (s *Store) Defragment() error {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	if s.detached.Load() || s.failed.Load() {
		return errors.New("the node is dead")
	}
	return s.be.Defrag()
}

// SaveTo writes the store's file, as it is now, to a new file at path.
func (s *Store) SaveTo(path string) error {
	s.bemu.RLock()
	defer s.bemu.RUnlock()
	shot := s.be.Snapshot()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = shot.WriteTo(to)
		err = errors.Join(err, to.Close())
	}
	if err := errors.Join(err, shot.Close()); err != nil {
		return fmt.Errorf("the store of %s could not be saved: %w", s.o.Node, errors.Join(err, removeLeft(path)))
	}
	return nil
}

// Downgrade is the version that the cluster was told to go down to, empty if none.
func (s *Store) Downgrade() string {
	if d := s.ring.DowngradeInfo(); d.Enabled {
		return d.TargetVersion
	}
	return ""
}
