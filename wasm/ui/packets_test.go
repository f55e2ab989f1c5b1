package ui

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// drawnPacket is a packet as Packets writes it.
type drawnPacket struct {
	shape  Shape
	flags  uint8
	x, y   float64
	label  string
	colour uint8
}

func packetsOf(m *Model) (all []drawnPacket) {
	b := Packets(m, nil)
	f := func(at int) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b[at:]))) }
	at := PacketHeader
	for range binary.LittleEndian.Uint32(b) {
		n := int(binary.LittleEndian.Uint32(b[at+20:]))
		all = append(all, drawnPacket{Shape(b[at]), b[at+3], f(at + 4), f(at + 8), string(b[at+PacketSize : at+PacketSize+n]), b[at+1]})
		at += PacketSize + (n+3)&^3
	}
	return all
}

// beats are n heartbeats from one machine to another, sent one after the other.
func beats(s *story, n int, from, to event.NodeID) {
	for range n {
		s.send(event.Event{Node: from, Peer: to, Type: event.Heartbeat, Until: s.at + 100*ms})
		s.at += ms / 10
	}
	s.pass(20 * ms)
	s.tick(9_000_000)
}

func TestManyAlikeAreDrawnAsOneWithTheirNumber(t *testing.T) {
	for _, test := range []struct {
		n, drawn int
		label    string
	}{{MaxAlike, MaxAlike, ""}, {MaxAlike + 1, 1, "×7"}, {140, 1, "×140"}} {
		s := watch(3)
		beats(s, test.n, 1, 2)
		beats(s, 2, 2, 1) // the other direction is counted by itself
		all := packetsOf(&s.m)
		if len(all) != test.drawn+2 || all[0].label != test.label {
			t.Errorf("%d heartbeats and two back are drawn as %+v", test.n, all)
		}
	}
}

// What a panel rests on is ringed, also where it flies in a crowd.
func TestWhatAPanelRestsOnIsPointedAt(t *testing.T) {
	for _, n := range []int{1, MaxAlike + 3} {
		s := watch(3)
		var first uint64
		for i := range n {
			if id := s.send(event.Event{Node: 1, Peer: 2, Type: event.Heartbeat, Until: s.at + 100*ms}); i == 0 {
				first = id
			}
		}
		s.send(event.Event{Node: 2, Peer: 1, Type: event.Heartbeat, Until: s.at + 100*ms})
		for _, p := range packetsOf(&s.m) {
			if p.flags&pointed != 0 {
				t.Errorf("nothing is looked at: %+v", p)
			}
		}
		s.do(Acted{"look", "message " + number(first)})
		s.frame(event.Frame{Type: event.FramePanel, Code: "side", Text: "<p>x</p>", Marks: "n1-n2 message-" + number(first)})
		all := packetsOf(&s.m)
		if len(all) != 2 || all[0].flags&pointed == 0 || all[1].flags&pointed != 0 {
			t.Errorf("%d alike: %+v", n, all)
		}
	}
}

// What has come to a machine that stands still does not hide it: more than a few are one letter at its edge.
func TestWhatWaitsAtAMachineIsOnePile(t *testing.T) {
	for _, test := range []struct{ n, drawn int }{{MaxWaiting, MaxWaiting}, {MaxWaiting + 1, 1}, {3 * MaxAlike, 1}} {
		s := watch(3)
		s.tell(event.Event{Kind: event.Suspended, Node: 2})
		for i := range test.n {
			kinds := []event.MessageType{event.Heartbeat, event.RequestVote, event.AppendEntries}
			s.send(event.Event{Node: event.NodeID(1 + i%2*2), Peer: 2, Type: kinds[i%3], Until: s.at + ms})
		}
		s.send(event.Event{Node: 1, Peer: 2, Type: event.Heartbeat, Until: s.at + 500*ms}) // is on its way yet
		s.send(event.Event{Node: 1, Peer: 3, Type: event.Heartbeat, Until: s.at + ms})     // waits for its delivery, which comes
		s.pass(50 * ms)
		s.tick(9_000_000)
		all := packetsOf(&s.m)
		if len(all) != test.drawn+2 {
			t.Fatalf("%d that wait, one on its way and one that comes are drawn as %+v", test.n, all)
		}
		piled := slices.ContainsFunc(all, func(p drawnPacket) bool { return p.shape == Letter && p.label == "×"+number(uint64(test.n)) })
		if piled != (test.drawn == 1) {
			t.Errorf("%d that wait are %+v", test.n, all)
		}
	}
}

func TestACrowdSaysWhatItsRepliesSay(t *testing.T) {
	s := watch(3)
	for range MaxAlike + 3 {
		s.send(event.Event{Node: 1, Peer: 2, Type: event.AppendEntries, Reply: true, OK: true})
		s.send(event.Event{Node: 1, Peer: 2, Type: event.AppendEntries, Reply: true})
	}
	all := packetsOf(&s.m)
	if len(all) != 2 || all[0].label != "✓ ×9" || all[1].label != "✗ ×9" || all[0].flags&hollow == 0 {
		t.Errorf("%+v", all)
	}
}

