package etcdapi

import (
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// afford refuses a put, a transaction or a lease for which the store has no room, before it goes into the log, and raises
// the alarm for all. What is under way meanwhile is refused when it is applied.
func afford(m Member, n *node.Node, c *node.Call, q any) error {
	if n.Store().Affords(q) {
		return nil
	}
	self := m.Peer(m.Self()).ID
	for _, a := range n.Store().Alarms() {
		if a.MemberID == self && a.Alarm == pb.AlarmType_NOSPACE {
			return etcderrors.ErrNoSpace
		}
	}
	// Without an alarm the next one is refused all the same.
	_, _ = n.Propose(&node.Call{User: c.User}, &pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{MemberID: self, Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE}})
	return etcderrors.ErrNoSpace
}
