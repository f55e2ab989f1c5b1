package ui

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// storm is a room under load: every frame brings 33 events, 2,000 a second at 60 frames, with 200 messages under way.
type storm struct {
	*story
	index uint64
	old   uint64
}

func newStorm() *storm {
	s := &storm{story: healthy(), index: 10}
	for i := range 200 {
		s.send(event.Event{Node: event.NodeID(i%5 + 1), Peer: event.NodeID((i+1)%5 + 1), Type: event.AppendEntries, N: 1, From: 3, Text: "k=v", Until: s.at + 75*ms})
	}
	s.old = s.msg - 200
	return s
}

// frame brings what happens in a sixtieth of a second.
func (s *storm) events() event.Frame {
	s.at += 4 * ms
	var all []event.Event
	add := func(e event.Event) {
		e.At = s.at
		all = append(all, e)
	}
	for range 3 {
		s.index++
		add(event.Event{Kind: event.Appended, Node: 2, Index: s.index, Term: 3, Entry: event.EntryCommand, Text: "key=value"})
		for _, id := range []event.NodeID{1, 3, 4} {
			s.msg++
			s.old++
			add(event.Event{Kind: event.Sent, Msg: s.msg, Node: 2, Peer: id, Type: event.AppendEntries, N: 1, From: 3, Text: "key=value", Until: s.at + 75*ms})
			add(event.Event{Kind: event.Delivered, Msg: s.old})
		}
		add(event.Event{Kind: event.MatchSet, Node: 2, Peer: 1, Index: s.index, N: int64(s.index) + 1})
		add(event.Event{Kind: event.Committed, Node: 2, Index: s.index - 1})
		add(event.Event{Kind: event.Answered, Op: s.index, Command: event.Put, Outcome: event.OK, Rev: int64(s.index), Took: 3 * ms})
		add(event.Event{Kind: event.TimerSet, Node: 1, From: s.at, N: int64(s.at + 1000*ms), Until: s.at + 2000*ms})
	}
	return event.Frame{Type: event.FrameEvents, Seq: s.m.State.Seq + 1, At: s.at, Events: all}
}

// BenchmarkFrame is all of one animation frame but the browser's part: fold, scene, difference, packets.
func BenchmarkFrame(b *testing.B) {
	s := newStorm()
	page, packets, patches := Scene(&s.m), []byte(nil), []Patch(nil)
	wall, sum := event.Micros(50_000_000), 0
	b.ReportAllocs()
	for b.Loop() {
		s.do(Arrived{s.events()})
		wall += 16_667
		s.do(Ticked{wall})
		now := Scene(&s.m)
		patches = AppendDiff(patches[:0], page, now)
		page, packets = now, Packets(&s.m, packets[:0])
		sum += len(patches)
		s.sent = s.sent[:0]
	}
	b.ReportMetric(float64(sum)/float64(b.N), "patches/frame")
}

// BenchmarkQuietFrame is a frame in which only time goes on.
func BenchmarkQuietFrame(b *testing.B) {
	s := healthy()
	page, packets := Scene(&s.m), []byte(nil)
	wall := event.Micros(50_000_000)
	b.ReportAllocs()
	for b.Loop() {
		s.pass(4 * ms)
		wall += 16_667
		s.do(Ticked{wall})
		now := Scene(&s.m)
		Diff(page, now)
		page, packets = now, Packets(&s.m, packets[:0])
	}
}
