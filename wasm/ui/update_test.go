package ui

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// orders are the commands that the page has sent since the last call, as they would be typed.
func (s *story) orders() []string {
	var all []string
	for _, e := range s.sent {
		if send, ok := e.(Send); ok && send.Frame.Type == event.FrameOrder {
			all = append(all, inWords(send.Frame.Command))
		}
	}
	s.sent = nil
	return all
}

func (s *story) expect(t *testing.T, what string, want ...string) {
	t.Helper()
	for i, line := range want {
		c, wrong := Parse(line)
		if wrong != nil {
			t.Fatalf("%q: %s", line, wrong.Words(nil))
		}
		want[i] = inWords(c)
	}
	if got := s.orders(); strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%s: ordered %q, want %q", what, got, want)
	}
}

func TestKeys(t *testing.T) {
	s := healthy()
	s.sent = nil
	press := func(key string) { s.do(Pressed{Key: key}) }
	press("k")
	s.expect(t, "K with nothing selected")
	press("2")
	if s.m.picked.node != 2 {
		t.Fatalf("2 selected %v", s.m.picked.node)
	}
	press("k")
	s.expect(t, "2 K", "kill n2")
	press("p")
	s.expect(t, "P", "suspend n2")
	s.tell(event.Event{Kind: event.Suspended, Node: 2})
	press("p")
	s.expect(t, "P on a suspended node")
	press("r")
	s.expect(t, "R on a suspended node", "resume n2")
	s.tell(event.Event{Kind: event.Stopped, Node: 2, Reason: event.Killed})
	press("K")
	s.expect(t, "K on a dead node")
	press("R")
	s.expect(t, "R on a dead node", "restart n2")
	press("h")
	s.expect(t, "H", "heal")
	press(" ")
	s.expect(t, "Space", "freeze")
	press("ArrowRight")
	s.expect(t, "→ while time runs", "freeze")
	s.tell(event.Event{Kind: event.RateSet, Factor: 0})
	press("ArrowRight")
	s.expect(t, "→ while frozen", "step")
	press(" ")
	s.expect(t, "Space while frozen", "thaw")
	press("9")
	if s.m.picked.node != 2 {
		t.Error("9 selected a machine that is not there")
	}
	press("x")
	if !s.m.cutting {
		t.Error("X did not take the scissors")
	}
	s.sent = nil
	press("?")
	if len(s.sent) != 1 || s.sent[0] != (Show{"rules"}) {
		t.Errorf("? did %v", s.sent)
	}
	s.sent = nil
	for _, still := range []func() bool{func() bool { return s.m.picked != picked{} }, func() bool { return s.m.cutting }} {
		if !still() {
			t.Fatal("Esc closed too much")
		}
		press("Escape")
		if still() {
			t.Fatal("Esc did not close the innermost thing")
		}
	}
	s.do(Pressed{Key: "k", Ctrl: true})
	s.do(Pressed{Key: "h", Meta: true})
	s.expect(t, "keys of the browser")
	s.do(Acted{"tab", "feed"})
	press("/")
	if f, ok := s.sent[len(s.sent)-1].(Focus); s.m.tab != "console" || !ok || f.ID != ConsoleField {
		t.Errorf("/ did not go to the console: %v", s.sent)
	}
}

func TestKeysInTheConsoleAreTheConsoles(t *testing.T) {
	s := healthy()
	s.sent = nil
	for _, key := range []string{"1", "k", " ", "h", "x"} {
		s.do(Pressed{Key: key, Console: true})
	}
	s.expect(t, "letters typed into the console")
	if s.m.picked != (picked{}) || s.m.cutting {
		t.Error("a letter typed into the console did something on the stage")
	}
}

