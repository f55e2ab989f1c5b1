package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

var entryAskings = []asking{
	{"doomed", aboutEntry, words.Of("Why will {0} be overwritten?"), func(q *inquiry) bool { return q.entry != nil && q.s.Doomed(q.n, q.entry.Index) }, (*inquiry).whyDoomed},
	{"not-committed", aboutEntry, words.Of("Why is {0} not committed?"), func(q *inquiry) bool { return q.entry != nil && !q.settled(q.entry) }, func(q *inquiry) { q.whyUncommitted(q.n, q.entry) }},
	{"overwritten", aboutEntry, words.Of("Why was {0} overwritten?"), func(q *inquiry) bool { return q.truncation(q.subject.number) != nil }, func(q *inquiry) { q.whyTruncated(q.truncation(q.subject.number)) }},
	{"compacted", aboutEntry, words.Of("Why is {0} not in the log?"), func(q *inquiry) bool {
		return q.entry == nil && q.subject.number <= q.n.SnapshotIndex
	}, (*inquiry).whyCompacted},
	{"missing", aboutEntry, words.Of("Why is {0} missing here?"), func(q *inquiry) bool { return q.subject.number > q.n.Last && q.isBehind() }, (*inquiry).whyBehind},
	{"not-known", aboutEntry, words.Of("Why is {0} not known to be committed here?"), func(q *inquiry) bool {
		return q.entry != nil && q.entry.Index > q.n.Commit && q.settled(q.entry)
	}, (*inquiry).whyCommitsLess},
	{"not-applied", aboutEntry, words.Of("Why is {0} not applied here?"), func(q *inquiry) bool {
		return q.entry != nil && q.entry.Index > q.n.Applied && q.entry.Index <= q.n.Commit
	}, (*inquiry).whyNotApplied},
	{"committed", aboutEntry, words.Of("Why can {0} not be lost any more?"), func(q *inquiry) bool {
		return q.entry != nil && q.settled(q.entry) && len(q.endangering()) == 0
	}, (*inquiry).whyCommitted},
	{"endangered", aboutEntry, words.Of("Why could {0} be lost although it is committed?"), func(q *inquiry) bool {
		return q.entry != nil && q.settled(q.entry) && len(q.endangering()) > 0
	}, (*inquiry).whyEndangered},
}

// whyUncommitted tells what an entry lacks. n is a machine that has it.
func (q *inquiry) whyUncommitted(n *view.Node, e *view.Entry) {
	leader := q.s.Leader()
	voters := votersOf(q.configuration(n))
	if leader != nil {
		voters = votersOf(q.configuration(leader))
	}
	holders := q.holders(e.Index, e.Term, voters)
	defer func() {
		for _, id := range holders {
			q.see(entryMark(id, e.Index), q.Say("{0} has entry {1} of term {2}.", id.String(), number(e.Index), number(e.Term)))
		}
	}()
	switch {
	case leader == nil:
		q.say(q.Say("Entry {0} of term {1} is in the logs of {2} of the {3} voters ({4}), and there is no leader that could commit it.", number(e.Index), number(e.Term), count(len(holders)), count(len(voters)), q.list(holders)))
		q.whyNoLeader()
	case !slices.Contains(holders, leader.ID) && leader.Entry(e.Index) == nil && leader.SnapshotIndex >= e.Index:
		q.whyBeneath(leader, e, holders)
	case leader.Entry(e.Index) == nil || leader.Entry(e.Index).Term != e.Term:
		q.whyNotTheLeaders(leader, e, holders)
	case e.Term < leader.Term:
		q.whyOldTerm(leader, e, holders, voters)
	default:
		q.whyUncounted(leader, e, holders, voters)
	}
}

