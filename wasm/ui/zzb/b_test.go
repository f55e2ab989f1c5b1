package zzb
import ("testing"
"github.com/quorumlab/quorumlab/cluster/event"
"github.com/quorumlab/quorumlab/wasm/ui")
const epoch = 7
type visit struct { seq uint64; at event.Micros; deliver func(event.Frame) }
func (v *visit) happen(events ...event.Event) {
	f := event.Frame{Type: event.FrameEvents, Seq: v.seq + 1}
	for _, e := range events { v.seq++; v.at++; e.Seq, e.At, e.Wall = v.seq, v.at, v.at; f.Events = append(f.Events, e) }
	f.At, f.Wall = v.at, v.at
	v.deliver(f)
}
// pictured are events that add up to five nodes of which n2 leads term 3, with a log of twelve entries.
func pictured() []event.Event {
	const at = 60_000_000
	members := []event.Member{}
	events := []event.Event{{Kind: event.RateSet, Factor: event.One / 4, Took: 75_000}}
	for id := event.NodeID(1); id <= 5; id++ {
		events = append(events, event.Event{Kind: event.MachineAdded, Node: id})
		members = append(members, event.Member{ID: id, Suffrage: event.Voter})
	}
	for id := event.NodeID(1); id <= 5; id++ {
		role := event.Follower
		if id == 2 {
			role = event.Leader
		}
		events = append(events, event.Event{Kind: event.Started, Node: id}, event.Event{Kind: event.TermChanged, Node: id, Term: 3},
			event.Event{Kind: event.RoleChanged, Node: id, Role: role, Term: 3}, event.Event{Kind: event.LeaderSeen, Node: id, Peer: 2, Term: 3},
			event.Event{Kind: event.MembersSet, Node: id, Index: 1, Members: members})
		for i := uint64(1); i <= 12; i++ {
			events = append(events, event.Event{Kind: event.Appended, Node: id, Index: i, Term: 1 + i/5, Entry: event.EntryCommand, Text: "put x", N: 40})
		}
		events = append(events, event.Event{Kind: event.Committed, Node: id, Index: 12})
	}
	for i := range events {
		events[i].At = at
	}
	return events
}

// A storm is more than a room of nine makes.
const (
	stormEvents = 2000 // a second
	stormBeats  = 60   // websocket messages a second
	stormFlying = 200  // messages under way at any time
)

// scriptBudget is how many milliseconds of script a frame may take in the median. It is far above what it takes on a
// machine that does nothing else.
const scriptBudget = 8.0

// storm makes the events of one beat after the other.
type storm struct {
	msg, index uint64
	flying     []event.Event // oldest first
}

func (s *storm) beat(v *visit) {
	var events []event.Event
	for len(events) < stormEvents/stormBeats {
		if len(s.flying) >= stormFlying {
			m := s.flying[0]
			s.flying = s.flying[1:]
			events = append(events, event.Event{Kind: event.Delivered, Msg: m.Msg, Node: m.Node, Peer: m.Peer})
		}
		events = append(events, s.sent(v.at))
		if s.msg%10 == 0 {
			events = append(events, s.work()...)
		}
	}
	v.happen(events...)
	v.at += 1_000_000 / stormBeats
}

// sent is the next message; every third carries an entry.
func (s *storm) sent(at event.Micros) event.Event {
	s.msg++
	from := event.NodeID(s.msg%5 + 1)
	m := event.Event{Kind: event.Sent, Msg: s.msg, Type: event.Heartbeat, Node: from, Peer: (from+event.NodeID(s.msg/5%4))%5 + 1,
		Term: 3, Until: at + stormFlying*2*1_000_000/stormEvents, Reply: s.msg%2 == 0, OK: true}
	if s.msg%3 == 0 {
		m.Type, m.N, m.From, m.Text, m.Index = event.AppendEntries, 1, 3, "put x", s.index
	}
	s.flying = append(s.flying, m)
	return m
}

// work is an entry that is stored, acknowledged and committed.
func (s *storm) work() []event.Event {
	if s.index == 0 {
		s.index = 12
	}
	s.index++
	return []event.Event{{Kind: event.Appended, Node: 2, Index: s.index, Term: 3, Entry: event.EntryCommand, Text: "put x", N: 40},
		{Kind: event.MatchSet, Node: 2, Peer: 3, Index: s.index, N: int64(s.index + 1)}, {Kind: event.Committed, Node: 2, Index: s.index}}
}

// BenchmarkFrame is what a page does in Go for one animation frame in a storm, without the browser: about a third of
// the time that it takes as WebAssembly.
func BenchmarkFrame(b *testing.B) {
	m := ui.New(ui.Seed{Width: 1440, Height: 900})
	tell := func(msg ui.Msg) { m, _ = ui.Update(m, msg) }
	picture := pictured()
	tell(ui.Arrived{Frame: event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: epoch}})
	tell(ui.Arrived{Frame: event.Frame{Type: event.FrameCheckpoint, Epoch: epoch, Seq: 1000, At: 60_000_000, Events: picture}})
	v := &visit{seq: 1000, at: 60_000_000}
	var frame event.Frame
	v.deliver = func(f event.Frame) { frame = f }
	v.happen(event.Event{Kind: event.RateSet, Factor: event.One, Took: 75_000})
	tell(ui.Arrived{Frame: frame})
	s := &storm{}
	scene, packets, patches := ui.Scene(&m), []byte(nil), []ui.Patch(nil)
	b.ReportAllocs()
	changes, at := 0, event.Micros(0)
	for b.Loop() {
		s.beat(v)
		at += 1_000_000 / stormBeats
		tell(ui.Arrived{Frame: frame})
		tell(ui.Ticked{Wall: at})
		next := ui.Scene(&m)
		patches = ui.AppendDiff(patches[:0], scene, next)
		scene = next
		packets = ui.Packets(&m, packets[:0])
		changes += len(patches)
	}
	b.ReportMetric(float64(changes)/float64(b.N), "patches/op")
}
