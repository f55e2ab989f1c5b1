package store

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/auth"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
)

// RenewLease starts a lease's time anew and gives it in seconds. Only the leader counts time: on others, and on one that
// has not taken over yet, it is lease.ErrNotPrimary. It waits if the lease is just being revoked.
func (s *Store) RenewLease(id int64) (int64, error) { return s.lessor.Renew(lease.LeaseID(id)) }

// Lease tells what is left of a lease. Only the leader knows.
func (s *Store) Lease(id int64, keys bool) (*pb.LeaseTimeToLiveResponse, error) {
	l := s.lessor.Lookup(lease.LeaseID(id))
	if l == nil {
		return nil, lease.ErrLeaseNotFound
	}
	r := &pb.LeaseTimeToLiveResponse{Header: &pb.ResponseHeader{}, ID: id, TTL: int64(l.Remaining().Seconds()), GrantedTTL: l.TTL()}
	if keys {
		for _, k := range l.Keys() {
			r.Keys = append(r.Keys, []byte(k))
		}
	}
	if l.Demoted() {
		return nil, etcderrors.ErrLeaderChanged
	}
	return r, nil
}

// Leases lists all leases, of which every node knows.
func (s *Store) Leases(user Credentials) ([]*pb.LeaseStatus, error) {
	if err := s.Authenticated(user); err != nil {
		return nil, err
	}
	leases := s.lessor.Leases()
	if err := s.mayUse(user, s.mayRead, leases...); err != nil {
		return nil, err
	}
	list := make([]*pb.LeaseStatus, len(leases))
	for i, l := range leases {
		list[i] = &pb.LeaseStatus{ID: int64(l.ID)}
	}
	return list, nil
}

// MayRenew refuses who may not write all keys of a lease.
func (s *Store) MayRenew(user Credentials, id int64) error {
	return s.mayUse(user, s.auth.IsPutPermitted, s.lessor.Lookup(lease.LeaseID(id)))
}

// MaySeeLease refuses who may not read all keys of a lease.
func (s *Store) MaySeeLease(user Credentials, id int64) error {
	return s.mayUse(user, s.mayRead, s.lessor.Lookup(lease.LeaseID(id)))
}

func (s *Store) mayRead(who *auth.AuthInfo, key []byte) error {
	return s.auth.IsRangePermitted(who, key, []byte{})
}

func (s *Store) mayUse(user Credentials, may func(*auth.AuthInfo, []byte) error, leases ...*lease.Lease) error {
	revision := s.auth.Revision()
	who, err := s.who(user)
	switch {
	case err != nil || !s.auth.IsAuthEnabled():
		return err
	case who == nil:
		return auth.ErrUserEmpty
	case s.auth.IsAdminPermitted(who) == nil:
		return nil
	}
	for _, l := range leases {
		if l == nil {
			continue
		}
		for _, k := range l.Keys() {
			if err := may(who, []byte(k)); err != nil {
				return err
			}
		}
	}
	if revision != s.auth.Revision() { // not that of a token that is older, as with etcd
		return auth.ErrAuthOldRevision
	}
	return nil
}
