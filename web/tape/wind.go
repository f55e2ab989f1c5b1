package tape

import (
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// The speeds that can be played at, beside the rate of the room's own time.
const (
	minSpeed = event.One / 10
	maxSpeed = event.One * 10
)

// MaxWind bounds what can be said to a recorder at a time, in bytes.
const MaxWind = 512

// orders by their first word. Each is done with the deck locked.
var orders = map[string]func(t *Tape, arg string) error{
	"live": (*Tape).toLive, "pause": (*Tape).pause, "play": (*Tape).start, "seq": (*Tape).toSeq, "at": (*Tape).toTime, "part": (*Tape).toPart,
	"moment": (*Tape).toMoment, "step": (*Tape).step, "next": (*Tape).toNext, "previous": (*Tape).toPrevious, "mark": (*Tape).mark, "unmark": (*Tape).unmark,
}

// Wind has the recorder do something:
//
//	live            see the room as it is
//	pause           rest here
//	play [0.1–10]   let the past pass by, so much faster than it was
//	seq 1234        go to just after an event
//	at 61500000     go to a virtual time, in microseconds
//	part 0.5        go to a part of the recording's virtual time
//	moment seq=1234&epoch=7&at=61500000
//	                go to where a shared address points: to the event, or where its number is not that of this recording to the time
//	step 1, step -1 go to the next or previous event that changes the picture
//	next fault      go to the next event of a sort: see sorts
//	previous fault
//	mark a note     set a bookmark here
//	unmark 1234     remove the one at that event
//
// What goes to a place rests there, unless the past was passing by. The error is a sentence for the viewer.
func (t *Tape) Wind(said string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.rouse()
	t.deck.turned = true // what is refused is answered too
	if len(said) > MaxWind {
		return errors.New(t.o.Words.Say("The recorder takes {0} bytes at a time; these are {1}.", strconv.Itoa(MaxWind), strconv.Itoa(len(said))))
	}
	word, arg, _ := strings.Cut(strings.TrimSpace(said), " ")
	do := orders[word]
	if do == nil {
		return errors.New(t.o.Words.Say("The recorder does not know “{0}”: say live, pause, play, seq, at, part, moment, step, next, previous, mark or unmark.", word))
	}
	return do(t, strings.TrimSpace(arg))
}

func (t *Tape) toLive(string) error {
	d := &t.deck
	if t.o.Sealed {
		reach := t.o.Journal.Reach()
		d.mode = event.TapePaused
		d.moveTo(reach.Head, reach.HeadAt)
		return nil
	}
	d.mode, d.turned, d.moved = event.TapeLive, true, true
	return nil
}

// here is the place that is seen.
func (t *Tape) here() (seq uint64, at event.Micros) {
	if t.deck.mode == event.TapeLive {
		reach := t.o.Journal.Reach()
		return reach.Head, reach.HeadAt
	}
	return t.deck.seq, t.deck.at
}

func (t *Tape) pause(string) error {
	if t.deck.mode == event.TapeLive {
		t.deck.moveTo(t.here())
	}
	t.deck.mode, t.deck.turned = event.TapePaused, true
	return nil
}

func (t *Tape) start(arg string) error {
	d := &t.deck
	if arg != "" {
		x, err := strconv.ParseFloat(arg, 64)
		if err != nil || !(x >= minSpeed.Float() && x <= maxSpeed.Float()) {
			return errors.New(t.o.Words.Say("“{0}” is not a speed: say a number from 0.1 to 10.", arg))
		}
		d.speed = event.FactorOf(x)
	}
	d.turned = true
	reach := t.o.Journal.Reach()
	switch {
	case d.mode == event.TapeLive:
		return nil // there is nothing that could pass by
	case t.o.Sealed && d.seq >= reach.Head && d.at >= reach.HeadAt:
		d.moveTo(reach.First-1, reach.FirstAt)
	}
	d.mode = event.TapePlaying
	return nil
}

// leave rests at what is to be seen, if the room was seen as it is.
func (t *Tape) leave() {
	if t.deck.mode == event.TapeLive {
		t.deck.mode = event.TapePaused
	}
}

func (t *Tape) toSeq(arg string) error {
	seq, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return errors.New(t.o.Words.Say("“{0}” is not the number of an event.", arg))
	}
	return t.toEvent(seq)
}