// whyBeneath: the leader's snapshot reaches over the entry's place.
func (q *inquiry) whyBeneath(l *view.Node, e *view.Entry, holders []event.NodeID) {
	term, who := q.agreed(q.s, e.Index)
	if term != 0 || l.SnapshotTerm < e.Term {
		q.say(q.Count(len(holders), q.list(holders), "Only {0} has entry {1} of term {2}. {3}, which leads term {4}, has a snapshot up to entry {5}, with another entry {1} in it: that one is committed, so this one never can be, and gives way when {3} reaches the others (§5.3).",
			"Only {0} have entry {1} of term {2}. {3}, which leads term {4}, has a snapshot up to entry {5}, with another entry {1} in it: that one is committed, so this one never can be, and gives way when {3} reaches the others (§5.3).",
			number(e.Index), number(e.Term), l.ID.String(), number(l.Term), number(l.SnapshotIndex)))
	} else {
		q.say(q.Say("{0}, which leads term {1}, has a snapshot up to entry {2}. Whether this entry {3} of term {4} or another one is in it the facts within reach do not tell.",
			l.ID.String(), number(l.Term), number(l.SnapshotIndex), number(e.Index), number(e.Term)))
	}
	q.see(l.ID.String(), q.Say("{0}'s snapshot ends with entry {1} of term {2}.", l.ID.String(), number(l.SnapshotIndex), number(l.SnapshotTerm)))
	if term != 0 {
		q.see(who.String(), q.Say("{0} tells that entry {1} of term {2} is committed.", who.String(), number(e.Index), number(term)))
	}
	for _, id := range holders {
		q.seeLink(l.ID, id)
	}
}

// whyNotTheLeaders: who leads does not have the entry.
func (q *inquiry) whyNotTheLeaders(l *view.Node, e *view.Entry, holders []event.NodeID) {
	q.say(q.Count(len(holders), q.list(holders), "Only {0} has entry {1} of term {2}; {3}, which leads term {4}, does not, and a leader commits only what is in its own log.",
		"Only {0} have entry {1} of term {2}; {3}, which leads term {4}, does not, and a leader commits only what is in its own log.", number(e.Index), number(e.Term), l.ID.String(), number(l.Term)))
	if other := l.Entry(e.Index); other != nil && l.Commit >= e.Index {
		q.say(q.Say("There it has an entry of term {0} that is committed, so this one never can be: when {1} reaches the others, theirs gives way (§5.3).", number(other.Term), l.ID.String()))
		q.see(entryMark(l.ID, e.Index), q.Say("{0} has entry {1} of term {2}, committed.", l.ID.String(), number(e.Index), number(other.Term)))
	} else if other != nil {
		q.say(q.Say("There it has an entry of term {0}: as soon as it reaches the others, theirs gives way (§5.3).", number(other.Term)))
		q.see(entryMark(l.ID, e.Index), q.Say("{0} has entry {1} of term {2}.", l.ID.String(), number(e.Index), number(other.Term)))
	} else {
		q.say(q.Say("Its log ends with entry {0}; whatever it appends there takes this one's place (§5.3).", number(l.Last)))
		q.see(l.ID.String(), q.logEnds(l))
	}
	for _, id := range holders {
		q.seeLink(l.ID, id)
	}
}

// whyOldTerm: an entry of an earlier term is committed only along with one of the leader's own.
func (q *inquiry) whyOldTerm(l *view.Node, e *view.Entry, holders, voters []event.NodeID) {
	own := q.firstOf(l)
	q.say(q.Say("{0} of the {1} voters hold entry {2} ({3}), but it is of term {4} and {5} leads term {6}: a leader may not commit an entry of an earlier term by counting who holds it, because another leader could still overwrite it (§5.4.2, Figure 8).",
		count(len(holders)), count(len(voters)), number(e.Index), q.list(holders), number(e.Term), l.ID.String(), number(l.Term)))
	switch {
	case own == nil:
		q.say(q.Say("It is committed together with the first entry of term {0}, which {1} has not appended yet.", number(l.Term), l.ID.String()))
	default:
		have := acknowledged(l, own.Index, voters)
		q.say(q.Say("It is committed together with the first entry of {0}'s own term, entry {1}. That takes {2} voters; so far {0} knows it of these: {3}.", l.ID.String(), number(own.Index), count(majority(voters)), q.list(have)))
		q.see(entryMark(l.ID, own.Index), q.Say("Entry {0} is the first of term {1}.", number(own.Index), number(l.Term)))
		q.seeMissing(l, own.Index, without(voters, have))
	}
}

