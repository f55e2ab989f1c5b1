package store

import (
	"context"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/auth"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
)

// Credentials are what a client says of itself, where etcd looks for it: in the metadata of a gRPC call. A context
// with neither deadline nor cancellation, so that it may be used inside any world; nil: nothing.
type Credentials context.Context

// tokenWait is how long a token may be ahead of this node: it names the entry that made it.
const tokenWait = 5 * time.Second

// who is the user behind the credentials; nil without auth, or without a token or certificate.
func (s *Store) who(user Credentials) (*auth.AuthInfo, error) {
	if user == nil || !s.auth.IsAuthEnabled() {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(user, tokenWait)
	defer cancel()
	who, err := s.auth.AuthInfoFromCtx(ctx)
	if who == nil && err == nil && s.o.CertAuth {
		who = s.auth.AuthInfoFromTLS(ctx)
	}
	return who, err
}

// applied is for etcd's token provider: the channel is closed when index is applied here. Anybody may make a token up, so
// nothing waits longer than tokenWait.
func (s *Store) applied(index uint64) <-chan struct{} {
	done := make(chan struct{})
	if s.Applied() >= index {
		close(done)
		return done
	}
	go func() {
		t := time.NewTimer(tokenWait)
		defer t.Stop()
		if s.WaitApplied(index, s.closing, t.C) {
			close(done)
		}
	}()
	return done
}

// permitted does a read if check lets the user, and refuses it if users or roles have changed meanwhile.
func (s *Store) permitted(user Credentials, check func(*auth.AuthInfo) error, read func() error) error {
	who, err := s.who(user)
	if err != nil {
		return err
	}
	if who == nil {
		who = &auth.AuthInfo{}
	}
	if err := check(who); err != nil {
		return err
	}
	err = read()
	if who.Revision != 0 && who.Revision != s.auth.Revision() {
		return auth.ErrAuthOldRevision
	}
	return err
}

// Authenticated refuses who is nobody, once auth is enabled.
func (s *Store) Authenticated(user Credentials) error {
	who, err := s.who(user)
	if err == nil && who == nil && s.auth.IsAuthEnabled() {
		return auth.ErrUserEmpty
	}
	return err
}

// Administrates refuses who has not the role root, once auth is enabled.
func (s *Store) Administrates(user Credentials) error {
	who, err := s.who(user)
	if err != nil {
		return err
	}
	return s.auth.IsAdminPermitted(who)
}

// MayWatch refuses who may not read all keys of a watch.
func (s *Store) MayWatch(user Credentials, key, end []byte) error {
	return s.permitted(user, func(who *auth.AuthInfo) error { return s.auth.IsRangePermitted(who, key, end) }, func() error { return nil })
}

// mayTxn refuses who may not do all that a transaction may do.
func (s *Store) mayTxn(q *pb.TxnRequest) func(*auth.AuthInfo) error {
	return func(who *auth.AuthInfo) error { return apply.CheckTxnAuth(s.auth, who, s.lessor, q) }
}

// CheckPassword gives the revision of users and roles at which the password was right, and the beginning of a token for
// it: both go into the entry that logs the user in.
func (s *Store) CheckPassword(name, password string) (revision uint64, token string, err error) {
	if revision, err = s.auth.CheckPassword(name, password); err != nil {
		return 0, "", err
	}
	token, err = s.auth.GenTokenPrefix()
	return revision, token, err
}

// AuthRevision counts changes of users and roles.
func (s *Store) AuthRevision() uint64 { return s.auth.Revision() }
