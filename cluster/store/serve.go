package store

import (
	"context"
	"time"

	"github.com/hashicorp/raft"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/lease"
	"google.golang.org/protobuf/proto"
)

// proposeTimeout bounds how long a proposal of the store's own waits to be taken by raft; it is then offered again later.
const proposeTimeout = time.Second

// leaseExtension is added to every lease when a leader takes over, for the time nobody counted (etcd adds its election
// timeout).
const leaseExtension = time.Second

// Serve runs until dead is closed: while this node leads it counts leases down and has raft revoke those that expired,
// and it raises the alarm when the store is full. It is the only reader of r.LeaderCh().
func (s *Store) Serve(r *raft.Raft, dead <-chan struct{}) {
	s.lessor.SetCheckpointer(func(_ context.Context, q *pb.LeaseCheckpointRequest) error {
		return s.propose(r, &pb.InternalRaftRequest{LeaseCheckpoint: q})
	})
	promoted := make(chan uint64)
	var reign uint64 // counts changes of leadership here
	for {
		select {
		case <-dead:
			return
		case leads := <-r.LeaderCh():
			reign++
			s.lessor.Demote()
			if leads {
				go s.takeOver(r, reign, promoted, dead)
			}
		case term := <-promoted:
			if term == reign {
				s.lessor.Promote(leaseExtension)
			}
		case expired := <-s.lessor.ExpiredLeasesC():
			go s.revoke(r, expired)
		case <-s.noSpace:
			go s.raiseAlarm(r)
		}
	}
}

// takeOver waits until this leader has applied all that its predecessors committed; before that it does not know which
// leases there are.
func (s *Store) takeOver(r *raft.Raft, reign uint64, promoted chan<- uint64, dead <-chan struct{}) {
	if r.Barrier(0).Error() != nil {
		return
	}
	select {
	case promoted <- reign:
	case <-dead:
	}
}

// revoke proposes; what fails is offered again by the lessor.
func (s *Store) revoke(r *raft.Raft, expired []*lease.Lease) {
	for _, l := range expired {
		if s.propose(r, &pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: int64(l.ID)}}) != nil {
			return
		}
	}
}

// raiseAlarm proposes NOSPACE. On a follower it fails: the leader's own store, which is as full, raises it.
func (s *Store) raiseAlarm(r *raft.Raft) {
	_ = s.propose(r, &pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{MemberID: s.o.Member,
		Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE}})
}

func (s *Store) propose(r *raft.Raft, q *pb.InternalRaftRequest) error {
	q.Header = &pb.RequestHeader{}
	if s.auth.IsAuthEnabled() { // as etcd does for what nobody asked for
		q.Header.Username, q.Header.AuthRevision = "root", s.auth.Revision()
	}
	b, err := proto.Marshal(q)
	if err != nil {
		return err
	}
	return r.Apply(b, proposeTimeout).Error()
}
