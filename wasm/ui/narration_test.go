package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// Who wants to hear of faults only, and slowly, is read nothing else and nothing sooner, and finds it so again.
func TestFeedIsFilteredAndSlowed(t *testing.T) {
	d := newDesk(t)
	d.m.tab = "feed"
	tell := func(text string, tone tone) { d.m.feed.tell(item{tone: tone, text: text}) }
	read := func(wall event.Micros) string {
		d.m.feed.narrate(wall)
		return d.m.feed.aloud.text
	}
	wall := event.Micros(100_000_000)
	tell("a put is done", good)
	if got := read(wall); got != "a put is done" {
		t.Errorf("read: %q", got)
	}
	m, effects := Update(d.m, Changed{"feed-which", "faults"})
	d.m = m
	if len(effects) != 1 || effects[0] != (Remember{"feed-which", "faults"}) {
		t.Errorf("it is not remembered: %+v", effects)
	}
	d.m, _ = Update(d.m, Changed{"feed-pace", "15"})
	tell("n3 is down", fault)
	tell("another put is done", good)
	if got := read(wall + 14_000_000); got != "a put is done" {
		t.Errorf("too soon: %q", got)
	}
	if got := read(wall + 15_000_000); got != "n3 is down" {
		t.Errorf("after its rest: %q", got)
	}
	list := wordsOf(d.m.newsElement())
	if !mentions(list, "n3 is down") || mentions(list, "put") {
		t.Errorf("the list is %q", list)
	}
	again := New(Seed{})
	again, _ = Update(again, Recalled{"feed-which", "faults"})
	again, _ = Update(again, Recalled{"feed-pace", "nonsense"})
	if again.feed.which != "faults" || again.feed.rest() != readable {
		t.Errorf("another visit: %q, %d", again.feed.which, again.feed.rest())
	}
}
