package tale

import (
	"cmp"
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Contents is what a machine's store holds at a moment, as far as its log tells: labels of entries are short, and what was
// asked in the same breath with others is not named.
type Contents struct {
	Keys     []Key  // by name
	Revision int64  // of the store
	From     uint64 // the first entry that was read; what was written before is not known
	Whole    bool   // that is everything that was ever written
	Dark     int    // entries that may have written something that is not known
}

// Key is a key with what was last written to it.
type Key struct {
	Key     string
	Value   string
	Index   uint64 // of the entry that wrote it
	Mod     int64  // revision, 0: not known
	Deleted bool
	Clipped bool // key or value is longer
}

// ContentsOf reads a machine's log backwards from what its store has applied.
func ContentsOf(s *view.State, n *view.Node) Contents {
	c := Contents{Revision: n.Revision, From: n.Applied + 1}
	exact, seen := n.Revision, map[string]bool{}
	for i := n.Log.Len() - 1; i >= 0; i-- {
		e := n.Log.At(i)
		if e.Index > n.Applied {
			continue
		}
		c.From = e.Index
		if e.Type != event.EntryCommand {
			continue
		}
		keys, known := written(s, e)
		if !known {
			c.Dark, exact = c.Dark+1, 0
		}
		for k := len(keys) - 1; k >= 0; k-- {
			key := keys[k]
			if key.Mod != 0 {
				exact = key.Mod // its answer told
			}
			if key.Index, key.Mod = e.Index, exact; !seen[key.Key] {
				seen[key.Key] = true
				c.Keys = append(c.Keys, key)
			}
			if exact > 0 {
				exact--
			}
			if key.Deleted {
				exact = 0 // it may have deleted nothing, and then takes no revision
			}
		}
	}
	c.Whole = c.From == 1 && n.First == 1
	slices.SortFunc(c.Keys, func(a, b Key) int { return cmp.Compare(a.Key, b.Key) })
	return c
}

// written is what an entry wrote; known is false where it may have written something else too.
func written(s *view.State, e *view.Entry) (keys []Key, known bool) {
	if e.Op != 0 {
		key, known := one(s.Op(e.Op), e.Label)
		if key.Key == "" {
			return nil, known
		}
		return []Key{key}, known
	}
	for i := range s.Ops { // several in one entry, in the order in which they were asked
		if op := &s.Ops[i]; op.Index == e.Index && op.Outcome == event.OK && (op.Kind == event.Put || op.Kind == event.Del) {
			if key, ok := one(op, ""); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys, strings.HasPrefix(e.Label, "version ") || strings.HasPrefix(e.Label, "member ") || strings.HasPrefix(e.Label, "lease ")
}

// one is what a request wrote: as it was asked, else as the entry's label says.
func one(op *view.Op, label string) (key Key, known bool) {
	rev := int64(0)
	if op != nil && op.Outcome == event.OK {
		rev = op.Rev
	}
	if op != nil && op.Key != "" {
		value, plain := strings.CutPrefix(op.Text, "put "+op.Key+" ")
		switch {
		case op.Kind == event.Put && plain && !strings.HasPrefix(value, `"`):
			return Key{Key: op.Key, Value: value, Mod: rev, Clipped: strings.HasSuffix(value, "…")}, true
		case op.Kind == event.Del && op.Text == "del "+op.Key:
			return Key{Key: op.Key, Mod: rev, Deleted: true}, true
		}
	}
	return labelled(label)
}

// labelled reads an entry's label.
func labelled(label string) (key Key, known bool) {
	if rest, yes := strings.CutPrefix(label, "del "); yes && !strings.HasSuffix(rest, "…") {
		return Key{Key: rest, Deleted: true}, true
	}
	for _, harmless := range []string{"lease ", "compact ", "alarm", "auth", "get ", "version ", "member "} {
		if strings.HasPrefix(label, harmless) && !strings.Contains(label, "=") {
			return Key{}, true
		}
	}
	name, value, put := strings.Cut(label, "=")
	if !put || strings.HasPrefix(label, "txn") || strings.HasPrefix(label, "del ") {
		return Key{}, false
	}
	return Key{Key: name, Value: value, Clipped: strings.HasSuffix(label, "…")}, true
}