// toEvent goes to just after an event; beyond what is kept, to the nearest that is.
func (t *Tape) toEvent(seq uint64) error {
	j := t.o.Journal
	reach := j.Reach()
	if seq < reach.First || reach.Head == 0 {
		t.leave()
		t.deck.moveTo(reach.First-1, reach.FirstAt)
		return nil
	}
	events, err := j.Events(min(seq, reach.Head), 1)
	if err != nil {
		return err
	}
	t.leave()
	t.deck.moveTo(events[0].Seq, events[0].At)
	return nil
}

func (t *Tape) toTime(arg string) error {
	at, err := strconv.ParseInt(arg, 10, 64)
	if err != nil {
		return errors.New(t.o.Words.Say("“{0}” is not a time: say it in microseconds of the room's time.", arg))
	}
	return t.toMicros(event.Micros(at))
}

func (t *Tape) toMicros(at event.Micros) error {
	if err := t.deck.rest(t.o.Journal, at); err != nil {
		return err
	}
	t.leave()
	return nil
}

func (t *Tape) toPart(arg string) error {
	part, err := strconv.ParseFloat(arg, 64)
	if err != nil || math.IsNaN(part) {
		return errors.New(t.o.Words.Say("“{0}” is not a part of the recording: say a number from 0 to 1.", arg))
	}
	reach := t.o.Journal.Reach()
	return t.toMicros(reach.FirstAt + event.Micros(max(0, min(part, 1))*float64(reach.HeadAt-reach.FirstAt)))
}

// toMoment goes to where a shared address points, or near it; where that is another moment than was meant, it says so.
func (t *Tape) toMoment(arg string) error {
	q, err := url.ParseQuery(arg)
	seq, at := q.Get("seq"), q.Get("at")
	if err != nil || seq == "" && at == "" {
		return errors.New(t.o.Words.Say("This address names no moment of the recording."))
	}
	known := seq == "" || t.numbered(seq, q.Get("epoch"))
	switch {
	case seq != "" && known:
		err = t.toSeq(seq)
	case at != "":
		err = t.toTime(at)
	default:
		return errors.New(t.o.Words.Say("This address is of another life of the room, whose recording is gone."))
	}
	if err != nil {
		return err
	}
	n, _ := strconv.ParseUint(seq, 10, 64)
	when, wrong := strconv.ParseInt(at, 10, 64)
	reach := t.o.Journal.Reach()
	switch first := reach.FirstAt; {
	case known && n > reach.Head, wrong == nil && event.Micros(when) > reach.HeadAt:
		return errors.New(t.o.Words.Say("The recording does not reach the moment of this address. You see its end."))
	case wrong == nil && event.Micros(when) < first:
		return errors.New(t.o.Words.Say("The moment of this address is no longer kept. The recording begins at {0} now; that is what you see.", t.o.Words.Duration(int64(first))))
	case !known:
		return errors.New(t.o.Words.Say("This address is of another life of the room, whose recording is gone. You see the same time of this one."))
	}
	return nil
}

// numbered says whether the recording has an event by the number that it had in a life of the room; without one the present is meant.
func (t *Tape) numbered(seq, epoch string) bool {
	if epoch == "" {
		return true
	}
	n, err := strconv.ParseUint(seq, 10, 64)
	life, wrong := strconv.ParseUint(epoch, 10, 64)
	return err != nil || wrong == nil && t.o.Journal.Numbered(n, life)
}

// step goes to the next or previous event that changes the picture.
func (t *Tape) step(arg string) error {
	switch arg {
	case "1":
		return t.forth(changes, t.o.Words.Say("Nothing happens after this."))
	case "-1":
		return t.back(changes, true, t.o.Words.Say("Nothing is kept of what was before this."))
	}
	return errors.New(t.o.Words.Say("“{0}” is not a step: say 1 or -1.", arg))
}