// firstOf is a leader's first entry of its own term.
func (q *inquiry) firstOf(l *view.Node) (first *view.Entry) {
	for i := l.Log.Len() - 1; i >= 0 && l.Log.At(i).Term == l.Term; i-- {
		first = l.Log.At(i)
	}
	return first
}

// whyUncounted: an entry of the leader's own term that too few have acknowledged.
func (q *inquiry) whyUncounted(l *view.Node, e *view.Entry, holders, voters []event.NodeID) {
	have, need := acknowledged(l, e.Index, voters), majority(voters)
	index, who := number(e.Index), l.ID.String()
	switch {
	case len(have) >= need:
		q.say(q.Say("{0} of the {1} voters have acknowledged entry {2} ({3}), which is a majority: {4} is about to take it for committed.", count(len(have)), count(len(voters)), index, q.list(have), who))
	case len(holders) >= need:
		q.say(q.Say("{0} of the {1} voters hold entry {2} ({3}), which would do, but {4} knows only of {5} ({6}): the other acknowledgements have not reached it.", count(len(holders)), count(len(voters)), index, q.list(holders), who, count(len(have)), q.list(have)))
		q.seeMissing(l, e.Index, without(holders, have))
	default:
		q.say(q.Count(len(have), count(len(have)), "{0} of the {1} voters that it takes holds entry {2} ({3}).", "{0} of the {1} voters that it takes hold entry {2} ({3}).", count(need), index, q.list(have)))
		q.sayMissing(l, e.Index, without(voters, have))
	}
}

// sayMissing tells of one that has not acknowledged an entry in words, of all as facts.
func (q *inquiry) sayMissing(l *view.Node, index uint64, rest []event.NodeID) {
	voters := votersOf(q.configuration(l))
	if r := q.reached(l.ID, voters); len(r) < majority(voters) {
		q.say(q.Say("{0} leads term {1} and talks to {2} of the {3} voters ({4}), so it cannot commit anything.", l.ID.String(), number(l.Term), count(len(r)), count(len(voters)), q.list(r)))
		q.seeAway(l.ID, without(voters, r))
		q.seeMissing(l, index, without(rest, without(voters, r)))
		return
	}
	q.seeMissing(l, index, rest)
	for _, id := range rest {
		if m := q.carrying(l.ID, id, func(m *view.Message) bool { return bringsEntries(m) && m.Index < index && m.Index+uint64(m.N) >= index }); m != nil && !m.Held {
			q.say(q.Say("It is on its way to {0} and arrives in {1}.", id.String(), q.span(max(m.Due-q.s.At, 0))))
			return
		}
	}
	if l.Suspended {
		q.say(q.Say("{0} stands still and sends nothing.", l.ID.String()))
	}
}

// seeMissing adds, for those that have not acknowledged an entry, where it is.
func (q *inquiry) seeMissing(l *view.Node, index uint64, rest []event.NodeID) {
	for _, id := range rest {
		if id == l.ID {
			continue
		}
		n := q.s.Node(id)
		brings := q.carrying(l.ID, id, func(m *view.Message) bool { return bringsEntries(m) && m.Index < index && m.Index+uint64(m.N) >= index })
		ack := q.carrying(id, l.ID, func(m *view.Message) bool { return m.Type == event.AppendEntries && m.Reply && m.OK })
		switch {
		case n == nil || !n.Up || n.Suspended || !q.passes(l.ID, id) || !q.passes(id, l.ID):
			q.seeAway(l.ID, []event.NodeID{id})
		case ack != nil && n.Last >= index: // a follower has one request at a time, so this answers the one with the entry
			q.seeMessage(ack)
		case brings != nil:
			q.seeMessage(brings)
		case q.gate(l.ID, id) || q.gate(id, l.ID):
			q.seeLink(l.ID, id)
		case n.Last < index:
			q.see(id.String(), q.Say("{0}'s log ends with entry {1}.", id.String(), number(n.Last)))
		default:
			q.see(id.String(), q.Say("{0} has not acknowledged entry {1}.", id.String(), number(index)))
		}
	}
}

