package ui

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// taped has the room say where the viewer's recorder stands, and show what is there.
func (s *story) taped(t event.Tape) {
	t.First, t.HeadAt = 1, max(t.HeadAt, s.at)
	s.frame(event.Frame{Type: event.FrameTape, Tape: t})
}

// rewound is a page that looks at a moment of the recording: as many machines, of which nothing else is known.
func rewound(sealed bool) *story {
	s := healthy()
	s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: 40, At: 12_400 * ms, Head: s.m.State.Seq, HeadAt: 92_400 * ms, Sealed: sealed})
	past := []event.Event{{Kind: event.RateSet, Factor: event.One}}
	for id := event.NodeID(1); id <= 5; id++ {
		past = append(past, event.Event{Kind: event.MachineAdded, Node: id}, event.Event{Kind: event.Started, Node: id, Term: 1})
	}
	s.frame(event.Frame{Type: event.FrameCheckpoint, Epoch: 7, Seq: 40, At: 12_400 * ms, Events: past})
	s.sent = nil
	return s
}

// words are what the page told its recorder, joined by commas; other frames stand as their type.
func (s *story) wound() string {
	var said []string
	for _, e := range s.sent {
		send, is := e.(Send)
		switch {
		case !is:
		case send.Frame.Type == event.FrameWind:
			said = append(said, send.Frame.Text)
		case send.Frame.Type == event.FrameOrder:
			said = append(said, "order "+send.Frame.Command.Kind.String())
		case send.Frame.Type == event.FrameRun:
			said = append(said, "run "+send.Frame.Text)
		case send.Frame.Type == event.FrameLearn:
			said = append(said, "learn "+send.Frame.Text)
		}
	}
	s.sent = nil
	return strings.Join(said, ", ")
}

func byID(scene *Element, id string) (found *Element) {
	each(scene, func(e *Element) {
		if is, _ := e.Attr("id"); is == id {
			found = e
		}
	})
	return found
}

func TestThePastSaysWhereItIs(t *testing.T) {
	s := rewound(false)
	root := Scene(&s.m)
	if past, _ := root.Attr("data-past"); past != "paused" {
		t.Errorf("data-past is %q", past)
	}
	const place = "Recording at 12.4 s, 1 min 20 s behind LIVE"
	if got := wordsOf(byID(root, "tape-place")); got != place {
		t.Errorf("the place is %q", got)
	}
	slider := byID(root, "tape")
	if text, _ := slider.Attr("aria-valuetext"); text != place {
		t.Errorf("the slider says %q", text)
	}
	if len(s.m.feed.items) != 1 || !strings.Contains(s.m.feed.items[0].text, "12.4 s") {
		t.Errorf("the feed still tells what happened elsewhere: %+v", s.m.feed.items)
	}
	s.taped(event.Tape{Mode: event.TapeLive, HeadAt: 92_400 * ms})
	s.frame(event.Frame{Type: event.FrameCheckpoint, Epoch: 7, Seq: 400, At: 92_400 * ms})
	root = Scene(&s.m)
	if _, past := root.Attr("data-past"); past || wordsOf(byID(root, "tape-place")) != "LIVE" {
		t.Error("back in the present the page does not say LIVE")
	}
}

func TestKeysWindTheRecording(t *testing.T) {
	s := rewound(false)
	for key, want := range map[string]string{"ArrowLeft": "step -1", "ArrowRight": "step 1", " ": "play 1", ",": "previous fault",
		".": "next fault", "l": "live", "End": "live", "Home": "part 0"} {
		s.do(Pressed{Key: key})
		if got := s.wound(); got != want {
			t.Errorf("%q told the recorder %q, not %q", key, got, want)
		}
		s.m.winding = winding{} // it has answered
	}
	live := healthy()
	live.sent = nil
	live.do(Pressed{Key: "ArrowLeft"})
	if got := live.wound(); got != "step -1" {
		t.Errorf("← in the present told the recorder %q", got)
	}
	live.do(Pressed{Key: " "})
	if got := live.wound(); got != "order freeze" {
		t.Errorf("Space in the present: %q", got)
	}
}

