package check

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Judged says whether what a command does can be judged by itself: it reads or writes one key, and all of it is known. What
// reads elsewhere, an old revision or a node's own store, promises nothing that could be judged.
func Judged(c *event.Command) (key string, ok bool) {
	if !c.Kind.Store() || c.Vague || c.Kind == event.Get && (c.Serializable || c.Rev != 0) {
		return "", false
	}
	key, err := keyOf(&Op{Command: *c})
	return key, err == nil
}

// Writes says whether the command may change the store.
func Writes(k event.CommandKind) bool { return k == event.Put || k == event.Del || k == event.TxnDo }

// deedMost bounds a deed, in bytes. A transaction that would be longer is not judged.
const deedMost = 2048

// Deed is what a command asked and what its client saw, as the fact of its answer carries it for whoever judges it: "=1"
// put 1, "?" found nothing, "?3:1" found 1, which had been put three times, "-1" deleted it; a transaction is JSON. Of long
// values it has a sum. For what writes and cannot be judged it is "*" and the keys that it may have touched, or "*" alone
// when they are not known. For all else it is empty.
func Deed(c *event.Command, r *event.Result) string {
	if !c.Kind.Store() || r.Outcome == event.Failed {
		return ""
	}
	if _, ok := Judged(c); !ok || r.Vague && r.Outcome == event.OK {
		return spoils(c)
	}
	// The requests to the store.
	//exhaustive:ignore
	switch c.Kind {
	case event.Put:
		return "=" + sum(c.Value)
	case event.Get:
		return "?" + found(r.KVs)
	case event.Del:
		return "-" + strconv.FormatInt(r.Deleted, 10)
	}
	b, err := json.Marshal(shortened(c.Txn, r))
	if err != nil || len(b) > deedMost {
		return "*"
	}
	return string(b)
}

// found is the one key that a read saw. A value with a lease may go by itself.
func found(kvs []event.KeyValue) string {
	if len(kvs) == 0 {
		return ""
	}
	kv := &kvs[0]
	version := strconv.FormatInt(kv.Version, 10)
	if kv.Lease != 0 {
		version += "~"
	}
	return version + ":" + sum(kv.Value)
}

// sumLeast is the length from which on a value stands in a deed as its sum.
const sumLeast = 32

// sum is a short value itself, or what stands for it.
func sum(value string) string {
	if len(value) < sumLeast && !strings.HasPrefix(value, "#") && strings.ToValidUTF8(value, "") == value {
		return value
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(value)) // never fails
	return "#" + strconv.FormatUint(h.Sum64(), 16)
}

// act is a transaction and its answer, short.
type act struct {
	Txn       event.Txn        `json:"txn"`
	Succeeded bool             `json:"succeeded,omitempty"`
	Responses []event.Response `json:"responses,omitempty"`
}

func shortened(t *event.Txn, r *event.Result) act {
	a := act{Succeeded: r.Succeeded}
	for _, c := range t.Compare {
		if c.Target == "value" {
			c.Value = sum(c.Value)
		}
		a.Txn.Compare = append(a.Txn.Compare, c)
	}
	requests := func(rs []event.Request) (short []event.Request) {
		for _, q := range rs {
			q.Value = sum(q.Value)
			short = append(short, q)
		}
		return short
	}
	a.Txn.Success, a.Txn.Failure = requests(t.Success), requests(t.Failure)
	for _, response := range r.Responses {
		short := event.Response{Kind: response.Kind, Deleted: response.Deleted}
		for _, kv := range response.KVs {
			short.KVs = append(short.KVs, event.KeyValue{Value: sum(kv.Value), Version: kv.Version, Lease: kv.Lease})
		}
		a.Responses = append(a.Responses, short)
	}
	return a
}

// span is keys from Key to before End; without End it is Key alone.
type span struct {
	Key string `json:"key"`
	End string `json:"end,omitempty"`
	All bool   `json:"all,omitempty"` // that begin with Key
}

// spoils are the keys that something that cannot be judged may have written.
func spoils(c *event.Command) string {
	if !Writes(c.Kind) {
		return ""
	}
	spans := []span{{c.Key, c.End, c.Prefix}}
	if c.Kind == event.TxnDo {
		spans = nil
		if c.Txn != nil {
			for _, r := range append(append([]event.Request(nil), c.Txn.Success...), c.Txn.Failure...) {
				spans = append(spans, span{r.Key, r.End, r.Prefix})
			}
		}
	}
	b, err := json.Marshal(spans)
	if err != nil || c.Blurred || len(b) > deedMost {
		return "*"
	}
	return "*" + string(b)
}

func (s *span) has(key string) bool {
	switch {
	case s.All:
		return strings.HasPrefix(key, s.Key)
	case s.End == "\x00": // etcd: every key from here on
		return key >= s.Key
	case s.End != "":
		return s.Key <= key && key < s.End
	}
	return s.Key == key
}

// spoilt reads the keys of a deed that cannot be judged; nil are all.
func spoilt(deed string) (spans []span) {
	if rest, ok := strings.CutPrefix(deed, "*"); ok && rest != "" && json.Unmarshal([]byte(rest), &spans) != nil {
		return nil
	}
	return spans
}

// recall puts into op what the fact of its answer says of it. It is false for what is no deed of this kind.
func (o *Op) recall(deed string) bool {
	if deed == "" || deed[0] == '*' {
		return false
	}
	rest := deed[1:]
	// The requests to the store.
	//exhaustive:ignore
	switch {
	case o.Command.Kind == event.Put && deed[0] == '=':
		o.Command.Value = rest
	case o.Command.Kind == event.Get && deed[0] == '?':
		return o.found(rest)
	case o.Command.Kind == event.Del && deed[0] == '-':
		n, err := strconv.ParseInt(rest, 10, 64)
		o.Result.Deleted = n
		return err == nil
	case o.Command.Kind == event.TxnDo && deed[0] == '{':
		var a act
		if json.Unmarshal([]byte(deed), &a) != nil {
			return false
		}
		o.Command.Txn, o.Result.Succeeded, o.Result.Responses = &a.Txn, a.Succeeded, a.Responses
	default:
		return false
	}
	return true
}

func (o *Op) found(rest string) bool {
	if rest == "" {
		return true
	}
	version, value, ok := strings.Cut(rest, ":")
	kv := event.KeyValue{Key: o.Command.Key, Value: value}
	if strings.HasSuffix(version, "~") {
		version, kv.Lease = version[:len(version)-1], 1
	}
	n, err := strconv.ParseInt(version, 10, 64)
	kv.Version = n
	o.Result.KVs = []event.KeyValue{kv}
	return ok && err == nil
}