func (q *inquiry) whyDoomed() {
	l := q.s.Leader()
	holders := q.holders(q.entry.Index, q.entry.Term, votersOf(q.configuration(l)))
	if l.Entry(q.entry.Index) == nil && l.SnapshotIndex >= q.entry.Index {
		q.whyBeneath(l, q.entry, holders)
	} else {
		q.whyNotTheLeaders(l, q.entry, holders)
	}
	if q.s.Safe() {
		q.say(q.Say("Nothing is lost by it that anybody was promised: it was never committed."))
	}
}

func (q *inquiry) whyCompacted() {
	who := q.n.ID.String()
	q.say(q.Say("Entry {0} is inside {1}'s snapshot, which holds everything up to entry {2}: what a snapshot holds need not be kept as entries (§7).", number(q.subject.number), who, number(q.n.SnapshotIndex)))
	taken := q.last(of(event.SnapshotTaken, event.SnapshotInstalled).by(q.n.ID))
	if taken != nil && taken.Kind == event.SnapshotInstalled && taken.Peer != 0 {
		q.happened(taken, who, q.Say("{0} installed {1}'s snapshot up to entry {2}.", who, taken.Peer.String(), number(taken.Index)))
	} else if taken != nil {
		q.happened(taken, who, q.Say("{0} took a snapshot up to entry {1}.", who, number(taken.Index)))
	}
	dropped := q.last(of(event.Compacted).by(q.n.ID))
	if dropped != nil && q.subject.number < dropped.Index {
		q.happened(dropped, who, q.Say("{0} dropped its log before entry {1}.", who, number(dropped.Index)))
	}
}

func (q *inquiry) whyCommitted() {
	voters := votersOf(q.s.Members) // an uncommitted configuration says nothing of what is committed
	e := q.entry
	holders := q.holders(e.Index, e.Term, voters)
	first := q.firstCommit(e)
	q.say(q.Say("It is committed: {0} of the {1} voters hold entry {2} of term {3} now ({4}). A leader needs a majority of votes and each voter refuses a candidate whose log is older than its own, so every later leader has this entry (§5.4).",
		count(len(holders)), count(len(voters)), number(e.Index), number(e.Term), q.list(holders)))
	if first != nil {
		q.happened(first, first.Node.String(), q.Say("{0} was the first to know everything up to entry {1} to be committed.", first.Node.String(), number(first.Index)))
	}
	for _, id := range holders {
		q.see(entryMark(id, e.Index), q.Say("{0} has entry {1} of term {2}.", id.String(), number(e.Index), number(e.Term)))
	}
}

// endangering are the voters without the entry that is asked about, if they are so many that they could elect one of themselves.
func (q *inquiry) endangering() []event.NodeID {
	voters := votersOf(q.s.Members)
	without := q.placed(lacks, q.entry.Index, q.entry.Term, voters)
	if len(without) < majority(voters) {
		return nil
	}
	return without
}

func (q *inquiry) whyEndangered() {
	e, voters, without := q.entry, votersOf(q.s.Members), q.endangering()
	q.say(q.Say("It is committed, but of the {0} voters {1} do not have entry {2} of term {3} ({4}): they are a majority, could elect one of themselves, and this entry would be overwritten. Raft promises that committed entries stay only as long as disks keep what they have acknowledged (§5.1, persistent state).",
		count(len(voters)), count(len(without)), number(e.Index), number(e.Term), q.list(without)))
	for _, id := range without {
		if wiped := q.last(of(event.Wiped).by(id)); wiped != nil {
			q.happened(wiped, id.String(), q.Say("{0}'s disk was wiped.", id.String()))
		} else if n := q.s.Node(id); n != nil {
			q.see(id.String(), q.Say("{0}'s log ends with entry {1}.", id.String(), number(n.Last)))
		}
	}
	for _, id := range q.holders(e.Index, e.Term, voters) {
		q.see(entryMark(id, e.Index), q.Say("{0} has entry {1} of term {2}.", id.String(), number(e.Index), number(e.Term)))
	}
}

// firstCommit is the first event within reach that says that the entry is committed; nil if it was already, at the edge.
func (q *inquiry) firstCommit(e *view.Entry) (first *event.Event) {
	q.back(of(event.Committed).that(func(o *event.Event) bool { return o.Index >= e.Index }), func(o *event.Event) bool {
		c := *o
		first = &c
		return false
	})
	return first
}
