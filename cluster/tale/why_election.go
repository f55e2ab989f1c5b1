package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func (q *inquiry) whyCandidate() {
	who := q.n.ID.String()
	role := q.last(of(event.RoleChanged).by(q.n.ID).that(func(e *event.Event) bool { return e.Role == event.Candidate }))
	var timer, order *event.Event
	if role != nil {
		timer = q.last(of(event.TimerSet).by(q.n.ID).ahead(role.Seq))
	}
	if timer != nil {
		order = q.toldToStand(q.n.ID, timer.Seq, role.Seq)
	}
	switch {
	case role == nil:
		q.say(q.Say("{0} stands for election in term {1}.", who, number(q.n.Term)))
	case order != nil:
		q.say(q.Say("{0} was told to stand for election at once, without waiting for its timer.", who))
		q.happened(order, who, q.Say("The order reached {0}.", who))
	case timer != nil && timer.OK:
		q.sayUnheard(timer, role.At)
	case timer != nil:
		q.say(q.Say("{0} had heard from no leader for {1} when its election timer ran out.", who, q.span(role.At-timer.From)))
		q.happened(timer, who, q.Say("The last contact with a leader or a candidate that got its vote."))
	default:
		q.say(q.Say("{0}'s election timer ran out.", who))
	}
	q.happened(role, who, q.Say("{0} became a candidate.", who))
	q.sayVotes(q.n)
	if q.n.Leader != 0 && q.n.Leader != q.n.ID {
		q.say(q.Say("It hears from {0}, which leads that term, and takes its entries; but in this engine who was told to stand for election stays a candidate until its election timer runs out.", q.n.Leader.String()))
		q.happened(q.last(of(event.LeaderSeen).by(q.n.ID)), who, q.Say("{0} took {1} for its leader.", who, q.n.Leader.String()))
	}
}

// sayUnheard tells of a timer that ran out with no contact since it began.
func (q *inquiry) sayUnheard(timer *event.Event, ranOut event.Micros) {
	who := q.n.ID.String()
	start := q.last(of(event.Started, event.RoleChanged).by(q.n.ID).ahead(timer.Seq))
	if start != nil && start.Kind == event.Started {
		q.say(q.Say("{0} had heard from no leader for {1}, since it started, when its election timer ran out.", who, q.span(ranOut-timer.From)))
	} else {
		q.say(q.Say("{0} had heard from no leader for {1}, since it became a follower, when its election timer ran out.", who, q.span(ranOut-timer.From)))
	}
	q.happened(timer, who, q.Say("Its election timer began to run."))
}

// toldToStand is when a machine was told between two events to stand for election at once, by whoever leads or by hand; nil if it was
// not.
func (q *inquiry) toldToStand(id event.NodeID, after, before uint64) (order *event.Event) {
	q.arrived(search{peer: id, after: after, before: before}, func(a arrival) bool {
		if a.sent.Type != event.TimeoutNow || a.sent.Reply {
			return false
		}
		order = &a.landed
		return true
	})
	if order == nil {
		order = q.last(of(event.Asked).by(id).behind(after).ahead(before).that(func(e *event.Event) bool { return e.Command == event.Elect }))
	}
	return order
}

// sayVotes tells how many votes a candidate has.
func (q *inquiry) sayVotes(c *view.Node) {
	var pre, real []event.NodeID
	asksFirst := c.AsksFirst()
	if a := q.attemptOf(c); a.request != nil {
		asksFirst = a.pre
	}
	for _, b := range c.Ballots {
		if b.Granted && b.PreVote {
			pre = append(pre, b.Voter)
		} else if b.Granted {
			real = append(real, b.Voter)
		}
	}
	need := q.s.VotesNeeded(c)
	if asksFirst {
		q.say(q.Say("It asks first whether it could win term {0} (pre-vote), without entering it; {1} of the {2} that it needs would vote for it ({3}).", number(c.Term+1), count(len(pre)), count(need), q.list(pre)))
	} else {
		q.say(q.Say("In term {0} it has {1} of the {2} votes that it needs ({3}).", number(c.Term), count(len(real)), count(need), q.list(real)))
	}
	q.sayRefusals(c, asksFirst)
}

// sayRefusals tells who told a candidate that it does not get a vote, of one of them why, of all as facts.
func (q *inquiry) sayRefusals(c *view.Node, pre bool) {
	said := false
	for _, b := range c.Ballots {
		if b.Granted || b.PreVote != pre {
			continue
		}
		e := q.refusal(b.Voter, c.ID, pre)
		if e == nil || e.Term < c.Term {
			continue
		}
		sentence := q.refusalWords(e, q.requestOf(e))
		if !said {
			q.say(sentence)
		}
		said = true
		q.happened(e, b.Voter.String(), sentence)
	}
}

