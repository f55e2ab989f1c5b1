package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var nodeAskings = []asking{
	{"refuses-start", aboutNode, words.Of("Why does {0} refuse to start?"), func(q *inquiry) bool { return q.n.Refused != "" }, (*inquiry).whyRefusesStart},
	{"down", aboutNode, words.Of("Why is {0} down?"), func(q *inquiry) bool { return !q.n.Up && q.n.Refused == "" }, (*inquiry).whyDown},
	{"suspended", aboutNode, words.Of("Why does {0} not react?"), func(q *inquiry) bool { return q.n.Suspended }, (*inquiry).whySuspended},
	{"candidate", aboutNode, words.Of("Why does {0} stand for election?"), func(q *inquiry) bool { return q.n.Role == event.Candidate }, (*inquiry).whyCandidate},
	{"not-elected", aboutNode, words.Of("Why could {0} not win the election?"), func(q *inquiry) bool { return q.n.Role == event.Candidate || q.lostElection() != nil }, func(q *inquiry) { q.whyNotElected(q.n) }},
	{"no-pre-vote", aboutNode, words.Of("Why does {0} not get its pre-votes?"), func(q *inquiry) bool {
		e := q.refusal(0, q.n.ID, true)
		return e != nil && e.Term > q.n.Term && q.n.Role != event.Leader
	}, (*inquiry).whyNoPreVote},
	{"no-quorum", aboutNode, words.Of("Why can {0}'s side not elect or commit?"), (*inquiry).lacksQuorum, (*inquiry).whyNoQuorum},
	{"leads", aboutNode, words.Of("Why does {0} believe that it leads?"), func(q *inquiry) bool { return q.n.Role == event.Leader }, (*inquiry).whyLeads},
	{"not-leader", aboutNode, words.Of("Why does {0} not lead?"), func(q *inquiry) bool { return q.n.Up && q.n.Role != event.Leader }, (*inquiry).whyNotLeader},
	{"no-candidacy", aboutNode, words.Of("Why does {0} not stand for election?"), (*inquiry).waitsForLeader, (*inquiry).whyNoCandidacy},
	{"follows", aboutNode, words.Of("Why does {0} still follow a former leader?"), (*inquiry).followsOther, (*inquiry).whyFollows},
	{"stepped-down", aboutNode, words.Of("Why did {0} step down?"), func(q *inquiry) bool { won, _ := q.office(); return won != nil }, (*inquiry).whySteppedDown},
	{"lease", aboutNode, words.Of("Why does {0} still hold its leader lease?"), func(q *inquiry) bool { return q.n.Role == event.Leader && !q.n.Suspended }, (*inquiry).whyLease},
	{"term", aboutNode, words.Of("Why did {0}'s term change?"), func(q *inquiry) bool { now, _ := q.termChange(); return now != nil }, (*inquiry).whyTerm},
	{"refused-vote", aboutNode, words.Of("Why did {0} refuse its vote?"), func(q *inquiry) bool { return q.refusal(q.n.ID, 0, false) != nil }, func(q *inquiry) { q.whyRefused(false) }},
	{"refused-pre-vote", aboutNode, words.Of("Why did {0} refuse a pre-vote?"), func(q *inquiry) bool { return q.refusal(q.n.ID, 0, true) != nil }, func(q *inquiry) { q.whyRefused(true) }},
	{"behind", aboutNode, words.Of("Why is {0}'s log behind?"), (*inquiry).isBehind, (*inquiry).whyBehind},
	{"snapshot", aboutNode, words.Of("Why is {0} sent a snapshot instead of entries?"), (*inquiry).takesSnapshot, (*inquiry).whySnapshot},
	{"commit-behind", aboutNode, words.Of("Why does {0} not know that more is committed?"), (*inquiry).commitsLess, (*inquiry).whyCommitsLess},
	{"not-applied", aboutNode, words.Of("Why has {0} not applied what is committed?"), func(q *inquiry) bool { return q.n.Applied < q.n.Commit }, (*inquiry).whyNotApplied},
	{"truncated", aboutNode, words.Of("Why did {0} throw entries away?"), func(q *inquiry) bool { return q.truncation(0) != nil }, func(q *inquiry) { q.whyTruncated(q.truncation(0)) }},
	{"learner", aboutNode, words.Of("Why does {0} have no vote?"), func(q *inquiry) bool {
		own, _ := q.s.CountsWith(q.n)
		return len(q.s.Members) > 0 && suffrage(q.s.Members, q.n.ID) != event.Voter && suffrage(own, q.n.ID) != event.Voter
	}, (*inquiry).whyNoVote},
}