// The outer arrows and the keys , and . go to what is chosen.
func TestTheArrowsGoToWhatIsChosen(t *testing.T) {
	s := rewound(false)
	for _, sought := range []string{"fault", "commit", "mark"} {
		if sought != "fault" {
			s.do(Changed{"sought", sought})
		}
		for want, do := range map[string]Msg{"next " + sought: Acted{"seek", "next"}, "previous " + sought: Pressed{Key: ","}} {
			s.do(do)
			if got := s.wound(); got != want {
				t.Errorf("%+v told the recorder %q, not %q", do, got, want)
			}
			s.m.winding = winding{} // it has answered
		}
	}
}

func TestSpeedAndPlay(t *testing.T) {
	s := rewound(false)
	s.do(Changed{"speed", "0.25"})
	s.do(Acted{"play", ""})
	if got := s.wound(); got != "play 0.25" {
		t.Errorf("play: %q", got)
	}
	s.taped(event.Tape{Mode: event.TapePlaying, Speed: event.FactorOf(0.25), Seq: 40, At: 12_400 * ms})
	s.do(Changed{"speed", "10"})
	if got := s.wound(); got != "play 10" {
		t.Errorf("another speed while it plays: %q", got)
	}
	s.taped(event.Tape{Mode: event.TapePlaying, Speed: event.FactorOf(10), Seq: 40, At: 12_400 * ms})
	s.do(Pressed{Key: " "})
	if got := s.wound(); got != "pause" {
		t.Errorf("Space while it plays: %q", got)
	}
}

// The shown time runs at the rate of that time, times the speed of playing; at rest it stands.
func TestTimeOfThePast(t *testing.T) {
	s := rewound(false)
	at := s.m.clock.now
	s.tick(1_000_000)
	s.tick(1_100_000)
	if s.m.clock.now != at {
		t.Error("time runs though the recording rests")
	}
	s.taped(event.Tape{Mode: event.TapePlaying, Speed: event.FactorOf(2), Seq: 40, At: at})
	s.m.clock.confirmed = at + 250*ms
	s.tick(1_200_000)
	if passed := s.m.clock.now - at; passed < 200*ms || passed > 250*ms {
		t.Errorf("in 100 ms at twice the speed %v µs passed", passed)
	}
}

// Whoever does something in the past does it now: the page goes back to LIVE first, and says so.
func TestActingIsInThePresent(t *testing.T) {
	for act, want := range map[Msg]string{
		Acted{"run", "kill n2"}:       "live, order kill",
		Acted{"run", "member list"}:   "live, run member list",
		Acted{"learn", "answer 2"}:    "live, learn answer 2",
		Acted{"look", "node n2"}:      "",
		Acted{"wind", "seq 12"}:       "seq 12",
		Pressed{Key: "h"}:             "live, order heal",
		Acted{"share", ""}:            "",
		Acted{"scrub", "0.4321"}:      "part 0.4321",
		Acted{"scrub", "1.0231"}:      "live",
		Acted{"moment", "seq=9&at=1"}: "moment seq=9&at=1",
	} {
		s := rewound(false)
		s.do(act)
		if got := s.wound(); got != want {
			t.Errorf("%v: %q, not %q", act, got, want)
		}
		said := len(s.m.notices) == 1 && strings.Contains(s.m.notices[0].text, "LIVE")
		if said != strings.HasPrefix(want, "live,") {
			t.Errorf("%v: the page says %+v", act, s.m.notices)
		}
	}
}

