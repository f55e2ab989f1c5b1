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

// Who listens hears of an election and then that the lesson's step is done, in that order; but is never more than one such
// sentence behind.
func TestWhatIsMarkedIsNotPassedOver(t *testing.T) {
	d := newDesk(t)
	wall := event.Micros(100_000_000)
	for _, told := range []struct {
		news  []item
		reads []string
	}{
		{[]item{{text: "n4 votes"}, {tone: good, text: "n4 leads"}, {tone: good, text: "a step is done"}, {text: "a request"}}, []string{"n4 leads", "a step is done", "a step is done", "a step is done", "a request", "a request"}},
		{[]item{{tone: good, text: "n4 leads"}, {tone: fault, text: "n1 is down"}, {tone: bad, text: "n2 steps down"}}, []string{"n1 is down", "n2 steps down"}},
		{[]item{{text: "n1 refuses"}, {text: "n2 refuses"}, {tone: minor, text: "n3 votes"}}, []string{"n2 refuses", "n2 refuses"}},
	} {
		for _, i := range told.news {
			if i.text == "a step is done" {
				d.m.feed.announce(i)
				continue
			}
			d.m.feed.tell(i)
		}
		for _, want := range told.reads {
			wall += readable
			if d.m.feed.narrate(wall); d.m.feed.aloud.text != want {
				t.Errorf("of %v it reads %q, not %q", told.news, d.m.feed.aloud.text, want)
			}
		}
	}
}

// What was read out is not read again because something came after it that is not wanted, or because the page went to the very event.
func TestNothingIsReadTwice(t *testing.T) {
	d := newDesk(t)
	f, wall := &d.m.feed, event.Micros(100_000_000)
	reads := func(want string) {
		t.Helper()
		wall += 4 * readable
		if f.narrate(wall); f.aloud.text != want {
			t.Errorf("read %q, not %q", f.aloud.text, want)
		}
	}
	f.which = "faults"
	f.tell(item{tone: fault, text: "n3 is down"})
	reads("n3 is down")
	f.announce(item{text: "Time stands still."})
	reads("Time stands still.")
	reads("Time stands still.")
	f.tell(item{tone: good, text: "a put is done"})
	reads("Time stands still.")
	f.which, f.items = "", nil
	f.announce(item{text: "The recording at 4 s."})
	f.lands = true
	f.tell(item{tone: good, text: "n1 leads."})
	reads("The recording at 4 s. n1 leads.")
	reads("The recording at 4 s. n1 leads.")
	f.tell(item{tone: good, text: "n2 leads."})
	reads("n2 leads.")
}
