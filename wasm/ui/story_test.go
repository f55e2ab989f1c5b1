package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// story is a room that a test tells, event by event, to a page that watches it.
type story struct {
	m       Model
	at      event.Micros
	msg, op uint64
	sent    []Effect // what the page wanted done
}

const ms = event.Micros(1000)

// watch opens a page on a room with so many machines, all up and following, at the workshop rate.
func watch(nodes int) *story {
	s := &story{m: New(Seed{Words: tongue}), at: 10_000 * ms}
	s.do(Connected{})
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: 7, Room: "amber-otter", Viewers: 3,
		Limits: event.Limits{Nodes: 9, Commands: 20, ValueBytes: 1 << 20}})
	s.frame(event.Frame{Type: event.FrameCheckpoint, Epoch: 7, At: s.at})
	s.tell(event.Event{Kind: event.RateSet, Factor: workshop, Took: 75 * ms}, event.Event{Kind: event.PreVoteSet, OK: true})
	var members []event.Member
	for i := 1; i <= nodes; i++ {
		members = append(members, event.Member{ID: event.NodeID(i), Suffrage: event.Voter})
	}
	for i := 1; i <= nodes; i++ {
		id := event.NodeID(i)
		s.tell(event.Event{Kind: event.MachineAdded, Node: id}, event.Event{Kind: event.Started, Node: id, Term: 1},
			event.Event{Kind: event.Appended, Node: id, Index: 1, Term: 1, Entry: event.EntryConfiguration},
			event.Event{Kind: event.MembersSet, Node: id, Index: 1, Members: members})
		s.tell(event.Event{Kind: event.Committed, Node: id, Index: 1})
	}
	return s
}

func (s *story) do(msg Msg) {
	var effects []Effect
	s.m, effects = Update(s.m, msg)
	s.sent = append(s.sent, effects...)
}

func (s *story) frame(f event.Frame) { s.do(Arrived{f}) }

// tell has the room report events at the present instant.
func (s *story) tell(events ...event.Event) {
	for i := range events {
		events[i].At = s.at
	}
	s.frame(event.Frame{Type: event.FrameEvents, Seq: s.m.State.Seq + 1, At: s.at, Events: events})
}

// pass lets virtual time go by.
func (s *story) pass(d event.Micros) {
	s.at += d
	s.frame(event.Frame{Type: event.FrameEvents, Seq: s.m.State.Seq + 1, At: s.at})
}

// elect makes a node leader of a term with the votes of others; their timers run again.
func (s *story) elect(id event.NodeID, term uint64, voters ...event.NodeID) {
	s.tell(event.Event{Kind: event.TermChanged, Node: id, Term: term}, event.Event{Kind: event.RoleChanged, Node: id, Role: event.Candidate, Term: term},
		event.Event{Kind: event.VoteCast, Node: id, Peer: id, Term: term}, event.Event{Kind: event.VoteCounted, Node: id, Peer: id, Term: term, OK: true})
	for _, v := range voters {
		s.tell(event.Event{Kind: event.TermChanged, Node: v, Term: term}, event.Event{Kind: event.VoteCast, Node: v, Peer: id, Term: term},
			event.Event{Kind: event.VoteGranted, Node: v, Peer: id, Term: term},
			event.Event{Kind: event.VoteCounted, Node: id, Peer: v, Term: term, OK: true})
	}
	s.pass(400 * ms)
	s.tell(event.Event{Kind: event.RoleChanged, Node: id, Role: event.Leader, Term: term}, event.Event{Kind: event.LeaderSeen, Node: id, Peer: id, Term: term})
	for _, v := range voters {
		s.tell(event.Event{Kind: event.LeaderSeen, Node: v, Peer: id, Term: term})
	}
}

// heard sets a follower's election timer as if its leader had been heard so long ago.
func (s *story) heard(ago event.Micros, ids ...event.NodeID) {
	for _, id := range ids {
		s.tell(event.Event{Kind: event.TimerSet, Node: id, From: s.at - ago, N: int64(s.at - ago + 1000*ms), Until: s.at - ago + 2000*ms})
	}
}

