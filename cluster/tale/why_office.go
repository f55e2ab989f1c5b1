package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// office is the newest term that the machine led and gave up while it ran: how it won, however long ago, and how it ended. nil:
// there was none, or it went down with it, or still has it.
func (q *inquiry) office() (won, end *event.Event) {
	w := of(event.RoleChanged, event.Stopped).by(q.n.ID)
	w.far = true
	var newer *event.Event
	q.back(w, func(e *event.Event) bool {
		if newer == nil && e.Seq <= q.least {
			return true // it ended too long ago to matter
		}
		if e.Kind == event.RoleChanged && e.Role == event.Leader {
			if newer != nil && newer.Kind == event.RoleChanged {
				c := *e
				won, end = &c, newer
			}
			return true
		}
		if newer = nil; e.Seq > q.least {
			c := *e
			newer = &c
		}
		return false
	})
	return won, end
}

func (q *inquiry) whySteppedDown() {
	won, end := q.office()
	q.whyStepped(won, end)
	q.happened(end, end.Node.String(), q.Say("{0} stepped down.", end.Node.String()))
	q.happened(won, won.Node.String(), q.Say("{0} became leader of term {1}.", won.Node.String(), number(won.Term)))
}

// whyStepped says why a leader became a follower.
func (q *inquiry) whyStepped(won, end *event.Event) {
	who, term := won.Node.String(), number(won.Term)
	handed := q.handover(won.Node, 0, won, end)
	removed := q.removal(won, end)
	switch cause := q.carrier(end, won.Node, won.Term+1); {
	case handed != nil && (end.Term > won.Term || cause != nil):
		q.say(q.Say("{0} handed its leadership to {1}, which stood for election in a higher term than {2}: that made {0} a follower.", who, handed.Peer.String(), term))
		q.happened(handed, linkMark(handed.Node, handed.Peer), q.Say("{0} told {1} to stand for election at once.", who, handed.Peer.String()))
	case cause != nil:
		q.say(q.Say("{0} led term {1} and got {2} from {3} with the higher term {4}: whoever sees a higher term becomes a follower in it (§5.1).", who, term, q.messageWords(cause), cause.Node.String(), number(cause.Term)))
		q.happened(cause, linkMark(cause.Node, cause.Peer), q.Say("{0} sent it in term {1}.", cause.Node.String(), number(cause.Term)))
	case end.Term > won.Term:
		q.say(q.Say("{0} led term {1} and heard of the higher term {2}: whoever sees a higher term becomes a follower in it (§5.1).", who, term, number(end.Term)))
	case removed != nil:
		q.say(q.Say("{0} is no voter any more in the configuration of entry {1}, so it cannot lead on.", who, number(removed.Index)))
		q.happened(removed, who, q.Say("The configuration without {0}'s vote.", who))
	default:
		q.whyLeaseEnded(won, end)
	}
}

// removal is the configuration without a leader's vote that was committed while it led, which ends its office (dissertation §4.2.2); nil if
// there was none.
func (q *inquiry) removal(won, end *event.Event) *event.Event {
	set := q.last(of(event.MembersSet).by(won.Node).behind(won.Seq).ahead(end.Seq))
	if set == nil || suffrage(set.Members, won.Node) == event.Voter {
		return nil
	}
	if q.last(of(event.Committed).by(won.Node).behind(set.Seq).that(func(e *event.Event) bool { return e.Index >= set.Index && e.At <= end.At })) == nil {
		return nil
	}
	return set
}

// atOnce is how long after a message a machine may do what the message makes it do.
const atOnce event.Micros = 20_000

// carrier is the message of at least this term that reached the machine just before an event, as it was sent; nil if there is
// none. Requests for pre-votes only ask, and those for votes are not looked at by who hears from a leader.
func (q *inquiry) carrier(end *event.Event, to event.NodeID, term uint64) *event.Event {
	just, unheard := q.seqAt(end.At-atOnce-1), map[event.NodeID]uint64{}
	q.back(of(event.VoteRefused).by(to).behind(just).ahead(end.Seq), func(e *event.Event) bool {
		if e.Reason == event.HasLeader && !e.OK {
			unheard[e.Peer] = max(unheard[e.Peer], e.Term)
		}
		return false
	})
	var found *event.Event
	q.arrived(search{peer: to, after: just, before: end.Seq}, func(a arrival) bool {
		e := &a.sent
		asks := e.Type == event.RequestPreVote || e.Type == event.RequestVote && !e.Reply && unheard[e.Node] >= e.Term
		if e.Term < term || asks {
			return false
		}
		found = e
		return true
	})
	return found
}

