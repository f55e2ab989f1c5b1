package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.etcd.io/etcd/server/v3/auth"
	etcderrors "go.etcd.io/etcd/server/v3/etcdserver/errors"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/mvcc"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// sign proposes, commits and applies a request of etcd's API.
func (r *rig) sign(user Credentials, q *pb.InternalRaftRequest) (proto.Message, error) {
	data, err := r.s.Sign(user, q, 7)
	if err != nil {
		return nil, err
	}
	l := &raft.Log{Index: uint64(len(r.log) + 1), Term: 1, Data: data}
	r.log = append(r.log, l)
	return Verdict(r.s.Apply(l))
}

func (r *rig) must(user Credentials, q *pb.InternalRaftRequest) proto.Message {
	r.t.Helper()
	m, err := r.sign(user, q)
	r.check(err)
	return m
}

// changes reads what a watch stream has, as "id:TYPE key=value@rev" words.
func changes(w mvcc.WatchStream) string {
	synctest.Wait()
	var words []string
	for {
		select {
		case c := <-w.Chan():
			if c.CompactRevision != 0 {
				words = append(words, fmt.Sprintf("%d:compacted@%d", c.WatchID, c.CompactRevision))
			}
			for _, e := range c.Events {
				words = append(words, fmt.Sprintf("%d:%v %s=%s@%d", c.WatchID, e.Type, e.Kv.Key, e.Kv.Value, e.Kv.ModRevision))
			}
		default:
			return strings.Join(words, " ")
		}
	}
}

// A watch sees every change from its revision on, once and in order, old ones too unless they are compacted away.
func TestWatchStream(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		r.put("b", "1")
		r.put("a", "2")
		w := r.s.NewWatchStream()
		defer w.Close()
		watch := func(id mvcc.WatchID, key, end string, rev int64) {
			_, err := w.Watch(t.Context(), id, []byte(key), []byte(end), rev)
			r.check(err)
		}
		watch(1, "a", "", 0)
		_, err := w.Watch(t.Context(), 2, []byte("a"), nil, 2)
		r.check(err)
		time.Sleep(200 * time.Millisecond)
		if got := changes(w); got != "2:PUT a=1@2 2:PUT a=2@4" {
			t.Errorf("the past of a is %q", got)
		}
		r.do(event.Command{Kind: event.Del, Key: "a"})
		if got := changes(w); !strings.Contains(got, "2:DELETE a=@5") {
			t.Errorf("the deletion came as %q", got)
		}
		r.must(nil, &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: 4}})
		if !r.s.WaitCompacted(nil) {
			t.Error("the compaction has not ended")
		}
		_, err = w.Watch(t.Context(), 3, []byte("a"), nil, 2)
		r.check(err)
		time.Sleep(200 * time.Millisecond)
		if got := changes(w); got != "3:compacted@4" {
			t.Errorf("a watch from before the compaction got %q", got)
		}
	})
}

// What a key was before a change is read one revision earlier.
func TestBefore(t *testing.T) {
	inBubble(t, func(r *rig) {
		w := r.s.NewWatchStream()
		defer w.Close()
		_, err := w.Watch(t.Context(), 1, []byte("k"), nil, 0)
		r.check(err)
		r.put("k", "1")
		r.put("k", "2")
		r.do(event.Command{Kind: event.Del, Key: "k"})
		for _, want := range []string{"", "1", "2"} {
			got := ""
			if kv := r.s.Before((<-w.Chan()).Events[0]); kv != nil {
				got = string(kv.Value)
			}
			if got != want {
				t.Errorf("before the change it was %q, want %q", got, want)
			}
		}
	})
}

// The errors are those that etcd's applier gives.
func TestVerdicts(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("k", "v")
		for _, c := range []struct {
			what string
			q    *pb.InternalRaftRequest
			want error
		}{
			{"a put with a lease that is not there", &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Lease: 9}}, lease.ErrLeaseNotFound},
			{"ignore_value of a key that is not there", &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("x"), IgnoreValue: true}}, etcderrors.ErrKeyNotFound},
			{"compacting the future", &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: 99}}, mvcc.ErrFutureRev},
			{"a lease that is too long", &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 1, TTL: math.MaxInt64}}, lease.ErrLeaseTTLTooLarge},
			{"revoking nothing", &pb.InternalRaftRequest{LeaseRevoke: &pb.LeaseRevokeRequest{ID: 1}}, lease.ErrLeaseNotFound},
			{"enabling auth without root", &pb.InternalRaftRequest{AuthEnable: &pb.AuthEnableRequest{}}, auth.ErrRootUserNotExist},
			{"too much", &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Value: make([]byte, MaxRequestBytes)}}, etcderrors.ErrRequestTooLarge},
		} {
			if _, err := r.sign(nil, c.q); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.what, err, c.want)
			}
		}
		if r.s.Revision() != 2 {
			t.Errorf("what failed has moved the revision to %d", r.s.Revision())
		}
	})
}

