package web

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestOrdersAreReadAsDocumented(t *testing.T) {
	for body, want := range map[string]event.Command{
		`{"kind":"put","node":"n2","key":"x","value":"1","timeout_ms":3000}`: {Kind: event.Put, Node: 2, Key: "x", Value: "1", Timeout: 3_000_000},
		`{"kind":"get","key":"x","prefix":true,"serializable":true,"rev":4}`: {Kind: event.Get, Key: "x", Prefix: true, Serializable: true, Rev: 4},
		`{"kind":"kill","node":"n1","at":"before-fsync"}`:                    {Kind: event.Kill, Node: 1, At: event.BeforeFsync},
		`{"kind":"disk","node":"n1","fsync_ms":12.5}`:                        {Kind: event.Disk, Node: 1, Took: 12_500},
		`{"kind":"drift","node":"n1","rate":0.5}`:                            {Kind: event.Drift, Node: 1, Factor: event.One / 2},
		`{"kind":"partition","groups":[["n1","n2"],["n3"]]}`:                 {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3}}},
		`{"kind":"link","node":"n1","peer":"n2","one_way":true,"link":{"delay_ms":100,"jitter_ms":20,"loss":0.25}}`: {Kind: event.SetLink, Node: 1, Peer: 2, OneWay: true,
			Link: event.Link{Delay: 100_000, Jitter: 20_000, Loss: event.One / 4}},
		`{"kind":"txn","txn":{"compare":[{"key":"x","target":"version","result":"=","value":"0"}],"success":[{"kind":"put","key":"x","value":"1"}]}}`: {Kind: event.TxnDo,
			Txn: &event.Txn{Compare: []event.Compare{{Key: "x", Target: "version", Result: "=", Value: "0"}}, Success: []event.Request{{Kind: event.Put, Key: "x", Value: "1"}}}},
	} {
		got, err := DecodeOrder([]byte(body))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", body, got, err)
		}
	}
}

