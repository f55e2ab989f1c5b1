package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Elections repeat when somebody stood manyCandidacies times within a glance, and not longer ago than unrest.
const (
	manyCandidacies              = 4
	unrest          event.Micros = 15_000_000
)

// candidacies are the recent ones, newest first: a candidate votes for itself first of all, in each term anew.
func (q *inquiry) candidacies() (list []event.Event) {
	q.back(of(event.VoteCast), func(e *event.Event) bool {
		if e.At < q.s.At-unrest {
			return true
		}
		if e.Node == e.Peer {
			list = append(list, *e)
		}
		return false
	})
	return list
}

func (q *inquiry) whyElections() {
	list := q.candidacies()
	newest, oldest := list[0], list[len(list)-1]
	q.say(q.Say("{0} times in {1} somebody stood for election, up to term {2}.", count(len(list)), q.span(q.s.At-oldest.At), number(newest.Term)))
	switch {
	case len(q.electable()) == 0 && len(q.standing()) > 0:
		voters := votersOf(q.configuration(q.s.Node(newest.Node)))
		q.say(q.Say("None can win now: nobody talks to the {0} of {1} voters that it takes, so each tries again when its timer runs out.", count(majority(voters)), count(len(voters))))
		q.seeAway(newest.Node, without(voters, q.reached(newest.Node, voters)))
	case q.disrupted(newest.Node), q.tooSlow(), q.hasty():
	case len(q.rivals(list)) > 0:
		q.sayRivals(q.rivals(list))
	default:
		q.say(q.Say("Each time the leader of before was not heard any more, a candidate did not get its votes, or a machine was told to stand."))
	}
	for i := 0; i < len(list) && i < 6; i++ {
		q.happened(&list[i], list[i].Node.String(), q.Say("{0} stood for election in term {1}.", list[i].Node.String(), number(list[i].Term)))
	}
}

// disrupted: who stands does not hear the leader, but is heard by others, and so takes them into higher terms.
func (q *inquiry) disrupted(by event.NodeID) bool {
	for i := range q.s.Nodes {
		l := &q.s.Nodes[i]
		if !runs(l) || l.ID == by || !q.leadsOrLed(l) || q.passes(l.ID, by) {
			continue
		}
		var heard []event.NodeID
		for j := range q.s.Nodes {
			if o := &q.s.Nodes[j]; runs(o) && o.ID != by && q.passes(by, o.ID) {
				heard = append(heard, o.ID)
			}
		}
		if len(heard) == 0 {
			continue
		}
		q.say(q.Say("{0} does not hear {1} (nothing passes from {1} to {0}), so its timer runs out again and again.", by.String(), l.ID.String()))
		if refusal := q.refusal(0, by, false); refusal != nil && refusal.Reason == event.HasLeader {
			q.say(q.Say("The others refuse their votes, and do not look at its term, because they hear from a leader: so {0} raises only its own term, until {1} hears of that from it and steps down.", by.String(), l.ID.String()))
			q.happened(refusal, refusal.Node.String(), q.refusalWords(refusal, q.requestOf(refusal)))
		} else {
			q.say(q.Say("It is heard by {0}: with each request for votes it takes them into a higher term, which ends the leader's.", q.list(heard)))
		}
		if !q.s.PreVote {
			q.say(q.Say("With pre-vote switched on it would have to ask first, and its term would stay as it is."))
		}
		q.seeLink(l.ID, by)
		return true
	}
	return false
}

// leadsOrLed says whether the machine leads; where nobody does, whether it did lately.
func (q *inquiry) leadsOrLed(n *view.Node) bool {
	if l := q.s.Leader(); l != nil {
		return l.ID == n.ID
	}
	return q.ledLately(n.ID)
}

func (q *inquiry) ledLately(id event.NodeID) bool {
	won := q.last(of(event.RoleChanged).by(id).that(func(e *event.Event) bool { return e.Role == event.Leader }))
	return won != nil && won.At >= q.s.At-unrest
}

// tooSlow: a heartbeat and its answer take longer than a follower waits.
func (q *inquiry) tooSlow() bool {
	patience := q.patience()
	if patience == 0 {
		return false
	}
	var worst *view.Link
	for i := range q.s.Links {
		l := &q.s.Links[i]
		if !l.Cut && runs(q.s.Node(l.From)) && runs(q.s.Node(l.To)) && (worst == nil || q.roundTrip(l) > q.roundTrip(worst)) {
			worst = l
		}
	}
	if worst == nil || q.roundTrip(worst) < patience*3/4 {
		return false
	}
	q.say(q.Say("A heartbeat and its answer take {0} between {1} and {2}, and the next one leaves only after that; a follower that has heard nothing for {3} may already stand for election.",
		q.span(q.roundTrip(worst)), worst.From.String(), worst.To.String(), q.span(patience)))
	q.see(linkMark(worst.From, worst.To), q.Say("One way from {0} to {1} takes {2}.", worst.From.String(), worst.To.String(), q.span(q.delay(worst))))
	return true
}

// delay is how long a message takes in one direction, jitter included at its worst.
func (q *inquiry) delay(l *view.Link) event.Micros {
	d := l.Delay
	if d == 0 {
		d = q.s.Delay
	}
	if l.Slow > 0 {
		d = event.Micros(float64(d) * l.Slow.Float())
	}
	return d + l.Jitter
}

