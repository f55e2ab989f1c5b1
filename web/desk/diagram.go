package desk

import (
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
)

// Measures of a sequence diagram, in units of its picture.
const (
	diagramWidth = 360
	gutter       = 50 // for the times
	rowHeight    = 25
	headHeight   = 30
	signWidth    = 8
	letterWidth  = 6.1 // of a label, wide
)

// diagram is a path as a sequence diagram: lanes side by side, time downwards, not to scale.
type diagram struct {
	height int
	lanes  []lifeline
	times  []mark  // beside the rows
	arrows []arrow // messages, and what passes between the client and a machine
	deeds  []mark  // what a machine does by itself
}

type lifeline struct {
	x    int
	name string
}

// mark is a sign in a lane, or a label alone.
type mark struct {
	x, y   int
	kind   string // the class of its sign
	text   string
	tx, ty int
	anchor string
}

type arrow struct {
	mark
	x2, y2 int
	turn   int    // of the head, in degrees
	end    string // "head", "lost", "held", "fly"
}

// sketch is a diagram being laid out.
type sketch struct {
	diagram
	m      Moment
	path   *tale.Path
	y      int
	at     string      // the last time that was written
	came   int         // from where the arrow comes that ends at the next sign, 0: none does
	opened map[int]int // arrows under way: the step, its place in arrows
	ends   []int       // steps whose message came to an end, in that order
	steps  []tale.Step
}

// diagramOf lays out a path.
func (m Moment) diagramOf(p *tale.Path) *diagram {
	d := &sketch{m: m, path: p, y: headHeight, opened: map[int]int{}, steps: p.Arranged()}
	d.lay()
	for i := range d.steps {
		if s := &d.steps[i]; s.Kind == tale.StepSent && s.Fate == tale.Landed {
			d.ends = append(d.ends, i)
		}
	}
	slices.SortFunc(d.ends, func(a, b int) int { return int(d.steps[a].End.Seq) - int(d.steps[b].End.Seq) })
	for i := range d.steps {
		d.arrive(&d.steps[i])
		d.row(i)
	}
	d.arrive(nil)
	d.height = d.y + 8
	return &d.diagram
}

// lay puts the lanes side by side: the client, then the machines.
func (d *sketch) lay() {
	names := append([]string{d.m.Words.Say("client")}, names(d.path.Nodes)...)
	gap := (diagramWidth - gutter - 40) / max(len(names)-1, 1)
	for i, name := range names {
		d.lanes = append(d.lanes, lifeline{gutter + 20 + i*min(gap, 110), name})
	}
}

// x is a machine's lane; nobody's is the client's.
func (d *sketch) x(id event.NodeID) int {
	return d.lanes[1+slices.Index(d.path.Nodes, id)].x
}

// next begins a row, with its time if that is another one.
func (d *sketch) next(at event.Micros) {
	d.y += rowHeight
	if text := d.m.Words.Duration(int64(at - d.path.Asked.At)); text != d.at {
		d.at = text
		d.times = append(d.times, mark{tx: gutter - 8, ty: d.y + 4, anchor: "end", text: text})
	}
}

// arrive ends the arrows of the messages that arrived before a step; nil: all. One that arrives and is acted on at once ends in
// the row of that deed.
func (d *sketch) arrive(before *tale.Step) {
	for len(d.ends) > 0 {
		i := d.ends[0]
		s := &d.steps[i]
		at, open := d.opened[i]
		if !open || before != nil && s.End.Seq > before.Event.Seq {
			return
		}
		d.ends = d.ends[1:]
		a := &d.arrows[at]
		if before == nil || before.Event.Node != s.Event.Peer || before.Event.At != s.End.At {
			d.next(s.End.At)
			a.to(d.x(s.Event.Peer), d.y)
			continue
		}
		d.came = d.x(s.Event.Node)
		x := d.x(s.Event.Peer) + signWidth
		if d.x(s.Event.Node) < x {
			x -= 2 * signWidth
		}
		a.to(x, d.y+rowHeight)
	}
}

// row draws a step.
func (d *sketch) row(i int) {
	s := &d.steps[i]
	d.next(s.Event.At)
	text, kind := d.m.stepLabel(s), stepClass[s.Kind]
	switch s.Kind {
	case tale.StepAsked:
		d.arrow(s.Event.Op, d.lanes[0].x, d.x(s.Event.Node), text, "asked")
	case tale.StepAnswered:
		d.arrow(s.Event.Op, d.x(s.Event.Node), d.lanes[0].x, text, "answered "+s.Event.Outcome.String())
	case tale.StepSent:
		d.opened[i] = len(d.arrows)
		d.send(s, text)
	case tale.StepWrote, tale.StepMatched, tale.StepCommitted, tale.StepApplied, tale.StepSnapshot, tale.StepCut, tale.StepStopped, tale.StepLeads:
		d.deeds = append(d.deeds, d.deed(d.x(s.Event.Node), text, kind))
	}
	d.came = 0
}

