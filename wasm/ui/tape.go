package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// winding keeps a page that is being scrubbed from sending more words to its recorder than that has answered.
type winding struct {
	next string       // where to go once it is where it was sent; the newest wish counts
	sent event.Micros // wall time of the last words; 0: they are answered
}

// Sort is something that the recorder can look for, as it is called there (package tape) and by people.
type Sort struct{ Name, Words string }

// Sorts are what the recorder's arrows can go to; the first one is what they go to if nobody chooses. The page's program does not carry them.
var Sorts = [...]Sort{{"fault", words.Of("faults")}, {"election", words.Of("elections")}, {"leader", words.Of("new leaders")}, {"commit", words.Of("commits")},
	{"request", words.Of("requests")}, {"answer", words.Of("answers")}, {"snapshot", words.Of("snapshots")}, {"members", words.Of("changes of members")},
	{"alarm", words.Of("lamps that go out")}, {"mark", words.Of("bookmarks")}}

// patience is how long, in wall time, the recorder may take before it is told more all the same: what it refuses it
// answers with a notice only.
const patience event.Micros = 1_000_000

// idle says whether nothing can be done here, and if so tells the viewer.
func (m *Model) idle() bool {
	why := words.Of("Not done: this address is for watching only.")
	if m.tape.Sealed {
		why = words.Of("Not done: this is a recording, and nobody is there to do it.")
	}
	if !m.onlooking() {
		return false
	}
	m.notify(true, m.Say(why))
	return true
}

// onlooking says whether the viewer can look and do nothing else.
func (m *Model) onlooking() bool { return m.watching || m.tape.Sealed }

// past says whether the page looks at a moment of the recording, and not at what happens.
func (m *Model) past() bool { return m.tape.Mode != event.TapeLive }

// pacing is how fast the shown time runs.
func (m *Model) pacing() event.Factor {
	switch m.tape.Mode {
	case event.TapePaused:
		return 0
	case event.TapePlaying:
		return event.FactorOf(m.State.Rate.Float() * m.tape.Speed.Float())
	case event.TapeLive:
	}
	return m.State.Rate
}

// wind tells the recorder what to do.
func (m *Model) wind(words string) []Effect {
	w := &m.winding
	if w.sent != 0 && m.clock.wall < w.sent+patience {
		w.next = words
		return nil
	}
	w.next = ""
	return m.write(words)
}

// write tells the recorder at once what must not be passed over, after the place that it belongs to.
func (m *Model) write(words string) (all []Effect) {
	w := &m.winding
	for i := len(m.notices) - 1; i >= 0; i-- {
		if m.notices[i].tape {
			m.dropNotice(i)
			m.touch(inHeader)
		}
	}
	if w.next != "" {
		all = only(tell(event.FrameWind, 0, "", w.next))
	}
	*w = winding{sent: max(m.clock.wall, 1)}
	return append(all, tell(event.FrameWind, 0, "", words))
}

// onward tells the recorder what it could not be told before.
func (m *Model) onward() []Effect {
	if m.winding.next == "" {
		return nil
	}
	return m.wind(m.winding.next)
}

// taped takes in where the recorder stands.
func (m *Model) taped(t event.Tape) []Effect {
	m.tape = t
	m.winding.sent = 0
	m.touch(inHeader, inTape, inSide)
	if t.Sealed {
		return append(m.look(StoryPanel, StoryPanel), m.onward()...)
	}
	return m.onward()
}

// actedOnTape carries out a control of the recorder, or of what the room draws above everything.
func (m *Model) actedOnTape(action, arg string) []Effect {
	switch action {
	case "wind":
		if len(arg) > 6 && arg[:6] == "unmark" {
			return m.write(arg)
		}
		return m.wind(arg)
	case "scrub":
		if arg >= "1" {
			return m.toEnd()
		}
		return m.wind("part " + arg)
	case "play":
		return m.play()
	case "seek":
		return m.wind(arg + " " + m.sought)
	case "moment":
		m.moment = arg
		return m.rewind()
	case "open":
		return m.look("dialog", arg)
	case "share":
		return m.look("dialog", m.shareWords())
	case "shut":
		return m.shut()
	case "mark":
		note := m.value("note", "")
		delete(m.fields, "note")
		return append(m.write("mark "+note), setField("note", ""))
	}
	return nil
}

// play lets the past pass by, or stops there; a living page stops and the room goes on.
func (m *Model) play() []Effect {
	if m.tape.Mode == event.TapePaused {
		return m.wind("play " + m.speed)
	}
	return m.wind("pause")
}

// toLive goes back to what happens now, because something shall be done in it, and says so.
func (m *Model) toLive() []Effect {
	if !m.past() || m.tape.Sealed {
		return nil
	}
	m.notify(false, m.Say("What you do happens now: the page has gone back to LIVE."))
	return only(tell(event.FrameWind, 0, "", "live"))
}

// settled is the wall time after which a place is said: of those that a hand passes over only the last one is, and none that
// was left.
const settled event.Micros = 250_000

// retell begins the feed anew: what is shown does not follow from what was.
func (m *Model) retell() {
	f := &m.feed
	was := f.past
	f.past, f.items = m.past(), nil
	if !was && !f.past {
		f.aloud = item{} // the room itself began anew
		return
	}
	text := m.Say("Back to LIVE.")
	if m.past() {
		text = m.Say("The recording at {0}.", spell(m.Language, m.State.At))
	}
	f.lands = false
	f.announce(item{at: m.State.At, text: text})
	f.lands = m.past()
	f.aloud, f.since = item{}, m.clock.wall-f.rest()+settled
}

// rewind goes to the moment that the page's address names, or to where it was before its connection broke.
func (m *Model) rewind() []Effect {
	words := m.moment
	switch {
	case words != "":
		words = "moment " + words
	case m.past() && m.Epoch != 0:
		words = "seq " + number(m.tape.Seq)
	default:
		return nil
	}
	m.moment = ""
	return m.wind(words)
}

// shareWords ask for what one may share of this moment.
func (m *Model) shareWords() string {
	return "share " + m.address + " " + number(m.State.Seq) + " " + number(m.offered) + " " + number(uint64(m.State.At))
}

// head is the virtual time of the newest fact, as far as the page knows.
func (m *Model) head() event.Micros {
	if m.past() {
		return max(m.tape.HeadAt, m.clock.now)
	}
	return m.clock.now
}

// toEnd goes to what happens now, or to the end of a recording that has ended.
func (m *Model) toEnd() []Effect { return m.wind(switched(m.tape.Sealed, "part 1", "live")) }
