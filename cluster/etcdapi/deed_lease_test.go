package etcdapi_test

import (
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3election/v3electionpb"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3lock/v3lockpb"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

func grant(id, ttl int64) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.lease.LeaseGrant(s.ctx, &pb.LeaseGrantRequest{ID: id, TTL: ttl})
	}
}

func revoke(id int64) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.lease.LeaseRevoke(s.ctx, &pb.LeaseRevokeRequest{ID: id}) }
}

func timeToLive(id int64, keys bool) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		r, err := s.lease.LeaseTimeToLive(s.ctx, &pb.LeaseTimeToLiveRequest{ID: id, Keys: keys})
		if err == nil && r.TTL > 0 {
			r.TTL = 1 // time goes on
		}
		return r, err
	}
}

func keepAlive(id int64) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		stream, err := s.lease.LeaseKeepAlive(s.ctx)
		if err != nil {
			return nil, err
		}
		if err := sent(stream.Send(&pb.LeaseKeepAliveRequest{ID: id})); err != nil {
			return nil, err
		}
		r, err := stream.Recv()
		_ = stream.CloseSend()
		return r, err
	}
}

func leases(s *subject) (any, error) { return s.lease.LeaseLeases(s.ctx, &pb.LeaseLeasesRequest{}) }

const longestTTL = 9_000_000_000

var leaseDeeds = []deed{
	{what: "none", do: leases},
	{what: "grant", do: grant(1, 1000)},
	{what: "grant again", do: grant(1, 1000)},
	{what: "grant without an id", do: func(s *subject) (any, error) {
		r, err := s.lease.LeaseGrant(s.ctx, &pb.LeaseGrantRequest{TTL: 1000})
		if err != nil {
			return nil, err
		}
		_, err = s.lease.LeaseRevoke(s.ctx, &pb.LeaseRevokeRequest{ID: r.ID})
		return []any{r.ID > 0, r.TTL, r.Error}, err
	}},
	{what: "grant with a negative id", do: grant(-7, 1000)},
	{what: "revoke it", do: revoke(-7)},
	{what: "grant no time", do: grant(2, 0)},
	{what: "grant negative time", do: grant(3, -5)},
	{what: "grant one second", do: grant(4, 1)},
	{what: "grant the longest", do: grant(5, longestTTL)},
	{what: "grant longer", do: grant(6, longestTTL+1)},
	{what: "revoke none", do: revoke(99)},
	{what: "revoke 0", do: revoke(0)},
	{what: "put with it", do: put(&pb.PutRequest{Key: []byte("leased"), Lease: 1})},
	{what: "put that keeps it", do: put(&pb.PutRequest{Key: []byte("leased"), Value: v, IgnoreLease: true})},
	{what: "time to live", do: timeToLive(1, false)},
	{what: "time to live with keys", do: timeToLive(1, true)},
	{what: "time to live of none", do: timeToLive(99, true)},
	{what: "time to live of 0", do: timeToLive(0, false)},
	{what: "keep alive", do: keepAlive(1)},
	{what: "keep none alive", do: keepAlive(99)},
	{what: "keep 0 alive", do: keepAlive(0)},
	{what: "revoke", do: revoke(1)},
	{what: "what hung on it", do: get(&pb.RangeRequest{Key: []byte("leased")})},
	{what: "time to live of what was revoked", do: timeToLive(1, false)},
	{what: "revoke the longest", do: revoke(5)},
}

func lock(q *v3lockpb.LockRequest) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return v3lockpb.NewLockClient(s.conn).Lock(s.ctx, q) }
}

var lockDeeds = []deed{
	{what: "a lease for it", do: grant(21, 1000)},
	{what: "lock", do: lock(&v3lockpb.LockRequest{Name: []byte("lock"), Lease: 21})},
	{what: "lock with a lease that is not there", do: lock(&v3lockpb.LockRequest{Name: []byte("other"), Lease: 99})},
	{what: "unlock", do: func(s *subject) (any, error) {
		return v3lockpb.NewLockClient(s.conn).Unlock(s.ctx, &v3lockpb.UnlockRequest{Key: []byte("lock/15")})
	}},
	{what: "unlock nothing", do: func(s *subject) (any, error) {
		return v3lockpb.NewLockClient(s.conn).Unlock(s.ctx, &v3lockpb.UnlockRequest{Key: []byte("nothing")})
	}},
	{what: "unlock no key", do: func(s *subject) (any, error) {
		return v3lockpb.NewLockClient(s.conn).Unlock(s.ctx, &v3lockpb.UnlockRequest{})
	}},
	{what: "who leads nothing", do: func(s *subject) (any, error) {
		return v3electionpb.NewElectionClient(s.conn).Leader(s.ctx, &v3electionpb.LeaderRequest{Name: []byte("vote")})
	}},
	{what: "campaign", do: func(s *subject) (any, error) {
		r, err := v3electionpb.NewElectionClient(s.conn).Campaign(s.ctx, &v3electionpb.CampaignRequest{Name: []byte("vote"), Lease: 21, Value: v})
		return r.GetLeader(), err
	}},
	{what: "campaign with a lease that is not there", do: func(s *subject) (any, error) {
		return v3electionpb.NewElectionClient(s.conn).Campaign(s.ctx, &v3electionpb.CampaignRequest{Name: []byte("vote"), Lease: 99})
	}},
	{what: "who leads", do: func(s *subject) (any, error) {
		r, err := v3electionpb.NewElectionClient(s.conn).Leader(s.ctx, &v3electionpb.LeaderRequest{Name: []byte("vote")})
		return r.GetKv(), err
	}},
	{what: "proclaim without a leader", do: func(s *subject) (any, error) {
		return v3electionpb.NewElectionClient(s.conn).Proclaim(s.ctx, &v3electionpb.ProclaimRequest{})
	}},
	{what: "proclaim of another", do: func(s *subject) (any, error) {
		return v3electionpb.NewElectionClient(s.conn).Proclaim(s.ctx, &v3electionpb.ProclaimRequest{Leader: &v3electionpb.LeaderKey{Key: []byte("vote/99"), Rev: 1, Lease: 99}})
	}},
	{what: "resign without a leader", do: func(s *subject) (any, error) {
		return v3electionpb.NewElectionClient(s.conn).Resign(s.ctx, &v3electionpb.ResignRequest{})
	}},
	{what: "revoke the lease", do: revoke(21)},
	{what: "gRPC's health", do: health("")},
	{what: "gRPC's health of a service", do: health("etcdserverpb.KV")},
	{what: "a method that is none", do: func(s *subject) (any, error) {
		return nil, s.conn.Invoke(s.ctx, "/etcdserverpb.KV/Nonsense", &pb.RangeRequest{}, &pb.RangeResponse{})
	}},
	{what: "a service that is none", do: func(s *subject) (any, error) {
		return nil, s.conn.Invoke(s.ctx, "/etcdserverpb.Nonsense/Range", &pb.RangeRequest{}, &pb.RangeResponse{})
	}},
}

func health(service string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return healthpb.NewHealthClient(s.conn).Check(s.ctx, &healthpb.HealthCheckRequest{Service: service})
	}
}
