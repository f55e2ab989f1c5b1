package tale

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// recorded is a journal with these facts, in frames of a few, each a millisecond after the one before where it says no time.
func recorded(t *testing.T, nodes int, facts ...event.Event) *journal.Journal {
	t.Helper()
	now := event.Micros(0)
	j := journal.New(journal.Options{Epoch: 1, Wall: func() event.Micros { return now }})
	for id := range nodes {
		j.Append(event.Event{Kind: event.MachineAdded, Node: event.NodeID(id + 1)})
		j.Append(event.Event{Kind: event.Started, Node: event.NodeID(id + 1), Term: 1})
	}
	for i, e := range facts {
		if now += 1_000; e.At == 0 {
			e.At = now
		}
		now = e.At
		j.Append(e)
		if i%5 == 4 {
			j.Flush(now)
		}
	}
	j.Flush(now)
	return j
}

// The facts of requests, short.
func asked(op uint64, n event.NodeID, words string) event.Event {
	return event.Event{Kind: event.Asked, Op: op, Command: event.Put, Node: n, Text: words, Key: "x"}
}

func answered(op uint64, n, leader event.NodeID, o event.Outcome, index, term uint64) event.Event {
	return event.Event{Kind: event.Answered, Op: op, Command: event.Put, Node: n, Peer: leader, Outcome: o, Index: index, Term: term}
}

func appended(n event.NodeID, index, term, op uint64) event.Event {
	return event.Event{Kind: event.Appended, Node: n, Index: index, Term: term, Op: op, Entry: event.EntryCommand, Text: "x=1", N: 16}
}

func at(kind event.Kind, n event.NodeID, index uint64) event.Event {
	return event.Event{Kind: kind, Node: n, Index: index}
}

func matched(leader, n event.NodeID, index uint64) event.Event {
	return event.Event{Kind: event.MatchSet, Node: leader, Peer: n, Index: index, N: int64(index) + 1}
}

func entries(msg uint64, from, to event.NodeID, previous, n, term, op uint64) event.Event {
	return event.Event{Kind: event.Sent, Type: event.AppendEntries, Msg: msg, Node: from, Peer: to, Index: previous, N: int64(n), Term: term, From: event.Micros(term), Op: op}
}

func reply(msg uint64, from, to event.NodeID, ok bool) event.Event {
	return event.Event{Kind: event.Sent, Type: event.AppendEntries, Reply: true, Msg: msg, Node: from, Peer: to, OK: ok}
}

func forward(msg uint64, from, to event.NodeID, op uint64, reply bool) event.Event {
	return event.Event{Kind: event.Sent, Type: event.Forward, Msg: msg, Node: from, Peer: to, Op: op, Reply: reply, OK: reply}
}

func landed(msg uint64, from, to event.NodeID) event.Event {
	return event.Event{Kind: event.Delivered, Msg: msg, Node: from, Peer: to}
}

func lost(msg uint64, from, to event.NodeID, why event.Reason) event.Event {
	return event.Event{Kind: event.Dropped, Msg: msg, Node: from, Peer: to, Reason: why}
}

func TestPreVotesOfOneInstantAreToldAsOne(t *testing.T) {
	facts := []event.Event{{Kind: event.MembersSet, Node: 1, Members: []event.Member{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}}},
		{Kind: event.RoleChanged, Node: 1, Role: event.Leader, Term: 1}}
	for _, at := range []event.Micros{2_000_000, 2_000_200} {
		for voter := event.NodeID(2); voter < 4; voter++ {
			facts = append(facts, event.Event{At: at, Kind: event.VoteRefused, Node: voter, Peer: 4, Term: 2, OK: true, Reason: event.HasLeader})
		}
	}
	told := ""
	for line := range Story(nil, recorded(t, 4, facts...)) {
		told += line.Text + "\n"
	}
	if want := "At 2.000 s 4 pre-votes were refused to n4, by n2 (heard from a leader) and n3 (heard from a leader); its term stayed as it was."; !strings.Contains(told, want) {
		t.Errorf("%q is not in\n%s", want, told)
	}
}
