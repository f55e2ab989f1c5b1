package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func progressOf(leader *view.Node, id event.NodeID) *view.Progress {
	for i := range leader.Peers {
		if leader.Peers[i].ID == id {
			return &leader.Peers[i]
		}
	}
	return nil
}

func (q *inquiry) isBehind() bool {
	l := q.s.Leader()
	return l != nil && l.ID != q.n.ID && q.n.Last < l.Last
}

// carrying is the first message of a type under way between two machines that satisfies yes.
func (q *inquiry) carrying(from, to event.NodeID, yes func(m *view.Message) bool) *view.Message {
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.From == from && m.To == to && yes(m) {
			return m
		}
	}
	return nil
}

func bringsEntries(m *view.Message) bool { return m.Type == event.AppendEntries && !m.Reply && m.N > 0 }

func (q *inquiry) logEnds(n *view.Node) string {
	if n.Last == 0 {
		return q.Say("{0}'s log is empty.", n.ID.String())
	}
	return q.Say("{0}'s log ends with entry {1}.", n.ID.String(), number(n.Last))
}

func (q *inquiry) whyBehind() {
	l, who := q.s.Leader(), q.n.ID.String()
	if q.n.Last == 0 {
		q.say(q.Say("{0}'s log is empty, that of {1}, which leads term {2}, ends with entry {3}.", who, l.ID.String(), number(l.Term), number(l.Last)))
	} else {
		q.say(q.Say("{0}'s log ends with entry {1}, that of {2}, which leads term {3}, with entry {4}.", who, number(q.n.Last), l.ID.String(), number(l.Term), number(l.Last)))
	}
	if !q.whyNothingComes(l, q.n) {
		q.whyNotYet(l)
	}
	q.see(who, q.logEnds(q.n))
	q.see(l.ID.String(), q.logEnds(l))
	if p := progressOf(l, q.n.ID); p != nil && p.Match == 0 {
		q.see(l.ID.String(), q.Say("{0} knows of no entry yet that {1} has, and sends it entry {2} next.", l.ID.String(), who, number(p.Next)))
	} else if p != nil {
		q.see(l.ID.String(), q.Say("{0} believes that {1} has everything up to entry {2}, and sends it entry {3} next.", l.ID.String(), who, number(p.Match), number(p.Next)))
	}
}

// whyNothingComes says why entries of a leader do not reach a machine at all; false if they do.
func (q *inquiry) whyNothingComes(l, n *view.Node) bool {
	from, to := l.ID.String(), n.ID.String()
	switch {
	case !n.Up:
		q.say(q.Say("{0} is down; {1} tries again and again, and sends what is missing when it is back.", to, from))
		q.see(to, q.Say("{0} is down.", to))
	case n.Suspended:
		q.say(q.Say("{0} stands still: what {1} sends waits for it.", to, from))
		q.see(to, q.Say("{0} stands still.", to))
	case l.Suspended:
		q.say(q.Say("{0} stands still and sends nothing.", from))
		q.see(from, q.Say("{0} stands still.", from))
	case !q.passes(l.ID, n.ID) || !q.passes(n.ID, l.ID):
		q.say(q.Say("The way between {0} and {1} is cut: entries do not arrive, or their acknowledgements do not, and the leader sends the same again.", from, to))
		q.seeLink(l.ID, n.ID)
	case q.gate(l.ID, n.ID) || q.gate(n.ID, l.ID):
		q.say(q.Say("Messages between {0} and {1} wait at a gate.", from, to))
		q.seeHeld(l.ID, n.ID)
	default:
		return false
	}
	return true
}

// seeHeld adds what waits at the gates between two machines.
func (q *inquiry) seeHeld(a, b event.NodeID) {
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.Held && (m.From == a && m.To == b || m.From == b && m.To == a) {
			q.see(messageMark(m.ID), q.Say("{0} from {1} to {2} waits.", q.flyingWords(m), m.From.String(), m.To.String()))
		}
	}
	if len(q.Facts) == 0 {
		q.seeLink(a, b)
	}
}

