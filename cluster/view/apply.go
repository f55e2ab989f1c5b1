package view

import (
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Apply folds e into s, in place. It is deterministic and touches nothing but s; s keeps no slice of e. Events
// about machines and messages that s does not know change nothing, and no events make s exceed its bounds.
func (s *State) Apply(e event.Event) {
	if s.Safety == nil {
		s.Safety = lit()
	}
	s.Seq, s.At, s.Wall = e.Seq, e.At, e.Wall
	switch e.Kind {
	case event.KindNone, event.Stepped, event.Corrupted, event.VoteGranted, event.Fsynced:
		// Told for the feed and the monitors; the picture does not change.
	case event.RateSet:
		s.setRate(&e)
	case event.PreVoteSet:
		s.PreVote = e.OK
	case event.ChaosSet:
		s.Chaos = Chaos{}
		if e.OK {
			s.Chaos = Chaos{On: true, Intensity: e.Factor, Seed: uint64(e.N)}
		}
	case event.UndoSet:
		s.Undo = e.Text
	case event.Woke:
		s.wake(&e)
	case event.MachineAdded:
		s.addMachine(e.Node)
	case event.MachineRemoved:
		s.removeMachine(e.Node)
	case event.LinkSet:
		if l := s.Link(e.Node, e.Peer); l != nil {
			l.Link = e.Link
		}
	case event.Sent, event.Delivered, event.Held, event.Released, event.Dropped, event.Copied:
		s.applyMessage(&e)
	case event.Asked:
		s.ask(&e)
	case event.Answered:
		s.answer(&e)
	case event.SafetyBroken:
		s.putOut(&e)
	case event.Judged:
		if l := s.lamp(e.Property); l != nil {
			l.Judged, l.Unjudged, l.Why = uint64(e.N), e.Index, e.Text
		}
	case event.MembersSet:
		s.setMembers(&e)
	case event.Committed:
		s.commit(&e)
	case event.Appended:
		if n := s.Node(e.Node); n != nil {
			s.appended(n, &e)
		}
	case event.RoleChanged:
		s.changeRole(&e)
	case event.Wiped:
		s.wipe(e.Node)
	case event.Started, event.Stopped, event.Suspended, event.Resumed, event.DriftSet, event.DiskSet, event.TermChanged,
		event.VoteCast, event.VoteRefused, event.VoteCounted, event.LeaderSeen, event.TimerSet,
		event.Truncated, event.Compacted, event.MatchSet, event.Applied,
		event.SnapshotTaken, event.SnapshotInstalled:
		if n := s.Node(e.Node); n != nil {
			n.apply(&e)
		}
	}
}

// wake forgets what a new process of the room does not know, but for the lamps that are out: what contradicts each other stays in the
// recording. If that lacks nothing, what is on the machines' disks is known still, also of those that will not start.
func (s *State) wake(e *event.Event) {
	before := *s
	*s = State{Seq: e.Seq, At: e.At, Wall: e.Wall, Safety: lit()}
	for i, l := range before.Safety {
		if !l.Holds {
			s.Safety[i] = l
		}
	}
	if e.Took == 0 || e.Text != "" {
		return
	}
	s.Elected = before.Elected
	for i := range before.Nodes {
		s.addMachine(before.Nodes[i].ID)
	}
	for i := range s.Nodes {
		s.Nodes[i].recall(&before.Nodes[i])
	}
}

func (s *State) setRate(e *event.Event) {
	s.Rate = max(e.Factor, 0)
	if s.Rate != 0 {
		s.Thawed = s.Rate
	}
	if e.Took > 0 {
		s.Delay = e.Took
	}
}

// changeRole also notes that somebody was elected. With node 0 it is the room's own word on that, as a checkpoint says it.
func (s *State) changeRole(e *event.Event) {
	if e.Node == 0 {
		s.Elected = e.Term
	}
	n := s.Node(e.Node)
	if n == nil {
		return
	}
	n.apply(e)
	if n.Role == event.Leader {
		s.Elected = max(s.Elected, n.Term)
	}
}

// wipe empties a disk. Whoever voted for a leader may vote in that term again then, and acknowledge entries of older ones. As long as
// more than half of the voters have on disk that they have come so far, nobody of an older term gets a majority; else what was elected
// holds back nobody any more but for those that lead.
func (s *State) wipe(id event.NodeID) {
	n := s.Node(id)
	if n == nil {
		return
	}
	n.apply(&event.Event{Kind: event.Wiped})
	led, there := uint64(0), 0
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if n.Role == event.Leader {
			led = max(led, n.Term)
		}
		if max(n.Term, n.VoteTerm) >= s.Elected && votes(s.Members, n.ID) {
			there++
		}
	}
	if there <= voters(s.Members)/2 {
		s.Elected = led
	}
}

