package lessons

import "github.com/quorumlab/quorumlab/cluster/event"

// The events that can change what a name tells: rather one too many than one too few. A test folds any events and looks
// whether something changed that is not here.
var (
	machines  = []event.Kind{event.MachineAdded, event.MachineRemoved, event.Started, event.Stopped, event.Wiped}
	elections = append([]event.Kind{event.RoleChanged, event.TermChanged, event.Suspended, event.Resumed}, machines...)
	entries   = append([]event.Kind{event.Appended, event.Truncated, event.Compacted, event.SnapshotInstalled}, machines...)
	commits   = append([]event.Kind{event.Committed}, entries...)
	settled   = append([]event.Kind{event.MembersSet}, commits...)
	commands  = []event.Kind{event.Asked, event.Answered}
	transport = []event.Kind{event.Sent, event.Delivered, event.Held, event.Released, event.Dropped, event.Copied, event.MachineRemoved}
)

// wakeful are the events behind the variables, and behind those fields that change more often than what they belong to.
// A field that is not here changes with its owner.
var wakeful = map[string][]event.Kind{
	"node":     machines,
	"nodes":    machines,
	"leader":   elections,
	"leaders":  elections,
	"groups":   append([]event.Kind{event.Suspended, event.Resumed, event.LinkSet}, settled...),
	"links":    {event.LinkSet, event.RateSet, event.MachineAdded, event.MachineRemoved},
	"messages": transport,
	"members":  settled,
	"voters":   settled,
	"quorum":   settled,
	"ops":      commands,
	"history":  commands,
	"commit":   commits,
	"revision": append([]event.Kind{event.Applied}, entries...),
	"term":     elections,
	"rate":     {event.RateSet},
	"lit":      {event.SafetyBroken},

	"Node.role":      elections,
	"Node.term":      elections,
	"Node.vote":      append([]event.Kind{event.VoteCast}, machines...),
	"Node.vote_term": append([]event.Kind{event.VoteCast}, machines...),
	"Node.leader":    append([]event.Kind{event.LeaderSeen}, elections...),
	"Node.up":        machines,
	"Node.suspended": elections,
	"Node.runs":      elections,
	"Node.stale":     elections,
	"Node.first":     entries,
	"Node.last":      entries,
	"Node.commit":    commits,
	"Node.applied":   append([]event.Kind{event.Applied}, entries...),
	"Node.revision":  append([]event.Kind{event.Applied}, entries...),
	"Node.snapshot":  append([]event.Kind{event.SnapshotTaken}, entries...),
	"Node.suffrage":  settled,
	"Node.refused":   machines,
	"Node.fsync_ms":  append([]event.Kind{event.DiskSet}, machines...),
	"Node.drift":     append([]event.Kind{event.DriftSet}, machines...),
	"Node.log":       entries,
	"Node.peers":     append([]event.Kind{event.MatchSet}, elections...),
	"Node.granted":   append([]event.Kind{event.VoteCounted}, elections...),

	"Entry.committed": commits,
	"Entry.doomed":    append(append([]event.Kind{}, elections...), commits...),
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
