package desk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
	"github.com/quorumlab/quorumlab/cluster/words"
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
	m.Live = true
	for i := range 3 * maxSeats {
		m.wondered(fmt.Sprint(i), func() wondered { return wondered{} })
	}
	for seq := range uint64(3 * maxSeats) {
		m.see(seq+1, &eventSight{})
	}
	if len(r.asked) > maxSeats || len(r.events) > maxSeats {
		t.Errorf("%d lists of questions, %d events", len(r.asked), len(r.events))
	}
	if len(r.paths) != maxSeats || len(r.said) > maxSentences {
		t.Errorf("%d paths, %d sentences", len(r.paths), len(r.said))
	}
	m.Journal = journal.New(journal.Options{Epoch: 2})
	if _, known := m.recall(1); known {
		t.Error("another room's sentence")
	}
	if m.seen(3*maxSeats) != nil {
		t.Error("another room's event")
	}
	if m.path(1); len(r.paths) != 1 || len(r.said) != 0 {
		t.Errorf("%d paths, %d sentences of another journal", len(r.paths), len(r.said))
	}
}

// A living room's panel finds out once a second what one may ask; a moment of the past always.
func TestQuestionsAreFoundOutOnceASecond(t *testing.T) {
	j := journal.New(journal.Options{Epoch: 1})
	m := Moment{Journal: j, State: &view.State{}, Memory: NewMemory(), Live: true}
	asked := 0
	ask := func() wondered { asked++; return wondered{} }
	for _, c := range []struct {
		wall event.Micros
		live bool
		want int
	}{{5_000_000, true, 1}, {5_900_000, true, 1}, {6_000_000, true, 2}, {3_000_000, true, 3}, {3_000_000, false, 4}} {
		m.State.Wall, m.Live = c.wall, c.live
		if m.wondered("n1", ask); asked != c.want {
			t.Errorf("at %d: %d times, wanted %d", c.wall, asked, c.want)
		}
	}
}

// As many stories are kept as there may be, each read on where it was left; one more begins all anew.
func TestStoriesHaveBounds(t *testing.T) {
	j := journal.New(journal.Options{Epoch: 1})
	for id := range event.NodeID(3) {
		j.Append(event.Event{Kind: event.MachineAdded, Node: id + 1})
		j.Append(event.Event{Kind: event.Started, Node: id + 1, Term: 1})
	}
	for n := range uint64(2 * linesAtOnce) {
		j.Append(event.Event{Kind: event.Stopped, At: event.Micros(n) * 2_000_000, Node: 1, Reason: event.Killed})
		j.Append(event.Event{Kind: event.Started, At: event.Micros(n)*2_000_000 + 1_000_000, Node: 1, Term: 1})
	}
	j.Close()
	m := Moment{Journal: j, State: &view.State{}, Memory: NewMemory()}
	read := func(tag string) (more bool) {
		m.Words = &words.Language{Tag: tag}
		_, more = m.story()
		return more
	}
	for i := range maxStories {
		if !read(fmt.Sprint(i)) {
			t.Fatal("the story is too short for this test")
		}
	}
	for n := 0; read("0"); n++ {
		if n > 100 {
			t.Fatal("a story that is read on never ends")
		}
	}
	if read("one more"); len(m.Memory.stories.told) > maxStories {
		t.Errorf("%d stories are kept", len(m.Memory.stories.told))
	}
}