func TestAStrokeCutsExactlyTheLinksItCrosses(t *testing.T) {
	s := healthy()
	s.sent = nil
	r := s.m.ringNow()
	n1, _ := r.place(1)
	n2, _ := r.place(2)
	n5, _ := r.place(5)
	top, bottom := along(n5, n1, 0.5), point{(n1.x + n5.x) / 2, r.h - 5}
	s.do(Stroked{X: top.x, Y: top.y - 60, First: true})
	s.do(Stroked{X: top.x, Y: (top.y + bottom.y) / 2})
	s.do(Stroked{X: top.x, Y: (top.y+bottom.y)/2 - 10})
	s.do(Stroked{X: top.x, Y: bottom.y, Done: true})
	got := map[string]bool{}
	for _, o := range s.orders() {
		if got[o] {
			t.Errorf("%s was ordered twice in one stroke", o)
		}
		got[o] = true
	}
	for i, a := range r.ids {
		for _, b := range r.ids[i+1:] {
			p, q, _ := r.leg(a, b)
			want := cross(point{top.x, top.y - 60}, bottom, p, q)
			if line := "cut " + a.String() + " " + b.String(); got[line] != want {
				t.Errorf("%s: crossed %v, ordered %v", line, want, got[line])
			}
		}
	}
	if len(got) < 3 {
		t.Errorf("only %d links were crossed", len(got))
	}
	s.tell(event.Event{Kind: event.LinkSet, Node: 1, Peer: 2, Link: event.Link{Cut: true}}, event.Event{Kind: event.LinkSet, Node: 2, Peer: 1, Link: event.Link{Cut: true}})
	middle, across := along(n1, n2, 0.5), n2.minus(n1).unit().left().times(8)
	s.do(Stroked{X: middle.x + across.x, Y: middle.y + across.y, First: true})
	s.do(Stroked{X: middle.x - across.x, Y: middle.y - across.y, Done: true})
	s.expect(t, "a stroke over a link that is cut already")
}

func TestALinkIsCutOrMendedWithTheScissorsInHand(t *testing.T) {
	s := healthy()
	s.sent = nil
	s.do(Acted{"cut", ""})
	s.do(Acted{"link", "n1-n3"})
	s.expect(t, "a whole link", "cut n1 n3")
	s.tell(event.Event{Kind: event.LinkSet, Node: 3, Peer: 1, Link: event.Link{Cut: true}})
	s.do(Acted{"link", "n1-n3"})
	s.expect(t, "a link that is cut one way", "mend n1 n3")
}

func TestSplit(t *testing.T) {
	s := healthy()
	s.sent = nil
	s.do(Acted{"partition", ""})
	if far := s.m.parting.far; len(far) != 2 || far[0] != 2 {
		t.Fatalf("the proposal is %v: as many as can be lost, the leader among them", far)
	}
	s.do(Acted{"node", "n3"})
	s.do(Acted{"side", "n4"})
	s.do(Acted{"part", ""})
	s.expect(t, "n2 and n4 against the others", "partition n1 n3 n5 | n2 n4")
	if s.m.parting.open {
		t.Error("the helper stays open")
	}
}

func TestMenusOfferWhatMakesSense(t *testing.T) {
	s := contested()
	lines := func() string {
		all := ""
		each(Scene(&s.m), func(e *Element) {
			if a, _ := e.Attr("data-action"); a == "run" {
				arg, _ := e.Attr("data-arg")
				all += arg + "\n"
			}
		})
		return all
	}
	s.do(Acted{"node", "n2"})
	if l := lines(); !strings.Contains(l, "restart n2") || strings.Contains(l, "kill n2") {
		t.Errorf("a dead node offers\n%s", l)
	}
	s.do(Acted{"node", "n4"})
	if l := lines(); !strings.Contains(l, "kill n4 --before-fsync") || strings.Contains(l, "restart n4") || strings.Contains(l, "step-down") {
		t.Errorf("a follower offers\n%s", l)
	}
	each(Scene(&s.m), func(e *Element) {
		if a, _ := e.Attr("data-action"); a == "run" {
			arg, _ := e.Attr("data-arg")
			if _, wrong := Parse(arg); wrong != nil && !forRoom(arg, wrong) {
				t.Errorf("a button would say %q, which the console does not understand: %s", arg, wrong.Words(nil))
			}
		}
	})
	s.sent = nil
	s.do(Acted{"run", "kill n4"})
	s.expect(t, "a choice", "kill n4")
	if s.m.picked.open || s.m.picked.node != 4 {
		t.Error("a menu closes when it has done its work, what it was about stays selected")
	}
}

