package ui

import (
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func lesson(done int, said string) event.Frame {
	return event.Frame{Type: event.FrameLesson, Lesson: event.Lesson{ID: "a07", HTML: "<h2>Two leaders</h2>", Marks: "n4 log", Denied: "wipe corrupt",
		Said: said, Done: done, Steps: 8}}
}

func TestTheLessonIsShownAsTheRoomDrewIt(t *testing.T) {
	s := healthy()
	s.frame(lesson(2, ""))
	page := html(Scene(&s.m))
	for _, want := range []string{`data-raw=""><h2>Two leaders</h2></section>`, `data-marks="n4 log"`, `data-denied="wipe corrupt"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
	before := Scene(&s.m)
	f := lesson(2, "")
	f.Lesson.Marks, f.Lesson.Denied, f.Lesson.HTML = "", "", ""
	s.frame(f)
	ops := map[PatchOp]int{}
	for _, p := range Diff(before, Scene(&s.m)) {
		ops[p.Op]++
	}
	if ops[SetHTML] != 1 || ops[RemoveAttr] != 2 || len(ops) != 2 {
		t.Errorf("a lesson that ends took the patches %v", ops)
	}
}

func TestMenusDoWithoutWhatTheLessonDoesWithout(t *testing.T) {
	s := healthy()
	f := lesson(2, "")
	f.Lesson.Denied = "suspend election member-demote"
	s.frame(f)
	s.do(Acted{"node", "n1"})
	page := html(Scene(&s.m))
	for _, no := range []string{`data-arg="suspend n1"`, `data-arg="elect n1"`, `data-arg="member demote n1"`} {
		if strings.Contains(page, no) {
			t.Errorf("the menu has %s", no)
		}
	}
	if !strings.Contains(page, `data-arg="kill n1" data-hover="do:kill n1" id="menu-first"`) {
		t.Error("the focus has no place to go to")
	}
}

func TestTheFirstPictureHasTheLesson(t *testing.T) {
	m := New(Seed{Lesson: event.Lesson{HTML: "<h2>x</h2>", Marks: "stage"}})
	if page := html(Scene(&m)); !strings.Contains(page, "<h2>x</h2>") || !strings.Contains(page, `data-marks="stage"`) {
		t.Error("it has not")
	}
}

func TestWhatTheLessonSaysIsReadAloudOnce(t *testing.T) {
	s := healthy()
	wall := event.Micros(100_000_000)
	aloud := func() string {
		wall += 10 * readable
		s.tick(wall)
		return s.m.feed.aloud.text
	}
	s.frame(lesson(1, "Step 1 is done: Cut."))
	if aloud() == "Step 1 is done: Cut." {
		t.Error("what was done before the page came is read aloud")
	}
	s.frame(lesson(2, "Step 2 is done: Wait."))
	s.tell(event.Event{Kind: event.Suspended, Node: 4}) // newer, but the lesson comes first
	if got := aloud(); got != "Step 2 is done: Wait." {
		t.Errorf("read aloud: %q", got)
	}
	s.tick(wall + 2*readable)
	if got := s.m.feed.aloud.text; got != "Step 2 is done: Wait." {
		t.Errorf("two moments later: %q", got)
	}
	aloud()
	s.frame(lesson(2, "Step 2 is done: Wait.")) // sent again because somebody came
	told := 0
	for _, it := range s.m.feed.items {
		if it.text == "Step 2 is done: Wait." {
			told++
		}
	}
	if told != 1 {
		t.Errorf("it was told %d times", told)
	}
}

func TestWhatALearnerDoes(t *testing.T) {
	s := healthy()
	s.sent = nil
	s.do(Acted{"learn", "answer 2"})
	if send, ok := s.sent[0].(Send); !ok || send.Frame.Type != event.FrameLearn || send.Frame.Text != "answer 2" {
		t.Errorf("an answer gave %v", s.sent)
	}
	s.do(Acted{"tab", "feed"})
	s.sent = nil
	s.do(Acted{"type", "put x 1"})
	if len(s.sent) != 2 || s.sent[0] != (SetField{ConsoleField, "put x 1"}) || s.sent[1] != (Focus{ConsoleField}) || s.m.panel() != "console" {
		t.Errorf("a line to type gave %v on %s", s.sent, s.m.panel())
	}
	s.sent = nil
	s.do(Pressed{Key: "Enter", Console: true})
	s.expect(t, "Enter", "put x 1")
	s.do(Acted{"copy", "I did it"})
	if s.sent[len(s.sent)-1] != (Copy{"I did it"}) {
		t.Errorf("copying gave %v", s.sent)
	}
	for _, ok := range []bool{true, false} {
		s.do(Copied{ok})
	}
	if n := len(s.m.notices); n != 2 {
		t.Errorf("%d sentences about copying", n)
	}
}

// A tab is made anew when it is shown: what was being typed must not be lost.
func TestTheConsoleKeepsItsLineWhileAnotherTabIsShown(t *testing.T) {
	s := healthy()
	s.do(Changed{ConsoleField, "put x"})
	s.do(Acted{"tab", "feed"})
	s.sent = nil
	s.do(Acted{"tab", "console"})
	if len(s.sent) != 1 || s.sent[0] != (SetField{ConsoleField, "put x"}) {
		t.Errorf("coming back gave %v", s.sent)
	}
}

func TestTheBrowserIsKnownAgain(t *testing.T) {
	s := &story{m: New(Seed{})}
	s.do(Recalled{"viewer", "b7f3"})
	s.do(Connected{})
	if send, ok := s.sent[0].(Send); !ok || send.Frame.Text != "b7f3" {
		t.Errorf("Hello is %v", s.sent)
	}
}

func TestProgressIsRememberedAndNeverLost(t *testing.T) {
	s := healthy()
	remembered := func() string {
		all := ""
		for _, e := range s.sent {
			if r, ok := e.(Remember); ok {
				all += r.Name + "=" + r.Value + " "
			}
		}
		s.sent = nil
		return all
	}
	for _, c := range []struct {
		done int
		want string
	}{{0, ""}, {1, "lesson-a07=1/8 "}, {1, ""}, {8, "lesson-a07=8/8 "}, {0, ""}, {3, ""}} {
		s.frame(lesson(c.done, ""))
		if got := remembered(); got != c.want {
			t.Errorf("%d steps done: remembered %q, want %q", c.done, got, c.want)
		}
	}
	again := &story{m: New(Seed{})}
	again.do(Recalled{"lesson-a07", "5/8"})
	again.frame(lesson(4, ""))
	if len(again.sent) != 0 {
		t.Errorf("less than an earlier visit did: %v", again.sent)
	}
	again.frame(lesson(6, ""))
	if len(again.sent) != 1 {
		t.Errorf("more than an earlier visit did: %v", again.sent)
	}
	for i := range MaxKept + 10 {
		again.do(Recalled{"lesson-" + strconv.Itoa(i), "1/2"})
	}
	if n := len(again.m.taught.best); n != MaxKept {
		t.Errorf("%d lessons are kept in mind", n)
	}
}
