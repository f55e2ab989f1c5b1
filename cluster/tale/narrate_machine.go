package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
)

// hearMachine tells of what happened to one machine. It says whether that was all that the event can be.
func (n *narrator) hearMachine(e *event.Event, was *formerly) bool {
	// the kinds that a story tells of one by one
	//exhaustive:ignore
	switch e.Kind {
	case event.RoleChanged:
		n.changeRole(e, was)
	case event.VoteCast:
		n.castVote(e)
	case event.VoteCounted, event.VoteRefused:
		n.countVote(e)
	case event.Truncated:
		if was.last >= e.Index {
			n.eventful = true
			if !n.s.Safe() { // what was committed may be among them
				n.tell(e, n.Count(int(was.last-e.Index+1), number(was.last-e.Index+1), "{1} cut {0} entry off its log, entry {2}: the leader has another there.",
					"{1} cut {0} entries off its log, from entry {2} on: the leader has others there.", e.Node.String(), number(e.Index)))
				break
			}
			n.tell(e, n.Count(int(was.last-e.Index+1), number(was.last-e.Index+1), "{1} cut {0} entry off its log, entry {2}: it was never committed, and the leader has another there.",
				"{1} cut {0} entries off its log, from entry {2} on: they were never committed, and the leader has others there.", e.Node.String(), number(e.Index)))
		}
	case event.SnapshotInstalled:
		n.installed(e)
	case event.SnapshotTaken:
		n.sums.snapshots++
	case event.MembersSet:
		n.setMembers(e)
	case event.Committed:
		n.sums.commit(n, e)
	case event.Answered, event.Asked:
		return false
	default:
		return n.hearFault(e, was)
	}
	return true
}

// hearFault tells of what people or chaos do to a machine.
func (n *narrator) hearFault(e *event.Event, was *formerly) bool {
	if n.restated(e) {
		return true
	}
	who := e.Node.String()
	// the faults of one machine
	//exhaustive:ignore
	switch e.Kind {
	case event.Stopped:
		title := n.Say("{0} goes down", who)
		if e.Reason == event.RoomClosed {
			title = n.Say("The room is closed")
		}
		n.fault(e, n.stopped(e, was), title)
	case event.Started:
		switch {
		case !n.begun:
		case e.Index == 0 && e.Term == 0:
			n.fault(e, n.Say("{0} started with an empty disk.", who), n.Say("{0} begins anew", who))
		default:
			n.fault(e, n.Say("{0} started in term {1} with its log up to entry {2}.", who, number(e.Term), number(e.Index)), n.Say("{0} comes back", who))
		}
	case event.Suspended:
		text := n.Say("{0} was suspended: it stands still and does not notice.", who)
		if was.role == event.Leader {
			text = n.Say("{0}, the leader of term {1}, was suspended: it stands still and does not notice.", who, number(was.term))
		}
		n.fault(e, text, n.Say("{0} stands still", who))
	case event.Resumed:
		n.fault(e, n.Count(int(e.N), number(uint64(e.N)), "{1} went on; {0} message had been waiting for it.", "{1} went on; {0} messages had been waiting for it.", who), n.Say("{0} goes on", who))
	case event.Wiped:
		n.fault(e, n.Say("{0}'s disk was emptied: log, term and vote are forgotten.", who), n.Say("{0} forgets everything", who))
	case event.Corrupted:
		n.fault(e, n.Say("A bit flipped in {0}'s file {1}, at byte {2}.", who, e.Text, number(uint64(e.N))), n.Say("A bit flips on {0}'s disk", who))
	case event.DriftSet:
		switch {
		case e.Factor == was.drift: // it is as it was
		case e.Factor == event.One:
			n.fault(e, n.Say("{0}'s clock runs true again.", who), n.Say("{0}'s clock", who))
		default:
			n.fault(e, n.Say("{0}'s clock was set to {1} times the true speed.", who, n.Decimal(int64(e.Factor), int64(event.One), 2)), n.Say("{0}'s clock", who))
		}
	case event.DiskSet:
		switch {
		case e.Took == was.fsync:
		case e.Took == 0:
			n.fault(e, n.Say("{0}'s disk is as fast as usual again.", who), n.Say("{0}'s disk", who))
		default:
			n.fault(e, n.Say("{0}'s disk was set to take {1} longer for every fsync.", who, n.Duration(int64(e.Took))), n.Say("{0}'s disk", who))
		}
	case event.MachineAdded:
		if n.begun {
			n.fault(e, n.Say("{0} joined the ring as a new machine.", who), n.Say("A new machine"))
		}
	case event.MachineRemoved:
		n.fault(e, n.Say("{0} left the ring for good.", who), n.Say("{0} leaves", who))
	default:
		return false
	}
	return true
}

