package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var roomAskings = []asking{
	{"still", aboutRoom, words.Of("Why does nothing move?"), (*inquiry).isStill, (*inquiry).whyStill},
	{"no-leader", aboutRoom, words.Of("Why is there no leader?"), func(q *inquiry) bool { return q.s.Leader() == nil && len(q.s.Nodes) > 0 }, (*inquiry).whyNoLeader},
	{"two-leaders", aboutRoom, words.Of("Why do two nodes lead?"), func(q *inquiry) bool { return len(q.leaders()) > 1 }, (*inquiry).whyTwoLeaders},
	{"change-waits", aboutRoom, words.Of("Why does the membership change wait?"), (*inquiry).changeWaits, (*inquiry).whyChangeWaits},
	{"alarm", aboutRoom, words.Of("Why is the NOSPACE alarm on?"), func(q *inquiry) bool { return q.alarm() != nil }, (*inquiry).whyAlarm},
	{"elections", aboutRoom, words.Of("Why do elections repeat?"), func(q *inquiry) bool { return len(q.candidacies()) >= manyCandidacies }, (*inquiry).whyElections},
	{"moved", aboutRoom, words.Of("Why did leadership move?"), func(q *inquiry) bool { _, before := q.elections(); return before != nil }, (*inquiry).whyMoved},
}

// leaders are all that believe to lead, by number.
func (q *inquiry) leaders() (list []*view.Node) {
	for i := range q.s.Nodes {
		if n := &q.s.Nodes[i]; n.Up && n.Role == event.Leader {
			list = append(list, n)
		}
	}
	return list
}

func (q *inquiry) ids() (ids []event.NodeID) {
	for i := range q.s.Nodes {
		ids = append(ids, q.s.Nodes[i].ID)
	}
	return ids
}

func (q *inquiry) isStill() bool {
	return len(q.s.Nodes) > 0 && (q.s.Rate == 0 || len(q.running(q.ids())) == 0 || q.allHeld())
}

// allHeld says whether every way between machines that run has a gate in it, or is cut, and at least one a gate.
func (q *inquiry) allHeld() bool {
	held := false
	for i := range q.s.Links {
		l := &q.s.Links[i]
		if !runs(q.s.Node(l.From)) || !runs(q.s.Node(l.To)) {
			continue
		}
		if !l.Hold && !l.Cut {
			return false
		}
		held = held || l.Hold
	}
	return held
}

func (q *inquiry) heldMessages() (n int) {
	for i := range q.s.Messages {
		if q.s.Messages[i].Held {
			n++
		}
	}
	return n
}

func (q *inquiry) whyStill() {
	up, held := q.running(q.ids()), q.heldMessages()
	switch {
	case len(up) == 0:
		q.say(q.Say("No machine runs: whatever is asked of this cluster, nobody is there to do it."))
	case q.s.Rate == 0:
		q.say(q.Say("The room's time stands still: no timer runs out, no message arrives and no disk writes until it is thawed or stepped."))
		frozen := q.last(of(event.RateSet).that(func(e *event.Event) bool { return e.Factor == 0 }))
		q.happened(frozen, "", q.Say("The room was frozen."))
		if n := len(q.s.Messages) - held; n > 0 {
			q.see("", q.Count(n, count(n), "{0} message is under way and stands still with it.", "{0} messages are under way and stand still with it."))
		}
	default:
		q.say(q.Count(held, count(held), "Every way between the machines has a gate, and what is sent waits there: {0} message until now. Timers run, but nobody hears of anybody.",
			"Every way between the machines has a gate, and what is sent waits there: {0} messages until now. Timers run, but nobody hears of anybody."))
	}
	q.seeAway(0, without(q.ids(), up))
	q.seeGates()
}

func (q *inquiry) seeGates() {
	for i := range q.s.Links {
		if l := &q.s.Links[i]; l.Hold && l.From < l.To {
			q.seeLink(l.From, l.To)
		}
	}
}

