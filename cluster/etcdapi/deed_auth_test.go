package etcdapi_test

import (
	"context"
	"slices"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/metadata"
)

// usual are calls that may need rights, one of each kind.
var usual = []struct {
	what string
	do   func(*subject, context.Context) (any, error)
}{
	{"get", func(s *subject, c context.Context) (any, error) { return s.kv.Range(c, &pb.RangeRequest{Key: k}) }},
	{"get its own", func(s *subject, c context.Context) (any, error) {
		return s.kv.Range(c, &pb.RangeRequest{Key: []byte("mine")})
	}},
	{"get from its own on", func(s *subject, c context.Context) (any, error) {
		return s.kv.Range(c, &pb.RangeRequest{Key: []byte("mine"), RangeEnd: nul})
	}},
	{"get a part of its range", func(s *subject, c context.Context) (any, error) {
		return s.kv.Range(c, &pb.RangeRequest{Key: []byte("range/a"), RangeEnd: []byte("range/b"), Serializable: true})
	}},
	{"get more than its range", func(s *subject, c context.Context) (any, error) {
		return s.kv.Range(c, &pb.RangeRequest{Key: []byte("range/"), RangeEnd: []byte("range1"), Serializable: true})
	}},
	{"stream", func(s *subject, c context.Context) (any, error) {
		r, err := s.kv.RangeStream(c, &pb.RangeRequest{Key: []byte("mine"), RangeEnd: []byte("minf")})
		if err != nil {
			return nil, err
		}
		return drained(r.Recv)
	}},
	{"put", func(s *subject, c context.Context) (any, error) { return s.kv.Put(c, &pb.PutRequest{Key: k}) }},
	{"put its own", func(s *subject, c context.Context) (any, error) {
		return s.kv.Put(c, &pb.PutRequest{Key: []byte("mine"), PrevKv: true})
	}},
	{"put where it may read", func(s *subject, c context.Context) (any, error) {
		return s.kv.Put(c, &pb.PutRequest{Key: []byte("range/a")})
	}},
	{"del", func(s *subject, c context.Context) (any, error) {
		return s.kv.DeleteRange(c, &pb.DeleteRangeRequest{Key: []byte("nothing")})
	}},
	{"txn of its own", func(s *subject, c context.Context) (any, error) {
		return s.kv.Txn(c, &pb.TxnRequest{Success: []*pb.RequestOp{opPut("mine")}})
	}},
	{"txn with another's", func(s *subject, c context.Context) (any, error) {
		return s.kv.Txn(c, &pb.TxnRequest{Success: []*pb.RequestOp{opPut("mine")}, Failure: []*pb.RequestOp{opPut("k")}})
	}},
	{"txn that compares another's", func(s *subject, c context.Context) (any, error) {
		return s.kv.Txn(c, &pb.TxnRequest{Compare: []*pb.Compare{isThere}})
	}},
	{"compact", func(s *subject, c context.Context) (any, error) {
		return s.kv.Compact(c, &pb.CompactionRequest{Revision: 1})
	}},
	{"grant", func(s *subject, c context.Context) (any, error) {
		r, err := s.lease.LeaseGrant(c, &pb.LeaseGrantRequest{TTL: 1000})
		if err != nil {
			return nil, err
		}
		_, err = s.lease.LeaseRevoke(c, &pb.LeaseRevokeRequest{ID: r.ID})
		return r.TTL, err
	}},
	{"leases", func(s *subject, c context.Context) (any, error) {
		r, err := s.lease.LeaseLeases(c, &pb.LeaseLeasesRequest{})
		if err != nil {
			return nil, err
		}
		return slices.ContainsFunc(r.Leases, func(l *pb.LeaseStatus) bool { return l.ID == 41 }), nil
	}},
	{"keys of another's lease", func(s *subject, c context.Context) (any, error) {
		r, err := s.lease.LeaseTimeToLive(c, &pb.LeaseTimeToLiveRequest{ID: 41, Keys: true})
		return r.GetKeys(), err
	}},
	{"time of another's lease", func(s *subject, c context.Context) (any, error) {
		r, err := s.lease.LeaseTimeToLive(c, &pb.LeaseTimeToLiveRequest{ID: 41})
		return r.GetGrantedTTL(), err
	}},
	{"keep another's lease alive", func(s *subject, c context.Context) (any, error) {
		stream, err := s.lease.LeaseKeepAlive(c)
		if err == nil {
			err = sent(stream.Send(&pb.LeaseKeepAliveRequest{ID: 41}))
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = stream.CloseSend() }()
		return stream.Recv()
	}},
	{"revoke none", func(s *subject, c context.Context) (any, error) {
		return s.lease.LeaseRevoke(c, &pb.LeaseRevokeRequest{ID: 99})
	}},
	{"watch", watchAs("k", "")},
	{"watch its own", watchAs("mine", "")},
	{"watch from its own on", watchAs("mine", "\x00")},
	{"watch its range", watchAs("range/", "range0")},
	{"watch everything", watchAs("", "\x00")},
	{"members", func(s *subject, c context.Context) (any, error) {
		r, err := s.ring.MemberList(c, &pb.MemberListRequest{})
		return len(r.GetMembers()) > 0, err
	}},
	{"remove a member", func(s *subject, c context.Context) (any, error) {
		return s.ring.MemberRemove(c, &pb.MemberRemoveRequest{ID: 77})
	}},
	{"status", func(s *subject, c context.Context) (any, error) {
		r, err := s.care.Status(c, &pb.StatusRequest{})
		return r.GetVersion(), err
	}},
	{"alarms", func(s *subject, c context.Context) (any, error) { return s.care.Alarm(c, &pb.AlarmRequest{}) }},
	{"disarm", func(s *subject, c context.Context) (any, error) {
		return s.care.Alarm(c, &pb.AlarmRequest{Action: disarm, Alarm: pb.AlarmType_NOSPACE})
	}},
	{"defragment", func(s *subject, c context.Context) (any, error) { return s.care.Defragment(c, &pb.DefragmentRequest{}) }},
	{"hash", func(s *subject, c context.Context) (any, error) {
		r, err := s.care.HashKV(c, &pb.HashKVRequest{})
		return r.GetHash() != 0, err
	}},
	{"downgrade", func(s *subject, c context.Context) (any, error) {
		return s.care.Downgrade(c, &pb.DowngradeRequest{Version: "x"})
	}},
	{"snapshot", func(s *subject, c context.Context) (any, error) {
		r, err := s.care.Snapshot(c, &pb.SnapshotRequest{})
		if err != nil {
			return nil, err
		}
		m, err := r.Recv()
		return m.GetVersion(), err
	}},
}

