package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Update folds one message. It is the only way in which a Model changes. The old Model must not be used
// any more: slices are changed in place.
func Update(m Model, msg Msg) (Model, []Effect) {
	effects := m.update(msg)
	return m, effects
}

func (m *Model) update(msg Msg) []Effect {
	switch msg := msg.(type) {
	case Arrived:
		return m.arrived(msg.Frame)
	case Ticked:
		return m.ticked(msg.Wall)
	case Stroked:
		return m.stroked(msg)
	case Scrolled:
		m.scroll(msg.Columns)
		m.touch(inLog)
		return nil
	}
	m.touchAll()
	switch msg := msg.(type) {
	case Connected:
		return m.connected()
	case Disconnected:
		return m.disconnected(msg.Reason)
	case Recalled:
		m.recalled(msg.Name, msg.Value)
	case Acted:
		return m.acted(msg.Action, msg.Arg)
	case Changed:
		return m.changed(msg.Field, msg.Value)
	case Pressed:
		return m.pressed(msg)
	case Hovered:
		m.hover = msg.What
		m.readLog(m.hover == "log")
	case Copied:
		said := words.Of("It is copied.")
		if !msg.OK {
			said = words.Of("This page may not copy by itself. The text is selected: copy it with Ctrl C.")
		}
		m.notify(false, m.Say(said))
	case Resized:
		m.width, m.height = msg.Width, msg.Height
		return m.look("timeline", m.timelineWords())
	}
	return nil
}

// ticked comes once a frame: time goes on, what falls falls further.
func (m *Model) ticked(wall event.Micros) []Effect {
	passed := m.clock.tick(wall, m.pacing())
	m.motion.age(passed)
	m.feed.narrate(wall)
	m.leaf()
	m.expire()
	return append(m.pace.due(m, wall), m.onward()...)
}

// maxName bounds the name by which rooms know a browser again, in bytes.
const maxName = 64

// recalled takes back what an earlier visit left.
func (m *Model) recalled(name, value string) {
	switch name {
	case "theme":
		if value == "light" || value == "dark" {
			m.theme = value
		}
	case "projector":
		m.large = value == "on"
	case "feed-which", "feed-pace":
		m.choose(name, value)
	case "viewer":
		if len(value) <= maxName {
			m.Viewer = value
		}
	default:
		m.taught.recall(name, value)
	}
}

// How long a sentence stands over the stage, in wall time: long enough to be read twice, and longer if something is wrong.
const (
	noticed    event.Micros = 8_000_000
	noticedBad event.Micros = 20_000_000
)

// expire takes away the oldest notice when it has stood for long enough.
func (m *Model) expire() {
	for i := range m.notices {
		n := &m.notices[i]
		if n.until == 0 {
			n.until = m.clock.wall + noticed
			if n.bad {
				n.until = m.clock.wall + noticedBad
			}
		}
	}
	if len(m.notices) > 0 && m.clock.wall >= m.notices[0].until {
		m.dropNotice(0)
		m.touch(inHeader)
	}
}

// notify shows a sentence until it is dismissed, or has stood for a while.
func (m *Model) notify(bad bool, sentence string) {
	for _, n := range m.notices {
		if n.text == sentence {
			return
		}
	}
	m.feed.told++
	m.notices = append(m.notices, notice{id: m.feed.told, bad: bad, text: sentence})
	if len(m.notices) > MaxNotices {
		m.notices = append([]notice(nil), m.notices[1:]...)
	}
	m.touch(inHeader)
}
