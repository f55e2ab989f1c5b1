package ctl

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/client/pkg/v3/types"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// printer writes answers as etcdctl does.
type printer struct {
	format   string
	hex      bool
	out, err io.Writer
}

func newPrinter(format string, hex bool, out, err io.Writer) (printer, error) {
	switch format {
	case "simple", "fields", "json", "table":
		return printer{format, hex, out, err}, nil
	}
	return printer{}, fmt.Errorf("the output format %q is not known here: simple, fields, json or table", format)
}

func (p printer) line(words ...any)                 { fmt.Fprintln(p.out, words...) }
func (p printer) printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// headed is what most answers are.
type headed interface{ GetHeader() *pb.ResponseHeader }

// answer writes r: as JSON, or its header and what fields writes, or what simple writes.
func (p printer) answer(r any, h *pb.ResponseHeader, simple, fields func()) {
	switch p.format {
	case "json":
		p.json(r)
	case "fields":
		p.header(h)
		fields()
	default:
		simple()
	}
}

func (p printer) json(r any) {
	b, err := json.Marshal(r)
	if err != nil {
		fmt.Fprintln(p.err, err)
		return
	}
	p.line(string(b))
}

func (p printer) header(h *pb.ResponseHeader) {
	p.line(`"ClusterID" :`, p.id(h.GetClusterId()))
	p.line(`"MemberID" :`, p.id(h.GetMemberId()))
	if h.GetRevision() > 0 {
		p.line(`"Revision" :`, h.GetRevision())
	}
	p.line(`"RaftTerm" :`, h.GetRaftTerm())
}

func (p printer) id(id uint64) any {
	if p.hex {
		return types.ID(id)
	}
	return id
}

// lease is a lease's id as a field.
func (p printer) lease(id int64) string {
	if p.hex {
		return fmt.Sprintf("%016x", id)
	}
	return strconv.FormatInt(id, 10)
}

// pair writes a key and its value.
func (p printer) pair(kv *mvccpb.KeyValue, valueOnly bool) {
	k, v := string(kv.GetKey()), string(kv.GetValue())
	if p.hex {
		k, v = escaped(kv.GetKey()), escaped(kv.GetValue())
	}
	if !valueOnly {
		p.line(k)
	}
	p.line(v)
}

func escaped(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteString(`\x` + hex.EncodeToString([]byte{c}))
	}
	return s.String()
}

func (p printer) fields(prefix string, kv *mvccpb.KeyValue) {
	p.printf("\"%sKey\" : %q\n", prefix, kv.GetKey())
	p.printf("\"%sCreateRevision\" : %d\n", prefix, kv.GetCreateRevision())
	p.printf("\"%sModRevision\" : %d\n", prefix, kv.GetModRevision())
	p.printf("\"%sVersion\" : %d\n", prefix, kv.GetVersion())
	p.printf("\"%sValue\" : %q\n", prefix, kv.GetValue())
	p.printf("\"%sLease\" : %s\n", prefix, p.lease(kv.GetLease()))
}

func (p printer) put(r *clientv3.PutResponse) {
	q := (*pb.PutResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		p.line("OK")
		if q.GetPrevKv() != nil {
			p.pair(q.GetPrevKv(), false)
		}
	}, func() {
		if q.GetPrevKv() != nil {
			p.fields("Prev", q.GetPrevKv())
		}
	})
}

func (p printer) get(r *clientv3.GetResponse, valueOnly bool) {
	q := (*pb.RangeResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		for _, kv := range q.GetKvs() {
			p.pair(kv, valueOnly)
		}
	}, func() {
		for _, kv := range q.GetKvs() {
			p.fields("", kv)
		}
		p.line(`"More" :`, q.GetMore())
		p.line(`"Count" :`, q.GetCount())
	})
}

