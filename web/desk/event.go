package desk

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

func init() { drawers["event"] = drawEvent }

// eventSight is something that happened, as its panel shows it: what, when, and why.
type eventSight struct {
	Moment              // right after it; its state is let go of when all is found out
	now    event.Micros // of the moment that is looked at
	e      event.Event
	what   string
	why    *tale.Answer // nil: there is nothing to ask
	marks  string
	more   []onward
	unread bool // the recording may say more, which was not read yet
}

// onward leads to something else that can be looked at.
type onward struct{ words, name string }

// drawEvent draws "event 1234". It is asked of the moment right after it: later facts may have made the question idle.
func drawEvent(m Moment, fields []string) *content {
	if len(fields) != 1 || m.Journal == nil {
		return nil
	}
	seq, ok := event.ParseNumber(fields[0])
	if !ok || seq == 0 || seq > m.State.Seq {
		return nil
	}
	s := m.eventSight(seq)
	if s == nil {
		return nil
	}
	s.now = m.State.At
	return &content{body: eventPanel(*s), marks: s.marks, more: s.unread}
}

// eventSight looks at an event; what was found out once is kept, for it does not change.
func (m Moment) eventSight(seq uint64) *eventSight {
	if s := m.seen(seq); s != nil {
		return s
	}
	list, err := m.Journal.Events(seq, 1)
	if err != nil || len(list) == 0 {
		return nil
	}
	state, err := m.Journal.StateAt(seq)
	if err != nil {
		return nil
	}
	then := m.registered()
	then.State, then.Live = &state, false
	s := &eventSight{Moment: then, e: list[0], what: list[0].Kind.String()}
	for _, t := range then.tell(list) {
		s.what = t.words
	}
	if q, ok := tale.OfEvent(then.tale(), &s.e); ok {
		a := tale.Why(then.tale(), q)
		s.why, s.marks = &a, then.marksOf(a)
	} else {
		s.marks = s.places()
	}
	s.more = s.onwards()
	s.Moment, s.unread = Moment{Words: m.Words}, then.behind
	if !s.unread {
		m.see(seq, s)
	}
	return s
}

// onwards are what the event is about.
func (s *eventSight) onwards() (all []onward) {
	e, w := &s.e, s.Words
	add := func(yes bool, words, name string) {
		if yes {
			all = append(all, onward{words, name})
		}
	}
	add(e.Op != 0, "op "+number(e.Op), w.Say("Its request"))
	add(e.Msg != 0, "message "+number(e.Msg), w.Say("Message"))
	add(e.Kind == event.LinkSet, "link "+e.Node.String()+" "+e.Peer.String(), w.Say("Its link"))
	for _, id := range []event.NodeID{e.Node, e.Peer} {
		add(s.State.Node(id) != nil, "node "+id.String(), id.String())
	}
	return all
}

// places are where one sees it.
func (s *eventSight) places() string {
	var marks []string
	for _, id := range []event.NodeID{s.e.Node, s.e.Peer} {
		if id != 0 {
			marks = append(marks, id.String())
		}
	}
	if s.e.Kind == event.LinkSet {
		marks = []string{min(s.e.Node, s.e.Peer).String() + "-" + max(s.e.Node, s.e.Peer).String()}
	}
	if s.e.Op != 0 {
		marks = append(marks, s.placesOfOp(s.e.Op)...)
	}
	return strings.Join(marks, " ")
}

// when is the event's time, and how long that was before the moment that is looked at.
func (s eventSight) when() string {
	return s.Words.Say("{0}, {1} before the moment that you look at.", tale.Clock(s.e.At), s.Words.Duration(int64(max(s.now-s.e.At, 0))))
}

// answer is why it was.
func (s eventSight) answer() tale.Answer { return *s.why }
