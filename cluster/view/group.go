package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Group is a set of running machines in which one could lead the others: a voter and all with whom it exchanges messages
// directly, in both directions. A running machine that no voter exchanges messages with is a group of its own.
type Group struct {
	Nodes   []event.NodeID // by number
	Voters  int            // that are in the group
	Total   int            // voters of the configuration that the one who could lead counts with
	Quorum  bool           // somebody in the group leads it and can commit, or could be elected: Voters are more than half of Total then
	Leaders []event.NodeID // by number: who could do so with machines of this group alone; none without Quorum
}

// Groups gives the largest such sets, in the order of the first who could lead each; a set inside another one is left out,
// unless it has a quorum and the other has none. Two sets may share machines.
//
// What a leader needs is a request to more than half of the voters and their replies (Raft paper §5.2 for votes, §5.3
// for entries). Nobody relays either. So a leader counts whom it reaches itself and who reaches it: a link that is cut, or
// loses everything, in one direction is of no use to it, and neither is a machine that is down or stands still. A message
// held at a gate counts as passing, since a hand can let it go. Learners are in a group but are not counted, and cannot
// lead. Voters are those of the newest committed configuration, or of the one that the machine uses already if it is
// newer: that is what it needs a majority of. As long as no configuration is known all machines are taken alike.
//
// Who does not lead yet must be elected, by voters whose logs are no newer than its own (§5.4.1), and nobody stands without a
// configuration. A leader that is no voter any more goes on until that is committed, and does not count itself (dissertation §4.2.2).
func (s *State) Groups() []Group {
	var all [MaxNodes]circle
	var met uint32
	for i := range s.Nodes {
		all[i] = s.circle(i)
		met |= all[i].set
	}
	var groups []Group
	for i := range s.Nodes {
		c := &all[i]
		if s.Nodes[i].running() && met>>i&1 == 0 {
			*c = circle{set: 1 << i, total: voters(s.Members)}
		}
		if c.set == 0 || c.inside(&all, i) {
			continue
		}
		var leaders uint32
		for j := range all {
			if o := &all[j]; o.quorum() && o.set&^c.set == 0 {
				leaders |= 1 << j
			}
		}
		groups = append(groups, Group{s.named(c.set), c.voters, c.total, c.quorum(), s.named(leaders)})
	}
	return groups
}

// Could says whether a machine leads and can commit, or could be elected by those that it exchanges messages with; see Groups.
func (s *State) Could(id event.NodeID) bool {
	at, there := s.nodeAt(id)
	if !there {
		return false
	}
	c := s.circle(at)
	return c.quorum()
}

// Center is the machine whose messages a group exchanges, and which its voters are counted for.
func (s *State) Center(g *Group) event.NodeID {
	for i := range s.Nodes {
		c := s.circle(i)
		if c.voters == g.Voters && c.total == g.Total && c.quorum() == g.Quorum && slices.Equal(s.named(c.set), g.Nodes) {
			return s.Nodes[i].ID
		}
	}
	return g.Nodes[0]
}

// circle is a machine that could lead with all that it exchanges messages with.
type circle struct {
	set           uint32 // a bit for each of State.Nodes; none if the machine does not run, or neither votes nor leads
	voters, total int
	follow        int    // voters that would vote for it, or follow it already
	members       uint64 // index of the configuration that it counts with
}

func (c *circle) quorum() bool { return c.follow > c.total/2 }

// inside says whether another set has all of this one, c being the one at i. Of equal ones that stays which counts with the newest
// configuration – a leader uses one before anybody else has it –, of those the first.
func (c *circle) inside(all *[MaxNodes]circle, i int) bool {
	for j := range all {
		o := &all[j]
		equal := o.set == c.set && o.quorum() == c.quorum()
		if c.set&^o.set == 0 && (o.quorum() || !c.quorum()) && (!equal || o.members > c.members || o.members == c.members && j < i) {
			return true
		}
	}
	return false
}

func (s *State) circle(i int) (c circle) {
	n := &s.Nodes[i]
	members, at := s.CountsWith(n)
	c.members = at
	leads := n == s.Leader()
	if !n.running() || len(members) > 0 && !leads && !votes(members, n.ID) {
		return c
	}
	c.total = voters(members)
	stands := len(n.Members) > 0
	for j := range s.Nodes {
		if o := &s.Nodes[j]; j == i || o.running() && s.connected(n.ID, o.ID) {
			c.set |= 1 << j
			if votes(members, o.ID) {
				c.voters++
				if leads || stands && !o.Newer(n) {
					c.follow++
				}
			}
		}
	}
	return c
}

// named are the numbers of the machines in a set.
func (s *State) named(set uint32) (ids []event.NodeID) {
	for i := range s.Nodes {
		if set>>i&1 == 1 {
			ids = append(ids, s.Nodes[i].ID)
		}
	}
	return ids
}

func (s *State) connected(a, b event.NodeID) bool {
	there, back := s.Link(a, b), s.Link(b, a)
	return there != nil && back != nil && there.passes() && back.passes()
}

// running says whether the process is there and its machine does not stand still.
func (n *Node) running() bool { return n.Up && !n.Suspended }

func votes(members []event.Member, id event.NodeID) bool {
	for _, m := range members {
		if m.ID == id {
			return m.Suffrage == event.Voter
		}
	}
	return false
}

func voters(members []event.Member) (n int) {
	for _, m := range members {
		if m.Suffrage == event.Voter {
			n++
		}
	}
	return n
}
