package tale

import (
	"maps"
	"slices"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Bounds of a request's path.
const (
	MaxSteps    = 96     // that are kept; Path.Left counts the rest
	MaxTries    = 3      // messages kept that bring the entry from one machine to another, or refuse it
	MaxPathScan = 65_536 // events that are looked at from its beginning on
	maxAskScan  = 65_536 // in which its beginning is looked for, where the State does not know when it was
	settling    = event.Micros(3_000_000)
)

// Path is what became of a request, as far as the recording tells: from the client that asked to the machines that applied it.
type Path struct {
	ID       uint64
	Asked    event.Event  // KindNone: its beginning is not known any more
	Answered *event.Event // nil: not yet
	Index    uint64       // of the entry that carries it, 0: none that is known
	Term     uint64       // of that entry
	Joined   bool         // other requests are in the same entry
	Nodes    []event.NodeID
	Steps    []Step         // in the order in which they happened
	Left     int            // steps that were left out
	Out      bool           // it went on for more events than are looked at
	Settled  bool           // the entry is committed
	Holders  []event.NodeID // who has the entry
}

// StepKind says what a step of a path is.
type StepKind uint8

// The steps.
const (
	StepAsked     StepKind = iota // the client asks Node
	StepSent                      // a message from Node to Peer
	StepWrote                     // the entry is on Node's disk
	StepMatched                   // Node, the leader, knows that Peer has the entry
	StepCommitted                 // Node knows that the entry is committed
	StepApplied                   // Node's store has it
	StepSnapshot                  // Node has it in a snapshot
	StepCut                       // Node has the entry no more: it was cut off, wiped, or a snapshot without it took its place
	StepStopped                   // Node went down
	StepLeads                     // Node was elected
	StepAnswered                  // Node answers the client
)

// Fate is what became of a message.
type Fate uint8

// The fates.
const (
	UnderWay Fate = iota
	Landed
	AtGate // it is held
	GotLost
)

// Step is one step of a path.
type Step struct {
	Kind  StepKind
	Event event.Event // what was reported: the message's Sent, the entry's Appended …
	Copy  bool        // a message that somebody duplicated
	Fate  Fate        // of a message
	End   event.Event // its Delivered or Dropped
	Fsync *event.Event
}

// Trace follows one request through a recording, event by event.
type Trace struct {
	Path
	Seq uint64 // of the last event that was looked at

	from    uint64                             // first event of the request
	done    bool                               // nothing more is to be expected
	late    bool                               // the entry became known only when it was answered
	sent    map[uint64]int                     // steps of messages under way
	tries   map[[2]event.NodeID]int            // messages kept between two machines that bring the entry or refuse it
	has     map[event.NodeID]int               // whose log has the entry: the step, -1: it is in a snapshot
	matched map[event.NodeID]bool              // whom a leader knows to have it
	told    map[event.NodeID]map[StepKind]bool // steps that a machine takes once
	synced  map[event.NodeID]event.Event       // the last Fsynced
}

// TraceOf finds the beginning of a request that was asked before the moment that s is.
func TraceOf(j *journal.Journal, s *view.State, id uint64) *Trace {
	t := &Trace{Path: Path{ID: id}, Seq: s.Seq}
	from, most := s.Seq, maxAskScan
	if op := s.Op(id); op != nil {
		if seq, err := j.SeqAt(op.Asked); err == nil {
			from, most = min(seq, s.Seq), scanChunk*8
		}
	}
	Back(j, from, most, func(e *event.Event) bool {
		if e.Kind == event.Asked && e.Op == id {
			t.Asked, t.from = *e, e.Seq
		}
		return t.from != 0
	})
	t.restart()
	return t
}

// restart begins anew, but for what is known of the entry.
func (t *Trace) restart() {
	t.Steps, t.Nodes, t.Left, t.Out, t.Answered, t.done, t.late, t.Settled = nil, nil, 0, false, nil, t.from == 0, false, false
	t.sent, t.tries, t.has, t.matched = map[uint64]int{}, map[[2]event.NodeID]int{}, map[event.NodeID]int{}, map[event.NodeID]bool{}
	t.told, t.synced = map[event.NodeID]map[StepKind]bool{}, map[event.NodeID]event.Event{}
	if t.from != 0 {
		t.Seq = t.from - 1
	}
}

// Follow looks at what comes up to event to. Once a path has come to its end it looks no further.
func (t *Trace) Follow(j *journal.Journal, to uint64) {
	for !t.done && t.Seq < to {
		if t.Seq >= t.from+MaxPathScan {
			t.Out, t.done = true, true
			return
		}
		was := t.Seq
		t.Seq = Each(j, t.Seq, min(to, t.from+MaxPathScan), func(e *event.Event) bool {
			t.add(e)
			return t.done || t.late
		})
		if t.late {
			t.restart()
		} else if t.Seq == was {
			return
		}
	}
}

// add takes in the next event.
func (t *Trace) add(e *event.Event) {
	// Only these can be part of a request's path.
	//exhaustive:ignore
	switch e.Kind {
	case event.Asked:
		if e.Op == t.ID {
			t.step(Step{Kind: StepAsked, Event: *e})
		}
	case event.Answered:
		t.answer(e)
	case event.Sent, event.Copied, event.Delivered, event.Held, event.Released, event.Dropped:
		t.message(e)
	case event.Fsynced, event.Appended, event.Truncated, event.SnapshotInstalled, event.Wiped:
		t.disk(e)
	case event.MatchSet, event.Committed, event.Applied:
		t.agree(e)
	case event.Stopped, event.RoleChanged:
		t.machine(e)
	}
	if t.Answered != nil && (t.Index == 0 || t.settled(e)) {
		t.done = true
	}
}

// settled says whether everybody who has the entry has applied it, and no message about it is under way; or much time has
// gone. Where the answer was that nobody knows, what became of the entry is followed until it is committed or cut off everywhere.
func (t *Trace) settled(e *event.Event) bool {
	if e.At > t.Answered.At+settling && (t.Answered.Outcome != event.Unknown || t.decided()) {
		return true
	}
	if len(t.sent) > 0 || len(t.has) == 0 {
		return false
	}
	for id := range t.has {
		if !t.told[id][StepApplied] && !t.told[id][StepSnapshot] {
			return false
		}
	}
	return len(t.has) >= len(t.Nodes)
}

func (t *Trace) decided() bool { return t.Settled || len(t.has) == 0 }

// step keeps a step, as long as there is room for the last one. It gives its number, -1 if it was left out.
func (t *Trace) step(s Step) int {
	if len(t.Steps) >= MaxSteps-1 && s.Kind != StepAnswered || len(t.Steps) >= MaxSteps {
		t.Left++
		return -1
	}
	for _, id := range []event.NodeID{s.Event.Node, s.Event.Peer} {
		if id != 0 && s.Kind != StepAnswered && !slices.Contains(t.Nodes, id) {
			t.Nodes = append(t.Nodes, id)
		}
	}
	if s.Kind == StepAnswered && s.Event.Node != 0 && !slices.Contains(t.Nodes, s.Event.Node) {
		t.Nodes = append(t.Nodes, s.Event.Node)
	}
	slices.Sort(t.Nodes)
	t.Steps = append(t.Steps, s)
	return len(t.Steps) - 1
}

// once keeps a step that a machine takes once.
func (t *Trace) once(kind StepKind, e *event.Event) {
	if t.told[e.Node] == nil {
		t.told[e.Node] = map[StepKind]bool{}
	}
	if !t.told[e.Node][kind] {
		t.told[e.Node][kind] = true
		t.step(Step{Kind: kind, Event: *e})
	}
}

// found notes which entry carries the request.
func (t *Trace) found(index, term uint64) {
	if index != 0 {
		t.Index, t.Term = index, term
	}
}

func (t *Trace) answer(e *event.Event) {
	if e.Op != t.ID || t.Answered != nil {
		return
	}
	if e.Command != event.Get && e.Index != 0 && t.Index == 0 {
		t.found(e.Index, e.Term) // many requests share an entry, which names none of them
		t.Joined, t.late = true, true
		return
	}
	t.Answered = keep(e)
	t.step(Step{Kind: StepAnswered, Event: *e})
}

// disk follows the entry on the machines' disks.
func (t *Trace) disk(e *event.Event) {
	// The others were sorted out before.
	//exhaustive:ignore
	switch e.Kind {
	case event.Fsynced:
		t.synced[e.Node] = *e
		if at, wrote := t.has[e.Node]; wrote && at >= 0 && t.Steps[at].Fsync == nil && e.Index >= t.Index {
			t.Steps[at].Fsync = keep(e)
		}
	case event.Appended:
		t.append(e)
	case event.Truncated:
		if e.Index <= t.Index {
			t.lose(e)
		}
	case event.Wiped:
		t.lose(e)
	case event.SnapshotInstalled:
		t.install(e)
	}
}

// lose takes in that a machine has the entry no more, if it had it.
func (t *Trace) lose(e *event.Event) {
	if t.holds(e.Node) {
		t.step(Step{Kind: StepCut, Event: *e})
		delete(t.has, e.Node)
		delete(t.told, e.Node)
	}
}

// install takes in a snapshot. It was taken of what is committed: as long as nobody who has the entry knows that it is, the entry is not
// in it, and another one is.
func (t *Trace) install(e *event.Event) {
	switch {
	case t.Index == 0 || e.Index < t.Index || e.Peer == 0:
	case !t.Settled:
		t.lose(e)
	case !t.holds(e.Node):
		t.has[e.Node] = -1
		t.once(StepSnapshot, e)
	}
}

func (t *Trace) append(e *event.Event) {
	if e.Op == t.ID {
		t.found(e.Index, e.Term)
	}
	if t.Index == 0 || e.Index != t.Index || e.Term != t.Term {
		return
	}
	if _, there := t.has[e.Node]; there {
		return // told again, as after a restart
	}
	s := Step{Kind: StepWrote, Event: *e}
	if sync, there := t.synced[e.Node]; there && sync.At == e.At && sync.Index >= e.Index {
		s.Fsync = &sync
	}
	t.has[e.Node] = t.step(s)
}

// agree follows how the machines come to know that the entry is committed.
func (t *Trace) agree(e *event.Event) {
	if _, there := t.has[e.Node]; !there || e.Index < t.Index {
		return
	}
	// The others were sorted out before.
	//exhaustive:ignore
	switch e.Kind {
	case event.MatchSet:
		if !t.matched[e.Peer] && e.Peer != e.Node {
			t.matched[e.Peer] = true
			t.step(Step{Kind: StepMatched, Event: *e})
		}
	case event.Committed:
		t.Settled = true
		t.once(StepCommitted, e)
	case event.Applied:
		if e.Index == t.Index {
			t.once(StepApplied, e)
		}
	}
}

// machine follows what becomes of the machines while the request is under way.
func (t *Trace) machine(e *event.Event) {
	if t.Answered != nil {
		return
	}
	switch {
	case e.Kind == event.Stopped && slices.Contains(t.Nodes, e.Node):
		t.step(Step{Kind: StepStopped, Event: *e})
	case e.Kind == event.RoleChanged && e.Role == event.Leader:
		t.step(Step{Kind: StepLeads, Event: *e})
		clear(t.matched) // a new leader has to learn it anew
	}
}

// message follows the messages that carry the request, or its entry, or word of it.
func (t *Trace) message(e *event.Event) {
	if e.Kind == event.Sent {
		t.send(e)
		return
	}
	if e.Kind == event.Copied {
		if at, there := t.sent[uint64(e.N)]; there && at >= 0 {
			s := t.Steps[at]
			s.Copy, s.Fate, s.Event.Msg, s.Event.At, s.Event.Seq, s.Event.Until = true, UnderWay, e.Msg, e.At, e.Seq, e.Until
			t.sent[e.Msg] = t.step(s)
		}
		return
	}
	at, there := t.sent[e.Msg]
	if !there {
		return
	}
	fate := map[event.Kind]Fate{event.Delivered: Landed, event.Held: AtGate, event.Released: UnderWay, event.Dropped: GotLost}[e.Kind]
	if fate == Landed || fate == GotLost {
		delete(t.sent, e.Msg)
	}
	if at < 0 {
		return
	}
	t.Steps[at].Fate = fate
	if fate == Landed || fate == GotLost {
		t.Steps[at].End = *e
	}
	if e.Kind == event.Released {
		t.Steps[at].Event.Until = e.Until
	}
}

// send keeps a message if it is about the request.
func (t *Trace) send(e *event.Event) {
	switch {
	case (e.Type == event.Forward || e.Type == event.ReadIndex) && e.Op == t.ID:
	case e.Type == event.AppendEntries && t.brings(e), e.Type == event.InstallSnapshot && !e.Reply && t.Index != 0 && e.Index >= t.Index && !t.holds(e.Peer),
		e.Type == event.AppendEntries && t.acknowledges(e):
		way := [2]event.NodeID{e.Node, e.Peer}
		if t.tries[way]++; t.tries[way] > MaxTries {
			t.Left++
			return
		}
	default:
		return
	}
	t.sent[e.Msg] = t.step(Step{Kind: StepSent, Event: *e})
}

func (t *Trace) holds(id event.NodeID) bool {
	_, there := t.has[id]
	return there
}

// brings says whether a request to append has the entry. One that has it first names the request.
func (t *Trace) brings(e *event.Event) bool {
	if e.Reply || e.N == 0 {
		return false
	}
	if e.Op == t.ID {
		t.found(e.Index+1, uint64(e.From))
	}
	return t.Index > e.Index && t.Index <= e.Index+uint64(e.N) && e.Term >= t.Term && !t.matched[e.Peer] && (e.Op == t.ID || t.holds(e.Node))
}

// acknowledges says whether an answer tells its addressee that the entry is there, or refuses it.
func (t *Trace) acknowledges(e *event.Event) bool {
	if !e.Reply || t.Index == 0 || t.matched[e.Node] {
		return false
	}
	if e.OK {
		return t.holds(e.Node) // its Index is no help: the engine tells the follower's last entry before this request
	}
	return t.tries[[2]event.NodeID{e.Peer, e.Node}] > 0 && !t.holds(e.Node)
}

// Arranged are the steps as they are to be drawn. What one machine reports at the same instant, the engine's own order of
// reporting aside, is in the order in which one thing follows from the other: it knows who has the entry, that it is
// committed, applies it, and answers.
func (p *Path) Arranged() []Step {
	steps := slices.Clone(p.Steps)
	rank := map[StepKind]int{StepMatched: 1, StepCommitted: 2, StepApplied: 3}
	for i := range steps {
		for j := i; j > 0; j-- {
			a, b := &steps[j-1], &steps[j]
			after := rank[a.Kind]
			if a.Kind == StepSent && a.Event.Reply && a.Event.Type == event.Forward || a.Kind == StepAnswered {
				after = 4
			}
			if rank[b.Kind] == 0 || after <= rank[b.Kind] || a.Event.Node != b.Event.Node || a.Event.At != b.Event.At {
				break
			}
			*a, *b = *b, *a
		}
	}
	return steps
}

// Outcome is how the request ended for who asked: Pending until it is answered.
func (p *Path) Outcome() event.Outcome {
	if p.Answered == nil {
		return event.Pending
	}
	return p.Answered.Outcome
}

// Happened says whether a machine has applied the request, whatever its client was told.
func (p *Path) Happened() (at event.Event, yes bool) {
	for i := range p.Steps {
		if p.Steps[i].Kind == StepApplied {
			return p.Steps[i].Event, true
		}
	}
	return at, false
}

// UnderWay says whether a message that brings the entry has not arrived yet.
func (p *Path) UnderWay() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Kind == StepSent && !s.Event.Reply && s.Event.Type == event.AppendEntries && (s.Fate == UnderWay || s.Fate == AtGate)
	})
}

// Lost says whether the beginning of the request was not found.
func (t *Trace) Lost() bool { return t.from == 0 }

// Place is how far it has followed.
func (t *Trace) Place() uint64 { return t.Seq }

// Copy is the path so far; what the trace follows from here on does not change it.
func (t *Trace) Copy() *Path {
	p := t.Path
	p.Nodes, p.Steps = slices.Clone(p.Nodes), slices.Clone(p.Steps)
	p.Holders = slices.Sorted(maps.Keys(t.has))
	return &p
}
