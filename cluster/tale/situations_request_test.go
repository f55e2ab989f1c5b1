package tale_test

import (
	"errors"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/node"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// newest is the newest command, as a subject.
func (l *lab) newest() string {
	s := l.State()
	return "op " + num(s.Ops[len(s.Ops)-1].ID)
}

var requests = []situation{
	{"a put that is passed on", 3, func(l *lab) {
		l.ok(on(2, put("x", "1")))
		l.why(l.newest()+" forwarded", "n2 was asked but did not lead, and only a leader may append to the log; so it passed the request on to n1, whom it took for the leader.")
		l.why(l.newest()+" slow", "It took … of the room's time, and no part of its way more than …: it is the way that is long.")
		l.why(l.newest()+" enough", "2 of 3 voters are a majority, and 2 had entry … on disk: n1 and n2. Every later leader needs the votes of a majority and so of at least one of them, and wins only with a log as new as theirs (§5.4.1): the entry cannot be lost any more. n3 got it later, or will.")
	}},
	{"a slow disk", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.Disk, Node: 1, Took: 300 * ms})
		l.ok(on(1, put("x", "1")))
		l.why(l.newest()+" slow", "It took … of the room's time; the longest part, …, ended with this: n1 has it on its disk as entry … n1's disk takes … longer for every fsync.")
	}},
	{"a slow way", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.SetLink, Node: 1, Peer: 2, Link: event.Link{Delay: 120 * ms}})
		l.ok(event.Command{Kind: event.SetLink, Node: 1, Peer: 3, Link: event.Link{Delay: 90 * ms, Loss: event.One / 100}})
		l.ok(on(1, put("x", "1")))
		l.why(l.newest()+" slow", "It took … ms of the room's time, and no part of its way more than … ms: it is the way that is long. The way between n1 and … is slow: … ms in one direction.")
		l.why("n1-n3 loses", "From n1 to n3 1 % of the messages are lost at random; Raft sends again what matters. From n3 to n1 1 % of the messages are lost at random; Raft sends again what matters.")
	}},
	{"reads", 3, func(l *lab) {
		l.ok(split(ids{1, 2}, ids{3}))
		l.ok(put("x", "1"))
		l.ok(on(3, event.Command{Kind: event.Get, Key: "x", Serializable: true}))
		l.why(l.newest()+" stale", "It was a serializable read: n3 answered from its own store, at revision 1, and asked nobody whether that is the newest. n1 had applied revision 2 by then. A linearizable read would have waited until n3 had caught up with the leader.")
		l.ok(split(ids{1}, ids{2, 3}))
		read := l.Begin(on(1, event.Command{Kind: event.Get, Key: "x", Timeout: second}))
		l.Advance(30 * ms)
		l.why(l.newest()+" read-waits", "A linearizable read is answered only when n1 knows that it still leads: 2 of the 3 voters, itself included, must answer something that it sent after the read began, and 1 has (n1).")
		r := l.end(read)
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why(l.newest()+" read-refused", "A linearizable read must not return old values, so it is rather not answered at all: no fresh read within the timeout: n1 knows no leader. Nothing was changed by it. n1 talks to 1 of the 2 voters that it takes to be sure that nobody else leads. A serializable read would be answered from the node's own store, stale or not.")
	}},
	{"a read at a follower", 3, func(l *lab) {
		l.ok(pair(event.Hold, 2, 1, true))
		l.Begin(on(2, event.Command{Kind: event.Get, Key: "x", Timeout: second}))
		l.Advance(30 * ms)
		l.why(l.newest()+" read-waits", "n2 passed it on to n1, and it waits at the gate between them.")
	}},
	{"a put without a leader", 3, func(l *lab) {
		l.ok(order(event.Kill, 1))
		l.ok(order(event.Kill, 2))
		l.until("n3 knows no leader", func(s *view.State) bool { return s.Node(3).Leader == 0 })
		asked := l.Begin(on(3, event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: second}))
		l.Advance(100 * ms)
		l.why(l.newest()+" waits", "n3 knows no leader, and only a leader can append it. It looks again every …, until the request's time is over. A leader needs the votes of 2 of the 3 voters, and only 1 of them runs: n3. Until more of them do there can be no leader, and nothing can be committed.")
		l.end(asked)
		l.why(l.newest()+" unknown", "Whoever asked was not told how it ended: no answer within the timeout; n3 knows no leader. From that nobody can conclude whether it happened; it may still happen later. The recording knows more: up to this moment no log is known to have it.")
		l.do(order(event.MemberPromote, 3))
		l.why(l.newest()+" order-failed", "It was not done and will not be: there is no leader who could do that; wait for an election, or see why there is none. A leader needs the votes of 2 of the 3 voters, and only 1 of them runs: n3. Until more of them do there can be no leader, and nothing can be committed.")
	}},
	{"a put whose message was lost", 3, func(l *lab) {
		l.ok(pair(event.Hold, 2, 1, true))
		asked := l.Begin(on(2, event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: second}))
		var forward uint64
		l.until("it waits at the gate", func(s *view.State) bool {
			for _, m := range s.Messages {
				if m.Held && m.Type == event.Forward {
					forward = m.ID
					return true
				}
			}
			return false
		})
		op := l.newest()
		l.why(op+" waits", "n2 passed it on to n1, and it waits at the gate between them.")
		l.ok(event.Command{Kind: event.Drop, Message: forward})
		l.why(op+" waits", "n2 passed it on to n1, whom it took for the leader, and the message was lost: Somebody dropped it by hand. n2 cannot know that and waits for the answer.")
		l.why("message "+num(forward)+" dropped", "Somebody dropped it by hand. Its sender is not told; Raft needs no sure delivery, and whatever still matters is sent again.")
		r := l.end(asked)
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why(op+" unknown", "Whoever asked was not told how it ended: n2 passed it on to n1: no answer in time. From that nobody can conclude whether it happened; it may still happen later. The recording knows more: up to this moment no log is known to have it.")
	}},
	{"a put whose leader dies", 3, func(l *lab) {
		l.ok(event.Command{Kind: event.Kill, Node: 1, At: event.AfterFsync})
		r := l.do(on(1, put("x", "1")))
		op := l.newest()
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why("n1 down", "n1 was killed right after a write had reached its disk, before anybody heard of it: the entry is there when it starts again.")
		l.why(op+" unknown", "Whoever asked was not told how it ended: n1 went down before it answered. From that nobody can conclude whether it happened; it may still happen later. n1 was killed right after a write was on its disk, and may have it there; when it starts again it will tell.")
	}},
	{"a put that is committed after all", 3, func(l *lab) {
		l.ok(pair(event.Hold, 1, 2, true))
		r := l.do(on(2, event.Command{Kind: event.Put, Key: "x", Value: "1", Timeout: second}))
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why(l.newest()+" unknown", "Whoever asked was not told how it ended: n2 passed it on to n1: no answer in time. From that nobody can conclude whether it happened; it may still happen later. The recording knows more: it is entry … of term … and was committed, so it did happen.")
	}},
	{"a request that makes no sense", 3, func(l *lab) {
		r := l.do(on(1, event.Command{Kind: event.TxnDo, Txn: &event.Txn{Success: []event.Request{{Kind: event.Put, Key: "a", Value: "1"}, {Kind: event.Put, Key: "a", Value: "2"}}}}))
		l.Logf("%v: %s", r.Outcome, r.Error)
		l.why(l.newest()+" failed", `It did not happen and will not: success puts "a" twice (etcdserver: duplicate key given in txn request). All writes of a transaction happen at one revision, and a key can have one value there.`)
	}},
	{"no space", 3, func(l *lab) {
		raised := make(chan error, 1)
		l.Session(1).Post(func(n *node.Node) {
			go func() {
				_, err := n.Propose(&node.Call{}, &pb.InternalRaftRequest{Alarm: &pb.AlarmRequest{MemberID: 1, Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE}})
				raised <- err
			}()
		}, func() { raised <- errors.New("n1 does not run") })
		l.until("the alarm is raised", func(*view.State) bool { return len(raised) > 0 })
		if err := <-raised; err != nil {
			l.Fatal(err)
		}
		if r := l.do(on(1, put("x", "1"))); r.Outcome != event.Failed {
			l.Fatalf("%+v", r)
		}
		l.why(l.newest()+" no-space", "The store has no room within its quota, and the NOSPACE alarm is on: every member refuses what would make it larger, puts above all, until keys are deleted and compacted, the file is defragmented and the alarm is disarmed. Reading and deleting go on.|The alarm is an entry of the log too")
		l.why("alarm", "A member found that a write would make its store larger than its quota and raised the alarm through the log, so that all members refuse such writes alike. It stays on until somebody disarms it, also when there is room again.")
	}},
	{"a member that runs alone again", 3, func(l *lab) {
		l.ok(put("x", "1"))
		for _, id := range (ids{1, 2, 3}) {
			l.ok(order(event.Kill, id))
		}
		l.ok(order(event.Restart, 3))
		l.Advance(50 * ms)
		l.why("n3 not-leader", "A leader needs the votes of 2 of the 3 voters, and only 1 of them runs: n3. Until more of them do there can be no leader, and nothing can be committed.")
		l.why("n3 no-candidacy", "n3… election…")
	}},
	{"a suspended node is asked", 3, func(l *lab) {
		l.ok(order(event.Suspend, 3))
		l.Begin(on(3, put("x", "1")))
		l.Advance(20 * ms)
		l.why(l.newest()+" waits", "n3, which was asked, stands still: it has not looked at the request.")
	}},
}