// Only the store of a leader that has taken over renews leases and knows what is left of them.
func TestLeaseAtTheLeader(t *testing.T) {
	alone(t, Options{}, func(r *rig, ra *raft.Raft) {
		r.propose(ra, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 5, TTL: 10}})
		r.propose(ra, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k"), Lease: 5}})
		time.Sleep(8 * time.Second)
		if l, err := r.s.Lease(5, true); err != nil || l.TTL > 2 || l.GrantedTTL != 10 || len(l.Keys) != 1 {
			t.Errorf("%v %v", l, err)
		}
		if ttl, err := r.s.RenewLease(5); err != nil || ttl != 10 {
			t.Errorf("renewed to %d: %v", ttl, err)
		}
		time.Sleep(8 * time.Second)
		if list, err := r.s.Leases(nil); err != nil || len(list) != 1 || list[0].ID != 5 {
			t.Errorf("a lease that was kept alive: %v %v", list, err)
		}
		time.Sleep(5 * time.Second)
		if _, err := r.s.Lease(5, false); !errors.Is(err, lease.ErrLeaseNotFound) {
			t.Errorf("a lease that was not: %v", err)
		}
		if _, err := r.s.RenewLease(5); !errors.Is(err, lease.ErrLeaseNotFound) {
			t.Errorf("renewing it: %v", err)
		}
	})
	inBubble(t, func(r *rig) {
		r.must(nil, &pb.InternalRaftRequest{LeaseGrant: &pb.LeaseGrantRequest{ID: 5, TTL: 10}})
		if _, err := r.s.RenewLease(5); !errors.Is(err, lease.ErrNotPrimary) {
			t.Errorf("a follower renews: %v", err)
		}
	})
}

func withToken(token string) Credentials {
	return metadata.NewIncomingContext(context.Background(), metadata.Pairs(rpctypes.TokenFieldNameGRPC, token))
}

// enableAuth makes root and a user "u" who may read and write "mine".
func (r *rig) enableAuth() (root, user Credentials) {
	r.t.Helper()
	b, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	r.check(err)
	hash := base64.StdEncoding.EncodeToString(b)
	for _, q := range []*pb.InternalRaftRequest{
		{AuthRoleAdd: &pb.AuthRoleAddRequest{Name: "root"}},
		{AuthUserAdd: &pb.AuthUserAddRequest{Name: "root", HashedPassword: hash}},
		{AuthUserGrantRole: &pb.AuthUserGrantRoleRequest{User: "root", Role: "root"}},
		{AuthUserAdd: &pb.AuthUserAddRequest{Name: "u", HashedPassword: hash}},
		{AuthRoleAdd: &pb.AuthRoleAddRequest{Name: "r"}},
		{AuthRoleGrantPermission: &pb.AuthRoleGrantPermissionRequest{Name: "r", Perm: &authpb.Permission{Key: []byte("mine"), PermType: authpb.READWRITE}}},
		{AuthUserGrantRole: &pb.AuthUserGrantRoleRequest{User: "u", Role: "r"}},
		{AuthEnable: &pb.AuthEnableRequest{}},
	} {
		r.must(nil, q)
	}
	login := func(name string) Credentials {
		m := r.must(nil, &pb.InternalRaftRequest{Authenticate: &pb.InternalAuthenticateRequest{Name: name, SimpleToken: "token-of-" + name}})
		token := m.(*pb.AuthenticateResponse).Token
		if want := fmt.Sprintf("token-of-%s.%d", name, len(r.log)); token != want {
			r.t.Errorf("the token is %s, want %s: it names the entry that made it", token, want)
		}
		return withToken(token)
	}
	return login("root"), login("u")
}

