package check

import (
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
)

const limit = 10 * time.Second

// Histories are written with one line an op: from, to, and what the client saw.

func put(from, to int64, value string) Op {
	return Op{Command: event.Command{Kind: event.Put, Key: "x", Value: value}, Result: event.Result{Outcome: event.OK}, Call: from, Return: to}
}

func get(from, to int64, value string) Op {
	op := Op{Command: event.Command{Kind: event.Get, Key: "x"}, Result: event.Result{Outcome: event.OK}, Call: from, Return: to}
	if value != "" {
		op.Result.KVs = []event.KeyValue{{Key: "x", Value: value}}
	}
	return op
}

func del(from, to, deleted int64) Op {
	return Op{Command: event.Command{Kind: event.Del, Key: "x"}, Result: event.Result{Outcome: event.OK, Deleted: deleted}, Call: from, Return: to}
}

// cas puts the new value if the old one is there, otherwise it reads.
func cas(from, to int64, old, new string, succeeded bool, saw string) Op {
	op := Op{Command: event.Command{Kind: event.TxnDo, Txn: &event.Txn{
		Compare: []event.Compare{{Key: "x", Target: "value", Result: "=", Value: old}},
		Success: []event.Request{{Kind: event.Put, Key: "x", Value: new}},
		Failure: []event.Request{{Kind: event.Get, Key: "x"}},
	}}, Result: event.Result{Outcome: event.OK, Succeeded: succeeded}, Call: from, Return: to}
	response := event.Response{Kind: event.Put}
	if !succeeded {
		response = event.Response{Kind: event.Get}
		if saw != "" {
			response.KVs = []event.KeyValue{{Key: "x", Value: saw}}
		}
	}
	op.Result.Responses = []event.Response{response}
	return op
}

func ended(op Op, o event.Outcome) Op {
	op.Result = event.Result{Outcome: o}
	return op
}