// fault tells of one and begins a chapter with it.
func (n *narrator) fault(e *event.Event, text, title string) {
	n.open(e, title)
	n.tell(e, n.by(e, text))
}

// chaotic says whether the room's own chaos ordered something.
func chaotic(asked *event.Event) bool { return asked.N == 1 }

// by says who did something, where the recording knows.
func (n *narrator) by(e *event.Event, text string) string {
	const soon event.Micros = 1_000
	switch {
	case e.Kind == event.Stopped && e.Reason == event.RefusedToStart:
		return text // its own doing, whoever started it
	case n.order != nil && e.At-n.order.At <= soon && n.order.Command == event.Chaos:
		return n.Say("With the end of chaos: {0}", text)
	case n.order != nil && e.At-n.order.At <= soon && !chaotic(n.order):
		return n.Say("By hand: {0}", text)
	case n.chaos || n.order != nil && e.At-n.order.At <= soon:
		return n.Say("Chaos: {0}", text)
	}
	return text
}

func (n *narrator) stopped(e *event.Event, was *formerly) string {
	who := e.Node.String()
	if was.role == event.Leader {
		who = n.Say("{0}, the leader of term {1},", who, number(was.term))
	}
	// the reasons of Stopped
	//exhaustive:ignore
	switch e.Reason {
	case event.KilledBeforeFsync:
		return n.Say("{0} was killed with a write under way that never reached its disk.", who)
	case event.KilledAfterFsync:
		return n.Say("{0} was killed right after a write was on its disk, before anybody heard of it.", who)
	case event.RefusedToStart:
		return n.Say("{0} refused to start: {1}.", who, ended(e.Text))
	case event.LeftCluster:
		return n.Say("{0} stopped: it is no member any more.", who)
	case event.RoomClosed:
		return n.Say("{0} stopped with the room.", who)
	}
	return n.Say("{0} was killed.", who)
}

func (n *narrator) installed(e *event.Event) {
	n.eventful = true
	if e.Peer == 0 {
		n.tell(e, n.Say("{0} restored its own snapshot up to entry {1}.", e.Node.String(), number(e.Index)))
		return
	}
	n.tell(e, n.Say("{0} installed {1}'s snapshot up to entry {2}: what it needed was not in {1}'s log any more.", e.Node.String(), e.Peer.String(), number(e.Index)))
}

// setMembers tells of a configuration when the leader begins to use it.
func (n *narrator) setMembers(e *event.Event) {
	l := n.s.Leader()
	if l == nil || l.ID != e.Node || !n.begun || e.Index <= n.sums.members {
		return
	}
	n.sums.members, n.eventful = e.Index, true
	var voters, learners []event.NodeID
	for _, m := range e.Members {
		if m.Suffrage == event.Voter {
			voters = append(voters, m.ID)
		} else {
			learners = append(learners, m.ID)
		}
	}
	if len(learners) == 0 {
		n.tell(e, n.Say("{0} began to count with a new configuration, entry {1}: voters {2}.", e.Node.String(), number(e.Index), nodes(n.Language, voters)))
		return
	}
	n.tell(e, n.Say("{0} began to count with a new configuration, entry {1}: voters {2}; learners {3}.", e.Node.String(), number(e.Index), nodes(n.Language, voters), nodes(n.Language, learners)))
}