// With auth enabled everybody does what their roles allow, on what was applied here and through the log.
func TestPermissions(t *testing.T) {
	inBubble(t, func(r *rig) {
		root, user := r.enableAuth()
		put := func(key string) *pb.InternalRaftRequest {
			return &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte(key), Value: []byte("v")}}
		}
		get := func(user Credentials, key string) error {
			_, err := r.s.Range(user, &pb.RangeRequest{Key: []byte(key)})
			return err
		}
		apply := func(user Credentials, key string) error { _, err := r.sign(user, put(key)); return err }
		password := func(p string) error { _, _, err := r.s.CheckPassword("u", p); return err }
		for _, c := range []struct {
			what string
			got  error
			want error
		}{
			{"a user puts its own", apply(user, "mine"), nil},
			{"a user gets its own", get(user, "mine"), nil},
			{"a user watches its own", r.s.MayWatch(user, []byte("mine"), nil), nil},
			{"a user puts another's", apply(user, "other"), auth.ErrPermissionDenied},
			{"a user gets another's", get(user, "other"), auth.ErrPermissionDenied},
			{"a user watches another's", r.s.MayWatch(user, []byte("other"), nil), auth.ErrPermissionDenied},
			{"a user administrates", r.s.Administrates(user), auth.ErrPermissionDenied},
			{"root puts another's", apply(root, "other"), nil},
			{"root administrates", r.s.Administrates(root), nil},
			{"a right password", password("secret"), nil},
			{"a wrong password", password("guess"), auth.ErrAuthFailed},
			{"nobody gets", get(nil, "mine"), auth.ErrUserEmpty},
			{"nobody lists leases", r.s.Authenticated(nil), auth.ErrUserEmpty},
			{"a token that nobody gave", get(withToken("made-up.1"), "mine"), auth.ErrInvalidAuthToken},
			{"a token from the future", get(withToken("made-up.99999"), "mine"), auth.ErrInvalidAuthToken},
		} {
			if !errors.Is(c.got, c.want) {
				t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
			}
		}
		for _, x := range []string{"mine", "other"} {
			_, err := r.s.ReadTxn(user, &pb.TxnRequest{Success: []*pb.RequestOp{{Request: &pb.RequestOp_RequestRange{RequestRange: &pb.RangeRequest{Key: []byte(x)}}}}})
			if (err == nil) != (x == "mine") {
				t.Errorf("a txn that reads %s: %v", x, err)
			}
		}
	})
}

// Defragmenting gives back room, and what is in the store stays; a crash after it too.
func TestDefragmentAndSave(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "saved")
	inBubble(t, func(r *rig) {
		for i := range 200 {
			r.put(fmt.Sprint("k", i%3), strings.Repeat("x", 10_000))
		}
		r.must(nil, &pb.InternalRaftRequest{Compaction: &pb.CompactionRequest{Revision: r.s.Revision()}})
		if !r.s.WaitCompacted(nil) {
			t.Error("the compaction has not ended")
		}
		hash, before := r.hash(), r.s.Sizes()
		r.check(r.s.Defragment())
		if after := r.s.Sizes(); after.File >= before.File || after.InUse > after.File || after.Quota == 0 {
			t.Errorf("%+v became %+v", before, after)
		}
		if r.hash() != hash {
			t.Error("the store holds something else now")
		}
		r.check(r.s.SaveTo(saved))
		if r.s.SaveTo(saved) == nil {
			t.Error("a file that was there was overwritten")
		}
		r.put("later", "1")
		r.check(r.s.Crash())
		r.open()
		r.replay(0)
		if got := r.keys(event.Command{Key: "later"}); got != "later=1" {
			t.Errorf("after the crash: %q", got)
		}
	})
	if err := checkFile(saved); err != nil {
		t.Error(err)
	}
}

// An alarm is raised and disarmed through the log; while it is on nothing can be put.
func TestAlarm(t *testing.T) {
	inBubble(t, func(r *rig) {
		alarm := func(a pb.AlarmRequest_AlarmAction) *pb.InternalRaftRequest {
			return &pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{MemberID: 3, Action: a, Alarm: pb.AlarmType_NOSPACE}}
		}
		r.must(nil, alarm(pb.AlarmRequest_ACTIVATE))
		if list := r.s.Alarms(); len(list) != 1 || list[0].MemberID != 3 {
			t.Errorf("alarms: %v", list)
		}
		if _, err := r.sign(nil, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k")}}); !errors.Is(err, etcderrors.ErrNoSpace) {
			t.Errorf("a put in a full store: %v", err)
		}
		r.must(nil, alarm(pb.AlarmRequest_DEACTIVATE))
		if list := r.s.Alarms(); len(list) != 0 {
			t.Errorf("alarms: %v", list)
		}
		r.must(nil, &pb.InternalRaftRequest{Put: &pb.PutRequest{Key: []byte("k")}})
	})
}