// asksForVote says whether a Sent event is a request for a vote or a pre-vote.
func asksForVote(e *event.Event) bool {
	return !e.Reply && (e.Type == event.RequestVote || e.Type == event.RequestPreVote)
}

// attempt is a candidacy: what was asked in which term.
type attempt struct {
	candidate event.NodeID
	term      uint64
	pre       bool
	request   *event.Event // the last one that it sent; nil: not within reach
	began     *event.Event // nil: not within reach
	index     uint64       // the candidate's last entry, as it told it
	logTerm   uint64
}

// lostElection is the newest candidacy of the machine if it did not make it leader.
func (q *inquiry) lostElection() *event.Event {
	stood := q.last(of(event.VoteCast).by(q.n.ID).to(q.n.ID))
	if stood == nil {
		return nil
	}
	won := q.last(of(event.RoleChanged).by(q.n.ID).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term >= stood.Term }))
	if won != nil {
		return nil
	}
	return stood
}

// attemptOf is what a candidate tries, or tried last.
func (q *inquiry) attemptOf(c *view.Node) (a attempt) {
	a = attempt{candidate: c.ID, term: c.Term}
	a.index, a.logTerm = c.Last, c.LastTerm()
	request := q.last(of(event.Sent).by(c.ID).that(asksForVote))
	if a.request = request; request != nil {
		a.term, a.pre, a.index, a.logTerm = request.Term, request.Type == event.RequestPreVote, request.Index, request.LogTerm
	}
	a.began = q.last(of(event.VoteCast, event.RoleChanged).by(c.ID).that(func(e *event.Event) bool {
		return e.Term == a.term && (e.Kind == event.VoteCast && e.Peer == c.ID || e.Kind == event.RoleChanged && e.Role == event.Candidate)
	}))
	return a
}

func (q *inquiry) whyNotElected(c *view.Node) {
	a, voters := q.attemptOf(c), votersOf(q.configuration(c))
	got, refused, silent := q.ballots(a, voters)
	need := majority(voters)
	switch {
	case c.Role == event.Leader:
		q.say(q.Say("{0} leads term {1}.", c.ID.String(), number(c.Term)))
	case a.pre && (c.Role != event.Candidate || a.term <= c.Term):
		q.say(q.Say("{0} asked first whether it could win term {1} (pre-vote), and {2} of the {3} it needed would have voted for it ({4}).", c.ID.String(), number(a.term), count(len(got)), count(need), q.list(got)))
	case a.pre:
		q.say(q.Say("{0} asks first whether it could win term {1} (pre-vote), and {2} of the {3} it needs would vote for it ({4}).", c.ID.String(), number(a.term), count(len(got)), count(need), q.list(got)))
	case c.Role == event.Candidate && c.Term == a.term:
		q.say(q.Say("{0} has {1} of the {2} votes that it needs in term {3} ({4}).", c.ID.String(), count(len(got)), count(need), number(a.term), q.list(got)))
	default:
		q.say(q.Say("{0} got {1} of the {2} votes that it needed in term {3} ({4}).", c.ID.String(), count(len(got)), count(need), number(a.term), q.list(got)))
	}
	q.happened(a.began, c.ID.String(), q.Say("{0} stood for election.", c.ID.String()))
	for i := range refused {
		r := &refused[i]
		sentence := q.refusalWords(r, a)
		if i == 0 {
			q.say(sentence)
		}
		q.happened(r, r.Node.String(), sentence)
	}
	q.saySilent(a, silent)
	if c.Role != event.Leader && !a.pre {
		q.sayElsewhere(a)
	}
}

// ballots sorts the voters by what they said to a candidate.
func (q *inquiry) ballots(a attempt, voters []event.NodeID) (got []event.NodeID, refused []event.Event, silent []event.NodeID) {
	for _, v := range voters {
		if v == a.candidate {
			got = append(got, v)
			continue
		}
		said := q.last(of(event.VoteCounted, event.VoteRefused).that(func(e *event.Event) bool {
			return e.Term == a.term && (e.Kind == event.VoteCounted && e.Node == a.candidate && e.Peer == v && e.Reply == a.pre && e.OK ||
				e.Kind == event.VoteRefused && e.Node == v && e.Peer == a.candidate && e.OK == a.pre)
		}))
		switch {
		case said == nil:
			silent = append(silent, v)
		case said.Kind == event.VoteCounted:
			got = append(got, v)
		default:
			refused = append(refused, *said)
		}
	}
	return got, refused, silent
}