func (q *inquiry) whyNoLeader() {
	voters := votersOf(q.s.InUse())
	up, need := q.running(voters), majority(voters)
	if len(voters) == 0 {
		q.say(q.Say("No configuration is known yet: nobody knows who may vote."))
		return
	}
	hubs := q.electable()
	if len(hubs) > 0 {
		members, _ := q.s.CountsWith(q.s.Node(hubs[0]))
		voters = votersOf(members)
		need = majority(voters)
	}
	switch {
	case len(up) == 0:
		q.say(q.Say("A leader needs the votes of {0} of the {1} voters, and none of them runs. Until so many do there can be no leader, and nothing can be committed.", count(need), count(len(voters))))
		q.seeAway(0, voters)
	case len(hubs) == 0 && len(up) < need:
		q.say(q.Count(len(up), count(len(up)), "A leader needs the votes of {1} of the {2} voters, and only {0} of them runs: {3}. Until more of them do there can be no leader, and nothing can be committed.",
			"A leader needs the votes of {1} of the {2} voters, and only {0} of them run: {3}. Until more of them do there can be no leader, and nothing can be committed.", count(need), count(len(voters)), q.list(up)))
		q.seeAway(0, without(voters, up))
	case len(hubs) == 0:
		q.whyNobodyReaches(voters, up, need)
	case !slices.ContainsFunc(hubs, q.s.Could):
		q.whyNobodyWins(hubs)
	case q.allHeld():
		q.say(q.Say("Requests for votes and their answers wait at the gates: {0} of the {1} voters could elect a leader, but none hears the others until messages are let go.", count(need), count(len(voters))))
		q.seeGates()
	case q.s.Rate == 0 && len(q.standing()) == 0:
		q.say(q.Say("The room's time stands still: no election timer runs out, and no vote arrives, until it is thawed or stepped."))
		q.seeTimers(hubs)
	default:
		q.whyNoneYet(voters, hubs, need)
		q.sayFrozen()
	}
	q.seeUncommitted()
	for _, n := range q.leaders() {
		if q.s.StaleLeader(n) && !n.Suspended {
			q.whyOusted(n)
		}
	}
	q.seeLostLeader()
}

// whyOusted tells that somebody was elected after a machine that still believes to lead.
func (q *inquiry) whyOusted(n *view.Node) {
	who, term, newest := n.ID.String(), number(n.Term), number(q.s.Elected)
	won := q.last(of(event.RoleChanged).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term == q.s.Elected }))
	if won == nil {
		q.say(q.Say("{0} still believes to lead term {1}, but somebody was elected in term {2} since: a majority has moved on to that, so nothing that {0} appends can be committed.", who, term, newest))
		return
	}
	q.say(q.Say("{0} still believes to lead term {1}, but {3} was elected in term {2} since: a majority has moved on to that, so nothing that {0} appends can be committed.", who, term, newest, won.Node.String()))
	q.happened(won, won.Node.String(), q.Say("{0} became leader of term {1}.", won.Node.String(), newest))
}

func (q *inquiry) whyNobodyReaches(voters, up []event.NodeID, need int) {
	var best event.NodeID
	var most []event.NodeID
	for _, v := range up {
		if r := q.reached(v, voters); len(r) > len(most) {
			best, most = v, r
		}
	}
	q.say(q.Say("A leader needs the votes of {0} of the {1} voters, and nobody reaches so many: the most that one talks to, itself included, are {2} ({3}). A request without its answer does not count, and nobody passes votes on for others.",
		count(need), count(len(voters)), count(len(most)), q.list(most)))
	q.seeAway(best, without(voters, most))
}

// whyNobodyWins: those who reach a majority cannot be elected, and those who could be reach none.
func (q *inquiry) whyNobodyWins(hubs []event.NodeID) {
	for _, id := range hubs {
		members, _ := q.s.CountsWith(q.s.Node(id))
		voters := votersOf(members)
		q.whyUnelectable(q.s.Node(id), voters, q.reached(id, voters))
	}
	q.say(q.Say("Nobody else talks to a majority: until links are mended or others come back there can be no leader."))
}

// whyNoneYet is why nobody leads although somebody could.
func (q *inquiry) whyNoneYet(voters, hubs []event.NodeID, need int) {
	standing := q.standing()
	if len(standing) == 0 {
		first, last := q.timers(hubs)
		switch {
		case first == nil:
			q.say(q.Say("Nobody has stood for election yet: the followers wait for their election timers."))
		case first.TimerMin > q.s.At:
			q.say(q.Say("Nobody has stood for election yet: the followers wait to hear from a leader. The first election timer may run out in {1}, {0}'s, and one does in {2} at the latest; whose it is asks for votes.",
				first.ID.String(), q.span(first.TimerMin-q.s.At), q.span(max(last.TimerMax-q.s.At, 0))))
		default:
			q.say(q.Say("Nobody has stood for election yet: the followers wait to hear from a leader. {0}'s timer may run out at any moment, in {1} at the latest; then it asks for votes.",
				first.ID.String(), q.span(max(last.TimerMax-q.s.At, 0))))
		}
		q.seeTimers(hubs)
		return
	}
	if q.splitVote(standing, voters, need) {
		return
	}
	for _, c := range standing {
		q.whyNotElected(c)
	}
}

// timers are the voters whose election timers can run out first, and whose must have run out first.
func (q *inquiry) timers(ids []event.NodeID) (first, last *view.Node) {
	for _, id := range ids {
		n := q.s.Node(id)
		if n.Role != event.Follower || n.TimerMax == 0 {
			continue
		}
		if first == nil || n.TimerMin < first.TimerMin {
			first = n
		}
		if last == nil || n.TimerMax < last.TimerMax {
			last = n
		}
	}
	return first, last
}

func (q *inquiry) seeTimers(ids []event.NodeID) {
	for _, id := range ids {
		if n := q.s.Node(id); n.Role == event.Follower && n.TimerMax != 0 {
			q.see(id.String(), q.Say("{0} stands for election between {1} and {2}, unless it hears from a leader before.", id.String(), Clock(n.TimerMin), Clock(n.TimerMax)))
		}
	}
}

