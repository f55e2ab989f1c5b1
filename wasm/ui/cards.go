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

// rulesElement is the card with the grammar of the picture and the keys.
func rulesElement(m *Model) *Element {
	if !m.rules {
		return nil
	}
	card := classed("div", "rules").set("role", "dialog").set("aria-modal", "true").set("aria-labelledby", "rules-title").set("id", "rules").
		add(classed("div", "head").add(tag("h2").set("id", "rules-title").say("How to read the picture"),
			button("only close", "close", "").set("id", "rules-close").set("aria-label", "Close").add(icon("close"))))
	columns := classed("div", "columns")
	for _, s := range rules {
		dl := tag("dl")
		for _, r := range s.rows {
			dl.add(tag("div").add(tag("dt").say(r[0]), tag("dd").say(r[1])))
		}
		columns.add(tag("section").add(tag("h3").say(s.title), dl))
	}
	keys := tag("dl").set("class", "keys")
	for _, k := range keyRules {
		keys.add(tag("div").add(tag("dt").add(tag("kbd").say(k[0])), tag("dd").say(k[1])))
	}
	columns.add(tag("section").add(tag("h3").say("Keys"), keys))
	return classed("div", "veil").keyed("rules").add(card.add(columns))
}

var rules = [...]struct {
	title string
	rows  [][2]string
}{
	{"Machines", [][2]string{
		{"Ring", "amber leads, blue follows, violet stands for election, grey is down"},
		{"Crown", "the leader; dashed and pale: replaced, but it does not know yet"},
		{"Arc", "the election timer running out; in its pale part the node may stand at any moment"},
		{"Pips", "a candidate's votes: ✓ has it, ○ waits, ✗ refused"},
		{"Outline", "who can talk with whom: green has a majority, red cannot commit"},
	}},
	{"Messages", [][2]string{
		{"Block", "log entries, in the colour of their term"},
		{"Dot", "a heartbeat"},
		{"Slip", "a vote: asked for, or given"},
		{"Circle ✓ ✗", "an answer"},
		{"Cylinder", "a snapshot"},
		{"Falls off", "lost where it falls"},
	}},
	{"Log", [][2]string{
		{"Colour", "the term of the entry"},
		{"Solid", "committed, as that node knows"},
		{"Hatched", "not committed"},
		{"Struck", "will be overwritten"},
		{"Dot, arrow", "match and next index, as the leader believes"},
	}},
}

var keyRules = [...][2]string{
	{"1–9", "select a machine"}, {"K", "kill it"}, {"P", "suspend it"}, {"R", "restart or resume it"},
	{"X", "scissors; or hold Shift and draw across links"}, {"H", "heal all links"}, {"Space", "freeze or thaw time"},
	{"→", "one step"}, {"/", "console"}, {"?", "this card"}, {"Esc", "back"},
}
