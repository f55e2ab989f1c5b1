package lessons

import "github.com/quorumlab/quorumlab/cluster/event"

// The events that can change what a name tells: rather one too many than one too few. A test folds any events and looks
// whether something changed that is not here.
var (
	byMachines  = []event.Kind{event.MachineAdded, event.MachineRemoved, event.Started, event.Stopped, event.Wiped}
	byElections = append([]event.Kind{event.RoleChanged, event.TermChanged, event.Suspended, event.Resumed}, byMachines...)
	byEntries   = append([]event.Kind{event.Appended, event.Truncated, event.Compacted, event.SnapshotTaken, event.SnapshotInstalled}, byMachines...)
	byCommits   = append([]event.Kind{event.Committed}, byEntries...)
	bySettling  = append([]event.Kind{event.MembersSet}, byCommits...)
	byCommands  = []event.Kind{event.Asked, event.Answered}
	byTransport = []event.Kind{event.Sent, event.Delivered, event.Held, event.Released, event.Dropped, event.Copied, event.MachineRemoved}
)

// wakeful are the events behind the variables, and behind those fields that change more often than what they belong to.
// A field that is not here changes with its owner.
var wakeful = map[string][]event.Kind{
	"node":     byMachines,
	"nodes":    byMachines,
	"leader":   byElections,
	"leaders":  byElections,
	"groups":   append(append([]event.Kind{event.LinkSet}, byElections...), bySettling...),
	"links":    {event.LinkSet, event.RateSet, event.MachineAdded, event.MachineRemoved},
	"messages": byTransport,
	"members":  bySettling,
	"voters":   bySettling,
	"quorum":   bySettling,
	"ops":      byCommands,
	"history":  byCommands,
	"commit":   byCommits,
	"revision": append([]event.Kind{event.Applied}, byEntries...),
	"term":     byElections,
	"rate":     {event.RateSet},
	"lit":      {event.SafetyBroken},

	"Node.role":      byElections,
	"Node.term":      byElections,
	"Node.vote":      append([]event.Kind{event.VoteCast}, byMachines...),
	"Node.vote_term": append([]event.Kind{event.VoteCast}, byMachines...),
	"Node.leader":    append([]event.Kind{event.LeaderSeen}, byElections...),
	"Node.up":        byMachines,
	"Node.suspended": byElections,
	"Node.runs":      byElections,
	"Node.stale":     byElections,
	"Node.first":     byEntries,
	"Node.last":      byEntries,
	"Node.commit":    byCommits,
	"Node.applied":   append([]event.Kind{event.Applied}, byEntries...),
	"Node.revision":  append([]event.Kind{event.Applied}, byEntries...),
	"Node.snapshot":  append([]event.Kind{event.SnapshotTaken}, byEntries...),
	"Node.suffrage":  bySettling,
	"Node.refused":   byMachines,
	"Node.fsync_ms":  append([]event.Kind{event.DiskSet}, byMachines...),
	"Node.drift":     append([]event.Kind{event.DriftSet}, byMachines...),
	"Node.log":       byEntries,
	"Node.peers":     append([]event.Kind{event.MatchSet, event.MembersSet}, byElections...),
	"Node.granted":   append([]event.Kind{event.VoteCounted, event.VoteCast, event.TimerSet}, byElections...),

	"Entry.committed": byCommits,
	"Entry.doomed":    append(append([]event.Kind{}, byElections...), byCommits...),
}

// wakesOf is the set of events that can change what an expression with these names says.
func wakesOf(n names) (wakes [event.Kinds]bool) {
	if n.variables["now"] {
		for k := range wakes {
			wakes[k] = true
		}
		return wakes
	}
	if n.variables["events"] {
		for k := range n.kinds {
			wakes[k] = true
		}
	}
	alive := false // something else than the moments, which do not change, is looked at
	for name := range n.variables {
		for _, k := range wakeful[name] {
			wakes[k], alive = true, true
		}
	}
	for name := range n.fields {
		for _, k := range wakeful[name] {
			wakes[k] = wakes[k] || alive
		}
	}
	return wakes
}
