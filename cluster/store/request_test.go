package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func put(k, v string) event.Request { return event.Request{Kind: event.Put, Key: k, Value: v} }
func get(k string) event.Request    { return event.Request{Kind: event.Get, Key: k} }
func del(k string) event.Request    { return event.Request{Kind: event.Del, Key: k} }

// A transaction compares, then does one of its branches as one revision.
func TestTxn(t *testing.T) {
	yes := []event.Request{put("out", "yes")}
	no := []event.Request{put("out", "no")}
	for _, c := range []struct {
		compare event.Compare
		want    bool
	}{
		{event.Compare{Key: "a", Target: "value", Result: "=", Value: "2"}, true},
		{event.Compare{Key: "a", Target: "value", Result: "!=", Value: "2"}, false},
		{event.Compare{Key: "a", Target: "value", Result: "<", Value: "3"}, true},
		{event.Compare{Key: "a", Target: "value", Result: ">", Value: "3"}, false},
		{event.Compare{Key: "a", Target: "version", Result: "=", Value: "2"}, true},
		{event.Compare{Key: "a", Target: "create", Result: "=", Value: "2"}, true},
		{event.Compare{Key: "a", Target: "mod", Result: "=", Value: "3"}, true},
		{event.Compare{Key: "a", Target: "mod", Result: ">", Value: "3"}, false},
		{event.Compare{Key: "a", Target: "lease", Result: "=", Value: "0"}, true},
		{event.Compare{Key: "nobody", Target: "version", Result: "=", Value: "0"}, true},
		{event.Compare{Key: "nobody", Target: "value", Result: "=", Value: ""}, false},
	} {
		inBubble(t, func(r *rig) {
			r.put("a", "1")
			r.put("a", "2")
			res := r.do(event.Command{Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{c.compare}, Success: yes, Failure: no}})
			want := map[bool]string{true: "out=yes", false: "out=no"}[c.want]
			if got := r.keys(event.Command{Key: "out"}); res.Outcome != event.OK || res.Succeeded != c.want || got != want || res.Revision != 4 {
				t.Errorf("%+v: %+v, %s", c.compare, res, got)
			}
		})
	}
}

// The responses of a transaction are those of its requests in order, and see what came before them.
func TestTxnResponses(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		r.put("b", "1")
		res := r.do(event.Command{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{put("c", "3"), get("c"), del("a"), {Kind: event.Get, Prefix: true}}}})
		if len(res.Responses) != 4 {
			t.Fatalf("%+v", res)
		}
		got := ""
		for _, x := range res.Responses {
			got += fmt.Sprintf("%s count %d deleted %d", x.Kind, x.Count, x.Deleted)
			for _, kv := range x.KVs {
				got += fmt.Sprintf(" %s=%s@%d", kv.Key, kv.Value, kv.Mod)
			}
			got += "; "
		}
		want := "put count 0 deleted 0; get count 1 deleted 0 c=3@4; del count 0 deleted 1; get count 2 deleted 0 b=1@3 c=3@4; "
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// What etcd refuses is refused with a sentence that has etcd's words in it.
func TestRefusals(t *testing.T) {
	many := make([]event.Request, MaxTxnOps+1)
	for i := range many {
		many[i] = put(fmt.Sprint("k", i), "v")
	}
	txn := func(x event.Txn) event.Command { return event.Command{Kind: event.TxnDo, Txn: &x} }
	is := func(c event.Compare) event.Command { return txn(event.Txn{Compare: []event.Compare{c}}) }
	for _, c := range []struct {
		c    event.Command
		want string
	}{
		{event.Command{Kind: event.Put}, "a put needs a key (etcdserver: key is not provided)"},
		{event.Command{Kind: event.Del}, "a del needs a key (etcdserver: key is not provided)"},
		{event.Command{Kind: event.Del, Key: "a", End: "b", Prefix: true}, "a del takes either a prefix or a range_end, not both"},
		{event.Command{Kind: event.Put, Key: "a", Value: strings.Repeat("x", 2<<20)}, "the request has 2097"},
		{event.Command{Kind: event.Put, Key: "a", Value: strings.Repeat("x", MaxRequestBytes)}, "at most 1572864 are allowed (etcdserver: request is too large)"},
		{event.Command{Kind: event.TxnDo}, "a txn needs compare, success or failure"},
		{txn(event.Txn{Success: many}), "the txn has 129 operations, at most 128 are allowed (etcdserver: too many operations in txn request)"},
		{txn(event.Txn{Failure: []event.Request{put("a", "1"), put("a", "2")}}), `failure puts "a" twice (etcdserver: duplicate key given in txn request)`},
		{txn(event.Txn{Success: []event.Request{put("ab", "1"), {Kind: event.Del, Key: "a", Prefix: true}}}), `success puts "ab" and deletes it (etcdserver: duplicate key given in txn request)`},
		{txn(event.Txn{Success: []event.Request{put("x", "1"), {Kind: event.Del, Key: "a", End: "\x00"}}}), `success puts "x" and deletes it`},
		{txn(event.Txn{Success: []event.Request{{Kind: event.Put}}}), "success, request 1: a put needs a key"},
		{txn(event.Txn{Success: []event.Request{{Kind: event.Kill}}}), "success, request 1: kill cannot stand in a txn: choose put, get or del"},
		{is(event.Compare{Target: "value", Result: "="}), "comparison 1: it needs a key"},
		{is(event.Compare{Key: "a", Target: "size", Result: "=", Value: "1"}), `comparison 1: "size" cannot be compared: choose value, version, create, mod or lease`},
		{is(event.Compare{Key: "a", Target: "mod", Result: ">=", Value: "1"}), `comparison 1: ">=" is no comparison: choose =, !=, < or >`},
		{is(event.Compare{Key: "a", Target: "mod", Result: "=", Value: "one"}), `comparison 1: mod is compared with a number from 0 to 9223372036854775807, not with "one"`},
		{event.Command{Kind: event.Get, Key: "a"}, "get is no write to the store: choose put, del or txn"},
	} {
		if _, err := (*Store)(nil).Encode(c.c, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}

// Requests that look close to refused ones are fine.
func TestAllowed(t *testing.T) {
	for _, c := range []event.Command{
		{Kind: event.Put, Key: "a", Value: strings.Repeat("x", MaxRequestBytes-100)},
		{Kind: event.Del, Prefix: true},
		{Kind: event.TxnDo, Txn: &event.Txn{}},
		{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{put("a", "1")}, Failure: []event.Request{put("a", "2")}}},
		{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{put("b", "1"), {Kind: event.Del, Key: "a", End: "b"}}}},
	} {
		if _, err := (*Store)(nil).Encode(c, 1); err != nil {
			t.Errorf("%s: %v", c.Kind, err)
		}
	}
}

