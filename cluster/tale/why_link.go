package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var linkAskings = []asking{
	{"cut", aboutLink, words.Of("Why do messages not pass between {0}?"), func(q *inquiry) bool {
		return q.either(func(l *view.Link) bool { return l.Cut || l.Loss >= event.One })
	}, (*inquiry).whyCut},
	{"gate", aboutLink, words.Of("Why do messages wait between {0}?"), func(q *inquiry) bool { return q.either(func(l *view.Link) bool { return l.Hold }) }, (*inquiry).whyGate},
	{"slow", aboutLink, words.Of("Why are messages slow between {0}?"), func(q *inquiry) bool { return q.either(func(l *view.Link) bool { return q.delay(l) > q.s.Delay }) }, (*inquiry).whyLinkSlow},
	{"loses", aboutLink, words.Of("Why are messages lost between {0}?"), func(q *inquiry) bool {
		return q.either(func(l *view.Link) bool { return l.Loss > 0 && l.Loss < event.One })
	}, (*inquiry).whyLossy},
}

// ways are both directions of the link.
func (q *inquiry) ways() [2]*view.Link {
	a, b := q.subject.node, q.subject.peer
	return [2]*view.Link{q.s.Link(a, b), q.s.Link(b, a)}
}

func (q *inquiry) either(is func(l *view.Link) bool) bool {
	w := q.ways()
	return is(w[0]) || is(w[1])
}

// seeSet adds the events by which a direction became what it is.
func (q *inquiry) seeSet(l *view.Link, sentence string) {
	set := q.last(of(event.LinkSet).by(l.From).to(l.To).that(func(e *event.Event) bool { return e.Link == l.Link }))
	if set == nil {
		q.see(linkMark(l.From, l.To), sentence)
		return
	}
	q.happened(set, linkMark(l.From, l.To), sentence)
	order := q.last(of(event.Asked).behind(q.seqAt(set.At - 1_000_000)).ahead(set.Seq).that(func(e *event.Event) bool {
		return e.Command == event.Cut || e.Command == event.Partition || e.Command == event.SetLink || e.Command == event.Hold
	}))
	if order != nil {
		q.happened(order, "", ordered(q.Language, order))
	}
}

func (q *inquiry) whyCut() {
	a, b := q.subject.node.String(), q.subject.peer.String()
	w := q.ways()
	blocked := func(l *view.Link) bool { return l.Cut || l.Loss >= event.One }
	from, to, shut := a, b, w[0]
	if !blocked(w[0]) {
		from, to, shut = b, a, w[1]
	}
	switch both := blocked(w[0]) && blocked(w[1]); {
	case both && w[0].Cut && w[1].Cut:
		q.say(q.Say("The way between {0} and {1} is cut in both directions: what either sends to the other is lost.", a, b))
	case both:
		q.say(q.Say("Nothing passes between {0} and {1}: what either sends to the other is lost.", a, b))
	case shut.Cut:
		q.say(q.Say("The way from {0} to {1} is cut, the other direction is open: {0} hears {1}, but its own requests and answers are lost, and a request without its answer acknowledges nothing.", from, to))
	default:
		q.say(q.Say("All that {0} sends to {1} is lost, the other direction is open: {0} hears {1}, but its own requests and answers do not arrive, and a request without its answer acknowledges nothing.", from, to))
	}
	for _, l := range w {
		if blocked(l) {
			q.seeSet(l, q.Say("Nothing passes from {0} to {1}.", l.From.String(), l.To.String()))
		}
	}
}

func (q *inquiry) whyGate() {
	w, waiting := q.ways(), 0
	for i := range q.s.Messages {
		m := &q.s.Messages[i]
		if m.Held && linkMark(m.From, m.To) == q.subject.String() {
			waiting++
		}
	}
	q.say(q.Count(waiting, count(waiting), "Somebody shut the gate there: {0} message waits until it is let go by hand, delivered, dropped, copied or moved back.", "Somebody shut the gate there: {0} messages wait until they are let go by hand, delivered, dropped, copied or moved back."))
	for _, l := range w {
		if l.Hold {
			q.seeSet(l, q.Say("From {0} to {1} there is a gate.", l.From.String(), l.To.String()))
		}
	}
	q.seeHeld(q.subject.node, q.subject.peer)
}

func (q *inquiry) whyLinkSlow() {
	for _, l := range q.ways() {
		if q.delay(l) > q.s.Delay {
			q.say(q.Say("From {0} to {1} a message takes up to {2}; elsewhere it takes {3}.", l.From.String(), l.To.String(), q.span(q.delay(l)), q.span(q.s.Delay)))
			q.seeSet(l, q.Say("The way from {0} to {1} was made slow.", l.From.String(), l.To.String()))
		}
	}
	if p := q.patience(); p > 0 && q.roundTrip(q.ways()[0]) > p/2 {
		q.say(q.Say("There and back is {0}; followers are patient for {1}.", q.span(q.roundTrip(q.ways()[0])), q.span(p)))
	}
}

func (q *inquiry) whyLossy() {
	for _, l := range q.ways() {
		if l.Loss > 0 && l.Loss < event.One {
			q.say(q.Say("From {0} to {1} {2} % of the messages are lost at random; Raft sends again what matters.", l.From.String(), l.To.String(), q.ratio(l.Loss*100)))
			q.seeSet(l, q.Say("The way from {0} to {1} was made lossy.", l.From.String(), l.To.String()))
		}
	}
}
