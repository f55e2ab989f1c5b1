package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// lanes is the recent past: who was what in which term, and which faults there were.
type lanes struct {
	from  event.Micros // virtual; nothing is known of the time before
	nodes []laneOf
	flags []flagAt
}

type laneOf struct {
	id    event.NodeID
	spans []stretch
}

// stretch is a stretch of time in one state.
type stretch struct {
	from  event.Micros // to the next one's from
	state laneState
	term  uint64
}

type laneState uint8

const (
	laneDown laneState = iota
	laneStill
	laneFollower
	laneCandidate
	laneLeader
)

var laneNames = [...]string{laneDown: "down", laneStill: "still", laneFollower: "follower", laneCandidate: "candidate", laneLeader: "leader"}

// flagAt is a fault, or its end.
type flagAt struct {
	at   event.Micros
	text string
	bad  bool
}

// restart begins anew from a folded state.
func (l *lanes) restart(s *view.State) {
	*l = lanes{from: s.At}
	for i := range s.Nodes {
		l.look(&s.Nodes[i], s.At)
	}
}

// fold notes what an event has changed; the State has it already.
func (l *lanes) fold(s *view.State, e *event.Event) {
	if text, isBad := flagText(e); text != "" {
		l.flag(flagAt{at: e.At, text: text, bad: isBad})
	}
	// only these change a node's state in the lanes
	//exhaustive:ignore
	switch e.Kind {
	case event.Started, event.Stopped, event.Suspended, event.Resumed, event.RoleChanged, event.TermChanged, event.MachineAdded:
		for i := range s.Nodes {
			if s.Nodes[i].ID == e.Node {
				l.look(&s.Nodes[i], e.At)
			}
		}
	case event.MachineRemoved:
		for i := range l.nodes {
			if l.nodes[i].id == e.Node {
				l.nodes = append(l.nodes[:i:i], l.nodes[i+1:]...)
				return
			}
		}
	}
}

// look begins a new span if the node is not what it was.
func (l *lanes) look(n *view.Node, at event.Micros) {
	lane := l.lane(n.ID)
	is := stretch{from: at, state: laneStateOf(n), term: n.Term}
	if k := len(lane.spans); k > 0 {
		last := &lane.spans[k-1]
		if last.state == is.state && last.term == is.term {
			return
		}
		if last.from == at {
			lane.spans = lane.spans[:k-1]
		}
	}
	if len(lane.spans) >= MaxSpans {
		copy(lane.spans, lane.spans[1:])
		lane.spans = lane.spans[:MaxSpans-1]
	}
	lane.spans = append(lane.spans, is)
}

func (l *lanes) lane(id event.NodeID) *laneOf {
	for i := range l.nodes {
		if l.nodes[i].id == id {
			return &l.nodes[i]
		}
	}
	l.nodes = append(l.nodes, laneOf{id: id})
	return &l.nodes[len(l.nodes)-1]
}

func laneStateOf(n *view.Node) laneState {
	switch {
	case !n.Up:
		return laneDown
	case n.Suspended:
		return laneStill
	case n.Role == event.Leader:
		return laneLeader
	case n.Role == event.Candidate:
		return laneCandidate
	}
	return laneFollower
}

// flag notes a fault. Those of one instant are one flag, and so are those of one stroke or one command after another.
func (l *lanes) flag(f flagAt) {
	const soon event.Micros = 300_000
	if n := len(l.flags); n > 0 {
		last := &l.flags[n-1]
		if last.at == f.at || last.text == f.text && f.at < last.at+soon {
			last.bad = last.bad || f.bad
			return
		}
	}
	if len(l.flags) >= MaxFlags {
		copy(l.flags, l.flags[1:])
		l.flags = l.flags[:MaxFlags-1]
	}
	l.flags = append(l.flags, f)
}

// flagText is what stands at a fault's flag.
func flagText(e *event.Event) (text string, isBad bool) {
	who := e.Node.String()
	// only faults and their ends have flags
	//exhaustive:ignore
	switch e.Kind {
	case event.Stopped:
		return who + " down", true
	case event.Started:
		return who + " up", false
	case event.Suspended:
		return who + " still", true
	case event.Resumed:
		return who + " goes on", false
	case event.Wiped:
		return who + " wiped", true
	case event.Corrupted:
		return who + " corrupted", true
	case event.LinkSet:
		switch {
		case e.Link.Cut:
			return "links cut", true
		case e.Link.Hold:
			return "held", true
		case e.Link == event.Link{}:
			return "links whole", false
		}
		return "links changed", true
	case event.MachineAdded:
		return who + " added", false
	case event.MachineRemoved:
		return who + " removed", false
	case event.SafetyBroken:
		return "safety broken", true
	}
	return "", false
}
