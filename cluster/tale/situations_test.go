package tale_test

import (
	"slices"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// situation is something that people do to a room, and what they ask then.
type situation struct {
	name  string
	nodes int
	act   func(l *lab)
}

func TestWhy(t *testing.T) {
	for _, s := range slices.Concat(elections, logs, requests, snapshots) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.act(openLab(t, s.nodes))
		})
	}
}

func role(id event.NodeID, r event.Role) func(*view.State) bool {
	return func(s *view.State) bool { return s.Node(id) != nil && s.Node(id).Role == r }
}

// otherLeads says that somebody else than n1 leads, and who.
func (l *lab) otherLeads() (id event.NodeID) {
	l.Helper()
	l.until("another leader", func(s *view.State) bool {
		if n := s.Leader(); n != nil && n.ID != 1 {
			id = n.ID
			return true
		}
		return false
	})
	return id
}

// untilAsked lets time go on until a question about the room makes sense.
func (l *lab) untilAsked(name string) {
	l.Helper()
	for range 60 {
		s := l.State()
		for _, q := range tale.Questions(tale.Moment{Journal: l.Journal(), State: &s}, tale.Room()) {
			if q.Name == name {
				return
			}
		}
		l.Advance(second)
	}
	l.Fatalf("after a virtual minute nobody would ask “why %s”", name)
}

