package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Waiting times before the websocket is opened again, doubling in between.
const (
	firstRetry event.Micros = 200_000
	lastRetry  event.Micros = 5_000_000
)

func (m *Model) connected() []Effect {
	hello := event.Frame{Type: event.FrameHello, Version: event.WireVersion, Epoch: m.Epoch, Seq: m.seen(), Text: m.Viewer}
	if m.Language != nil {
		hello.Code = m.Tag
	}
	return only(Send{hello})
}

// seen is the last event that need not come again.
func (m *Model) seen() uint64 {
	if m.Epoch == 0 || m.past() {
		return 0
	}
	return m.State.Seq
}

func (m *Model) disconnected(reason string) []Effect {
	w := &m.wire
	w.reason, m.winding = reason, winding{}
	m.Console.cutOff()
	if reason == LostGone {
		w.phase, m.notices = gone, nil // it will not come back, whatever it said last
		return nil
	}
	w.phase = lost
	after := min(firstRetry<<min(w.attempts, 8), lastRetry)
	w.attempts++
	return only(Reconnect{After: after})
}

func (m *Model) arrived(f event.Frame) []Effect {
	// the other frames go to the server only; an unknown one is of a newer server and skipped
	//exhaustive:ignore
	switch f.Type {
	case event.FrameWelcome:
		return m.welcomed(f)
	case event.FrameCheckpoint:
		m.checkpoint(f)
	case event.FrameEvents:
		return m.events(f)
	case event.FrameAnswer:
		m.Console.answered(m, f.Result)
		m.touch(inSide)
	case event.FrameOutput:
		m.Console.heard(&f)
		m.touch(inSide)
	case event.FrameEndpoints:
		m.endpoints = f.Text
		m.touch(inGuide, inSide)
	case event.FrameNotice:
		m.noticed(f.Code, f.Text)
	case event.FrameLesson:
		return m.learned(f.Lesson)
	case event.FramePanel:
		m.shown(&f)
	case event.FrameTape:
		return m.taped(f.Tape)
	case event.FrameAudience:
		m.Viewers = f.Viewers
		m.touch(inHeader, inGuide)
	}
	return nil
}

func (m *Model) welcomed(f event.Frame) []Effect {
	if f.Version != event.WireVersion {
		return only(Reload{})
	}
	if f.Epoch != m.Epoch {
		m.Epoch = 0
	}
	m.offered = f.Epoch
	m.Room, m.Viewers, m.Limits = f.Room, f.Viewers, f.Limits
	m.wire = wire{phase: live}
	m.touchAll()
	m.panelAt("timeline").words = m.timelineWords()
	return append(m.lookAgain(), m.rewind()...)
}

// checkpoint starts over from a folded state.
func (m *Model) checkpoint(f event.Frame) {
	var s view.State
	for _, e := range f.Events {
		s.Apply(e)
	}
	s.Seq, s.At, s.Wall = f.Seq, f.At, f.Wall
	m.State, m.Epoch = s, f.Epoch
	m.clock.confirmed, m.clock.now = f.At, f.At
	m.motion = motion{}
	m.retell()
	m.forget()
	m.touchAll()
}

// forget drops a selection that the room no longer has.
func (m *Model) forget() {
	if m.picked.node != 0 && m.State.Node(m.picked.node) == nil {
		m.picked.node = 0
	}
	if p := m.picked.link; p != (pair{}) && (m.State.Node(p.a) == nil || m.State.Node(p.b) == nil) {
		m.picked.link = pair{}
	}
	if m.picked.message != 0 && m.State.Message(m.picked.message) == nil {
		m.picked.message = 0
	}
}

// events folds what happened. A hole in the numbers cannot be folded over: the page asks for everything anew.
func (m *Model) events(f event.Frame) []Effect {
	if m.Epoch == 0 {
		if f.Seq != m.State.Seq+1 {
			return nil // a checkpoint has been asked for and will come
		}
		m.Epoch = m.offered
	}
	if len(f.Events) > 0 && f.Seq > m.State.Seq+1 {
		m.Epoch = 0
		return only(Reconnect{})
	}
	rate, still := m.State.Rate, m.pacing() == 0
	told := m.feed.told
	for i := range f.Events {
		e := f.Events[i]
		if e.Seq = f.Seq + uint64(i); e.Seq > m.State.Seq {
			m.happened(&e)
		}
	}
	if !still {
		m.feed.from = 0
	} else if len(f.Events) > 0 {
		m.feed.from, m.feed.since, m.feed.aloud = told, 0, item{} // what a step did is said at once
	}
	m.clock.confirmed = max(m.clock.confirmed, f.At)
	return m.pace.follow(rate, m.State.Rate)
}

// happened folds one event into everything that is folded. The folds of the page come first: they compare
// with what was before.
func (m *Model) happened(e *event.Event) {
	m.motion.fold(m, e)
	m.feed.fold(m, e)
	m.State.Apply(*e)
	m.touch(concerns(e.Kind)...)
	if e.Kind == event.MachineRemoved || e.Kind == event.Released || e.Kind == event.Dropped || e.Kind == event.Delivered {
		m.forget()
	}
}

// noticed shows what the server has to say.
func (m *Model) noticed(code, sentence string) {
	switch code {
	case "closing":
		m.wire.reason = sentence
		m.notify(false, sentence)
	default:
		m.notify(true, sentence)
		for i := range m.notices {
			m.notices[i].tape = m.notices[i].tape || code == "tape" && m.notices[i].text == sentence
		}
	}
}

var (
	wiresOnly  = []section{inWires}
	everything = []section{inWires, inOutlines, inLamps, inSide, inHeader, inGuide, inLog}
	logAndSide = []section{inLog, inSide}
	lampsOnly  = []section{inLamps}
	opsAndSide = []section{inSide, inGuide}
)

// concerns says which sections show something that an event of this kind changes.
func concerns(k event.Kind) []section {
	switch k {
	case event.KindNone, event.TimerSet, event.Fsynced, event.Sent, event.Delivered:
		return nil // timers and flights are drawn from the time; the details follow with the next other event
	case event.Held, event.Released, event.Dropped, event.Copied:
		return wiresOnly
	case event.Appended, event.Truncated, event.Compacted, event.MatchSet, event.Committed, event.Applied,
		event.SnapshotTaken, event.SnapshotInstalled:
		return logAndSide
	case event.Judged:
		return lampsOnly
	case event.Asked, event.Answered:
		return opsAndSide
	case event.RateSet, event.Stepped, event.PreVoteSet,
		event.MachineAdded, event.MachineRemoved, event.Started, event.Stopped, event.Suspended, event.Resumed,
		event.Wiped, event.Corrupted, event.DriftSet, event.DiskSet, event.LinkSet,
		event.RoleChanged, event.TermChanged, event.VoteCast, event.VoteGranted, event.VoteRefused,
		event.VoteCounted, event.LeaderSeen, event.MembersSet, event.SafetyBroken,
		event.ChaosSet, event.UndoSet, event.Woke:
		return everything
	}
	return nil
}
