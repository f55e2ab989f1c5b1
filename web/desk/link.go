package desk

import (
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// maxFlights bounds the messages of one direction that are listed.
const maxFlights = 12

// linkSight is a link as its panel shows it.
type linkSight struct {
	Moment
	a, b event.NodeID
	past tale.LinkPast
}

// way is one direction of a link.
type way struct {
	from, to event.NodeID
	rows     []row
	flights  []flight
	more     int // messages that are under way too
}

// flight is a message under way, or at its gate.
type flight struct {
	id, what, when string
	part           int // of flightWidth that it has gone; -1: it waits
}

const flightWidth = 100

// choice is a button: a line of the console, what is said of it.
type choice struct{ line, name string }

// drawLink draws "link n1 n2", "link n1-n2".
func drawLink(m Moment, words []string) *content {
	if len(words) == 1 {
		words = strings.Split(words[0], "-")
	}
	if len(words) != 2 {
		return nil
	}
	a, wrong := event.ParseNodeID(words[0])
	b, bad := event.ParseNodeID(words[1])
	if wrong != nil || bad != nil || m.State.Link(a, b) == nil || m.State.Link(b, a) == nil {
		return nil
	}
	s := linkSight{Moment: m, a: min(a, b), b: max(a, b)}
	if m.Journal != nil {
		s.past = m.linkPast(s.a, s.b)
	}
	return &content{body: linkPanel(s), marks: s.name("-")}
}

func (s linkSight) name(between string) string { return s.a.String() + between + s.b.String() }

// ways are the two directions.
func (s linkSight) ways() []way { return []way{s.way(s.a, s.b, 0), s.way(s.b, s.a, 1)} }

func (s linkSight) way(from, to event.NodeID, i int) way {
	w, l := s.Words, s.link(from, to)
	d := way{from: from, to: to, rows: []row{{w.Say("It is"), s.manner(l)}, {w.Say("One way"), s.delay(l)}}}
	if s.past.From != 0 {
		d.rows = append(d.rows, row{w.Say("In the last {0}", w.Duration(int64(s.State.At-s.past.FromAt))),
			w.Say("{0} arrived, {1} did not", w.Number(s.past.Passed[i]), w.Number(s.past.Lost[i]))})
	}
	for k := range s.State.Messages {
		m := &s.State.Messages[k]
		if m.From != from || m.To != to {
			continue
		}
		if len(d.flights) >= maxFlights {
			d.more++
			continue
		}
		d.flights = append(d.flights, s.flight(m))
	}
	return d
}

// delay is how long a message takes, by the settings of the link and of the room.
func (s linkSight) delay(l event.Link) string {
	w := s.Words
	if l.Cut {
		return w.Say("nothing arrives")
	}
	least := l.Delay
	if least == 0 {
		least = s.State.Delay
	}
	slow := event.One
	if l.Slow != 0 {
		slow = l.Slow
	}
	of := func(d event.Micros) string { return w.Duration(int64(float64(d) * slow.Float())) }
	if l.Jitter != 0 {
		return w.Say("{0} to {1}", of(least), of(least+l.Jitter))
	}
	return of(least)
}

// flight says what a message is and when it is due.
func (m Moment) flight(msg *view.Message) flight {
	w := m.Words
	f := flight{id: strconv.FormatUint(msg.ID, 10), what: upper(m.named(msg)), part: -1}
	switch {
	case msg.Held:
		f.when = w.Say("waits at the gate, for {0} now", w.Duration(int64(m.State.At-msg.Sent)))
	case msg.Due <= msg.Sent:
		f.when = w.Say("sent {0} ago", w.Duration(int64(m.State.At-msg.Sent)))
	default:
		f.part = int(min(max(m.State.At-msg.Sent, 0), msg.Due-msg.Sent) * flightWidth / (msg.Due - msg.Sent))
		f.when = w.Say("due in {0}", w.Duration(int64(max(msg.Due-m.State.At, 0))))
	}
	return f
}

// drop is a message that did not arrive, in words.
type drop struct {
	seq        string
	ago, words string
}

// drops are the last messages that did not arrive, newest first.
func (s linkSight) drops() (all []drop) {
	for i := len(s.past.Drops) - 1; i >= 0; i-- {
		d := &s.past.Drops[i]
		what := s.Words.Say("a message")
		if d.Sent.Kind != event.KindNone {
			what = s.named(tale.MessageOf(&d.Sent))
		}
		all = append(all, drop{number(d.End.Seq), s.ago(d.End.At), s.Words.Say("{0} to {1}: {2}. {3}.", d.End.Node.String(), d.End.Peer.String(), what, upper(s.reason(d.End.Reason)))})
	}
	return all
}

// quiet says that nothing was lost, as far as was looked.
func (s linkSight) quiet() string {
	if s.past.From > 1 {
		return s.Words.Say("Nothing was lost here in the last {0}.", s.Words.Duration(int64(s.State.At-s.past.FromAt)))
	}
	return s.Words.Say("Nothing was ever lost here.")
}

// choices are what one can do with the link.
func (s linkSight) choices() (all []choice) {
	w, a, b := s.Words, s.a.String(), s.b.String()
	out, in := s.link(s.a, s.b), s.link(s.b, s.a)
	if !out.Cut || !in.Cut {
		all = append(all, choice{"cut " + a + " " + b, w.Say("Cut")})
	}
	if !out.Cut {
		all = append(all, choice{"cut " + a + " " + b + " --one-way", w.Say("Cut {0} to {1}", a, b)})
	}
	if !in.Cut {
		all = append(all, choice{"cut " + b + " " + a + " --one-way", w.Say("Cut {0} to {1}", b, a)})
	}
	if out != (event.Link{}) || in != (event.Link{}) {
		all = append(all, choice{"mend " + a + " " + b, w.Say("Mend")})
	}
	if out.Hold || in.Hold {
		return append(all, choice{"release " + a + " " + b, w.Say("Open its gates")})
	}
	return append(all, choice{"hold " + a + " " + b, w.Say("Hold its messages")})
}

// upper begins a sentence with a capital letter; a node's name stays as it is.
func upper(s string) string {
	if len(s) > 1 && s[0] == 'n' && s[1] >= '0' && s[1] <= '9' {
		return s
	}
	for i, r := range s {
		return strings.ToUpper(string(r)) + s[i+len(string(r)):]
	}
	return s
}
