package lessons

import (
	"reflect"

	"cel.dev/cel-go/cel"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// variable is a name that an expression may use.
type variable struct {
	name string
	kind *cel.Type
}

func object(of any) *cel.Type { return cel.ObjectType("lessons." + reflect.TypeOf(of).Name()) }
func listOf(of any) *cel.Type { return cel.ListType(object(of)) }

// variables are all of them, as the comment in facts.go tells.
var variables = []variable{
	{"node", cel.MapType(cel.StringType, object(Node{}))},
	{"nodes", listOf(Node{})},
	{"leader", object(Node{})},
	{"leaders", listOf(Node{})},
	{"groups", listOf(Group{})},
	{"links", listOf(Wire{})},
	{"messages", listOf(Message{})},
	{"members", listOf(Member{})},
	{"ops", listOf(Op{})},
	{"history", listOf(Op{})},
	{"events", listOf(Event{})},
	{"commit", cel.IntType},
	{"revision", cel.IntType},
	{"term", cel.IntType},
	{"voters", cel.IntType},
	{"quorum", cel.IntType},
	{"now", cel.IntType},
	{"rate", cel.DoubleType},
	{"lit", cel.BoolType},
	{"since", object(Moment{})},
	{"start", object(Moment{})},
}

// closed are the fields of the vocabulary whose words are known: a comparison with another word is a slip.
var closed = map[string]wordList{
	"Node.role":       {"role", wordsOf[event.Role](int(event.Leader))},
	"Node.suffrage":   {"suffrage", wordsOf[event.Suffrage](int(event.Learner))},
	"Member.suffrage": {"suffrage", wordsOf[event.Suffrage](int(event.Learner))},
	"Entry.type":      {"type of an entry", wordsOf[event.EntryType](int(event.EntryBarrier))},
	"Message.type":    {"type of a message", wordsOf[event.MessageType](int(event.ReadIndex))},
	"Op.kind":         {"command", wordsOf[event.CommandKind](event.Commands - 1)},
	"Op.outcome":      {"outcome", wordsOf[event.Outcome](int(event.Unknown))},
	"Event.kind":      {"kind of event", wordsOf[event.Kind](event.Kinds - 1)},
	"Event.role":      {"role", wordsOf[event.Role](int(event.Leader))},
	"Event.type":      {"type of a message or an entry", append(wordsOf[event.MessageType](int(event.ReadIndex)), wordsOf[event.EntryType](int(event.EntryBarrier))...)},
	"Event.reason":    {"reason", wordsOf[event.Reason](int(event.RoomClosed))},
	"Event.command":   {"command", wordsOf[event.CommandKind](event.Commands - 1)},
	"Event.outcome":   {"outcome", wordsOf[event.Outcome](int(event.Unknown))},
}

// identities are the fields that name a node, or nobody.
var identities = map[string]bool{"Node.id": true, "Node.vote": true, "Node.leader": true, "Progress.id": true, "Wire.from": true, "Wire.to": true,
	"Message.from": true, "Message.to": true, "Member.id": true, "Op.node": true, "Op.leader": true, "Event.node": true, "Event.peer": true}

// wordList is a closed vocabulary.
type wordList struct {
	what  string
	words []string
}

// wordsOf are the names of the values of T from 0 to last.
func wordsOf[T interface {
	~uint8
	String() string
}](last int) []string {
	var words []string
	for i := range last + 1 {
		words = append(words, T(i).String())
	}
	return words
}
