package lessons

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Words that are told over and over are made once.
var (
	nodeWords    = said(wordsOf[nodeNumber](view.MaxNodes))
	roleWords    = said(wordsOf[event.Role](int(event.Leader)))
	kindWords    = said(wordsOf[event.Kind](event.Kinds - 1))
	commandWords = said(wordsOf[event.CommandKind](event.Commands - 1))
	outcomeWords = said(wordsOf[event.Outcome](int(event.Unknown)))
	reasonWords  = said(wordsOf[event.Reason](int(event.RoomClosed)))
	messageWords = said(wordsOf[event.MessageType](int(event.ReadIndex)))
	entryWords   = said(wordsOf[event.EntryType](int(event.EntryBarrier)))
	memberWords  = said(wordsOf[event.Suffrage](int(event.Learner)))
)

// nodeNumber is a small event.NodeID.
type nodeNumber uint8

func (n nodeNumber) String() string { return event.NodeID(n).String() }

func said(words []string) []ref.Val {
	values := make([]ref.Val, len(words))
	for i, w := range words {
		values[i] = types.String(w)
	}
	return values
}

// word is one of the words, or the value's own name if it is beyond them.
func word[T interface {
	~uint8 | ~uint16
	String() string
}](words []ref.Val, of T) ref.Val {
	if int(of) < len(words) {
		return words[of]
	}
	return types.String(of.String())
}

func nameOf(id event.NodeID) ref.Val { return word(nodeWords, id) }

func namesOf(ids []event.NodeID) ref.Val {
	values := make([]ref.Val, len(ids))
	for i, id := range ids {
		values[i] = nameOf(id)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, values)
}

func whole[T ~uint64 | ~int64 | ~int](n T) ref.Val { return types.Int(n) }

// millis rounds up: what took any time at all did not take none.
func millis(d event.Micros) ref.Val { return types.Int((d + 999) / 1000) }

func ratio(f event.Factor) ref.Val { return types.Double(f.Float()) }
