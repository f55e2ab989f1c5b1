package etcdapi_test

import (
	"context"
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// first is the member with the lowest id.
func (s *subject) first() *pb.Member {
	r, err := s.ring.MemberList(s.ctx, &pb.MemberListRequest{Linearizable: true})
	if err != nil || len(r.Members) == 0 {
		s.Errorf("%s has the members %v: %v", s.kind, r, err)
		return &pb.Member{}
	}
	return r.Members[0]
}

func addMember(learner bool, urls ...string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		before := len(s.list())
		r, err := s.ring.MemberAdd(s.ctx, &pb.MemberAddRequest{PeerURLs: urls, IsLearner: learner})
		if err != nil {
			return nil, err
		}
		s.kept["added"] = fmt.Sprint(r.Member.ID)
		return []any{r.Member.Name, r.Member.ClientURLs, len(r.Member.PeerURLs), r.Member.IsLearner, len(r.Members) - before, r.Header.Revision}, nil
	}
}

func (s *subject) list() []*pb.Member {
	r, err := s.ring.MemberList(s.ctx, &pb.MemberListRequest{})
	if err != nil {
		s.Error(err)
	}
	return r.GetMembers()
}

func (s *subject) added() (id uint64) {
	_, err := fmt.Sscan(s.kept["added"], &id)
	if err != nil {
		s.Error(err)
	}
	return id
}

const elsewhere = "http://127.0.0.1:1" // nobody is there

var memberDeeds = []deed{
	{what: "list", do: func(s *subject) (any, error) {
		r, err := s.ring.MemberList(context.Background(), &pb.MemberListRequest{})
		m := r.GetMembers()[0]
		return []any{m.Name != "", len(m.PeerURLs), len(m.ClientURLs), m.IsLearner, r.Header.Revision, r.Header.RaftTerm > 0}, err
	}},
	{what: "add nowhere", do: addMember(false)},
	{what: "add at nonsense", do: addMember(false, "nonsense")},
	{what: "add without a port", do: addMember(false, "http://127.0.0.1")},
	{what: "add with a path", do: addMember(true, "http://127.0.0.1:1/path")},
	{what: "add in a scheme that is none", do: addMember(true, "ftp://127.0.0.1:1")},
	{what: "add where somebody is", do: func(s *subject) (any, error) { return addMember(true, s.first().PeerURLs...)(s) }},
	{what: "remove nobody", do: func(s *subject) (any, error) { return s.ring.MemberRemove(s.ctx, &pb.MemberRemoveRequest{ID: 77}) }},
	{what: "update nobody", do: func(s *subject) (any, error) {
		return s.ring.MemberUpdate(s.ctx, &pb.MemberUpdateRequest{ID: 77, PeerURLs: []string{elsewhere}})
	}},
	{what: "promote nobody", do: func(s *subject) (any, error) { return s.ring.MemberPromote(s.ctx, &pb.MemberPromoteRequest{ID: 77}) }},
	{what: "promote a voter", do: func(s *subject) (any, error) {
		return s.ring.MemberPromote(s.ctx, &pb.MemberPromoteRequest{ID: s.first().ID})
	}},
	{what: "add a learner", do: addMember(true, elsewhere)},
	{what: "add another learner", do: addMember(true, "http://127.0.0.1:2")},
	{what: "promote it at once", do: func(s *subject) (any, error) {
		r, err := s.ring.MemberPromote(s.ctx, &pb.MemberPromoteRequest{ID: s.added()})
		return len(r.GetMembers()), err
	}, but: map[string]string{room: "4"}}, // it runs already
	{what: "remove it", do: func(s *subject) (any, error) {
		before := len(s.list())
		r, err := s.ring.MemberRemove(s.ctx, &pb.MemberRemoveRequest{ID: s.added()})
		return len(r.GetMembers()) - before, err
	}},
	{what: "remove it again", do: func(s *subject) (any, error) {
		return s.ring.MemberRemove(s.ctx, &pb.MemberRemoveRequest{ID: s.added()})
	}},
}
