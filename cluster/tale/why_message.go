package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var messageAskings = []asking{
	{"held", aboutMessage, words.Of("Why does {0} wait?"), func(q *inquiry) bool { return q.msg != nil && q.msg.Held }, (*inquiry).whyHeld},
	{"dropped", aboutMessage, words.Of("Why did {0} not arrive?"), func(q *inquiry) bool { return q.dropped() != nil }, (*inquiry).whyDropped},
	{"under-way", aboutMessage, words.Of("Why has {0} not arrived yet?"), func(q *inquiry) bool { return q.msg != nil && !q.msg.Held }, (*inquiry).whyUnderWay},
	{"refusal", aboutMessage, words.Of("Why is there {0}?"), func(q *inquiry) bool {
		t, reply, ok := q.messageType()
		return reply && !ok && (t == event.RequestVote || t == event.RequestPreVote || t == event.AppendEntries)
	}, (*inquiry).whySaysNo},
}

// findMessage finds a message that is under way, or was within the inquiry's reach.
func (q *inquiry) findMessage(id uint64) bool {
	q.msg = q.s.Message(id)
	w := of(event.Sent).that(func(e *event.Event) bool { return e.Msg == id })
	if q.msg != nil { // it is known when
		w = w.behind(q.seqAt(q.msg.Sent - 1)).ahead(q.seqAt(q.msg.Sent) + 1)
	}
	q.sent = q.last(w)
	return q.msg != nil || q.sent != nil
}

func (q *inquiry) messageType() (t event.MessageType, reply, ok bool) {
	if q.msg != nil {
		return q.msg.Type, q.msg.Reply, q.msg.OK
	}
	return q.sent.Type, q.sent.Reply, q.sent.OK
}

func (q *inquiry) ends() (from, to event.NodeID) {
	if q.msg != nil {
		return q.msg.From, q.msg.To
	}
	return q.sent.Node, q.sent.Peer
}

func (q *inquiry) messageName() string {
	from, to := q.ends()
	what := ""
	if q.msg != nil {
		what = q.flyingWords(q.msg)
	} else {
		what = q.messageWords(q.sent)
	}
	return q.Say("{0} from {1} to {2}", what, from.String(), to.String())
}

// messageWords name a message as it was sent.
func (q *inquiry) messageWords(e *event.Event) string {
	return messageWords(q.Language, e.Type, e.Reply, e.OK, e.N)
}

func (q *inquiry) flyingWords(m *view.Message) string {
	return messageWords(q.Language, m.Type, m.Reply, m.OK, m.N)
}

func messageWords(l *words.Language, t event.MessageType, reply, ok bool, n int64) string {
	if reply {
		return answerWords(l, t, ok)
	}
	switch t {
	case event.AppendEntries:
		if n == 0 {
			return l.Say("an AppendEntries without entries")
		}
		return l.Count(int(n), number(uint64(n)), "an AppendEntries with {0} entry", "an AppendEntries with {0} entries")
	case event.Heartbeat:
		return l.Say("a heartbeat")
	case event.RequestVote:
		return l.Say("a request for a vote")
	case event.RequestPreVote:
		return l.Say("a request for a pre-vote")
	case event.TimeoutNow:
		return l.Say("the order to stand for election")
	case event.InstallSnapshot:
		return l.Say("a snapshot")
	case event.Forward:
		return l.Say("a forwarded request")
	case event.ReadIndex:
		return l.Say("a read's question")
	case event.MessageNone:
	}
	return l.Say("a message")
}

func answerWords(l *words.Language, t event.MessageType, ok bool) string {
	switch t {
	case event.AppendEntries:
		if ok {
			return l.Say("an acknowledgement")
		}
		return l.Say("a refusal of entries")
	case event.Heartbeat:
		return l.Say("the answer to a heartbeat")
	case event.RequestVote:
		if ok {
			return l.Say("a vote")
		}
		return l.Say("a refused vote")
	case event.RequestPreVote:
		if ok {
			return l.Say("a pre-vote")
		}
		return l.Say("a refused pre-vote")
	case event.InstallSnapshot:
		return l.Say("the answer to a snapshot")
	case event.Forward, event.ReadIndex:
		return l.Say("the answer to a forwarded request")
	case event.TimeoutNow, event.MessageNone:
	}
	return l.Say("an answer")
}