func watchAs(key, end string) func(*subject, context.Context) (any, error) {
	return func(s *subject, c context.Context) (any, error) {
		stream, err := s.watch.Watch(c)
		if err == nil {
			err = sent(stream.Send(create(&pb.WatchCreateRequest{Key: []byte(key), RangeEnd: []byte(end)})))
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = stream.CloseSend() }()
		return stream.Recv()
	}
}

// by is all that is usual, done by somebody.
func by(who string, as func(*subject) context.Context) (all []deed) {
	for _, u := range usual {
		all = append(all, deed{what: who + ": " + u.what, do: func(s *subject) (any, error) { return u.do(s, as(s)) }})
	}
	return all
}

func user(name string) func(*subject) context.Context {
	return func(s *subject) context.Context { return s.as(name) }
}

func token(t string) func(*subject) context.Context {
	return func(s *subject) context.Context {
		return metadata.AppendToOutgoingContext(s.ctx, rpctypes.TokenFieldNameGRPC, t)
	}
}

var authDeeds = slices.Concat(
	[]deed{
		{what: "root grants a lease", do: func(s *subject) (any, error) {
			return s.lease.LeaseGrant(s.as("root"), &pb.LeaseGrantRequest{ID: 41, TTL: 1000})
		}},
		{what: "root puts with it", do: func(s *subject) (any, error) { return s.kv.Put(s.as("root"), &pb.PutRequest{Key: k, Lease: 41}) }},
	},
	by("nobody", func(s *subject) context.Context { return s.ctx }),
	by("a made-up token", token("nonsense.7")),
	by("no real token", token("nonsense")),
	by("u", user("u")),
	by("a user without roles", user("empty")),
	by("root", user("root")),
	[]deed{
		{what: "a role is taken", do: takeRole("root", "u", "r")},
		{what: "the old token", do: func(s *subject) (any, error) { return s.kv.Range(s.as("u"), &pb.RangeRequest{Key: []byte("mine")}) }},
		{what: "root's old token", do: func(s *subject) (any, error) { return s.kv.Range(s.as("root"), &pb.RangeRequest{Key: []byte("mine")}) }},
		{what: "root", do: login("root", "rootpw")},
		{what: "delete u", do: func(s *subject) (any, error) {
			return s.users.UserDelete(s.as("root"), &pb.AuthUserDeleteRequest{Name: "u"})
		}},
		{what: "the token of nobody", do: func(s *subject) (any, error) { return s.kv.Range(s.as("u"), &pb.RangeRequest{Key: []byte("mine")}) }},
		{what: "root again", do: login("root", "rootpw")},
		{what: "disable", do: disable("root")},
		{what: "disable again", do: disable("root")},
		{what: "anybody", do: put(&pb.PutRequest{Key: k})},
		{what: "with an old token", do: func(s *subject) (any, error) { return s.kv.Put(s.as("root"), &pb.PutRequest{Key: k}) }},
		{what: "authenticate", do: login("root", "rootpw")},
	})
