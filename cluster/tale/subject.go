package tale

import (
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Subject is what a question is about.
type Subject struct {
	sort     sort
	node     event.NodeID // of a node, an entry, a link
	peer     event.NodeID // of a link
	number   uint64       // of a command, an entry, a message
	property string       // of a lamp
}

// sort of a subject.
type sort uint8

const (
	aboutRoom    sort = iota
	aboutNode         // n3
	aboutLink         // n1-n2
	aboutOp           // op 17
	aboutEntry        // entry n3 12
	aboutMessage      // message 55
	aboutLamp         // lamp log-matching
)

// Room is the subject of questions about all.
func Room() Subject { return Subject{} }

// OfNode is a machine.
func OfNode(id event.NodeID) Subject { return Subject{sort: aboutNode, node: id} }

// OfOp is a command.
func OfOp(op uint64) Subject { return Subject{sort: aboutOp, number: op} }

// OfEntry is an entry of a node's log.
func OfEntry(id event.NodeID, index uint64) Subject {
	return Subject{sort: aboutEntry, node: id, number: index}
}

// OfMessage is a message, under way or not any more.
func OfMessage(id uint64) Subject { return Subject{sort: aboutMessage, number: id} }

// OfLink is what is between two machines, both ways.
func OfLink(a, b event.NodeID) Subject {
	return Subject{sort: aboutLink, node: min(a, b), peer: max(a, b)}
}

// String is the subject's words: "", "n3", "n1-n2", "op 17", "entry n3 12", "message 55", "lamp log-matching".
func (s Subject) String() string {
	switch s.sort {
	case aboutNode:
		return s.node.String()
	case aboutLink:
		return linkMark(s.node, s.peer)
	case aboutOp:
		return opMark(s.number)
	case aboutEntry:
		return entryMark(s.node, s.number)
	case aboutMessage:
		return messageMark(s.number)
	case aboutLamp:
		return "lamp " + s.property
	case aboutRoom:
	}
	return ""
}

func linkMark(a, b event.NodeID) string { return min(a, b).String() + "-" + max(a, b).String() }

func opMark(op uint64) string { return "op " + number(op) }

func entryMark(id event.NodeID, index uint64) string {
	return "entry " + id.String() + " " + number(index)
}

func messageMark(id uint64) string { return "message " + number(id) }

// ParseSubject reads the words of a subject and gives those that follow it.
func ParseSubject(fields []string) (s Subject, rest []string, ok bool) {
	if len(fields) == 0 {
		return Subject{}, nil, true
	}
	first, rest := fields[0], fields[1:]
	switch {
	case first == "op" || first == "message":
		if len(rest) == 0 {
			return s, nil, false
		}
		s.sort = aboutOp
		if first == "message" {
			s.sort = aboutMessage
		}
		s.number, ok = event.ParseNumber(rest[0])
		return s, rest[1:], ok
	case first == "entry":
		if len(rest) < 2 {
			return s, nil, false
		}
		id, err := event.ParseNodeID(rest[0])
		index, number := event.ParseNumber(rest[1])
		return OfEntry(id, index), rest[2:], err == nil && id != 0 && number
	case first == "lamp":
		if len(rest) == 0 {
			return s, nil, false
		}
		return Subject{sort: aboutLamp, property: rest[0]}, rest[1:], true
	}
	return parsePlace(first, rest, fields)
}

// parsePlace reads a machine, a link, or nothing: then the question is about the room.
func parsePlace(first string, rest, fields []string) (Subject, []string, bool) {
	if a, b, found := strings.Cut(first, "-"); found {
		from, err := event.ParseNodeID(a)
		to, err2 := event.ParseNodeID(b)
		if err == nil && err2 == nil && from != 0 && to != 0 {
			return OfLink(from, to), rest, true
		}
	}
	if id, err := event.ParseNodeID(first); err == nil && id != 0 {
		return OfNode(id), rest, true
	}
	return Subject{}, fields, true
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