// write puts an entry on the disks of nodes.
func (s *story) write(index, term uint64, label string, ids ...event.NodeID) {
	kind := event.EntryCommand
	if label == "" {
		kind = event.EntryNoop
	}
	for _, id := range ids {
		s.tell(event.Event{Kind: event.Appended, Node: id, Index: index, Term: term, Entry: kind, Text: label, N: 40})
	}
}

func (s *story) commit(index uint64, ids ...event.NodeID) {
	for _, id := range ids {
		s.tell(event.Event{Kind: event.Committed, Node: id, Index: index}, event.Event{Kind: event.Applied, Node: id, Index: index, Rev: int64(index)})
	}
}

func (s *story) match(leader event.NodeID, index uint64, ids ...event.NodeID) {
	for _, id := range ids {
		s.tell(event.Event{Kind: event.MatchSet, Node: leader, Peer: id, Index: index, N: int64(index) + 1})
	}
}

// send puts a message on its way and returns its number.
func (s *story) send(e event.Event) uint64 {
	s.msg++
	e.Kind, e.Msg = event.Sent, s.msg
	if e.Until == 0 {
		e.Until = s.at + 75*ms
	}
	s.tell(e)
	return s.msg
}

// cut parts two groups in both directions.
func (s *story) cut(far ...event.NodeID) {
	isFar := map[event.NodeID]bool{}
	for _, id := range far {
		isFar[id] = true
	}
	for _, a := range s.m.State.Nodes {
		for _, b := range s.m.State.Nodes {
			if isFar[a.ID] != isFar[b.ID] {
				s.tell(event.Event{Kind: event.LinkSet, Node: a.ID, Peer: b.ID, Link: event.Link{Cut: true}})
			}
		}
	}
}

// put tells a whole operation.
func (s *story) put(text string, outcome event.Outcome, took event.Micros, acks ...event.NodeID) {
	s.op++
	s.tell(event.Event{Kind: event.Asked, Op: s.op, Command: event.Put, Text: text})
	s.pass(took)
	e := event.Event{Kind: event.Answered, Op: s.op, Command: event.Put, Outcome: outcome, Rev: int64(s.op) + 1, Nodes: acks, Took: took}
	if outcome != event.OK {
		e.Rev, e.Text = 0, "n4 could not reach a majority within 3 s."
	}
	s.tell(e)
}

// tick lets the page draw at a wall time.
func (s *story) tick(wall event.Micros) { s.do(Ticked{Wall: wall}) }

var all5 = []event.NodeID{1, 2, 3, 4, 5}

// healthy is five nodes with a leader and a short history.
func healthy() *story {
	s := watch(5)
	s.pass(900 * ms)
	s.elect(4, 2, 1, 5)
	s.write(2, 2, "", all5...)
	for i, label := range []string{"a=1", "b=7", "a=2", "c=4"} {
		s.write(uint64(3+i), 2, label, all5...)
		s.put("put "+label, event.OK, 620*ms, 4, 1, 5)
	}
	s.commit(6, all5...)
	s.pass(4000 * ms)
	s.tell(event.Event{Kind: event.Stopped, Node: 4, Reason: event.Killed})
	s.pass(2200 * ms)
	s.elect(2, 3, 1, 3)
	s.tell(event.Event{Kind: event.TermChanged, Node: 5, Term: 3}, event.Event{Kind: event.LeaderSeen, Node: 5, Peer: 2})
	s.write(7, 3, "", 1, 2, 3, 5)
	s.pass(3000 * ms)
	s.tell(event.Event{Kind: event.Started, Node: 4, Term: 2, Index: 6}, event.Event{Kind: event.TermChanged, Node: 4, Term: 3}, event.Event{Kind: event.LeaderSeen, Node: 4, Peer: 2})
	s.write(7, 3, "", 4)
	s.write(8, 3, "x=1", all5...)
	s.put("put x 1", event.OK, 612*ms, 2, 1, 3)
	s.write(9, 3, "x=2", all5...)
	s.put("put x 2", event.OK, 580*ms, 2, 1, 4)
	s.commit(9, all5...)
	s.pass(2500 * ms)
	s.write(10, 3, "pizza=4", 2)
	s.match(2, 9, 1, 3, 4, 5)
	s.heard(300*ms, 1, 3)
	s.heard(700*ms, 4)
	s.heard(1200*ms, 5)
	s.op++
	s.tell(event.Event{Kind: event.Asked, Op: s.op, Command: event.Put, Text: "put pizza 4"})
	for _, id := range []event.NodeID{1, 3, 4, 5} {
		s.send(event.Event{Node: 2, Peer: id, Type: event.AppendEntries, Term: 3, Index: 9, LogTerm: 3, N: 1, From: 3, Text: "pizza=4", Until: s.at + event.Micros(60+20*id)*ms})
	}
	s.send(event.Event{Node: 5, Peer: 2, Type: event.Heartbeat, Reply: true, OK: true, Term: 3})
	s.send(event.Event{Node: 4, Peer: 2, Type: event.AppendEntries, Reply: true, OK: true, Term: 3, Index: 9, Until: s.at + 55*ms})
	s.pass(42 * ms)
	s.tick(1_000_000)
	return s
}

