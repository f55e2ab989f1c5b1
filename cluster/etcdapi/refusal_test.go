package etcdapi_test

import (
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

// What etcd lets pass, to its own harm, is refused here, and does none.
func TestRefusedBesideEtcd(t *testing.T) {
	t.Parallel()
	r := open(t)
	for _, s := range []*subject{meet(t, room, r.urls[1]), meet(t, process, startMember(t))} {
		for _, d := range []struct {
			deed
			says string
		}{
			{deed{what: "an action on alarms that is none", do: alarm(9, pb.AlarmType_NOSPACE)}, "InvalidArgument: etcdserver: alarms know no action 9"},
			{deed{what: "a place that is none", do: func(s *subject) (any, error) {
				return s.ring.MemberUpdate(s.ctx, &pb.MemberUpdateRequest{ID: s.first().ID, PeerURLs: []string{"nonsense"}})
			}}, "InvalidArgument: etcdserver: given member URLs are invalid"},
			{deed{what: "no place", do: func(s *subject) (any, error) {
				return s.ring.MemberUpdate(s.ctx, &pb.MemberUpdateRequest{ID: s.first().ID})
			}}, "InvalidArgument: etcdserver: given member URLs are invalid"},
			{deed{what: "put", do: put(&pb.PutRequest{Key: k})}, "header:"},
		} {
			if got := heard(d.do(s)); !strings.HasPrefix(got, d.says) {
				t.Errorf("%s: %s says %s, want %s", d.what, s.kind, got, d.says)
			}
		}
	}
}
