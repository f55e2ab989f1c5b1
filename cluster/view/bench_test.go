package view

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// BenchmarkApply folds what a busy room of nine tells: messages (200 in flight), appends, commits, timers.
func BenchmarkApply(b *testing.B) {
	s := ring(9)
	var msg, index uint64
	var stream [54]event.Event
	events := stream[:0]
	b.ReportAllocs()
	for b.Loop() {
		if len(events) == 0 {
			events = stream[:0]
			index++
			for id := event.NodeID(1); id <= 9; id++ {
				msg++
				events = append(events,
					event.Event{Kind: event.Sent, Msg: msg + 200, Node: 1, Peer: id, Type: event.AppendEntries, Index: index, Until: 9},
					event.Event{Kind: event.Delivered, Msg: msg, Node: 1, Peer: id},
					event.Event{Kind: event.TimerSet, Node: id, From: event.Micros(msg), N: int64(msg), Until: event.Micros(msg)},
					event.Event{Kind: event.Appended, Node: id, Index: index, Term: 1, Text: "put x 1"},
					event.Event{Kind: event.Committed, Node: id, Index: index},
					event.Event{Kind: event.Applied, Node: id, Index: index, Rev: int64(index)})
			}
		}
		s.Apply(events[0])
		events = events[1:]
	}
}

// BenchmarkRestate makes the checkpoint of a room of five whose logs are full.
func BenchmarkRestate(b *testing.B) {
	s := ring(5)
	for i := uint64(1); i <= MaxLog; i++ {
		for id := event.NodeID(1); id <= 5; id++ {
			s.Apply(event.Event{Kind: event.Appended, Node: id, Index: i, Term: 1, Op: i, Entry: event.EntryCommand, Text: "put x 1"})
		}
	}
	for b.Loop() {
		f := event.Frame{Type: event.FrameCheckpoint, Events: Restate(&s)}
		b.ReportMetric(float64(len(event.AppendFrame(nil, &f))), "B")
	}
}