// handover is by which message a leader told another machine between two events to stand for election at once: to 0 stands for any.
func (q *inquiry) handover(leader, to event.NodeID, after, before *event.Event) *event.Event {
	since := max(after.Seq, q.seqAt(before.At-handingOver))
	return q.last(of(event.Sent).by(leader).to(to).behind(since).ahead(before.Seq).that(func(e *event.Event) bool { return e.Type == event.TimeoutNow && !e.Reply }))
}

// handingOver is the longest time between the order to stand for election and the end of the old leader's office that is told as a
// handover.
const handingOver event.Micros = 15_000_000

// heard is when each of these last answered a leader, before an event.
func (q *inquiry) heard(seq uint64, leader event.NodeID, voters []event.NodeID) map[event.NodeID]event.Event {
	answers, since := map[event.NodeID]event.Event{}, uint64(0)
	if won := q.last(of(event.RoleChanged).by(leader).ahead(seq).that(func(e *event.Event) bool { return e.Role == event.Leader })); won != nil {
		since = won.Seq // what was before it led does not count
	}
	for _, v := range voters {
		if v == leader {
			continue
		}
		q.arrived(search{node: v, peer: leader, after: since, before: seq}, func(a arrival) bool {
			if e := &a.sent; !e.Reply || !keepsLeader(e.Type) {
				return false
			}
			answers[v] = a.landed
			return true
		})
	}
	return answers
}

// keepsLeader says whether an answer to a message of this type tells a leader that it leads still.
func keepsLeader(t event.MessageType) bool {
	return t == event.AppendEntries || t == event.Heartbeat || t == event.InstallSnapshot
}

func (q *inquiry) whyLeaseEnded(won, end *event.Event) {
	voters := votersOf(q.configuration(q.s.Node(won.Node)))
	answers := q.heard(end.Seq, won.Node, voters)
	q.say(q.Say("{0} led term {1} but had not heard from a majority for longer than its lease lasts, so it stepped down by itself: somebody else may be leading by then.", won.Node.String(), number(won.Term)))
	for _, v := range voters {
		if v == won.Node {
			continue
		}
		a, known := answers[v]
		if !known {
			q.see(linkMark(v, won.Node), q.Say("{0} had not answered it in that term, as far as the recording reaches.", v.String()))
			continue
		}
		q.happened(&a, linkMark(v, won.Node), q.Say("{0}'s last answer reached it {1} before.", v.String(), q.span(end.At-a.At)))
	}
}

// whyLease tells what a leader's lease rests on: hashicorp/raft steps down when fewer than a majority have answered within it.
func (q *inquiry) whyLease() {
	who, voters := q.n.ID.String(), votersOf(q.configuration(q.n))
	answers, need := q.heard(q.s.Seq+1, q.n.ID, voters), majority(voters)
	if slices.Contains(voters, q.n.ID) {
		need-- // it counts itself
	}
	if need == 0 {
		q.say(q.Say("{0} is the only voter: it is its own majority and needs to hear from nobody.", who))
		return
	}
	var ages []event.Micros
	for _, v := range voters {
		if a, known := answers[v]; known && v != q.n.ID {
			ages = append(ages, q.s.At-a.At)
		}
	}
	slices.Sort(ages)
	if len(ages) < need {
		q.say(q.Count(need, count(need), "A leader goes on leading while a majority answers it. {1} needs {0} other voter and has heard from {2} in this term; without more it steps down when its lease ends.",
			"A leader goes on leading while a majority answers it. {1} needs {0} other voters and has heard from {2} in this term; without more it steps down when its lease ends.", who, count(len(ages))))
	} else {
		q.say(q.Count(need, count(need), "A leader goes on leading while a majority answers it: {1} needs {0} other voter, and the last time that it had heard from so many is {2} ago. When that is longer than its lease lasts it steps down.",
			"A leader goes on leading while a majority answers it: {1} needs {0} other voters, and the last time that it had heard from so many is {2} ago. When that is longer than its lease lasts it steps down.", who, q.span(ages[need-1])))
	}
	if len(ages) >= need {
		if stood := q.stoodStill(q.n.ID, q.s.At-ages[need-1]); stood > 0 {
			q.say(q.Say("It stood still for {0} of that, and its clock with it: for its lease that time has not passed.", q.span(stood)))
		}
		if d := q.n.Drift; d != 0 && d != event.One {
			q.say(q.Say("Its lease is measured by its own clock, which runs at {0} times the true speed.", q.ratio(d)))
		}
	}
	if r := without(q.reached(q.n.ID, voters), []event.NodeID{q.n.ID}); len(r) == 0 {
		q.say(q.Say("At the moment it talks to nobody."))
	} else if len(r) < need {
		q.say(q.Say("At the moment it talks only to {0}.", q.list(r)))
	}
	for _, v := range voters {
		if v == q.n.ID {
			continue
		}
		if a, known := answers[v]; known {
			q.happened(&a, linkMark(v, q.n.ID), q.Say("{0} answered {1} ago.", v.String(), q.span(q.s.At-a.At)))
		} else {
			q.see(linkMark(v, q.n.ID), q.Say("{0} has not answered in this term, as far as the recording reaches.", v.String()))
		}
	}
}

