package ui

import (
	"math"
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// nodeLook is all that a node's picture depends on; two equal ones look the same.
type nodeLook struct {
	id       event.NodeID
	role     event.Role
	suffrage event.Suffrage
	term     uint64
	up       bool
	still    bool
	stale    bool
	picked   bool
	far      bool // on the second side of a partition that is being put together
	down     string
	below    string // words under the disc
	more     string // a second line
	burnt    int    // of the election timer, in timerSteps
	window   int    // where its uncertain end begins, in timerSteps
	why      string // the reasons of those who refused it their votes
	votes    string // how many it has, in words
	timer    bool
	pips     string // one letter a voter: + has voted, ~ would vote, - refused, . waiting
	at       point
	radius   float64
}

// timerSteps is how finely the arc of an election timer is drawn.
const timerSteps = 72

// drawnNode is a node's picture and what it was drawn for.
type drawnNode struct {
	look nodeLook
	el   *Element
}

func nodesElement(m *Model) *Element {
	g := piece("g", "nodes")
	c := m.kept()
	for i := range m.State.Nodes {
		look := m.lookOfNode(&m.State.Nodes[i])
		key := look.id.String()
		d, there := c.nodes[key]
		if !there || d.look != look {
			d = drawnNode{look, look.element(m)}
			c.nodes[key] = d
		}
		g.add(d.el)
	}
	return g
}

func (m *Model) lookOfNode(n *view.Node) nodeLook {
	r := m.ringNow()
	l := nodeLook{id: n.ID, role: n.Role, suffrage: m.suffrage(n.ID), term: n.Term, up: n.Up, still: n.Suspended,
		stale: m.State.StaleLeader(n), picked: m.picked.node == n.ID, far: m.parting.open && m.parting.isFar(n.ID), radius: r.radius}
	l.at, _ = r.place(n.ID)
	l.below, l.more = m.wordsBelow(n)
	if n.Refused != "" {
		l.down = m.Say("refused to start: {0}", n.Refused)
	}
	if n.Role == event.Candidate {
		l.pips, l.why = m.pipsOf(n), m.refusals(n)
		has := uint64(0)
		for _, pip := range l.pips {
			if pip == '+' || pip == '~' {
				has++
			}
		}
		need := strconv.Itoa(m.State.VotesNeeded(n))
		if l.votes = m.Say("{0} of {1} votes", number(has), need); n.AsksFirst() {
			l.votes = m.Say("pre-vote: {0} of {1} would vote for it", number(has), need)
		}
	}
	if left, window, runs := timerOf(n, m.clock.now); runs && n.Role != event.Leader && n.Up && suffrageIn(n.Members, n.ID) == event.Voter {
		l.timer, l.burnt, l.window = true, timerSteps-int(math.Ceil(left*timerSteps)), int(math.Round((1-window)*timerSteps))
	}
	return l
}

// timerOf is the share that is left until the latest time at which the node stands for election, and the
// share that its window takes: inside it the node may stand at any moment. The clock of a machine that stands still does too.
func timerOf(n *view.Node, now event.Micros) (left, window float64, runs bool) {
	whole := float64(n.TimerMax - n.TimerFrom)
	if whole <= 0 || n.TimerMax == 0 {
		return 0, 0, false
	}
	if n.Suspended {
		now = n.Stood
	}
	left = min(max(float64(n.TimerMax-now)/whole, 0), 1)
	return left, min(max(float64(n.TimerMax-n.TimerMin)/whole, 0), 1), true
}

// wordsBelow are the index that matters under the disc, and what is unusual about the machine.
func (m *Model) wordsBelow(n *view.Node) (below, more string) {
	switch {
	case n.Refused != "":
		below = m.Say("refuses to start")
	case !n.Up:
		below = m.Say("down")
	case n.Suspended:
		below = m.Say("stands still")
	case n.Role == event.Leader:
		below = m.Say("commit {0}", number(n.Commit))
	case n.Role == event.Follower && m.believed(n.ID).Next > 0:
		below = m.Say("match {0}", number(m.believed(n.ID).Match))
	default:
		below = m.Say("last {0}", number(n.Last))
	}
	if n.Drift != event.One && n.Drift != 0 {
		more = m.Say("clock ×{0}", factor(m.Language, n.Drift))
	}
	if n.Fsync != 0 {
		more += switched(more == "", "", " · ") + m.Say("disk +{0}", spell(m.Language, n.Fsync))
	}
	return below, more
}

// refusals are the sentences of those who refused this candidate their votes, as they told it.
func (m *Model) refusals(n *view.Node) string {
	s := ""
	for _, b := range n.Ballots {
		v := m.State.Node(b.Voter)
		if b.Granted || v == nil {
			continue
		}
		if r := v.Refusal; r.Candidate == n.ID && r.Term == n.Term {
			why, _ := m.sentence(&event.Event{Kind: event.VoteRefused, Node: v.ID, Peer: n.ID, Term: r.Term, OK: r.PreVote, Reason: r.Reason, Index: r.Index,
				LogTerm: r.LogTerm, Text: r.Text})
			s += why + " "
		}
	}
	return s
}

// tipElement says why a candidate that the pointer or the focus is on was refused votes.
func tipElement(m *Model) *Element {
	for i := range m.State.Nodes {
		n := &m.State.Nodes[i]
		if m.hover != "node:"+n.ID.String() || n.Role != event.Candidate {
			continue
		}
		if why := m.refusals(n); why != "" {
			return piece("p", "tip").say(why)
		}
	}
	return nil
}

// pipsOf has a letter for each voter of the candidate's configuration.
func (m *Model) pipsOf(n *view.Node) string {
	members := n.Members
	if len(members) == 0 {
		members = m.State.Members
	}
	asks := n.AsksFirst()
	yes, s := switched(asks, "~", "+"), ""
	for _, x := range members {
		if x.Suffrage != event.Voter {
			continue
		}
		mark := "."
		for _, b := range n.Ballots {
			if b.Voter == x.ID && b.PreVote == asks {
				mark = switched(b.Granted, yes, "-")
			}
		}
		s += mark
	}
	return s
}

// name is the node's role as a word, for classes and data-role.
func (l *nodeLook) name() string {
	if !l.up {
		return "none"
	}
	return l.role.String()
}

func (l *nodeLook) element(m *Model) *Element {
	class := "node " + l.name()
	for _, c := range [...]struct {
		yes  bool
		name string
	}{{!l.up, "down"}, {l.still, "still"}, {l.stale, "stale"}, {l.picked, "picked"}, {l.far, "far"},
		{l.suffrage == event.Learner, "learner"}, {l.suffrage == event.NoMember, "outside"}} {
		if c.yes {
			class += " " + c.name
		}
	}
	id := l.id.String()
	g := classed("g", class).keyed(id).set("id", "node-"+id).set("data-node", id).set("data-role", l.name()).
		set("data-term", number(l.term)).set("data-up", switched(l.up, "true", "false")).
		set("data-suspended", switched(l.still, "true", "false")).
		when(l.stale, "data-stale", "true").
		set("data-action", "node").set("data-arg", id).set("data-hover", "node:"+id).
		set("tabindex", "0").set("role", "button").set("aria-label", l.words(m)).
		set("transform", "translate("+px(l.at.x)+" "+px(l.at.y)+")")
	r := l.radius
	g.add(classed("circle", "halo").set("r", px(r+11)), classed("circle", "body").set("r", px(r)))
	if l.timer {
		g.add(l.timerElements()...)
	}
	return g.add(l.glyph()).add(l.texts(m)...)
}

// words is the node's name for those who do not see it. It begins with what stands there, so that it can be
// spoken to (WCAG 2.5.3, Label in Name).
func (l *nodeLook) words(m *Model) string {
	s := ""
	for _, line := range l.lines(m) {
		s += line + " "
	}
	switch {
	case l.down != "":
		s += "– " + l.down
	case l.stale:
		s += m.Say("– replaced leader")
	case l.up:
		s += "– " + m.Say(roleNames[l.role])
	}
	if l.pips != "" {
		s += " · " + l.votes + switched(l.why == "", "", " · ") + l.why
	}
	return s
}

// lines are what stands in and below the disc.
func (l *nodeLook) lines(m *Model) []string {
	all := []string{l.id.String(), m.Say("term {0}", number(l.term)), l.below}
	second := l.more
	if l.suffrage == event.Learner {
		second = m.Say("learner") + switched(second == "", "", " · ") + second
	}
	if l.suffrage == event.NoMember {
		second = m.Say("no member") + switched(second == "", "", " · ") + second
	}
	if second != "" {
		all = append(all, second)
	}
	return all
}

func (l *nodeLook) texts(m *Model) []*Element {
	r := l.radius
	looks := [...]struct {
		class   string
		y, size float64
	}{{"nm", r * 0.11, r * 0.43}, {"tm", r * 0.52, max(r*0.295, 10)}, {"sub", r + 21, max(r*0.295, 10.5)}, {"sub odd", r + 35, max(r*0.27, 10)}}
	var all []*Element
	for i, line := range l.lines(m) {
		at := looks[i]
		// The space is not drawn; without it those who listen would hear the lines as one word.
		all = append(all, classed("text", at.class).set("y", px(at.y)).set("font-size", px(at.size)).say(line), text(" "))
	}
	return all
}

// glyph is the sign at the top of the disc: crown, pause, cross, or a candidate's ballots.
func (l *nodeLook) glyph() *Element {
	at := "translate(0 " + px(-l.radius*0.52) + ") scale(" + decimal(l.radius/37, 2) + ")"
	switch {
	case l.still:
		return classed("path", "still-glyph").set("transform", at).set("d", "M-4.5-6v11M4.5-6v11")
	case !l.up:
		return classed("path", "down-glyph").set("transform", at).set("d", "M-5.5-5.5l11 11M5.5-5.5l-11 11")
	case l.role == event.Leader:
		return classed("path", "crown").set("transform", at).set("d", "M-9 5-10.5-5-4.8-1 0-8.5 4.8-1 10.5-5 9 5Z")
	case l.pips != "":
		return l.pipsElement(at)
	}
	return nil
}

// pipsElement has one pip a voter: filled with a tick for a vote, hollow with one for a pre-vote, a ring for one that is awaited, a
// cross for a refusal.
func (l *nodeLook) pipsElement(at string) *Element {
	g := classed("g", "pips").set("transform", at)
	gap := min(11, 58/float64(len(l.pips)))
	for i, mark := range l.pips {
		x := (float64(i) - float64(len(l.pips)-1)/2) * gap
		pip := tag("g").set("transform", "translate("+px(x)+" 0)")
		switch mark {
		case '+':
			pip.set("class", "pip yes").add(tag("circle").set("r", "4.2"), tag("path").set("d", "M-2 .1l1.4 1.5L2-1.5"))
		case '~':
			pip.set("class", "pip would").add(tag("circle").set("r", "4.2"), tag("path").set("d", "M-2 .1l1.4 1.5L2-1.5"))
		case '-':
			pip.set("class", "pip no").add(tag("circle").set("r", "4.2"), tag("path").set("d", "M-1.7-1.7l3.4 3.4M1.7-1.7l-3.4 3.4"))
		default:
			pip.set("class", "pip open").add(tag("circle").set("r", "3.4"))
		}
		g.add(pip)
	}
	return g
}

// timerElements are the arc that is left of the election timer. Its last part, lighter, is the window in
// which the node may stand for election at any moment.
func (l *nodeLook) timerElements() []*Element {
	r := l.radius + 6
	var all []*Element
	if l.burnt < l.window {
		all = append(all, classed("path", "timer").set("d", arc(r, l.burnt, l.window)))
	}
	if from := max(l.burnt, l.window); from < timerSteps {
		all = append(all, classed("path", "timer late").set("d", arc(r, from, timerSteps)))
	}
	return all
}

// arc runs clockwise from the top, between two steps of timerSteps.
func arc(r float64, from, to int) string {
	if to-from >= timerSteps {
		to-- // a whole circle would end where it begins and vanish
	}
	at := func(step int) string {
		t := 2 * math.Pi * float64(step) / timerSteps
		return px(r*math.Sin(t)) + " " + px(-r*math.Cos(t))
	}
	return "M" + at(from) + "A" + px(r) + " " + px(r) + " 0 " + switched(to-from > timerSteps/2, "1", "0") + " 1 " + at(to)
}