// whyNotYet says how entries are on their way to a machine that is reached.
func (q *inquiry) whyNotYet(l *view.Node) {
	who, p := q.n.ID.String(), progressOf(l, q.n.ID)
	snapshot := q.carrying(l.ID, q.n.ID, func(m *view.Message) bool { return m.Type == event.InstallSnapshot && !m.Reply })
	entries := q.carrying(l.ID, q.n.ID, bringsEntries)
	loss := q.s.Link(l.ID, q.n.ID)
	switch {
	case snapshot != nil:
		q.say(q.Say("It is being sent a snapshot up to entry {0} first.", number(snapshot.Index)))
		q.see(messageMark(snapshot.ID), q.Say("The snapshot arrives in {0}.", q.span(snapshot.Due-q.s.At)))
	case entries != nil:
		if entries.Due <= q.s.At {
			q.say(q.Count(int(entries.N), number(uint64(entries.N)), "{0} entry reaches it now, from entry {1} on.", "{0} entries reach it now, from entry {1} on.", number(entries.Index+1)))
			q.see(messageMark(entries.ID), q.Say("The entries are there."))
			return
		}
		q.say(q.Count(int(entries.N), number(uint64(entries.N)), "{0} entry is on its way to it, from entry {1} on, and arrives in {2}.", "{0} entries are on their way to it, from entry {1} on, and arrive in {2}.",
			number(entries.Index+1), q.span(max(entries.Due-q.s.At, 0))))
		q.see(messageMark(entries.ID), q.Say("The entries are under way."))
	case p != nil && p.Next < l.Began() && p.Next <= q.n.Last && p.Match < p.Next-1:
		q.say(q.Say("The two logs differ before that, and {0} goes back entry by entry until it finds the last one that both have (§5.3); it is at entry {1}.", l.ID.String(), number(p.Next-1)))
	case loss != nil && loss.Loss > 0:
		q.say(q.Say("The way from {0} to {1} loses {2} % of the messages, so the same entries are sent more than once.", l.ID.String(), who, q.ratio(loss.Loss*100)))
		q.see(linkMark(l.ID, q.n.ID), q.Say("A lossy way."))
	case q.n.Fsync > 0:
		q.say(q.Say("Its disk takes {0} longer for every fsync, and it acknowledges entries only when they are on disk.", q.span(q.n.Fsync)))
		q.see(who, q.Say("{0}'s disk is slow.", who))
	default:
		q.say(q.Say("The next request of the leader brings what is missing."))
	}
}

func (q *inquiry) takesSnapshot() bool {
	l := q.s.Leader()
	if l != nil && l.ID != q.n.ID {
		if p := progressOf(l, q.n.ID); p != nil && l.First > p.Next && q.n.Last < l.First-1 {
			return true
		}
	}
	for i := range q.s.Messages {
		if m := &q.s.Messages[i]; m.Type == event.InstallSnapshot && !m.Reply && m.To == q.n.ID {
			return true
		}
	}
	return q.installation() != nil
}

// installation is when the machine last installed a snapshot that a leader had sent.
func (q *inquiry) installation() *event.Event {
	return q.last(of(event.SnapshotInstalled).by(q.n.ID).that(func(e *event.Event) bool { return e.Peer != 0 }))
}

