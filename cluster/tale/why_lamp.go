package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var lampAskings = []asking{
	{"out", aboutLamp, words.Of("Why is {0} broken?"), func(q *inquiry) bool { return !q.lamp.Holds }, (*inquiry).whyOut},
}

func (q *inquiry) whyOut() {
	q.say(q.Say("Two facts contradict each other: {0}.", ended(q.lamp.Text)))
	for _, seq := range []uint64{q.lamp.Seq, q.lamp.Earlier} {
		if seq == 0 {
			continue
		}
		e := q.event(seq)
		if e == nil {
			q.Facts = append(q.Facts, Fact{Mark: "lamps", Seq: seq, Words: q.Say("Event {0}.", number(seq))})
			continue
		}
		mark := e.Node.String()
		if e.Index != 0 {
			mark = entryMark(e.Node, e.Index)
		}
		q.happened(e, mark, q.eventWords(e))
	}
}

// event is the one with this number, if it is kept.
func (q *inquiry) event(seq uint64) *event.Event {
	if q.journal == nil || seq > q.end {
		return nil
	}
	list, err := q.journal.Events(seq, 1)
	if err != nil || len(list) == 0 {
		return nil
	}
	return &list[0]
}

// eventWords say what a monitor may object to.
func (q *inquiry) eventWords(e *event.Event) string {
	who := e.Node.String()
	// the kinds that monitors compare
	//exhaustive:ignore
	switch e.Kind {
	case event.RoleChanged:
		return q.Say("{0} became {1} of term {2}.", who, e.Role.String(), number(e.Term))
	case event.Appended:
		return q.Say("{0} appended entry {1} of term {2}: {3}.", who, number(e.Index), number(e.Term), e.Text)
	case event.Truncated:
		return q.Say("{0} cut its log from entry {1} on.", who, number(e.Index))
	case event.Committed:
		return q.Say("{0} called everything up to entry {1} committed.", who, number(e.Index))
	case event.Applied:
		return q.Say("{0} applied entry {1}: revision {2}.", who, number(e.Index), number(uint64(e.Rev)))
	case event.Answered:
		return q.Say("{0} answered a client.", who)
	case event.Asked:
		return q.Say("A client asked {0}: {1}", who, e.Text)
	}
	return q.Say("{0}: {1}", who, e.Kind.String())
}
