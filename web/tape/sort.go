package tape

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// sorts are what can be looked for by name; beside them every kind of event by its own.
var sorts = map[string]journal.Search{
	"fault":    {Kinds: faults, Match: isFault},
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

// faults are the kinds of events that tell of one.
var faults = journal.KindsOf(event.Stopped, event.Suspended, event.Wiped, event.Corrupted, event.LinkSet, event.DriftSet, event.DiskSet, event.Dropped)

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

// after finds the next event that s finds, before the last one; what a room says of itself that was opened again is no fault.
func (t *Tape) after(seq uint64, s journal.Search) (uint64, error) {
	return t.find(seq, s, t.o.Journal.After)
}

func (t *Tape) before(seq uint64, s journal.Search) (uint64, error) {
	return t.find(seq, s, t.o.Journal.Before)
}

func (t *Tape) find(seq uint64, s journal.Search, from func(uint64, journal.Search) (uint64, error)) (uint64, error) {
	for {
		found, err := from(seq, s)
		if err != nil || found == 0 || s.Kinds != faults {
			return found, err
		}
		pass, err := t.restated(found)
		if err == nil && !pass {
			pass, err = t.continues(found)
		}
		if err != nil || !pass {
			return found, err
		}
		seq = found
	}
}

// continues says whether an event tells only more of the fault before it: a command may change many directions at once.
func (t *Tape) continues(seq uint64) (bool, error) {
	if seq <= t.o.Journal.Reach().First {
		return false, nil
	}
	two, err := t.o.Journal.Events(seq-1, 2)
	if err != nil || len(two) < 2 {
		return false, err
	}
	return two[0].Kind == event.LinkSet && two[1].Kind == event.LinkSet && isFault(&two[0]) && two[0].At == two[1].At, nil
}

// restated says whether an event tells only how a room is that was opened again: it does so in the moment in which it wakes, before anybody
// asks for something.
func (t *Tape) restated(seq uint64) (bool, error) {
	j := t.o.Journal
	woke, err := j.Before(seq, journal.Search{Kinds: journal.KindsOf(event.Woke)})
	if err != nil || woke == 0 {
		return false, err
	}
	events := [2]event.Event{}
	for i, n := range []uint64{woke, seq} {
		one, err := j.Events(n, 1)
		if err != nil || len(one) == 0 {
			return false, err
		}
		events[i] = one[0]
	}
	if events[0].At != events[1].At || events[1].Reason == event.RefusedToStart {
		return false, nil
	}
	asked, err := j.After(woke, journal.Search{Kinds: journal.KindsOf(event.Asked)})
	return asked == 0 || asked > seq, err
}
