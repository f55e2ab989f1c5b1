package ctl

import (
	"fmt"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func (p printer) grant(r *clientv3.LeaseGrantResponse) {
	p.answer(r, r.ResponseHeader, func() { p.printf("lease %016x granted with TTL(%ds)\n", r.ID, r.TTL) }, func() {
		p.line(`"ID" :`, p.lease(int64(r.ID)))
		p.line(`"TTL" :`, r.TTL)
	})
}

func (p printer) revoke(id clientv3.LeaseID, r *clientv3.LeaseRevokeResponse) {
	p.done((*pb.LeaseRevokeResponse)(r), "lease %016x revoked\n", id)
}

func (p printer) keepAlive(r *clientv3.LeaseKeepAliveResponse) {
	p.answer(r, r.ResponseHeader, func() { p.printf("lease %016x keepalived with TTL(%d)\n", r.ID, r.TTL) }, func() {
		p.line(`"ID" :`, p.lease(int64(r.ID)))
		p.line(`"TTL" :`, r.TTL)
	})
}

func (p printer) timeToLive(r *clientv3.LeaseTimeToLiveResponse, keys bool) {
	p.answer(r, r.ResponseHeader, func() {
		if r.GrantedTTL == 0 && r.TTL == -1 {
			p.printf("lease %016x already expired\n", r.ID)
			return
		}
		s := fmt.Sprintf("lease %016x granted with TTL(%ds), remaining(%ds)", r.ID, r.GrantedTTL, r.TTL)
		if keys {
			attached := make([]string, len(r.Keys))
			for i := range r.Keys {
				attached[i] = string(r.Keys[i])
			}
			s += fmt.Sprintf(", attached keys(%v)", attached)
		}
		p.line(s)
	}, func() {
		p.line(`"ID" :`, p.lease(int64(r.ID)))
		p.line(`"TTL" :`, r.TTL)
		p.line(`"GrantedTTL" :`, r.GrantedTTL)
		for _, k := range r.Keys {
			p.printf("\"Key\" : %q\n", k)
		}
	})
}

func (p printer) leases(r *clientv3.LeaseLeasesResponse) {
	p.answer(r, r.ResponseHeader, func() {
		p.printf("found %d leases\n", len(r.Leases))
		for _, item := range r.Leases {
			p.printf("%016x\n", item.ID)
		}
	}, func() {
		for _, item := range r.Leases {
			p.line(`"ID" :`, p.lease(int64(item.ID)))
		}
	})
}