func (q *inquiry) whyHeld() {
	from, to := q.msg.From, q.msg.To
	before := 0
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.Held && m.From == from && m.To == to && m.ID < q.msg.ID {
			before++
		}
	}
	q.say(q.Say("The way from {0} to {1} has a gate, and what comes to it waits until somebody lets it go. For the cluster the message is as good as lost until then: its sender gives up waiting for an answer.", from.String(), to.String()))
	if before > 0 {
		q.say(q.Count(before, count(before), "{0} older message waits at the same gate.", "{0} older messages wait at the same gate."))
	}
	q.see(messageMark(q.msg.ID), q.Say("It has waited for {0}.", q.span(q.s.At-q.msg.Sent)))
	q.see(linkMark(from, to), q.Say("The gate between {0} and {1} is shut.", from.String(), to.String()))
	q.happened(q.sent, from.String(), q.Say("{0} sent it.", from.String()))
	hold := q.last(of(event.LinkSet).by(from).to(to).that(func(e *event.Event) bool { return e.Link.Hold }))
	q.happened(hold, linkMark(from, to), q.Say("The gate was shut."))
}

// dropped is how the message was lost; nil if it was not.
func (q *inquiry) dropped() *event.Event {
	if q.msg != nil {
		return nil // it is under way
	}
	return q.last(of(event.Dropped).by(q.sent.Node).to(q.sent.Peer).behind(q.sent.Seq).that(func(e *event.Event) bool { return e.Msg == q.subject.number }))
}

// dropWords say why a message was lost.
func (q *inquiry) dropWords(e *event.Event) string {
	from, to := e.Node.String(), e.Peer.String()
	// only the reasons of Dropped can come
	//exhaustive:ignore
	switch e.Reason {
	case event.LinkCut:
		return q.Say("The way from {0} to {1} is cut: nothing passes.", from, to)
	case event.Lost:
		return q.Say("The way from {0} to {1} loses messages at random, and this one was among them.", from, to)
	case event.ByHand:
		return q.Say("Somebody dropped it by hand.")
	case event.MachineDown:
		return q.Say("{0} is down: there was nobody to take it.", to)
	case event.QueueFull:
		return q.Say("Too many messages were waiting, and the oldest give way.")
	}
	return q.Say("It was lost.")
}

func (q *inquiry) whyDropped() {
	e := q.dropped()
	from, to := e.Node, e.Peer
	q.say(q.dropWords(e))
	q.say(q.Say("Its sender is not told; Raft needs no sure delivery, and whatever still matters is sent again."))
	q.happened(e, linkMark(from, to), q.Say("It was lost on the way."))
	q.happened(q.sent, from.String(), q.Say("{0} sent it.", from.String()))
	// only these two rest on something that was set
	//exhaustive:ignore
	switch e.Reason {
	case event.LinkCut, event.Lost:
		set := q.last(of(event.LinkSet).by(from).to(to).ahead(e.Seq))
		q.happened(set, linkMark(from, to), q.Say("The way from {0} to {1} was changed.", from.String(), to.String()))
	case event.MachineDown:
		stop := q.last(of(event.Stopped).by(to))
		q.happened(stop, to.String(), q.Say("{0} went down.", to.String()))
	}
}

