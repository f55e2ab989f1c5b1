package desk

import (
	"math"
	"slices"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Sizes in the timeline, in CSS pixels.
const (
	flagsTop  = 15  // room for the flags' words
	laneHigh  = 15  // from one lane to the next
	laneLow   = 12  // the same with many machines
	manyLanes = 6   // more than so many are
	deedHigh  = 11  // of the requests that ended well or are under way
	oddHigh   = 7   // of the others
	lampHigh  = 5   // of the lamps' line
	alarmHigh = 11  // of a lamp's that has gone out
	letter    = 5.6 // about the width of a letter
	crowding  = 14  // flags that are closer than this stand above the lanes only
	tellable  = 3   // what is narrower cannot be told apart from what is beside it
)

// Widths that a timeline may be drawn for.
const minWidth, maxWidth = 120, 4000

// maxDrawings bounds the drawings of one recording that are kept: widths and languages.
const maxDrawings = 24

// drawingOf is which drawing.
type drawingOf struct {
	width    int
	language *words.Language
}

// drawing is one, and what it was made of.
type drawing struct {
	*content
	from, span  event.Micros
	turns, done int
	marks       string // of the bookmarks
	next        event.Micros
}

func init() { drawers["timeline"] = drawTimeline }

// drawTimeline draws the whole recording for a width in pixels. It does not depend on the place that is looked at, and who
// looks at the same time shares the drawing.
func drawTimeline(m Moment, words []string) *content {
	if len(words) != 1 || m.Journal == nil {
		return nil
	}
	width, err := strconv.Atoi(words[0])
	if err != nil || width < minWidth || width > maxWidth {
		return nil
	}
	c := chronicleOf(m.Journal)
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.catchUp(m.Journal, readAtOnce)
	return c.drawing(m, drawingOf{width, m.Words}, all)
}

// drawing gives the last one as long as it is right. Requests that come by the hundred do not have it drawn anew at once,
// but when the recording has grown by some pixels.
func (c *chronicle) drawing(m Moment, of drawingOf, all bool) *content {
	reach := m.Journal.Reach()
	t := event.Tape{FirstAt: reach.FirstAt, HeadAt: reach.HeadAt, Sealed: reach.Closed}
	marks, noted := m.Journal.Marks(), ""
	for _, k := range marks {
		noted += strconv.FormatUint(k.Seq, 10) + " " + k.Note + "\n"
	}
	d := c.drawings[of]
	same := d.content != nil && d.from == t.FirstAt && d.span == t.Span() && d.turns == c.turns && d.marks == noted
	if same && all && !d.more && (d.done == c.done || t.HeadAt < d.next) {
		return d.content
	}
	pen := &pen{l: of.language, from: t.FirstAt, span: t.Span(), width: float64(of.width), known: float64(of.width), shapes: map[string][]byte{}}
	if !all || c.torn {
		pen.known = pen.x(c.at)
	}
	pen.draw(c, marks)
	d = drawing{content: &content{body: timelinePanel(pen), more: !all}, from: t.FirstAt, span: t.Span(), turns: c.turns, done: c.done, marks: noted}
	d.next = t.HeadAt + grain(t.Span(), of.width, m)
	if len(c.drawings) >= maxDrawings {
		clear(c.drawings)
	}
	c.drawings[of] = d
	return d.content
}

// grain is the virtual time that a drawing stays as it is though requests have come: some pixels, a second of the viewer's
// at most, and none in a room that stands still.
func grain(span event.Micros, width int, m Moment) event.Micros {
	const pixels = 4
	if m.State == nil {
		return 0
	}
	return min(span*pixels/event.Micros(width), event.Micros(1e6*m.State.Rate.Float()))
}

// pen draws. Shapes of one look are one path; x counts in pixels of the width that was asked for, and scales.
type pen struct {
	l      *words.Language
	from   event.Micros
	span   event.Micros
	width  float64
	known  float64 // x up to which it is known what happened
	height int
	names  []named
	order  []string
	shapes map[string][]byte // class: path
	texts  []caption
	alarms []hint
}

// hint is a mark that says more to whoever points at it.
type hint struct{ path, text string }

// named is a word beside a lane.
type named struct {
	y    int
	text string
}

// caption is a word in the drawing.
type caption struct {
	class string
	x, y  string
	text  string
}

// x is the place of an instant, within the drawing.
func (p *pen) x(at event.Micros) float64 {
	return min(max(float64(at-p.from)/float64(p.span), 0), 1) * p.width
}

func tenths(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

// shape adds to the path of a look.
func (p *pen) shape(class string, path ...string) {
	b, there := p.shapes[class]
	if !there {
		p.order = append(p.order, class)
	}
	for _, s := range path {
		b = append(b, s...)
	}
	p.shapes[class] = b
}

// box adds a rectangle.
func (p *pen) box(class string, from, to, y, high float64) {
	w, h := tenths(to-from), tenths(high)
	p.shape(class, "M", tenths(from), " ", tenths(y), "h", w, "v", h, "h-", w, "z")
}

// say adds a word if there is room for it.
func (p *pen) say(class, text string, x, room, y float64) bool {
	if text == "" || wide(text)+6 > room {
		return false
	}
	p.texts = append(p.texts, caption{class, tenths(x*100/p.width) + "%", tenths(y), text})
	return true
}

// wide is about how many pixels a word takes.
func wide(text string) float64 { return float64(len([]rune(text))) * letter }

// sayFirst says the first of some words for which there is room.
func (p *pen) sayFirst(class string, x, room, y float64, texts ...string) {
	for _, t := range texts {
		if p.say(class, t, x, room, y) {
			return
		}
	}
}

// draw draws everything.
func (p *pen) draw(c *chronicle, marks []journal.Mark) {
	pitch := laneHigh
	if len(c.lanes) > manyLanes {
		pitch = laneLow
	}
	y := flagsTop
	for i := range c.lanes {
		if p.lane(&c.lanes[i], float64(y), float64(pitch)) {
			p.names = append(p.names, named{y + pitch - 4, c.lanes[i].id.String()})
			y += pitch
		}
	}
	p.names = append(p.names, named{y + deedHigh - 1, p.l.Say("requests")})
	p.deeds(c, float64(y+1))
	y += deedHigh + oddHigh + 2
	p.names = append(p.names, named{y + lampHigh + 3, p.l.Say("safety")})
	p.height = y + max(lampHigh, p.lamps(c, float64(y+1))) + 6
	p.flags(c, marks)
	if p.known < p.width {
		p.box("unread", p.known, p.width, 0, float64(p.height))
	}
}

// lane draws a machine's roles; it says whether there was anything to draw.
func (p *pen) lane(l *lane, y, pitch float64) bool {
	var crowd stretches
	drawn, before := false, uint64(0)
	for i, s := range l.stretches {
		to := p.known
		if i+1 < len(l.stretches) {
			if l.stretches[i+1].from <= p.from {
				continue
			}
			to = p.x(l.stretches[i+1].from)
		}
		drawn = drawn || s.state != laneAbsent
		if from := p.x(s.from); to-from < tellable {
			crowd.add(s, from, to, before)
		} else {
			p.crowd(&crowd, y, pitch)
			p.stretch(s, from, to, y, pitch)
		}
		before = s.term
	}
	p.crowd(&crowd, y, pitch)
	return drawn
}

var laneNames = [...]string{laneAbsent: "absent", laneDown: "down", laneStill: "still", laneFollower: "follower", laneCandidate: "candidate",
	laneLeader: "leader", laneMany: "many"}

// stretch draws a time in one state, and what it was.
func (p *pen) stretch(s stretch, from, to, y, pitch float64) {
	if s.state == laneAbsent {
		return
	}
	p.box("span "+laneNames[s.state], from, to, y, pitch-3)
	p.shape("turn", "M", tenths(from), " ", tenths(y), "v", tenths(pitch-3))
	term, t := p.l.Say("term {0}", number(s.term)), p.l.Say("t{0}", number(s.term))
	room, base := to-from, y+pitch-5.5
	switch s.state {
	case laneLeader:
		p.sayFirst("", from, room, base, p.l.Say("leader · term {0}", number(s.term)), term, t)
	case laneCandidate:
		p.sayFirst("", from, room, base, p.l.Say("candidate · term {0}", number(s.term)), t)
	case laneFollower:
		p.sayFirst("dim", from, room, base, term)
	case laneDown:
		p.sayFirst("", from, room, base, p.l.Say("down"))
	case laneStill:
		p.sayFirst("", from, room, base, p.l.Say("stands still"), p.l.Say("still"))
	case laneMany:
		p.sayFirst("", from, room, base, p.elections(s.turns))
	case laneAbsent:
	}
}

func (p *pen) elections(n int) string {
	return p.l.Count(n, strconv.Itoa(n), "×{0} change", "×{0} changes")
}

// stretches are several that are too narrow to be told apart.
type stretches struct {
	n, turns, terms int
	first           stretch
	from, to        float64
	last            uint64 // term
}

func (c *stretches) add(s stretch, from, to float64, before uint64) {
	if c.n == 0 {
		*c = stretches{first: s, from: from, last: before}
	}
	if s.term != c.last {
		c.terms++
	}
	c.n, c.turns, c.to, c.last = c.n+1, c.turns+s.turns+1, to, s.term
}

// crowd draws what was gathered, and begins anew. One alone is drawn as what it is, a little wider than it was.
func (p *pen) crowd(c *stretches, y, pitch float64) {
	switch {
	case c.n == 1:
		p.stretch(c.first, c.from, max(c.to, c.from+1.5), y, pitch)
	case c.n > 1:
		to := max(c.to, c.from+tellable)
		p.box("span many", c.from, to, y, pitch-3)
		words := p.elections(c.turns)
		if c.terms > 1 {
			words = p.l.Count(c.terms, strconv.Itoa(c.terms), "×{0} election", "×{0} elections")
		}
		p.sayFirst("", c.from, to-c.from, y+pitch-5.5, words, p.l.Say("×{0}", strconv.Itoa(max(c.terms, 1))))
	}
	*c = stretches{}
}

// deeds draws the requests: above those that ended well or are under way, below those that failed, and those of which nobody
// knows how they ended: they have no end.
func (p *pen) deeds(c *chronicle, y float64) {
	ok, failed, pending := p.bar("deed ok", y, deedHigh-2), p.bar("deed failed", y+deedHigh, oddHigh-1), p.bar("deed pending", y, deedHigh-2)
	low := y + deedHigh
	unknown, open := p.bar("deed unknown", low, oddHigh-1), -1.0
	for i := range c.deeds {
		d := &c.deeds[i]
		if d.to != 0 && d.to < p.from {
			continue
		}
		switch d.outcome {
		case event.OK:
			ok.add(d)
		case event.Failed:
			failed.add(d)
		case event.Pending:
			pending.add(d)
		case event.Unknown:
			unknown.add(d)
			if open < 0 {
				open = p.x(d.from)
			}
		}
	}
	ok.end()
	failed.end()
	pending.end()
	unknown.end()
	if open >= 0 {
		p.shape("open", "M", tenths(open), " ", tenths(low+oddHigh-0.5), "H", tenths(p.known))
	}
}

// bar joins requests of one kind that cannot be told apart.
type bar struct {
	p       *pen
	class   string
	y, high float64

	n        int
	from, to float64
	text     string
}

func (p *pen) bar(class string, y, high float64) *bar {
	return &bar{p: p, class: class, y: y, high: high}
}

func (b *bar) add(d *deed) {
	from, to := b.p.x(d.from), b.p.known
	if d.to != 0 {
		to = max(b.p.x(d.to), from+2)
	}
	if b.n > 0 && from > b.to+1 {
		b.end()
	}
	if b.n == 0 {
		b.from, b.to, b.text = from, to, d.text
	}
	b.n, b.to = b.n+d.n, max(b.to, to)
}

// end draws what was joined, and how many they were.
func (b *bar) end() {
	if b.n == 0 {
		return
	}
	b.p.box(b.class, b.from, b.to, b.y, b.high)
	text := b.text
	if b.n > 1 {
		text = b.p.l.Say("×{0}", b.p.l.Number(uint64(b.n)))
	}
	if b.high > 8 {
		b.p.say("", text, b.from, b.to-b.from, b.y+b.high-1)
	}
	b.n = 0
}

// lamps draws whether safety has held so far: one line for the properties that have, and one for each that has not, with all
// that contradicts it.
func (p *pen) lamps(c *chronicle, y float64) (high int) {
	var broken []event.Property
	for _, a := range c.alarms {
		if !slices.Contains(broken, a.property) {
			broken = append(broken, a.property)
		}
	}
	slices.Sort(broken)
	if len(broken) < event.Properties-1 {
		p.box("lit", 0, p.known, y, lampHigh-2)
		high = lampHigh
	}
	for _, property := range broken {
		p.lamp(c, property, y+float64(high))
		high += alarmHigh
	}
	return high
}

// lamp draws a property that was broken.
func (p *pen) lamp(c *chronicle, property event.Property, y float64) {
	const before = 9
	out, middle := -1.0, tenths(y+alarmHigh/2)
	for _, a := range c.alarms {
		if a.property != property {
			continue
		}
		x := p.x(a.at)
		if out < 0 {
			out = x
		}
		mark := "M" + tenths(x-3) + " " + tenths(y+alarmHigh/2-3) + "l6 6m0 -6l-6 6"
		p.alarms = append(p.alarms, hint{mark, p.l.Say("{0}, broken at {1}: {2}", p.property(property), tale.Clock(a.at), a.text)})
	}
	p.box("lit", 0, out, y+alarmHigh/2-1.5, 3)
	p.shape("out", "M", tenths(out), " ", middle, "H", tenths(p.known))
	name := p.property(property)
	if room := wide(name) + before; !p.say("badly", name, out+before-4, p.width-out-before, y+alarmHigh-3) {
		p.say("badly", name, max(0, out-room), p.width, y+alarmHigh-3)
	}
}

func (p *pen) property(of event.Property) string {
	if name := tale.PropertyName(of); name != "" {
		return p.l.Say(name)
	}
	return of.String()
}

// maxPinned bounds what stands of a bookmark's note at its pin, in characters: the whole of it is in the list.
const maxPinned = 24

// flags draws bookmarks, and faults and their ends. Words are left out where they would run into one another, bookmarks' last;
// flags that stand closer than one can see are one.
func (p *pen) flags(c *chronicle, marks []journal.Mark) {
	var taken [][2]float64
	tell := func(x float64, text string) {
		end := x + wide(text) + 8
		if end > p.width { // beside the flag, on its other side
			x, end = x-wide(text)-8, x
		}
		if slices.ContainsFunc(taken, func(t [2]float64) bool { return x < t[1] && end > t[0] }) {
			return
		}
		if p.say("flt", text, x, p.width-x, 10) {
			taken = append(taken, [2]float64{x, end})
		}
	}
	for _, m := range marks {
		p.shape("pin", "M", tenths(p.x(m.At)), " ", strconv.Itoa(p.height), "l-4 -7h8z")
		tell(p.x(m.At), "★ "+clip(m.Note, maxPinned))
	}
	shown := p.apart(c.faults)
	for i, f := range shown {
		x, class, foot := p.x(f.at), "flag", p.height
		if f.on {
			class = "flag bad"
		}
		if i > 0 && x-p.x(shown[i-1].at) < crowding || i+1 < len(shown) && p.x(shown[i+1].at)-x < crowding {
			foot = flagsTop - 1 // where there are many they would hide what they are about
		}
		p.shape(class, "M", tenths(x), " 3V", strconv.Itoa(foot))
		tell(x, p.fault(f))
	}
}

// apart are the faults without those that cannot be told apart from the one before.
func (p *pen) apart(faults []fault) (shown []fault) {
	for _, f := range faults {
		if f.at >= p.from && (len(shown) == 0 || p.x(f.at)-p.x(shown[len(shown)-1].at) >= tellable) {
			shown = append(shown, f)
		}
	}
	return shown
}

// fault is what stands at a flag.
func (p *pen) fault(f fault) string {
	who := f.node.String()
	switch {
	case f.more > 0:
		return p.l.Say("×{0} faults", strconv.Itoa(f.more+1))
	case f.kind == event.LinkSet && f.link.Cut:
		return p.l.Say("links cut")
	case f.kind == event.LinkSet && f.link.Hold:
		return p.l.Say("held")
	case f.kind == event.LinkSet && !f.on:
		return p.l.Say("links whole")
	case f.kind == event.ChaosSet && !f.on:
		return p.l.Say("chaos ends")
	case f.kind == event.DiskSet && !f.on:
		return p.l.Say("{0} disk as new", who)
	case f.kind == event.DriftSet && !f.on:
		return p.l.Say("{0} clock true", who)
	case f.kind == event.Stopped && !f.on:
		return p.l.Say("{0} left", who)
	case f.kind == event.Stopped && f.why == event.RefusedToStart:
		return p.l.Say("{0} refuses to start", who)
	case f.kind == event.Woke && f.took == 0:
		return p.l.Say("opened again")
	case f.kind == event.Woke:
		return p.l.Say("slept {0}", p.l.Duration(int64(f.took)))
	}
	if text := faultWords[f.kind]; text != "" {
		return p.l.Say(text, who)
	}
	return ""
}

var faultWords = map[event.Kind]string{
	event.Stopped: words.Of("{0} down"), event.Started: words.Of("{0} up"), event.Suspended: words.Of("{0} still"),
	event.Resumed: words.Of("{0} goes on"), event.Wiped: words.Of("{0} wiped"), event.Corrupted: words.Of("{0} corrupted"),
	event.LinkSet: words.Of("links changed"), event.MachineAdded: words.Of("{0} added"), event.MachineRemoved: words.Of("{0} removed"),
	event.SafetyBroken: words.Of("safety broken"), event.ChaosSet: words.Of("chaos"), event.DiskSet: words.Of("{0} disk slow"),
	event.DriftSet: words.Of("{0} clock off"),
}
