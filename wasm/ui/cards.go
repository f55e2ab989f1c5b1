package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/words"
)

// noticesElement are the state of the connection and the sentences that wait to be dismissed.
func noticesElement(m *Model) *Element {
	e := piece("div", "notices").set("role", "status")
	if b := bannerElement(m); b != nil {
		e.add(b)
	}
	for _, n := range m.notices {
		id := strconv.FormatUint(n.id, 10)
		e.add(classed("div", "notice"+switched(n.bad, " bad", "")).keyed(id).add(tag("p").say(n.text),
			button("only", "dismiss", id).set("aria-label", m.Say("Dismiss")).add(icon("close"))))
	}
	return e
}

// bannerElement says how the page stands with its room, unless all is well.
func bannerElement(m *Model) *Element {
	said, label := "", ""
	switch w := &m.wire; w.phase {
	case live:
		return nil
	case opening:
		said = words.Of("Connecting to the room …")
	case gone:
		said = words.Of("This room does not exist any more.")
	case lost:
		said, label = w.reason, words.Of("Try now")
		switch w.reason {
		case LostCrashed:
			said = words.Of("The room's process ended. It is being started again from its disk.")
		case LostOffline:
			said = words.Of("This browser has no network.")
		case "":
			said = words.Of("The connection is lost; trying again. Nothing will be missed.")
		}
	}
	said = m.Say(said)
	if label != "" {
		said += " " + m.Say("The picture is as of {0} of the room's time.", spell(m.Language, m.clock.confirmed))
	}
	b := classed("div", "banner "+m.wire.phase.String()).keyed("banner").set("id", "banner").add(classed("i", "pulse").set("aria-hidden", "true"), tag("p").say(said))
	if m.wire.phase == gone {
		return b.add(classed("a", "btn small").set("href", "/").say(m.Say("Open a new room")))
	}
	if label != "" {
		b.add(button("btn small", "reconnect", "").say(m.Say(label)))
	}
	return b
}

// NotSent says why something failed for which there was no connection.
func (m *Model) NotSent() string {
	return m.Say("It was not sent: the page has no connection to the room. Try again when it is back.")
}

// Unreadable says why the page left a connection.
func (m *Model) Unreadable(err error) string {
	return m.Say("The room sent what this page cannot read: {0}.", err.Error())
}
