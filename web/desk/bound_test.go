package desk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Lists end, and say so.
func TestListsHaveBounds(t *testing.T) {
	s := &view.State{}
	s.Apply(event.Event{Kind: event.MachineAdded, Node: 1})
	s.Apply(event.Event{Kind: event.MachineAdded, Node: 2})
	for i := range uint64(maxOps + 20) {
		s.Apply(event.Event{Kind: event.Asked, Op: i + 1, Command: event.Put, Node: 1, Key: "k", Text: "put k 1"})
	}
	for i := range uint64(maxFlights + 2) {
		s.Apply(event.Event{Kind: event.Sent, Msg: i + 1, Node: 1, Peer: 2, Type: event.Heartbeat})
	}
	html := Draw(Moment{State: s}, "ops").HTML
	has(t, "ops", html, fmt.Sprintf("The last %d of %d.", maxOps, maxOps+20))
	if n := strings.Count(html, `id="desk-op-`); n != maxOps {
		t.Errorf("%d requests are listed", n)
	}
	has(t, "link", Draw(Moment{State: s}, "link n1 n2").HTML, "and 2 messages more")
}

// What is remembered is bounded, and forgotten with its journal.
func TestMemoryHasBounds(t *testing.T) {
	r := NewMemory()
	j := journal.New(journal.Options{Epoch: 1})
	j.Append(event.Event{Kind: event.MachineAdded, Node: 1})
	j.Flush(1)
	s := j.State()
	m := Moment{Journal: j, State: &s, Memory: r}
	for id := range uint64(maxSeats + 5) {
		m.path(id + 1)
	}
	for seq := range uint64(2*maxSentences + 5) {
		m.remember(told{seq: seq + 1, words: "x"})
	}
	if len(r.paths) != maxSeats || len(r.said) > maxSentences {
		t.Errorf("%d paths, %d sentences", len(r.paths), len(r.said))
	}
	m.Journal = journal.New(journal.Options{Epoch: 2})
	if _, known := m.recall(1); known {
		t.Error("another room's sentence")
	}
	if m.path(1); len(r.paths) != 1 || len(r.said) != 0 {
		t.Errorf("%d paths, %d sentences of another journal", len(r.paths), len(r.said))
	}
}