func TestLinearizable(t *testing.T) {
	unknown, failed, pending := event.Unknown, event.Failed, event.Pending
	tests := []struct {
		name string
		ops  []Op
		ok   bool
	}{
		{"nothing", nil, true},
		{"read what was put", []Op{put(1, 2, "a"), get(3, 4, "a")}, true},
		{"stale read", []Op{put(1, 2, "a"), put(3, 4, "b"), get(5, 6, "a")}, false},
		{"read of nothing after a put", []Op{put(1, 2, "a"), get(3, 4, "")}, false},
		{"read of what nobody put", []Op{put(1, 2, "a"), get(3, 4, "z")}, false},
		{"read beside a put sees the old", []Op{put(1, 2, "a"), put(3, 6, "b"), get(4, 5, "a")}, true},
		{"read beside a put sees the new", []Op{put(1, 2, "a"), put(3, 6, "b"), get(4, 5, "b")}, true},
		{"reads beside a put go back", []Op{put(1, 2, "a"), put(3, 10, "b"), get(4, 5, "b"), get(6, 7, "a")}, false},
		{"an unknown put took effect late", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), unknown), get(5, 6, "a"), get(7, 8, "b")}, true},
		{"an unknown put never took effect", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), unknown), get(5, 6, "a")}, true},
		{"an unknown put took effect and was undone", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), unknown), get(5, 6, "b"), get(7, 8, "a")}, false},
		{"an unknown put of a value that another puts too", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), unknown), put(5, 6, "b"), get(7, 8, "b"), put(9, 10, "c"), get(11, 12, "b")}, true},
		{"an unknown put that was read took effect again", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), unknown), get(5, 6, "b"), put(7, 8, "c"), get(9, 10, "b")}, false},
		{"an unknown put that only a delete saw", []Op{ended(put(1, 2, "a"), unknown), del(3, 4, 1), get(5, 6, "")}, true},
		{"an unknown put that only a swap saw", []Op{ended(put(1, 2, "a"), unknown), cas(3, 4, "a", "b", true, ""), get(5, 6, "b")}, true},
		{"an unknown put took effect before it was called", []Op{put(1, 2, "a"), get(3, 4, "b"), ended(put(5, 6, "b"), unknown)}, false},
		{"a pending put took effect", []Op{ended(put(1, 2, "a"), pending), get(5, 6, "a")}, true},
		{"a failed put took effect", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), failed), get(5, 6, "b")}, false},
		{"a failed put did not", []Op{put(1, 2, "a"), ended(put(3, 4, "b"), failed), get(5, 6, "a")}, true},
		{"a failed read says nothing", []Op{put(1, 2, "a"), ended(get(3, 4, ""), failed), ended(get(3, 4, ""), unknown)}, true},
		{"deleted", []Op{put(1, 2, "a"), del(3, 4, 1), get(5, 6, ""), del(7, 8, 0)}, true},
		{"deleted and still there", []Op{put(1, 2, "a"), del(3, 4, 1), get(5, 6, "a")}, false},
		{"deleted twice", []Op{put(1, 2, "a"), del(3, 4, 1), del(5, 6, 1)}, false},
		{"an unknown delete took effect", []Op{put(1, 2, "a"), ended(del(3, 4, 0), unknown), get(5, 6, "")}, true},
		{"swapped", []Op{put(1, 2, "a"), cas(3, 4, "a", "b", true, ""), get(5, 6, "b")}, true},
		{"two swapped the same", []Op{put(1, 2, "a"), cas(3, 6, "a", "b", true, ""), cas(4, 5, "a", "c", true, "")}, false},
		{"one of two swapped", []Op{put(1, 2, "a"), cas(3, 6, "a", "b", true, ""), cas(4, 5, "a", "c", false, "b"), get(7, 8, "b")}, true},
		{"a swap that did not and saw the old", []Op{put(1, 2, "a"), cas(3, 4, "a", "b", false, "a")}, false},
		{"a swap of nothing", []Op{cas(1, 2, "", "b", true, "")}, false}, // a key that is not there has no value
		{"an unknown swap took effect", []Op{put(1, 2, "a"), ended(cas(3, 4, "a", "b", true, ""), unknown), get(5, 6, "b")}, true},
		{"an unknown swap without its premise", []Op{put(1, 2, "z"), ended(cas(3, 4, "a", "b", true, ""), unknown), get(5, 6, "b")}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := Linearizable(test.ops, limit)
			var broken *NotLinearizable
			if test.ok && err != nil || !test.ok && !errors.As(err, &broken) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTransactionsAreJudgedByVersionToo(t *testing.T) {
	create := func(from, to int64, target string, succeeded bool) Op {
		return Op{Command: event.Command{Kind: event.TxnDo, Txn: &event.Txn{
			Compare: []event.Compare{{Key: "x", Target: target, Result: "=", Value: "0"}},
			Success: []event.Request{{Kind: event.Put, Key: "x", Value: "new"}},
			Failure: []event.Request{{Kind: event.Del, Key: "x"}},
		}}, Result: event.Result{Outcome: event.OK, Succeeded: succeeded, Responses: []event.Response{{Deleted: 1}}}, Call: from, Return: to}
	}
	for _, target := range []string{"version", "create", "mod"} {
		if err := Linearizable([]Op{create(1, 2, target, true), create(3, 4, target, false), create(5, 6, target, true)}, limit); err != nil {
			t.Errorf("%s: %v", target, err)
		}
		if err := Linearizable([]Op{create(1, 2, target, true), create(3, 4, target, true)}, limit); err == nil {
			t.Errorf("%s: created twice", target)
		}
	}
}

func TestKeysAreJudgedAlone(t *testing.T) {
	other := get(3, 4, "")
	other.Command.Key = "y"
	if err := Linearizable([]Op{put(1, 2, "a"), other}, limit); err != nil {
		t.Error(err)
	}
	bad := get(5, 6, "z")
	bad.Command.Key, bad.Client = "y", 3
	err := Linearizable([]Op{put(1, 2, "a"), other, bad}, limit)
	var broken *NotLinearizable
	if !errors.As(err, &broken) || broken.Key != "y" || len(broken.Ops) != 2 {
		t.Fatalf("%v", err)
	}
	for _, words := range []string{`first 2 ops on "y"`, `5 to 6 client 3 get y: ok, "z"`, "3 to 4 client 0 get y: ok, nothing there"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%q does not say %q", err, words)
		}
	}
}

