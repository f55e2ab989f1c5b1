package etcdapi_test

import (
	"strings"

	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
)

func login(name, password string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		r, err := s.users.Authenticate(s.ctx, &pb.AuthenticateRequest{Name: name, Password: password})
		if err != nil {
			return nil, err
		}
		s.kept[name] = r.Token
		return r.Token != "", nil
	}
}

func addUser(as, name, password string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.users.UserAdd(s.as(as), &pb.AuthUserAddRequest{Name: name, Password: password})
	}
}

func addRole(as, name string) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.users.RoleAdd(s.as(as), &pb.AuthRoleAddRequest{Name: name}) }
}

func giveRole(as, user, role string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.users.UserGrantRole(s.as(as), &pb.AuthUserGrantRoleRequest{User: user, Role: role})
	}
}

func takeRole(as, user, role string) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.users.UserRevokeRole(s.as(as), &pb.AuthUserRevokeRoleRequest{Name: user, Role: role})
	}
}

func permit(as, role string, p *authpb.Permission) func(*subject) (any, error) {
	return func(s *subject) (any, error) {
		return s.users.RoleGrantPermission(s.as(as), &pb.AuthRoleGrantPermissionRequest{Name: role, Perm: p})
	}
}

func enable(s *subject) (any, error) { return s.users.AuthEnable(s.ctx, &pb.AuthEnableRequest{}) }

func authStatus(as string) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.users.AuthStatus(s.as(as), &pb.AuthStatusRequest{}) }
}

func disable(as string) func(*subject) (any, error) {
	return func(s *subject) (any, error) { return s.users.AuthDisable(s.as(as), &pb.AuthDisableRequest{}) }
}

// noAuthDeeds are done before auth was ever enabled. Nobody's token is empty, which is not looked at.
var noAuthDeeds = []deed{
	{what: "authenticate", do: login("u", "p")},
	{what: "status", do: authStatus("")},
	{what: "enable without root", do: enable},
	{what: "disable", do: disable("")},
	{what: "add nobody", do: addUser("", "", "p")},
	{what: "add", do: addUser("", "u", "p")},
	{what: "add again", do: addUser("", "u", "p")},
	{what: "add with a password that is too long", do: addUser("", "long", strings.Repeat("x", 73))},
	{what: "add without a password", do: func(s *subject) (any, error) {
		return s.users.UserAdd(s.ctx, &pb.AuthUserAddRequest{Name: "cert", Options: &authpb.UserAddOptions{NoPassword: true}})
	}},
	{what: "add with an empty password", do: addUser("", "empty", "")},
	{what: "list", do: func(s *subject) (any, error) { return s.users.UserList(s.ctx, &pb.AuthUserListRequest{}) }},
	{what: "get", do: func(s *subject) (any, error) { return s.users.UserGet(s.ctx, &pb.AuthUserGetRequest{Name: "u"}) }},
	{what: "get nobody", do: func(s *subject) (any, error) { return s.users.UserGet(s.ctx, &pb.AuthUserGetRequest{Name: "x"}) }},
	{what: "delete nobody", do: func(s *subject) (any, error) { return s.users.UserDelete(s.ctx, &pb.AuthUserDeleteRequest{Name: "x"}) }},
	{what: "change nobody's password", do: func(s *subject) (any, error) {
		return s.users.UserChangePassword(s.ctx, &pb.AuthUserChangePasswordRequest{Name: "x", Password: "p"})
	}},
	{what: "change a password to none", do: func(s *subject) (any, error) {
		return s.users.UserChangePassword(s.ctx, &pb.AuthUserChangePasswordRequest{Name: "empty"})
	}},
	{what: "role without a name", do: addRole("", "")},
	{what: "role", do: addRole("", "r")},
	{what: "role again", do: addRole("", "r")},
	{what: "roles", do: func(s *subject) (any, error) { return s.users.RoleList(s.ctx, &pb.AuthRoleListRequest{}) }},
	{what: "get no role", do: func(s *subject) (any, error) { return s.users.RoleGet(s.ctx, &pb.AuthRoleGetRequest{Role: "x"}) }},
	{what: "get the role root", do: func(s *subject) (any, error) { return s.users.RoleGet(s.ctx, &pb.AuthRoleGetRequest{Role: "root"}) }},
	{what: "delete no role", do: func(s *subject) (any, error) { return s.users.RoleDelete(s.ctx, &pb.AuthRoleDeleteRequest{Role: "x"}) }},
	{what: "give nobody a role", do: giveRole("", "x", "r")},
	{what: "give no role", do: giveRole("", "u", "x")},
	{what: "take what was not given", do: takeRole("", "u", "r")},
	{what: "take from nobody", do: takeRole("", "x", "r")},
	{what: "permit nothing", do: permit("", "r", nil)},
	{what: "permit no key", do: permit("", "r", &authpb.Permission{PermType: authpb.READ})},
	{what: "permit an end before its beginning", do: permit("", "r", &authpb.Permission{PermType: authpb.READ, Key: []byte("b"), RangeEnd: []byte("a")})},
	{what: "permit to no role", do: permit("", "x", &authpb.Permission{PermType: authpb.READ, Key: k})},
	{what: "permit", do: permit("", "r", &authpb.Permission{PermType: authpb.READWRITE, Key: []byte("mine"), RangeEnd: []byte("mind")})},
	{what: "permit one key", do: permit("", "r", &authpb.Permission{PermType: authpb.READWRITE, Key: []byte("mine")})},
	{what: "permit a range", do: permit("", "r", &authpb.Permission{PermType: authpb.READ, Key: []byte("range/"), RangeEnd: []byte("range0")})},
	{what: "forbid what was not permitted", do: func(s *subject) (any, error) {
		return s.users.RoleRevokePermission(s.ctx, &pb.AuthRoleRevokePermissionRequest{Role: "r", Key: []byte("x")})
	}},
	{what: "forbid to no role", do: func(s *subject) (any, error) {
		return s.users.RoleRevokePermission(s.ctx, &pb.AuthRoleRevokePermissionRequest{Role: "x", Key: []byte("x")})
	}},
	{what: "get the role", do: func(s *subject) (any, error) { return s.users.RoleGet(s.ctx, &pb.AuthRoleGetRequest{Role: "r"}) }},
	{what: "give the role", do: giveRole("", "u", "r")},
	{what: "give the role again", do: giveRole("", "u", "r")},
	{what: "a user called root", do: addUser("", "root", "rootpw")},
	{what: "enable without the role root", do: enable},
}

