package browsertest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// The first story: the page opens, a put is on all five rows, a killed leader is followed and comes back.
func TestRoomIsAlive(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/")
	p.until("five nodes are drawn", `nodes().length === 5`)
	r := lab.at(t, eval[string](p, `location.href`))

	p.console("put pizza 4")
	p.until("every row has the put, solid", `rows().length === 5 && rows().every(row => cells(row).some(c => solid(c) && says(c, "pizza")))`)

	old := r.leader()
	p.console("kill " + old.ID)
	p.until("the dead node is drawn as dead", fmt.Sprintf(`node(%q).dataset.role === "none"`, old.ID))
	p.until("another node wears the crown, in a higher term", fmt.Sprintf(`leader().dataset.node !== %q && leader().dataset.term > %d`, old.ID, old.Term))
	p.console("restart " + old.ID)
	p.until("the node is back and follows", fmt.Sprintf(`node(%q).dataset.role === "follower"`, old.ID))
	p.clean()
}

// The whole story of a cluster that is cut in two and heals, then is frozen and stepped.
func TestStory(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	s := &story{page: p, room: lab.at(t, eval[string](p, `location.href`))}
	chapters := []struct {
		name string
		tell func()
	}{
		{"put", s.put},
		{"leader-killed", s.leaderKilled},
		{"partition", s.partition},
		{"heal", s.heal},
		{"freeze", s.freeze},
		{"step", s.step},
	}
	for _, c := range chapters {
		c.tell()
		p.shot("story-" + c.name)
	}
	p.looks("story")
	p.clean()
}

// story is one page with its room, and what the chapters so far have left.
type story struct {
	*page
	room *room
}

func (s *story) put() {
	s.console("put pizza margherita")
	s.until("the console says ok", `answers("put pizza margherita", "ok")`)
	s.until("five rows have the put, solid", `rows().length === 5 && rows().every(row => cells(row).some(c => solid(c) && says(c, "pizza")))`)
}

func (s *story) leaderKilled() {
	old := s.room.leader()
	s.console("kill " + old.ID)
	s.until("another node wears the crown, in a higher term", fmt.Sprintf(`leader().dataset.node !== %q && leader().dataset.term > %d`, old.ID, old.Term))
	s.console("restart " + old.ID)
	s.until("the dead node is back and follows", fmt.Sprintf(`node(%q).dataset.role === "follower"`, old.ID))
}

// partition draws a stroke between the leader with one neighbour and the other three, and puts on both sides.
func (s *story) partition() {
	s.room.until("all rows are equal", equal)
	old := s.room.leader()
	ring := s.room.ring()
	at := func(i int) string { return ring[(i+len(ring))%len(ring)] }
	i := slices.Index(ring, old.ID)
	s.console("rate 0.025") // an old leader gives up after a while without a majority: there shall be time to put
	s.until("the page shows slow motion", `rate() === 0.025`)
	s.stroke(s.between(at(i-1), old.ID), s.between(at(i+1), at(i+2)))
	s.until("a red outline is around two and a green one around three", `outlines(false).length === 1 && outlines(true).length === 1`)
	s.console("put lost 1 --from " + old.ID)
	s.until("the old leader has the entry, not committed", fmt.Sprintf(`cells(%q).some(c => says(c, "lost") && !solid(c))`, old.ID))
	s.shot("story-cut")

	s.console("rate 1")
	s.until("the three have a leader of their own, of a higher term", fmt.Sprintf(`leader().dataset.node !== %q && leader().dataset.term > %d`, old.ID, old.Term))
	s.console("put kept 2 --from " + at(i+2))
	s.until("the majority's put is ok", `answers("put kept 2", "ok")`)
	s.until("the minority's put is unknown", `answers("put lost 1", "unknown")`)
	s.until("the minority still has the entry, not committed", fmt.Sprintf(`cells(%q).some(c => says(c, "lost") && !solid(c))`, old.ID))
}

func (s *story) heal() {
	s.console("heal")
	s.until("the minority's entry has gone from every row", `rows().every(row => !cells(row).some(c => says(c, "lost")))`)
	s.until("five equal rows with the majority's put", `rows().every(row => cells(row).some(c => solid(c) && says(c, "kept")) && picture(row) === picture(rows()[0]))`)
	s.until("one outline around all", `outlines(false).length === 0 && outlines(true).length === 1`)
}

// freeze looks at the cluster and the picture at both ends of three seconds in which nothing may happen. What was too quick to be
// seen or fell when time stopped is shown to its end first.
func (s *story) freeze() {
	s.console("freeze")
	s.until("the page shows a frozen room", `frozen()`)
	s.room.until("the room is frozen", func(now state) bool { return now.Rate == 0 })
	pause(time.Second)
	seq, before := s.room.state().Seq, eval[string](s.page, `stillPicture()`)
	pause(3 * time.Second)
	if now := s.room.state().Seq; now != seq {
		s.t.Fatalf("a frozen room went on from event %d to %d: %s", seq, now, text(s.t, s.room.events(seq, now)))
	}
	if after := eval[string](s.page, `stillPicture()`); after != before {
		s.t.Fatalf("the picture of a frozen room has changed\nfrom %s\nto   %s", before, after)
	}
}

// step lets exactly one message arrive or one timer fire.
func (s *story) step() {
	from := s.room.state().Seq
	s.console("step")
	s.until("the console says ok", `answers("step", "ok")`)
	to := s.room.state().Seq
	s.until("the page has seen all of the step", fmt.Sprintf(`seq() >= %d`, to))
	oneThing(s.t, s.room.events(from, to))
}

// oneThing fails unless the events are one delivery, or one timer, and what it causes at once.
func oneThing(t testing.TB, events []facts) {
	t.Helper()
	delivered, stepped := 0, 0
	var at []int64
	for _, e := range events {
		switch e.Kind {
		case "delivered":
			delivered++
		case "stepped":
			stepped++
		}
		if e.Kind != "asked" && e.Kind != "answered" && e.Kind != "rate-set" {
			at = append(at, e.At)
		}
	}
	if delivered > 1 || stepped != 1 {
		t.Errorf("a step was %d deliveries and %d steps: %s", delivered, stepped, text(t, events))
	}
	if len(at) == 0 || slices.Max(at)-slices.Min(at) > moment {
		t.Errorf("a step spans several moments of virtual time, or none: %s", text(t, events))
	}
}

// moment is the length, in virtual µs, of the finest step of the conductor: what happens within it happens at once.
const moment = 50

// between is a point outside of the ring, beyond the middle of the line between two neighbours.
func (s *story) between(a, b string) point {
	s.t.Helper()
	middle := eval[point](s.page, `middle()`)
	p, q := s.centre(`[data-node="`+a+`"][data-role]`), s.centre(`[data-node="`+b+`"][data-role]`)
	half := point{(p.X + q.X) / 2, (p.Y + q.Y) / 2}
	const beyond = 1.3
	return point{middle.X + (half.X-middle.X)*beyond, middle.Y + (half.Y-middle.Y)*beyond}
}

// equal says whether every node has and has applied the same.
func equal(s state) bool {
	for _, n := range s.Nodes {
		if !n.Up || n.Last != s.Nodes[0].Last || n.Commit != n.Last || n.Applied != n.Commit {
			return false
		}
	}
	return true
}

// ring is the machines in the order in which they stand.
func (r *room) ring() []string {
	r.t.Helper()
	var ids []string
	for _, n := range r.state().Nodes {
		ids = append(ids, n.ID)
	}
	return ids
}
