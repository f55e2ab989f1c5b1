package desk

import (
	"errors"
	"runtime"
	"slices"
	"sync"
	"weak"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of a chronicle; beyond them the older half is kept in less detail, never the count of what happened.
const (
	MaxStretches = 1 << 15 // of one machine
	MaxDeeds     = 1 << 17
	MaxFaults    = 1 << 14
	MaxAlarms    = 256 // of the recording; of those after them it is known that they were
)

// chronicle is what the timeline shows of a recording, and where things are in it, folded from its facts as they come.
type chronicle struct {
	mu    sync.Mutex
	next  uint64       // the first event that is not in it yet
	at    event.Micros // the virtual time that it has come to
	torn  bool         // the recording is damaged there; what comes after that is not known
	state view.State   // of the machines alone
	annals
	register tale.Register // of all that is in it, for whoever looks for something in the recording
	drawings map[drawingOf]drawing
}

// annals are the chronicle's content.
type annals struct {
	lanes   []lane // by machine
	faults  []fault
	alarms  []alarm
	deeds   []deed         // by the time at which they were asked
	pending map[uint64]int // request: its place in deeds
	ran     map[event.NodeID]bool
	led     bool         // there was a leader: the room has been opened
	woke    event.Micros // when it was opened again, and was told how it is; -1: it was not
	turns   int          // counts what is drawn at once when it happens
	done    int          // counts what may wait a little
}

// lane is one machine.
type lane struct {
	id        event.NodeID
	stretches []stretch // without gap; the last one goes on
}

// stretch is a time in one state.
type stretch struct {
	from  event.Micros // to the next one's from
	state laneState
	term  uint64
	turns int // changes of state or term that it hides; 0 unless it stands for several
}

type laneState uint8

const (
	laneAbsent laneState = iota
	laneDown
	laneStill
	laneFollower
	laneCandidate
	laneLeader
	laneMany // several, too short to be told apart
)

// fault is what somebody broke or mended, or what broke by itself.
type fault struct {
	at   event.Micros
	kind event.Kind
	node event.NodeID
	link event.Link
	on   bool
	more int          // that happened in the same moment
	took event.Micros // wall time of a sleep
	why  event.Reason // of a machine that went down
}

// alarm is a contradiction to a safety property: its lamp goes out, or would if it were not out already.
type alarm struct {
	at       event.Micros
	property event.Property
	text     string
}

// deed is a client's request, or several that were asked one after the other and ended alike.
type deed struct {
	from, to event.Micros // asked, answered; to is 0 while it is pending
	outcome  event.Outcome
	n        int
	text     string // of a single one
}

// chronicles of the journals that are still in use.
var chronicles = struct {
	mu  sync.Mutex
	all map[weak.Pointer[journal.Journal]]*chronicle
}{all: map[weak.Pointer[journal.Journal]]*chronicle{}}

// chronicleOf is the journal's chronicle, the same for all who look.
func chronicleOf(j *journal.Journal) *chronicle {
	key := weak.Make(j)
	chronicles.mu.Lock()
	defer chronicles.mu.Unlock()
	c := chronicles.all[key]
	if c == nil {
		c = &chronicle{drawings: map[drawingOf]drawing{}}
		chronicles.all[key] = c
		runtime.AddCleanup(j, func(key weak.Pointer[journal.Journal]) {
			chronicles.mu.Lock()
			defer chronicles.mu.Unlock()
			delete(chronicles.all, key)
		}, key)
	}
	return c
}

// readAtOnce bounds the events that are folded for one drawing: some 5 ms, 30 in a browser, so that a viewer's recorder does not wait for the
// timeline of an hour. What is left comes with the next drawings.
const readAtOnce = 16_384

// catchUp folds what has happened since, at most so many events, and says whether that was all.
func (c *chronicle) catchUp(j *journal.Journal, most int) (all bool) {
	const atOnce = 4096
	if c.next == 0 {
		c.begin(j.Oldest())
	}
	upTo := atOnce
	for most > 0 && !c.torn {
		events, err := j.Events(c.next, min(upTo, most))
		if gone := (*journal.Gone)(nil); errors.As(err, &gone) {
			if s := j.Oldest(); s.Seq+1 < gone.Oldest { // what it begins with cannot be read
				c.next, c.torn = gone.Oldest, true
			} else {
				c.begin(s)
			}
			continue
		}
		if damaged := (*journal.Damaged)(nil); errors.As(err, &damaged) {
			upTo = int(max(damaged.First, c.next) - c.next) // at most what was asked for: the damage lies in it
			c.torn = upTo == 0
			continue
		}
		for i := range events {
			c.fold(&events[i])
		}
		c.register.Add(events)
		c.next += uint64(len(events))
		most -= len(events)
		if len(events) < upTo {
			break
		}
	}
	reach := j.Reach()
	c.register.Forget(reach.First)
	return c.torn || most > 0 || c.next > reach.Head
}

// begin goes on from a state before which nothing is known, or no longer.
func (c *chronicle) begin(s view.State) {
	for i := range s.Nodes {
		s.Nodes[i].Log = view.Log{}
	}
	c.state, c.next, c.at = view.State{Nodes: s.Nodes}, s.Seq+1, max(c.at, s.At)
	c.woke = -1
	if c.pending == nil {
		c.pending, c.ran = map[uint64]int{}, map[event.NodeID]bool{}
	}
	c.led = s.Seq > 0
	for i := range s.Nodes {
		c.ran[s.Nodes[i].ID] = true
		c.look(s.Nodes[i].ID, s.At)
	}
	for i := range s.Ops {
		op := &s.Ops[i]
		if onTimeline(op.Kind) && op.Outcome == event.Pending {
			c.ask(op.ID, op.Asked, op.Text)
		}
	}
	for _, l := range s.Safety {
		if !l.Holds {
			c.note(fault{at: s.At, kind: event.SafetyBroken, on: true})
			c.sound(alarm{s.At, l.Property, l.Text})
		}
	}
}

// onTimeline says whether a request of this kind stands on the timeline: a client's, but for the heartbeats of leases.
func onTimeline(k event.CommandKind) bool { return k.Client() && k != event.LeaseKeepAlive }

// fold takes in one event.
func (c *chronicle) fold(e *event.Event) {
	c.at = max(c.at, e.At)
	if f, is := faultOf(e); !c.opening(e) && is {
		c.note(f)
	}
	// The others change nothing that the timeline shows.
	//exhaustive:ignore
	switch e.Kind {
	case event.MachineAdded, event.MachineRemoved, event.Started, event.Stopped, event.Suspended, event.Resumed, event.Wiped,
		event.RoleChanged, event.TermChanged:
		c.state.Apply(*e)
		c.look(e.Node, e.At)
	case event.Woke:
		c.state.Apply(*e)
		c.led, c.woke = false, e.At
		clear(c.ran)
		for _, i := range c.pending { // what was not answered never will be
			c.deeds[i].to, c.deeds[i].outcome = max(e.At, c.deeds[i].from+1), event.Unknown
		}
		clear(c.pending)
		c.done++
	case event.Asked:
		c.woke = -1
		if onTimeline(e.Command) {
			c.ask(e.Op, e.At, e.Text)
		}
	case event.Answered:
		c.answer(e)
	case event.SafetyBroken:
		c.sound(alarm{e.At, e.Property, e.Text})
	}
}

// sound keeps an alarm. The first of each property is kept in any case.
func (c *annals) sound(a alarm) {
	known := slices.ContainsFunc(c.alarms, func(b alarm) bool { return b.property == a.property })
	if !known || len(c.alarms) < MaxAlarms {
		c.alarms = append(c.alarms, a)
	}
}

// lane is the machine's; it is made if there is none yet.
func (c *annals) lane(id event.NodeID) *lane {
	at, there := slices.BinarySearchFunc(c.lanes, id, func(l lane, id event.NodeID) int { return int(l.id) - int(id) })
	if !there {
		c.lanes = slices.Insert(c.lanes, at, lane{id: id})
	}
	return &c.lanes[at]
}

// opening says whether the event belongs to the room's opening: its machines come and start for the first time, and what a room says of
// itself that was opened again, until somebody asks for something.
func (c *annals) opening(e *event.Event) bool {
	// Nothing else is part of it.
	//exhaustive:ignore
	switch e.Kind {
	case event.RoleChanged:
		c.led = c.led || e.Role == event.Leader
	case event.Started:
		first := !c.ran[e.Node]
		c.ran[e.Node] = true
		return first
	case event.MachineAdded:
		return !c.led
	case event.Woke:
		return e.Seq == 1 // the recording begins with it
	case event.Stopped:
		return e.At == c.woke && e.Reason != event.RefusedToStart
	case event.LinkSet, event.DriftSet, event.DiskSet, event.ChaosSet:
		return e.At == c.woke
	}
	return false
}

// look begins a new stretch if the machine is not what it was.
func (c *chronicle) look(id event.NodeID, at event.Micros) {
	l := c.lane(id)
	is := stretch{from: at}
	if n := c.state.Node(id); n != nil {
		is.state, is.term = laneStateOf(n), n.Term
	}
	if k := len(l.stretches); k > 0 {
		last := &l.stretches[k-1]
		if last.state == is.state && last.term == is.term && last.turns == 0 {
			return
		}
		if last.from == at && last.turns == 0 {
			l.stretches = l.stretches[:k-1]
		}
	}
	l.stretches = append(l.stretches, is)
	c.turns++
	if len(l.stretches) > MaxStretches {
		l.coarsen()
	}
}

// coarsen joins the stretches of the older half in pairs.
func (l *lane) coarsen() {
	half := len(l.stretches) / 2
	kept := l.stretches[:0]
	for i := 0; i+1 < half; i += 2 {
		a, b := l.stretches[i], l.stretches[i+1]
		kept = append(kept, stretch{from: a.from, state: laneMany, term: b.term, turns: a.turns + b.turns + 1})
	}
	l.stretches = append(kept, l.stretches[half/2*2:]...)
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

// faultOf is the fault that an event reports.
func faultOf(e *event.Event) (fault, bool) {
	f := fault{at: e.At, kind: e.Kind, node: e.Node}
	// Only faults and their ends have flags.
	//exhaustive:ignore
	switch e.Kind {
	case event.Stopped:
		if e.Reason == event.RoomClosed {
			return f, false // that the room slept is told when it wakes
		}
		f.on, f.why = e.Reason != event.LeftCluster, e.Reason
	case event.Suspended, event.Wiped, event.Corrupted, event.SafetyBroken:
		f.on = true
	case event.Started, event.Resumed, event.MachineAdded, event.MachineRemoved:
	case event.Woke:
		f.took = e.Took
	case event.ChaosSet:
		f.on = e.OK
	case event.DiskSet:
		f.on = e.Took > 0
	case event.DriftSet:
		f.on = e.Factor != event.One
	case event.LinkSet:
		f.node, f.link, f.on = 0, e.Link, e.Link != event.Link{}
	default:
		return f, false
	}
	return f, true
}

// note keeps a fault. What happens to many links in one moment is one flag, and so is what one stroke after another cuts.
func (c *annals) note(f fault) {
	const soon event.Micros = 300_000
	if n := len(c.faults); n > 0 {
		last := &c.faults[n-1]
		links := last.kind == event.LinkSet && f.kind == event.LinkSet
		if links && last.on == f.on && f.at < last.at+soon {
			return
		}
	}
	c.turns++
	c.faults = append(c.faults, f)
	if len(c.faults) <= MaxFaults {
		return
	}
	half := len(c.faults) / 2
	kept := c.faults[:0]
	for i := 0; i+1 < half; i += 2 {
		a, b := c.faults[i], c.faults[i+1]
		a.more, a.on = a.more+b.more+1, a.on || b.on
		kept = append(kept, a)
	}
	c.faults = append(kept, c.faults[half/2*2:]...)
}

func (c *annals) ask(id uint64, at event.Micros, text string) {
	c.pending[id] = len(c.deeds)
	c.deeds = append(c.deeds, deed{from: at, outcome: event.Pending, n: 1, text: text})
	c.done++
	if len(c.deeds) > MaxDeeds {
		c.abridge()
	}
}

func (c *annals) answer(e *event.Event) {
	at, there := c.pending[e.Op]
	if !there {
		return
	}
	delete(c.pending, e.Op)
	c.deeds[at].to, c.deeds[at].outcome = max(e.At, c.deeds[at].from+1), e.Outcome
	c.done++
}

// abridge joins requests of the older half in pairs that ended alike. Those that are pending stay.
func (c *annals) abridge() {
	half := len(c.deeds) / 2
	moved := make(map[int]int, len(c.pending)) // places of what is pending
	single := map[event.Outcome]int{}          // places of those that wait for a second one
	kept := make([]deed, 0, MaxDeeds)
	for i, d := range c.deeds {
		if at, there := single[d.outcome]; there && i < half {
			kept[at].to, kept[at].n, kept[at].text = max(kept[at].to, d.to), kept[at].n+d.n, ""
			delete(single, d.outcome)
			continue
		}
		if d.outcome == event.Pending {
			moved[i] = len(kept)
		} else {
			single[d.outcome] = len(kept)
		}
		kept = append(kept, d)
	}
	for id, at := range c.pending {
		c.pending[id] = moved[at]
	}
	c.deeds = kept
}