func (t *Tape) toNext(arg string) error {
	s, err := t.sort(arg)
	if err != nil {
		return err
	}
	return t.forth(s, t.o.Words.Say("There is nothing of that kind later in this recording."))
}

func (t *Tape) toPrevious(arg string) error {
	s, err := t.sort(arg)
	if err != nil {
		return err
	}
	return t.back(s, false, t.o.Words.Say("There is nothing of that kind earlier in this recording."))
}

func (t *Tape) sort(name string) (journal.Search, error) {
	if s, known := sorts[name]; known {
		return s, nil
	}
	var k event.Kind
	if k.UnmarshalText([]byte(name)) == nil && k != event.KindNone {
		return journal.Search{Kinds: journal.KindsOf(k)}, nil
	}
	return journal.Search{}, errors.New(t.o.Words.Say("The recorder does not look for “{0}”: say fault, election, leader, commit, request, answer, snapshot, members, alarm or mark.", name))
}

// forth goes to the next event that s finds.
func (t *Tape) forth(s journal.Search, none string) error {
	seq, _ := t.here()
	if s.Kinds == 0 {
		return t.toMark(func(m journal.Mark) bool { return m.Seq > seq }, false, none)
	}
	near := t.deck.near || !t.deck.moved // with a jump that was not shown yet it is one jump
	next, err := t.after(seq, s)
	if err = t.found(next, err, none); err == nil {
		t.deck.near = near
	}
	return err
}

// back goes to the last event that s finds before what is seen. One that has just happened is what is seen; if s finds all that
// can be seen, so it is after others too.
func (t *Tape) back(s journal.Search, all bool, none string) error {
	seq, at := t.here()
	if s.Kinds == 0 {
		return t.toMark(func(m journal.Mark) bool { return m.Seq < seq }, true, none)
	}
	last, err := t.before(seq+1, s)
	if err != nil || last == 0 {
		return t.found(last, err, none)
	}
	events, err := t.o.Journal.Events(last, 1)
	if err == nil && events[0].At >= at && (all || last == seq) {
		last, err = t.before(last, s)
	}
	return t.found(last, err, none)
}

func (t *Tape) found(seq uint64, err error, none string) error {
	switch {
	case err != nil:
		return err
	case seq == 0:
		return errors.New(none)
	}
	err = t.toEvent(seq)
	t.deck.onto = err == nil && t.deck.seq == seq
	return err
}

// toMark goes to the first or last bookmark that fits.
func (t *Tape) toMark(fits func(journal.Mark) bool, last bool, none string) error {
	var at *journal.Mark
	for _, m := range t.o.Journal.Marks() {
		if fits(m) && (at == nil || last) {
			at = &m
		}
	}
	if at == nil {
		return errors.New(none)
	}
	t.leave()
	t.deck.moveTo(at.Seq, at.At)
	return nil
}

// mark sets a bookmark at what is seen.
func (t *Tape) mark(note string) error {
	seq, at := t.here()
	if err := t.o.Journal.Mark(journal.Mark{Seq: seq, At: at, Note: note}); err != nil {
		return t.refuse(err)
	}
	t.o.Studio.marked()
	return nil
}

func (t *Tape) unmark(arg string) error {
	seq, err := strconv.ParseUint(arg, 10, 64)
	if err != nil {
		return errors.New(t.o.Words.Say("“{0}” is not the number of an event.", arg))
	}
	if err := t.o.Journal.Unmark(seq); err != nil {
		return t.refuse(err)
	}
	t.o.Studio.marked()
	return nil
}

// refuse says in the viewer's language what is wrong with a bookmark.
func (t *Tape) refuse(err error) error {
	switch err {
	case journal.ErrMarks:
		return errors.New(t.o.Words.Say("This recording has {0} bookmarks, and that is all it takes: remove one first.", strconv.Itoa(journal.MaxMarks)))
	case journal.ErrNote:
		return errors.New(t.o.Words.Say("A bookmark's note is one line of at most {0} bytes.", strconv.Itoa(journal.MaxNote)))
	case journal.ErrMark:
		return errors.New(t.o.Words.Say("There is no bookmark at this moment."))
	}
	return err
}
