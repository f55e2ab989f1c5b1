package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// membersWords is a configuration in words.
func (q *inquiry) membersWords(n *view.Node) string {
	var voters, learners []event.NodeID
	for _, m := range q.configuration(n) {
		if m.Suffrage == event.Voter {
			voters = append(voters, m.ID)
		} else {
			learners = append(learners, m.ID)
		}
	}
	if len(learners) > 0 {
		return q.Say("{0} counts with the configuration of entry {1}: voters {2}, learners {3}.", n.ID.String(), number(n.MembersIndex), q.list(voters), q.list(learners))
	}
	return q.Say("{0} counts with the configuration of entry {1}: voters {2}.", n.ID.String(), number(n.MembersIndex), q.list(voters))
}

func (q *inquiry) whyNoVote() {
	who, l := q.n.ID.String(), q.s.Leader()
	set := q.last(of(event.MembersSet).that(func(e *event.Event) bool { return suffrage(e.Members, q.n.ID) == event.Learner }))
	counts := q.countedBy()
	switch suffrage(q.s.Members, q.n.ID) {
	case event.Learner:
		if counts != nil {
			q.say(q.Say("{0} is a learner in the newest configuration that is committed. But {1} counts it as a voter already: the change is in its log, entry {2}, and counts from there on (dissertation §4.1).", who, counts.ID.String(), number(counts.MembersIndex)))
			q.see(counts.ID.String(), q.membersWords(counts))
			break
		}
		q.say(q.Say("{0} is a learner: it is sent the log like everybody, but neither elections nor commits count it, so that a newcomer that lags cannot stop the others (dissertation §4.2.1). It votes when it is promoted.", who))
		if l != nil && l.ID != q.n.ID {
			q.see(who, q.Say("{0} has {1} of the {2} entries of {3}'s log.", who, number(q.n.Last), number(l.Last), l.ID.String()))
		}
	case event.Voter:
		q.say(q.Say("{0} votes in the configuration of entry {1}, which is committed, but has not heard of it: the one that it uses itself, of entry {2}, has it as a learner still.", who, number(q.s.MembersIndex), number(q.n.MembersIndex)))
		q.see(who, q.membersWords(q.n))
	default:
		q.say(q.Say("{0} is no member: the settled configuration, of entry {1}, does not name it.", who, number(q.s.MembersIndex)))
		if q.pendingChange() != nil {
			q.say(q.Say("A change of it is under way."))
		}
	}
	if set != nil {
		q.happened(set, set.Node.String(), q.Say("{0} began to use the configuration of entry {1}, in which {2} is a learner.", set.Node.String(), number(set.Index), who))
	}
}

// countedBy is a machine that runs and counts this one as a voter; nil if none does.
func (q *inquiry) countedBy() *view.Node {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		if members, _ := q.s.CountsWith(n); runs(n) && suffrage(members, q.n.ID) == event.Voter {
			return n
		}
	}
	return nil
}

// pendingChange is a configuration that its leader uses though it is not committed yet; nil if there is none.
func (q *inquiry) pendingChange() *view.Node {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		if n.Up && n.Role == event.Leader && n.MembersIndex > n.Commit && !q.s.StaleLeader(n) {
			return n
		}
	}
	return nil
}

// waitingChange is the oldest order to change the members that nobody has answered.
func (q *inquiry) waitingChange() *view.Op {
	for i := range q.s.Ops {
		if op := &q.s.Ops[i]; op.Outcome == event.Pending && changesMembers(op.Kind) {
			return op
		}
	}
	return nil
}

func changesMembers(k event.CommandKind) bool {
	return k == event.MemberAdd || k == event.MemberPromote || k == event.MemberDemote || k == event.MemberRemove
}

func (q *inquiry) changeWaits() bool { return q.pendingChange() != nil || q.waitingChange() != nil }

func (q *inquiry) whyChangeWaits() {
	op, l := q.waitingChange(), q.pendingChange()
	if op != nil && q.op == nil {
		q.see(opMark(op.ID), q.Say("Asked {0} ago: {1}.", q.span(q.s.At-op.Asked), q.opName(op)))
	}
	switch {
	case l != nil:
		voters := votersOf(q.configuration(l))
		have, need := acknowledged(l, l.MembersIndex, voters), majority(voters)
		q.say(q.Say("A change of the members is an entry like any other, entry {0} here, and must be committed: {1} of the {2} voters of the new configuration have to hold it, and so far {3} knows it of these: {4}. Until then no other change may begin (dissertation §4.1).",
			number(l.MembersIndex), count(need), count(len(voters)), l.ID.String(), q.list(have)))
		q.see(l.ID.String(), q.membersWords(l))
		q.seeAway(l.ID, without(voters, have))
	case q.s.Leader() == nil:
		q.say(q.Say("Only a leader can change the members, and there is none."))
		q.whyNoLeader()
	case q.s.Rate == 0:
		q.say(q.Say("The room's time stands still: what a machine must do itself waits until time goes on."))
	default:
		q.say(q.Say("{0} has not appended the change yet: a leader that is new first has to commit an entry of its own term.", q.s.Leader().ID.String()))
		q.see(q.s.Leader().ID.String(), q.Say("{0} leads term {1}.", q.s.Leader().ID.String(), number(q.s.Leader().Term)))
	}
}