// Who may only watch is told so in the header, reads the feed where others have the console, and is told why nothing is done.
func TestNobodyActsWhereOneMayOnlyWatch(t *testing.T) {
	s := watch(3)
	s.m.watching = true
	if chosen, _ := byID(Scene(&s.m), "tab-feed").Attr("aria-selected"); chosen != "true" || s.m.panel() != "feed" {
		t.Errorf("the panel is %q, the feed's tab is selected: %s", s.m.panel(), chosen)
	}
	s.do(Pressed{Key: "1"})
	s.do(Pressed{Key: "k"})
	for _, e := range s.sent {
		if f, ok := e.(Send); ok && f.Frame.Type == event.FrameOrder {
			t.Errorf("sent %+v", f.Frame)
		}
	}
	if len(s.m.notices) != 1 || !strings.Contains(s.m.notices[0].text, "watching only") {
		t.Errorf("the page says %+v", s.m.notices)
	}
	if !strings.Contains(wordsOf(Scene(&s.m)), "3 watching · watching only") {
		t.Error("the header does not say that one may only watch")
	}
}

func TestNobodyActsInARecordingThatHasEnded(t *testing.T) {
	for _, act := range []Msg{Acted{"run", "kill n2"}, Acted{"run", "member list"}, Pressed{Key: "h"}} {
		s := rewound(true)
		s.do(act)
		if got := s.wound(); got != "" {
			t.Errorf("%v sent %q", act, got)
		}
		if len(s.m.notices) != 1 || !strings.Contains(s.m.notices[0].text, "nobody is there") {
			t.Errorf("%v: nothing says why not, only %+v", act, s.m.notices)
		}
	}
	s := rewound(true)
	root := Scene(&s.m)
	if sealed, _ := root.Attr("data-sealed"); sealed != "true" || wordsOf(byID(root, "tape-place")) != "Recording at 12.4 s of 1 min 32 s" {
		t.Errorf("data-sealed %q, %q", sealed, wordsOf(byID(root, "tape-place")))
	}
	s.do(Pressed{Key: "End"})
	if got := s.wound(); got != "part 1" {
		t.Errorf("the end of a recording: %q", got)
	}
}

// A hand that is quicker than the recorder does not queue: where it is last is where it goes.
func TestScrubbingWaitsForAnswers(t *testing.T) {
	s := rewound(false)
	s.tick(5_000_000)
	for _, part := range []string{"0.1", "0.2", "0.3"} {
		s.do(Acted{"scrub", part})
	}
	if got := s.wound(); got != "part 0.1" {
		t.Errorf("before the first answer: %q", got)
	}
	s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, At: 10_000 * ms})
	if got := s.wound(); got != "part 0.3" {
		t.Errorf("after the first answer: %q", got)
	}
	s.do(Acted{"scrub", "0.4"})
	s.tick(5_900_000)
	if got := s.wound(); got != "" {
		t.Errorf("before the second answer: %q", got)
	}
	s.tick(6_100_000)
	if got := s.wound(); got != "part 0.4" {
		t.Errorf("an answer that does not come must not stop everything: %q", got)
	}
}

// A page whose connection breaks while it looks back looks at the same moment when it is there again.
// A bookmark belongs to the place that a hand has gone to, and is not passed over for where it goes next.
func TestABookmarkIsNeverPassedOver(t *testing.T) {
	s := rewound(false)
	s.tick(9_000_000)
	s.do(Acted{"scrub", "0.1"})
	s.do(Acted{"scrub", "0.5"})
	s.do(Changed{"note", "here"})
	s.do(Acted{"mark", ""})
	s.do(Acted{"scrub", "0.7"})
	s.do(Acted{"wind", "unmark 12"})
	s.do(Acted{"scrub", "0.8"})
	if got := s.wound(); got != "part 0.1, part 0.5, mark here, part 0.7, unmark 12" {
		t.Error(got)
	}
	s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: 40, At: 12_400 * ms})
	if got := s.wound(); got != "part 0.8" {
		t.Error(got)
	}
}

