package ui

import (
	"cmp"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// feed tells in sentences what happened, newest last.
type feed struct {
	told  uint64 // sentences and notices so far: their keys
	items []item
	aloud item         // what is read out and stands under the stage
	since event.Micros // wall time at which it began to stand there
	from  uint64       // while the picture stands still: what was told before the last step, and is not read out any more; else 0
	next  item         // what is to stand there before all others; its text is "" for nothing
	which string       // of the sentences are shown and read out: see feedChoices
	pace  string       // of reading out
	past  bool         // what was told last was of the past
	lands bool         // next is a place in the recording, where something may happen
}

// item is one sentence.
type item struct {
	id    uint64
	at    event.Micros // virtual
	seq   uint64       // of the event; 0: it is none
	tone  tone
	text  string
	times int    // how often it has been said lately, if it is minor
	class change // of links: sentences of the same instant are joined
	links []way
	el    *Element // as it was last drawn; nil when the text has changed since
}

// said is the sentence, and how often it was said lately.
func (i *item) said(l *words.Language) string {
	if i.times < 2 {
		return i.text
	}
	return l.Say("{0} ({1} times)", i.text, strconv.Itoa(i.times))
}

// tone is how a sentence is marked, by shape as well as colour.
type tone uint8

const (
	plain tone = iota
	good
	bad
	fault // somebody broke or mended something
	minor // not read out
)

func (t tone) marked() bool { return t == good || t == bad || t == fault }

var toneNames = [...]string{plain: "plain", good: "good", bad: "bad", fault: "fault", minor: "minor"}

// readable is the least wall time between two sentences that are read out.
const readable event.Micros = 900_000

// fold turns an event into a sentence, if it is worth one. The State is still what was before it.
func (f *feed) fold(m *Model, e *event.Event) {
	if e.Kind == event.LinkSet {
		f.foldLink(m, e)
		return
	}
	text, tone := m.sentence(e)
	if text != "" {
		f.tell(item{at: e.At, seq: e.Seq, tone: tone, text: text})
	}
}

func (f *feed) tell(i item) {
	f.told++
	i.id, i.times = f.told, 1
	if f.lands { // it is read out with the place, and not once more
		f.lands = false
		f.next.id, f.next.text = i.id, f.next.text+" "+i.text
	}
	if i.tone == minor {
		i.times += f.forget(i.text)
	}
	if len(f.items) >= MaxFeed {
		copy(f.items, f.items[1:])
		f.items = f.items[:MaxFeed-1]
	}
	f.items = append(f.items, i)
}

// forget takes a minor sentence out that was told a moment ago, since it is told again now: candidates that
// nobody hears ask for ever. It returns how often it has been said.
func (f *feed) forget(text string) int {
	const moment = 12 // sentences
	for n := len(f.items) - 1; n >= max(0, len(f.items)-moment); n-- {
		if it := f.items[n]; it.text == text && it.tone == minor {
			f.items = append(f.items[:n], f.items[n+1:]...)
			return it.times
		}
	}
	return 0
}

// announce tells a sentence that is read out next, whatever else happens.
func (f *feed) announce(i item) {
	f.tell(i)
	f.next = f.items[len(f.items)-1]
}

// narrate chooses what stands under the stage, not too often: of those that were not read out yet the newest that is not minor.
// What is marked is not passed over for something newer, as long as no more than one marked sentence waits behind it:
// somebody who listens hears who leads now, and then that the lesson's step is done. What was announced stands three times as
// long as others.
func (f *feed) narrate(wall event.Micros) {
	if wall < f.since+f.rest() {
		return
	}
	if i := f.passedOver(); i >= 0 {
		f.aloud, f.since = f.items[i], wall
		return
	}
	if f.next.text != "" {
		f.aloud, f.since, f.next, f.lands = f.next, wall+2*readable, item{}, false
		return
	}
	best, marked := -1, 0
	for i := len(f.items) - 1; i >= 0 && f.items[i].id > f.from && f.items[i].id >= f.aloud.id && marked < 2; i-- {
		switch t := f.items[i].tone; {
		case !f.wanted(t):
		case t.marked() && f.items[i].id > f.aloud.id:
			best = i
			marked++
		case best < 0 && (t != minor || f.from != 0), best >= 0 && f.items[best].tone == minor && t != minor:
			best = i
		}
	}
	if best >= 0 && (f.items[best].id != f.aloud.id || !ends(f.aloud.text, f.items[best].text)) {
		f.aloud, f.since = f.items[best], wall
	}
}

func ends(s, with string) bool { return len(s) >= len(with) && s[len(s)-len(with):] == with }

// passedOver is the newest marked sentence that what was announced would pass over, or -1.
func (f *feed) passedOver() int {
	for i := len(f.items) - 1; i >= 0 && f.next.text != "" && f.items[i].id > max(f.from, f.aloud.id); i-- {
		if it := &f.items[i]; it.id < f.next.id && it.tone.marked() && f.wanted(it.tone) {
			return i
		}
	}
	return -1
}

// change is what became of a link.
type change uint8

const (
	noChange change = iota
	linkCut
	linkMended
	linkHeld
	linkOpened
	linkSet
)

// way is one direction, or both.
type way struct {
	from, to event.NodeID
	both     bool
}

// foldLink joins the links that change at one instant into one sentence.
func (f *feed) foldLink(m *Model, e *event.Event) {
	class := changeOf(m.link(e.Node, e.Peer), e.Link)
	if class == noChange {
		return
	}
	if n := len(f.items); n > 0 && f.items[n-1].class == class && f.items[n-1].at == e.At {
		last := &f.items[n-1]
		last.links = joined(last.links, e.Node, e.Peer)
		last.text, last.el = linkSentence(m.Language, class, last.links, e.Link), nil
		f.told++ // so that it is drawn again
		return
	}
	links := []way{{from: e.Node, to: e.Peer}}
	f.tell(item{at: e.At, seq: e.Seq, tone: fault, class: class, links: links, text: linkSentence(m.Language, class, links, e.Link)})
}

func changeOf(was, is event.Link) change {
	switch {
	case was == is:
		return noChange
	case is.Cut && !was.Cut:
		return linkCut
	case is.Hold && !was.Hold:
		return linkHeld
	case was.Hold && !is.Hold:
		return linkOpened
	case is == event.Link{}:
		return linkMended
	case was.Cut && !is.Cut:
		return linkMended
	}
	return linkSet
}

// joined adds a direction; one that is the way back of another makes it go both ways.
func joined(links []way, from, to event.NodeID) []way {
	for i := range links {
		if w := &links[i]; w.from == to && w.to == from {
			w.both = true
			return links
		}
	}
	return append(links, way{from: from, to: to})
}

// changes say what became of links: {0} the links, {1} how they are now.
var changes = [...]string{
	noChange:   words.Of("{0}: now {1}."),
	linkCut:    words.Of("Cut: {0}."),
	linkMended: words.Of("Whole again: {0}."),
	linkHeld:   words.Of("Gates closed, messages wait: {0}."),
	linkOpened: words.Of("Gates open: {0}."),
	linkSet:    words.Of("{0}: now {1}."),
}

func linkSentence(l *words.Language, class change, links []way, is event.Link) string {
	const most = 6
	s := ""
	for i, w := range links {
		if i == most {
			s = l.Say("{0} and {1} more", s, strconv.Itoa(len(links)-most))
			break
		}
		if i > 0 {
			s += ", "
		}
		arrow := " → "
		if w.both {
			arrow = "–"
		}
		s += w.from.String() + arrow + w.to.String()
	}
	return l.Say(changes[class], s, manner(l, is))
}

// manner says how a link behaves: "50 ms one way, 10 % lost".
func manner(l *words.Language, is event.Link) string {
	s := ""
	add := func(yes bool, text, amount string) {
		if yes {
			s += switched(s == "", "", ", ") + l.Say(text, amount)
		}
	}
	add(is.Cut, words.Of("cut"), "")
	add(is.Hold, words.Of("held: messages wait at the gate"), "")
	add(is.Delay != 0, words.Of("{0} one way"), spell(l, is.Delay))
	add(is.Jitter != 0, words.Of("up to {0} of jitter"), spell(l, is.Jitter))
	add(is.Slow != 0 && is.Slow != event.One, words.Of("{0} times as slow"), factor(l, is.Slow))
	add(is.Loss != 0, words.Of("{0} % lost"), hundredths(l, is.Loss))
	add(is.Duplicate != 0, words.Of("{0} % twice"), hundredths(l, is.Duplicate))
	return cmp.Or(s, l.Say("whole"))
}