// deed is a sign with its label beside it: not where an arrow comes from, if there is room.
func (d *sketch) deed(x int, text, kind string) mark {
	m := mark{x: x, y: d.y, kind: kind, text: text, tx: x + signWidth + 3, ty: d.y + 4, anchor: "start"}
	right, left := m.tx+m.wide() <= diagramWidth, x-signWidth-3-m.wide() >= gutter
	if left && (!right || d.came > x || d.came == 0 && x > diagramWidth*11/20) {
		m.tx, m.anchor = x-signWidth-3, "end"
	}
	return m
}

// wide is how much room the label takes.
func (m *mark) wide() int { return int(float64(utf8.RuneCountInString(m.text)) * letterWidth) }

// arrow draws something that takes no time.
func (d *sketch) arrow(_ uint64, from, to int, text, kind string) {
	a := arrow{mark: label(from, to, d.y, text, kind), end: "head"}
	a.to(to, d.y)
	d.arrows = append(d.arrows, a)
}

// send begins a message's arrow. One that was lost ends on its way, one that waits or flies is not there yet.
func (d *sketch) send(s *tale.Step, text string) {
	from, to := d.x(s.Event.Node), d.x(s.Event.Peer)
	kind := "sent"
	if s.Event.Reply {
		kind = "sent reply"
	}
	a := arrow{mark: label(from, to, d.y, text, kind), end: "head"}
	switch s.Fate {
	case tale.GotLost:
		a.end, a.kind = "lost", kind+" lost"
		a.to(from+(to-from)*11/20, d.y+rowHeight/2)
	case tale.AtGate:
		a.end, a.kind = "held", kind+" held"
		a.to(from+(to-from)/5, d.y)
	case tale.UnderWay:
		a.end, a.kind = "fly", kind+" fly"
		a.to(from+(to-from)/2, d.y+rowHeight/2)
	case tale.Landed:
		a.to(to, d.y+rowHeight/2) // until it is known in which row
	}
	d.arrows = append(d.arrows, a)
}

// to sets where an arrow ends.
func (a *arrow) to(x, y int) {
	a.x2, a.y2 = x, y
	a.turn = int(math.Round(math.Atan2(float64(y-a.y), float64(x-a.x)) * 180 / math.Pi))
}

// label is an arrow's beginning, with its text above it.
func label(from, to, y int, text, kind string) mark {
	m := mark{x: from, y: y, kind: kind, text: text, tx: from + 5, ty: y - 5, anchor: "start"}
	if to < from {
		m.tx, m.anchor = from-5, "end"
	}
	return m.within()
}

// within keeps a label inside the picture.
func (m mark) within() mark {
	wide := m.wide()
	switch {
	case m.anchor == "start" && m.tx+wide > diagramWidth:
		m.tx, m.anchor = diagramWidth-2, "end"
	case m.anchor == "end" && m.tx-wide < gutter:
		m.tx, m.anchor = gutter, "start"
	}
	return m
}

// stepClass is the class of a step's sign.
var stepClass = [...]string{tale.StepAsked: "", tale.StepSent: "", tale.StepWrote: "wrote", tale.StepMatched: "matched", tale.StepCommitted: "committed",
	tale.StepApplied: "applied", tale.StepSnapshot: "wrote", tale.StepCut: "cutoff", tale.StepStopped: "stopped", tale.StepLeads: "leads", tale.StepAnswered: ""}

// maxLabel bounds a label, in characters.
const maxLabel = 34