func (q *inquiry) whySnapshot() {
	who := q.n.ID.String()
	sent := q.last(of(event.Sent).to(q.n.ID).that(func(e *event.Event) bool { return e.Type == event.InstallSnapshot && !e.Reply }))
	if sent == nil {
		l := q.s.Leader()
		p := (*view.Progress)(nil)
		if l != nil {
			p = progressOf(l, q.n.ID)
		}
		if p == nil || l.First <= p.Next {
			q.whyInstalled()
			return
		}
		q.say(q.Say("{0} needs entry {1} next, and {2}'s log begins with entry {3}: what is before that is only in its snapshot, up to entry {4}.", who, number(p.Next), l.ID.String(), number(l.First), number(l.SnapshotIndex)))
		q.see(l.ID.String(), q.Say("{0}'s log begins with entry {1}.", l.ID.String(), number(l.First)))
		return
	}
	had := q.endBefore(q.n.ID, sent.Seq)
	compacted := q.last(of(event.Compacted).by(sent.Node).ahead(sent.Seq))
	if compacted != nil {
		q.say(q.Say("{0}'s log ended with entry {1}. {2}, which leads, has put everything up to entry {3} into a snapshot and dropped its log before entry {4}: the entry that {0} needs next does not exist there any more, so it sends the snapshot (§7).",
			who, number(had), sent.Node.String(), number(sent.Index), number(compacted.Index)))
		q.happened(compacted, sent.Node.String(), q.Say("{0} dropped its log before entry {1}.", sent.Node.String(), number(compacted.Index)))
	} else {
		q.say(q.Say("{0}'s log ended with entry {1}, and the entry that it needs next is not in the log of {2}, which leads, any more: everything up to entry {3} is in its snapshot, so it sends that (§7).", who, number(had), sent.Node.String(), number(sent.Index)))
	}
	q.happened(sent, linkMark(sent.Node, sent.Peer), q.Say("{0} sent its snapshot up to entry {1}, {2} bytes.", sent.Node.String(), number(sent.Index), number(uint64(sent.N))))
	if done := q.installation(); done != nil && done.Seq > sent.Seq {
		q.say(q.Say("It has installed it."))
		q.happened(done, who, q.Say("{0} installed the snapshot up to entry {1}.", who, number(done.Index)))
	}
}

// whyInstalled tells of a snapshot of which only its end is known.
func (q *inquiry) whyInstalled() {
	who := q.n.ID.String()
	done := q.installation()
	if done == nil {
		q.say(q.Say("A snapshot is on its way to {0}: what it needs next is not in its sender's log any more (§7).", who))
		for i := range q.s.Messages {
			if m := &q.s.Messages[i]; m.Type == event.InstallSnapshot && !m.Reply && m.To == q.n.ID {
				q.seeMessage(m)
			}
		}
		return
	}
	q.say(q.Say("{0} installed a snapshot of {1} up to entry {2}: what it needed next was not in the log of {1} any more (§7). When that was sent is longer ago than was looked.", who, done.Peer.String(), number(done.Index)))
	q.happened(done, who, q.Say("{0} installed the snapshot up to entry {1}.", who, number(done.Index)))
}

// endBefore is the last entry that a machine had before an event, as far as the recording tells.
func (q *inquiry) endBefore(id event.NodeID, seq uint64) uint64 {
	e := q.last(of(event.Appended, event.Started, event.Truncated, event.SnapshotInstalled, event.Wiped).by(id).ahead(seq))
	switch n := q.s.Node(id); {
	case e == nil && n == nil:
		return 0
	case e == nil:
		return min(n.Last, n.SnapshotIndex)
	case e.Kind == event.Truncated:
		return e.Index - 1
	}
	return e.Index
}

// farthest is the machine that knows of the highest commit index.
func (q *inquiry) farthest() (n *view.Node) {
	n = q.s.Leader() // of those that know as much
	for i := range q.s.Nodes {
		if o := &q.s.Nodes[i]; n == nil || o.Commit > n.Commit {
			n = o
		}
	}
	return n
}

func (q *inquiry) commitsLess() bool {
	n := q.farthest()
	return n != nil && q.n.Commit < n.Commit
}