func (q *inquiry) whyRefusesStart() {
	q.say(q.Say("{0} found damage on its disk and does not start on it, because a member that has forgotten something it promised could break what the others rely on: {1}.", q.n.ID.String(), ended(q.n.Refused)))
	q.happened(q.last(of(event.Stopped).by(q.n.ID)), q.n.ID.String(), q.Say("{0} refused to start.", q.n.ID.String()))
	if c := q.last(of(event.Corrupted).by(q.n.ID)); c != nil {
		q.happened(c, q.n.ID.String(), q.Say("A bit in {0}'s file {1} was flipped, at byte {2}.", q.n.ID.String(), c.Text, count(int(c.N))))
	}
}

func (q *inquiry) whyDown() {
	who := q.n.ID.String()
	// only the reasons of Stopped can be
	//exhaustive:ignore
	switch q.n.Down {
	case event.KilledBeforeFsync:
		q.say(q.Say("{0} was killed with a write under way that never reached its disk: what it was about to write is lost, what it acknowledged before is not.", who))
	case event.KilledAfterFsync:
		q.say(q.Say("{0} was killed right after a write had reached its disk, before anybody heard of it: the entry is there when it starts again.", who))
	case event.LeftCluster:
		q.say(q.Say("{0} stopped because it is no member any more.", who))
	case event.RoomClosed:
		q.say(q.Say("{0} stopped with the room.", who))
	case event.ReasonNone:
		q.say(q.Say("{0} has not been started yet.", who))
	default:
		if q.wiped() {
			q.say(q.Say("{0} was killed, as by a power cut: its process is gone; its disk was wiped since.", who))
			break
		}
		q.say(q.Say("{0} was killed, as by a power cut: its process is gone; term, vote, log and store wait on its disk.", who))
	}
	stop := q.last(of(event.Stopped).by(q.n.ID))
	q.happened(stop, who, q.Say("{0} went down.", who))
	q.seeOrder(event.Kill, stop)
	if stop != nil {
		q.seeOrder(event.Wipe, q.last(of(event.Wiped).by(q.n.ID).behind(stop.Seq)))
	}
}

// orderedFor is how long before something it was ordered at most: a kill that waits for a write may take a while.
const orderedFor event.Micros = 15_000_000

// seeOrder adds the order by which something was done to the machine.
func (q *inquiry) seeOrder(kind event.CommandKind, done *event.Event) {
	if done == nil {
		return
	}
	order := q.last(of(event.Asked).by(q.n.ID).behind(q.seqAt(done.At - orderedFor)).ahead(done.Seq).that(func(e *event.Event) bool { return e.Command == kind }))
	if order != nil {
		q.happened(order, q.n.ID.String(), ordered(q.Language, order))
	}
}

func (q *inquiry) whySuspended() {
	who, waiting := q.n.ID.String(), 0
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.To == q.n.ID && !m.Held {
			waiting++
		}
	}
	q.say(q.Say("{0} was suspended: its process and its clock stand still, so it notices nothing, not even that time goes by. What is sent to it waits until it is resumed, or its sender gives up.", who))
	if waiting > 0 {
		q.see(who, q.Count(waiting, count(waiting), "{0} message waits for it or is on its way.", "{0} messages wait for it or are on their way."))
	}
	q.happened(q.last(of(event.Suspended).by(q.n.ID)), who, q.Say("{0} was suspended.", who))
	if q.n.Role != event.Leader || !q.s.StaleLeader(q.n) {
		return
	}
	if l := q.s.Leader(); l != nil && l.Term > q.n.Term {
		q.say(q.Say("It led term {0} and still believes to; {1} leads term {2} by now.", number(q.n.Term), l.ID.String(), number(l.Term)))
	} else { // who did may be down
		q.say(q.Say("It led term {0} and still believes to; others have gone on to a later term.", number(q.n.Term)))
	}
}

