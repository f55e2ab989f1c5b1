package lessons

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

func nodesByName(s *view.State, asked *names) map[string]*Node {
	nodes := make(map[string]*Node, len(s.Nodes))
	for i := range s.Nodes {
		n := nodeOf(s, &s.Nodes[i], asked)
		nodes[n.ID] = &n
	}
	return nodes
}

func nodesOf(s *view.State, asked *names, which func(*view.Node) bool) []*Node {
	nodes := make([]*Node, 0, len(s.Nodes))
	for i := range s.Nodes {
		if which(&s.Nodes[i]) {
			n := nodeOf(s, &s.Nodes[i], asked)
			nodes = append(nodes, &n)
		}
	}
	return nodes
}

// leaderOf is the running leader of the newest term, or nobody.
func leaderOf(s *view.State, asked *names) *Node {
	if l := s.Leader(); l != nil {
		n := nodeOf(s, l, asked)
		return &n
	}
	return &Node{Role: event.RoleNone.String(), Suffrage: event.NoMember.String()}
}

// nodeOf tells of a node. What takes time to find out is only there if it is asked for.
func nodeOf(s *view.State, n *view.Node, asked *names) Node {
	told := Node{
		ID: nameOf(n.ID), Role: n.Role.String(), Term: int64(n.Term), Vote: nameOf(n.Vote), VoteTerm: int64(n.VoteTerm), Leader: nameOf(n.Leader),
		Up: n.Up, Suspended: n.Suspended, Runs: n.Up && !n.Suspended,
		First: int64(n.First), Last: int64(n.Last), Commit: int64(n.Commit), Applied: int64(n.Applied), Revision: n.Revision,
		Snapshot: int64(n.SnapshotIndex), Refused: n.Refused, FsyncMs: millis(n.Fsync), Drift: n.Drift.Float(),
	}
	if asked.fields["Node.suffrage"] {
		told.Suffrage = suffrageOf(s, n.ID).String()
	}
	if asked.fields["Node.stale"] {
		told.Stale = s.StaleLeader(n)
	}
	if asked.fields["Node.granted"] {
		told.Granted = grantedOf(n)
	}
	if asked.fields["Node.log"] {
		told.Log = logOf(s, n, asked.fields["Entry.doomed"])
	}
	if asked.fields["Node.peers"] {
		for _, p := range n.Peers {
			told.Peers = append(told.Peers, Progress{ID: nameOf(p.ID), Match: int64(p.Match), Next: int64(p.Next)})
		}
	}
	return told
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
func grantedOf(n *view.Node) (votes int64) {
	for _, b := range n.Ballots {
		if b.Granted && !b.PreVote {
			votes++
		}
	}
	return votes
}

func logOf(s *view.State, n *view.Node, doomed bool) []Entry {
	from := max(0, len(n.Log)-LogMost)
	log := make([]Entry, len(n.Log)-from)
	for i := range log {
		e := &n.Log[from+i]
		log[i] = Entry{Index: int64(e.Index), Term: int64(e.Term), Type: e.Type.String(), Label: e.Label, Op: int64(e.Op), Committed: e.Index <= n.Commit}
		log[i].Doomed = doomed && s.Doomed(n, e.Index)
	}
	return log
}

// nodeNames saves making the same few names over and over.
var nodeNames = func() (names [view.MaxNodes + 1]string) {
	for i := range names {
		names[i] = event.NodeID(i).String()
	}
	return names
}()

func nameOf(id event.NodeID) string {
	if int(id) < len(nodeNames) {
		return nodeNames[id]
	}
	return id.String()
}

func namesOf(ids []event.NodeID) []string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = nameOf(id)
	}
	return words
}
