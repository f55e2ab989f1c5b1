package ctl

import (
	"fmt"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/client/pkg/v3/types"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func (p printer) row(cells ...string) { p.line(strings.Join(cells, ", ")) }

// rows writes rows by themselves, or as a table.
func (p printer) rows(head []string, rows [][]string) {
	if p.format == "table" {
		p.table(head, rows)
		return
	}
	for _, r := range rows {
		p.row(r...)
	}
}

func (p printer) memberList(r *clientv3.MemberListResponse) {
	q := (*pb.MemberListResponse)(r)
	var rows [][]string
	for _, m := range q.GetMembers() {
		started := "started"
		if m.GetName() == "" {
			started = "unstarted"
		}
		rows = append(rows, []string{fmt.Sprintf("%x", m.GetID()), started, m.GetName(), strings.Join(m.GetPeerURLs(), ","), strings.Join(m.GetClientURLs(), ","),
			strconv.FormatBool(m.GetIsLearner())})
	}
	p.answer(r, q.GetHeader(), func() { p.rows(memberHead, rows) }, func() {
		for _, m := range q.GetMembers() {
			p.memberFields(m)
		}
	})
}

func (p printer) memberFields(m *pb.Member) {
	p.line(`"ID" :`, p.id(m.GetID()))
	p.printf("\"Name\" : %q\n", m.GetName())
	for _, u := range m.GetPeerURLs() {
		p.printf("\"PeerURL\" : %q\n", u)
	}
	for _, u := range m.GetClientURLs() {
		p.printf("\"ClientURL\" : %q\n", u)
	}
	p.line(`"IsLearner" :`, m.GetIsLearner())
	p.line()
}

func (p printer) memberAdd(r *clientv3.MemberAddResponse) {
	q, as := (*pb.MemberAddResponse)(r), " "
	if q.GetMember().GetIsLearner() {
		as = " as learner "
	}
	p.done(q, "Member %16x added%sto cluster %16x\n", q.GetMember().GetID(), as, q.GetHeader().GetClusterId())
}

func (p printer) memberRemove(id uint64, r *clientv3.MemberRemoveResponse) {
	q := (*pb.MemberRemoveResponse)(r)
	p.done(q, "Member %16x removed from cluster %16x\n", id, q.GetHeader().GetClusterId())
}

func (p printer) memberUpdate(id uint64, r *clientv3.MemberUpdateResponse) {
	q := (*pb.MemberUpdateResponse)(r)
	p.done(q, "Member %16x updated in cluster %16x\n", id, q.GetHeader().GetClusterId())
}

func (p printer) memberPromote(id uint64, r *clientv3.MemberPromoteResponse) {
	q := (*pb.MemberPromoteResponse)(r)
	p.done(q, "Member %16x promoted in cluster %16x\n", id, q.GetHeader().GetClusterId())
}

func (p printer) moveLeader(leader, target uint64, r *clientv3.MoveLeaderResponse) {
	p.done((*pb.MoveLeaderResponse)(r), "Leadership transferred from %s to %s\n", types.ID(leader), types.ID(target))
}

func (p printer) health(all []health) {
	if p.format == "table" {
		var rows [][]string
		for _, h := range all {
			rows = append(rows, []string{h.Ep, strconv.FormatBool(h.Health), h.Took, h.Error})
		}
		p.table(healthHead, rows)
		return
	}
	for _, h := range all {
		switch {
		case p.format == "fields":
			p.printf("\"Endpoint\" : %q\n", h.Ep)
			p.line(`"Health" :`, h.Health)
			p.line(`"Took" :`, h.Took)
			p.line(`"Error" :`, h.Error)
			p.line()
		case p.format == "json":
			p.json(all)
			return
		case h.Error == "":
			p.printf("%s is healthy: successfully committed proposal: took = %v\n", h.Ep, h.Took)
		default:
			fmt.Fprintf(p.err, "%s is unhealthy: failed to commit proposal: %v\n", h.Ep, h.Error)
		}
	}
}

func (p printer) status(all []status) {
	if p.format == "json" {
		p.json(all)
		return
	}
	var rows [][]string
	for _, s := range all {
		r := (*pb.StatusResponse)(s.Resp)
		if p.format == "fields" {
			p.header(r.GetHeader())
			p.statusFields(s.Ep, r)
			continue
		}
		rows = append(rows, []string{s.Ep, fmt.Sprintf("%x", r.GetHeader().GetMemberId()), r.GetVersion(), r.GetStorageVersion(), bytes(r.GetDbSize()), bytes(r.GetDbSizeInUse()),
			p.percentFree(r), bytes(r.GetDbSizeQuota()), fmt.Sprint(r.GetLeader() == r.GetHeader().GetMemberId()), fmt.Sprint(r.GetIsLearner()),
			fmt.Sprint(r.GetRaftTerm()), fmt.Sprint(r.GetRaftIndex()), fmt.Sprint(r.GetRaftAppliedIndex()), strings.Join(r.GetErrors(), ", "),
			r.GetDowngradeInfo().GetTargetVersion(), strconv.FormatBool(r.GetDowngradeInfo().GetEnabled())})
	}
	if p.format != "fields" {
		p.rows(statusHead, rows)
	}
}

func (p printer) statusFields(endpoint string, r *pb.StatusResponse) {
	p.printf("\"Version\" : %q\n", r.GetVersion())
	p.printf("\"StorageVersion\" : %q\n", r.GetStorageVersion())
	p.line(`"DBSize" :`, r.GetDbSize())
	p.line(`"DBSizeInUse" :`, r.GetDbSizeInUse())
	p.line(`"DBSizeQuota" :`, r.GetDbSizeQuota())
	p.line(`"Leader" :`, r.GetLeader())
	p.line(`"IsLearner" :`, r.GetIsLearner())
	p.line(`"RaftIndex" :`, r.GetRaftIndex())
	p.line(`"RaftAppliedIndex" :`, r.GetRaftAppliedIndex())
	p.line(`"Errors" :`, r.GetErrors())
	p.printf("\"Endpoint\" : %q\n", endpoint)
	p.printf("\"DowngradeTargetVersion\" : %q\n", r.GetDowngradeInfo().GetTargetVersion())
	p.line(`"DowngradeEnabled" :`, r.GetDowngradeInfo().GetEnabled())
	p.line()
}

func (p printer) hash(all []hash) {
	if p.format == "json" {
		p.json(all)
		return
	}
	var rows [][]string
	for _, h := range all {
		r := (*pb.HashKVResponse)(h.Resp)
		if p.format != "fields" {
			rows = append(rows, []string{h.Ep, fmt.Sprint(r.GetHash()), fmt.Sprint(r.GetHashRevision())})
			continue
		}
		p.header(r.GetHeader())
		p.printf("\"Endpoint\" : %q\n", h.Ep)
		p.line(`"Hash" :`, r.GetHash())
		p.line(`"HashRevision" :`, r.GetHashRevision())
		p.line()
	}
	if p.format != "fields" {
		p.rows(hashHead, rows)
	}
}

func (p printer) alarm(r *clientv3.AlarmResponse) {
	q := (*pb.AlarmResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		for _, a := range q.GetAlarms() {
			p.printf("%+v\n", a)
		}
	}, func() {
		for _, a := range q.GetAlarms() {
			p.line(`"MemberID" :`, p.id(a.GetMemberID()))
			p.line(`"AlarmType" :`, a.GetAlarm())
			p.line()
		}
	})
}
