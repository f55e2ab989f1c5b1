package ui

import "strconv"

// noticesElement are the state of the connection and the sentences that wait to be dismissed.
func noticesElement(m *Model) *Element {
	e := classed("div", "notices").keyed("notices").set("role", "status")
	if b := bannerElement(m); b != nil {
		e.add(b)
	}
	for _, n := range m.notices {
		id := strconv.FormatUint(n.id, 10)
		e.add(classed("div", "notice"+switched(n.bad, " bad", "")).keyed(id).add(tag("p").say(n.text),
			button("only", "dismiss", id).set("aria-label", "Dismiss").add(icon("close"))))
	}
	return e
}

// bannerElement says how the page stands with its room, unless all is well.
func bannerElement(m *Model) *Element {
	words, action, label := "", "", ""
	asOf := " The picture is as of " + spell(m.clock.confirmed) + " of the room's time."
	switch w := &m.wire; w.phase {
	case live:
		return nil
	case opening:
		words = "Connecting to the room …"
	case asleep:
		words, action, label = "The room is asleep, because nobody was watching."+asOf, "reconnect", "Wake it"
	case gone:
		words = "This room does not exist any more."
	case lost:
		action, label = "reconnect", "Try now"
		switch w.reason {
		case LostCrashed:
			words = "The room's process ended. It is being started again from its disk." + asOf
		case LostOffline:
			words = "This browser has no network." + asOf
		case "":
			words = "The connection is lost; trying again. Nothing will be missed." + asOf
		default:
			words = w.reason + asOf
		}
	}
	b := classed("div", "banner "+m.wire.phase.String()).keyed("banner").set("id", "banner").add(classed("i", "pulse").set("aria-hidden", "true"), tag("p").say(words))
	if m.wire.phase == gone {
		return b.add(classed("a", "btn small").set("href", "/").say("Open a new room"))
	}
	if action != "" {
		b.add(button("btn small", action, "").say(label))
	}
	return b
}
