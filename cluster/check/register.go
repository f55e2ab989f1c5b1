package check

import (
	"strconv"

	"github.com/anishathalye/porcupine"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// cell is a key in the model: its version counts the puts since it was created, 0 means that it is not there.
type cell struct {
	value   string
	version int64
}

// register is the model of one key. The input of an operation is its *Op, the output is in there too.
var register = porcupine.Model{
	Init: func() any { return cell{} },
	Step: func(state, input, _ any) (bool, any) {
		op := input.(*Op)
		return state.(cell).step(op)
	},
}

// step does op, and says whether what the client saw agrees.
func (c cell) step(op *Op) (bool, any) {
	r, blind := &op.Result, op.open()
	// Only requests to the store are judged.
	//exhaustive:ignore
	switch op.Command.Kind {
	case event.Put:
		return true, c.put(op.Command.Value)
	case event.Get:
		return c.shows(r.KVs), c
	case event.Del:
		return blind || (r.Deleted > 0) == (c.version > 0), cell{}
	case event.TxnDo:
		agrees, next := c.txn(op)
		return blind || agrees, next
	}
	return false, c
}

func (c cell) put(value string) cell { return cell{value: value, version: c.version + 1} }

func (c cell) shows(kvs []event.KeyValue) bool {
	if c.version == 0 {
		return len(kvs) == 0
	}
	return len(kvs) == 1 && kvs[0].Value == c.value
}

// txn does what the comparisons decide; every answer in it must agree.
func (c cell) txn(op *Op) (agrees bool, next cell) {
	holds := true
	for _, compare := range op.Command.Txn.Compare {
		holds = holds && c.holds(&compare)
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
			agrees = agrees && response != nil && c.shows(response.KVs)
		case event.Del:
			agrees = agrees && response != nil && (response.Deleted > 0) == (c.version > 0)
			c = cell{}
		}
	}
	return agrees, c
}

// holds decides a comparison. Revisions are known as far as 0 means that the key is not there.
func (c cell) holds(compare *event.Compare) bool {
	if compare.Target == "value" {
		// etcd: a comparison with the value of a key that is not there fails.
		return c.version > 0 && ordered(compare.Result, c.value, compare.Value)
	}
	want, err := strconv.ParseInt(compare.Value, 10, 64)
	if err != nil {
		return false
	}
	return ordered(compare.Result, c.version, want)
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
