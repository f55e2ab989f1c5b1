package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// voice is something that can be chosen, and what it is called.
type voice struct{ value, name string }

// What of the feed is shown and read out, and how quickly one sentence follows another when they are read out. The first
// is what nobody had to choose.
var (
	feedChoices = [...]voice{{"", words.Of("Everything")}, {"major", words.Of("What matters")}, {"faults", words.Of("Faults only")}}
	feedPaces   = [...]voice{{"", words.Of("As it happens")}, {"5", words.Of("Every 5 seconds")}, {"15", words.Of("Every 15 seconds")}}
)

// wanted says whether sentences of a tone are shown and read out.
func (f *feed) wanted(t tone) bool {
	switch f.which {
	case "major":
		return t != minor
	case "faults":
		return t == fault || t == bad
	}
	return true
}

// rest is the least wall time between two sentences that are read out.
func (f *feed) rest() event.Micros {
	if seconds, ok := event.ParseNumber(f.pace); ok && f.pace != "" {
		return event.Micros(min(seconds, 60)) * 1_000_000
	}
	return readable
}

// choose takes what somebody wants to hear of, and how quickly. The browser remembers it.
func (m *Model) choose(field, value string) []Effect {
	if field == "feed-which" {
		m.feed.which = value
	} else {
		m.feed.pace = value
	}
	m.feed.told++ // so that it is drawn again
	m.touch(inSide)
	return only(Remember{field, value})
}

// feedForm lets people choose what they hear of.
func (m *Model) feedForm() *Element {
	return piece("form", "hearing").add(
		m.chooser("feed-which", m.Say("Tell me of"), m.feed.which, feedChoices[:]),
		m.chooser("feed-pace", m.Say("Read aloud"), m.feed.pace, feedPaces[:]))
}

func (m *Model) chooser(field, label, now string, all []voice) *Element {
	list := tag("select").set("id", field).set("data-field", field)
	for _, o := range all {
		list.add(tag("option").set("value", o.value).when(o.value == now, "selected", "").say(m.Say(o.name)))
	}
	return tag("label").add(tag("span").say(label), list)
}