func TestWhatFallsIsCountedToo(t *testing.T) {
	s := watch(3)
	for range MaxAlike + 5 {
		id := s.send(event.Event{Node: 1, Peer: 2, Type: event.Heartbeat})
		s.tell(event.Event{Kind: event.Dropped, Node: 1, Peer: 2, Msg: id, Reason: event.Lost})
	}
	all := packetsOf(&s.m)
	if len(all) != MaxAlike || all[len(all)-1].label != "×6" {
		t.Errorf("%+v", all)
	}
}

// TestWhereAMessageFalls holds the place of a drop against where it was dropped, as a share of the way from n1 to n2.
func TestWhereAMessageFalls(t *testing.T) {
	for _, test := range []struct {
		name    string
		both    bool
		reason  event.Reason
		flying  event.Micros // how long it was under way, of 100 ms; 0: it never left
		atShare float64
	}{
		{"a cut in both directions", true, event.LinkCut, 0, 0.5}, {"a cut in this direction only", false, event.LinkCut, 0, snipAt},
		{"a cut while it flew", true, event.LinkCut, 70 * ms, 0.7}, {"a machine that is down", false, event.MachineDown, 100 * ms, 1},
		{"by hand, at its gate", false, event.ByHand, 0, gateAt},
	} {
		s := watch(3)
		e := event.Event{Node: 1, Peer: 2, Type: event.Heartbeat, Until: s.at + 100*ms}
		s.send(e)
		id := s.msg
		if test.flying == 0 {
			s.m.State.Message(id).Due = 0
		}
		if test.reason == event.LinkCut {
			s.tell(event.Event{Kind: event.LinkSet, Node: 1, Peer: 2, Link: event.Link{Cut: true}})
			if test.both {
				s.tell(event.Event{Kind: event.LinkSet, Node: 2, Peer: 1, Link: event.Link{Cut: true}})
			}
		}
		s.pass(test.flying)
		s.tell(event.Event{Kind: event.Dropped, Node: 1, Peer: 2, Msg: id, Reason: test.reason})
		a, b, _ := s.m.ringNow().leg(1, 2)
		want, all := along(a, b, test.atShare), packetsOf(&s.m)
		if len(all) != 1 || math.Abs(all[0].x-want.x) > 0.5 || math.Abs(all[0].y-want.y) > 0.5 {
			t.Errorf("%s: it falls at %+v, not at %+v", test.name, all, want)
		}
	}
}

func TestCalmMessagesStandInFewPlaces(t *testing.T) {
	s := watch(3)
	s.do(Changed{"motion", "reduce"})
	s.send(event.Event{Node: 1, Peer: 2, Type: event.Heartbeat, Until: s.at + 100*ms})
	places := map[drawnPacket]bool{}
	for range 100 {
		s.pass(ms)
		s.m.clock.now = s.at
		for _, p := range packetsOf(&s.m) {
			places[p] = true
		}
	}
	if len(places) != calmly {
		t.Errorf("with reduced motion a message stands in %d places, not %d", len(places), calmly)
	}
}

// TestOutlinesHaveOnlyTheirOwnInside draws the outline of every set of machines in every size of the page.
func TestOutlinesHaveOnlyTheirOwnInside(t *testing.T) {
	for _, size := range [][2]int{{1440, 900}, {1024, 768}, {390, 844}} {
		for n := 1; n <= 9; n++ {
			s := watch(n)
			s.do(Resized{size[0], size[1]})
			r := s.m.ringNow()
			for set := 1; set < 1<<n; set++ {
				var ids []event.NodeID
				for i, id := range r.ids {
					if set>>i&1 == 1 {
						ids = append(ids, id)
					}
				}
				curve := flattened(r.outline(ids))
				for i := range r.ids {
					if in := surrounds(curve, r.at[i]); in != (set>>i&1 == 1) {
						t.Errorf("%v of %d machines at %d px: that n%d is inside is %v", ids, n, size[0], i+1, in)
					}
				}
			}
		}
	}
}

// flattened is a path of cubic Béziers as a polygon.
func flattened(d string) (curve []point) {
	number := strings.NewReplacer("M", " ", "C", " ", "Z", " ").Replace(d)
	var p []point
	fields := strings.Fields(number)
	for i := 0; i+1 < len(fields); i += 2 {
		p = append(p, point{must(strconv.ParseFloat(fields[i], 64)), must(strconv.ParseFloat(fields[i+1], 64))})
	}
	for i := 0; i+3 < len(p); i += 3 {
		for step := range 8 {
			u := float64(step) / 8
			v := 1 - u
			curve = append(curve, p[i].times(v*v*v).plus(p[i+1].times(3*v*v*u)).plus(p[i+2].times(3*v*u*u)).plus(p[i+3].times(u*u*u)))
		}
	}
	return curve
}

// surrounds says whether a place is inside a polygon: a ray from it crosses the edge an odd number of times.
func surrounds(curve []point, at point) (inside bool) {
	for i, a := range curve {
		b := curve[(i+1)%len(curve)]
		if (a.y > at.y) != (b.y > at.y) && at.x < a.x+(b.x-a.x)*(at.y-a.y)/(b.y-a.y) {
			inside = !inside
		}
	}
	return inside
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