func TestEveryChoiceOfEveryMenuIsUnderstood(t *testing.T) {
	check := func(all []*choice) {
		for _, c := range all {
			if _, wrong := Parse(words.Fill(c.line, "n1", "n2")); wrong != nil {
				t.Errorf("%q: %s", c.line, wrong.Words(nil))
			}
			if c.hint == "" || c.label == "" {
				t.Errorf("%q does not say what it would do", c.line)
			}
		}
	}
	for _, s := range gallery() {
		for i := range s.m.State.Nodes {
			check(s.m.nodeChoices(&s.m.State.Nodes[i]))
		}
	}
	for _, out := range []event.Link{{}, {Cut: true}, {Hold: true}, {Delay: 1}} {
		check(linkChoices(out, event.Link{}))
	}
}

func TestFormsBecomeLines(t *testing.T) {
	s := healthy()
	s.sent = nil
	s.do(Acted{"link", "n1-n3"})
	for field, value := range map[string]string{"delay": "120", "loss": "10", "jitter": "0"} {
		s.do(Changed{field, value})
	}
	s.do(Acted{"set-link", "n1-n3"})
	s.expect(t, "the form of a link", "link n1 n3 --delay 120ms --loss 0.1")
	s.do(Acted{"node", "n2"})
	s.do(Changed{"disk", "300"})
	s.do(Acted{"set-disk", "n2"})
	s.expect(t, "the disk's form", "disk n2 300ms")
	s.do(Changed{"drift", "1.5"})
	s.do(Acted{"set-drift", "n2"})
	s.expect(t, "the clock's form", "drift n2 1.5")
	s.do(Changed{"drift", "quickly"})
	s.do(Acted{"set-drift", "n2"})
	s.expect(t, "nonsense in a form")
	if len(s.m.notices) != 1 {
		t.Fatalf("nonsense is answered with a sentence, there are %d", len(s.m.notices))
	}
	s.do(Acted{"dismiss", number(s.m.notices[0].id)})
	if len(s.m.notices) != 0 {
		t.Error("the sentence cannot be dismissed")
	}
}

func TestTheSliderIsAsQuickAsAViewerMay(t *testing.T) {
	s := healthy()
	s.sent = nil
	for i := range 50 {
		s.do(Changed{"rate", number(uint64(i * 4))})
		s.tick(10_000_000 + event.Micros(i)*16_000)
	}
	s.tick(12_000_000)
	got := s.orders()
	if len(got) < 2 || len(got) > 6 {
		t.Errorf("50 movements in 0.8 s became %d commands: %v", len(got), got)
	}
	if last := got[len(got)-1]; last != inWords(event.Command{Kind: event.Rate, Factor: rateAt(196)}) {
		t.Errorf("the last one is %q", last)
	}
	if rateAt(0) != leastRate || rateAt(sliderEnd) != mostRate || rateAt(-5) != leastRate {
		t.Errorf("the ends are %v and %v", rateAt(0), rateAt(sliderEnd))
	}
	for _, r := range []event.Factor{leastRate, slowMotion, workshop, realTime, mostRate} {
		if back := rateAt(float64(markOf(r))); back.Float()/r.Float() > 1.05 || back.Float()/r.Float() < 0.95 {
			t.Errorf("%v is at mark %d, which is %v", r, markOf(r), back)
		}
	}
	s.m.pace = pace{}
	s.tell(event.Event{Kind: event.RateSet, Factor: mostRate})
	if f, ok := s.sent[len(s.sent)-1].(SetField); !ok || f.Field != "rate" || f.Value != "200" {
		t.Errorf("another viewer's rate moves the slider: %v", s.sent)
	}
}