// standing are the candidates.
func (q *inquiry) standing() (list []*view.Node) {
	for i := range q.s.Nodes {
		if n := &q.s.Nodes[i]; runs(n) && n.Role == event.Candidate {
			list = append(list, n)
		}
	}
	return list
}

// splitVote says whether no candidate of the newest term can win it any more because the voters gave their votes to several.
func (q *inquiry) splitVote(standing []*view.Node, voters []event.NodeID, need int) bool {
	term := uint64(0)
	for _, c := range standing {
		term = max(term, c.Term)
	}
	votes, given := map[event.NodeID][]event.NodeID{}, 0
	for _, v := range voters {
		if n := q.s.Node(v); n != nil && n.VoteTerm == term && n.Vote != 0 {
			votes[n.Vote] = append(votes[n.Vote], v)
			given++
		}
	}
	if len(votes) < 2 {
		return false
	}
	best := 0
	for _, got := range votes {
		best = max(best, len(got))
	}
	if best+len(voters)-given >= need {
		return false
	}
	if left := len(voters) - given; left == 0 {
		q.say(q.Say("The vote of term {0} is split: {1} votes are needed, the best candidate got {2}, and all have given theirs. Each votes once a term, so nobody can win it; after a random time somebody tries again in term {3}.",
			number(term), count(need), count(best), number(term+1)))
	} else {
		q.say(q.Count(left, count(left), "The vote of term {1} is split: {2} votes are needed, the best candidate got {3}, and only {0} voter has not given its own. Each votes once a term, so nobody can win it; after a random time somebody tries again in term {4}.",
			"The vote of term {1} is split: {2} votes are needed, the best candidate got {3}, and only {0} voters have not given theirs. Each votes once a term, so nobody can win it; after a random time somebody tries again in term {4}.",
			number(term), count(need), count(best), number(term+1)))
	}
	for _, id := range q.ids() {
		if got := votes[id]; len(got) > 0 {
			q.see(id.String(), q.Say("For {0} in term {1}: {2}.", id.String(), number(term), q.list(got)))
		}
	}
	return true
}

// seeLostLeader adds who led last, and what became of it.
func (q *inquiry) seeLostLeader() {
	won := q.last(of(event.RoleChanged).that(func(e *event.Event) bool { return e.Role == event.Leader }))
	if won == nil {
		return
	}
	if end := q.endOfLead(won); end != nil {
		q.happened(end, end.Node.String(), q.howEnded(won, end))
	}
}

// endOfLead is the event by which who won lost its office; nil if it still has it.
func (q *inquiry) endOfLead(won *event.Event) *event.Event {
	return q.first(of(event.Stopped, event.Suspended, event.MachineRemoved, event.RoleChanged).by(won.Node).behind(won.Seq).that(func(e *event.Event) bool {
		return e.Kind != event.RoleChanged || e.Role != event.Leader
	}))
}

func (q *inquiry) howEnded(won, end *event.Event) string {
	who, term := won.Node.String(), number(won.Term)
	// the events that endOfLead gives
	//exhaustive:ignore
	switch end.Kind {
	case event.Suspended:
		return q.Say("{0}, leader of term {1}, was suspended: it stands still and sends nothing.", who, term)
	case event.Stopped:
		return q.Say("{0}, leader of term {1}, went down.", who, term)
	case event.MachineRemoved:
		return q.Say("{0}, leader of term {1}, left the ring.", who, term)
	}
	return q.Say("{0}, leader of term {1}, stepped down.", who, term)
}

func (q *inquiry) whyTwoLeaders() {
	list, newest := q.leaders(), q.s.Believing()
	for _, n := range list {
		switch {
		case newest == nil:
			q.whyOusted(n)
		case n.ID == newest.ID:
		case n.Term == newest.Term:
			q.say(q.Say("{0} and {1} both lead term {2}, which must never be: Election Safety is broken (§5.2).", n.ID.String(), newest.ID.String(), number(n.Term)))
			q.see("lamps", q.Say("Election Safety is broken."))
		default:
			q.say(q.Say("{0} won term {1} and has not heard that {2} won term {3} since. There is one leader a term, so both are right about their own; but {0} can commit nothing any more, because a majority has moved on to term {3}.",
				n.ID.String(), number(n.Term), newest.ID.String(), number(newest.Term)))
			q.seeLink(n.ID, newest.ID)
		}
	}
	for _, n := range list {
		q.seeWin(n.ID, n.Term)
	}
}

// seeWin adds the event by which somebody became leader of a term.
func (q *inquiry) seeWin(id event.NodeID, term uint64) {
	won := q.last(of(event.RoleChanged).by(id).that(func(e *event.Event) bool { return e.Role == event.Leader && (term == 0 || e.Term == term) }))
	if won != nil {
		q.happened(won, id.String(), q.Say("{0} became leader of term {1}.", id.String(), number(won.Term)))
	}
}
