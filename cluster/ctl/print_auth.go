package ctl

import (
	"go.etcd.io/etcd/api/v3/authpb"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func (p printer) authStatus(r *clientv3.AuthStatusResponse) {
	q := (*pb.AuthStatusResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		p.line("Authentication Status:", q.GetEnabled())
		p.line("AuthRevision:", q.GetAuthRevision())
	}, func() {
		p.line(`"Enabled" :`, q.GetEnabled())
		p.line(`"AuthRevision" :`, q.GetAuthRevision())
	})
}

func (p printer) userGet(name string, r *clientv3.AuthUserGetResponse) {
	q := (*pb.AuthUserGetResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		p.printf("User: %s\nRoles:", name)
		for _, role := range q.GetRoles() {
			p.printf(" %s", role)
		}
		p.line()
	}, func() { p.printf("\"Roles\" : %q\n", q.GetRoles()) })
}

// rootRole may everything.
const rootRole = "root"

func (p printer) roleGet(role string, r *clientv3.AuthRoleGetResponse) {
	q := (*pb.AuthRoleGetResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		p.printf("Role %s\n", role)
		p.line("KV Read:")
		p.permissions(q, role, authpb.READ)
		p.line("KV Write:")
		p.permissions(q, role, authpb.WRITE)
	}, func() {
		for _, perm := range q.GetPerm() {
			p.line(`"PermType" : `, perm.GetPermType().String())
			p.printf("\"Key\" : %q\n", perm.GetKey())
			p.printf("\"RangeEnd\" : %q\n", perm.GetRangeEnd())
		}
	})
}

func (p printer) permissions(q *pb.AuthRoleGetResponse, role string, of authpb.Permission_Type) {
	if role == rootRole && q.GetPerm() == nil {
		p.line("\t[, <open ended>")
		return
	}
	for _, perm := range q.GetPerm() {
		if t := perm.GetPermType(); t != of && t != authpb.READWRITE {
			continue
		}
		switch key, end := string(perm.GetKey()), string(perm.GetRangeEnd()); {
		case end == "":
			p.printf("\t%s\n", key)
		case end == "\x00":
			p.printf("\t[%s, <open ended>\n", key)
		case end == clientv3.GetPrefixRangeEnd(key) && key != "":
			p.printf("\t[%s, %s) (prefix %s)\n", key, end, key)
		default:
			p.printf("\t[%s, %s)\n", key, end)
		}
	}
}