// wiped says whether the machine's disk was wiped since it went down.
func (q *inquiry) wiped() bool {
	stop := q.last(of(event.Stopped).by(q.n.ID))
	return stop != nil && q.last(of(event.Wiped).by(q.n.ID).behind(stop.Seq)) != nil
}

func (q *inquiry) whyLeads() {
	who, term := q.n.ID.String(), number(q.n.Term)
	voters, late := q.electors(q.n)
	won := q.last(of(event.RoleChanged).by(q.n.ID).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term == q.n.Term }))
	changed := won != nil && q.last(of(event.MembersSet).by(q.n.ID).behind(won.Seq)) != nil
	switch {
	case len(voters) > 0 && changed: // so many voters as now there were not then
		q.say(q.Say("{0} won term {1} with the votes of {2}.", who, term, q.list(voters)))
	case len(voters) > 0:
		q.say(q.Say("{0} won term {1} with the votes of {2}; {3} were needed.", who, term, q.list(voters), count(q.s.VotesNeeded(q.n))))
	default:
		q.say(q.Say("{0} won term {1} with a majority of the votes.", who, term))
	}
	if len(late) > 0 {
		q.say(q.Count(len(late), q.list(late), "The vote of {0} came when it led already.", "The votes of {0} came when it led already."))
	}
	q.seeWin(q.n.ID, q.n.Term)
	for _, v := range voters {
		q.seeVote(v, q.n.ID, q.n.Term)
	}
	newest := q.s.Leader()
	switch {
	case q.n.Suspended:
		q.say(q.Say("It stands still and believes what it believed when it was suspended."))
	case newest != nil && newest.ID != q.n.ID && newest.Term > q.n.Term:
		q.say(q.Say("It has not heard of {0}, which won term {1} since: no message of a higher term has reached it. It steps down when one does, or when it has not heard from a majority for its lease.", newest.ID.String(), number(newest.Term)))
		q.seeLink(q.n.ID, newest.ID)
	case q.s.StaleLeader(q.n):
		q.whyOusted(q.n)
		q.say(q.Say("It steps down when a message of a higher term reaches it, or when it has not heard from a majority for its lease."))
	default:
		q.say(q.Say("Nobody has told it of a higher term since."))
	}
}

// electors are those whose votes made a machine leader, and those whose votes came later. Where the election is out of reach
// all are in the first list.
func (q *inquiry) electors(n *view.Node) (voters, late []event.NodeID) {
	won := q.last(of(event.RoleChanged).by(n.ID).that(func(e *event.Event) bool { return e.Role == event.Leader && e.Term == n.Term }))
	for _, b := range n.Ballots {
		if !b.Granted || b.PreVote {
			continue
		}
		counted := q.last(of(event.VoteCounted).by(n.ID).to(b.Voter).that(func(e *event.Event) bool { return e.Term == n.Term && e.OK && !e.Reply }))
		if won != nil && counted != nil && counted.Seq > won.Seq {
			late = append(late, b.Voter)
		} else {
			voters = append(voters, b.Voter)
		}
	}
	return voters, late
}

// seeVote adds the event by which a voter gave its vote.
func (q *inquiry) seeVote(voter, candidate event.NodeID, term uint64) {
	cast := q.last(of(event.VoteCast).by(voter).to(candidate).that(func(e *event.Event) bool { return e.Term == term }))
	if cast != nil && voter != candidate {
		q.happened(cast, voter.String(), q.Say("{0} voted for {1} in term {2}.", voter.String(), candidate.String(), number(term)))
	}
}

