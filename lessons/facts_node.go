package lessons

import (
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// machine is a node in its room.
type machine struct {
	room *view.State
	*view.Node
}

// record is an entry of a node's log.
type record struct {
	machine
	entry *view.Entry
}

var nodeSchema = describe(Node{}, map[string]func(machine) ref.Val{
	"id":        func(m machine) ref.Val { return nameOf(m.ID) },
	"role":      func(m machine) ref.Val { return word(roleWords, m.Role) },
	"term":      func(m machine) ref.Val { return whole(m.Term) },
	"vote":      func(m machine) ref.Val { return nameOf(m.Vote) },
	"vote_term": func(m machine) ref.Val { return whole(m.VoteTerm) },
	"leader":    func(m machine) ref.Val { return nameOf(m.Leader) },
	"up":        func(m machine) ref.Val { return types.Bool(m.Up) },
	"suspended": func(m machine) ref.Val { return types.Bool(m.Suspended) },
	"runs":      func(m machine) ref.Val { return types.Bool(m.Up && !m.Suspended) },
	"stale":     func(m machine) ref.Val { return types.Bool(m.room.StaleLeader(m.Node)) },
	"first":     func(m machine) ref.Val { return whole(m.First) },
	"last":      func(m machine) ref.Val { return whole(m.Last) },
	"commit":    func(m machine) ref.Val { return whole(m.Commit) },
	"applied":   func(m machine) ref.Val { return whole(m.Applied) },
	"revision":  func(m machine) ref.Val { return whole(m.Revision) },
	"snapshot":  func(m machine) ref.Val { return whole(m.SnapshotIndex) },
	"suffrage":  func(m machine) ref.Val { return word(memberWords, suffrageOf(m.room, m.ID)) },
	"refused":   func(m machine) ref.Val { return types.String(m.Refused) },
	"fsync_ms":  func(m machine) ref.Val { return millis(m.Fsync) },
	"drift":     func(m machine) ref.Val { return ratio(m.Drift) },
	"log":       machine.log,
	"peers": func(m machine) ref.Val {
		return list(progressSchema, len(m.Peers), func(i int) *view.Progress { return &m.Peers[i] })
	},
	"granted": func(m machine) ref.Val { return whole(grantedOf(m.Node)) },
})

var entrySchema = describe(Entry{}, map[string]func(record) ref.Val{
	"index":     func(r record) ref.Val { return whole(r.entry.Index) },
	"term":      func(r record) ref.Val { return whole(r.entry.Term) },
	"type":      func(r record) ref.Val { return word(entryWords, r.entry.Type) },
	"label":     func(r record) ref.Val { return types.String(r.entry.Label) },
	"op":        func(r record) ref.Val { return whole(r.entry.Op) },
	"committed": func(r record) ref.Val { return types.Bool(r.entry.Index <= r.Commit) },
	"doomed":    func(r record) ref.Val { return types.Bool(r.room.Doomed(r.Node, r.entry.Index)) },
})

var progressSchema = describe(Progress{}, map[string]func(*view.Progress) ref.Val{
	"id":    func(p *view.Progress) ref.Val { return nameOf(p.ID) },
	"match": func(p *view.Progress) ref.Val { return whole(p.Match) },
	"next":  func(p *view.Progress) ref.Val { return whole(p.Next) },
})

// log are the newest entries.
func (m machine) log() ref.Val {
	from := max(0, m.Log.Len()-LogMost)
	return list(entrySchema, m.Log.Len()-from, func(i int) record { return record{m, m.Log.At(from + i)} })
}

func nodesOf(s *view.State) ref.Val {
	return list(nodeSchema, len(s.Nodes), func(i int) machine { return machine{s, &s.Nodes[i]} })
}

// leadersOf are all running nodes that believe they lead.
func leadersOf(s *view.State) ref.Val {
	return some(nodeSchema, len(s.Nodes), func(i int) (machine, bool) {
		n := &s.Nodes[i]
		return machine{s, n}, n.Up && n.Role == event.Leader
	})
}

// leaderOf is the running leader of the newest term in which somebody was elected, or nobody.
func leaderOf(s *view.State) ref.Val {
	if l := s.Leader(); l != nil {
		return nodeValue(s, l)
	}
	return nodeValue(s, &view.Node{})
}

func nodeValue(s *view.State, n *view.Node) ref.Val {
	return &thing[machine]{nodeSchema, machine{s, n}}
}

func suffrageOf(s *view.State, id event.NodeID) event.Suffrage {
	for _, m := range s.Members {
		if m.ID == id {
			return m.Suffrage
		}
	}
	return event.NoMember
}

// grantedOf counts a candidate's real votes: pre-votes do not make a leader.
func grantedOf(n *view.Node) (votes int) {
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			votes++
		}
	}
	return votes
}