// saySilent tells of voters that said nothing that the candidate heard.
func (q *inquiry) saySilent(a attempt, silent []event.NodeID) {
	if len(silent) == 0 {
		return
	}
	var voted, mute []event.NodeID
	for _, v := range silent {
		if q.grant(a, v) != nil {
			voted = append(voted, v)
		} else {
			mute = append(mute, v)
		}
	}
	switch {
	case len(voted) > 0 && a.pre:
		q.say(q.Count(len(voted), q.list(voted), "{0} would vote for it, but the answer has not reached {1}.", "{0} would vote for it, but the answers have not reached {1}.", a.candidate.String()))
	case len(voted) > 0:
		q.say(q.Count(len(voted), q.list(voted), "{0} has granted its vote, but the answer has not reached {1}.", "{0} have granted their votes, but the answers have not reached {1}.", a.candidate.String()))
	}
	if len(mute) > 0 {
		q.say(q.Count(len(mute), q.list(mute), "{0} has not answered it.", "{0} have not answered it."))
	}
	for _, v := range silent {
		sent := q.last(of(event.Sent).by(a.candidate).to(v).that(func(e *event.Event) bool { return e.Term == a.term && asksForVote(e) }))
		granted := q.grant(a, v)
		switch n := q.s.Node(v); {
		case granted != nil && a.pre:
			q.happened(granted, linkMark(v, a.candidate), q.Say("{0} would vote for {1}, but the answer has not reached it.", v.String(), a.candidate.String()))
		case granted != nil:
			q.happened(granted, linkMark(v, a.candidate), q.Say("{0} granted its vote, but the answer has not reached {1}.", v.String(), a.candidate.String()))
		case n == nil || !n.Up || n.Suspended || !q.passes(a.candidate, v) || !q.passes(v, a.candidate) || q.gate(a.candidate, v) || q.gate(v, a.candidate):
			q.seeAway(a.candidate, []event.NodeID{v})
		case sent != nil && a.pre:
			q.happened(sent, linkMark(v, a.candidate), q.Say("{0} asked {1} whether it would vote for it.", a.candidate.String(), v.String()))
		case sent != nil:
			q.happened(sent, linkMark(v, a.candidate), q.Say("{0} asked {1} for its vote.", a.candidate.String(), v.String()))
		}
	}
}

// grant is when a voter gave a candidate its vote; nil if it did not, as far as the recording reaches.
func (q *inquiry) grant(a attempt, voter event.NodeID) *event.Event {
	return q.last(of(event.VoteGranted).by(voter).to(a.candidate).that(func(e *event.Event) bool { return e.Term == a.term && e.OK == a.pre }))
}

// sayElsewhere tells who won the term instead, if somebody did.
func (q *inquiry) sayElsewhere(a attempt) {
	won := q.last(of(event.RoleChanged).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term == a.term }))
	if won != nil && won.Node != a.candidate {
		q.say(q.Say("{0} won that term.", won.Node.String()))
		q.happened(won, won.Node.String(), q.Say("{0} became leader of term {1}.", won.Node.String(), number(won.Term)))
	}
}

// refusal is the newest one by a voter, or to a candidate; 0 stands for anybody.
func (q *inquiry) refusal(voter, candidate event.NodeID, pre bool) *event.Event {
	return q.last(of(event.VoteRefused).by(voter).to(candidate).that(func(e *event.Event) bool { return e.OK == pre }))
}

