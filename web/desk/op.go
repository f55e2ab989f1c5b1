package desk

import (
	"bytes"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// opsALife separates the ids of one life of a room from those of the next: people count from 1.
const opsALife = 1 << 24

// opNumber is how people call a request: its number in this life of the room.
func opNumber(id uint64) string { return number(id % opsALife) }

// opNamed reads a request's number: as it is in the facts, or as people call it.
func (m Moment) opNamed(s string) (uint64, bool) {
	id, ok := event.ParseNumber(s)
	if ok && id < opsALife && len(m.State.Ops) > 0 {
		id += m.State.Ops[len(m.State.Ops)-1].ID / opsALife * opsALife
	}
	return id, ok
}

// drawOp draws "op 17".
func drawOp(m Moment, words []string) *content {
	if len(words) != 1 || m.Journal == nil {
		return nil
	}
	id, ok := m.opNamed(words[0])
	if !ok {
		return nil
	}
	p := m.path(id)
	if p.Asked.Kind == event.KindNone {
		return m.opFromState(m.State.Op(id))
	}
	marks := append(names(p.Nodes), m.placesOfOp(id)...)
	if p.Index != 0 {
		marks = append(marks, "log")
	}
	return &content{body: opPanel(m, p, m.diagramOf(p)), marks: strings.Join(marks, " ")}
}

// opFromState is what is left of a request of which the recording has no more.
func (m Moment) opFromState(op *view.Op) *content {
	if op == nil {
		return nil
	}
	return &content{body: oldOpPanel(m, op), marks: op.Node.String()}
}

// addressed is a request's number, and whom it was asked of: orders to the room are of no node.
func (m Moment) addressed(id uint64, node event.NodeID) string {
	if node == 0 {
		return m.Words.Say("Request {0}, asked of the room.", opNumber(id))
	}
	return m.Words.Say("Request {0}, asked of {1}.", opNumber(id), node.String())
}

// ending says how a request ended, and why in the node's own words. What nobody knows stays unknown; what the facts know besides is said as that.
func (m Moment) ending(p *tale.Path) (words, why, tone string) {
	w := m.Words
	if p.Answered == nil {
		return w.Say("It waits for its answer, for {0} now.", w.Duration(int64(m.State.At-p.Asked.At))), "", "waits"
	}
	took, why := w.Duration(int64(p.Answered.At-p.Asked.At)), upper(p.Answered.Text)
	switch p.Answered.Outcome {
	case event.OK:
		if rev := p.Answered.Rev; rev != 0 {
			return w.Say("OK after {0}: revision {1}.", took, strconv.FormatInt(rev, 10)), "", "good"
		}
		return w.Say("OK after {0}.", took), "", "good"
	case event.Failed:
		return w.Say("Failed after {0}: it did not happen, and will not.", took), why, "bad"
	case event.Unknown, event.Pending:
	}
	return w.Say("Unknown after {0}: its client cannot tell whether it happened or will.", took), why, "open"
}

// truth is what the facts say of a request whose client was told nothing certain.
func (m Moment) truth(p *tale.Path) string {
	if p.Outcome() != event.Unknown && p.Outcome() != event.Pending {
		return ""
	}
	w := m.Words
	if e, yes := p.Happened(); yes && p.Outcome() == event.Unknown {
		return w.Say("Who sees all machines knows more: it did happen. {0} applied entry {1} in term {2}.", e.Node.String(), number(p.Index), number(p.Term))
	}
	var cut []event.NodeID
	for _, s := range p.Steps {
		if s.Kind == tale.StepCut && !slices.Contains(cut, s.Event.Node) {
			cut = append(cut, s.Event.Node)
		}
	}
	switch {
	case p.Settled && p.Outcome() == event.Unknown:
		return w.Say("Who sees all machines knows more: its entry {0} of term {1} is committed, so it will happen, or has happened.", number(p.Index), number(p.Term))
	case p.Settled:
		return ""
	case len(cut) > 0 && len(p.Holders) == 0 && p.UnderWay():
		return w.Say("Its entry was cut off every log that had it ({0}), but a message that brings it is under way yet.", w.List(names(cut)))
	case len(cut) > 0 && len(p.Holders) == 0:
		return w.Say("Who sees all machines knows more: it did not happen. Its entry was cut off every log that had it: {0}.", w.List(names(cut)))
	case len(p.Holders) > 0 && p.Outcome() == event.Unknown:
		return w.Say("Its entry {0} of term {1} is still in a log, neither committed nor overwritten as far as the facts tell.", number(p.Index), number(p.Term))
	}
	return ""
}

// carried says which entry carries the request.
func (m Moment) carried(p *tale.Path) string {
	w := m.Words
	switch {
	case p.Index == 0 && p.Asked.Command == event.Get && p.Outcome() == event.OK && p.Answered.Peer != 0:
		return w.Say("A read writes no entry. {0} confirmed it: before it answered, a majority confirmed that it still leads. The facts do not tell heartbeats of that round from others, so they are not drawn.", p.Answered.Peer.String())
	case p.Index == 0 && p.Asked.Command == event.Get:
		return w.Say("A read writes no entry.")
	case p.Index == 0:
		return ""
	case p.Joined:
		return w.Say("It is one of several requests in entry {0} of term {1}.", number(p.Index), number(p.Term))
	}
	return w.Say("It is entry {0} of term {1}.", number(p.Index), number(p.Term))
}

// entryWords is what to look at for the entry of a request; "" if nobody has it.
func entryWords(p *tale.Path) string {
	for _, s := range p.Steps {
		if s.Kind == tale.StepWrote {
			return "entry " + s.Event.Node.String() + " " + number(p.Index)
		}
	}
	return ""
}

// stepSentence is a step as a line of the list.
func (m Moment) stepSentence(s *tale.Step) string {
	w, node, label := m.Words, s.Event.Node.String(), m.stepLabel(s)
	if s.Event.Node == 0 {
		node = w.Say("the room")
	}
	switch s.Kind {
	case tale.StepAsked:
		return w.Say("The client asks {0}: {1}", node, label)
	case tale.StepAnswered:
		return w.Say("{0} answers the client: {1}", node, label)
	case tale.StepSent:
		if s.Fate == tale.Landed {
			return w.Say("{0} to {1}: {2}; there after {3}", node, s.Event.Peer.String(), label, w.Duration(int64(s.End.At-s.Event.At)))
		}
		return w.Say("{0} to {1}: {2}", node, s.Event.Peer.String(), label)
	case tale.StepWrote, tale.StepMatched, tale.StepCommitted, tale.StepApplied, tale.StepSnapshot, tale.StepCut, tale.StepStopped, tale.StepLeads:
	}
	return w.Say("{0}: {1}", node, label)
}

// after is how long after a request was asked something was.
func (m Moment) after(p *tale.Path, at event.Micros) string {
	return "+" + m.Words.Duration(int64(at-p.Asked.At))
}

// written is a component as text.
func written(c templ.Component) string {
	var b bytes.Buffer
	if err := c.Render(context.Background(), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}
