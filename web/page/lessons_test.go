package page

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/quorumlab/quorumlab/lessons"
)

func listed() LessonsData {
	return LessonsData{Assets: assets, Tracks: []LessonTrack{
		{Name: "Consensus", Lessons: []*lessons.Lesson{
			{ID: "a01", Title: "One <node>", Track: lessons.Consensus, Minutes: 50, Steps: make([]*lessons.Step, 8)},
			{ID: "a02", Title: "Elections", Track: lessons.Consensus, Minutes: 15, Needs: []string{"a01", "z99"}, Steps: make([]*lessons.Step, 1)}}},
		{Name: "Using the store"},
		{Name: "Free play", Lessons: []*lessons.Lesson{{ID: "play", Title: "A cluster", Track: lessons.Play, AnyOrder: true, Minutes: 120}}},
	}}
}

func TestTheListSaysWhatEachLessonIs(t *testing.T) {
	page := written(t, Lessons(listed()))
	for _, want := range []string{`href="/lessons/a01"`, "One &lt;node&gt;", "50 min · 8 steps<", "15 min · 1 step · after “One &lt;node&gt;”, “z99”", "2 lessons · about 1 h 5 min",
		"1 lesson · about 2 h<", "120 min · in any order", `data-progress="a02" data-steps="1"`, `src="/static/app.js?v=1"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not have %q", want)
		}
	}
	if strings.Contains(page, "Using the store") || strings.Contains(page, "There are no lessons") {
		t.Error("the list has a track without lessons")
	}
}

func TestTheListSaysWhatCannotBeRead(t *testing.T) {
	d := LessonsData{Problem: "a.md:3: there is no kind <b>\"act2\".\n\nb.md: it has no title."}
	page := written(t, Lessons(d))
	for _, want := range []string{"<li>a.md:3: there is no kind &lt;b&gt;&#34;act2&#34;.</li><li>b.md: it has no title.</li>", `role="alert"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the list does not have %q", want)
		}
	}
	if page = written(t, Lessons(LessonsData{})); !strings.Contains(page, "There are no lessons here.") {
		t.Error("an empty list says nothing")
	}
}

// The rules lie in a template: nobody sees or hears them before they are asked for.
func TestTheRulesAreInEveryRoom(t *testing.T) {
	doc, err := html.Parse(strings.NewReader(written(t, Room(RoomData{Assets: assets, State: living()}))))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || attr(n, "id") != "rules" {
			continue
		}
		if n.Data != "template" {
			t.Fatalf("the rules are in a <%s>", n.Data)
		}
		said := plain(n)
		for _, want := range []string{"one leader", "§5.4.2", "majority of the voters has it on disk", "Snapshots", "learner", "Serializable", "unknown", "Crown", "Space"} {
			if !strings.Contains(said, want) {
				t.Errorf("the rules say nothing of %q", want)
			}
		}
		return
	}
	t.Error("there are no rules")
}

func TestTheFirstPictureHasTheLessonOfNobodyInParticular(t *testing.T) {
	page := written(t, Room(RoomData{Assets: assets, State: living(), Lesson: courseOf(watching)}))
	for _, want := range []string{"Two crowns", `data-marks="n4 log"`, `data-denied="wipe"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if strings.Contains(page, "Somebody else acts") {
		t.Error("the first picture says who acts, but does not know who looks")
	}
	if page = written(t, Room(RoomData{Assets: assets, State: living()})); strings.Contains(page, "No lesson is open") {
		t.Error("a page that knows of no lesson says that there is none")
	}
}
