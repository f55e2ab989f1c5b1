package etcdapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/api/v3/version"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Members have etcd's ids and the addresses at which they are reached; they come as learners and leave again.
func TestMembers(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	list, err := c.MemberList(r.ctx)
	r.check(err)
	for _, m := range list.Members {
		i := strings.TrimPrefix(m.Name, "n")
		if m.ID == 0 || m.IsLearner || len(m.PeerURLs) != 1 || len(m.ClientURLs) != 1 || !strings.Contains("123", i) {
			t.Errorf("a member: %v", m)
		}
	}
	if len(list.Members) != nodes || list.Header.Revision != 0 || list.Members[0].ID >= list.Members[1].ID {
		t.Errorf("the list: %v", list)
	}
	added, err := c.MemberAddAsLearner(r.ctx, []string{"http://anywhere:2380"})
	r.check(err)
	if !added.Member.IsLearner || len(added.Members) != nodes+1 || added.Member.Name != "" || len(added.Member.PeerURLs) != 1 {
		t.Errorf("added: %v", added)
	}
	r.serve(4)
	learner := r.at(4)
	if _, err := learner.Get(r.ctx, "k"); !strings.Contains(fmt.Sprint(err), rpctypes.ErrorDesc(rpctypes.ErrGRPCNotSupportedForLearner)) {
		t.Errorf("a fresh read at a learner: %v", err)
	}
	if _, err := learner.Get(r.ctx, "k", clientv3.WithSerializable()); err != nil {
		t.Errorf("another read at a learner: %v", err)
	}
	promoted, err := c.MemberPromote(r.ctx, added.Member.ID)
	r.check(err)
	for _, m := range promoted.Members {
		if m.IsLearner {
			t.Errorf("promoted: %v", promoted)
		}
	}
	_, again := c.MemberPromote(r.ctx, added.Member.ID)
	_, unknown := c.MemberRemove(r.ctx, 77)
	_, urls := pb.NewClusterClient(c.ActiveConnection()).MemberAdd(r.ctx, &pb.MemberAddRequest{PeerURLs: []string{"nonsense"}})
	_, update := c.MemberUpdate(r.ctx, 77, []string{"http://anywhere:2380"})
	for _, x := range []struct{ got, want error }{{again, rpctypes.ErrMemberNotLearner}, {unknown, rpctypes.ErrMemberNotFound},
		{rpctypes.Error(urls), rpctypes.ErrMemberBadURLs}, {update, rpctypes.ErrMemberNotFound}} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%v, want %v", x.got, x.want)
		}
	}
	removed, err := c.MemberRemove(r.ctx, added.Member.ID)
	r.check(err)
	if len(removed.Members) != nodes {
		t.Errorf("removed: %v", removed)
	}
}

// at is a client of one node, which may be none of the first.
func (r *rig) at(id event.NodeID) *clientv3.Client {
	r.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{r.urls[id]}, Logger: zap.NewNop(), DialTimeout: patience})
	r.check(err)
	r.Cleanup(func() { _ = c.Close() })
	return c
}

// How nodes stand, what they hold, and what is done for their upkeep.
func TestMaintenance(t *testing.T) {
	r := open(t)
	leader, f := r.leader(), r.follower()
	c := r.client(f)
	for i := range 20 {
		_, err := c.Put(r.ctx, "k", strings.Repeat("x", 1000*i))
		r.check(err)
	}
	st, err := c.Status(r.ctx, r.urls[f])
	r.check(err)
	if st.Version != version.Version || st.StorageVersion != version.V3_7.String() || st.Leader != r.room.Peer(leader).ID || st.Header.MemberId != r.room.Peer(f).ID || st.RaftTerm == 0 ||
		st.RaftIndex < 20 || st.RaftAppliedIndex < 20 || st.DbSize == 0 || st.DbSizeInUse == 0 || st.DbSizeQuota == 0 || len(st.Errors) != 0 {
		t.Errorf("status: %v", st)
	}
	var sums []uint32
	for id := range event.NodeID(nodes) {
		_, err := r.client(id+1).Get(r.ctx, "k") // it has applied all
		r.check(err)
		h, err := c.HashKV(r.ctx, r.urls[id+1], 0)
		r.check(err)
		if sums = append(sums, h.Hash); h.Hash != sums[0] || h.HashRevision != 21 {
			t.Errorf("%v has the hash %v, the first one %d", id+1, h, sums[0])
		}
	}
	_, err = c.Defragment(r.ctx, r.urls[f])
	r.check(err)

	snapshot, err := c.Snapshot(r.ctx)
	r.check(err)
	all, err := io.ReadAll(snapshot)
	r.check(err)
	if file := all[:len(all)-sha256.Size]; len(file)%512 != 0 || !bytes.Equal(all[len(file):], sum(file)) {
		t.Errorf("a snapshot of %d bytes does not have its own sum at the end", len(all))
	}
	if _, err := c.MoveLeader(r.ctx, st.Header.MemberId); !errors.Is(err, rpctypes.ErrNotLeader) {
		t.Errorf("moving the leader at a follower: %v", err)
	}
	if _, err := r.client(leader).MoveLeader(r.ctx, 77); !errors.Is(err, rpctypes.ErrBadLeaderTransferee) {
		t.Errorf("moving to nobody: %v", err)
	}
	_, err = r.client(leader).MoveLeader(r.ctx, st.Header.MemberId)
	r.check(err)
	for _, err := c.Put(r.ctx, "k", ""); err != nil; _, err = c.Put(r.ctx, "k", "") {
		r.check(r.ctx.Err())
	}
	if got := r.leader(); got != f {
		t.Errorf("%v leads, not %v", got, f)
	}
}