func TestNothingMovesInAFrozenRoom(t *testing.T) {
	s := healthy()
	s.tell(event.Event{Kind: event.Dropped, Node: 5, Peer: 2, Msg: 5, Reason: event.Lost})
	s.tell(event.Event{Kind: event.RateSet, Factor: 0})
	wall := event.Micros(20_000_000)
	pass := func(d event.Micros) {
		for end := wall + d; wall < end; s.tick(wall) {
			wall += 16_667
		}
	}
	pass(fallTime)
	before, scene := string(Packets(&s.m, nil)), Scene(&s.m)
	pass(2000 * ms)
	if string(Packets(&s.m, nil)) != before {
		t.Error("something moved on the canvas of a frozen room")
	}
	if p := Diff(scene, Scene(&s.m)); len(p) > 2 {
		t.Errorf("a frozen page was patched: %+v", p)
	}
}

// What was too quick to be seen, or was dropped, is not under way any more: it goes though time stands still.
func TestAFrozenRoomShowsNothingThatIsNotThere(t *testing.T) {
	s := healthy()
	s.tell(event.Event{Kind: event.RateSet, Factor: event.One})
	for i := range 20 {
		id := s.send(event.Event{Node: 1, Peer: 2, Type: event.AppendEntries, N: 1, From: 3, Text: "k=v", Until: s.at + ms})
		s.tell(event.Event{Kind: event.Delivered, Msg: id, Node: 1, Peer: 2})
		if i%2 == 0 {
			id = s.send(event.Event{Node: 1, Peer: 2, Type: event.RequestVote, Until: s.at + ms})
			s.tell(event.Event{Kind: event.Dropped, Msg: id, Node: 1, Peer: 2, Reason: event.Lost})
		}
	}
	s.tell(event.Event{Kind: event.RateSet, Factor: 0})
	if len(s.m.motion.ghosts) == 0 || len(s.m.motion.falling) == 0 {
		t.Fatalf("%d ghosts, %d fall: the test shows nothing", len(s.m.motion.ghosts), len(s.m.motion.falling))
	}
	for wall := event.Micros(20_000_000); wall < 21_000_000; wall += 16_667 {
		s.tick(wall)
	}
	if len(s.m.motion.ghosts) != 0 || len(s.m.motion.falling) != 0 {
		t.Errorf("%d ghosts and %d that fall are left in a room that has been frozen for a second", len(s.m.motion.ghosts), len(s.m.motion.falling))
	}
}

func TestTimeIsNeverShownBeyondWhatTheRoomConfirmed(t *testing.T) {
	s := healthy()
	for i := range 300 {
		s.tick(30_000_000 + event.Micros(i)*16_667)
		if s.m.clock.now > s.m.clock.confirmed {
			t.Fatal("the shown time ran ahead")
		}
		if i%4 == 0 {
			s.pass(16 * ms)
		}
	}
	if lag := s.m.clock.confirmed - s.m.clock.now; lag > 100*ms {
		t.Errorf("the shown time lags %v behind", spell(nil, lag))
	}
	s.pass(5_000 * ms)
	s.tick(35_100_000)
	if s.m.clock.now != s.m.clock.confirmed {
		t.Error("a long pause of the page is not caught up at once")
	}
}

func TestReconnectingResumes(t *testing.T) {
	s := healthy()
	s.sent = nil
	seq := s.m.State.Seq
	s.do(Disconnected{})
	if s.m.wire.phase != lost || len(s.sent) != 1 {
		t.Fatalf("phase %v, effects %v", s.m.wire.phase, s.sent)
	}
	var waits []event.Micros
	for range 12 {
		s.do(Disconnected{})
		waits = append(waits, s.sent[len(s.sent)-1].(Reconnect).After)
	}
	if waits[0] > 500*ms || waits[11] != lastRetry {
		t.Errorf("waits between attempts: %v", waits)
	}
	s.do(Connected{})
	hello := s.sent[len(s.sent)-1].(Send).Frame
	if hello.Type != event.FrameHello || hello.Epoch != 7 || hello.Seq != seq || hello.Version != event.WireVersion {
		t.Errorf("hello %+v, last seen %d", hello, seq)
	}
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: 7, Room: "amber-otter"})
	s.frame(event.Frame{Type: event.FrameEvents, Seq: seq - 1, At: s.at, Events: []event.Event{{Kind: event.Stepped}, {Kind: event.Stepped}, {Kind: event.Suspended, Node: 1}}})
	if s.m.State.Seq != seq+1 || !s.m.State.Nodes[0].Suspended {
		t.Error("events that were seen before are not skipped")
	}
	s.sent = nil
	s.frame(event.Frame{Type: event.FrameEvents, Seq: seq + 9, Events: []event.Event{{Kind: event.Stepped}}})
	if _, again := s.sent[0].(Reconnect); !again || s.m.seen() != 0 {
		t.Error("a hole in the numbers must make the page ask for everything")
	}
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion + 1})
	if _, reload := s.sent[len(s.sent)-1].(Reload); !reload {
		t.Error("another version of the wire must reload the page")
	}
	s.do(Disconnected{LostGone})
	if s.m.wire.phase != gone {
		t.Error("a room that is gone")
	}
}

