package tale

import (
	"slices"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func (q *inquiry) whyUnknown() {
	q.say(q.Say("Whoever asked was not told how it ended: {0}. From that nobody can conclude whether it happened; it may still happen later.", ended(q.op.Error)))
	q.happened(q.answered(), q.op.Node.String(), q.Say("The wait ended after {0}.", q.span(q.op.Answered-q.op.Asked)))
	q.sayFate()
	q.happened(q.forward(), q.op.Node.String(), q.Say("{0} passed it on to another node.", q.op.Node.String()))
	q.happened(q.asked(), q.op.Node.String(), q.Say("Asked of {0}.", q.op.Node.String()))
}

// ended takes the full stop off a sentence that goes into another.
func ended(text string) string {
	if k := len(text); k > 0 && text[k-1] == '.' {
		return text[:k-1]
	}
	return text
}

// sayFate tells what the recording knows and the asker could not.
func (q *inquiry) sayFate() {
	appended := q.last(of(event.Appended).behind(q.begin(q.op)).that(func(e *event.Event) bool { return e.Op == q.op.ID }))
	n, e := q.logged(q.op.ID)
	if e == nil && appended != nil {
		q.sayGone(appended)
		return
	}
	var term uint64
	var who event.NodeID
	if e != nil {
		term, who = q.agreed(q.s, e.Index)
	}
	switch {
	case e != nil && term == e.Term:
		q.say(q.Say("The recording knows more: it is entry {0} of term {1} and was committed, so it did happen.", number(e.Index), number(e.Term)))
		q.see(entryMark(n.ID, e.Index), q.Say("Entry {0} is committed.", number(e.Index)))
	case e != nil && term != 0:
		q.say(q.Say("The recording knows more: it is still entry {0} of term {1} in the log of {2}, but another entry is committed there, so it did not happen and never will.", number(e.Index), number(e.Term), n.ID.String()))
		q.see(entryMark(who, e.Index), q.Say("{0} has another entry {1} there, committed.", who.String(), number(e.Index)))
	case e != nil:
		holders := q.holders(e.Index, e.Term, votersOf(q.s.Members))
		q.say(q.Say("The recording knows more: it is entry {0} of term {1} in the logs of {2} and is not committed. It may still be, or be overwritten.", number(e.Index), number(e.Term), q.list(holders)))
		q.see(entryMark(n.ID, e.Index), q.Say("Entry {0} is not committed.", number(e.Index)))
		q.seeMessages()
	case q.past.journal != nil:
		q.sayNoLog()
	}
}

// sayGone tells of a command that was in a log, and is in none any more.
func (q *inquiry) sayGone(appended *event.Event) {
	index, at, who := number(appended.Index), number(appended.Term), appended.Node.String()
	term, _ := q.agreed(q.s, appended.Index)
	cut, kept := q.undone(appended)
	switch {
	case term == appended.Term:
		q.say(q.Say("The recording knows more: it was entry {0} of term {1} and was committed, so it did happen. It is in snapshots now, and in no log any more.", index, at))
	case term != 0:
		q.say(q.Say("The recording knows more: it was entry {0} of term {1} on {2}, but another entry is committed there, so it did not happen and never will.", index, at, who))
	case lives(q.s, appended.Index, appended.Term):
		q.say(q.Say("The recording knows more: it was entry {0} of term {1} on {2} and is in no log any more, but a message that brings it is under way yet.", index, at, who))
	case cut != nil && !kept:
		q.say(q.Say("The recording knows more: it was entry {0} of term {1} on {2}, and was overwritten or lost before it was committed, so it did not happen.", index, at, who))
		q.happened(cut, cut.Node.String(), q.Say("{0} has it no more.", cut.Node.String()))
	default:
		q.say(q.Say("It was entry {0} of term {1} on {2} and is in no log any more; what became of it the facts within reach do not tell.", index, at, who))
	}
	q.happened(appended, who, q.Say("{0} appended it as entry {1}.", who, index))
}

// undone is how a machine lost an entry that it had written: its log was cut, or its disk wiped, or it broke down before the entry was
// there. kept says that some machine that had written it did not lose it so.
func (q *inquiry) undone(appended *event.Event) (cut *event.Event, kept bool) {
	over := map[event.NodeID]bool{}
	q.back(of(event.Appended, event.Truncated, event.Wiped).behind(q.begin(q.op)), func(e *event.Event) bool {
		switch {
		case over[e.Node]:
		case e.Kind == event.Appended && e.Index == appended.Index && e.Term == appended.Term:
			over[e.Node], kept = true, true
		case e.Kind == event.Wiped, e.Kind == event.Truncated && e.Index <= appended.Index:
			c := *e
			over[e.Node], cut = true, &c
		}
		return kept
	})
	return cut, kept
}

// sayNoLog tells that no log is known to have the command. A machine that was killed right after an fsync may have it: it
// tells so when it starts again.
func (q *inquiry) sayNoLog() {
	for i := range q.s.Nodes {
		n := &q.s.Nodes[i]
		if n.Down != event.KilledAfterFsync {
			continue
		}
		if stop := q.last(of(event.Stopped).by(n.ID)); stop != nil && stop.At >= q.op.Asked {
			q.say(q.Say("{0} was killed right after a write was on its disk, and may have it there; when it starts again it will tell.", n.ID.String()))
			q.happened(stop, n.ID.String(), q.Say("{0} was killed right after an fsync.", n.ID.String()))
			return
		}
	}
	q.say(q.Say("The recording knows more: up to this moment no log is known to have it."))
}

// settled says whether an entry is known to be committed.
func (q *inquiry) settled(e *view.Entry) bool {
	term, _ := q.agreed(q.s, e.Index)
	return term == e.Term
}

func (q *inquiry) whyFailed() {
	q.say(q.Say("It did not happen and will not: {0}.", ended(q.op.Error)))
	q.sayGround()
	q.happened(q.answered(), q.op.Node.String(), q.Say("{0} said so after {1}.", q.op.Node.String(), q.span(q.op.Answered-q.op.Asked)))
	q.happened(q.asked(), q.op.Node.String(), q.Say("Asked of {0}.", q.op.Node.String()))
}

func (q *inquiry) whyNoSpace() {
	q.say(q.Say("The store has no room within its quota, and the NOSPACE alarm is on: every member refuses what would make it larger, puts above all, until keys are deleted and compacted, the file is defragmented and the alarm is disarmed. Reading and deleting go on."))
	q.happened(q.answered(), q.op.Node.String(), q.Say("Refused: {0}.", ended(q.op.Error)))
	if alarm := q.alarm(); alarm != nil {
		q.happened(alarm, entryMark(alarm.Node, alarm.Index), q.Say("The alarm is an entry of the log too: entry {0} of term {1}, so it holds for everybody.", number(alarm.Index), number(alarm.Term)))
	}
}

// alarm is the entry by which a member raised the alarm for all; nil if none did, or the newest word on it is a client's,
// who disarmed it.
func (q *inquiry) alarm() *event.Event {
	e := q.last(of(event.Appended).that(func(e *event.Event) bool { return e.Entry == event.EntryCommand && e.Text == "alarm" }))
	if e == nil || e.Op != 0 {
		return nil
	}
	return e
}

func (q *inquiry) whyAlarm() {
	e := q.alarm()
	q.say(q.Say("A member found that a write would make its store larger than its quota and raised the alarm through the log, so that all members refuse such writes alike. It stays on until somebody disarms it, also when there is room again."))
	q.happened(e, entryMark(e.Node, e.Index), q.Say("Entry {0} of term {1} raised it.", number(e.Index), number(e.Term)))
	for i := len(q.s.Ops) - 1; i >= 0; i-- {
		if op := &q.s.Ops[i]; op.Outcome == event.Failed && lacksSpace(op.Error) {
			q.see(opMark(op.ID), q.Say("{0} was refused for it.", q.opName(op)))
			return
		}
	}
}

func (q *inquiry) whyReadRefused() {
	answered := q.answered()
	if q.sayReadGround(answered) {
		return
	}
	q.say(q.Say("A linearizable read must not return old values, so it is rather not answered at all: {0}. Nothing was changed by it.", ended(q.op.Error)))
	q.happened(answered, q.op.Node.String(), q.Say("Given up after {0}.", q.span(q.op.Answered-q.op.Asked)))
	n := q.s.Node(q.op.Node)
	if n == nil {
		return
	}
	leader := n
	if f := q.forward(); f != nil {
		q.happened(f, linkMark(f.Node, f.Peer), q.Say("{0} asked {1}, whom it took for the leader, how far it must have applied.", f.Node.String(), f.Peer.String()))
		if leader = q.s.Node(f.Peer); leader == nil {
			return
		}
	}
	voters := votersOf(q.configuration(leader))
	if r := q.reached(leader.ID, voters); len(r) < majority(voters) {
		q.say(q.Say("{0} talks to {1} of the {2} voters that it takes to be sure that nobody else leads.", leader.ID.String(), count(len(r)), count(majority(voters))))
		q.seeAway(leader.ID, without(voters, r))
	}
	q.say(q.Say("A serializable read would be answered from the node's own store, stale or not."))
}

// unconfirmed is what clients are told of reads that no majority confirmed in time.
var unconfirmed = []string{"no fresh read", "no quorum", "did not catch up", "request timed out", "leader changed", "no leader"}

// sayReadGround tells why a read was refused for which it did not matter who leads.
func (q *inquiry) sayReadGround(answered *event.Event) bool {
	if slices.ContainsFunc(unconfirmed, func(part string) bool { return strings.Contains(q.op.Error, part) }) {
		return false
	}
	q.say(q.Say("It was not answered: {0}.", ended(q.op.Error)))
	q.sayGround()
	q.happened(answered, q.op.Node.String(), q.Say("{0} said so after {1}.", q.op.Node.String(), q.span(q.op.Answered-q.op.Asked)))
	q.happened(q.asked(), q.op.Node.String(), q.Say("Asked of {0}.", q.op.Node.String()))
	return true
}

// newerThan is the newest write that was applied somewhere before a read was answered with an older revision.
func (q *inquiry) newerThan() *event.Event {
	if q.op.Kind != event.Get || q.op.Outcome != event.OK || q.op.Rev == 0 {
		return nil
	}
	answered := q.answered()
	if answered == nil || q.linearizable() {
		return nil
	}
	var newest *event.Event
	q.back(of(event.Applied).ahead(answered.Seq), func(e *event.Event) bool {
		if e.Rev > q.op.Rev && (newest == nil || e.Rev > newest.Rev) {
			c := *e
			newest = &c
		}
		return e.Rev <= q.op.Rev && e.Node == q.op.Node
	})
	return newest
}

// linearizable says whether a leader confirmed the read; a serializable one knows none.
func (q *inquiry) linearizable() bool { return q.op.Leader != 0 }

func (q *inquiry) whyStale() {
	newer, n, who := q.newerThan(), q.s.Node(q.op.Node), q.op.Node.String()
	q.say(q.Say("It was a serializable read: {0} answered from its own store, at revision {1}, and asked nobody whether that is the newest. {2} had applied revision {3} by then.",
		who, number(uint64(q.op.Rev)), newer.Node.String(), number(uint64(newer.Rev))))
	q.happened(newer, newer.Node.String(), q.Say("{0} applied entry {1}: revision {2}.", newer.Node.String(), number(newer.Index), number(uint64(newer.Rev))))
	q.happened(q.answered(), who, q.Say("{0} answered with revision {1}.", who, number(uint64(q.op.Rev))))
	if l := q.s.Leader(); l != nil && n != nil && l.ID != n.ID {
		q.seeAway(n.ID, []event.NodeID{l.ID})
	}
	q.say(q.Say("A linearizable read would have waited until {0} had caught up with the leader.", who))
}

func (q *inquiry) whyForwarded() {
	f, who := q.forward(), q.op.Node.String()
	if f.Type == event.ReadIndex {
		q.say(q.Say("{0} was asked but did not lead. A linearizable read needs the leader's word how far one must have applied, so it asked {1}, whom it took for the leader, and then reads from its own store.", f.Node.String(), f.Peer.String()))
	} else {
		q.say(q.Say("{0} was asked but did not lead, and only a leader may append to the log; so it passed the request on to {1}, whom it took for the leader.", f.Node.String(), f.Peer.String()))
	}
	q.happened(f, linkMark(f.Node, f.Peer), q.Say("{0} passed it on to {1}.", f.Node.String(), f.Peer.String()))
	seen := q.last(of(event.LeaderSeen).by(f.Node).ahead(f.Seq))
	if seen != nil && seen.Peer != 0 {
		q.happened(seen, who, q.Say("{0} had heard that {1} leads term {2}.", f.Node.String(), seen.Peer.String(), number(seen.Term)))
	}
}

func (q *inquiry) answeredEarly() bool {
	l := q.s.Leader()
	if q.s.MembersIndex > q.op.Index || l != nil && l.MembersIndex > q.op.Index {
		return false // others may vote now than could then
	}
	return q.writes() && q.op.Outcome == event.OK && len(q.op.Acks) > 0 && len(q.op.Acks) < len(votersOf(q.s.Members))
}

func (q *inquiry) whyEnough() {
	voters := votersOf(q.s.Members)
	rest := without(voters, q.op.Acks)
	q.say(q.Say("{0} of {1} voters are a majority, and {2} had entry {3} on disk: {4}. Every later leader needs the votes of a majority and so of at least one of them, and wins only with a log as new as theirs (§5.4.1): the entry cannot be lost any more. {5} got it later, or will.",
		count(majority(voters)), count(len(voters)), count(len(q.op.Acks)), number(q.op.Index), q.list(q.op.Acks), q.list(rest)))
	q.happened(q.answered(), q.op.Node.String(), q.Say("Answered after {0}.", q.span(q.op.Answered-q.op.Asked)))
	for _, id := range rest {
		if n := q.s.Node(id); n != nil {
			q.see(id.String(), q.logEnds(n))
		}
	}
}
