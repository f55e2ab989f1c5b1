package tape

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// sorts are what can be looked for by name; beside them every kind of event by its own.
var sorts = map[string]journal.Search{
	"fault":    {Kinds: journal.KindsOf(event.Stopped, event.Suspended, event.Wiped, event.Corrupted, event.LinkSet, event.DriftSet, event.DiskSet, event.Dropped), Match: isFault},
	"election": {Kinds: journal.KindsOf(event.RoleChanged), Match: func(e *event.Event) bool { return e.Role == event.Candidate || e.Role == event.Leader }},
	"leader":   {Kinds: journal.KindsOf(event.RoleChanged), Match: func(e *event.Event) bool { return e.Role == event.Leader }},
	"commit":   {Kinds: journal.KindsOf(event.Committed)},
	"request":  {Kinds: journal.KindsOf(event.Asked)},
	"answer":   {Kinds: journal.KindsOf(event.Answered)},
	"snapshot": {Kinds: journal.KindsOf(event.SnapshotTaken, event.SnapshotInstalled)},
	"members":  {Kinds: journal.KindsOf(event.MembersSet, event.MachineAdded, event.MachineRemoved)},
	"alarm":    {Kinds: journal.KindsOf(event.SafetyBroken)},
	"mark":     {}, // bookmarks are no events
}

// changes are the events that change the picture. That a timer began anew, which it does with every heartbeat, is not worth a step.
var changes = journal.Search{Kinds: journal.AllKinds &^ journal.KindsOf(event.KindNone, event.Stepped, event.Corrupted, event.VoteGranted, event.VoteRefused,
	event.Fsynced, event.TimerSet)}

// isFault says whether an event is a fault that began.
func isFault(e *event.Event) bool {
	// The other kinds are not looked at.
	//exhaustive:ignore
	switch e.Kind {
	case event.Stopped:
		return e.Reason != event.LeftCluster && e.Reason != event.RoomClosed
	case event.LinkSet:
		return e.Link != event.Link{}
	case event.DriftSet:
		return e.Factor != event.One
	case event.DiskSet:
		return e.Took != 0
	case event.Dropped:
		return e.Reason == event.ByHand
	}
	return true
}
