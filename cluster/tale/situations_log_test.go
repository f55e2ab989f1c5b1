package tale_test

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

var logs = []situation{
	{"a leader in the minority", 5, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3, 4, 5}))
		asked := l.Begin(on(1, event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: 3 * second}))
		var index, op uint64
		l.until("n1 and n2 have it", func(s *view.State) bool {
			index, op = s.Node(1).Last, s.Ops[len(s.Ops)-1].ID
			e := s.Node(2).Entry(index)
			return e != nil && e.Op == op && len(s.Node(1).Peers) > 0 && s.Node(1).Peers[0].Match == index
		})
		entry := " " + num(index)
		l.why("op "+num(op)+" waits", "2 of the 3 voters that it takes hold entry … (n1 and n2). n1 leads term … and talks to 2 of the 5 voters (n1 and n2), so it cannot commit anything.")
		l.why("entry n1"+entry+" not-committed", "2 of the 3 voters that it takes hold entry … (n1 and n2). n1 leads term … and talks to 2 of the 5 voters (n1 and n2), so it cannot commit anything.")
		l.why("n1 no-quorum", "A majority is 3 of the 5 voters, and n1 talks to 2 of them (n1 and n2). Two majorities always share a voter; that is why a minority may neither elect nor commit: the others might do so at the same time. n1 still believes to lead term … but what it appends stays uncommitted.")
		l.why("n1 lease", "A leader goes on leading while a majority answers it: n1 needs 2 other voters, and the last time that it had heard from so many is … ago. When that is longer than its lease lasts it steps down. At the moment it talks only to n2.")
		leader := l.otherLeads()
		l.until("its own entry is committed", func(s *view.State) bool { return s.Node(leader).Commit >= index })
		l.why("entry n1"+entry+" doomed", "Only n1 and n2 have entry … of term …; … which leads term … does not, and a leader commits only what is in its own log. There it has an entry of term … that is committed, so this one never can be: when … reaches the others, theirs gives way (§5.3). Nothing is lost by it that anybody was promised: it was never committed.")
		l.why("n1 commit-behind", "n1 knows everything up to entry … to be committed, … up to entry … The way between … and n1 is cut: entries do not arrive, or their acknowledgements do not, and the leader sends the same again.")
		l.why("n1 stepped-down", "n1 led term … but had not heard from a majority for longer than its lease lasts, so it stepped down by itself: somebody else may be leading by then.")
		r := l.end(asked)
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why("op "+num(op)+" unknown", "Whoever asked was not told how it ended: n1 lost its leadership while it replicated the entry (leadership lost while committing log): it may still be committed, or overwritten. From that nobody can conclude whether it happened; it may still happen later. The recording knows more: it is still entry … of term … in the log of n1, but another entry is committed there, so it did not happen and never will.")
		l.ok(event.Command{Kind: event.Heal})
		l.until("n1 has the other log", func(s *view.State) bool { return s.Node(1).Commit >= index })
		l.why("n1 truncated", "n1's entry … was of term … but the log of … which leads term … has another one there. The leader's log counts: a follower cuts off what contradicts it, with all after it (§5.3). It was never committed: what is committed is in the log of every later leader (§5.4).")
		l.why("entry n1"+entry+" overwritten", "n1's entry … was of term … but the log of … which leads term … has another one there. The leader's log counts: a follower cuts off what contradicts it, with all after it (§5.3). It was never committed: what is committed is in the log of every later leader (§5.4).")
		l.why("entry n1"+entry+" committed", "It is committed: … n3, n4 and n5). A leader needs a majority of votes and each voter refuses a candidate whose log is older than its own, so every later leader has this entry (§5.4).")
		l.why("op "+num(op)+" unknown", "Whoever asked was not told how it ended: n1 lost its leadership while it replicated the entry (leadership lost while committing log): it may still be committed, or overwritten. From that nobody can conclude whether it happened; it may still happen later. The recording knows more: it …")
		l.ok(put("y", "2"))
		l.ok(put("z", "3"))
		l.until("n1 has them", func(s *view.State) bool { return s.Node(1).Commit >= index+3 })
		l.unasked("entry n1 " + num(index+3) + " overwritten") // n1 did not have it when its log was cut
	}},
	{"an entry of an older term", 5, func(l *lab) {
		for _, id := range (ids{3, 4, 5}) {
			l.ok(pair(event.Cut, 1, id, false))
		}
		l.Begin(on(1, put("x", "1")))
		var index uint64
		l.until("n2 has it", func(s *view.State) bool {
			index = s.Node(1).Last
			return s.Ops[len(s.Ops)-1].Kind == event.Put && s.Node(2).Entry(index) != nil && s.Node(2).Entry(index).Op != 0
		})
		l.ok(order(event.Kill, 1))
		l.Begin(order(event.Elect, 2))
		l.until("n2 leads", role(2, event.Leader))
		for _, id := range (ids{3, 4, 5}) {
			l.ok(pair(event.Cut, 2, id, true))
		}
		l.Advance(5 * ms)
		l.why("entry n2 "+num(index)+" not-committed", "2 of the 5 voters hold entry … (n1 and n2), but it is of term … and n2 leads term … a leader may not commit an entry of an earlier term by counting who holds it, because another leader could still overwrite it (§5.4.2, Figure 8). It is committed together with the first entry of n2's own term, entry … That takes 3 voters; so far n2 knows it of these: n2.")
	}},
	{"a follower that was away", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		for range 4 {
			l.ok(put("x", "1"))
		}
		l.why("n3 behind", "n3's log ends with entry … that of n1, which leads term … with entry … The way between n1 and n3 is cut: entries do not arrive, or their acknowledgements do not, and the leader sends the same again.")
		s := l.State()
		l.why("entry n3 "+num(s.Node(1).Last)+" missing", "n3's log ends with entry … that of n1, which leads term … with entry … The way between n1 and n3 is cut: entries do not arrive, or their acknowledgements do not, and the leader sends the same again.")
		l.ok(order(event.Snapshot, 1))
		l.ok(event.Command{Kind: event.Heal})
		l.until("a snapshot flies", func(s *view.State) bool {
			for _, m := range s.Messages {
				if m.Type == event.InstallSnapshot && m.To == 3 && !m.Reply {
					return true
				}
			}
			return false
		})
		l.why("n3 snapshot", "n3's log ended with entry … n1, which leads, has put everything up to entry … into a snapshot and dropped its log before entry … the entry that n3 needs next does not exist there any more, so it sends the snapshot (§7).")
		l.until("it is installed", func(s *view.State) bool { return s.Node(3).SnapshotIndex > 0 })
		l.why("n3 snapshot", "n3's log ended with entry … n1, which leads, has put everything up to entry … into a snapshot and dropped its log before entry … the entry that n3 needs next does not exist there any more, so it sends the snapshot (§7). It has installed it.")
		l.why("entry n1 2 compacted", "Entry 2 is inside n1's snapshot, which holds everything up to entry … what a snapshot holds need not be kept as entries (§7).")
	}},
	{"a follower not told yet", 3, func(l *lab) {
		answer := l.Begin(on(1, put("x", "1")))
		l.until("the leader has committed", func(s *view.State) bool {
			return s.Node(1).Commit == s.Node(1).Last && s.Node(2).Commit < s.Node(1).Commit && s.Node(2).Last == s.Node(1).Last
		})
		l.end(answer)
		s := l.State()
		l.why("n2 commit-behind", "n2 knows everything up to entry … to be committed, n1 up to entry … It has the entries. n1 tells n2 how far they are committed with its next request, which it has not sent yet.")
		l.why("entry n2 "+num(s.Node(2).Last)+" not-known", "n2 knows everything up to entry … to be committed, n1 up to entry … It has the entries. n1 tells n2 how far they are committed with its next request, which it has not sent yet.")
	}},
	{"a learner", 3, func(l *lab) {
		l.ok(order(event.MemberAdd, 0))
		l.why("n4 learner", "n4 is a learner: it is sent the log like everybody, but neither elections nor commits count it, so that a newcomer that lags cannot stop the others (dissertation §4.2.1). It votes when it is promoted.")
		l.why("n4 not-leader", "n4 is a learner: it is sent the log like everybody, but neither elections nor commits count it, so that a newcomer that lags cannot stop the others (dissertation §4.2.1). It votes when it is promoted.")
		l.ok(pair(event.Cut, 1, 2, false))
		l.ok(pair(event.Cut, 1, 3, false))
		l.Begin(order(event.MemberPromote, 4))
		l.until("it is in the log", func(s *view.State) bool { return s.Node(1).MembersIndex > s.Node(1).Commit })
		l.why("n1 no-quorum", "A majority is 3 of the 4 voters, and n1 talks to 2 of them (n1 and n4). Two majorities always share a voter; that is why a minority may neither elect nor commit: the others might do so at the same time. n1 still believes to lead term …, but what it appends stays uncommitted.")
		l.why("change-waits", "A change of the members is an entry like any other, entry … here, and must be committed: 3 of the 4 voters of the new configuration have to hold it, and so far n1 knows it of these: n1. Until then no other change may begin (dissertation §4.1).")
		s := l.State()
		l.why("op "+num(s.Ops[len(s.Ops)-1].ID)+" order-waits", "A change of the members is an entry like any other, entry … here, and must be committed: 3 of the 4 voters of the new configuration have to hold it, and so far n1 knows it of these: n1. Until then no other change may begin (dissertation §4.1).")
	}},
	{"a damaged disk", 3, func(l *lab) {
		l.ok(order(event.Kill, 3))
		l.ok(event.Command{Kind: event.Corrupt, Node: 3})
		l.do(order(event.Restart, 3))
		l.why("n3 refuses-start", "n3 found damage on its disk and does not start on it, because a member that has forgotten something it promised could break what the others rely on: log/gen-00000001/0000000000000000-0000000000000000.wal is damaged at byte … wipe this node and let it join again as a new member, or put the file back from a copy.")
		s := l.State()
		l.why("op "+num(s.Ops[len(s.Ops)-1].ID)+" order-failed", "It was not done and will not be: n3 refuses to start: log/gen-00000001/0000000000000000-0000000000000000.wal is damaged at byte … wipe this node and let it join again as a new member, or put the file back from a copy.")
	}},
	{"entries that are refused", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		l.ok(put("x", "1"))
		l.ok(put("x", "2"))
		l.ok(event.Command{Kind: event.Heal})
		l.Begin(order(event.Elect, 2)) // a new leader believes that all have its whole log
		var refusal uint64
		l.until("n3 refuses entries", func(s *view.State) bool {
			for _, m := range s.Messages {
				if m.From == 3 && m.To == 2 && m.Type == event.AppendEntries && m.Reply && !m.OK && m.Term == s.Node(2).Term {
					refusal = m.ID
					return true
				}
			}
			return false
		})
		l.why("message "+num(refusal)+" refusal", "The request continues after entry … of term … and n3's log ends with entry … there would be a gap. The leader goes back until it finds an entry that both have (§5.3).")
		l.why("message "+num(refusal)+" under-way", "It was sent … ago and arrives in …; a message takes … from one machine to another.")
		l.why("n3 behind", "n3's log ends with entry … that of n2, which leads term … with entry … The next request of the leader brings what is missing.")
		l.ok(event.Command{Kind: event.Drop, Message: refusal})
		l.why("message "+num(refusal), "Somebody dropped it by hand. Its sender is not told; Raft needs no sure delivery, and whatever still matters is sent again.")
	}},
	{"a log that is empty", 3, func(l *lab) {
		l.ok(put("x", "1"))
		l.ok(order(event.Kill, 3))
		l.ok(order(event.Wipe, 3))
		l.ok(split(ids{1, 2}, ids{3}))
		l.ok(order(event.Restart, 3))
		l.why("n3 behind", "n3's log is empty, that of n1, which leads term …, ends with entry … The way between n1 and n3 is cut: entries do not arrive, or their acknowledgements do not, and the leader sends the same again.|n3's log is empty.")
		l.ok(event.Command{Kind: event.Heal})
		var refusal uint64
		l.until("n3 refuses entries", func(s *view.State) bool {
			for _, m := range s.Messages {
				if m.From == 3 && m.To == 1 && m.Type == event.AppendEntries && m.Reply && !m.OK {
					refusal = m.ID
					return true
				}
			}
			return false
		})
		l.why("message "+num(refusal)+" refusal", "The request continues after entry … of term … and n3's log is empty: there would be a gap. The leader goes back until it finds an entry that both have (§5.3).|n3 refused; its log was empty.")
	}},
	{"a majority that elects nobody", 5, func(l *lab) {
		l.ok(split(ids{1, 2, 3, 4}, ids{5}))
		l.ok(put("x", "1"))
		l.until("all four have it", func(s *view.State) bool { return s.Node(2).Last == s.Node(4).Last && s.Node(3).Last == s.Node(4).Last })
		l.ok(order(event.Kill, 1))
		l.ok(order(event.Kill, 4))
		l.ok(event.Command{Kind: event.Heal})
		l.ok(pair(event.Cut, 2, 3, false))
		l.until("nobody leads", func(s *view.State) bool { return s.Leader() == nil })
		s := l.State()
		const lacks = "n5 talks to 3 of the 5 voters, but 2 of them have newer logs and do not vote for it, since an entry that n5 lacks may be committed: n2 and n3 (§5.4.1). It takes 3 votes."
		l.why("no-leader", lacks+" Nobody else talks to a majority: until links are mended or others come back there can be no leader.|n3's last entry is "+num(s.Node(3).Last)+" of term")
		l.why("n5 no-quorum", lacks+"|n5's last entry is "+num(s.Node(5).Last)+" of term")
	}},
	{"a majority that was wiped", 3, func(l *lab) {
		l.ok(order(event.Kill, 1))
		for _, id := range (ids{2, 3}) {
			l.ok(order(event.Kill, id))
			l.ok(order(event.Wipe, id))
			l.ok(order(event.Restart, id))
		}
		l.why("n2 no-quorum", "n2 talks to 2 of the 3 voters, but its own disk is empty and knows of no configuration: it does not stand for election, and waits for a leader that knows it.|n2's log is empty.")
	}},
}
