package tale

import (
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
		step(q.arrival(f.Msg), linkMark(f.Node, f.Peer), q.Say("It reached {0}.", f.Peer.String()))
	}
	if index := answered.Index; index != 0 && leader != 0 && q.op.Kind != event.Get {
		q.logHops(asked, leader, index, step)
	}
	back := q.last(func(e *event.Event) bool {
		return e.Kind == event.Sent && e.Op == q.op.ID && e.Reply && (e.Type == event.Forward || e.Type == event.ReadIndex)
	})
	if back != nil && f != nil {
		step(back, linkMark(back.Node, back.Peer), q.Say("{0} answered {1}.", back.Node.String(), back.Peer.String()))
		step(q.arrival(back.Msg), linkMark(back.Node, back.Peer), q.Say("The answer reached {0}.", back.Peer.String()))
	}
	step(answered, q.op.Node.String(), q.Say("{0} answered its client.", q.op.Node.String()))
	return way
}

// logHops are those from the leader's log to its store.
func (q *inquiry) logHops(asked *event.Event, leader event.NodeID, index uint64, step func(*event.Event, string, string)) {
	first := func(yes func(e *event.Event) bool) *event.Event { return q.after(asked.Seq, yes) }
	appended := first(func(e *event.Event) bool { return e.Kind == event.Appended && e.Node == leader && e.Op == q.op.ID })
	step(appended, entryMark(leader, index), q.Say("{0} has it on its disk as entry {1}.", leader.String(), number(index)))
	voters := votersOf(q.configuration(q.s.Node(leader)))
	last := q.lastAck(asked, leader, index, voters)
	if last != nil {
		peer := last.Peer
		step(first(func(e *event.Event) bool { return e.Kind == event.Appended && e.Node == peer && e.Op == q.op.ID }),
			entryMark(peer, index), q.Say("{0} has it on its disk; it is the last one that the majority needs.", peer.String()))
		step(last, linkMark(leader, peer), q.Say("{0}'s acknowledgement reached {1}.", peer.String(), leader.String()))
	}
	step(first(func(e *event.Event) bool { return e.Kind == event.Committed && e.Node == leader && e.Index >= index }),
		leader.String(), q.Say("{0} knows it to be committed.", leader.String()))
	step(first(func(e *event.Event) bool { return e.Kind == event.Applied && e.Node == leader && e.Index >= index }),
		leader.String(), q.Say("{0} has applied it.", leader.String()))
}

// lastAck is the acknowledgement that completed the majority; nil if the leader is a majority by itself.
func (q *inquiry) lastAck(asked *event.Event, leader event.NodeID, index uint64, voters []event.NodeID) *event.Event {
	have := map[event.NodeID]bool{leader: true}
	return q.after(asked.Seq, func(e *event.Event) bool {
		if e.Kind != event.MatchSet || e.Node != leader || e.Index < index || have[e.Peer] {
			return false
		}
		for _, v := range voters {
			if v == e.Peer {
				have[v] = true
				return len(have) == majority(voters)
			}
		}
		return false
	})
}

func (q *inquiry) arrival(msg uint64) *event.Event {
	return q.last(func(e *event.Event) bool { return e.Kind == event.Delivered && e.Msg == msg })
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
