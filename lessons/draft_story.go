package lessons

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// story is what was done in a room.
type story struct {
	start   view.State // before the first deed
	deeds   []deed     // at most MaxSteps
	unclear int        // commands that are left out: no line says them
}

// deed is a command that somebody gave.
type deed struct {
	op      uint64
	command event.Command
	words   string        // a console line
	asked   event.NodeID  // the node that got it
	leader  event.NodeID  // who led then; 0: nobody
	frozen  bool          // time stood still
	held    *view.Message // the message that it is about
	place   int           // of that message among those like it
	outcome event.Outcome // Pending: it was not answered before the next one was given
}

// read tells the story of a past: which commands, and how the room was.
func (p Past) read() (s story) {
	var taken []uint64 // sequences of the commands that the draft has
	for e := range p.Events {
		if e.Kind != event.Asked || e.Seq < p.From {
			continue
		}
		d, clear := deedOf(&e)
		if !clear {
			s.unclear++
		}
		if !clear || d.draws() {
			continue
		}
		if len(taken) == MaxSteps {
			taken = append(taken[:0], taken[1:]...)
		}
		taken = append(taken, e.Seq)
	}
	now := p.Base.Clone()
	for e := range p.Events {
		if e.Kind == event.Asked && slices.Contains(taken, e.Seq) {
			if len(s.deeds) == 0 {
				s.start = now.Clone()
			}
			s.deeds = append(s.deeds, givenIn(&now, &e))
		}
		if n := len(s.deeds); n > 0 && e.Kind == event.Answered && s.deeds[n-1].op == e.Op {
			s.deeds[n-1].outcome = e.Outcome
		}
		now.Apply(e)
	}
	if len(s.deeds) == 0 {
		s.start = now
	}
	return s
}

// deedOf reads a command from the words that tell of it. It is not clear if the words are cut, or would say something
// else in a lesson.
func deedOf(e *event.Event) (d deed, clear bool) {
	line, faults := newLine(e.Text, "", 0)
	if len(faults) > 0 || line.kind != e.Command || line.async || strings.Contains(e.Text, "…") || !writable(e.Text) {
		return d, false
	}
	c, err := line.Command(&Facts{Now: &view.State{}, Since: &view.State{}, Start: &view.State{}})
	return deed{op: e.Op, command: c, words: e.Text, asked: e.Node}, err == nil
}

// writable says whether a text can stand in a lesson file and mean itself there.
func writable(s string) bool {
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, odd) && !strings.Contains(s, "{{")
}

// draws says whether the command was a draft's own.
func (d *deed) draws() bool { return reflect.DeepEqual(d.command, everything(askAll(d.command.Rev))) }

// everything is a request for all keys as the console reads it.
func everything(c event.Command) event.Command {
	c.Key, c.End, c.Prefix = "\x00", "\x00", false
	return c
}

// givenIn is a command with what matters of the room at that moment.
func givenIn(s *view.State, e *event.Event) deed {
	d, _ := deedOf(e)
	if l := s.Leader(); l != nil {
		d.leader = l.ID
	}
	d.frozen = s.Rate == 0
	if d.command.Message == 0 {
		return d
	}
	for i := range s.Messages {
		m := &s.Messages[i]
		if m.ID == d.command.Message {
			kept := *m
			d.held = &kept
		}
	}
	for i := range s.Messages {
		if d.held != nil && s.Messages[i].ID < d.held.ID && like(&s.Messages[i], d.held) {
			d.place++
		}
	}
	return d
}

// like says whether two held messages look the same to who does not know their ids.
func like(a, b *view.Message) bool {
	return a.Held && b.Held && a.From == b.From && a.To == b.To && a.Type == b.Type && a.Reply == b.Reply
}