// Reads as etcd has them: ranges, prefixes, limits, old revisions.
func TestRead(t *testing.T) {
	inBubble(t, func(r *rig) {
		for _, k := range []string{"a", "b", "ba", "bb", "c", "b\xff", "\xff\xff"} {
			r.put(k, strings.ToUpper(k))
		}
		r.put("b", "2")
		for _, c := range []struct {
			c    event.Command
			want string
			n    int64
			more bool
		}{
			{event.Command{Key: "b"}, "b", 1, false},
			{event.Command{Key: "nobody"}, "", 0, false},
			{event.Command{Key: "b", Prefix: true}, "b ba bb b\xff", 4, false},
			{event.Command{Key: "\xff", Prefix: true}, "\xff\xff", 1, false},
			{event.Command{Prefix: true}, "a b ba bb b\xff c \xff\xff", 7, false},
			{event.Command{Prefix: true, Limit: 2}, "a b", 7, true},
			{event.Command{Prefix: true, Limit: 7}, "a b ba bb b\xff c \xff\xff", 7, false},
			{event.Command{Key: "b", End: "c"}, "b ba bb b\xff", 4, false},
			{event.Command{Key: "bb", End: "\x00"}, "bb b\xff c \xff\xff", 4, false},
			{event.Command{Prefix: true, Rev: 3}, "a b", 2, false},
		} {
			res := r.get(c.c)
			var keys []string
			for _, kv := range res.KVs {
				keys = append(keys, kv.Key)
			}
			if got := strings.Join(keys, " "); got != c.want || res.Count != c.n || res.More != c.more || res.Revision != 9 {
				t.Errorf("%+v: %q, count %d, more %t, revision %d", c.c, got, res.Count, res.More, res.Revision)
			}
		}
		if kv := r.get(event.Command{Key: "b"}).KVs[0]; kv != (event.KeyValue{Key: "b", Value: "2", Create: 3, Mod: 9, Version: 2}) {
			t.Errorf("b is %+v", kv)
		}
	})
}

// Reads that cannot be answered say why.
func TestReadRefusals(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.put("a", "1")
		r.put("a", "2")
		r.put("a", "3")
		r.entry(compaction(t, 3))
		for _, c := range []struct {
			c    event.Command
			want string
		}{
			{event.Command{Kind: event.Get}, "a get needs a key (etcdserver: key is not provided)"},
			{event.Command{Kind: event.Get, Key: "a", Rev: 2}, "revision 2 was compacted away, so it cannot be read any more (etcdserver: mvcc: required revision has been compacted)"},
			{event.Command{Kind: event.Get, Key: "a", Rev: 5}, "n1 has not reached revision 5 yet, it is at 4 (etcdserver: mvcc: required revision is a future revision)"},
			{event.Command{Kind: event.Get, Key: "a", Rev: -1}, "cannot be negative"},
			{event.Command{Kind: event.Put, Key: "a"}, "put is no read"},
		} {
			var to event.Result
			if err := r.s.Read(c.c, &to); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: %v", c.c, err)
			}
		}
		if got := r.keys(event.Command{Key: "a", Rev: 3}); got != "a=2" {
			t.Errorf("at revision 3: %s", got)
		}
	})
}
