package etcdapi_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

func alarm(action pb.AlarmRequest_AlarmAction, kind pb.AlarmType) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.care.Alarm(s.ctx, &pb.AlarmRequest{Action: action, MemberID: 7, Alarm: kind})
	}
}

func downgrade(action pb.DowngradeRequest_DowngradeAction, v string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.care.Downgrade(s.ctx, &pb.DowngradeRequest{Action: action, Version: v})
	}
}

// status is what does not depend on sizes and terms.
func standing(s *subject) (any, error) {
	r, err := s.care.Status(s.ctx, &pb.StatusRequest{})
	if err != nil {
		return nil, err
	}
	return []any{r.Version, r.StorageVersion, r.DbSizeQuota, r.IsLearner, r.Errors, r.DowngradeInfo, r.Leader != 0, r.RaftTerm == r.Header.RaftTerm,
		r.DbSize >= r.DbSizeInUse, r.RaftIndex >= r.RaftAppliedIndex, r.Header.Revision}, nil
}

// followers do not move the leader; the real etcd is alone and leads.
var followers = map[string]string{room: "FailedPrecondition: etcdserver: not leader", process: "FailedPrecondition: etcdserver: not leader"}

const (
	raise  = pb.AlarmRequest_ACTIVATE
	disarm = pb.AlarmRequest_DEACTIVATE
)

var careDeeds = []deed{
	{what: "status", do: standing},
	{what: "no alarms", do: alarm(pb.AlarmRequest_GET, pb.AlarmType_NONE)},
	{what: "disarm nothing", do: alarm(disarm, pb.AlarmType_NOSPACE)},
	{what: "raise no alarm", do: alarm(raise, pb.AlarmType_NONE)},
	{what: "raise what is none", do: alarm(raise, 9)},
	{what: "disarm all", do: alarm(disarm, pb.AlarmType_NONE)},
	{what: "disarm what is none", do: alarm(disarm, 9)},
	{what: "raise NOSPACE", do: alarm(raise, pb.AlarmType_NOSPACE)},
	{what: "raise NOSPACE again", do: alarm(raise, pb.AlarmType_NOSPACE)},
	{what: "status with it", do: standing},
	{what: "list it", do: alarm(pb.AlarmRequest_GET, pb.AlarmType_NOSPACE)},
	{what: "put in it", do: put(&pb.PutRequest{Key: k})},
	{what: "put in a txn in it", do: then(opPut("k"))},
	{what: "txn that only reads in it", do: then(opGet(&pb.RangeRequest{Key: k, KeysOnly: true}))},
	{what: "txn that deletes in it", do: then(opDel("nothing", ""))},
	{what: "txn that would put else in it", do: txn(&pb.TxnRequest{Failure: ops(1, opPut("k"))})},
	{what: "del in it", do: del(&pb.DeleteRangeRequest{Key: []byte("nothing")})},
	{what: "grant in it", do: grant(31, 1000)},
	{what: "compact in it", do: compaction(&pb.CompactionRequest{Revision: 4})},
	{what: "disarm it", do: alarm(disarm, pb.AlarmType_NOSPACE)},
	{what: "raise CORRUPT", do: alarm(raise, pb.AlarmType_CORRUPT)},
	{what: "put in it", do: put(&pb.PutRequest{Key: k})},
	{what: "get in it", do: get(&pb.RangeRequest{Key: k, KeysOnly: true})},
	{what: "txn that only reads in it", do: then(opGet(&pb.RangeRequest{Key: k, KeysOnly: true}))},
	{what: "del in it", do: del(&pb.DeleteRangeRequest{Key: []byte("nothing")})},
	{what: "grant in it", do: grant(31, 1000)},
	{what: "revoke in it", do: revoke(99)},
	{what: "compact in it", do: compaction(&pb.CompactionRequest{Revision: 5})},
	{what: "disarm it", do: alarm(disarm, pb.AlarmType_CORRUPT)},
	{what: "move the leader to nobody", do: func(s *subject) (any, error) { return s.care.MoveLeader(s.ctx, &pb.MoveLeaderRequest{TargetID: 77}) },
		but: followers},
	{what: "move the leader to where it is", do: func(s *subject) (any, error) {
		r, err := s.care.Status(s.ctx, &pb.StatusRequest{})
		if err != nil {
			return nil, err
		}
		return s.care.MoveLeader(s.ctx, &pb.MoveLeaderRequest{TargetID: r.Leader})
	}, but: followers},
	{what: "downgrade to nonsense", do: downgrade(pb.DowngradeRequest_VALIDATE, "x.y")},
	{what: "downgrade to nothing", do: downgrade(pb.DowngradeRequest_ENABLE, "")},
	{what: "downgrade by two", do: downgrade(pb.DowngradeRequest_VALIDATE, "3.5.0")},
	{what: "downgrade to itself", do: downgrade(pb.DowngradeRequest_ENABLE, "3.7")},
	{what: "downgrade by one?", do: downgrade(pb.DowngradeRequest_VALIDATE, "3.6")},
	{what: "downgrade by one and a patch?", do: downgrade(pb.DowngradeRequest_VALIDATE, "3.6.3")},
	{what: "cancel none", do: downgrade(pb.DowngradeRequest_CANCEL, "")},
	{what: "do what is none", do: downgrade(9, "3.6")},
	{what: "defragment", do: func(s *subject) (any, error) { return s.care.Defragment(s.ctx, &pb.DefragmentRequest{}) }},
	{what: "hash of the file", do: func(s *subject) (any, error) {
		r, err := s.care.Hash(s.ctx, &pb.HashRequest{})
		return r.GetHash() != 0, err
	}},
	{what: "snapshot", do: snapshot},
}

// snapshot reads all of it and says whether it is one.
func snapshot(s *subject) (any, error) {
	stream, err := s.care.Snapshot(s.ctx, &pb.SnapshotRequest{})
	if err != nil {
		return nil, err
	}
	var all []byte
	versions := map[string]bool{}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			file, end := all[:max(0, len(all)-32)], all[max(0, len(all)-32):]
			return fmt.Sprint(len(file)%512, slices.Equal(end, sum(file)), bytes.Contains(file[:64], []byte{0xED, 0xDA, 0x0C, 0xED}), versions), nil
		}
		if err != nil {
			return nil, err
		}
		versions[r.Version] = true
		all = append(all, r.Blob...)
	}
}
