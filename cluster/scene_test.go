package cluster

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/preset"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// granted counts the votes that a candidate has, its own included.
func granted(n *view.Node) (votes int) {
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			votes++
		}
	}
	return votes
}

// leadersOf are those who lead in a state, the newest first.
func leadersOf(s *view.State) (all []*view.Node) {
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Up && n.Role == event.Leader {
			all = append(all, n)
		}
	}
	slices.SortFunc(all, func(a, b *view.Node) int { return int(b.Term) - int(a.Term) })
	return all
}

// hopes is what a situation must look like when the room stands still, and what comes of it when time goes on.
type hopes struct {
	is   func(*view.State) bool
	then func(*view.State) bool
}

func uncommitted(n *view.Node) bool { return n.Last > n.Commit }

func anyNode(s *view.State, ok func(*view.Node) bool) bool {
	for i := range s.Nodes {
		if ok(&s.Nodes[i]) {
			return true
		}
	}
	return false
}

var hoped = map[string]hopes{
	"election": {
		is: func(s *view.State) bool {
			return len(leadersOf(s)) == 0 && anyNode(s, func(n *view.Node) bool { return n.Role == event.Candidate }) &&
				slices.ContainsFunc(s.Messages, func(m view.Message) bool { return m.Type == event.RequestVote && m.Reply && m.OK })
		},
		then: func(s *view.State) bool { return s.Leader() != nil },
	},
	"split-vote": {
		is: func(s *view.State) bool {
			var candidates []*view.Node
			for i := range s.Nodes {
				if s.Nodes[i].Role == event.Candidate {
					candidates = append(candidates, &s.Nodes[i])
				}
			}
			return len(candidates) == 2 && candidates[0].Term == candidates[1].Term && len(leadersOf(s)) == 0
		},
		then: func(s *view.State) bool { // both have the votes that they can get, and nobody leads
			n := 0
			for i := range s.Nodes {
				if m := &s.Nodes[i]; m.Role == event.Candidate && granted(m) == 2 {
					n++
				}
			}
			return n == 2
		},
	},
	"held-commit": {
		is: func(s *view.State) bool {
			l := s.Leader()
			held := slices.ContainsFunc(s.Messages, func(m view.Message) bool { return m.Held && m.N > 0 && m.Type == event.AppendEntries })
			return l != nil && uncommitted(l) && held
		},
		then: func(s *view.State) bool { return s.Leader() == nil || uncommitted(s.Leader()) },
	},
	"cut-leader": {
		is: func(s *view.State) bool {
			groups := s.Groups()
			return len(leadersOf(s)) == 1 && len(groups) == 2 && !slices.Contains(quorate(s), s.Leader().ID)
		},
		then: func(s *view.State) bool {
			l := s.Leader()
			return l != nil && slices.Contains(quorate(s), l.ID)
		},
	},
	"two-leaders": {
		is: func(s *view.State) bool {
			all := leadersOf(s)
			told := slices.ContainsFunc(s.Messages, func(m view.Message) bool { return len(all) == 2 && m.To == all[1].ID && m.Term > all[1].Term })
			return len(all) == 2 && all[0].Term > all[1].Term && !all[1].Suspended && all[0].Revision > all[1].Revision && !told
		},
		then: func(s *view.State) bool { return len(leadersOf(s)) == 1 },
	},
	"stale-read": {
		is: func(s *view.State) bool {
			op := s.Ops[slices.IndexFunc(s.Ops, func(o view.Op) bool { return o.Kind == event.Get })]
			return len(leadersOf(s)) == 2 && op.Outcome == event.Pending && op.Node == leadersOf(s)[1].ID
		},
		then: func(s *view.State) bool {
			i := slices.IndexFunc(s.Ops, func(o view.Op) bool { return o.Kind == event.Get })
			return s.Ops[i].Outcome == event.Failed
		},
	},
	"no-quorum": {
		is: func(s *view.State) bool {
			l := s.Leader()
			return l != nil && uncommitted(l) && len(quorate(s)) == 0
		},
		then: func(s *view.State) bool { return len(leadersOf(s)) == 0 },
	},
	"overwrite": {
		is: func(s *view.State) bool {
			l := s.Leader()
			return l != nil && anyNode(s, func(n *view.Node) bool {
				mine, theirs := n.Entry(n.Last), l.Entry(n.Last)
				return uncommitted(n) && mine != nil && theirs != nil && mine.Term < theirs.Term
			})
		},
		then: func(s *view.State) bool { return together(s) },
	},
	"snapshot": {
		is: func(s *view.State) bool {
			return slices.ContainsFunc(s.Messages, func(m view.Message) bool {
				return m.Type == event.InstallSnapshot && !m.Reply && s.Node(m.To).Last < s.Node(m.From).SnapshotIndex
			})
		},
		then: func(s *view.State) bool {
			return together(s) && anyNode(s, func(n *view.Node) bool { return n.Role == event.Follower && n.SnapshotIndex > 0 })
		},
	},
	"one-way": {
		is: func(s *view.State) bool {
			return anyNode(s, func(n *view.Node) bool { return n.Role == event.Candidate }) && len(leadersOf(s)) == 1
		},
		then: func(s *view.State) bool { return len(leadersOf(s)) == 1 }, // it does not disturb the leader: pre-vote
	},
	"member-joins": {
		is: func(s *view.State) bool {
			l := s.Leader()
			return l != nil && l.MembersIndex > l.Commit && len(votersOf(s)) == 5 && len(s.Nodes) == 6
		},
		then: func(s *view.State) bool { return len(votersOf(s)) == 6 },
	},
	"slow-disk": {
		is: func(s *view.State) bool {
			l := s.Leader()
			return l != nil && l.Fsync == slowDisk && pendingPut(s)
		},
		then: func(s *view.State) bool { return !pendingPut(s) },
	},
}

