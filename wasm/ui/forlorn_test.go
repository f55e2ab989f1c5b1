package ui

import (
	"math/rand/v2"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestARoomWithoutAnybodyIsDrawn: whatever is down, suspended, removed or only a learner, and whoever believes to lead, there is a picture
// of it, also when nobody leads and when one machine or none is left.
func TestARoomWithoutAnybodyIsDrawn(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	kinds := []event.Kind{event.Stopped, event.Stopped, event.Started, event.Suspended, event.Resumed, event.Wiped, event.MachineRemoved, event.RoleChanged, event.Truncated,
		event.MembersSet, event.LeaderSeen, event.MatchSet, event.SnapshotInstalled, event.Compacted, event.VoteCounted, event.Appended, event.Asked}
	for range 12 {
		s, led, left := watch(9), false, 9
		s.do(Acted{"log", "first"})
		for range 60 {
			id := event.NodeID(1 + random.IntN(9))
			k := kinds[random.IntN(len(kinds))]
			s.tell(event.Event{Kind: k, Node: id, Peer: event.NodeID(1 + random.IntN(9)), Role: event.Role(random.IntN(4)), Term: random.Uint64N(9), Index: 1 + random.Uint64N(20),
				LogTerm: 1, N: random.Int64N(20), Op: random.Uint64N(9), Command: event.Put,
				Members: []event.Member{{ID: id, Suffrage: event.Suffrage(random.IntN(3))}}})
			Scene(&s.m)
			led, left = led || s.m.State.Leader() == nil, min(left, len(s.m.State.Nodes))
		}
		for id := event.NodeID(1); id <= 9; id++ {
			s.tell(event.Event{Kind: event.MachineRemoved, Node: id})
			Scene(&s.m)
		}
		if !led || left == 9 || len(s.m.State.Nodes) != 0 {
			t.Errorf("it always had a leader, or lost nobody: %d machines", left)
		}
	}
}