func (q *inquiry) roundTrip(l *view.Link) event.Micros {
	d := q.delay(l)
	if back := q.s.Link(l.To, l.From); back != nil {
		d += q.delay(back)
	}
	return d
}

// patience is the shortest time after a contact at which a follower may stand for election, as the nodes told it.
func (q *inquiry) patience() (least event.Micros) {
	for i := range q.s.Nodes {
		if n := &q.s.Nodes[i]; n.TimerMin > n.TimerFrom && (least == 0 || n.TimerMin-n.TimerFrom < least) {
			least = n.TimerMin - n.TimerFrom
		}
	}
	return least
}

// hasty: a clock runs so fast that its machine does not wait long enough.
func (q *inquiry) hasty() bool {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		if !runs(n) || n.Drift < 2*event.One {
			continue
		}
		q.say(q.Say("{0}'s clock runs at {1} times the true speed, so its election timer runs out {1} times too early.", n.ID.String(), q.ratio(n.Drift)))
		if n.TimerMin > n.TimerFrom {
			q.see(n.ID.String(), q.Say("{0} waits only {1} after a contact.", n.ID.String(), q.span(n.TimerMin-n.TimerFrom)))
		}
		return true
	}
	return false
}

// sayRivals tells of two that stood in one term.
func (q *inquiry) sayRivals(rivals []event.Event) {
	who, term := q.list([]event.NodeID{rivals[1].Node, rivals[0].Node}), rivals[0].Term
	won := q.last(of(event.RoleChanged).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term == term }))
	switch {
	case won != nil:
		q.say(q.Say("In term {0} {1} stood at the same time, and {2} won it.", number(term), who, won.Node.String()))
	case q.s.Leader() != nil:
		q.say(q.Say("In term {0} {1} stood at the same time and shared the votes, so nobody won it.", number(term), who))
	default:
		q.say(q.Say("In term {0} {1} stood at the same time and shared the votes; random timers will sooner or later let one be first.", number(term), who))
	}
}

// rivals are the newest two that stood in one term; nil if none did.
func (q *inquiry) rivals(list []event.Event) []event.Event {
	for i := range list {
		for j := range list[:i] {
			if list[j].Term == list[i].Term && list[j].Node != list[i].Node {
				return []event.Event{list[j], list[i]}
			}
		}
	}
	return nil
}

// elections are the last two by which leadership moved from one machine to another: newest first, nil if it did not.
func (q *inquiry) elections() (now, before *event.Event) {
	won := of(event.RoleChanged).that(func(e *event.Event) bool { return e.Role == event.Leader })
	if now = q.last(won); now != nil {
		before = q.last(won.ahead(now.Seq))
	}
	if before != nil && before.Node == now.Node {
		before = nil
	}
	return now, before
}

func (q *inquiry) whyMoved() {
	now, before := q.elections()
	to, from := now.Node.String(), before.Node.String()
	order := q.handover(0, now.Node, before, now)
	end := q.endOfLead(before)
	told := q.last(of(event.Asked).by(now.Node).behind(before.Seq).ahead(now.Seq).that(func(e *event.Event) bool { return e.Command == event.Elect }))
	switch {
	case order != nil:
		q.say(q.Say("{0} handed leadership over: it told {1} to stand for election at once (TimeoutNow), and {1} won term {2}.", order.Node.String(), to, number(now.Term)))
		q.happened(order, linkMark(order.Node, order.Peer), q.Say("{0} told {1} to stand for election.", order.Node.String(), to))
	case told != nil && end != nil && end.Seq < now.Seq && end.Kind != event.RoleChanged:
		q.say(q.howEnded(before, end))
		q.say(q.Say("Then somebody asked {0} to stand for election, and it won term {1}.", to, number(now.Term)))
		q.happened(told, to, q.Say("{0} was asked to stand for election.", to))
	case told != nil && end != nil && end.Seq < told.Seq:
		q.whyStepped(before, end)
		q.say(q.Say("Then somebody asked {0} to stand for election, and it won term {1}.", to, number(now.Term)))
		q.happened(told, to, q.Say("{0} was asked to stand for election.", to))
	case told != nil && end == nil:
		q.say(q.Say("Somebody asked {0} to stand for election, and it won term {1}; {2} has not heard of the higher term yet.", to, number(now.Term), from))
		q.happened(told, to, q.Say("{0} was asked to stand for election.", to))
	case told != nil:
		q.say(q.Say("Somebody asked {0} to stand for election, and it won term {1}; {2} saw the higher term and stepped down.", to, number(now.Term), from))
		q.happened(told, to, q.Say("{0} was asked to stand for election.", to))
	case end != nil && end.Seq < now.Seq && end.Kind != event.RoleChanged:
		q.say(q.howEnded(before, end))
		q.say(q.Say("The others heard no heartbeat any more, and {0} won term {1}.", to, number(now.Term)))
	case end != nil && end.Seq < now.Seq:
		q.say(q.Say("{0}, leader of term {1}, stepped down, and {2} won term {3}.", from, number(before.Term), to, number(now.Term)))
		q.whyStepped(before, end)
	default:
		q.say(q.Say("The others did not hear {0} any more, and {1} won term {2} with a majority; {0} did not know of it when that happened.", from, to, number(now.Term)))
	}
	if end != nil {
		q.happened(end, from, q.howEnded(before, end))
	}
	q.happened(before, from, q.Say("{0} became leader of term {1}.", from, number(before.Term)))
	q.happened(now, to, q.Say("{0} became leader of term {1}.", to, number(now.Term)))
}