// quorate are the machines of the group that has a quorum.
func quorate(s *view.State) []event.NodeID {
	for _, g := range s.Groups() {
		if g.Quorum {
			return g.Nodes
		}
	}
	return nil
}

func pendingPut(s *view.State) bool {
	return slices.ContainsFunc(s.Ops, func(o view.Op) bool { return o.Kind == event.Put && o.Outcome == event.Pending })
}

// TestSituations brings each of them about on a real cluster that is in a bad way, and looks what comes of it.
func TestSituations(t *testing.T) {
	for _, situation := range preset.All {
		t.Run(situation.Name, func(t *testing.T) {
			t.Parallel()
			hope, ok := hoped[situation.Name]
			if !ok {
				t.Fatal("nobody says what it must look like")
			}
			l := openLab(t, Options{Nodes: 5})
			l.ok(put("x", "0"))
			l.ok(event.Command{Kind: event.Kill, Node: 3})
			l.ok(event.Command{Kind: event.Cut, Node: 1, Peer: 2})
			l.ok(event.Command{Kind: event.Rate, Factor: event.One / 4})
			var said []string
			p, _ := l.beginSaying(event.Command{Kind: event.Preset, Key: situation.Name}, nil, func(s string) { said = append(said, s) })
			if res := l.staged(p.answer); res.Outcome != event.OK {
				s := l.State()
				t.Fatalf("%s\n%+v", res.Error, s.Nodes)
			}
			s := l.State()
			if s.Rate != 0 || s.Thawed != event.One/4 {
				t.Errorf("the room runs at %v, and goes on at %v", s.Rate, s.Thawed)
			}
			if !hope.is(&s) {
				t.Fatalf("it looks otherwise: %+v\nops %+v\nmessages %+v", s.Nodes, s.Ops, s.Messages)
			}
			if len(said) != 3 || !strings.Contains(said[2], situation.About) {
				t.Errorf("said %q", said)
			}
			l.ok(event.Command{Kind: event.Thaw})
			l.wait("what comes of it", hope.then)
		})
	}
}

// staged moves time until the answer is there, also through what is frozen for a moment.
func (l *lab) staged(answer <-chan event.Result) event.Result {
	for end := l.Now() + 300*second; l.Now() < end; {
		select {
		case res := <-answer:
			return res
		default:
			l.Advance(second / 1000)
		}
	}
	l.Fatal("no answer within 300 virtual seconds")
	return event.Result{}
}

func TestSituationsAreRefusedInASentence(t *testing.T) {
	l := openLab(t, Options{Nodes: 1})
	for name, want := range map[string]string{"teapot": "there is no situation", "": "there is no situation", "cut-leader": "needs 5 voters"} {
		if r := l.do(event.Command{Kind: event.Preset, Key: name}); r.Outcome != event.Failed || !strings.Contains(r.Error, want) {
			t.Errorf("%q: %+v", name, r)
		}
	}
}

func TestOneSituationAtATime(t *testing.T) {
	l := openLab(t, Options{})
	first := l.Begin(event.Command{Kind: event.Preset, Key: "snapshot"})
	if r := <-l.Begin(event.Command{Kind: event.Preset, Key: "election"}); r.Outcome != event.Failed || !strings.Contains(r.Error, "another situation") {
		t.Errorf("%+v", r)
	}
	if r := l.staged(first); r.Outcome != event.OK {
		t.Errorf("%s\n%+v", r.Error, l.State().Nodes)
	}
	again := l.Begin(event.Command{Kind: event.Preset, Key: "election"}) // from a frozen room
	if r := l.staged(again); r.Outcome != event.OK {
		t.Error(r.Error)
	}
}