func (q *inquiry) whyUnderWay() {
	from, to := q.msg.From, q.msg.To
	l, n := q.s.Link(from, to), q.s.Node(to)
	left, way := q.msg.Due-q.s.At, q.msg.Due-q.msg.Sent
	switch {
	case n != nil && n.Suspended:
		q.say(q.Say("{0} stands still: the message waits there until it is resumed.", to.String()))
		q.see(to.String(), q.Say("{0} is suspended.", to.String()))
	case l != nil && q.delay(l) != q.s.Delay:
		q.say(q.Say("It was sent {0} ago and arrives in {1}: its way from {2} to {3} takes {4}, where others take {5}.", q.span(q.s.At-q.msg.Sent), q.span(max(left, 0)), from.String(), to.String(), q.span(way), q.span(q.s.Delay)))
		q.see(linkMark(from, to), q.Say("A slow way."))
	case q.msg.Due != 0 && left < -atOnce:
		q.say(q.Say("It was sent {0} ago and has been at {1}'s machine for {2}: that has stood still, or is busy, and has not come to it yet.", q.span(q.s.At-q.msg.Sent), to.String(), q.span(-left)))
	case way > q.s.Delay+atOnce: // its link was slow when it was sent
		q.say(q.Say("It was sent {0} ago and arrives in {1}: its way takes {2}.", q.span(q.s.At-q.msg.Sent), q.span(max(left, 0)), q.span(way)))
	default:
		q.say(q.Say("It was sent {0} ago and arrives in {1}; a message takes {2} from one machine to another.", q.span(q.s.At-q.msg.Sent), q.span(max(left, 0)), q.span(q.s.Delay)))
	}
	if q.s.Rate == 0 {
		q.say(q.Say("The room's time stands still, and the message with it."))
	}
	q.see(messageMark(q.msg.ID), q.Say("It is under way."))
	q.happened(q.sent, from.String(), q.Say("{0} sent it.", from.String()))
}

func (q *inquiry) whySaysNo() {
	t, _, _ := q.messageType()
	from, to := q.ends()
	if t != event.AppendEntries {
		pre := t == event.RequestPreVote
		if e := q.refusal(from, to, pre); e != nil {
			q.say(q.refusalWords(e, q.requestOf(e)))
			q.happened(e, from.String(), q.Say("{0} refused {1} in term {2}.", from.String(), to.String(), number(e.Term)))
		}
		return
	}
	if q.sent == nil {
		q.say(q.Say("{0} could not append what {1} sent.", from.String(), to.String()))
		return
	}
	request := q.answeredRequest()
	switch {
	case request != nil && q.sent.Term > request.Term:
		q.say(q.Say("{0} is in term {1} and the request came from term {2}: what a leader of an older term sends is refused, and the answer tells it the newer term (§5.1).", from.String(), number(q.sent.Term), number(request.Term)))
	case request != nil && q.sent.Index == 0:
		q.say(q.Say("The request continues after entry {0} of term {1}, and {2}'s log is empty: there would be a gap. The leader goes back until it finds an entry that both have (§5.3).", number(request.Index), number(request.LogTerm), from.String()))
	case request != nil && request.Index > q.sent.Index:
		q.say(q.Say("The request continues after entry {0} of term {1}, and {2}'s log ends with entry {3}: there would be a gap. The leader goes back until it finds an entry that both have (§5.3).", number(request.Index), number(request.LogTerm), from.String(), number(q.sent.Index)))
	case request != nil:
		q.say(q.Say("The request continues after entry {0} of term {1}, and {2} has another entry there, of another term: the logs differ. The leader goes back until it finds an entry that both have (§5.3).", number(request.Index), number(request.LogTerm), from.String()))
	default:
		q.say(q.Say("The entry before those that came is not in {0}'s log. The leader goes back until it finds an entry that both have (§5.3).", from.String()))
	}
	ended := q.Say("{0} refused; its log ended with entry {1}.", from.String(), number(q.sent.Index))
	if q.sent.Index == 0 {
		ended = q.Say("{0} refused; its log was empty.", from.String())
	}
	q.happened(q.sent, linkMark(from, to), ended)
	if request != nil {
		q.happened(request, linkMark(from, to), q.Say("{0} sent entries after entry {1}.", to.String(), number(request.Index)))
	}
}

// answeredRequest is the AppendEntries that a refusal answers: the newest one from there that had arrived.
func (q *inquiry) answeredRequest() *event.Event {
	return q.served(q.sent.Peer, q.sent.Node, q.sent.Seq, func(e *event.Event) bool { return e.Type == event.AppendEntries && !e.Reply })
}
