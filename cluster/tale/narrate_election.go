package tale

import (
	"slices"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// campaign is what a node tries, as candidate, until it wins or gives up.
type campaign struct {
	tries   int
	from    event.Micros // the oldest
	at      event.Micros // the newest
	term    uint64
	pre     int          // pre-votes that were refused
	preFrom event.Micros // the first of them
	preAt   event.Micros // the last of them
	preWhy  []string     // why, of the last term that was asked for
	preAll  []string     // why, of all
	preTerm uint64
	got     []event.NodeID
	refused []string // why, of the last term
}

func (n *narrator) campaign(id event.NodeID) *campaign {
	if n.campaigns[id] == nil {
		n.campaigns[id] = &campaign{}
	}
	return n.campaigns[id]
}

// castVote begins a candidacy when a node votes for itself.
func (n *narrator) castVote(e *event.Event) {
	if e.Node != e.Peer {
		return
	}
	if n.begun {
		n.open(e, n.Say("An election"))
	}
	c := n.campaign(e.Node)
	if c.tries++; c.tries == 1 {
		c.from = e.At
	}
	c.at, c.term, c.got, c.refused = e.At, e.Term, []event.NodeID{e.Node}, nil
}

func (n *narrator) countVote(e *event.Event) {
	if e.Kind == event.VoteCounted {
		if c := n.campaigns[e.Node]; c != nil && e.OK && !e.Reply && e.Term == c.term && e.Peer != e.Node {
			c.got = append(c.got, e.Peer)
		}
		return
	}
	if e.OK {
		n.campaign(e.Peer).refusePre(e, n.refusal(e))
		return
	}
	if c := n.campaigns[e.Peer]; c != nil && e.Term == c.term {
		c.refused = append(c.refused, n.refusal(e))
	}
}

// refusePre counts a pre-vote that was refused.
func (c *campaign) refusePre(e *event.Event, why string) {
	if c.pre++; c.pre == 1 {
		c.preFrom = e.At
	}
	if e.Term != c.preTerm || len(c.preWhy) >= view.MaxNodes {
		c.preWhy = nil
	}
	c.preAt, c.preTerm = e.At, e.Term
	if !slices.Contains(c.preWhy, why) {
		c.preWhy = append(c.preWhy, why)
	}
	if !slices.Contains(c.preAll, why) && len(c.preAll) < view.MaxNodes {
		c.preAll = append(c.preAll, why)
	}
}

func (n *narrator) refusal(e *event.Event) string {
	voter := e.Node.String()
	// only the reasons of VoteRefused can come
	//exhaustive:ignore
	switch e.Reason {
	case event.StaleTerm:
		return n.Say("{0} (the term was over)", voter)
	case event.AlreadyVoted:
		if m := n.s.Node(e.Node); m != nil && m.VoteTerm == e.Term {
			return n.Say("{0} (had voted for {1})", voter, m.Vote.String())
		}
		return n.Say("{0} (had voted)", voter)
	case event.HasLeader:
		if m := n.s.Node(e.Node); m != nil && m.Role == event.Leader {
			return n.Say("{0} (led itself)", voter)
		}
		return n.Say("{0} (heard from a leader)", voter)
	case event.LogTermBehind, event.LogIndexBehind:
		return n.Say("{0} (its log was newer)", voter)
	case event.NotAVoter:
		return n.Say("{0} (no voter to it)", voter)
	}
	return voter
}

// changeRole tells who wins and who steps down. Who loses is told with who wins.
func (n *narrator) changeRole(e *event.Event, was *formerly) {
	who := e.Node.String()
	switch {
	case e.Role == event.Leader:
		n.won(e)
	case was.role == event.Leader && e.Role == event.Follower:
		n.eventful = true
		switch h := n.higher; {
		case h.to == e.Node && h.term > was.term && e.At-h.at <= atOnce:
			n.tell(e, n.Say("{0}, the leader of term {1}, heard of term {2} from {3} and stepped down.", who, number(was.term), number(h.term), h.from.String()))
		case e.Term > was.term:
			n.tell(e, n.Say("{0}, the leader of term {1}, heard of term {2} and stepped down.", who, number(was.term), number(e.Term)))
		case n.unseated(e.Node):
			n.tell(e, n.Say("{0} stepped down from leading term {1}: it is no voter any more.", who, number(was.term)))
		default:
			n.tell(e, n.Say("{0} stepped down from leading term {1}: it heard from no majority any more.", who, number(was.term)))
		}
	}
}

// unseated says whether a machine has no vote in the configuration that it uses and knows to be committed.
func (n *narrator) unseated(id event.NodeID) bool {
	m := n.s.Node(id)
	return m != nil && len(m.Members) > 0 && m.MembersIndex <= m.Commit && suffrage(m.Members, id) != event.Voter
}

func (n *narrator) won(e *event.Event) {
	who, c := e.Node.String(), n.campaigns[e.Node]
	delete(n.campaigns, e.Node)
	n.tellTries(e, true)
	n.eventful = true
	if c == nil || c.term != e.Term {
		n.tell(e, n.Say("{0} became leader of term {1}.", who, number(e.Term)))
		return
	}
	voters := n.electorate(e.Node)
	text := n.Say("{0} became leader of term {1} with {2} of {3} votes: {4}.", who, number(e.Term), strconv.Itoa(len(c.got)), strconv.Itoa(voters), nodes(n.Language, c.got))
	if c.tries > 1 {
		text = n.Count(c.tries-1, strconv.Itoa(c.tries-1), "{1} It had tried {0} time before.", "{1} It had tried {0} times before.", text)
	}
	if len(c.refused) > 0 {
		text = n.Say("{0} Against it: {1}.", text, n.List(c.refused))
	}
	n.tell(e, text)
}

// undecided is how long after it began an election may still be won.
const undecided event.Micros = 1_400_000

// manyPreVotes is how many refused pre-votes are worth a line.
const manyPreVotes = 3

// tellTries tells of candidacies that came to nothing: those that are over, or all at the recording's end and when somebody has won.
func (n *narrator) tellTries(e *event.Event, all bool) {
	for i := range n.s.Nodes {
		id := n.s.Nodes[i].ID
		c := n.campaigns[id]
		if c == nil || !all && n.s.Nodes[i].Role == event.Candidate && e.At < c.at+undecided {
			continue
		}
		delete(n.campaigns, id)
		if c.tries > 0 {
			n.tell(e, n.try(id, c))
		}
		switch from, to := Clock(c.preFrom), Clock(c.preAt); {
		case c.pre < manyPreVotes:
		case from == to:
			n.tell(e, n.Say("At {0} {1} pre-votes were refused to {2}, by {3}; its term stayed as it was.", from, n.Number(uint64(c.pre)), id.String(), n.List(c.preAll)))
		default:
			n.tell(e, n.Count(c.pre, n.Number(uint64(c.pre)), "From {2} to {3} {1} asked for pre-votes, {0} of which was refused, at last by {4}; its term stayed as it was.", "From {2} to {3} {1} asked for pre-votes, {0} of which were refused, at last by {4}; its term stayed as it was.",
				id.String(), from, to, n.List(c.preWhy)))
		}
	}
}

// electorate is how many voters a machine counts with.
func (n *narrator) electorate(id event.NodeID) int {
	members := n.s.Members
	if m := n.s.Node(id); m != nil {
		members, _ = n.s.CountsWith(m)
	}
	return len(votersOf(members))
}

func (n *narrator) try(id event.NodeID, c *campaign) string {
	voters := n.electorate(id)
	text := n.Count(c.tries, strconv.Itoa(c.tries), "At {6} {1} stood for election in term {2}, without winning: it got {3} of {4} votes ({5}).", "From {6} to {7} {1} stood for election {0} times, up to term {2}, without winning: at last it got {3} of {4} votes ({5}).",
		id.String(), number(c.term), strconv.Itoa(len(c.got)), strconv.Itoa(voters), nodes(n.Language, c.got), Clock(c.from), Clock(c.at))
	if len(c.refused) > 0 {
		text = n.Say("{0} Against it: {1}.", text, n.List(c.refused))
	}
	return text
}
