package check

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// NotLinearizable says that no order of the ops on a key explains what their clients saw.
type NotLinearizable struct {
	Key string
	Ops []Op // all ops on the key that were judged, by call
}

func (n *NotLinearizable) Error() string {
	var s strings.Builder
	s.WriteString("no order of the " + strconv.Itoa(len(n.Ops)) + " ops on " + strconv.Quote(n.Key) + " explains what clients saw:")
	for _, op := range n.Ops {
		s.WriteString("\n  " + op.String())
	}
	return s.String()
}

// ErrUndecided says that the limit passed before an order was found or excluded.
var ErrUndecided = errors.New("whether the history is linearizable was not decided in time: check fewer ops a key or allow more time")

// Linearizable says whether the ops could have happened one after the other, each between its call and its
// return, on a store that holds one value a key (Herlihy and Wing 1990): nil, *NotLinearizable for the first
// key by name for which they could not, or ErrUndecided after limit.
//
// An op with outcome unknown may have taken effect at any time after its call, or never. One that failed did
// not, and is left out. So are serializable reads and those of an old revision, which promise less. Each op
// must concern one key; what does not (ranges, transactions over several keys) is an error.
func Linearizable(ops []Op, limit time.Duration) error {
	byKey, err := judged(ops)
	if err != nil {
		return err
	}
	keys := make([]string, 0, len(byKey))
	for key := range byKey {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	deadline := time.Now().Add(limit)
	var undecided error
	for _, key := range keys {
		switch porcupine.CheckOperationsTimeout(register, operations(byKey[key]), max(time.Until(deadline), time.Millisecond)) {
		case porcupine.Illegal:
			return &NotLinearizable{Key: key, Ops: byKey[key]}
		case porcupine.Unknown:
			undecided = ErrUndecided
		case porcupine.Ok:
		}
	}
	return undecided
}

// judged sorts the ops that say something by their key.
func judged(ops []Op) (map[string][]Op, error) {
	byKey := make(map[string][]Op)
	for _, op := range ops {
		if op.idle() {
			continue
		}
		key, err := keyOf(&op)
		if err != nil {
			return nil, err
		}
		byKey[key] = append(byKey[key], op)
	}
	return byKey, nil
}

// idle says that nothing follows from the op.
func (o *Op) idle() bool {
	c := &o.Command
	switch {
	case o.Result.Outcome == event.Failed || !c.Kind.Store():
		return true
	case c.Kind == event.Get:
		return o.open() || c.Serializable || c.Rev != 0
	}
	return false
}

func keyOf(o *Op) (string, error) {
	c := &o.Command
	if c.End != "" || c.Prefix {
		return "", errors.New("cannot judge a " + c.Kind.String() + " of a range of keys: use one key")
	}
	if c.Kind != event.TxnDo {
		return c.Key, nil
	}
	if c.Txn == nil {
		return "", errors.New("cannot judge a txn that holds no transaction")
	}
	var keys []string
	for _, compare := range c.Txn.Compare {
		if compare.Target != "value" && compare.Target != "version" && compare.Value != "0" {
			return "", errors.New("cannot judge a txn that compares the " + compare.Target + " with " + compare.Value + ": use value, version or 0")
		}
		keys = append(keys, compare.Key)
	}
	for _, r := range slices.Concat(c.Txn.Success, c.Txn.Failure) {
		if r.End != "" || r.Prefix {
			return "", errors.New("cannot judge a txn with a range of keys: use one key")
		}
		keys = append(keys, r.Key)
	}
	slices.Sort(keys)
	if keys = slices.Compact(keys); len(keys) != 1 {
		return "", errors.New("cannot judge a txn over " + strconv.Itoa(len(keys)) + " keys: use one key")
	}
	return keys[0], nil
}

func operations(ops []Op) []porcupine.Operation {
	history := make([]porcupine.Operation, len(ops))
	for i := range ops {
		op := &ops[i]
		history[i] = porcupine.Operation{ClientId: op.Client, Input: op, Call: op.Call, Return: op.Return}
		if op.open() {
			history[i].Return = math.MaxInt64
		}
	}
	return history
}

func (o *Op) String() string {
	c, r := &o.Command, &o.Result
	s := strconv.FormatInt(o.Call, 10) + " to "
	if o.Return == math.MaxInt64 {
		s += "…"
	} else {
		s += strconv.FormatInt(o.Return, 10)
	}
	s += " client " + strconv.Itoa(o.Client) + " " + c.Kind.String() + " " + c.Key
	if c.Kind == event.Put {
		s += " = " + strconv.Quote(c.Value)
	}
	s += ": " + r.Outcome.String()
	switch {
	case r.Outcome != event.OK:
	case c.Kind == event.Get && len(r.KVs) == 0:
		s += ", nothing there"
	case c.Kind == event.Get:
		s += ", " + strconv.Quote(r.KVs[0].Value)
	case c.Kind == event.Del:
		s += ", " + strconv.FormatInt(r.Deleted, 10) + " deleted"
	case c.Kind == event.TxnDo:
		s += ", succeeded " + strconv.FormatBool(r.Succeeded)
	}
	return s
}
