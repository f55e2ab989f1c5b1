package tale

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var requestAskings = []asking{
	{"waits", aboutOp, words.Of("Why does {0} wait?"), func(q *inquiry) bool { return q.writes() && q.op.Outcome == event.Pending }, (*inquiry).whyWaits},
	{"read-waits", aboutOp, words.Of("Why does {0} wait?"), func(q *inquiry) bool { return q.op.Kind == event.Get && q.op.Outcome == event.Pending }, (*inquiry).whyReadWaits},
	{"unknown", aboutOp, words.Of("Why is the outcome of {0} unknown?"), func(q *inquiry) bool { return q.op.Outcome == event.Unknown }, (*inquiry).whyUnknown},
	{"no-space", aboutOp, words.Of("Why was {0} refused for lack of space?"), func(q *inquiry) bool { return q.op.Outcome == event.Failed && lacksSpace(q.op.Error) }, (*inquiry).whyNoSpace},
	{"read-refused", aboutOp, words.Of("Why was {0} not answered?"), func(q *inquiry) bool { return q.op.Kind == event.Get && q.op.Outcome == event.Failed }, (*inquiry).whyReadRefused},
	{"failed", aboutOp, words.Of("Why did {0} fail?"), func(q *inquiry) bool {
		return (q.writes() || q.op.Kind == event.Watch) && q.op.Outcome == event.Failed && !lacksSpace(q.op.Error)
	}, (*inquiry).whyFailed},
	{"stale", aboutOp, words.Of("Why did {0} read something stale?"), func(q *inquiry) bool { return q.newerThan() != nil }, (*inquiry).whyStale},
	{"slow", aboutOp, words.Of("Why did {0} take so long?"), func(q *inquiry) bool {
		return q.op.Kind.Store() && q.op.Outcome == event.OK && q.op.Answered > q.op.Asked
	}, (*inquiry).whySlow},
	{"forwarded", aboutOp, words.Of("Why was {0} passed on to another node?"), func(q *inquiry) bool { return q.forward() != nil }, (*inquiry).whyForwarded},
	{"enough", aboutOp, words.Of("Why was {0} answered before every node had it?"), (*inquiry).answeredEarly, (*inquiry).whyEnough},
}

// writes says whether the command is a client's that goes through the log.
func (q *inquiry) writes() bool {
	k := q.op.Kind
	return k.Client() && k != event.Get && k != event.Watch
}

// lacksSpace knows etcd's two ways to say it: its server's and its API's.
func lacksSpace(text string) bool {
	return strings.Contains(text, "etcdserver: no space") || strings.Contains(text, "database space exceeded")
}

// logged is where a command's entry stands in the logs; nil if no log that runs or rests has it.
func (q *inquiry) logged(op uint64) (n *view.Node, e *view.Entry) {
	for i := range q.s.Nodes {
		m := &q.s.Nodes[i]
		if its := m.Log.OfOp(op); its != nil && (n == nil || m.Role == event.Leader && m.Term >= n.Term) {
			n, e = m, its
		}
	}
	return n, e
}

func (q *inquiry) asked() *event.Event {
	return q.last(of(event.Asked).behind(q.begin(q.op)).that(func(e *event.Event) bool { return e.Op == q.op.ID }))
}

func (q *inquiry) answered() *event.Event {
	return q.last(q.during(event.Answered).that(func(e *event.Event) bool { return e.Op == q.op.ID }))
}

// forward is the message by which a request was passed on to a leader.
func (q *inquiry) forward() *event.Event {
	return q.last(q.during(event.Sent).by(q.op.Node).that(func(e *event.Event) bool {
		return e.Op == q.op.ID && !e.Reply && (e.Type == event.Forward || e.Type == event.ReadIndex)
	}))
}

// begin is the last event before a command was asked.
func (q *inquiry) begin(op *view.Op) uint64 { return q.seqAt(op.Asked - 1) }

// during begins a search for what happened from when the command was asked until it was answered.
func (q *inquiry) during(kinds ...event.Kind) search {
	w := of(kinds...).behind(q.begin(q.op))
	if q.op.Outcome != event.Pending {
		w = w.ahead(q.seqAt(q.op.Answered) + 1)
	}
	return w
}

