package desk

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/tale"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// sentenceLead is how many events before the first one that is told are folded, so that its sentence knows what was before.
const sentenceLead = 1024

// told is one event in words; without any it is not worth them.
type told struct {
	seq   uint64
	at    event.Micros
	words string
	tone  string
}

// tell puts events, oldest first, into words; those that are not worth any are left out.
func (m Moment) tell(events []event.Event) (all []told) {
	var unsaid []event.Event
	known := map[uint64]told{}
	for _, e := range events {
		t, there := m.recall(e.Seq)
		if !there {
			unsaid = append(unsaid, e)
		}
		known[e.Seq] = t
	}
	for _, t := range m.say(unsaid) {
		known[t.seq] = t
		m.remember(t)
	}
	for _, e := range events {
		if t := known[e.Seq]; t.words != "" {
			all = append(all, t)
		}
	}
	return all
}

// say puts events, oldest first, into words. What was before each of them is folded for it, anew where they lie far apart.
func (m Moment) say(events []event.Event) (all []told) {
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Seq-events[n-1].Seq <= sentenceLead {
			n++
		}
		all, events = append(all, m.sayNear(events[:n])...), events[n:]
	}
	return all
}

// sayNear is say of events that lie close together.
func (m Moment) sayNear(events []event.Event) (all []told) {
	from := events[0].Seq - min(events[0].Seq-1, sentenceLead)
	s := m.before(&from)
	tale.Each(m.Journal, from-1, events[len(events)-1].Seq, func(e *event.Event) bool {
		if len(all) < len(events) && e.Seq == events[len(all)].Seq {
			words, tone := m.sentence(s, e)
			all = append(all, told{e.Seq, e.At, words, tone})
		}
		s.Apply(*e)
		return false
	})
	return all
}

// before is the state before an event as far as it matters for sentences: the recording's own where it begins there, else
// machines of which only is known what happens from there on.
func (m Moment) before(from *uint64) *view.State {
	if first := m.Journal.Reach().First; *from <= first {
		oldest := m.Journal.Oldest()
		*from = oldest.Seq + 1
		return &oldest
	}
	s := &view.State{Ops: m.State.Ops}
	for i := range m.State.Nodes {
		s.Apply(event.Event{Kind: event.MachineAdded, Node: m.State.Nodes[i].ID})
		s.Apply(event.Event{Kind: event.Started, Node: m.State.Nodes[i].ID})
	}
	s.Ops = append([]view.Op(nil), m.State.Ops...)
	return s
}

// sentence is the feed's, or one for what is too small for the feed.
func (m Moment) sentence(s *view.State, e *event.Event) (words, tone string) {
	who, index := e.Node.String(), strconv.FormatUint(e.Index, 10)
	// The feed has words for the others.
	//exhaustive:ignore
	switch e.Kind {
	case event.Appended:
		return m.Words.Say("{0} wrote entry {1} of term {2} to its disk: {3}.", who, index, strconv.FormatUint(e.Term, 10), e.Text), "minor"
	case event.Applied:
		return m.Words.Say("{0} applied entry {1}: its store is at revision {2}.", who, index, strconv.FormatInt(e.Rev, 10)), "minor"
	}
	return ui.Sentence(m.Words, s, e)
}

// manner says how one direction of a link behaves.
func (m Moment) manner(l event.Link) string { return ui.Manner(m.Words, l) }

// named says what a message is.
func (m Moment) named(msg *view.Message) string { return ui.Named(m.Words, msg) }

// ago is how long before the moment something was.
func (m Moment) ago(at event.Micros) string {
	return m.Words.Say("{0} ago", m.Words.Duration(int64(max(m.State.At-at, 0))))
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func names(ids []event.NodeID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = id.String()
	}
	return all
}