// parted is two leaders: n4 and n5 are cut off, n4 has not noticed.
func parted() *story {
	s := healthy()
	s = &story{m: s.m, at: s.at, msg: s.msg, op: s.op}
	s.pass(3000 * ms)
	for id := range s.msg {
		s.tell(event.Event{Kind: event.Delivered, Msg: id + 1})
	}
	s.write(10, 3, "pizza=4", 1, 3, 4, 5)
	s.commit(10, all5...)
	s.elect(4, 4, 3, 5)
	s.tell(event.Event{Kind: event.TermChanged, Node: 2, Term: 4}, event.Event{Kind: event.RoleChanged, Node: 2, Role: event.Follower, Term: 4})
	s.write(11, 4, "", all5...)
	s.commit(11, all5...)
	s.pass(3000 * ms)
	s.cut(4, 5)
	s.pass(800 * ms)
	s.write(12, 4, "y=8", 4, 5)
	s.put("put y 8 --from n4", event.Unknown, 3000*ms)
	s.elect(2, 5, 1, 3)
	s.write(12, 5, "", 1, 2, 3)
	s.write(13, 5, "c=5", 1, 2, 3)
	s.commit(13, 2, 3)
	s.commit(12, 1)
	s.put("put c 5", event.OK, 640*ms, 2, 1, 3)
	s.write(13, 4, "y=9", 4)
	s.write(14, 5, "x=3", 2, 3)
	s.match(2, 13, 1, 3)
	s.match(2, 14, 3)
	s.tell(event.Event{Kind: event.MatchSet, Node: 2, Peer: 4, Index: 0, N: 12}, event.Event{Kind: event.MatchSet, Node: 2, Peer: 5, Index: 0, N: 12})
	s.tell(event.Event{Kind: event.Suspended, Node: 5})
	s.heard(200*ms, 1)
	s.heard(900*ms, 3)
	s.send(event.Event{Node: 2, Peer: 1, Type: event.AppendEntries, Term: 5, Index: 13, LogTerm: 5, N: 1, From: 5, Text: "x=3"})
	s.send(event.Event{Node: 3, Peer: 2, Type: event.AppendEntries, Reply: true, OK: true, Term: 5, Index: 14})
	s.send(event.Event{Node: 4, Peer: 5, Type: event.AppendEntries, Term: 4, Index: 12, LogTerm: 4, N: 1, From: 4, Text: "y=9"})
	lost := s.send(event.Event{Node: 4, Peer: 1, Type: event.Heartbeat, Term: 4})
	s.pass(40 * ms)
	s.tell(event.Event{Kind: event.Dropped, Node: 4, Peer: 1, Msg: lost, Reason: event.LinkCut})
	s.tick(2_000_000)
	s.tick(2_200_000)
	return s
}

