package event

import (
	"reflect"
	"strconv"
	"testing"
)

// mixedFrame is what a busy room of five tells: heartbeats, a put with its appends, replies and timers.
func mixedFrame(events int) Frame {
	const start, wall = Micros(754_000_000), Micros(1_795_000_000_000_000)
	m := mix{at: start, wall: wall, msg: 40_000, index: 900, op: 5_000}
	for len(m.events) < events {
		m.heartbeats()
		m.put()
	}
	m.events = m.events[:events]
	f := Frame{Type: FrameEvents, Epoch: 81, Seq: 70_000, At: m.at, Wall: m.wall, Events: m.events}
	number(&f)
	return f
}

type mix struct {
	at, wall       Micros
	msg, index, op uint64
	events         []Event
}

func (m *mix) add(e Event) {
	e.At, e.Wall = m.at, m.wall
	if e.Kind == Sent {
		m.msg++
		e.Msg, e.Term, e.Until = m.msg, 4, m.at+2000+Micros(m.msg*37%11)
	}
	m.events = append(m.events, e)
}

func (m *mix) pass(d Micros) { m.at, m.wall = m.at+d, m.wall+d+d/7 }

func (m *mix) heartbeats() {
	first := m.msg + 1
	for peer := NodeID(2); peer <= 5; peer++ {
		m.add(Event{Kind: Sent, Node: 1, Peer: peer, Type: Heartbeat})
	}
	m.pass(2013)
	for i := range uint64(4) {
		peer := NodeID(2 + i)
		m.add(Event{Kind: Delivered, Node: 1, Peer: peer, Msg: first + i})
		m.add(Event{Kind: TimerSet, Node: peer, From: m.at, N: int64(m.at) + 100_000, Until: m.at + 300_000})
		m.add(Event{Kind: Sent, Node: peer, Peer: 1, Type: Heartbeat, Reply: true, OK: true})
		m.pass(3)
	}
	m.pass(1990)
	for i := range uint64(4) {
		m.add(Event{Kind: Delivered, Node: NodeID(2 + i), Peer: 1, Msg: first + 4 + i})
	}
	m.pass(7000)
}

func (m *mix) put() {
	m.index, m.op = m.index+1, m.op+1
	label := "put key" + strconv.Itoa(int(m.op%50)) + " value"
	m.add(Event{Kind: Asked, Op: m.op, Command: Put, Node: 1, Key: "key" + strconv.Itoa(int(m.op%50)), Text: label})
	m.append(1, label)
	first := m.msg + 1
	for peer := NodeID(2); peer <= 5; peer++ {
		m.add(Event{Kind: Sent, Node: 1, Peer: peer, Type: AppendEntries, Index: m.index - 1, LogTerm: 4, Commit: m.index - 1, N: 1, From: 4, Op: m.op, Text: label})
	}
	m.pass(2008)
	for i := range uint64(4) {
		peer := NodeID(2 + i)
		m.add(Event{Kind: Delivered, Node: 1, Peer: peer, Msg: first + i})
		m.append(peer, label)
		m.add(Event{Kind: Sent, Node: peer, Peer: 1, Type: AppendEntries, Reply: true, OK: true, Index: m.index})
		m.pass(11)
	}
	m.pass(1800)
	for i := range uint64(4) {
		peer := NodeID(2 + i)
		m.add(Event{Kind: Delivered, Node: peer, Peer: 1, Msg: first + 4 + i})
		m.add(Event{Kind: MatchSet, Node: 1, Peer: peer, Index: m.index, N: int64(m.index) + 1})
		m.add(Event{Kind: Committed, Node: peer, Index: m.index})
		m.add(Event{Kind: Applied, Node: peer, Index: m.index, Op: m.op, Rev: int64(m.index) - 2})
	}
	m.add(Event{Kind: Answered, Op: m.op, Command: Put, Node: 1, Peer: 1, Outcome: OK, Rev: int64(m.index) - 2, Index: m.index, Term: 4, Nodes: []NodeID{1, 2, 3}, Took: 4070, N: 4655})
	m.pass(5000)
}

func (m *mix) append(node NodeID, label string) {
	m.add(Event{Kind: Appended, Node: node, Index: m.index, Term: 4, Entry: EntryCommand, Op: m.op, Text: label, N: 64})
	m.pass(130)
	m.add(Event{Kind: Fsynced, Node: node, Index: m.index, N: 96, Took: 131})
}

// TestMostBytesAnEvent gates the size of what goes over the wire (goal: 13 bytes an event).
func TestMostBytesAnEvent(t *testing.T) {
	f := mixedFrame(33)
	got := len(AppendFrame(nil, &f))
	if most := 13 * len(f.Events); got > most {
		t.Errorf("%d events take %d bytes, more than %d", len(f.Events), got, most)
	}
}

// BenchmarkEncode and BenchmarkDecode take one 60 Hz batch at 2,000 events a second.
func BenchmarkEncode(b *testing.B) {
	f := mixedFrame(33)
	var buffer []byte
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendFrame(buffer[:0], &f)
	}
	b.ReportMetric(float64(len(buffer))/float64(len(f.Events)), "B/event")
}

func BenchmarkDecode(b *testing.B) {
	f := mixedFrame(33)
	wire := AppendFrame(nil, &f)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeFrame(wire); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(wire))/float64(len(f.Events)), "B/event")
}

func TestMixTravels(t *testing.T) {
	f := mixedFrame(400)
	got, err := DecodeFrame(AppendFrame(nil, &f))
	if err != nil || !reflect.DeepEqual(got, f) {
		t.Fatalf("%v", err)
	}
}
