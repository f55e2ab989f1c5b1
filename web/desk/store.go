package desk

import (
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

// maxKeys bounds the keys that a panel shows.
const maxKeys = 100

// storeAsk is what of a store somebody wants to see.
type storeAsk struct {
	rev    int64 // 0: the newest
	prefix string
}

// readStoreAsk reads "rev 12 find PREFIX", both of which may be missing.
func readStoreAsk(words []string) (a storeAsk, ok bool) {
	if len(words) >= 2 && words[0] == "rev" {
		rev, ok := event.ParseNumber(words[1])
		if !ok || rev == 0 || rev > 1<<62 {
			return a, false
		}
		a.rev, words = int64(rev), words[2:]
	}
	if len(words) >= 1 && words[0] == "find" {
		a.prefix, words = strings.Join(words[1:], " "), nil
	}
	return a, len(words) == 0
}

// storeSight is a store as a panel shows it.
type storeSight struct {
	Moment
	id     event.NodeID
	ask    storeAsk
	asked  bool   // it is what the node itself says, not what the facts tell
	why    string // why the node could not be asked
	keys   []storeKey
	count  int64 // keys that there are
	newest int64 // revision of the store
	facts  tale.Contents
}

// storeKey is a key as it is shown; 0 is what is not known.
type storeKey struct {
	key, value           string
	create, mod, version int64
	lease                int64
	deleted, clipped     bool
}

// shown is the value; one that is longer ends so.
func (k storeKey) shown() string {
	value := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return drawable(r)
	}, k.value)
	if k.clipped && !strings.HasSuffix(value, "…") {
		return value + "…"
	}
	return value
}

func (s nodeSight) store() storeSight {
	t := storeSight{Moment: s.Moment, id: s.n.ID, ask: s.ask, newest: s.n.Revision}
	if s.Live && s.Moment.Store != nil && s.n.Up {
		t.askNode()
	}
	if !t.asked {
		t.readFacts(s)
	}
	return t
}

// askNode has the node itself say what its store holds.
func (t *storeSight) askNode() {
	r, err := t.Moment.Store(t.id, event.Command{Kind: event.Get, Key: t.ask.prefix, Prefix: true, Rev: t.ask.rev, Limit: maxKeys, Serializable: true})
	if err != nil {
		t.why = err.Error()
		return
	}
	t.asked, t.count, t.newest = true, r.Count, r.Revision
	for _, k := range r.KVs {
		value, clipped := short(k.Value)
		t.keys = append(t.keys, storeKey{key: k.Key, value: value, create: k.Create, mod: k.Mod, version: k.Version, lease: k.Lease, clipped: clipped})
	}
}

// maxValue bounds a value that is shown, in bytes.
const maxValue = 200

func short(value string) (string, bool) {
	if len(value) <= maxValue {
		return strings.ToValidUTF8(value, "·"), false
	}
	return strings.ToValidUTF8(value[:maxValue], ""), true
}

// readFacts tells what the log says. Of an earlier revision it tells what it has, if it knows the revisions.
func (t *storeSight) readFacts(s nodeSight) {
	t.facts = tale.ContentsOf(t.State, s.n)
	for _, k := range t.facts.Keys {
		if !strings.HasPrefix(k.Key, t.ask.prefix) || t.ask.rev != 0 && (k.Mod == 0 || k.Mod > t.ask.rev) {
			continue
		}
		if t.count++; t.count <= maxKeys {
			t.keys = append(t.keys, storeKey{key: k.Key, value: k.Value, mod: k.Mod, deleted: k.Deleted, clipped: k.Clipped})
		}
	}
}

// source says where it comes from, and what is not known.
func (t storeSight) source() string {
	w := t.Words
	switch {
	case t.asked && t.ask.rev != 0:
		return w.Say("As {0} itself has it, at revision {1} of {2}.", t.id.String(), strconv.FormatInt(t.ask.rev, 10), strconv.FormatInt(t.newest, 10))
	case t.asked:
		return w.Say("As {0} itself has it now, at revision {1}.", t.id.String(), strconv.FormatInt(t.newest, 10))
	case t.facts.Whole && t.facts.Dark == 0:
		return w.Say("As its log tells, at revision {0}.", strconv.FormatInt(t.newest, 10))
	case t.facts.Whole:
		return w.Count(t.facts.Dark, w.Number(uint64(t.facts.Dark)), "As its log tells, at revision {1}. Of {0} entry the facts do not tell what it wrote.",
			"As its log tells, at revision {1}. Of {0} entries the facts do not tell what they wrote.", strconv.FormatInt(t.newest, 10))
	case t.facts.Dark == 0:
		return w.Say("As its log tells from entry {0} on, at revision {1}. What was written before is not known from the facts.", number(t.facts.From), strconv.FormatInt(t.newest, 10))
	}
	return w.Count(t.facts.Dark, w.Number(uint64(t.facts.Dark)), "As its log tells from entry {1} on, at revision {2}. What was written before is not known from the facts, nor what {0} entry wrote.",
		"As its log tells from entry {1} on, at revision {2}. What was written before is not known from the facts, nor what {0} entries wrote.", number(t.facts.From), strconv.FormatInt(t.newest, 10))
}

// found says how much of what there is is shown.
func (t storeSight) found() string {
	w := t.Words
	switch {
	case t.count == 0 && t.ask.prefix != "":
		return w.Say("No key begins so.")
	case t.count == 0:
		return w.Say("It has no keys.")
	case t.count > int64(len(t.keys)):
		return w.Say("The first {0} of {1} keys.", w.Number(uint64(len(t.keys))), w.Number(uint64(t.count)))
	}
	return w.Count(int(t.count), w.Number(uint64(t.count)), "{0} key.", "{0} keys.")
}

// base is what a search goes on with.
func (t storeSight) base() string { return t.words(t.ask.rev) + " find" }

func (t storeSight) words(rev int64) string {
	all := "node " + t.id.String()
	if rev != 0 {
		all += " rev " + strconv.FormatInt(rev, 10)
	}
	return all
}

// at is what one looks at for another revision: 0 is the newest.
func (t storeSight) at(rev int64) string {
	if t.ask.prefix == "" {
		return t.words(rev)
	}
	return t.words(rev) + " find " + t.ask.prefix
}

// earlier and later are the revisions beside the one that is shown; ok is false where there is none.
func (t storeSight) earlier() (rev int64, ok bool) {
	rev = t.newest
	if t.ask.rev != 0 {
		rev = t.ask.rev
	}
	return rev - 1, rev > 1 && t.asked
}

func (t storeSight) later() (rev int64, ok bool) {
	if t.ask.rev == 0 {
		return 0, false
	}
	if t.ask.rev+1 >= t.newest {
		return 0, true
	}
	return t.ask.rev + 1, true
}

// history is what is known of a key's past.
func (t storeSight) history(k storeKey) string {
	w, of := t.Words, func(n int64) string { return strconv.FormatInt(n, 10) }
	switch {
	case k.lease != 0:
		return w.Say("version {0}, created at {1}, changed at {2}, lease {3}", of(k.version), of(k.create), of(k.mod), strconv.FormatInt(k.lease, 16))
	case k.version != 0:
		return w.Say("version {0}, created at {1}, changed at {2}", of(k.version), of(k.create), of(k.mod))
	case k.mod != 0:
		return w.Say("changed at {0}", of(k.mod))
	}
	return w.Say("revision not known")
}