func TestBoundsOfThePage(t *testing.T) {
	s := healthy()
	for i := range 3 * MaxFeed {
		s.tell(event.Event{Kind: event.Suspended, Node: 1}, event.Event{Kind: event.Resumed, Node: 1})
		s.m.notify(true, number(uint64(i)))
		s.tell(event.Event{Kind: event.TermChanged, Node: 3, Term: uint64(10 + i)})
		from, to := event.NodeID(i%5+1), event.NodeID((i+1+i/5%4)%5+1)
		id := s.send(event.Event{Node: from, Peer: to, Type: event.Heartbeat})
		s.tell(event.Event{Kind: event.Dropped, Node: from, Peer: to, Msg: id, Reason: event.Lost})
		id = s.send(event.Event{Node: from, Peer: to, Type: event.Heartbeat, Until: s.at + 1})
		s.tell(event.Event{Kind: event.Delivered, Node: from, Peer: to, Msg: id})
		s.at += 400 * ms
	}
	if len(s.m.feed.items) != MaxFeed || len(s.m.notices) != MaxNotices ||
		len(s.m.motion.falling) != MaxFalling || len(s.m.motion.ghosts) != MaxGhosts {
		t.Errorf("feed %d, notices %d, falling %d, ghosts %d", len(s.m.feed.items), len(s.m.notices),
			len(s.m.motion.falling), len(s.m.motion.ghosts))
	}
	if len(s.m.motion.left) != 0 {
		t.Errorf("%d released messages are remembered after they landed", len(s.m.motion.left))
	}
}

func TestSentences(t *testing.T) {
	s := contested()
	s.tell(event.Event{Kind: event.VoteRefused, Node: 4, Peer: 5, Term: 4, Reason: event.AlreadyVoted},
		event.Event{Kind: event.Truncated, Node: 4, Index: 9}, event.Event{Kind: event.VoteRefused, Node: 1, Peer: 5, Term: 4, OK: true, Reason: event.HasLeader})
	s.at += ms
	s.cut(5)
	all := ""
	for _, it := range s.m.feed.items {
		all += it.text + "\n"
	}
	for _, want := range []string{
		"n2, the leader of term 3, was killed with a write under way that never reached its disk.",
		"n3 stands for election: it heard from no leader in time.", "n2 stands for election.",
		"n4 votes for n3 in term 4.",
		"n1 refused its vote to n3 in term 4: n1's log is newer (last term 4 against 3).",
		"n4 cut its log back: entry 9 and all after it are gone, because the leader's log differs.",
		"n1 would not vote for n5 in term 4: it has a leader, as far as it knows.",
		"n2 leads term 3 with the votes of n1, n2 and n3.",
		"put x 1: ok, revision 6, held by n2, n1 and n3, after 612 ms.",
		"Cut: n1–n5, n2–n5, n3–n5, n4–n5.",
		"n5's clock runs at 1.5 times the true speed.",
	} {
		if !strings.Contains(all, want+"\n") {
			t.Errorf("nobody says %q in\n%s", want, all)
		}
	}
}

