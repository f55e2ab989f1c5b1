package check

import (
	"math"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// narrow makes the search for an order short where many ops on one key have no known end, without changing the
// answer. Each such op could go anywhere after its call, and a hundred of them make more orders than can be
// tried. But a put whose value nobody else puts
//   - has taken effect before the first read of that value returned, so it ends there;
//   - need not have happened if its value was never read, as long as there are only puts and reads: the reads
//     between it and the next put would have seen it.
//
// What the key held in the beginning may have the same value as such a put: then a read says nothing of the put.
func narrow(from cell, ops []Op) []Op {
	written, read, plain := writings(ops), readings(ops), true
	for i := range ops {
		k := ops[i].Command.Kind
		plain = plain && (k == event.Put || k == event.Get)
	}
	narrowed := make([]Op, 0, len(ops))
	for _, op := range ops {
		if !op.open() {
			narrowed = append(narrowed, op)
			continue
		}
		op.Return = math.MaxInt64
		value := op.Command.Value
		if op.Command.Kind == event.Put && written[value] == 1 {
			end, seen := read[value]
			if !seen && plain {
				continue
			}
			if seen && end > op.Call && !from.unknown && (from.version == 0 || from.value != value) {
				op.Return = end
			}
		}
		narrowed = append(narrowed, op)
	}
	return narrowed
}

// writings counts by value the requests that may put it.
func writings(ops []Op) map[string]int {
	n := make(map[string]int)
	for i := range ops {
		c := &ops[i].Command
		if c.Kind == event.Put {
			n[c.Value]++
		}
		if c.Txn == nil {
			continue
		}
		for _, requests := range [][]event.Request{c.Txn.Success, c.Txn.Failure} {
			for _, r := range requests {
				n[r.Value]++
			}
		}
	}
	return n
}

// readings gives by value when the first read of it returned.
func readings(ops []Op) map[string]int64 {
	first := make(map[string]int64)
	note := func(op *Op, kvs []event.KeyValue) {
		for _, kv := range kvs {
			if at, ok := first[kv.Value]; !ok || op.Return < at {
				first[kv.Value] = op.Return
			}
		}
	}
	for i := range ops {
		op := &ops[i]
		if op.open() {
			continue
		}
		note(op, op.Result.KVs)
		for _, r := range op.Result.Responses {
			note(op, r.KVs)
		}
	}
	return first
}