// clip makes a label of at most so many characters of what people may have typed.
func clip(s string, most int) string {
	s = drawn(s)
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// drawn is a text with a dot for everything that cannot be seen.
func drawn(s string) string { return strings.Map(drawable, s) }

// drawable is a character as a picture can have it. XML has no place for most characters that control something, and those that turn
// the direction of a text would turn the words around it; joiners belong to letters of some languages.
func drawable(r rune) rune {
	const nonJoiner, joiner = '\u200c', '\u200d'
	if unicode.IsGraphic(r) || r == nonJoiner || r == joiner {
		return r
	}
	return '·'
}

// stepLabel says a step in few words.
func (m Moment) stepLabel(s *tale.Step) string {
	w, e := m.Words, &s.Event
	switch s.Kind {
	case tale.StepAsked:
		return clip(e.Text, maxLabel)
	case tale.StepSent:
		return clip(m.fateLabel(s, m.messageLabel(e)), maxLabel)
	case tale.StepWrote:
		if s.Fsync != nil && s.Fsync.Took > 0 {
			return w.Say("wrote entry {0}, fsync {1}", number(e.Index), w.Duration(int64(s.Fsync.Took)))
		}
		return w.Say("wrote entry {0}", number(e.Index))
	case tale.StepMatched:
		return w.Say("knows that {0} has it", e.Peer.String())
	case tale.StepCommitted:
		return w.Say("committed")
	case tale.StepApplied:
		return w.Say("applied, revision {0}", strconv.FormatInt(e.Rev, 10))
	case tale.StepSnapshot:
		return w.Say("installed a snapshot with it")
	case tale.StepCut:
		return m.lossLabel(e)
	case tale.StepStopped:
		return w.Say("went down")
	case tale.StepLeads:
		return w.Say("leads term {0}", number(e.Term))
	case tale.StepAnswered:
	}
	switch e.Outcome {
	case event.OK:
		if e.Rev != 0 {
			return w.Say("ok, revision {0}", strconv.FormatInt(e.Rev, 10))
		}
		return w.Say("ok")
	case event.Failed:
		return w.Say("failed")
	case event.Unknown, event.Pending:
	}
	return w.Say("outcome unknown")
}

// lossLabel says how a machine has lost an entry, in few words.
func (m Moment) lossLabel(e *event.Event) string {
	w := m.Words
	// Nothing else takes an entry from a log.
	//exhaustive:ignore
	switch e.Kind {
	case event.Wiped:
		return w.Say("lost it with its disk")
	case event.SnapshotInstalled:
		return w.Say("a snapshot without it took its place")
	}
	return w.Say("cut it off its log")
}

// messageLabel says what a message is, in few words.
func (m Moment) messageLabel(e *event.Event) string {
	w := m.Words
	switch {
	case e.Type == event.AppendEntries && e.Reply && e.OK:
		return w.Say("has it")
	case e.Type == event.AppendEntries && e.Reply:
		return w.Say("refused: its log differs")
	case e.Type == event.AppendEntries && e.N == 1:
		return w.Say("entry {0}: {1}", number(e.Index+1), e.Text)
	case e.Type == event.AppendEntries:
		return w.Say("entries {0} to {1}", number(e.Index+1), number(e.Index+uint64(e.N)))
	case e.Type == event.InstallSnapshot:
		return w.Say("snapshot to entry {0}", number(e.Index))
	case e.Type == event.ReadIndex && e.Reply && e.OK:
		return w.Say("apply entry {0} first", number(e.Index))
	case e.Type == event.ReadIndex && !e.Reply:
		return w.Say("how far must a read be?")
	case e.Reply && e.OK:
		return w.Say("done")
	case e.Reply:
		return w.Say("not done")
	}
	return w.Say("forwards the request")
}

func (m Moment) fateLabel(s *tale.Step, label string) string {
	w := m.Words
	if s.Copy {
		label = w.Say("copy: {0}", label)
	}
	switch s.Fate {
	case tale.GotLost:
		return w.Say("{0}: {1}", m.reason(s.End.Reason), label)
	case tale.AtGate:
		return w.Say("waits at the gate: {0}", label)
	case tale.UnderWay, tale.Landed:
	}
	return label
}

// reason says why a message did not arrive.
func (m Moment) reason(r event.Reason) string {
	// only the reasons of Dropped can come
	//exhaustive:ignore
	switch r {
	case event.LinkCut:
		return m.Words.Say("the link is cut")
	case event.ByHand:
		return m.Words.Say("dropped by hand")
	case event.MachineDown:
		return m.Words.Say("the machine is down")
	case event.QueueFull:
		return m.Words.Say("too many were waiting")
	}
	return m.Words.Say("lost")
}

// mermaid is a path in Mermaid's words for sequence diagrams (https://mermaid.js.org/syntax/sequenceDiagram.html).
func (m Moment) mermaid(p *tale.Path) string {
	var b strings.Builder
	line := func(parts ...string) {
		b.WriteString(strings.Join(parts, "") + "\n")
	}
	line("sequenceDiagram")
	line("  actor client as ", mermaidText(m.Words.Say("client")))
	for _, id := range p.Nodes {
		line("  participant ", id.String())
	}
	steps := p.Arranged()
	for i := range steps {
		s := &steps[i]
		node, text := s.Event.Node.String(), mermaidText(m.stepLabel(s))
		if s.Event.Node == 0 {
			node = "client"
		}
		switch s.Kind {
		case tale.StepAsked:
			line("  client->>", node, ": ", text)
		case tale.StepAnswered:
			line("  ", node, "-->>client: ", text)
		case tale.StepSent:
			line("  ", node, mermaidArrow(s), s.Event.Peer.String(), ": ", text)
		case tale.StepWrote, tale.StepMatched, tale.StepCommitted, tale.StepApplied, tale.StepSnapshot, tale.StepCut, tale.StepStopped, tale.StepLeads:
			line("  Note over ", node, ": ", text)
		}
	}
	if p.Left > 0 {
		line("  Note over client: ", mermaidText(m.leftWords(p)))
	}
	return b.String()
}

func mermaidArrow(s *tale.Step) string {
	switch {
	case s.Fate == tale.GotLost && s.Event.Reply:
		return "--x"
	case s.Fate == tale.GotLost:
		return "-x"
	case s.Event.Reply:
		return "-->>"
	case s.Fate == tale.Landed:
		return "->>"
	}
	return "-)" // it has not arrived yet
}

// mermaidText keeps what people typed from being read as Mermaid's syntax: its comments, its ends of statements, "wrap:", and
// the formulas between two dollars.
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", ";", "#59;", "\n", " ", "\r", " ", "<", "#lt;", ">", "#gt;", "%", "#37;", ":", "#58;", "$", "#36;").Replace(s)
}