func TestWhatPromisesLessIsLeftOut(t *testing.T) {
	stale, old, kill := get(5, 6, "a"), get(5, 6, "a"), put(7, 8, "c")
	stale.Command.Serializable, old.Command.Rev, kill.Command.Kind = true, 2, event.Kill
	if err := Linearizable([]Op{put(1, 2, "a"), put(3, 4, "b"), stale, old, kill, get(9, 10, "b")}, limit); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeJudgedIsSaid(t *testing.T) {
	ranged, prefix := get(1, 2, ""), del(1, 2, 0)
	ranged.Command.End, prefix.Command.Prefix = "z", true
	two, inside, revision, empty := cas(1, 2, "a", "b", true, ""), cas(1, 2, "a", "b", true, ""), cas(1, 2, "a", "b", true, ""), put(1, 2, "")
	two.Command.Txn.Success[0].Key = "y"
	inside.Command.Txn.Failure[0].Prefix = true
	revision.Command.Txn.Compare[0].Target, revision.Command.Txn.Compare[0].Value = "mod", "7"
	empty.Command.Kind = event.TxnDo
	for words, op := range map[string]Op{"range of keys": ranged, "del of a range": prefix, "2 keys": two, "a range": inside,
		"compares the mod with 7": revision, "no transaction": empty} {
		if err := Linearizable([]Op{op}, limit); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %q", err, words)
		}
	}
}

// TestOutOfTimeIsNotAnAnswer: many open puts beside a read that none explains take longer than a millisecond.
func TestOutOfTimeIsNotAnAnswer(t *testing.T) {
	var ops []Op
	for i := range int64(40) {
		ops = append(ops, put(i, 1000+i, strconv.FormatInt(i, 10)))
	}
	ops = append(ops, get(500, 2000, "z"))
	if err := Linearizable(ops, time.Nanosecond); err != ErrUndecided {
		t.Errorf("%v", err)
	}
}

// TestManyOpenOps: a chaos run leaves many ops without a known end, and must be judged all the same.
func TestManyOpenOps(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	var ops []Op
	value := ""
	at := int64(0)
	for i := range int64(6000) {
		at += 10
		switch random.IntN(4) {
		case 0:
			ops = append(ops, get(at, at+25, value)) // reaches into the next two ops
			at += 30
		case 1:
			op := ended(put(at, at+5, strconv.FormatInt(i, 10)), event.Unknown)
			if random.IntN(2) == 0 {
				value = op.Command.Value
			}
			ops = append(ops, op)
		default:
			value = strconv.FormatInt(i, 10)
			ops = append(ops, put(at, at+5, value))
		}
	}
	if err := Linearizable(ops, limit); err != nil {
		t.Fatal(len(err.Error()), err == ErrUndecided)
	}
	ops = append(ops, get(at+100, at+101, ops[10].Command.Value))
	var broken *NotLinearizable
	if err := Linearizable(ops, limit); !errors.As(err, &broken) {
		t.Fatal("a stale read in the end is not found")
	}
	ops = append(ops[:3000:3000], append([]Op{get(ops[3000].Call-2, ops[3000].Call-1, ops[20].Command.Value)}, ops[3000:]...)...)
	if err := Linearizable(ops, limit); !errors.As(err, &broken) || len(broken.Ops) > 3001 || strings.Count(err.Error(), "\n") > shown+3 || !strings.HasSuffix(err.Error(), ops[3000].String()) {
		t.Fatalf("the stale read in the middle is not the last op told: %d ops", len(broken.Ops))
	}
}

// TestHistoryOfManyClients records real clients of a real, locked register; then of one that forgets a put.
func TestHistoryOfManyClients(t *testing.T) {
	for _, forgets := range []bool{false, true} {
		var h History
		var store sync.Mutex
		value, version := "", int64(0)
		do := func(c event.Command) event.Result {
			store.Lock()
			defer store.Unlock()
			r := event.Result{Outcome: event.OK}
			switch {
			case c.Kind == event.Put && forgets && version == 100:
			case c.Kind == event.Put:
				value, version = c.Value, version+1
			case version > 0:
				r.KVs = []event.KeyValue{{Value: value, Version: version}}
			}
			version = max(version, 0)
			return r
		}
		var clients sync.WaitGroup
		for client := range 4 {
			clients.Go(func() {
				random := rand.New(rand.NewPCG(uint64(client), 1))
				for i := range 100 {
					c := event.Command{Kind: event.Get, Key: "x"}
					if random.IntN(2) == 0 {
						c = event.Command{Kind: event.Put, Key: "x", Value: strconv.Itoa(client*1000 + i)}
					}
					answered := h.Call(client, c)
					answered(do(c))
				}
			})
		}
		clients.Wait()
		h.Call(9, event.Command{Kind: event.Put, Key: "x", Value: "never answered"})
		ops := h.Ops()
		if len(ops) != 401 || ops[400].Result.Outcome != event.Pending {
			t.Fatalf("%d ops", len(ops))
		}
		err := Linearizable(ops, limit)
		if forgets == (err == nil) {
			t.Errorf("forgets: %v, judged: %v", forgets, err)
		}
	}
}