func (q *inquiry) whyCommitsLess() {
	far, l, who := q.farthest(), q.s.Leader(), q.n.ID.String()
	q.say(q.Say("{0} knows everything up to entry {1} to be committed, {2} up to entry {3}.", who, number(q.n.Commit), far.ID.String(), number(far.Commit)))
	q.see(far.ID.String(), q.Say("{0} knows entry {1} to be committed.", far.ID.String(), number(far.Commit)))
	switch {
	case l == nil && !q.n.Up:
		q.say(q.Say("{0} is down.", who))
	case l == nil && q.s.StaleLeader(q.n):
		q.whyOusted(q.n)
	case l == nil && q.n.Suspended:
		q.say(q.Say("It stands still."))
	case l == nil && q.s.Believing() != nil && q.n.Leader == q.s.Believing().ID:
		q.say(q.Say("{0}, its leader, stands still: it tells when it goes on, or a new leader does that has committed an entry of its own term.", q.n.Leader.String()))
		q.see(q.n.Leader.String(), q.Say("{0} stands still.", q.n.Leader.String()))
	case l == nil:
		q.say(q.Say("A follower learns that from its leader, and there is none; a new one must commit an entry of its own term first."))
	case l.ID == q.n.ID:
		q.say(q.Say("{0} leads term {1} by now, and a new leader knows what was committed before it only when an entry of its own term is (§5.4.2).", who, number(l.Term)))
	case q.whyNothingComes(l, q.n):
	case q.differs(far) != nil:
		other := q.differs(far)
		q.say(q.Say("Its entry {0} is another one than the committed one, of term {1}: first that has to give way (§5.3).", number(other.Index), number(other.Term)))
		q.see(entryMark(q.n.ID, other.Index), q.Say("{0} has entry {1} of term {2}.", who, number(other.Index), number(other.Term)))
		q.whyNotYet(l)
	case q.n.Commit == 0:
		q.say(q.Say("How far the log is committed is not kept on disk: a machine that starts learns it from a request of the leader's that fits its log, and has got none yet."))
		q.whyNotYet(l)
	case q.n.Last < far.Commit:
		q.say(q.Say("It can count only what is in its log, and that ends with entry {0}.", number(q.n.Last)))
		q.whyNotYet(l)
	case l.Commit <= q.n.Commit:
		q.say(q.Say("{0} leads term {1} and does not know it either: a new leader knows what was committed before it only when an entry of its own term is (§5.4.2).", l.ID.String(), number(l.Term)))
	default:
		q.whyUntold(l)
	}
}

// differs is the machine's first entry that is another one than what far knows to be committed there; nil if there is none.
func (q *inquiry) differs(far *view.Node) *view.Entry {
	for index := q.n.Commit + 1; index <= min(q.n.Last, far.Commit); index++ {
		mine, theirs := q.n.Entry(index), far.Entry(index)
		if mine != nil && theirs != nil && mine.Term != theirs.Term {
			return mine
		}
	}
	return nil
}

// whyUntold: a commit index travels with the leader's next request.
func (q *inquiry) whyUntold(l *view.Node) {
	who := q.n.ID.String()
	m := q.carrying(l.ID, q.n.ID, func(m *view.Message) bool { return m.Type == event.AppendEntries && !m.Reply && m.Commit > q.n.Commit })
	if m == nil {
		q.say(q.Say("It has the entries. {0} tells {1} how far they are committed with its next request, which it has not sent yet.", l.ID.String(), who))
		q.see(who, q.logEnds(q.n))
		return
	}
	q.say(q.Say("It has the entries. The request that tells it that they are committed up to entry {0} is under way and arrives in {1}.", number(m.Commit), q.span(max(m.Due-q.s.At, 0))))
	q.see(messageMark(m.ID), q.Say("It carries the leader's commit index, {0}.", number(m.Commit)))
}

func (q *inquiry) whyNotApplied() {
	who := q.n.ID.String()
	q.say(q.Say("{0} has entries up to {1} committed and has applied them up to {2}.", who, number(q.n.Commit), number(q.n.Applied)))
	switch {
	case !q.n.Up:
		q.say(q.Say("It is down; it applies the rest when it runs and hears from a leader that it is committed."))
	case q.n.Suspended:
		q.say(q.Say("It stands still."))
	case q.n.Leader == 0:
		q.say(q.Say("It has been started and hears from no leader yet. How far the log is committed is not kept on disk, so it applies nothing until a leader says so again."))
		q.happened(q.last(of(event.Started).by(q.n.ID)), who, q.Say("{0} started.", who))
	default:
		q.say(q.Say("Its store applies one entry after the other, in the order of the log, and has not come to them yet."))
	}
	q.sayFrozen()
	q.see(who, q.Say("Applied: entry {0}, revision {1}.", number(q.n.Applied), number(uint64(q.n.Revision))))
}

