package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// headerElement has the room's name and the controls of its time.
func headerElement(m *Model) *Element {
	return piece("header", "top").add(
		tag("a").set("class", "brand").set("href", switched(m.tape.Sealed, "#", "/")).set("aria-label", m.Say("quorumlab: a new room")).
			add(brandMark(), tag("span").say("quorumlab")),
		tag("a").with("class=btn|href=/lessons|id=all-lessons").add(icon("book"), tag("span").say(m.Say("Lessons"))),
		classed("h1", "room").add(roomWords(m)...),
		speedElement(m),
		classed("div", "hand").add(handElements(m)...).add(languagesElement(m)),
	)
}

func brandMark() *Element {
	return classed("svg", "mark").with("viewBox=0 0 24 24|aria-hidden=true").raw(`<path d="M12 3.5 20.1 9.4 17 18.9H7L3.9 9.4Z"></path>` +
		`<circle cx="12" cy="3.5" r="2.8"></circle><circle cx="20.1" cy="9.4" r="2.2"></circle><circle cx="17" cy="18.9" r="2.2"></circle>` +
		`<circle cx="7" cy="18.9" r="2.2"></circle><circle cx="3.9" cy="9.4" r="2.2"></circle>`)
}

func roomWords(m *Model) []*Element {
	words := []*Element{}
	if m.Room != "" {
		words = append(words, tag("b").set("title", m.Room).say(callName(m.Room)))
	}
	say := func(s string) {
		if len(words) > 0 {
			words = append(words, text(" · "))
		}
		words = append(words, text(s))
	}
	if n := len(m.State.Nodes); n > 0 {
		say(m.count(n, "{0} node", "{0} nodes"))
	}
	if m.Viewers > 0 {
		say(m.Say("{0} watching", strconv.Itoa(m.Viewers)))
	}
	if m.watching {
		say(m.Say("watching only"))
	}
	return words
}

// LanguagesPanel is the id of the element that holds the links to other languages as the server drew them.
const LanguagesPanel = "languages"

func languagesElement(m *Model) *Element {
	if m.tongues == "" {
		return nil
	}
	return classed("nav", "languages").set("id", LanguagesPanel).set("aria-label", m.Say("Language")).raw(m.tongues)
}

// callName is what people call a room: the words of its name without the part that cannot be guessed.
func callName(room string) string {
	first, rest, _ := halves(room, '-')
	second, _, whole := halves(rest, '-')
	if !whole {
		return room
	}
	return first + "-" + second
}

// speed is one of the named rates.
type speed struct {
	name, word string
	rate       event.Factor
}

var speeds = [...]speed{{words.Of("Real time"), "real", realTime}, {words.Of("Workshop"), "workshop", workshop}, {words.Of("Slow motion"), "slow", slowMotion}}

func speedElement(m *Model) *Element {
	rate := m.State.Rate
	if rate == 0 {
		rate = m.State.Thawed
	}
	seg := classed("div", "seg").set("role", "group").set("aria-label", m.Say("Speed of the room's time"))
	for _, s := range speeds {
		seg.add(button("", "run", "rate "+s.word).set("id", "rate-"+s.word).onOff(rate == s.rate).say(m.Say(s.name)))
	}
	slider := tag("input").with("type=range|id=rate|data-field=rate|min=0").
		set("max", strconv.Itoa(sliderEnd)).set("value", strconv.Itoa(markOf(rate))).
		set("aria-label", m.Say("Speed of the room's time, 0.01 to 20")).set("aria-valuetext", m.Say("{0} times real time", factor(m.Language, rate)))
	shown := rate
	if m.pace.shown != 0 {
		shown = m.pace.shown
	}
	return classed("div", "speed").add(seg, slider,
		tag("output").with("for=rate|class=rate").say(rateWords(m, shown)))
}

func rateWords(m *Model, shown event.Factor) string {
	switch {
	case len(m.State.Nodes) == 0:
		return ""
	case m.State.Rate == 0:
		return m.Say("frozen")
	}
	return factor(m.Language, shown) + "×"
}

func handElements(m *Model) []*Element {
	frozen := m.State.Rate == 0 && len(m.State.Nodes) > 0
	freeze, hold := tool("pause", m.Say("Freeze"), "freeze", ""), words.Of("Hold messages")
	if frozen {
		freeze = tool("play", m.Say("Thaw"), "freeze", "")
	}
	if m.holding() {
		hold = words.Of("Open gates")
	}
	colours := words.Of("Colours: as the system says")
	switch m.theme {
	case "light":
		colours = words.Of("Colours: light")
	case "dark":
		colours = words.Of("Colours: dark")
	}
	return []*Element{
		freeze.set("id", "freeze").onOff(frozen).set("title", m.Say("Time stands still: nothing arrives, no timer fires (Space)")),
		tool("step", m.Say("Step"), "run", "step").set("id", "step").when(!frozen, "disabled", "").
			set("title", m.Say("On to the next message or timer, then frozen again (→)")),
		tool("gate", m.Say(hold), "hold", "").set("id", "hold").onOff(m.holding()).
			set("title", m.Say("Links become gates; messages wait until you let them go")),
		button("btn only", "open", "palette").set("id", "palette").set("aria-label", m.Say("Everything one can do (Ctrl-K)")).say("⌘"),
		tool("share", m.Say("Share"), "share", "").with("id=share-open|aria-haspopup=dialog"),
		button("btn only", "theme", "").set("id", "theme").set("aria-label", m.Say(colours)).
			set("title", m.Say("Light, dark, or as the system says")).add(icon("theme")),
		button("btn only", "rules", "").set("id", "rules-open").set("aria-label", m.Say("The rules: Raft on one card, the picture and the keys")).
			set("aria-haspopup", "dialog").set("title", m.Say("Rules and keys (?)")).add(icon("help")),
	}
}