var elections = []situation{
	{"frozen", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.Freeze})
		l.why("still", "The room's time stands still: no timer runs out, no message arrives and no disk writes until it is thawed or stepped.")
		l.ok(order(event.Kill, 1))
		l.why("no-leader", "The room's time stands still: no election timer runs out, and no vote arrives, until it is thawed or stepped.")
		l.why("n2 no-candidacy", "The room's time stands still, and n2's election timer with it.")
		l.why("n1 down", "n1 was killed, as by a power cut: its process is gone; term, vote, log and store wait on its disk.")
	}},
	{"a majority is down", 5, func(l *lab) {
		for _, id := range (ids{1, 2, 3}) {
			l.ok(order(event.Kill, id))
		}
		l.Advance(3 * second)
		l.why("no-leader", "A leader needs the votes of 3 of the 5 voters, and only 2 of them run: n4 and n5. Until more of them do there can be no leader, and nothing can be committed.")
		l.why("n4 no-quorum", "A majority is 3 of the 5 voters, and n4 talks to 2 of them (n4 and n5). Two majorities always share a voter; that is why a minority may neither elect nor commit: the others might do so at the same time.")
		l.why("n4 not-leader", "n4 asks first whether it could win term … (pre-vote), and 2 of the 3 it needs would vote for it (n4 and n5). n1, n2 and n3 have not answered it.")
		l.why("n4", "n4 had heard from no leader for … when its election timer ran out. It asks first whether it could win term … (pre-vote), without entering it; 2 of the 3 that it needs would vote for it (n4 and n5).")
	}},
	{"nobody reaches a majority", 5, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3, 4}, ids{5}))
		l.until("no leader", func(s *view.State) bool { return s.Leader() == nil })
		l.why("n1 stepped-down", "n1 led term … but had not heard from a majority for longer than its lease lasts, so it stepped down by itself: somebody else may be leading by then.")
		l.why("no-leader", "A leader needs the votes of 3 of the 5 voters, and nobody reaches so many: the most that one talks to, itself included, are 2 (n1 and n2). A request without its answer does not count, and nobody passes votes on for others.")
	}},
	{"timers run", 3, func(l *lab) {
		l.ok(order(event.Kill, 1))
		l.Advance(20 * ms)
		l.why("no-leader", "Nobody has stood for election yet: the followers wait to hear from a leader. The first election timer may run out in … ms, …'s, and one does in … s at the latest; whose it is asks for votes.")
		l.why("n2 no-candidacy", "n2's election timer still runs: it stands for election in … ms at the earliest and … s at the latest. The time is random, so that not all stand at once.")
		l.why("n2 follows", "n2 heard from n1 last and has not noticed yet that it leads no more: it forgets its leader when its election timer runs out, or when it hears from one of a higher term.")
	}},
	{"ballots wait at gates", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.Hold})
		l.ok(order(event.Kill, 1))
		l.until("a candidate", func(s *view.State) bool { return s.Node(2).Role == event.Candidate && len(held(s, 2, 3)) > 0 })
		l.why("no-leader", "Requests for votes and their answers wait at the gates: 2 of the 3 voters could elect a leader, but none hears the others until messages are let go.")
		l.why("n2 candidate", "n2 had heard from no leader for … when its election timer ran out. It asks first whether it could win term … (pre-vote), without entering it; 1 of the 2 that it needs would vote for it (n2).")
		l.why("n2 not-elected", "n2 asks first whether it could win term … (pre-vote), and 1 of the 2 it needs would vote for it (n2). n1 and n3 have not answered it.")
		s := l.State()
		l.why("message "+num(held(&s, 2, 3)[0]), "The way from n2 to n3 has a gate, and what comes to it waits until somebody lets it go. For the cluster the message is as good as lost until then: its sender gives up waiting for an answer.")
		l.why("n2-n3 gate", "Somebody shut the gate there: … until … let go by hand, delivered, dropped, copied or moved back.")
		l.why("still", "Every way between the machines has a gate, and what is sent waits there: … messages until now. Timers run, but nobody hears of anybody.")
	}},
	{"split vote", 4, func(l *lab) {
		l.ok(pair(event.Cut, 2, 4, true))
		l.ok(pair(event.Cut, 3, 1, true))
		one, two := l.Begin(order(event.Elect, 2)), l.Begin(order(event.Elect, 3))
		l.until("two candidates", func(s *view.State) bool {
			return s.Node(2).Role == event.Candidate && s.Node(3).Role == event.Candidate && s.Node(2).Term == s.Node(3).Term
		})
		l.end(one)
		l.end(two)
		l.Advance(40 * ms)
		l.why("no-leader", "The vote of term … is split: 3 votes are needed, the best candidate got 2, and all have given theirs. Each votes once a term, so nobody can win it; after a random time somebody tries again in term …")
		l.why("n2 refused-vote", "n2 refused n3: it has one vote a term and had given that of term … to itself.")
		l.why("n2 not-elected", "n2 has 2 of the 3 votes that it needs in term … (n1 and n2). n3 refused n2: it has one vote a term and had given that of term … to itself. n4 has not answered it.")
		l.why("n2 candidate", "n2 was told to stand for election at once, without waiting for its timer. In term … it has 2 of the 3 votes that it needs (n1 and n2). n3 refused n2: it has one vote a term and had given that of term … to itself.")
	}},
	{"a suspended leader", 3, func(l *lab) {
		l.ok(order(event.Suspend, 1))
		l.why("n1 suspended", "n1 was suspended: its process and its clock stand still, so it notices nothing, not even that time goes by. What is sent to it waits until it is resumed, or its sender gives up.")
		l.otherLeads()
		l.why("two-leaders", "n1 won term … and has not heard that … won term … since. There is one leader a term, so both are right about their own; but n1 can commit nothing any more, because a majority has moved on to term …")
		l.why("n1 leads", "n1 won term … with the votes of n1…; 2 were needed.… It stands still and believes what it believed when it was suspended.")
		l.why("moved", "n1, leader of term … was suspended: it stands still and sends nothing. The others heard no heartbeat any more, and … won term …")
		l.ok(order(event.Resume, 1))
		l.until("n1 follows", role(1, event.Follower))
		l.why("n1 stepped-down", "n1 led term … whoever sees a higher term becomes a follower in it (§5.1).")
		l.why("n1 term", "n1 was in term … whoever sees a higher term takes it over (§5.1)…")
	}},
	{"an old leader, and the newer one dead", 3, func(l *lab) {
		l.ok(order(event.Suspend, 1))
		newer := l.otherLeads()
		l.ok(split(ids{1}, ids{2, 3}))
		l.ok(order(event.Kill, newer))
		l.ok(order(event.Resume, 1))
		l.why("no-leader", "A leader needs the votes of 2 of the 3 voters, and nobody reaches so many… n1 still believes to lead term …, but "+newer.String()+" was elected in term … since: a majority has moved on to that, so nothing that n1 appends can be committed.|"+newer.String()+", leader of term")
		l.why("n1 leads", "n1 won term … with the votes of …; 2 were needed.… n1 still believes to lead term …, but "+newer.String()+" was elected in term … since: … It steps down when a message of a higher term reaches it, or when it has not heard from a majority for its lease.|"+newer.String()+" became leader of term")
		l.Begin(event.Command{Kind: event.Put, Node: 1, Key: "x", Value: "1"})
		l.Advance(20 * ms)
		l.why("entry n1 "+num(l.State().Nodes[0].Last)+" not-committed", "Entry … of term … is in the logs of 1 of the 3 voters (n1), and there is no leader that could commit it.…")
	}},
	{"a leader that is being removed", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.Hold})
		l.Begin(order(event.MemberRemove, 1))
		l.until("n1 counts without itself", func(s *view.State) bool { return len(s.Node(1).Members) == 2 })
		l.why("n1 lease", "A leader goes on leading while a majority answers it: n1 needs 2 other voters, and the last time that it had heard from so many is …")
		l.until("its lease is over", role(1, event.Follower))
		l.why("n1 stepped-down", "n1 led term … but had not heard from a majority for longer than its lease lasts, so it stepped down by itself: somebody else may be leading by then.")
	}},
	{"a voter on one side only", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.MemberAdd})
		l.until("n4 has the log", func(s *view.State) bool { return s.Node(4) != nil && s.Node(4).Last == s.Node(1).Last })
		l.ok(split(ids{1, 4}, ids{2, 3}))
		l.Begin(order(event.MemberPromote, 4))
		l.until("n4 counts itself", func(s *view.State) bool { return s.Node(4).MembersIndex > s.MembersIndex })
		l.unasked("n4 learner") // it counts itself
		s := l.State()
		l.why("entry n1 "+num(s.MembersIndex)+" committed", "It is committed: 3 of the 3 voters hold entry … now (n1, n2 and n3).…")
		l.why("n1 no-quorum", "A majority is 3 of the 4 voters, and n1 talks to 2 of them (n1 and n4).…")
		l.unasked("n2 no-quorum") // n2 and n3 are two of the three that they count
		l.until("one of them leads", func(s *view.State) bool { n := s.Leader(); return n != nil && n.ID != 1 })
		l.why("n4 no-quorum", "A majority is 3 of the 4 voters, and n4 talks to 2 of them (n1 and n4).…")
	}},
	{"a voter that has not heard of it", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.MemberAdd})
		l.until("n4 has the log", func(s *view.State) bool { return s.Node(4) != nil && s.Node(4).Last == s.Node(1).Last })
		l.ok(pair(event.Hold, 1, 4, true))
		l.Begin(order(event.MemberPromote, 4))
		l.until("n1 counts it", func(s *view.State) bool { return s.Node(1).MembersIndex > s.MembersIndex })
		l.why("n4 learner", "n4 is a learner in the newest configuration that is committed. But n1 counts it as a voter already: the change is in its log, entry …, and counts from there on (dissertation §4.1).|n1 counts with the configuration")
		l.until("it is committed", func(s *view.State) bool { return s.Node(1).MembersIndex == s.MembersIndex })
		l.why("n4 not-leader", "n4 votes in the configuration of entry …, which is committed, but has not heard of it: the one that it uses itself, of entry …, has it as a learner still.|n4 counts with the configuration")
	}},
	{"a log that is behind", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		l.ok(put("x", "1"))
		l.ok(event.Command{Kind: event.Heal})
		l.ok(order(event.Elect, 3))
		l.Advance(30 * ms)
		l.why("n3 not-elected", "n3 has 1 of the 2 votes that it needs in term … (n3). n1 refused n3, whose log was behind: both logs ended in the same term, but n3's with entry … and n1's with entry … (§5.4.1).")
		l.why("n2 refused-vote", "n2 refused n3, whose log was behind: both logs ended in the same term, but n3's with entry … and n2's with entry … (§5.4.1).")
		l.why("n3 term", "n3 stood for election, and a candidate raises its term by one: from … to …")
	}},
	{"a node that does not hear the leader, with pre-vote", 3, func(l *lab) {
		l.ok(pair(event.Cut, 1, 3, true))
		l.why("n3 no-candidacy", "n3's election timer still runs: it stands for election in … ms at the earliest and … at the latest. The time is random, so that not all stand at once.")
		l.until("n3 asks", role(3, event.Candidate))
		l.Advance(50 * ms)
		l.why("n3 no-pre-vote", "Before it raises its term, n3 asks whether it could win term … 1 of the 2 it needs would vote for it (n3). n1 refused n3: it led itself and saw no need for another leader. So its term stays … and it disturbs nobody.")
		l.why("n2 refused-pre-vote", "n2 refused n3: it followed n1, its election timer had not run out, and it saw no need for another leader. A pre-vote is no vote: nobody's term changed by it.")
		l.why("n1-n3 cut", "The way from n1 to n3 is cut, the other direction is open: n1 hears n3, but its own requests and answers are lost, and a request without its answer acknowledges nothing.")
		l.why("n3 not-leader", "n3 asks first whether it could win term … (pre-vote), and 1 of the 2 it needs would vote for it (n3). n1 refused n3: it led itself and saw no need for another leader.")
	}},
	{"a node that does not hear the leader, without pre-vote", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.PreVote})
		l.ok(pair(event.Cut, 1, 3, true))
		l.untilAsked("elections")
		l.why("elections", "… times in … s somebody stood for election, up to term … n3 does not hear n1 (nothing passes from n1 to n3), so its timer runs out again and again. The others refuse their votes, and do not look at its term, because they hear from a leader: so n3 raises only its own term, until n1 hears of that from it and steps down. With pre-vote switched on it would have to ask first, and its term would stay as it is.|it followed n1, its election timer had not run out, and it saw no need for another leader.")
	}},
	{"slow ways", 3, func(l *lab) {
		for _, p := range [][2]event.NodeID{{1, 2}, {1, 3}, {2, 3}} {
			l.ok(event.Command{Kind: event.SetLink, Node: p[0], Peer: p[1], Link: event.Link{Delay: 400 * ms}})
		}
		l.untilAsked("elections")
		l.why("elections", "… times in … s somebody stood for election, up to term … A heartbeat and its answer take … between n1 and n2, and the next one leaves only after that; a follower that has heard nothing for … may already stand for election.")
		l.why("n1-n2 slow", "From n1 to n2 a message takes up to …; elsewhere it takes …. From n2 to n1 a message takes up to …; elsewhere it takes …. There and back is …; followers are patient for ….")
	}},
	{"a fast clock", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.PreVote})
		l.ok(event.Command{Kind: event.Drift, Node: 3, Factor: 10 * event.One})
		for range 3 { // it wins in the end, and then all is quiet
			l.until("n3 leads", role(3, event.Leader))
			l.do(order(event.Transfer, 1))
		}
		l.untilAsked("elections")
		l.why("elections", "… times in … s somebody stood for election, up to term … n3's clock runs at 10 times the true speed, so its election timer runs out 10 times too early.")
	}},
	{"a transfer", 3, func(l *lab) {
		l.ok(order(event.Transfer, 2))
		l.until("n2 leads", role(2, event.Leader))
		l.Advance(200 * ms)
		l.why("moved", "n1 handed leadership over: it told n2 to stand for election at once (TimeoutNow), and n2 won term …")
		l.why("n1 stepped-down", "n1 handed its leadership to n2, which stood for election in a higher term than …: that made n1 a follower.")
		l.why("n2 leads", "n2 won term … with the votes of …; 2 were needed.… Nobody has told it of a higher term since.")
		l.why("n2 lease", "A leader goes on leading while a majority answers it: n2 needs 1 other voter, and the last time that it had heard from so many is … ago. When that is longer than its lease lasts it steps down.")
		l.ok(event.Command{Kind: event.Drift, Node: 2, Factor: event.One / 2})
		l.why("n2 lease", "A leader goes on leading while a majority answers it: n2 needs 1 other voter, and the last time that it had heard from so many is … ago. When that is longer than its lease lasts it steps down. Its lease is measured by its own clock, which runs at 0.5 times the true speed.")
		l.ok(event.Command{Kind: event.Drift, Node: 2, Factor: event.One})
		l.why("n1 not-leader", "n2 leads term … and n1 hears from it. A follower stands for election only when it has not heard from a leader for its election timeout.")
		l.why("n2 term", "n2 stood for election, and a candidate raises its term by one: from … to …")
	}},
}

func num(n uint64) string { return string(appendNumber(nil, n)) }

func appendNumber(b []byte, n uint64) []byte {
	if n >= 10 {
		b = appendNumber(b, n/10)
	}
	return append(b, byte('0'+n%10))
}

// held are the messages that wait at a gate.
func held(s *view.State, from, to event.NodeID) (list []uint64) {
	for _, m := range s.Messages {
		if m.Held && m.From == from && m.To == to {
			list = append(list, m.ID)
		}
	}
	return list
}