func (q *inquiry) whyNotLeader() {
	leader, who := q.s.Leader(), q.n.ID.String()
	switch {
	case q.n.Role == event.Candidate:
		q.whyNotElected(q.n)
	case suffrage(q.configuration(q.n), q.n.ID) != event.Voter:
		q.whyNoVote()
	case leader == nil:
		q.whyNoLeader()
	case q.n.Leader == leader.ID && (!runs(leader) || !q.passes(leader.ID, q.n.ID) || q.gate(leader.ID, q.n.ID)):
		q.say(q.Say("{0} leads term {1}. {2} takes it for its leader still, though nothing comes from it now: a follower stands for election only when it has not heard from a leader for its election timeout.", leader.ID.String(), number(leader.Term), who))
		q.seeAway(leader.ID, []event.NodeID{q.n.ID})
		if !runs(leader) {
			q.see(leader.ID.String(), q.Say("{0} stands still.", leader.ID.String()))
		}
		q.whyTimerRuns()
	case q.n.Leader == leader.ID:
		q.say(q.Say("{0} leads term {1}, and {2} hears from it. A follower stands for election only when it has not heard from a leader for its election timeout.", leader.ID.String(), number(leader.Term), who))
		q.seeContact(q.n)
		q.seeWin(leader.ID, leader.Term)
	default:
		q.say(q.Say("{0} leads term {1}.", leader.ID.String(), number(leader.Term)))
		q.seeLink(q.n.ID, leader.ID)
		q.whyTimerRuns()
	}
}

// seeContact adds when a follower last heard from a leader, and until when it is patient.
func (q *inquiry) seeContact(n *view.Node) {
	if n.TimerMax == 0 {
		return
	}
	if timer := q.last(of(event.TimerSet).by(n.ID)); timer != nil && timer.OK {
		q.happened(timer, n.ID.String(), q.Say("{0}'s timer began {1} ago, and it has heard from nobody since; if it neither hears from a leader nor gives its vote it stands for election between {2} and {3}.",
			n.ID.String(), q.span(max(q.s.At-timer.From, 0)), Clock(n.TimerMin), Clock(n.TimerMax)))
		return
	}
	q.see(n.ID.String(), q.Say("{0}'s timer was last set {1} ago, when it heard from a leader or gave its vote; if neither happens again it stands for election between {2} and {3}.",
		n.ID.String(), q.span(max(q.s.At-n.Contact, 0)), Clock(n.TimerMin), Clock(n.TimerMax)))
}

// waitsForLeader says whether the machine is a follower that hears from no leader.
func (q *inquiry) waitsForLeader() bool {
	l := q.s.Leader()
	return q.n.Up && q.n.Role == event.Follower && (l == nil || !q.passes(l.ID, q.n.ID) || !runs(l))
}

func (q *inquiry) whyNoCandidacy() {
	who := q.n.ID.String()
	switch {
	case q.n.Suspended:
		q.whySuspended()
	case suffrage(q.configuration(q.n), q.n.ID) != event.Voter:
		q.say(q.Say("{0} is no voter in the configuration that it uses, and only voters stand for election.", who))
		q.see(who, q.membersWords(q.n))
	case q.s.Rate == 0:
		q.say(q.Say("The room's time stands still, and {0}'s election timer with it.", who))
		q.seeContact(q.n)
	default:
		q.whyTimerRuns()
	}
}

// whyTimerRuns tells how long a follower is still patient.
func (q *inquiry) whyTimerRuns() {
	who := q.n.ID.String()
	switch {
	case q.n.TimerMax == 0:
		q.say(q.Say("{0} knows of no configuration, as one whose disk is empty: it stands for no election, and waits for a leader to bring it one.", who))
		q.happened(q.last(of(event.Started).by(q.n.ID)), who, q.Say("{0} started in term {1}.", who, number(q.n.Term)))
	case q.n.TimerMin > q.s.At:
		q.say(q.Say("{0}'s election timer still runs: it stands for election in {1} at the earliest and {2} at the latest. The time is random, so that not all stand at once.",
			who, q.span(q.n.TimerMin-q.s.At), q.span(q.n.TimerMax-q.s.At)))
	default:
		q.say(q.Say("{0}'s election timer may run out at any moment, in {1} at the latest. The time is random, so that not all stand at once.", who, q.span(max(q.n.TimerMax-q.s.At, 0))))
	}
	q.seeContact(q.n)
	if q.n.Drift != 0 && q.n.Drift != event.One {
		q.see(who, q.Say("{0}'s clock runs at {1} times the true speed, and its timer with it.", who, q.ratio(q.n.Drift)))
	}
}