func sum(b []byte) []byte { s := sha256.Sum256(b); return s[:] }

// An alarm stops writes until it is disarmed; a downgrade can be one minor version.
func TestAlarmAndDowngrade(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	raw := pb.NewMaintenanceClient(c.ActiveConnection())
	_, err := raw.Alarm(r.ctx, &pb.AlarmRequest{Action: pb.AlarmRequest_ACTIVATE, MemberID: 7, Alarm: pb.AlarmType_NOSPACE})
	r.check(err)
	if _, err := c.Put(r.ctx, "k", "v"); !errors.Is(err, rpctypes.ErrNoSpace) {
		t.Errorf("a put in a full store: %v", err)
	}
	if code, body := r.page("/health"); code != http.StatusServiceUnavailable || !strings.Contains(body, "ALARM NOSPACE") {
		t.Errorf("health: %d %s", code, body)
	}
	list, err := c.AlarmList(r.ctx)
	r.check(err)
	if len(list.Alarms) != 1 || list.Alarms[0].MemberID != 7 {
		t.Errorf("alarms: %v", list)
	}
	_, err = c.AlarmDisarm(r.ctx, &clientv3.AlarmMember{})
	r.check(err)
	_, err = c.Put(r.ctx, "k", "v")
	r.check(err)

	down := func(action clientv3.DowngradeAction, v string) error {
		_, err := c.Downgrade(r.ctx, action, v)
		return err
	}
	for _, x := range []struct {
		what      string
		got, want error
	}{
		{"nonsense", down(clientv3.DowngradeValidate, "x.y"), rpctypes.ErrWrongDowngradeVersionFormat},
		{"two versions", down(clientv3.DowngradeValidate, "3.5.0"), rpctypes.ErrInvalidDowngradeTargetVersion},
		{"cancelling nothing", down(clientv3.DowngradeCancel, ""), nil},
		{"one version", down(clientv3.DowngradeValidate, "3.6.0"), nil},
		{"going", down(clientv3.DowngradeEnable, "3.6.0"), nil},
		{"while it goes", down(clientv3.DowngradeValidate, "3.6.0"), rpctypes.ErrDowngradeInProcess},
		{"cancelling", down(clientv3.DowngradeCancel, ""), nil},
	} {
		if !errors.Is(x.got, x.want) {
			t.Errorf("%s: %v, want %v", x.what, x.got, x.want)
		}
	}
}

// page reads from the first node over HTTP.
func (r *rig) page(path string) (int, string) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.ctx, http.MethodGet, r.urls[1]+path, nil)
	r.check(err)
	got, err := http.DefaultClient.Do(q)
	r.check(err)
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	r.check(err)
	return got.StatusCode, string(b)
}

