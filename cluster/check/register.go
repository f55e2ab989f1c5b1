package check

import (
	"strconv"

	"github.com/anishathalye/porcupine"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// cell is a key in the model: its version counts the puts since it was created, 0 means that it is not there, and some
// that it is, whatever was before. Of a key of which nothing is known anything may be seen.
type cell struct {
	value   string
	version int64
	unknown bool
}

// some is a version above 0 that is not known.
const some = -1

// anything is a cell of which nothing is known.
var anything = cell{unknown: true}

// register is the model of one key that begins as c. The input of an operation is its *Op, the output is in there too.
func register(c cell) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return c },
		Step: func(state, input, _ any) (bool, any) { return state.(cell).step(input.(*Op)) },
	}
}

// step does op, and says whether what the client saw agrees.
func (c cell) step(op *Op) (bool, cell) {
	r, blind := &op.Result, op.open()
	// Only requests to the store are judged.
	//exhaustive:ignore
	switch op.Command.Kind {
	case event.Put:
		return true, c.put(op.Command.Value)
	case event.Get:
		return c.shows(r.KVs)
	case event.Del:
		return blind || c.deletes(r.Deleted), cell{}
	case event.TxnDo:
		agrees, next := c.txn(op)
		return blind || agrees, next
	}
	return false, c
}

func (c cell) put(value string) cell {
	if c.unknown || c.version == some {
		return cell{value: value, version: some}
	}
	return cell{value: value, version: c.version + 1}
}

// shows says whether a read of c may have seen this, and what is known then.
func (c cell) shows(kvs []event.KeyValue) (bool, cell) {
	switch {
	case len(kvs) > 1:
		return false, c
	case c.unknown && len(kvs) == 0:
		return true, cell{}
	case c.unknown && kvs[0].Lease != 0: // it may go by itself
		return true, c
	case c.unknown && kvs[0].Version == 0:
		return true, cell{value: kvs[0].Value, version: some}
	case c.unknown:
		return true, cell{value: kvs[0].Value, version: kvs[0].Version}
	case c.version == 0:
		return len(kvs) == 0, c
	}
	return len(kvs) == 1 && kvs[0].Value == c.value, c
}

func (c cell) deletes(n int64) bool { return c.unknown || (n > 0) == (c.version != 0) }

// txn does what the comparisons decide; every answer in it must agree.
func (c cell) txn(op *Op) (agrees bool, next cell) {
	holds, sure := true, true
	for _, compare := range op.Command.Txn.Compare {
		h, s := c.holds(&compare)
		holds, sure = holds && h, sure && s
	}
	if !sure && op.open() {
		return true, anything
	}
	if !sure {
		holds = op.Result.Succeeded
	}
	requests := op.Command.Txn.Success
	if !holds {
		requests = op.Command.Txn.Failure
	}
	agrees = holds == op.Result.Succeeded
	for i, request := range requests {
		var response *event.Response
		if i < len(op.Result.Responses) {
			response = &op.Result.Responses[i]
		}
		// What a transaction may hold.
		//exhaustive:ignore
		switch request.Kind {
		case event.Put:
			c = c.put(request.Value)
		case event.Get:
			seen := false
			if response != nil {
				seen, c = c.shows(response.KVs)
			}
			agrees = agrees && seen
		case event.Del:
			agrees = agrees && response != nil && c.deletes(response.Deleted)
			c = cell{}
		}
	}
	return agrees, c
}

// holds decides a comparison, and says whether it can be decided. Revisions are known as far as 0 means that the key is not there.
func (c cell) holds(compare *event.Compare) (holds, sure bool) {
	if c.unknown {
		return true, false
	}
	if compare.Target == "value" {
		// A long value is compared by its sum, which has no order. etcd: a comparison with the value of a key that is not
		// there fails.
		order := compare.Result == "<" || compare.Result == ">"
		return c.version != 0 && ordered(compare.Result, c.value, compare.Value), !order || c.version == 0
	}
	want, err := strconv.ParseInt(compare.Value, 10, 64)
	if err != nil {
		return false, true
	}
	if c.version == some {
		return ordered(compare.Result, 1, want), want == 0
	}
	return ordered(compare.Result, c.version, want), true
}

func ordered[T string | int64](result string, has, want T) bool {
	switch result {
	case "=":
		return has == want
	case "!=":
		return has != want
	case "<":
		return has < want
	case ">":
		return has > want
	}
	return false
}
