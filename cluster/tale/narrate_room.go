package tale

import (
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// hearRoom tells of the room: time, network, orders, lamps.
func (n *narrator) hearRoom(e *event.Event, was *formerly) {
	if n.restated(e) {
		return
	}
	// the kinds that a story tells of; heartbeats and their like never are
	//exhaustive:ignore
	switch e.Kind {
	case event.RateSet:
		if !n.begun {
			return
		}
		switch {
		case e.Factor == 0:
			n.tell(e, n.Say("The room's time was frozen."))
		case was.rate == 0:
			n.tell(e, n.Say("The room's time went on, at {0} times the real speed.", n.Decimal(int64(e.Factor), int64(event.One), 2)))
		default:
			n.tell(e, n.Say("The room's time was set to {0} times the real speed.", n.Decimal(int64(e.Factor), int64(event.One), 2)))
		}
	case event.PreVoteSet:
		if n.begun && e.OK {
			n.fault(e, n.Say("Pre-vote was switched on: candidates ask first whether they could win."), n.Say("Pre-vote"))
		} else if n.begun {
			n.fault(e, n.Say("Pre-vote was switched off: candidates stand for election without asking first."), n.Say("Pre-vote"))
		}
	case event.ChaosSet:
		n.setChaos(e)
	case event.Woke:
		n.woke(e)
	case event.LinkSet:
		n.links.take(e, was.link)
	case event.Dropped:
		n.sums.drop(e)
	case event.Held:
		n.sums.held++
	case event.Asked:
		n.opened = -1
		n.ordered(e)
	case event.Answered:
		if !e.Command.Client() && e.Outcome != event.OK {
			n.unfulfilled(e)
		}
	case event.SafetyBroken:
		n.open(e, n.Say("{0} is broken", n.property(e.Property)))
		n.tell(e, n.Say("{0} was broken: {1}.", n.property(e.Property), ended(e.Text)))
	}
}

// woke tells of a sleep. How the room was then is told in the same moment; the story knows it already.
func (n *narrator) woke(e *event.Event) {
	if e.Text == "" {
		n.open(e, n.Say("The room slept"))
		n.tell(e, n.Say("The room slept for {0} outside, and was opened again.", n.Duration(int64(e.Took))))
	} else {
		n.open(e, n.Say("The room was opened again"))
		n.tell(e, n.Say("The room was opened again; {0}.", n.Say(e.Text)))
	}
	n.opened, n.order = e.At, nil
}

// restated says whether an event only tells how a room that was opened again is: until somebody asks for something at that moment.
func (n *narrator) restated(e *event.Event) bool {
	// What a room tells when it is opened.
	//exhaustive:ignore
	switch e.Kind {
	case event.RateSet, event.PreVoteSet, event.LinkSet, event.MachineAdded, event.Started, event.Stopped, event.DriftSet, event.DiskSet:
		return e.At == n.opened
	case event.ChaosSet:
		return e.At == n.opened && e.OK == n.chaos
	}
	return false
}

func (n *narrator) setChaos(e *event.Event) {
	if n.chaos = e.OK; n.chaos {
		n.open(e, n.Say("Chaos"))
		n.tell(e, n.Say("Chaos began, at {0} % and with seed {1}: faults came by themselves from now on.", n.Decimal(int64(e.Factor)*100, int64(event.One), 0), number(uint64(e.N))))
		return
	}
	n.open(e, n.Say("The end of chaos"))
	n.tell(e, n.Say("Chaos ended."))
}

// ordered notes what people want; what has no fact of its own is told.
func (n *narrator) ordered(e *event.Event) {
	if e.Command.Client() {
		return
	}
	c := *e
	n.order = &c
	// what the facts that follow do not tell
	//exhaustive:ignore
	switch e.Command {
	case event.Elect, event.Transfer, event.StepDown:
		n.open(e, n.Say("Leadership is to move"))
		n.tell(e, ordered(n.Language, e))
	case event.MemberAdd, event.MemberPromote, event.MemberDemote, event.MemberRemove:
		n.open(e, n.Say("The members are to change"))
		n.tell(e, ordered(n.Language, e))
	case event.Deliver, event.Drop, event.Duplicate, event.Reorder, event.Snapshot, event.Preset, event.Undo:
		n.tell(e, ordered(n.Language, e))
	}
}

// ordered says who ordered what.
func ordered(l *words.Language, asked *event.Event) string {
	if chaotic(asked) {
		return l.Say("Chaos ordered: {0}.", asked.Text)
	}
	return l.Say("Somebody ordered: {0}.", asked.Text)
}

// unfulfilled tells of an order that was not carried out.
func (n *narrator) unfulfilled(e *event.Event) {
	text := e.Command.String()
	if op := n.s.Op(e.Op); op != nil && op.Text != "" {
		text = op.Text
	}
	if e.Command == event.Restart && n.s.Node(e.Node) != nil && n.s.Node(e.Node).Refused != "" {
		return // the machine has said so
	}
	if e.Outcome == event.Unknown {
		n.tell(e, n.Say("What became of the order “{0}” is unknown: {1}.", text, ended(e.Text)))
		return
	}
	n.tell(e, n.Say("The order “{0}” was not carried out: {1}.", text, ended(e.Text)))
}

// linkBurst is links that were changed at one instant.
type linkBurst struct {
	open    bool
	at      event.Micros
	last    event.Event
	changed []view.Link
	opened  int // gates
}

func (b *linkBurst) take(e *event.Event, was event.Link) {
	b.open, b.at, b.last = true, e.At, *e
	if was.Hold && !e.Link.Hold {
		b.opened++
	}
	b.changed = append(b.changed, view.Link{From: e.Node, To: e.Peer, Link: e.Link})
}

// ended says whether an event no longer belongs to the burst: messages that are lost or held by it do.
func (b *linkBurst) ended(e *event.Event) bool {
	if !b.open {
		return false
	}
	return e.At != b.at || e.Kind != event.LinkSet && e.Kind != event.Dropped && e.Kind != event.Held && e.Kind != event.Released
}

// tellLinks tells what the changes come to.
func (n *narrator) tellLinks() {
	b := n.links
	n.links = linkBurst{}
	e := &b.last
	n.fault(e, n.linkWords(&b), n.linkTitle(&b))
}

func (n *narrator) linkTitle(b *linkBurst) string {
	switch {
	case n.allWhole():
		return n.Say("The network heals")
	case b.last.Link.Hold || b.opened > 0:
		return n.Say("Gates")
	case b.last.Link.Cut:
		return n.Say("The network is cut")
	}
	return n.Say("The network changes")
}

func (n *narrator) allWhole() bool {
	for i := range n.s.Links {
		if n.s.Links[i].Link != (event.Link{}) {
			return false
		}
	}
	return true
}

// few is how many changed directions are told one by one.
const few = 4

func (n *narrator) linkWords(b *linkBurst) string {
	hold := 0
	for _, l := range b.changed {
		if l.Hold {
			hold++
		}
	}
	switch {
	case b.opened == len(b.changed) && b.opened > few:
		return n.Say("The gates were opened, and what had waited went on.")
	case n.allWhole():
		return n.Say("All ways are open and as quick as usual again.")
	case hold == len(b.changed) && hold > few:
		return n.Say("Every message waits at a gate from now on, until it is let go by hand.")
	case len(b.changed) <= few:
		return n.eachWay(b.changed)
	}
	if parts := n.parts(); len(parts) > 1 {
		return n.Say("The network fell into {0} parts: {1}.", count(len(parts)), strings.Join(parts, "; "))
	}
	text := n.Count(len(b.changed), count(len(b.changed)), "{0} way was changed; all machines that run still reach each other.", "{0} ways were changed; all machines that run still reach each other.")
	for i := range n.s.Nodes {
		if m := &n.s.Nodes[i]; !runs(m) && n.alone(m.ID) {
			text = n.Say("{0} {1}, which does not run at the moment, is cut off from all others.", text, m.ID.String())
		}
	}
	return text
}

// alone says whether nothing passes to a machine or from it.
func (n *narrator) alone(id event.NodeID) bool {
	ways := 0
	for i := range n.s.Links {
		if l := &n.s.Links[i]; l.From == id || l.To == id {
			if ways++; !l.Cut && l.Loss < event.One {
				return false
			}
		}
	}
	return ways > 0
}

// parts are the sides of a cut network, and what each can do.
func (n *narrator) parts() (parts []string) {
	for _, g := range n.s.Groups() {
		who := nodes(n.Language, g.Nodes)
		if g.Quorum {
			parts = append(parts, n.Say("{0} with {1} of {2} voters, which can elect and commit", who, count(g.Voters), count(g.Total)))
		} else {
			parts = append(parts, n.Say("{0} with {1} of {2} voters, which can do neither", who, count(g.Voters), count(g.Total)))
		}
	}
	return parts
}

// eachWay tells of each direction; both of a pair that are alike are one.
func (n *narrator) eachWay(changed []view.Link) string {
	var told []string
	for i, l := range changed {
		both, first := false, true
		for j, o := range changed {
			if o.From == l.To && o.To == l.From && o.Link == l.Link {
				both, first = true, i < j
			}
		}
		if first {
			told = append(told, n.way(&l, both))
		}
	}
	return strings.Join(told, " ")
}

func (n *narrator) way(l *view.Link, both bool) string {
	a, b := l.From.String(), l.To.String()
	switch {
	case l.Cut && both:
		return n.Say("The way between {0} and {1} was cut.", a, b)
	case l.Cut:
		return n.Say("The way from {0} to {1} was cut, not that from {1} to {0}.", a, b)
	case l.Hold && both:
		return n.Say("Messages between {0} and {1} wait at a gate from now on.", a, b)
	case l.Hold:
		return n.Say("Messages from {0} to {1} wait at a gate from now on.", a, b)
	case l.Link == (event.Link{}) && both:
		return n.Say("The way between {0} and {1} is as usual again.", a, b)
	case l.Link == (event.Link{}):
		return n.Say("The way from {0} to {1} is as usual again.", a, b)
	case l.Loss > 0 && l.Delay == 0:
		return n.Say("The way from {0} to {1} loses {2} % of the messages from now on.", a, b, n.Decimal(int64(l.Loss)*100, int64(event.One), 1))
	case l.Loss > 0:
		return n.Say("The way from {0} to {1} takes {2} and loses {3} % of the messages from now on.", a, b, n.Duration(int64(l.Delay)), n.Decimal(int64(l.Loss)*100, int64(event.One), 1))
	case l.Slow > event.One:
		return n.Say("The way from {0} to {1} is {2} times as slow from now on.", a, b, n.Decimal(int64(l.Slow), int64(event.One), 1))
	case l.Delay > 0:
		return n.Say("The way from {0} to {1} takes {2} from now on.", a, b, n.Duration(int64(l.Delay)))
	}
	return n.Say("The way from {0} to {1} was changed.", a, b)
}