func (p printer) del(r *clientv3.DeleteResponse) {
	q := (*pb.DeleteRangeResponse)(r)
	p.answer(q, q.GetHeader(), func() {
		p.line(q.GetDeleted())
		for _, kv := range q.GetPrevKvs() {
			p.pair(kv, false)
		}
	}, func() {
		p.line(`"Deleted" :`, q.GetDeleted())
		for _, kv := range q.GetPrevKvs() {
			p.fields("Prev", kv)
		}
	})
}

func (p printer) txn(r *clientv3.TxnResponse) {
	q := (*pb.TxnResponse)(r)
	if p.format == "json" {
		p.json(txnJSON(q))
		return
	}
	p.answer(q, q.GetHeader(), func() {
		p.line(map[bool]string{true: "SUCCESS", false: "FAILURE"}[q.GetSucceeded()])
	}, func() { p.line(`"Succeeded" :`, q.GetSucceeded()) })
	for _, op := range q.GetResponses() {
		if p.format == "simple" {
			p.line("")
		}
		switch v := op.GetResponse().(type) {
		case *pb.ResponseOp_ResponseDeleteRange:
			p.del((*clientv3.DeleteResponse)(v.ResponseDeleteRange))
		case *pb.ResponseOp_ResponsePut:
			p.put((*clientv3.PutResponse)(v.ResponsePut))
		case *pb.ResponseOp_ResponseRange:
			p.get((*clientv3.GetResponse)(v.ResponseRange), false)
		}
	}
}

// txnAnswer is a transaction's answer as etcdctl writes it as JSON.
type txnAnswer struct {
	Header    *pb.ResponseHeader `json:"header,omitempty"`
	Succeeded bool               `json:"succeeded,omitempty"`
	Responses []opAnswer         `json:"responses,omitempty"`
}

// opAnswer is the answer to one of its requests.
type opAnswer struct {
	Response struct {
		Range       *pb.RangeResponse       `json:"response_range,omitempty"`
		Put         *pb.PutResponse         `json:"response_put,omitempty"`
		DeleteRange *pb.DeleteRangeResponse `json:"response_delete_range,omitempty"`
	} `json:"Response"`
}

func txnJSON(r *pb.TxnResponse) txnAnswer {
	a := txnAnswer{Header: r.GetHeader(), Succeeded: r.GetSucceeded()}
	for _, op := range r.GetResponses() {
		var o opAnswer
		o.Response.Range, o.Response.Put, o.Response.DeleteRange = op.GetResponseRange(), op.GetResponsePut(), op.GetResponseDeleteRange()
		a.Responses = append(a.Responses, o)
	}
	return a
}

func (p printer) watch(r *clientv3.WatchResponse) {
	p.answer(r, r.Header, func() {
		for _, e := range r.Events {
			p.line(e.GetType())
			if e.GetPrevKv() != nil {
				p.pair(e.GetPrevKv(), false)
			}
			p.pair(e.GetKv(), false)
		}
	}, func() {
		for _, e := range r.Events {
			p.line(`"Type" :`, e.GetType())
			if e.GetPrevKv() != nil {
				p.fields("Prev", e.GetPrevKv())
			}
			p.fields("", e.GetKv())
		}
	})
}

// done writes the answer of something that has nothing more to say than that it was done.
func (p printer) done(r any, sentence string, of ...any) {
	h, _ := r.(headed)
	var header *pb.ResponseHeader
	if h != nil {
		header = h.GetHeader()
	}
	p.answer(r, header, func() { p.printf(sentence, of...) }, func() {})
}

// names writes a list of users or roles.
func (p printer) names(r any, names []string, what string) {
	p.answer(r, nil, func() {
		for _, n := range names {
			p.line(n)
		}
	}, func() { p.printf("%q : %q\n", what, names) })
}

func (p printer) percentFree(r *pb.StatusResponse) string {
	return fmt.Sprintf("%d%%", 100-r.GetDbSizeInUse()*100/max(r.GetDbSize(), 1))
}

func bytes(n int64) string { return humanize.Bytes(uint64(n)) }
