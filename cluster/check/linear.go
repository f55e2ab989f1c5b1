package check

import (
	"errors"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// NotLinearizable says that no order of the ops on a key explains what their clients saw.
type NotLinearizable struct {
	Key string
	Ops []Op // until no order was left: the last to return is the one that nothing explains
}

// shown is how many ops the sentence lists.
const shown = 12

func (n *NotLinearizable) Error() string {
	var s strings.Builder
	s.WriteString("no order of the first " + strconv.Itoa(len(n.Ops)) + " ops on " + strconv.Quote(n.Key) + " explains what clients saw:")
	if len(n.Ops) > shown {
		s.WriteString("\n  …")
	}
	for _, op := range n.Ops[max(0, len(n.Ops)-shown):] {
		s.WriteString("\n  " + op.String())
	}
	last := n.last()
	return s.String() + "\nThere was one until this returned:\n  " + last.String()
}

// last is the op that returned last.
func (n *NotLinearizable) last() (op Op) {
	for _, o := range n.Ops {
		if !o.open() && o.Return > op.Return {
			op = o
		}
	}
	return op
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
		switch decide(cell{}, byKey[key], time.Until(deadline)) {
		case porcupine.Illegal:
			return &NotLinearizable{Key: key, Ops: shortest([]cell{{}}, byKey[key], limit)}
		case porcupine.Unknown:
			undecided = ErrUndecided
		case porcupine.Ok:
		}
	}
	return undecided
}

func decide(from cell, ops []Op, limit time.Duration) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(register(from), operations(narrow(from, ops)), max(limit, time.Millisecond))
}

// verdict is Illegal if no order explains the ops, whatever of these the key was in the beginning.
func verdict(from []cell, ops []Op, deadline time.Time) porcupine.CheckResult {
	result := porcupine.Illegal
	for _, c := range from {
		switch decide(c, ops, time.Until(deadline)) {
		case porcupine.Ok:
			return porcupine.Ok
		case porcupine.Unknown:
			result = porcupine.Unknown
		case porcupine.Illegal:
		}
	}
	return result
}

// shortest gives the beginning of a history that has no order, up to the return after which there was none.
// Every beginning of a history with an order has one too, so it can be searched by halves.
func shortest(from []cell, ops []Op, limit time.Duration) []Op {
	var returns []int64
	for i := range ops {
		if !ops[i].open() {
			returns = append(returns, ops[i].Return)
		}
	}
	slices.Sort(returns)
	deadline := time.Now().Add(limit)
	last := sort.Search(len(returns)-1, func(i int) bool {
		return verdict(from, until(ops, returns[i]), deadline) == porcupine.Illegal
	})
	return until(ops, returns[last])
}

// until is the history as it was at one place: what had not returned was open.
func until(ops []Op, at int64) (then []Op) {
	for _, op := range ops {
		if op.Call > at {
			continue
		}
		if op.Return > at {
			op.Result, op.Return = event.Result{}, math.MaxInt64
		}
		if !op.idle() {
			then = append(then, op)
		}
	}
	return then
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