// addMachine makes room for a machine with whole links to all others.
func (s *State) addMachine(id event.NodeID) {
	at, there := s.nodeAt(id)
	if there || id == 0 || len(s.Nodes) >= MaxNodes {
		return
	}
	for _, other := range s.Nodes {
		s.Links = append(s.Links, Link{From: id, To: other.ID}, Link{From: other.ID, To: id})
	}
	arrange(s.Links, func(a, b *Link) bool { return a.From < b.From || a.From == b.From && a.To < b.To })
	s.Nodes = insert(s.Nodes, at, Node{ID: id, Drift: event.One})
}

// removeMachine takes the machine's links and the messages from and to it along.
func (s *State) removeMachine(id event.NodeID) {
	if _, there := s.nodeAt(id); !there {
		return
	}
	s.Nodes = none(drop(s.Nodes, func(n *Node) bool { return n.ID == id }))
	s.Links = none(drop(s.Links, func(l *Link) bool { return l.From == id || l.To == id }))
	s.Messages = none(drop(s.Messages, func(m *Message) bool { return m.From == id || m.To == id }))
}

// arrange sorts a short list by insertion; what is equal keeps its order. The browser carries this instead of slices'
// own sorting, which is made anew for every type.
func arrange[T any](list []T, before func(a, b *T) bool) {
	for i := range list {
		for j := i; j > 0 && before(&list[j], &list[j-1]); j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

// none makes an empty slice nil, so that equal states are equal in all respects.
func none[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// setMembers takes the configuration that a node uses from an entry on. With node 0 it is the room's own word
// on what is settled, as a checkpoint says it.
func (s *State) setMembers(e *event.Event) {
	members := none(slices.Clone(e.Members[:min(len(e.Members), MaxNodes)]))
	arrange(members, func(a, b *event.Member) bool { return a.ID < b.ID })
	if e.Node == 0 {
		s.Members, s.MembersIndex, s.agreed = members, e.Index, e.OK
		return
	}
	if n := s.Node(e.Node); n != nil {
		n.Members, n.MembersIndex = members, e.Index
		if n.Role == event.Leader {
			n.expect(e.Index + 1)
		}
		s.settle(n)
	}
}

func (s *State) commit(e *event.Event) {
	if n := s.Node(e.Node); n != nil {
		n.Commit = max(n.Commit, e.Index)
		s.settle(n)
	}
}

// settle takes n's configuration for the room's if it is newer and n knows that its entry is committed.
//
// A leader appends a configuration only when the one before is committed, and says so first (dissertation
// §4.1). So each configuration is seen here while it is still the one that its leader uses. The very first
// is not agreed on but given: it counts at once, until one is known to be committed. What was known once stays so, also when all
// who knew it have started again and their stores do not reach so far.
func (s *State) settle(n *Node) {
	if len(n.Members) == 0 {
		return
	}
	agreed := n.MembersIndex <= n.Commit
	switch {
	case s.Members != nil && n.MembersIndex == s.MembersIndex:
		s.agreed = s.agreed || agreed
	case s.Members == nil || agreed && (n.MembersIndex > s.MembersIndex || !s.agreed):
		s.Members, s.MembersIndex, s.agreed = slices.Clone(n.Members), n.MembersIndex, agreed
	}
}

// lit is every lamp on.
func lit() []Lamp {
	lamps := make([]Lamp, 0, event.Properties-1)
	for p := event.ElectionSafety; int(p) < event.Properties; p++ {
		lamps = append(lamps, Lamp{Property: p, Holds: true})
	}
	return lamps
}

// putOut keeps the first contradiction of a property.
func (s *State) putOut(e *event.Event) {
	if l := s.lamp(e.Property); l != nil && l.Holds {
		l.Holds, l.Seq, l.Earlier, l.Text = false, uint64(e.Rev), uint64(e.N), e.Text
	}
}

// lamp of a property; nil if there is none.
func (s *State) lamp(p event.Property) *Lamp {
	i := int(p) - int(event.ElectionSafety)
	if i < 0 || i >= len(s.Safety) {
		return nil
	}
	return &s.Safety[i]
}