func TestMinorSentencesThatComeAgainAreCounted(t *testing.T) {
	s := healthy()
	said := len(s.m.feed.items)
	for range 5 {
		s.tell(event.Event{Kind: event.VoteGranted, Node: 1, Peer: 3, Term: 4, OK: true}, event.Event{Kind: event.VoteGranted, Node: 4, Peer: 3, Term: 4, OK: true})
		s.at += ms
	}
	last := s.m.feed.items[len(s.m.feed.items)-1]
	if len(s.m.feed.items) != said+2 || last.said(nil) != "n4 would vote for n3 in term 4 (pre-vote). (5 times)" || last.at != s.at-ms {
		t.Errorf("%d new sentences, the last one is %q", len(s.m.feed.items)-said, last.said(nil))
	}
}

func TestSpelling(t *testing.T) {
	for d, want := range map[event.Micros]string{0: "0 s", 900: "900 µs", 1500: "1.5 ms", 2000: "2 ms", 612_000: "612 ms", 3_400_000: "3.4 s",
		60_000_000: "1 min 0 s", 3_725_000_000: "1 h 2 min", -2000: "−2 ms"} {
		if got := spell(nil, d); got != want {
			t.Errorf("%d µs is spelled %q, want %q", d, got, want)
		}
	}
}

func TestDecimal(t *testing.T) {
	for _, c := range []struct {
		x      float64
		digits int
		want   string
	}{{0, 1, "0"}, {-0.04, 1, "0"}, {-0.5, 1, "-0.5"}, {12, 1, "12"}, {0.025, 4, "0.025"}, {1.25, 1, "1.3"}, {-12.34, 2, "-12.34"}, {100, 0, "100"},
		{0.1, 3, "0.1"}, {0.004, 2, "0"}, {1e6, 1, "1000000"}, {19.99, 1, "20"}} {
		if got := decimal(c.x, c.digits); got != c.want {
			t.Errorf("decimal(%v, %d) = %q, want %q", c.x, c.digits, got, c.want)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		x, digits := r.Float64()*2000-1000, r.IntN(7)
		back, err := strconv.ParseFloat(decimal(x, digits), 64)
		if err != nil || math.Abs(back-x) > 0.5000001/tens[digits] {
			t.Fatalf("decimal(%v, %d) = %q: %v", x, digits, decimal(x, digits), err)
		}
	}
}

// Esc in an empty console leads to the stage, where keys are no letters: to the machine that is selected, else the first.
func TestEscLeadsOutOfTheConsole(t *testing.T) {
	s := healthy()
	for _, want := range []string{"node-n1", "node-n3"} {
		if want == "node-n3" {
			s.do(Pressed{Key: "3"})
		}
		s.sent = nil
		s.do(Pressed{Key: "Escape", Console: true})
		if len(s.sent) == 0 || s.sent[0] != (Focus{want}) {
			t.Errorf("Esc gave %v, not the focus to %s", s.sent, want)
		}
	}
}

// A menu of the stage asks why about what it is of, and makes room for the answer.
func TestAMenuAsksWhy(t *testing.T) {
	s := watch(3)
	for _, x := range []struct{ action, arg, asks, back string }{{"node", "n2", "why n2", "node-n2"}, {"link", "n1-n3", "why n1-n3", "link-n1-n3"}} {
		s.do(Acted{x.action, x.arg})
		why := byID(Scene(&s.m), "menu-why")
		if why == nil {
			t.Fatalf("the menu of %s does not ask why", x.arg)
		}
		action, _ := why.Attr("data-action")
		arg, _ := why.Attr("data-arg")
		s.sent = nil
		s.do(Acted{action, arg})
		if look, ok := s.sent[0].(Send); !ok || look.Frame.Type != event.FrameLook || look.Frame.Text != x.asks {
			t.Errorf("%s: sent %+v, not %q", x.arg, s.sent[0], x.asks)
		}
		if focus, ok := s.sent[len(s.sent)-1].(Focus); !ok || focus.ID != x.back || s.m.picked.open || s.m.panel() != "node" {
			t.Errorf("%s: the menu is open: %t, the panel is %s, sent %+v", x.arg, s.m.picked.open, s.m.panel(), s.sent)
		}
	}
}
