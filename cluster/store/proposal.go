package store

import (
	"cmp"
	"errors"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver/apply"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"google.golang.org/protobuf/proto"
)

// Sign makes the log entry of a request of etcd's API: op travels in it, and who asks. The errors are etcd's.
func (s *Store) Sign(user Credentials, q *pb.InternalRaftRequest, op uint64) ([]byte, error) {
	q.Header = &pb.RequestHeader{ID: op}
	if q.Authenticate == nil { // who authenticates is nobody yet
		who, err := s.who(user)
		if err != nil {
			return nil, err
		}
		if who != nil {
			q.Header.Username, q.Header.AuthRevision = who.Username, who.Revision
		}
	}
	b, err := proto.Marshal(q)
	if err != nil {
		return nil, err
	}
	if len(b) > cmp.Or(s.o.Request, MaxRequestBytes) {
		return nil, etcderrors.ErrRequestTooLarge
	}
	return b, nil
}

// errNotApplied says that raft answered without the store: the entry was here already, which a new one cannot be.
var errNotApplied = errors.New("etcdserver: the entry was not applied")

// Verdict is what Apply returned in etcd's words. It holds no channel, so it may cross from one world into another.
func Verdict(response any) (proto.Message, error) {
	switch r := response.(type) {
	case error:
		return nil, r
	case *apply.Result:
		if r != nil {
			return r.Resp, r.Err
		}
	}
	return nil, errNotApplied
}

// WaitCompacted waits until the compaction that was applied last has deleted what it had to, and commits that.
func (s *Store) WaitCompacted(dead <-chan struct{}) bool {
	done := s.compacted.Load()
	if done == nil {
		return true
	}
	select {
	case <-*done:
		s.kv.Commit()
		return true
	case <-dead:
		return false
	}
}