// refusalWords say why a vote was refused, with the numbers that were compared.
func (q *inquiry) refusalWords(e *event.Event, a attempt) string {
	voter, candidate, term := e.Node.String(), e.Peer.String(), number(e.Term)
	// only the reasons of VoteRefused can come
	//exhaustive:ignore
	switch e.Reason {
	case event.StaleTerm:
		return q.Say("{0} refused {1}: term {2} was over for it, it had seen a higher one.", voter, candidate, term)
	case event.AlreadyVoted:
		cast := q.last(of(event.VoteCast).by(e.Node).ahead(e.Seq).that(func(o *event.Event) bool { return o.Term == e.Term }))
		if cast != nil && cast.Peer == e.Node {
			return q.Say("{0} refused {1}: it has one vote a term and had given that of term {2} to itself.", voter, candidate, term)
		}
		if cast != nil {
			return q.Say("{0} refused {1}: it has one vote a term and had given that of term {2} to {3}.", voter, candidate, term, cast.Peer.String())
		}
		return q.Say("{0} refused {1}: it has one vote a term and had given that of term {2} to another.", voter, candidate, term)
	case event.HasLeader:
		seen := q.last(of(event.LeaderSeen).by(e.Node).ahead(e.Seq))
		if seen != nil && seen.Peer == e.Node {
			return q.Say("{0} refused {1}: it led itself and saw no need for another leader.", voter, candidate)
		}
		if seen != nil && seen.Peer != 0 {
			return q.Say("{0} refused {1}: it followed {2}, its election timer had not run out, and it saw no need for another leader.", voter, candidate, seen.Peer.String())
		}
		return q.Say("{0} refused {1}: it followed a leader, its election timer had not run out, and it saw no need for another.", voter, candidate)
	case event.LogTermBehind:
		if a.logTerm != 0 {
			return q.Say("{0} refused {1}, whose log was behind: its last entry was of term {2}, {0}'s of term {3}, and the higher term counts as newer (§5.4.1).", voter, candidate, number(a.logTerm), number(e.LogTerm))
		}
		return q.Say("{0} refused {1}, whose log was behind: {0}'s last entry was of term {2}, which is higher (§5.4.1).", voter, candidate, number(e.LogTerm))
	case event.LogIndexBehind:
		if a.index != 0 {
			return q.Say("{0} refused {1}, whose log was behind: both logs ended in the same term, but {1}'s with entry {2} and {0}'s with entry {3} (§5.4.1).", voter, candidate, number(a.index), number(e.Index))
		}
		return q.Say("{0} refused {1}, whose log was behind: both logs ended in the same term, but {0}'s was longer (§5.4.1).", voter, candidate)
	case event.NotAVoter:
		return q.Say("{0} refused {1}: in the configuration that {0} used {1} was no voter.", voter, candidate)
	}
	if e.Text == "" {
		return q.Say("{0} refused {1}; the engine did not say why.", voter, candidate)
	}
	return q.Say("{0} refused {1}: {2}.", voter, candidate, e.Text)
}

// requestOf is what a candidate told of its log when it was refused.
func (q *inquiry) requestOf(e *event.Event) attempt {
	a := attempt{candidate: e.Peer, term: e.Term, pre: e.OK}
	sent := q.last(of(event.Sent).by(e.Peer).to(e.Node).ahead(e.Seq).that(func(o *event.Event) bool { return o.Term == e.Term && asksForVote(o) }))
	if sent != nil {
		a.index, a.logTerm = sent.Index, sent.LogTerm
	}
	return a
}

// whyRefused tells why the machine refused its vote last.
func (q *inquiry) whyRefused(pre bool) {
	e := q.refusal(q.n.ID, 0, pre)
	if e == nil {
		return
	}
	q.say(q.refusalWords(e, q.requestOf(e)))
	if pre {
		q.say(q.Say("A pre-vote is no vote: nobody's term changed by it."))
	}
	if pre {
		q.happened(e, q.n.ID.String(), q.Say("{0} refused {1} a pre-vote for term {2}.", e.Node.String(), e.Peer.String(), number(e.Term)))
	} else {
		q.happened(e, q.n.ID.String(), q.Say("{0} refused {1} in term {2}.", e.Node.String(), e.Peer.String(), number(e.Term)))
	}
	// only some reasons rest on another event
	//exhaustive:ignore
	switch e.Reason {
	case event.AlreadyVoted:
		cast := q.last(of(event.VoteCast).by(e.Node).ahead(e.Seq).that(func(o *event.Event) bool { return o.Term == e.Term }))
		q.happened(cast, q.n.ID.String(), q.Say("{0} gave its vote of term {1}.", e.Node.String(), number(e.Term)))
	case event.LogTermBehind, event.LogIndexBehind:
		q.see("log", q.Say("A candidate wins only if its log is at least as new as those of a majority: so every leader has all that is committed."))
	}
	q.see(e.Peer.String(), q.Say("{0} was the candidate.", e.Peer.String()))
}

func (q *inquiry) whyNoPreVote() {
	voters := votersOf(q.configuration(q.n))
	e := q.refusal(0, q.n.ID, true)
	if e == nil {
		return
	}
	a := q.requestOf(e)
	got, refused, silent := q.ballots(a, voters)
	q.say(q.Say("Before it raises its term, {0} asks whether it could win term {1}: {2} of the {3} it needs would vote for it ({4}).", q.n.ID.String(), number(a.term), count(len(got)), count(majority(voters)), q.list(got)))
	for i := range refused {
		sentence := q.refusalWords(&refused[i], a)
		if i == 0 {
			q.say(sentence)
		}
		q.happened(&refused[i], refused[i].Node.String(), sentence)
	}
	q.saySilent(a, silent)
	q.say(q.Say("So its term stays {0}, and it disturbs nobody.", number(q.n.Term)))
}
