package tale

import (
	"fmt"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func TestContentsFromTheLog(t *testing.T) {
	entry := func(label string, op uint64) view.Entry {
		return view.Entry{Type: event.EntryCommand, Label: label, Op: op}
	}
	for _, c := range []struct {
		name     string
		log      []view.Entry
		ops      []view.Op
		revision int64
		first    uint64
		want     string
		dark     int
		whole    bool
	}{
		{"puts, the last one counts", []view.Entry{{Type: event.EntryConfiguration}, entry("x=1", 1), entry("y=2", 2), entry("x=3", 3)}, nil, 4, 1, "[x=3@4 y=2@3]", 0, true},
		{"a deletion may have taken no revision", []view.Entry{entry("x=1", 1), entry("del x", 2), entry("y=1", 3)}, nil, 4, 1, "[-x@3 y=1@4]", 0, true},
		{"an answer tells the revision", []view.Entry{entry("y=1", 2), entry("x=1", 1), entry("del x", 3)}, []view.Op{{ID: 1, Kind: event.Put, Key: "x", Text: "put x 1", Outcome: event.OK, Rev: 7}}, 8, 1, "[-x@8 y=1@6]", 0, true},
		{"what the request says is more than a label", []view.Entry{entry("key=a long value, a very…", 5)},
			[]view.Op{{ID: 5, Kind: event.Put, Key: "key", Text: "put key a long value, a very long one"}}, 2, 1, "[key=a long value, a very long one@2]", 0, true},
		{"a label alone is short", []view.Entry{entry("key=a long value, a very…", 5)}, nil, 2, 1, "[key=a long value, a very…@2…]", 0, true},
		{"together in one entry", []view.Entry{entry("2 requests", 0), entry("z=1", 9)}, []view.Op{{ID: 7, Kind: event.Put, Key: "a", Text: "put a 1", Index: 1, Outcome: event.OK}}, 4, 1, "[a=1@0 z=1@4]", 1, true},
		{"a transaction", []view.Entry{entry("x=1", 1), entry("txn y=2…", 2), entry("lease 3f", 3)}, nil, 3, 1, "[x=1@0]", 1, true},
		{"with what was before unknown", []view.Entry{entry("x=1", 1)}, nil, 9, 5, "[x=1@9]", 0, false},
		{"nothing", nil, nil, 1, 0, "[]", 0, false},
	} {
		n, log := view.Node{First: c.first, Revision: c.revision}, []view.Entry(nil)
		for i, e := range c.log {
			e.Index = c.first + uint64(i)
			log, n.Last, n.Applied = append(log, e), e.Index, e.Index
		}
		n.Log = view.LogOf(append(log, view.Entry{Index: n.Last + 1, Type: event.EntryCommand, Label: "late=1", Op: 99})...) // the last one is not applied yet
		got := ContentsOf(&view.State{Ops: c.ops}, &n)
		words := []string{}
		for _, k := range got.Keys {
			w := fmt.Sprintf("%s=%s@%d", k.Key, k.Value, k.Mod)
			if k.Deleted {
				w = fmt.Sprintf("-%s@%d", k.Key, k.Mod)
			}
			if k.Clipped {
				w += "…"
			}
			words = append(words, w)
		}
		if fmt.Sprint(words) != c.want || got.Dark != c.dark || got.Whole != c.whole {
			t.Errorf("%s: %v, %d dark, whole %v; wanted %s, %d, %v", c.name, words, got.Dark, got.Whole, c.want, c.dark, c.whole)
		}
	}
}