func TestReconnectingInThePast(t *testing.T) {
	s := rewound(false)
	s.do(Disconnected{})
	s.do(Connected{})
	if hello := s.sent[len(s.sent)-1].(Send).Frame; hello.Type != event.FrameHello || hello.Seq != 0 {
		t.Errorf("hello %+v: the room would go on from the past", hello)
	}
	s.sent = nil
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: 7, Room: "amber-otter"})
	if got := s.wound(); got != "seq 40" {
		t.Errorf("after the welcome: %q", got)
	}
}

func TestAPageOpensAtTheMomentOfItsAddress(t *testing.T) {
	s := &story{m: New(Seed{Moment: "seq=12&epoch=7&at=5000"})}
	s.do(Connected{})
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: 7, Room: "amber-otter"})
	if got := s.wound(); got != "moment seq=12&epoch=7&at=5000" {
		t.Errorf("%q", got)
	}
	s.frame(event.Frame{Type: event.FrameWelcome, Version: event.WireVersion, Epoch: 7, Room: "amber-otter"})
	if got := s.wound(); got != "" {
		t.Errorf("it goes there again: %q", got)
	}
}

// The timeline is asked for in the width that there is, and again when that changes, but not for every pixel.
func TestTheTimelineFitsTheWindow(t *testing.T) {
	looks := func(s *story) (all []string) {
		for _, e := range s.sent {
			if send, is := e.(Send); is && send.Frame.Type == event.FrameLook && send.Frame.Code == "timeline" {
				all = append(all, send.Frame.Text)
			}
		}
		s.sent = nil
		return all
	}
	s := healthy()
	if all := looks(s); len(all) != 1 || all[0] != "timeline 1040" {
		t.Errorf("at first: %v", all)
	}
	s.frame(event.Frame{Type: event.FramePanel, Code: "timeline", Text: "<svg></svg>"})
	s.do(Resized{1441, 900})
	if all := looks(s); len(all) != 0 {
		t.Errorf("a pixel more: %v", all)
	}
	s.do(Resized{390, 844})
	if all := looks(s); len(all) != 1 || all[0] != "timeline 280" {
		t.Errorf("a telephone: %v", all)
	}
	if drawn := byID(Scene(&s.m), TimelinePanel); drawn.Raw != "<svg></svg>" {
		t.Error("the old drawing is gone before the new one is there")
	}
}

func TestADialogIsThereAsLongAsItIsLookedAt(t *testing.T) {
	s := healthy()
	s.do(Acted{"open", "marks"})
	s.frame(event.Frame{Type: event.FramePanel, Code: "dialog", Text: "<h2>Bookmarks</h2>"})
	if d := byID(Scene(&s.m), "dialog"); d == nil || d.Kids[0].Raw != "<h2>Bookmarks</h2>" {
		t.Fatal("there is no dialog")
	}
	s.do(Copied{OK: true})
	said := 0
	each(byID(Scene(&s.m), "dialog"), func(e *Element) { said += strings.Count(e.Text, "It is copied.") })
	each(Scene(&s.m), func(e *Element) { said += 10 * strings.Count(e.Text, "It is copied.") })
	if said != 11 {
		t.Errorf("what is answered to something in a dialog is said in it, once: %d", said)
	}
	s.do(Changed{"note", "look here"})
	s.sent = nil
	s.do(Acted{"mark", ""})
	if got := s.wound(); got != "mark look here" {
		t.Errorf("a bookmark: %q", got)
	}
	s.do(Acted{"share", ""})
	s.do(Acted{"shut", ""}) // of the one before
	if byID(Scene(&s.m), "dialog") != nil || s.m.panelAt("dialog").words != s.m.shareWords() {
		t.Error("who closes one dialog and opens another does not get it")
	}
	s.frame(event.Frame{Type: event.FramePanel, Code: "dialog", Text: "<h2>Share</h2>"})
	if d := byID(Scene(&s.m), "dialog"); d == nil || d.Kids[0].Raw != "<h2>Share</h2>" {
		t.Fatal("there is no second dialog")
	}
	s.do(Acted{"shut", ""})
	if byID(Scene(&s.m), "dialog") != nil {
		t.Error("the dialog is still there")
	}
	s.frame(event.Frame{Type: event.FramePanel, Code: "dialog", Text: "<h2>Bookmarks</h2>"})
	if byID(Scene(&s.m), "dialog") != nil {
		t.Error("a drawing that was under way opens it again")
	}
}

