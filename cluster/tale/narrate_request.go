package tale

import (
	"github.com/quorumlab/quorumlab/cluster/event"
)

// Bounds of what is told one by one.
const (
	tellEach              = 3         // requests in a row; more are counted
	pause    event.Micros = 5_000_000 // after so long without a request, those before are told
)

// batch is requests that ended without anything happening between them.
type batch struct {
	ends  []event.Event // the first ones
	texts []string
	n     [4]int // by outcome
	reads int
	slow  event.Micros
	low   int64 // revisions
	high  int64
	first event.Micros
	last  event.Event
}

// grow takes an answer in, and tells of what was before when nothing came for long.
func (b *batch) grow(n *narrator, e *event.Event) {
	if b.last.Seq != 0 && e.At > b.last.At+pause {
		b.flush(n)
	}
	if e.Kind != event.Answered || !e.Command.Client() || !n.begun || e.Outcome == event.OK && (e.Command == event.Watch || e.Command == event.LeaseKeepAlive) {
		return
	}
	if b.last.Seq == 0 {
		b.first = e.At
	}
	text := e.Command.String()
	if op := n.s.Op(e.Op); op != nil && op.Text != "" {
		text = op.Text
	}
	if len(b.ends) < tellEach || e.Outcome != event.OK && b.n[event.Failed]+b.n[event.Unknown] < tellEach {
		b.ends, b.texts = append(b.ends, *e), append(b.texts, text)
	}
	b.n[e.Outcome]++
	if e.Command == event.Get {
		b.reads++
	}
	if e.Outcome == event.OK {
		b.slow = max(b.slow, e.Took)
	}
	if e.Rev != 0 && e.Command != event.Get {
		if b.low == 0 || e.Rev < b.low {
			b.low = e.Rev
		}
		b.high = max(b.high, e.Rev)
	}
	b.last = *e
	n.eventful = true
}

// flush tells of them: each, if they are few, otherwise how many they were and each that did not end well.
func (b *batch) flush(n *narrator) {
	all := b.n[event.OK] + b.n[event.Failed] + b.n[event.Unknown]
	if all == 0 {
		return
	}
	told := *b
	*b = batch{}
	if all <= tellEach {
		for i := range told.ends {
			n.line(told.ends[i].Seq, told.ends[i].At, n.request(&told.ends[i], told.texts[i]))
		}
		return
	}
	if ok := told.n[event.OK]; ok > 0 {
		n.line(told.last.Seq, told.last.At, n.many(&told, ok))
	}
	bad := 0
	for i := range told.ends {
		if told.ends[i].Outcome != event.OK {
			bad++
			n.line(told.ends[i].Seq, told.ends[i].At, n.request(&told.ends[i], told.texts[i]))
		}
	}
	if more := told.n[event.Failed] + told.n[event.Unknown] - bad; more > 0 {
		n.line(told.last.Seq, told.last.At, n.Say("×{0} more did not end well: {1} failed and {2} unknown in all.", n.Number(uint64(more)), n.Number(uint64(told.n[event.Failed])), n.Number(uint64(told.n[event.Unknown]))))
	}
}

// many is those that ended well, in one sentence.
func (n *narrator) many(b *batch, ok int) string {
	within := n.Duration(int64(b.last.At - b.first))
	if b.high > 0 {
		if b.reads == 0 {
			return n.Say("×{0} writes were done within {1}; revisions {2} to {3}; the slowest took {4}.", n.Number(uint64(ok)), within, number(uint64(b.low)), number(uint64(b.high)), n.Duration(int64(b.slow)))
		}
		return n.Say("×{0} requests were done within {1}, gets among them: {2}; revisions {3} to {4}; the slowest took {5}.", n.Number(uint64(ok)), within, n.Number(uint64(b.reads)), number(uint64(b.low)), number(uint64(b.high)), n.Duration(int64(b.slow)))
	}
	return n.Say("×{0} requests were done within {1}, gets among them: {2}; the slowest took {3}.", n.Number(uint64(ok)), within, n.Number(uint64(b.reads)), n.Duration(int64(b.slow)))
}

// request is how one ended.
func (n *narrator) request(e *event.Event, text string) string {
	took, who := n.Duration(int64(e.Took)), e.Node.String()
	switch e.Outcome {
	case event.Failed:
		return n.Say("{0}, asked of {1}, failed after {2}: {3}.", text, who, took, ended(e.Text))
	case event.Unknown:
		return n.Say("{0}, asked of {1}, has an unknown outcome: after {2}, {3}.", text, who, took, ended(e.Text))
	case event.OK:
		if len(e.Nodes) > 0 {
			return n.Say("{0}, asked of {1}, was done by {2} as entry {3}, revision {4}, in {5}; {6} held it then.", text, who, e.Peer.String(), number(e.Index), number(uint64(e.Rev)), took, nodes(n.Language, e.Nodes))
		}
		if e.Rev != 0 {
			return n.Say("{0}, asked of {1}, was answered with revision {2}, in {3}.", text, who, number(uint64(e.Rev)), took)
		}
	case event.Pending:
	}
	return n.Say("{0}, asked of {1}, was done in {2}.", text, who, took)
}