func (q *inquiry) whyWaits() {
	n, e := q.logged(q.op.ID)
	q.happened(q.asked(), q.op.Node.String(), q.Say("Asked of {0} {1} ago.", q.op.Node.String(), q.span(q.s.At-q.op.Asked)))
	switch {
	case e == nil:
		q.whyNotLogged()
		q.sayFrozen()
	case e.Index > n.Commit:
		q.whyUncommitted(n, e)
		q.sayFrozen()
	default:
		q.say(q.Say("It is entry {0} of term {1} and is committed; {2} applies it and answers, or the answer is on its way to {3}.", number(e.Index), number(e.Term), n.ID.String(), q.op.Node.String()))
		q.see(entryMark(n.ID, e.Index), q.Say("{0} knows entry {1} to be committed and has applied everything up to entry {2}.", n.ID.String(), number(e.Index), number(n.Applied)))
		q.seeMessages()
		q.sayFrozen()
	}
}

func (q *inquiry) sayFrozen() {
	if q.s.Rate == 0 {
		q.say(q.Say("Besides, the room's time stands still."))
	}
}

// seeMessages adds what is under way for the command.
func (q *inquiry) seeMessages() {
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.Op == q.op.ID {
			q.seeMessage(m)
		}
	}
}

func (q *inquiry) seeMessage(m *view.Message) {
	if m.Held {
		q.see(messageMark(m.ID), q.Say("{0} from {1} to {2} waits at a gate.", q.flyingWords(m), m.From.String(), m.To.String()))
		return
	}
	q.see(messageMark(m.ID), q.Say("{0} from {1} to {2} arrives in {3}.", q.flyingWords(m), m.From.String(), m.To.String(), q.span(max(m.Due-q.s.At, 0))))
}

// whyNotLogged tells why a request is in no log yet.
func (q *inquiry) whyNotLogged() {
	n, who := q.s.Node(q.op.Node), q.op.Node.String()
	m := q.carryingOp()
	switch {
	case n == nil || !n.Up:
		q.say(q.Say("{0}, which was asked, is down.", who))
	case n.Suspended:
		q.say(q.Say("{0}, which was asked, stands still: it has not looked at the request.", who))
		q.see(who, q.Say("{0} is suspended.", who))
	case m != nil && m.Held:
		q.say(q.Say("{0} passed it on to {1}, and it waits at the gate between them.", m.From.String(), m.To.String()))
		q.seeMessage(m)
	case m != nil:
		q.say(q.Say("{0} passed it on to {1}, whom it takes for the leader; it arrives in {2}.", m.From.String(), m.To.String(), q.span(max(m.Due-q.s.At, 0))))
		q.seeMessage(m)
	case n.Role == event.Leader:
		q.say(q.Say("{0} leads term {1} and writes it to its own log first; it is not on its disk yet.", who, number(n.Term)))
		q.see(who, q.Say("{0}'s log ends with entry {1}.", who, number(n.Last)))
		if n.Fsync > 0 {
			q.say(q.Say("{0}'s disk takes {1} longer for every fsync.", who, q.span(n.Fsync)))
		}
	case q.s.Rate == 0 && q.s.At <= q.op.Asked:
		q.say(q.Say("{0} has not looked at the request yet.", who))
		q.see(who, q.Say("{0} does not lead.", who))
	case n.Leader == 0:
		q.say(q.Say("{0} knows no leader, and only a leader can append it. It looks again every 50 ms, until the request's time is over.", who))
		q.see(who, q.Say("{0} knows no leader.", who))
		if q.s.Leader() == nil {
			q.whyNoLeader()
		} else {
			q.seeLink(q.s.Leader().ID, n.ID)
		}
	default:
		q.whyForwardLost(n)
	}
}

// carryingOp is the request on its way to a leader.
func (q *inquiry) carryingOp() *view.Message {
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.Op == q.op.ID && !m.Reply && (m.Type == event.Forward || m.Type == event.ReadIndex) {
			return m
		}
	}
	return nil
}

// whyForwardLost tells what became of a request that was passed on.
func (q *inquiry) whyForwardLost(n *view.Node) {
	who, f := n.ID.String(), q.forward()
	if f == nil {
		q.say(q.Say("{0} takes {1} for the leader and is about to pass it on.", who, n.Leader.String()))
		return
	}
	to := f.Peer.String()
	q.happened(f, linkMark(f.Node, f.Peer), q.Say("{0} passed it on to {1}.", f.Node.String(), to))
	lost, arrived := q.fate(event.Dropped, f), q.fate(event.Delivered, f)
	switch l := q.s.Node(f.Peer); {
	case lost != nil:
		q.say(q.Say("{0} passed it on to {1}, whom it took for the leader, and the message was lost: {2} {0} cannot know that and waits for the answer.", who, to, q.dropWords(lost)))
		q.happened(lost, linkMark(f.Node, f.Peer), q.dropWords(lost))
	case l != nil && l.Suspended:
		q.say(q.Say("{0} passed it on to {1}, whom it takes for the leader and which stands still.", who, to))
		q.see(to, q.Say("{0} is suspended.", to))
	case arrived != nil && l != nil && l.Role == event.Leader:
		q.say(q.Say("{0} passed it on to {1}, which leads term {2} and has not written it to its log yet.", who, to, number(l.Term)))
		q.happened(arrived, to, q.Say("It reached {0}.", to))
	default:
		q.say(q.Say("{0} passed it on to {1}, whom it took for the leader, and has had no answer.", who, to))
	}
}