// stoodStill is for how long a machine has stood still since a virtual time.
func (q *inquiry) stoodStill(id event.NodeID, since event.Micros) (all event.Micros) {
	until := q.s.At
	q.back(of(event.Suspended, event.Resumed).by(id), func(e *event.Event) bool {
		if e.Kind == event.Resumed {
			until = e.At
		} else {
			all += max(until-max(e.At, since), 0)
		}
		return e.At <= since
	})
	return all
}

// termChange is the newest step of the machine into a term, and the term before; nil if none is within reach.
func (q *inquiry) termChange() (now *event.Event, before uint64) {
	var newest *event.Event
	q.back(of(event.TermChanged, event.Started, event.Wiped).by(q.n.ID), func(e *event.Event) bool {
		if e.Kind == event.Wiped {
			return true // it remembers no term from before that
		}
		if newest != nil && e.Term != newest.Term {
			now, before = newest, e.Term
			return true
		}
		c := *e
		newest = &c
		return e.Kind == event.Started // it came up with that term
	})
	return now, before
}

func (q *inquiry) whyTerm() {
	now, before := q.termChange()
	who, term := q.n.ID.String(), number(now.Term)
	stood := q.last(of(event.VoteCast).by(q.n.ID).to(q.n.ID).that(func(e *event.Event) bool { return e.Term == now.Term }))
	cause := q.carrier(now, q.n.ID, now.Term)
	switch {
	case stood != nil && (cause == nil || cause.Seq > stood.Seq || now.Term == before+1):
		q.say(q.Say("{0} stood for election, and a candidate raises its term by one: from {1} to {2}.", who, number(before), term))
		q.happened(stood, who, q.Say("{0} voted for itself in term {1}.", who, term))
	case cause != nil:
		q.say(q.Say("{0} was in term {1} and got {2} from {3} with term {4}: whoever sees a higher term takes it over (§5.1).", who, number(before), q.messageWords(cause), cause.Node.String(), term))
		q.happened(cause, linkMark(cause.Node, cause.Peer), q.Say("{0} sent it in term {1}.", cause.Node.String(), number(cause.Term)))
	default:
		q.say(q.Say("{0} heard of term {1} while it was in term {2}: whoever sees a higher term takes it over (§5.1).", who, term, number(before)))
	}
	q.happened(now, who, q.Say("{0} entered term {1}.", who, term))
	if now.Term > before+1 && before > 0 {
		q.sayJump(now, before)
	}
}

// sayJump tells who went through the terms that the machine did not: it did not hear of them, or saw no need for another leader.
func (q *inquiry) sayJump(now *event.Event, before uint64) {
	var who []event.NodeID
	var first *event.Event
	times := 0
	q.back(of(event.VoteCast).ahead(now.Seq), func(e *event.Event) bool {
		if e.Node == e.Peer && e.Term > before && e.Term < now.Term {
			times++
			if !slices.Contains(who, e.Node) {
				who = append(who, e.Node)
			}
			c := *e
			first = &c
		}
		return e.Node == q.n.ID && e.Term <= before
	})
	if times == 0 {
		return
	}
	slices.Sort(who)
	q.say(q.Count(times, count(times), "It jumped by {2}: in between there was {0} candidacy ({1}) whose term {3} did not take over.", "It jumped by {2}: in between there were {0} candidacies ({1}) whose terms {3} did not take over.",
		q.list(who), number(now.Term-before), q.n.ID.String()))
	q.happened(first, first.Node.String(), q.Say("{0} stood for election in term {1}.", first.Node.String(), number(first.Term)))
}
