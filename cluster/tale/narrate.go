package tale

import (
	"bufio"
	"io"
	"iter"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Line is a sentence of a recording's story.
type Line struct {
	Seq     uint64       // of the event that it ends with
	At      event.Micros // virtual
	Chapter bool         // it heads what follows
	Text    string
}

// Narrate writes the story of a recording from its oldest event on as text: chapters that begin with a fault or an election,
// a line for each thing that mattered, with its time. What comes by the hundred is counted.
func Narrate(w io.Writer, l *words.Language, j *journal.Journal) error {
	b, chapter := bufio.NewWriter(w), 0
	for line, err := range Story(l, j) {
		if err != nil {
			return err
		}
		if line.Chapter {
			chapter++
			b.WriteString("\n" + l.Say("{0}. {1}", strconv.Itoa(chapter), line.Text) + "\n\n")
			continue
		}
		b.WriteString(timeColumn(line.At) + "  " + line.Text + "\n")
	}
	return b.Flush()
}

// timeColumn is a time as wide as those of an hour.
func timeColumn(at event.Micros) string {
	const width = 11
	s := Clock(at)
	for len(s) < width {
		s = " " + s
	}
	return s
}

// Story gives the lines of a recording from its oldest event on. An error ends it.
func Story(l *words.Language, j *journal.Journal) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		start := j.Oldest()
		n := newNarrator(l, &start)
		for c := j.Walk(0); ; {
			e, err := c.Next()
			if err != nil {
				yield(Line{}, err)
				return
			}
			if e != nil {
				n.hear(*e)
			} else {
				n.end()
			}
			for _, line := range n.lines {
				if !yield(line, nil) {
					return
				}
			}
			if n.lines = n.lines[:0]; e == nil {
				return
			}
		}
	}
}

// breath is for how long, in virtual time, what belongs together may come until a new chapter begins.
const breath event.Micros = 3_000_000

// narrator folds facts and tells what they come to.
type narrator struct {
	*words.Language
	s     *view.State
	lines []Line
	begun bool // the beginning was told

	chapter  event.Micros // when the last one began; <0: none
	eventful bool         // something has come of it

	links     linkBurst
	campaigns map[event.NodeID]*campaign
	requests  batch
	sums      sums
	higher    higherTerm
	order     *event.Event // the last one of an operator
	chaos     bool
	opened    event.Micros // when the room was opened again; <0: never
}

func newNarrator(l *words.Language, start *view.State) *narrator {
	return &narrator{Language: l, s: start, chapter: -1, opened: -1, campaigns: map[event.NodeID]*campaign{}, sums: newSums()}
}

// hear takes the next event.
func (n *narrator) hear(e event.Event) {
	if n.links.ended(&e) {
		n.tellLinks()
	}
	was := former(n.s, &e)
	n.overhear(&e)
	n.requests.grow(n, &e)
	n.s.Apply(e)
	if !n.begun && n.s.Leader() != nil {
		n.begin(&e)
	}
	if e.Node != 0 && n.hearMachine(&e, &was) {
		return
	}
	n.hearRoom(&e, &was)
}

// formerly is what a machine, or a link, was before an event.
type formerly struct {
	role event.Role
	term uint64
	last uint64
	link event.Link
	rate event.Factor // of the room
	// of the machine
	drift event.Factor
	fsync event.Micros
}

func former(s *view.State, e *event.Event) (f formerly) {
	f.rate = s.Rate
	if n := s.Node(e.Node); n != nil {
		f = formerly{role: n.Role, term: n.Term, last: n.Last, rate: s.Rate, drift: n.Drift, fsync: n.Fsync}
	}
	if l := s.Link(e.Node, e.Peer); e.Kind == event.LinkSet && l != nil {
		f.link = l.Link
	}
	return f
}

// higherTerm is the newest message that told a leader of a higher term.
type higherTerm struct {
	to, from event.NodeID
	term     uint64
	at       event.Micros
}

// overhear notes a message of a higher term that reaches a leader, before the fold forgets it. Pre-votes only ask.
func (n *narrator) overhear(e *event.Event) {
	if e.Kind != event.Delivered {
		return
	}
	m, l := n.s.Message(e.Msg), n.s.Node(e.Peer)
	if m != nil && l != nil && l.Role == event.Leader && m.Term > l.Term && m.Type != event.RequestPreVote {
		n.higher = higherTerm{to: m.To, from: m.From, term: m.Term, at: e.At}
	}
}