func (q *inquiry) whyReadWaits() {
	n, who := q.s.Node(q.op.Node), q.op.Node.String()
	q.happened(q.asked(), who, q.Say("Asked of {0} {1} ago.", who, q.span(q.s.At-q.op.Asked)))
	leader := n
	if f := q.forward(); f != nil {
		leader = q.s.Node(f.Peer)
	}
	switch {
	case q.carryingOp() != nil || n == nil || !n.Up || n.Suspended || !runs(leader) || leader.Role != event.Leader:
		q.whyNotLogged()
	case q.commitsOld(leader):
		q.say(q.Say("{0} leads term {1} but has committed nothing in it yet. Until its own first entry is committed it does not know what its predecessor committed, so it answers no linearizable read (§8).", leader.ID.String(), number(leader.Term)))
		q.see(leader.ID.String(), q.Say("{0} knows everything up to entry {1} to be committed.", leader.ID.String(), number(leader.Commit)))
	default:
		q.whyUnconfirmed(leader, n)
	}
	q.sayFrozen()
}

// commitsOld says whether a leader has committed no entry of its own term yet.
func (q *inquiry) commitsOld(l *view.Node) bool {
	if e := l.Entry(l.Commit); e != nil {
		return e.Term < l.Term
	}
	return l.Commit == l.SnapshotIndex && l.SnapshotTerm < l.Term
}

// whyUnconfirmed: a read waits for a majority to answer what was sent after it began, then for the store.
func (q *inquiry) whyUnconfirmed(l, at *view.Node) {
	voters, asked := votersOf(q.configuration(l)), q.asked()
	from := l.ID.String()
	confirmed := q.last(q.during(event.Sent).that(func(e *event.Event) bool {
		return e.Op == q.op.ID && e.Reply && e.Type == event.ReadIndex && e.OK
	}))
	if confirmed != nil {
		q.say(q.Say("{0} has confirmed that it leads; {1} must apply everything up to entry {2} before it answers, and has applied up to entry {3}.", from, at.ID.String(), number(confirmed.Index), number(at.Applied)))
		q.happened(confirmed, linkMark(l.ID, at.ID), q.Say("{0} answered: read at entry {1}.", from, number(confirmed.Index)))
		return
	}
	var answers map[event.NodeID]event.Event
	if asked != nil {
		answers = q.heardSince(asked.Seq, l.ID)
	}
	have := []event.NodeID{l.ID}
	for _, v := range voters {
		if _, ok := answers[v]; ok && v != l.ID {
			have = append(have, v)
		}
	}
	q.say(q.Count(len(have), count(len(have)), "A linearizable read is answered only when {1} knows that it still leads: {2} of the {3} voters, itself included, must answer something that it sent after the read began, and {0} has ({4}).",
		"A linearizable read is answered only when {1} knows that it still leads: {2} of the {3} voters, itself included, must answer something that it sent after the read began, and {0} have ({4}).",
		from, count(majority(voters)), count(len(voters)), q.list(have)))
	q.seeAway(l.ID, without(voters, have))
}

// heardSince is who answered a leader's request that was sent after an event.
func (q *inquiry) heardSince(seq uint64, leader event.NodeID) map[event.NodeID]event.Event {
	requests, served := map[uint64]bool{}, map[event.NodeID]bool{}
	replies, answers := map[uint64]event.NodeID{}, map[event.NodeID]event.Event{}
	q.on(of(event.Sent, event.Delivered).behind(seq), func(e *event.Event) bool {
		appends := keepsLeader(e.Type)
		switch {
		case e.Kind == event.Sent && appends && !e.Reply && e.Node == leader:
			requests[e.Msg] = true
		case e.Kind == event.Delivered && e.Node == leader && requests[e.Msg]:
			served[e.Peer] = true
		case e.Kind == event.Sent && appends && e.Reply && e.Peer == leader && served[e.Node]:
			replies[e.Msg] = e.Node
		case e.Kind == event.Delivered && e.Peer == leader && replies[e.Msg] != 0:
			answers[replies[e.Msg]] = *e
		}
		return false
	})
	return answers
}