func TestBadOrdersAreRefusedWithSentenceAndPlace(t *testing.T) {
	limits, machines := DefaultLimits, &ring{cluster: newFake(3)}
	for _, c := range []struct{ body, where, says string }{
		{``, "", "empty"},
		{`nonsense`, "byte 1", "not JSON"},
		{`{"kind":"put","key":"x"`, "byte 23", "not JSON"},
		{`{"kind":"put","key":"x"} {}`, "byte 25", "not JSON"},
		{`[]`, "", "list"},
		{`{}`, "/kind", "kind"},
		{`{"kind":"none"}`, "/kind", "kind"},
		{`{"kind":"dance"}`, "/kind", "dance"},
		{`{"kind":7}`, "/kind", "number"},
		{`{"kind":"put","kind":"del"}`, "/kind", "twice"},
		{`{"kind":"put","keys":"x"}`, "/keys", "no such field"},
		{`{"Kind":"put"}`, "/Kind", "no such field"},
		{`{"kind":"put","key":5}`, "/key", "number"},
		{`{"kind":"put","node":"x9","key":"a"}`, "/node", "nodes are called"},
		{`{"kind":"put","node":"n9","key":"a"}`, "/node", "n1, n2, n3"},
		{`{"kind":"put"}`, "/key", "key"},
		{`{"kind":"get","key":"x","timeout_ms":-1}`, "/timeout_ms", "milliseconds"},
		{`{"kind":"get","key":"x","timeout_ms":1e99}`, "/timeout_ms", "milliseconds"},
		{`{"kind":"get","key":"x","rev":1.5}`, "/rev", "whole number"},
		{`{"kind":"get","key":"x","range_end":"y","prefix":true}`, "/range_end", "either"},
		{`{"kind":"kill"}`, "/node", "Which node"},
		{`{"kind":"kill","node":"n1","at":"noon"}`, "/at", "noon"},
		{`{"kind":"cut","node":"n1"}`, "/peer", "two ends"},
		{`{"kind":"cut","node":"n1","peer":"n1"}`, "/peer", "itself"},
		{`{"kind":"cut","node":"n1","peer":"n7"}`, "/peer", "n7"},
		{`{"kind":"link","node":"n1","peer":"n2","link":{"loss":2}}`, "/link/loss", "0 to 1"},
		{`{"kind":"link","node":"n1","peer":"n2","link":{"delay":2}}`, "/link/delay", "no such field"},
		{`{"kind":"partition"}`, "/groups", "groups"},
		{`{"kind":"partition","groups":[["n1"],["n1"]]}`, "/groups/1/0", "two groups"},
		{`{"kind":"partition","groups":[["n1"],["n8"]]}`, "/groups/1/0", "n8"},
		{`{"kind":"rate","rate":0}`, "/rate", "freeze"},
		{`{"kind":"rate","rate":21}`, "/rate", "20"},
		{`{"kind":"rate","rate":"fast"}`, "/rate", "not a factor"},
		{`{"kind":"deliver"}`, "/message", "message"},
		{`{"kind":"deliver","message":-1}`, "/message", "not negative"},
		{`{"kind":"corrupt","node":"n1","file":"diary"}`, "/file", "stable"},
		{`{"kind":"txn"}`, "/txn", "compare"},
		{`{"kind":"txn","txn":{"compare":[{"key":"a","target":"size","result":"=","value":"1"}]}}`, "/txn/compare/0/target", "version"},
		{`{"kind":"txn","txn":{"compare":[{"key":"a","target":"value","result":"~","value":"1"}]}}`, "/txn/compare/0/result", "Compare with"},
		{`{"kind":"txn","txn":{"success":[{"kind":"kill","key":"a"}]}}`, "/txn/success/0/kind", "put, get and del"},
		{`{"kind":"put","key":"x","value":"` + strings.Repeat("v", 2<<20) + `"}`, "/value", "2097152 bytes"},
	} {
		command, err := DecodeOrder([]byte(c.body))
		if err == nil {
			err = vet(command, limits, machines)
		}
		var f *Fault
		if !errors.As(err, &f) || f.Where != c.where || !strings.Contains(f.Sentence, c.says) {
			t.Errorf("%.80s: want %q saying %q, got %v", c.body, c.where, c.says, err)
		}
	}
}

func TestRingTakesNoMoreMachinesThanAllowed(t *testing.T) {
	machines := &ring{cluster: newFake(3)}
	if err := vet(event.Command{Kind: event.MemberAdd}, Limits{Nodes: 3, ValueBytes: 1}, machines); err == nil || !strings.Contains(err.Error(), "3 machines") {
		t.Errorf("a fourth machine: %v", err)
	}
	if err := vet(event.Command{Kind: event.MemberAdd}, Limits{Nodes: 4, ValueBytes: 1}, machines); err != nil {
		t.Errorf("there is place for a fourth machine: %v", err)
	}
}

// FuzzDecodeOrder: no body makes the decoder or the checks panic, and a refusal is always a Fault with a sentence.
func FuzzDecodeOrder(f *testing.F) {
	f.Add([]byte(`{"kind":"put","node":"n2","key":"x","value":"1","timeout_ms":3000}`))
	f.Add([]byte(`{"kind":"txn","txn":{"compare":[{"key":"a","target":"mod","result":">","value":"1"}],"success":[{"kind":"put","key":"x"}]}}`))
	f.Add([]byte(`{"kind":"partition","groups":[["n1","n2"],["n3"]]}`))
	f.Add([]byte(`{"kind":"link","node":"n1","peer":"n2","link":{"delay_ms":1e3,"loss":0.5}}`))
	machines := &ring{cluster: newFake(3)}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := DecodeOrder(body)
		if err == nil {
			err = vet(c, DefaultLimits, machines)
		}
		var fault *Fault
		if err != nil && (!errors.As(err, &fault) || fault.Sentence == "" || fault.Status < 400) {
			t.Fatalf("%q is refused without a sentence: %v", body, err)
		}
	})
}