// TestAStepIsSeen: a step ahead brings what happened on the way, while the recording rests: the message sets out, flies, and falls.
func TestAStepIsSeen(t *testing.T) {
	s := rewound(false)
	step := func(e event.Event, at event.Micros) {
		e.At = at
		s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: s.m.State.Seq + 1, At: at, HeadAt: 92_400 * ms})
		s.frame(event.Frame{Type: event.FrameEvents, Seq: s.m.State.Seq + 1, At: at, Events: []event.Event{e}})
		s.tick(s.m.clock.wall + 16_000)
	}
	step(event.Event{Kind: event.Sent, Msg: 9, Node: 1, Peer: 2, Type: event.AppendEntries, Until: 12_480 * ms}, 12_405*ms)
	if msg := s.m.State.Message(9); msg == nil || s.m.clock.now != 12_405*ms {
		t.Fatalf("nothing has set out: %+v at %d", msg, s.m.clock.now)
	}
	step(event.Event{Kind: event.Committed, Node: 1, Index: 1}, 12_440*ms)
	if at := s.m.motion.progress(s.m.State.Message(9), s.m.clock.now); at < 0.4 || at > 0.5 {
		t.Errorf("the message is at %v of its way", at)
	}
	told := len(s.m.feed.items)
	step(event.Event{Kind: event.Dropped, Msg: 9, Node: 1, Peer: 2, Reason: event.LinkCut}, 12_450*ms)
	if len(s.m.motion.falling) != 1 || len(s.m.feed.items) < told {
		t.Fatalf("%d messages fall, the feed has %d items", len(s.m.motion.falling), len(s.m.feed.items))
	}
	for range 5 {
		s.tick(s.m.clock.wall + 200_000)
	}
	if len(s.m.motion.falling) != 0 || s.m.clock.now != 12_450*ms {
		t.Errorf("%d messages hang in the air at %d", len(s.m.motion.falling), s.m.clock.now)
	}
}

// TestThePlaceThatIsSaidIsTheOneThatIsSeen: under a hand that scrubs nothing is said, and then the last place.
func TestThePlaceThatIsSaidIsTheOneThatIsSeen(t *testing.T) {
	s := rewound(false)
	s.tick(5_000_000)
	for i := range event.Micros(20) {
		at := 13_000*ms + i*1000*ms
		s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: 40, At: at, Head: 400, HeadAt: 92_400 * ms})
		s.frame(event.Frame{Type: event.FrameCheckpoint, Epoch: 7, Seq: 40, At: at})
		s.tick(s.m.clock.wall + 100_000)
		if said := s.m.feed.aloud.text; said != "" {
			t.Fatalf("at %d it says %q", at, said)
		}
	}
	s.tick(s.m.clock.wall + settled)
	if said := s.m.feed.aloud.text; said != "The recording at 32 s." {
		t.Errorf("it says %q", said)
	}
	// Who goes to a fault hears which.
	s.taped(event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: 51, At: 40_000 * ms, Head: 400, HeadAt: 92_400 * ms})
	s.frame(event.Frame{Type: event.FrameCheckpoint, Epoch: 7, Seq: 50, At: 40_000 * ms})
	s.frame(event.Frame{Type: event.FrameEvents, Epoch: 7, Seq: 51, At: 40_000 * ms, Events: []event.Event{{Seq: 51, At: 40_000 * ms, Kind: event.Suspended, Node: 3}}})
	s.tick(s.m.clock.wall + 3_000_000)
	if said := s.m.feed.aloud.text; said != "The recording at 40 s. n3 stands still, its clock too. It will not notice." {
		t.Errorf("it says %q", said)
	}
}