// truncation is when the machine last cut its log; with an index, such that an entry that it had there went.
func (q *inquiry) truncation(index uint64) *event.Event {
	const most = 4 // of those that may have been it
	var cuts []event.Event
	q.back(of(event.Truncated).by(q.n.ID), func(e *event.Event) bool {
		if index == 0 || e.Index <= index {
			cuts = append(cuts, *e)
		}
		return index == 0 || len(cuts) == most
	})
	for i := range cuts {
		if index == 0 || q.endBefore(q.n.ID, cuts[i].Seq) >= index {
			return &cuts[i]
		}
	}
	return nil
}

// whyTruncated tells why entries were cut off the end of a log.
func (q *inquiry) whyTruncated(cut *event.Event) {
	who := cut.Node.String()
	carrier := q.request(cut)
	there := of(event.Appended).by(cut.Node).that(func(e *event.Event) bool { return e.Index == cut.Index })
	lost, instead := q.last(there.ahead(cut.Seq)), q.first(there.behind(cut.Seq))
	switch {
	case carrier != nil && lost != nil:
		q.say(q.Say("{0}'s entry {1} was of term {2}, but the log of {3}, which leads term {4}, has another one there. The leader's log counts: a follower cuts off what contradicts it, with all after it (§5.3).",
			who, number(cut.Index), number(lost.Term), carrier.Node.String(), number(carrier.Term)))
	case carrier != nil:
		q.say(q.Say("{0}'s entries from {1} on contradicted the log of {2}, which leads term {3}. The leader's log counts: a follower cuts off what contradicts it, with all after it (§5.3).", who, number(cut.Index), carrier.Node.String(), number(carrier.Term)))
	default:
		q.say(q.Say("{0}'s entries from {1} on contradicted the leader's log. A follower cuts off what contradicts it, with all after it (§5.3).", who, number(cut.Index)))
	}
	switch {
	case q.s.Safe() && q.endBefore(cut.Node, cut.Seq) == cut.Index:
		q.say(q.Say("It was never committed: what is committed is in the log of every later leader (§5.4)."))
	case q.s.Safe():
		q.say(q.Say("They were never committed: what is committed is in the log of every later leader (§5.4)."))
	default:
		q.say(q.Say("What is committed should be in the log of every later leader (§5.4); in this room that was broken, as a lamp tells."))
	}
	q.happened(cut, who, q.Say("{0} cut its log from entry {1} on.", who, number(cut.Index)))
	if lost != nil {
		q.happened(lost, entryMark(cut.Node, cut.Index), q.Say("The entry was appended in term {0}: {1}.", number(lost.Term), lost.Text))
	}
	if instead != nil {
		q.happened(instead, entryMark(cut.Node, cut.Index), q.Say("In its place came an entry of term {0}: {1}.", number(instead.Term), instead.Text))
	}
	if carrier != nil {
		q.happened(carrier, linkMark(carrier.Node, carrier.Peer), q.Say("{0} sent the entries that differ.", carrier.Node.String()))
	}
}

// request is the AppendEntries that a follower was served when something happened to its log.
func (q *inquiry) request(e *event.Event) *event.Event {
	return q.served(0, e.Node, e.Seq, func(o *event.Event) bool { return o.Type == event.AppendEntries && !o.Reply && o.N > 0 })
}

// served is the newest message, as it was sent, of those that had reached a machine before an event and of which yes says so.
func (q *inquiry) served(from, to event.NodeID, before uint64, yes func(sent *event.Event) bool) (found *event.Event) {
	q.arrived(search{node: from, peer: to, before: before}, func(a arrival) bool {
		if !yes(&a.sent) {
			return false
		}
		found = &a.sent
		return true
	})
	return found
}
