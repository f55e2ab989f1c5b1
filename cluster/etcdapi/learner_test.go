package etcdapi_test

import (
	"context"
	"net/url"
	"slices"
	"testing"

	"go.etcd.io/etcd/client/pkg/v3/types"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/server"
)

// learner adds one to a subject's cluster, starts it and gives it.
func (s *subject) learner() *subject {
	s.Helper()
	at := freeURLs(s.T, 1)[0]
	first := s.first()
	if _, err := s.ring.MemberAdd(s.ctx, &pb.MemberAddRequest{PeerURLs: []string{at}, IsLearner: true}); err != nil {
		s.Fatal(err)
	}
	if s.kind == realEtcd {
		return meet(s.T, s.kind, startEtcd(s.T, "--name=m2", "--listen-peer-urls="+at, "--initial-advertise-peer-urls="+at,
			"--initial-cluster=m1="+first.PeerURLs[0]+",m2="+at, "--initial-cluster-state=existing"))
	}
	return meet(s.T, s.kind, startMember(s.T, func(c *server.Config) {
		c.Name, c.Existing = "m2", true
		c.ListenPeer = []url.URL{parsed(s.T, at)}
		c.AdvertisePeer = c.ListenPeer
		c.InitialCluster = types.URLsMap{"m1": types.URLs{parsed(s.T, first.PeerURLs[0])}, "m2": types.URLs(c.ListenPeer)}
	}))
}

// listed is the list of members without what differs from one run to the other.
func listed(s *subject) (any, error) {
	r, err := s.ring.MemberList(s.ctx, &pb.MemberListRequest{Linearizable: true})
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, m := range r.Members {
		all[m.Name] = heard([]any{m.IsLearner, len(m.PeerURLs), len(m.ClientURLs)}, nil)
	}
	return all, nil
}

// A learner answers and refuses what etcd's does, and becomes a voter when it has caught up.
func TestLearnerIsEtcds(t *testing.T) {
	t.Parallel()
	voters := []*subject{meet(t, realEtcd, startEtcd(t)), meet(t, process, startMember(t))}
	same(t, voters, []deed{{what: "put", do: put(&pb.PutRequest{Key: k, Value: v})}, {what: "grant", do: grant(41, 1000)}})
	learners := []*subject{voters[0].learner(), voters[1].learner()}
	anybody := func(s *subject) context.Context { return s.ctx }
	for _, s := range learners {
		if !untilTrue(func() bool {
			r, err := s.kv.Range(s.ctx, &pb.RangeRequest{Key: k, Serializable: true})
			return err == nil && r.Count == 1
		}) {
			t.Fatalf("the learner of %s did not catch up", s.kind)
		}
	}
	same(t, voters, []deed{{what: "list", do: listed}, {what: "move the leader to a learner", do: func(s *subject) (any, error) {
		id := uint64(0)
		for _, m := range s.list() {
			if m.IsLearner {
				id = m.ID
			}
		}
		return s.care.MoveLeader(s.ctx, &pb.MoveLeaderRequest{TargetID: id})
	}}})
	same(t, learners, append(slices.DeleteFunc(by("at a learner", anybody), func(d deed) bool { return d.what == "at a learner: snapshot" }), // it has a version
		deed{what: "status", do: func(s *subject) (any, error) {
			r, err := s.care.Status(s.ctx, &pb.StatusRequest{})
			return []any{r.GetVersion(), r.GetIsLearner(), r.GetErrors(), r.GetHeader().GetRevision()}, err
		}},
		deed{what: "keys only", do: get(&pb.RangeRequest{Key: k, Serializable: true, KeysOnly: true})}))
	same(t, learners, pageDeeds("/health", "/health?serializable=true", "/livez?verbose", "/readyz?verbose", "/readyz/non_learner"))
	same(t, voters, []deed{{what: "promote", do: func(s *subject) (any, error) {
		for _, m := range s.list() {
			if m.IsLearner {
				r, err := s.ring.MemberPromote(s.ctx, &pb.MemberPromoteRequest{ID: m.ID})
				return len(r.GetMembers()), err
			}
		}
		return "there is no learner", nil
	}}, {what: "list", do: listed}})
	for _, s := range learners {
		if !untilTrue(func() bool { code, _, _ := page(s.url+"/readyz/non_learner", "GET"); return code == 200 }) {
			t.Fatalf("the learner of %s has not heard that it is a voter", s.kind)
		}
	}
	same(t, learners, []deed{{what: "put at it", do: put(&pb.PutRequest{Key: k, Value: v, PrevKv: true})}, {what: "list", do: listed},
		{what: "keep alive at it", do: keepAlive(41)}, {what: "time to live at it", do: timeToLive(41, true)}, {what: "revoke at it", do: revoke(41)}})
}