// contested is an election: n3 counts its votes, n1 has refused.
func contested() *story {
	s := healthy()
	s.tell(event.Event{Kind: event.Stopped, Node: 2, Reason: event.KilledBeforeFsync})
	s.pass(2000 * ms)
	s.tell(event.Event{Kind: event.TermChanged, Node: 3, Term: 4}, event.Event{Kind: event.RoleChanged, Node: 3, Role: event.Candidate, Term: 4},
		event.Event{Kind: event.VoteCounted, Node: 3, Peer: 3, Term: 4, OK: true})
	s.tell(event.Event{Kind: event.VoteGranted, Node: 4, Peer: 3, Term: 4}, event.Event{Kind: event.VoteCounted, Node: 3, Peer: 4, Term: 4, OK: true})
	s.tell(event.Event{Kind: event.VoteRefused, Node: 1, Peer: 3, Term: 4, Reason: event.LogTermBehind, Index: 10, LogTerm: 4},
		event.Event{Kind: event.VoteCounted, Node: 3, Peer: 1, Term: 4})
	s.tell(event.Event{Kind: event.DiskSet, Node: 4, Took: 300 * ms}, event.Event{Kind: event.DriftSet, Node: 5, Factor: event.One * 3 / 2})
	s.heard(1500*ms, 1, 5)
	s.send(event.Event{Node: 3, Peer: 5, Type: event.RequestVote, Term: 4, Index: 9, LogTerm: 3})
	s.send(event.Event{Node: 1, Peer: 3, Type: event.RequestVote, Term: 4, Reply: true})
	s.send(event.Event{Node: 4, Peer: 3, Type: event.RequestVote, Term: 4, Reply: true, OK: true})
	s.pass(30 * ms)
	s.tick(3_000_000)
	return s
}

// held is a room whose gates are closed.
func held() *story {
	s := healthy()
	for _, a := range all5 {
		for _, b := range all5 {
			if a != b {
				s.tell(event.Event{Kind: event.LinkSet, Node: a, Peer: b, Link: event.Link{Hold: true}})
			}
		}
	}
	for i, id := range []event.NodeID{1, 3, 4, 5} {
		n := s.send(event.Event{Node: 2, Peer: id, Type: event.AppendEntries, Term: 3, Index: 10, LogTerm: 3, N: int64(i%2 + 1), From: 3, Text: "y=9"})
		s.tell(event.Event{Kind: event.Held, Msg: n, Node: 2, Peer: id})
		n = s.send(event.Event{Node: id, Peer: 2, Type: event.Heartbeat, Reply: true, OK: true, Term: 3})
		s.tell(event.Event{Kind: event.Held, Msg: n, Node: id, Peer: 2})
	}
	n := s.send(event.Event{Node: 5, Peer: 1, Type: event.RequestVote, Term: 4, Index: 9, LogTerm: 3})
	s.tell(event.Event{Kind: event.Held, Msg: n, Node: 5, Peer: 1})
	n = s.send(event.Event{Node: 3, Peer: 5, Type: event.InstallSnapshot, Term: 3, Index: 8, LogTerm: 3, N: 4096})
	s.tell(event.Event{Kind: event.Held, Msg: n, Node: 3, Peer: 5})
	s.tell(event.Event{Kind: event.LinkSet, Node: 1, Peer: 4, Link: event.Link{Cut: true}},
		event.Event{Kind: event.LinkSet, Node: 1, Peer: 3, Link: event.Link{Delay: 150 * ms, Loss: event.One / 10}})
	s.tell(event.Event{Kind: event.RateSet, Factor: 0})
	s.do(Acted{"message", number(n - 1)})
	s.tick(4_000_000)
	return s
}

func TestTheStoriesAreTold(t *testing.T) {
	for name, s := range map[string]*story{"healthy": healthy(), "parted": parted(), "contested": contested(), "held": held()} {
		if s.m.wire.phase != live || len(s.m.State.Nodes) != 5 || s.m.leader() == nil && name != "contested" {
			t.Errorf("%s: phase %v, %d nodes, leader %v", name, s.m.wire.phase, len(s.m.State.Nodes), s.m.leader())
		}
	}
}
