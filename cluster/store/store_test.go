package store

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/raft"
	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestMain has etcd check its own invariants in every test.
func TestMain(m *testing.M) {
	os.Setenv("ETCD_VERIFY", "all")
	os.Exit(m.Run())
}

// settled is when everything applied is on disk and no commit is due.
const settled = 5 * commitInterval / 2

// rig feeds a store entries as raft would.
type rig struct {
	t     *testing.T
	s     *Store
	o     Options
	log   []*raft.Log
	facts []event.Event
}

// inBubble runs a story with a store in a bubble.
func inBubble(t *testing.T, story func(*rig)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t}
		r.o = Options{Dir: dir, Node: 1, Tap: func(e event.Event) { r.facts = append(r.facts, e) },
			Failed: func(err error) { t.Errorf("the store failed: %v", err) }}
		r.open()
		defer func() { r.check(r.s.Close()) }()
		story(r)
	})
}

func (r *rig) check(err error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatal(err)
	}
}

func (r *rig) open() {
	s, err := Open(r.o)
	r.check(err)
	r.s = s
}

// do proposes, commits and applies a command.
func (r *rig) do(c event.Command) (to event.Result) {
	r.t.Helper()
	op := uint64(len(r.log) + 100)
	data, err := r.s.Encode(c, op)
	r.check(err)
	return r.entry(data)
}

func (r *rig) entry(data []byte) (to event.Result) {
	l := &raft.Log{Index: uint64(len(r.log) + 1), Term: 1, Data: data}
	r.log = append(r.log, l)
	r.s.Result(r.s.Apply(l), &to)
	return to
}

func (r *rig) put(key, value string) event.Result {
	r.t.Helper()
	return r.do(event.Command{Kind: event.Put, Key: key, Value: value})
}

func (r *rig) get(c event.Command) event.Result {
	r.t.Helper()
	c.Kind = event.Get
	var to event.Result
	r.check(r.s.Read(c, &to))
	return to
}

func (r *rig) keys(c event.Command) string {
	r.t.Helper()
	var b strings.Builder
	for _, kv := range r.get(c).KVs {
		fmt.Fprintf(&b, "%s=%s ", kv.Key, kv.Value)
	}
	return strings.TrimSpace(b.String())
}

// Revisions count as etcd counts them.
func TestRevisions(t *testing.T) {
	inBubble(t, func(r *rig) {
		if got := r.s.Revision(); got != 1 {
			t.Fatalf("an empty store is at revision %d, want 1", got)
		}
		put := func(k, v string) event.Request { return event.Request{Kind: event.Put, Key: k, Value: v} }
		exists := event.Compare{Key: "a", Target: "version", Result: ">", Value: "0"}
		missing := event.Compare{Key: "nobody", Target: "version", Result: ">", Value: "0"}
		for _, c := range []struct {
			what string
			c    event.Command
			want int64
		}{
			{"the first write", event.Command{Kind: event.Put, Key: "a", Value: "1"}, 2},
			{"the same again", event.Command{Kind: event.Put, Key: "a", Value: "1"}, 3},
			{"deleting nothing", event.Command{Kind: event.Del, Key: "x"}, 3},
			{"a txn with two puts", event.Command{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{put("b", "1"), put("c", "1")}}}, 4},
			{"a txn that only reads", event.Command{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{{Kind: event.Get, Key: "a"}}}}, 4},
			{"a txn that does nothing", event.Command{Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{missing}, Success: []event.Request{put("d", "1")}}}, 4},
			{"a txn whose else deletes", event.Command{Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{missing}, Failure: []event.Request{{Kind: event.Del, Key: "c"}}}}, 5},
			{"a txn that compares and puts", event.Command{Kind: event.TxnDo, Txn: &event.Txn{Compare: []event.Compare{exists}, Success: []event.Request{put("a", "2")}}}, 6},
			{"deleting two keys", event.Command{Kind: event.Del, Prefix: true}, 7},
		} {
			res := r.do(c.c)
			if res.Outcome != event.OK || res.Revision != c.want || r.s.Revision() != c.want {
				t.Errorf("after %s: %v, revision %d, store at %d, want %d: %s", c.what, res.Outcome, res.Revision, r.s.Revision(), c.want, res.Error)
			}
			last := r.facts[len(r.facts)-1]
			if last.Kind != event.Applied || last.Rev != c.want || last.Index != uint64(len(r.log)) || last.Op != last.Index+99 {
				t.Errorf("after %s it was told %+v", c.what, last)
			}
		}
	})
}

// reopen closes the store and opens it again, with other options.
func (r *rig) reopen(change func()) {
	r.t.Helper()
	r.check(r.s.Close())
	if change != nil {
		change()
	}
	r.open()
}

func mkdir(path string) error { return os.MkdirAll(path, 0o700) }
