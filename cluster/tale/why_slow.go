package tale

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// hop is one thing on a request's way, and how long the way to it took.
type hop struct {
	e     event.Event
	mark  string
	words string
	took  event.Micros
}

// hops are the events without which the request could not have gone on, in their order: each waited for the one before.
func (q *inquiry) hops() (way []hop) {
	asked, answered := q.asked(), q.answered()
	if asked == nil || answered == nil {
		return nil
	}
	last := asked.At
	step := func(e *event.Event, mark, sentence string) {
		if e == nil || e.Seq > answered.Seq {
			return
		}
		way = append(way, hop{*e, mark, sentence, e.At - last})
		last = e.At
	}
	leader := answered.Peer
	f := q.forward()
	if f != nil {
		step(f, linkMark(f.Node, f.Peer), q.Say("{0} passed it on to {1}.", f.Node.String(), f.Peer.String()))
		step(q.fate(event.Delivered, f), linkMark(f.Node, f.Peer), q.Say("It reached {0}.", f.Peer.String()))
	}
	if index := answered.Index; index != 0 && leader != 0 && q.op.Kind != event.Get {
		q.logHops(asked, leader, index, step)
	}
	back := q.last(q.during(event.Sent).that(func(e *event.Event) bool {
		return e.Op == q.op.ID && e.Reply && (e.Type == event.Forward || e.Type == event.ReadIndex)
	}))
	if back != nil && f != nil {
		step(back, linkMark(back.Node, back.Peer), q.Say("{0} answered {1}.", back.Node.String(), back.Peer.String()))
		step(q.fate(event.Delivered, back), linkMark(back.Node, back.Peer), q.Say("The answer reached {0}.", back.Peer.String()))
	}
	step(answered, q.op.Node.String(), q.Say("{0} answered its client.", q.op.Node.String()))
	return way
}

// logHops are those from the leader's log to its store.
func (q *inquiry) logHops(asked *event.Event, leader event.NodeID, index uint64, step func(*event.Event, string, string)) {
	first := func(kind event.Kind, id event.NodeID, yes func(e *event.Event) bool) *event.Event {
		return q.first(q.during(kind).by(id).behind(asked.Seq).that(yes))
	}
	its := func(e *event.Event) bool { return e.Op == q.op.ID }
	covers := func(e *event.Event) bool { return e.Index >= index }
	appended := first(event.Appended, leader, its)
	step(appended, entryMark(leader, index), q.Say("{0} has it on its disk as entry {1}.", leader.String(), number(index)))
	voters := votersOf(q.configuration(q.s.Node(leader)))
	last := q.lastAck(asked, leader, index, voters)
	if last != nil {
		peer := last.Peer
		step(first(event.Appended, peer, its),
			entryMark(peer, index), q.Say("{0} has it on its disk; it is the last one that the majority needs.", peer.String()))
		step(last, linkMark(leader, peer), q.Say("{0}'s acknowledgement reached {1}.", peer.String(), leader.String()))
	}
	step(first(event.Committed, leader, covers),
		leader.String(), q.Say("{0} knows it to be committed.", leader.String()))
	step(first(event.Applied, leader, covers),
		leader.String(), q.Say("{0} has applied it.", leader.String()))
}

// lastAck is the acknowledgement that completed the majority; nil if the leader is a majority by itself.
func (q *inquiry) lastAck(asked *event.Event, leader event.NodeID, index uint64, voters []event.NodeID) *event.Event {
	have := map[event.NodeID]bool{leader: true}
	return q.first(q.during(event.MatchSet).by(leader).behind(asked.Seq).that(func(e *event.Event) bool {
		if e.Index < index || have[e.Peer] || !slices.Contains(voters, e.Peer) {
			return false
		}
		have[e.Peer] = true
		return len(have) == majority(voters)
	}))
}

// fate is how a message ended, if it did in this way; nil if not.
func (q *inquiry) fate(kind event.Kind, sent *event.Event) *event.Event {
	return q.first(of(kind).by(sent.Node).to(sent.Peer).behind(sent.Seq).that(func(e *event.Event) bool { return e.Msg == sent.Msg }))
}

func (q *inquiry) whySlow() {
	way := q.hops()
	if len(way) == 0 {
		q.say(q.Say("It took {0}; where, the recording does not tell any more.", q.span(q.op.Answered-q.op.Asked)))
		return
	}
	h, alike := longest(way)
	if took := q.span(q.op.Answered - q.op.Asked); alike > 1 {
		q.say(q.Say("It took {0} of the room's time, and no part of its way more than {1}: it is the way that is long.", took, q.span(h.took)))
	} else {
		q.say(q.Say("It took {0} of the room's time; the longest part, {1}, ended with this: {2}", took, q.span(h.took), h.words))
	}
	q.sayCost(h)
	for i := range way {
		if way[i].took == 0 {
			q.happened(&way[i].e, way[i].mark, q.Say("At once: {0}", way[i].words))
		} else {
			q.happened(&way[i].e, way[i].mark, q.Say("{0} later: {1}", q.span(way[i].took), way[i].words))
		}
	}
}

// longest is the hop that took longest, and how many took about as long.
func longest(way []hop) (most *hop, alike int) {
	most = &way[0]
	for i := range way {
		if way[i].took > most.took {
			most = &way[i]
		}
	}
	for i := range way {
		if way[i].took >= most.took*9/10 {
			alike++
		}
	}
	return most, alike
}

// sayCost tells what made the longest part long, where the state shows it.
func (q *inquiry) sayCost(h *hop) {
	switch n := q.s.Node(h.e.Node); {
	case h.e.Kind == event.Appended && n != nil && n.Fsync > 0:
		q.say(q.Say("{0}'s disk takes {1} longer for every fsync.", h.e.Node.String(), q.span(n.Fsync)))
		q.see(h.e.Node.String(), q.Say("{0}'s disk is slow.", h.e.Node.String()))
	default:
		from, to := q.op.Leader, h.e.Node // an entry, from the leader
		if h.e.Peer != 0 {
			from, to = h.e.Peer, h.e.Node
		}
		if l := q.s.Link(from, to); l != nil && q.delay(l) > q.s.Delay {
			q.say(q.Say("The way between {0} and {1} is slow: {2} in one direction.", from.String(), to.String(), q.span(q.delay(l))))
			q.see(linkMark(from, to), q.Say("A slow way."))
		}
	}
}