// leftWords say how much is not shown.
func (m Moment) leftWords(p *tale.Path) string {
	return m.Words.Count(p.Left, m.Words.Number(uint64(p.Left)), "{0} step more is left out: the same again.", "{0} steps more are left out: the same again and again.")
}

// diagramStyle is what a picture that stands alone needs of the page's look.
const diagramStyle = "<style>" + diagramLight + "@media(prefers-color-scheme:dark){" + diagramDark + "}</style>"

const (
	diagramLight = "svg{background:#fff;color:#14202c;font:11px ui-monospace,Menlo,monospace}" +
		"text{fill:#14202c;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}.lane{stroke:#bcc8d4;stroke-dasharray:2 4}" +
		".who{font-weight:700;text-anchor:middle}.time{fill:#4d5f72}.wire{stroke:#1f74b8;stroke-width:1.5;fill:none}.barb{fill:#1f74b8}" +
		".reply .wire{stroke-dasharray:4 3}.lost .wire,.lost .barb,.failed .wire,.failed .barb{stroke:#c2322f;fill:none}" +
		".lost text,.failed text{fill:#c2322f}.held .wire,.fly .wire{stroke-dasharray:2 3}.ok .wire,.ok .barb{stroke:#14784f}.ok .barb{fill:#14784f}" +
		".unknown .wire{stroke:#8a5a00;stroke-dasharray:1 4}.unknown .barb{fill:#8a5a00}.sign{fill:#fff;stroke:#14202c;stroke-width:1.5}" +
		".committed .sign,.applied .sign{stroke:#14784f}.applied .sign{fill:#14784f}.cutoff .sign,.stopped .sign{stroke:#c2322f}.leads .sign{fill:#b97700;stroke:#b97700}"
	diagramDark = "svg{background:#0c1117}text{fill:#e8eef4;stroke:#0c1117}.time{fill:#9badbe}.lane{stroke:#5a6d81}.wire{stroke:#5aa9e6}.barb{fill:#5aa9e6}" +
		".lost .wire,.lost .barb,.failed .wire,.failed .barb{stroke:#f3726f}.lost text,.failed text{fill:#f3726f}.ok .wire,.ok .barb{stroke:#43c08f}.ok .barb{fill:#43c08f}" +
		".unknown .wire{stroke:#e0a63c}.unknown .barb{fill:#e0a63c}.sign{fill:#0c1117;stroke:#e8eef4}.committed .sign,.applied .sign{stroke:#43c08f}" +
		".applied .sign{fill:#43c08f}.cutoff .sign,.stopped .sign{stroke:#f3726f}"
)

// file is the picture as a file of its own, as an address that a link can have.
func (m Moment) file(d *diagram) string {
	svg := written(diagramPicture(d, ""))
	svg = strings.Replace(svg, "<svg", `<svg xmlns="http://www.w3.org/2000/svg"`, 1)
	at := strings.IndexByte(svg, '>') + 1
	return "data:image/svg+xml;charset=utf-8," + url.PathEscape(svg[:at]+diagramStyle+svg[at:])
}