// The pages that etcd serves beside gRPC, on the same port.
func TestPages(t *testing.T) {
	r := open(t)
	for path, want := range map[string]string{
		"/health": `"health":"true"`, "/health?serializable=true": `"health":"true"`, "/livez": "ok\n", "/readyz?verbose": "[+]linearizable_read ok",
		"/livez/serializable_read": "ok\n", "/version": `"etcdserver":"` + version.Version, "/metrics": "etcd_server_has_leader 1\n",
	} {
		if code, body := r.page(path); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	if code, body := r.page("/nothing"); code != http.StatusNotFound {
		t.Errorf("a page that is not there: %d %s", code, body)
	}
	var v version.Versions
	_, body := r.page("/version")
	r.check(json.Unmarshal([]byte(body), &v))
	h, err := healthpb.NewHealthClient(r.client().ActiveConnection()).Check(r.ctx, &healthpb.HealthCheckRequest{})
	r.check(err)
	if h.Status != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("gRPC's health: %v", h)
	}
	for id := range event.NodeID(nodes) {
		if id > 0 {
			r.do(event.Command{Kind: event.Kill, Node: id + 1})
		}
	}
	if code, body := r.page("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "[-]linearizable_read failed") || !strings.Contains(body, "[+]serializable_read ok") {
		t.Errorf("ready without a quorum: %d %s", code, body)
	}
	if code, body := r.page("/health"); code != http.StatusServiceUnavailable || !strings.Contains(body, `"health":"false"`) {
		t.Errorf("healthy without a quorum: %d %s", code, body)
	}
}

// Connections that say nothing, or nonsense, hurt nobody.
func TestOddConnections(t *testing.T) {
	r := open(t)
	addr := strings.TrimPrefix(r.urls[1], "http://")
	for _, say := range []string{"", "PRI", "PRI * NONSENSE/9.9\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00"} {
		c, err := net.Dial("tcp", addr)
		r.check(err)
		defer c.Close()
		_, err = io.WriteString(c, say)
		r.check(err)
	}
	if _, err := r.client(1).Put(r.ctx, "k", "v"); err != nil {
		t.Error(err)
	}
}

// With users everybody does what their roles allow; a token is good at every node.
func TestAuth(t *testing.T) {
	r := open(t)
	c := r.client(r.follower())
	_, err := c.UserAdd(r.ctx, "root", "rootpw")
	r.check(err)
	if _, err := c.AuthEnable(r.ctx); !errors.Is(err, rpctypes.ErrRootRoleNotExist) {
		t.Errorf("enabling without the role root: %v", err)
	}
	_, err = c.RoleAdd(r.ctx, "root")
	r.check(err)
	_, err = c.UserGrantRole(r.ctx, "root", "root")
	r.check(err)
	_, err = c.AuthEnable(r.ctx)
	r.check(err)
	if _, err := c.Put(r.ctx, "k", "v"); !errors.Is(err, rpctypes.ErrUserEmpty) {
		t.Errorf("nobody puts: %v", err)
	}
	root := r.login("root", "rootpw")
	for _, step := range []func() error{
		func() error { _, err := root.UserAdd(r.ctx, "u", "upw"); return err },
		func() error { _, err := root.RoleAdd(r.ctx, "r"); return err },
		func() error {
			_, err := root.RoleGrantPermission(r.ctx, "r", "mine", "", clientv3.PermissionType(clientv3.PermReadWrite))
			return err
		},
		func() error { _, err := root.UserGrantRole(r.ctx, "u", "r"); return err },
	} {
		r.check(step())
	}
	u := r.login("u", "upw")
	for range 6 { // at one node after the other
		_, err := u.Put(r.ctx, "mine", "v")
		r.check(err)
	}
	get := func(k string) error { _, err := u.Get(r.ctx, k); return err }
	_, compact := u.Compact(r.ctx, 2)
	_, users := u.UserList(r.ctx)
	_, defrag := u.Defragment(r.ctx, r.urls[1])
	_, members := u.MemberRemove(r.ctx, 1)
	for what, x := range map[string][2]error{"its own": {get("mine"), nil}, "another's": {get("other"), rpctypes.ErrPermissionDenied},
		"compact": {compact, rpctypes.ErrPermissionDenied}, "users": {users, rpctypes.ErrPermissionDenied},
		"defragment": {defrag, rpctypes.ErrPermissionDenied}, "members": {members, rpctypes.ErrPermissionDenied}} {
		if !errors.Is(x[0], x[1]) {
			t.Errorf("%s: %v, want %v", what, x[0], x[1])
		}
	}
	if got := <-u.Watch(r.ctx, "other"); !got.Canceled || !strings.Contains(fmt.Sprint(got.Err()), "permission denied") {
		t.Errorf("watching another's: %v", got.Err())
	}
	if _, err := clientv3.New(clientv3.Config{Endpoints: []string{r.urls[1]}, Username: "u", Password: "no", Logger: zap.NewNop(), DialTimeout: patience}); !errors.Is(err, rpctypes.ErrAuthFailed) {
		t.Errorf("a wrong password: %v", err)
	}
	_, err = root.AuthDisable(r.ctx)
	r.check(err)
	_, err = c.Put(r.ctx, "k", "v")
	r.check(err)
}
