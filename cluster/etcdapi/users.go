package etcdapi

import (
	"context"
	"encoding/base64"

	"golang.org/x/crypto/bcrypt"
	"google.golang.org/protobuf/proto"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/node"
)

// users is etcd's service Auth. Who may do what is decided where the requests are applied.
type users struct {
	pb.UnsafeAuthServer
	m    Member
	cost int // of bcrypt
}

// answer is what all responses of this service have.
type answer interface {
	proto.Message
	GetHeader() *pb.ResponseHeader
}

// propose has a request applied, and says in its answer who answers.
func propose[T answer](ctx context.Context, s *users, q *pb.InternalRaftRequest) (T, error) {
	return ask(ctx, s.m, proposed(q), func(n *node.Node, c *node.Call) (none T, _ error) {
		m, err := n.Propose(c, q)
		if err != nil {
			return none, err
		}
		r := m.(T)
		n.Head(r.GetHeader())
		return r, nil
	})
}

// hash is a password as it is kept. It is made here: it takes long, and would hold up the node's time.
func (s *users) hash(password string) (string, error) {
	b, err := bcrypt.GenerateFromPassword([]byte(password), s.cost)
	return base64.StdEncoding.EncodeToString(b), err
}

func (s *users) Authenticate(ctx context.Context, q *pb.AuthenticateRequest) (*pb.AuthenticateResponse, error) {
	return ask(ctx, s.m, untold, func(n *node.Node, c *node.Call) (*pb.AuthenticateResponse, error) {
		c.User = nil // an old token does not matter
		r, err := n.Authenticate(c, q.Name, q.Password)
		if err == nil {
			n.Head(r.Header)
		}
		return r, err
	})
}

func (s *users) UserAdd(ctx context.Context, q *pb.AuthUserAddRequest) (*pb.AuthUserAddResponse, error) {
	if !q.GetOptions().GetNoPassword() {
		var err error
		if q.HashedPassword, err = s.hash(q.Password); err != nil {
			return nil, grpcError(err)
		}
		q.Password = ""
	}
	return propose[*pb.AuthUserAddResponse](ctx, s, &pb.InternalRaftRequest{AuthUserAdd: q})
}

func (s *users) UserChangePassword(ctx context.Context, q *pb.AuthUserChangePasswordRequest) (*pb.AuthUserChangePasswordResponse, error) {
	if q.Password != "" {
		var err error
		if q.HashedPassword, err = s.hash(q.Password); err != nil {
			return nil, grpcError(err)
		}
		q.Password = ""
	}
	return propose[*pb.AuthUserChangePasswordResponse](ctx, s, &pb.InternalRaftRequest{AuthUserChangePassword: q})
}

func (s *users) AuthEnable(ctx context.Context, q *pb.AuthEnableRequest) (*pb.AuthEnableResponse, error) {
	return propose[*pb.AuthEnableResponse](ctx, s, &pb.InternalRaftRequest{AuthEnable: q})
}

func (s *users) AuthDisable(ctx context.Context, q *pb.AuthDisableRequest) (*pb.AuthDisableResponse, error) {
	return propose[*pb.AuthDisableResponse](ctx, s, &pb.InternalRaftRequest{AuthDisable: q})
}

func (s *users) AuthStatus(ctx context.Context, q *pb.AuthStatusRequest) (*pb.AuthStatusResponse, error) {
	return propose[*pb.AuthStatusResponse](ctx, s, &pb.InternalRaftRequest{AuthStatus: q})
}

func (s *users) UserGet(ctx context.Context, q *pb.AuthUserGetRequest) (*pb.AuthUserGetResponse, error) {
	return propose[*pb.AuthUserGetResponse](ctx, s, &pb.InternalRaftRequest{AuthUserGet: q})
}

func (s *users) UserList(ctx context.Context, q *pb.AuthUserListRequest) (*pb.AuthUserListResponse, error) {
	return propose[*pb.AuthUserListResponse](ctx, s, &pb.InternalRaftRequest{AuthUserList: q})
}

func (s *users) UserDelete(ctx context.Context, q *pb.AuthUserDeleteRequest) (*pb.AuthUserDeleteResponse, error) {
	return propose[*pb.AuthUserDeleteResponse](ctx, s, &pb.InternalRaftRequest{AuthUserDelete: q})
}

func (s *users) UserGrantRole(ctx context.Context, q *pb.AuthUserGrantRoleRequest) (*pb.AuthUserGrantRoleResponse, error) {
	return propose[*pb.AuthUserGrantRoleResponse](ctx, s, &pb.InternalRaftRequest{AuthUserGrantRole: q})
}

func (s *users) UserRevokeRole(ctx context.Context, q *pb.AuthUserRevokeRoleRequest) (*pb.AuthUserRevokeRoleResponse, error) {
	return propose[*pb.AuthUserRevokeRoleResponse](ctx, s, &pb.InternalRaftRequest{AuthUserRevokeRole: q})
}

func (s *users) RoleAdd(ctx context.Context, q *pb.AuthRoleAddRequest) (*pb.AuthRoleAddResponse, error) {
	return propose[*pb.AuthRoleAddResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleAdd: q})
}

func (s *users) RoleGet(ctx context.Context, q *pb.AuthRoleGetRequest) (*pb.AuthRoleGetResponse, error) {
	return propose[*pb.AuthRoleGetResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleGet: q})
}

func (s *users) RoleList(ctx context.Context, q *pb.AuthRoleListRequest) (*pb.AuthRoleListResponse, error) {
	return propose[*pb.AuthRoleListResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleList: q})
}

func (s *users) RoleDelete(ctx context.Context, q *pb.AuthRoleDeleteRequest) (*pb.AuthRoleDeleteResponse, error) {
	return propose[*pb.AuthRoleDeleteResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleDelete: q})
}

func (s *users) RoleGrantPermission(ctx context.Context, q *pb.AuthRoleGrantPermissionRequest) (*pb.AuthRoleGrantPermissionResponse, error) {
	return propose[*pb.AuthRoleGrantPermissionResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleGrantPermission: q})
}

func (s *users) RoleRevokePermission(ctx context.Context, q *pb.AuthRoleRevokePermissionRequest) (*pb.AuthRoleRevokePermissionResponse, error) {
	return propose[*pb.AuthRoleRevokePermissionResponse](ctx, s, &pb.InternalRaftRequest{AuthRoleRevokePermission: q})
}