// followsOther says whether the machine takes somebody for the leader who is not, or not any more.
func (q *inquiry) followsOther() bool {
	l := q.s.Leader()
	if b := q.s.Believing(); l == nil && b != nil && q.n.Leader == b.ID {
		return false // nobody has come after it
	}
	return q.n.Up && q.n.Leader != 0 && q.n.Leader != q.n.ID && (l == nil || q.n.Leader != l.ID)
}

func (q *inquiry) whyFollows() {
	l, who, old := q.s.Leader(), q.n.ID.String(), q.n.Leader.String()
	if l == nil {
		q.say(q.Say("{0} heard from {1} last and has not noticed yet that it leads no more: it forgets its leader when its election timer runs out, or when it hears from one of a higher term.", who, old))
	} else {
		q.say(q.Say("{0} heard from {1} last, in term {2}, and has not heard from {3}, which leads term {4}: the first message of the higher term will tell it.", who, old, number(q.n.Term), l.ID.String(), number(l.Term)))
		q.seeLink(l.ID, q.n.ID)
	}
	q.seeContact(q.n)
	seen := q.last(of(event.LeaderSeen).by(q.n.ID))
	q.happened(seen, who, q.Say("{0} took {1} for its leader.", who, old))
}

// lacksQuorum says whether the machine runs and talks to too few voters, as the picture counts them: in the configuration that it counts with.
// It may talk to enough who would not vote for it.
func (q *inquiry) lacksQuorum() bool {
	members, _ := q.s.CountsWith(q.n)
	voters := votersOf(members)
	if !runs(q.n) || len(voters) == 0 {
		return false
	}
	if len(q.reached(q.n.ID, voters)) < majority(voters) {
		return true
	}
	l := q.s.Leader()
	return (l == nil || l.ID != q.n.ID && !q.talk(q.n.ID, l.ID)) && slices.Contains(voters, q.n.ID) && !q.s.Could(q.n.ID)
}

func (q *inquiry) whyNoQuorum() {
	members, _ := q.s.CountsWith(q.n)
	voters := votersOf(members)
	r := q.reached(q.n.ID, voters)
	if len(r) >= majority(voters) {
		q.whyUnelectable(q.n, voters, r)
		return
	}
	q.say(q.Say("A majority is {0} of the {1} voters, and {2} talks to {3} of them ({4}). Two majorities always share a voter; that is why a minority may neither elect nor commit: the others might do so at the same time.",
		count(majority(voters)), count(len(voters)), q.n.ID.String(), count(len(r)), q.list(r)))
	if q.n.Role == event.Leader {
		q.say(q.Say("{0} still believes to lead term {1}, but what it appends stays uncommitted.", q.n.ID.String(), number(q.n.Term)))
	}
	q.seeAway(q.n.ID, without(voters, r))
}

// whyUnelectable tells of a machine that talks to a majority and cannot be elected by it (§5.4.1).
func (q *inquiry) whyUnelectable(n *view.Node, voters, reached []event.NodeID) {
	who := n.ID.String()
	if len(n.Members) == 0 {
		q.say(q.Say("{0} talks to {1} of the {2} voters, but its own disk is empty and knows of no configuration: it does not stand for election, and waits for a leader that knows it.", who, count(len(reached)), count(len(voters))))
		q.see(who, q.logEnds(n))
		return
	}
	var newer []event.NodeID
	for _, v := range reached {
		if q.s.Node(v).Newer(n) {
			newer = append(newer, v)
		}
	}
	q.say(q.Count(len(newer), count(len(newer)), "{1} talks to {2} of the {3} voters, but {0} of them has a newer log and does not vote for it, since an entry that {1} lacks may be committed: {4} (§5.4.1). It takes {5} votes.",
		"{1} talks to {2} of the {3} voters, but {0} of them have newer logs and do not vote for it, since an entry that {1} lacks may be committed: {4} (§5.4.1). It takes {5} votes.",
		who, count(len(reached)), count(len(voters)), q.list(newer), count(majority(voters))))
	for _, v := range append([]event.NodeID{n.ID}, newer...) {
		m := q.s.Node(v)
		q.see(v.String(), q.Say("{0}'s last entry is {1} of term {2}.", v.String(), number(m.Last), number(m.LastTerm())))
	}
}