var userDeeds = []deed{
	{what: "the role root", do: addRole("", "root")},
	{what: "give it", do: giveRole("", "root", "root")},
	{what: "a token of before is not looked at", do: authStatus("root")},
	{what: "enable", do: enable},
	{what: "enable again", do: enable},
	{what: "wrong password", do: login("u", "x")},
	{what: "nobody", do: login("x", "x")},
	{what: "no name", do: login("", "")},
	{what: "a user without a password", do: login("cert", "")},
	{what: "a user without a password, with one", do: login("cert", "x")},
	{what: "an empty password", do: login("empty", "")},
	{what: "root", do: login("root", "rootpw")},
	{what: "u", do: login("u", "p")},
	{what: "a password in its hashed form", do: func(s *subject) (any, error) {
		return s.users.UserAdd(s.as("root"), &pb.AuthUserAddRequest{Name: "hashed", HashedPassword: "!", Options: &authpb.UserAddOptions{NoPassword: true}})
	}},
	{what: "status by root", do: authStatus("root")},
	{what: "status by u", do: authStatus("u")},
	{what: "delete root", do: func(s *subject) (any, error) {
		return s.users.UserDelete(s.as("root"), &pb.AuthUserDeleteRequest{Name: "root"})
	}},
	{what: "take root's role", do: takeRole("root", "root", "root")},
	{what: "delete the role root", do: func(s *subject) (any, error) {
		return s.users.RoleDelete(s.as("root"), &pb.AuthRoleDeleteRequest{Role: "root"})
	}},
	{what: "u sees itself", do: func(s *subject) (any, error) { return s.users.UserGet(s.as("u"), &pb.AuthUserGetRequest{Name: "u"}) }},
	{what: "u sees its role", do: func(s *subject) (any, error) { return s.users.RoleGet(s.as("u"), &pb.AuthRoleGetRequest{Role: "r"}) }},
	{what: "u sees root", do: func(s *subject) (any, error) { return s.users.UserGet(s.as("u"), &pb.AuthUserGetRequest{Name: "root"}) }},
	{what: "u sees another role", do: func(s *subject) (any, error) { return s.users.RoleGet(s.as("u"), &pb.AuthRoleGetRequest{Role: "root"}) }},
	{what: "u lists users", do: func(s *subject) (any, error) { return s.users.UserList(s.as("u"), &pb.AuthUserListRequest{}) }},
	{what: "u adds one", do: addUser("u", "v", "p")},
	{what: "u changes its password", do: func(s *subject) (any, error) {
		return s.users.UserChangePassword(s.as("u"), &pb.AuthUserChangePasswordRequest{Name: "u", Password: "q"})
	}},
	{what: "u disables", do: disable("u")},
}