// tell adds a line; what was counted meanwhile comes before it.
func (n *narrator) tell(e *event.Event, text string) {
	n.requests.flush(n)
	n.line(e.Seq, e.At, text)
}

func (n *narrator) line(seq uint64, at event.Micros, text string) {
	n.lines = append(n.lines, Line{Seq: seq, At: at, Text: text})
}

// open begins a chapter, unless one has just begun and nothing has come of it yet.
func (n *narrator) open(e *event.Event, title string) {
	if n.chapter >= 0 && e.At < n.chapter+breath && !n.eventful {
		return
	}
	n.close(e)
	n.lines = append(n.lines, Line{Seq: e.Seq, At: e.At, Chapter: true, Text: title})
	n.chapter, n.eventful = e.At, false
}

// close ends a chapter with what was counted in it.
func (n *narrator) close(e *event.Event) {
	n.requests.flush(n)
	n.tellTries(e, e.Kind == event.KindNone)
	n.tellSums(e)
}

// begin tells what there is when the recording begins, or when it has become a cluster.
func (n *narrator) begin(e *event.Event) {
	n.begun = true
	voters := votersOf(n.s.Members)
	n.lines = append(n.lines, Line{Seq: e.Seq, At: e.At, Chapter: true, Text: n.Say("The beginning")})
	n.chapter = e.At
	n.tell(e, n.Count(len(voters), strconv.Itoa(len(voters)), "The room has {0} voter: {1}.", "The room has {0} voters: {1}.", nodes(n.Language, voters)))
	l := n.s.Leader()
	if e.Kind != event.RoleChanged {
		n.tell(e, n.Say("{0} leads term {1}; everything up to entry {2} is committed.", l.ID.String(), number(l.Term), number(l.Commit)))
	}
}

// end tells how things stand when the recording ends.
func (n *narrator) end() {
	e := &event.Event{Seq: n.s.Seq, At: n.s.At}
	if n.links.open {
		n.tellLinks()
	}
	n.close(e)
	if n.s.Seq == 0 {
		return
	}
	n.lines = append(n.lines, Line{Seq: e.Seq, At: e.At, Chapter: true, Text: n.Say("The end of the recording")})
	if l := n.s.Leader(); l != nil {
		n.tell(e, n.Say("{0} leads term {1}; everything up to entry {2} is committed, and its store is at revision {3}.", l.ID.String(), number(l.Term), number(l.Commit), number(uint64(l.Revision))))
	} else {
		n.tell(e, n.Say("There is no leader."))
	}
	n.tellDown(e)
	n.tellOpen(e)
	n.tellLamps(e)
}

func (n *narrator) tellDown(e *event.Event) {
	var down, still []event.NodeID
	for i := range n.s.Nodes {
		switch m := &n.s.Nodes[i]; {
		case !m.Up:
			down = append(down, m.ID)
		case m.Suspended:
			still = append(still, m.ID)
		}
	}
	if len(down) > 0 {
		n.tell(e, n.Say("Down: {0}.", nodes(n.Language, down)))
	}
	if len(still) > 0 {
		n.tell(e, n.Say("Suspended: {0}.", nodes(n.Language, still)))
	}
}

func (n *narrator) tellOpen(e *event.Event) {
	open := 0
	for i := range n.s.Ops {
		if op := &n.s.Ops[i]; op.Outcome == event.Pending && op.Kind != event.Watch {
			open++
		}
	}
	if open > 0 {
		n.tell(e, n.Count(open, strconv.Itoa(open), "{0} request has no answer yet.", "{0} requests have no answer yet."))
	}
}

func (n *narrator) tellLamps(e *event.Event) {
	broken := false
	for i := range n.s.Safety {
		if l := &n.s.Safety[i]; !l.Holds {
			broken = true
			n.tell(e, n.Say("{0} was broken: {1}.", n.property(l.Property), ended(l.Text)))
		}
	}
	if !broken {
		n.tell(e, n.Say("Every safety property held, as far as the monitors could see."))
	}
}

func (n *narrator) property(p event.Property) string {
	if name := PropertyName(p); name != "" {
		return n.Say(name)
	}
	return p.String()
}
