package lessons

import (
	"cmp"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// wire is a direction of a link in its room.
type wire struct {
	room *view.State
	*view.Link
}

var groupSchema = describe(Group{}, map[string]func(*view.Group) ref.Val{
	"nodes":  func(g *view.Group) ref.Val { return namesOf(g.Nodes) },
	"voters": func(g *view.Group) ref.Val { return whole(g.Voters) },
	"quorum": func(g *view.Group) ref.Val { return types.Bool(g.Quorum) },
})

// The delay is the real one: the room's own where none is set.
var wireSchema = describe(Wire{}, map[string]func(wire) ref.Val{
	"from": func(w wire) ref.Val { return nameOf(w.From) },
	"to":   func(w wire) ref.Val { return nameOf(w.To) },
	"cut":  func(w wire) ref.Val { return types.Bool(w.Cut) },
	"hold": func(w wire) ref.Val { return types.Bool(w.Hold) },
	"loss": func(w wire) ref.Val { return ratio(w.Loss) },
	"delay_ms": func(w wire) ref.Val {
		return millis(event.Micros(float64(cmp.Or(w.Delay, w.room.Delay)) * cmp.Or(w.Slow, event.One).Float()))
	},
})

var messageSchema = describe(Message{}, map[string]func(*view.Message) ref.Val{
	"id":    func(m *view.Message) ref.Val { return whole(m.ID) },
	"from":  func(m *view.Message) ref.Val { return nameOf(m.From) },
	"to":    func(m *view.Message) ref.Val { return nameOf(m.To) },
	"type":  func(m *view.Message) ref.Val { return word(messageWords, m.Type) },
	"reply": func(m *view.Message) ref.Val { return types.Bool(m.Reply) },
	"ok":    func(m *view.Message) ref.Val { return types.Bool(m.OK) },
	"term":  func(m *view.Message) ref.Val { return whole(m.Term) },
	"index": func(m *view.Message) ref.Val { return whole(m.Index) },
	"n":     func(m *view.Message) ref.Val { return whole(m.N) },
	"text":  func(m *view.Message) ref.Val { return types.String(m.Text) },
	"held":  func(m *view.Message) ref.Val { return types.Bool(m.Held) },
})

var memberSchema = describe(Member{}, map[string]func(event.Member) ref.Val{
	"id":       func(m event.Member) ref.Val { return nameOf(m.ID) },
	"suffrage": func(m event.Member) ref.Val { return word(memberWords, m.Suffrage) },
})

var opSchema = describe(Op{}, map[string]func(*view.Op) ref.Val{
	"id":       func(o *view.Op) ref.Val { return whole(o.ID) },
	"kind":     func(o *view.Op) ref.Val { return word(commandWords, o.Kind) },
	"node":     func(o *view.Op) ref.Val { return nameOf(o.Node) },
	"leader":   func(o *view.Op) ref.Val { return nameOf(o.Leader) },
	"key":      func(o *view.Op) ref.Val { return types.String(o.Key) },
	"text":     func(o *view.Op) ref.Val { return types.String(o.Text) },
	"outcome":  func(o *view.Op) ref.Val { return word(outcomeWords, o.Outcome) },
	"rev":      func(o *view.Op) ref.Val { return whole(o.Rev) },
	"index":    func(o *view.Op) ref.Val { return whole(o.Index) },
	"acks":     func(o *view.Op) ref.Val { return namesOf(o.Acks) },
	"error":    func(o *view.Op) ref.Val { return types.String(o.Error) },
	"asked_ms": func(o *view.Op) ref.Val { return millis(o.Asked) },
	"took_ms":  tookOf,
	"serializable": func(o *view.Op) ref.Val {
		return types.Bool(o.Kind == event.Get && strings.HasSuffix(o.Text, " --serializable"))
	},
})

var eventSchema = describe(Event{}, map[string]func(*event.Event) ref.Val{
	"kind":     func(e *event.Event) ref.Val { return word(kindWords, e.Kind) },
	"node":     func(e *event.Event) ref.Val { return nameOf(e.Node) },
	"peer":     func(e *event.Event) ref.Val { return nameOf(e.Peer) },
	"role":     func(e *event.Event) ref.Val { return word(roleWords, e.Role) },
	"type":     typeOfEvent,
	"term":     func(e *event.Event) ref.Val { return whole(e.Term) },
	"index":    func(e *event.Event) ref.Val { return whole(e.Index) },
	"log_term": func(e *event.Event) ref.Val { return whole(e.LogTerm) },
	"ok":       func(e *event.Event) ref.Val { return types.Bool(e.OK) },
	"reply":    func(e *event.Event) ref.Val { return types.Bool(e.Reply) },
	"reason":   func(e *event.Event) ref.Val { return word(reasonWords, e.Reason) },
	"command":  func(e *event.Event) ref.Val { return word(commandWords, e.Command) },
	"outcome":  func(e *event.Event) ref.Val { return word(outcomeWords, e.Outcome) },
	"op":       func(e *event.Event) ref.Val { return whole(e.Op) },
	"rev":      func(e *event.Event) ref.Val { return whole(e.Rev) },
	"n":        func(e *event.Event) ref.Val { return whole(e.N) },
	"key":      func(e *event.Event) ref.Val { return types.String(e.Key) },
	"text":     func(e *event.Event) ref.Val { return types.String(e.Text) },
	"nodes":    func(e *event.Event) ref.Val { return namesOf(e.Nodes) },
	"at_ms":    func(e *event.Event) ref.Val { return millis(e.At) },
})

// typeOfEvent is that of the message or of the entry that the event is about.
func typeOfEvent(e *event.Event) ref.Val {
	if e.Type == event.MessageNone {
		return word(entryWords, e.Entry)
	}
	return word(messageWords, e.Type)
}

func tookOf(o *view.Op) ref.Val {
	if o.Outcome == event.Pending {
		return types.Int(0)
	}
	return millis(o.Answered - o.Asked)
}

func groupsOf(s *view.State) ref.Val {
	groups := s.Groups()
	return list(groupSchema, len(groups), func(i int) *view.Group { return &groups[i] })
}

func linksOf(s *view.State) ref.Val {
	return list(wireSchema, len(s.Links), func(i int) wire { return wire{s, &s.Links[i]} })
}

func messagesOf(s *view.State) ref.Val {
	return list(messageSchema, len(s.Messages), func(i int) *view.Message { return &s.Messages[i] })
}

func membersOf(s *view.State) ref.Val {
	return list(memberSchema, len(s.Members), func(i int) event.Member { return s.Members[i] })
}

func eventsOf(facts []event.Event) ref.Val {
	return list(eventSchema, len(facts), func(i int) *event.Event { return &facts[i] })
}

// opsOf are the commands that people gave since a moment. Ids of commands rise, so those after the newest one of the
// moment are later; what the lesson did itself is left out.
func opsOf(f *Facts, since *view.State) ref.Val {
	var before uint64
	if since != nil {
		for i := range since.Ops {
			before = max(before, since.Ops[i].ID)
		}
	}
	return some(opSchema, len(f.Now.Ops), func(i int) (*view.Op, bool) {
		op := &f.Now.Ops[i]
		return op, op.ID > before && !f.Own[op.ID]
	})
}
