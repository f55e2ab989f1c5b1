package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// LessonPanel is the id of the element that holds the lesson as the room drew it.
const LessonPanel = "lesson"

// lessonElement holds the lesson. What stands in it is the room's: it knows who looks.
func lessonElement(m *Model) *Element {
	return classed("section", "lesson").set("id", LessonPanel).set("aria-label", m.Say("Lesson")).keyed("lesson").raw(m.Lesson.HTML)
}

// denied says whether the lesson does without what a line of the console asks for.
func (m *Model) denied(line string) bool {
	c, wrong := Parse(line)
	for rest := m.Lesson.Denied; rest != "" && wrong == nil; {
		kind, more, _ := halves(rest, ' ')
		if kind == c.Kind.String() {
			return true
		}
		rest = more
	}
	return false
}

// taught is what the page keeps of the lessons that are taken.
type taught struct {
	heard bool           // the room has told of the lesson since the page was opened
	best  map[string]int // steps done in each lesson, at most MaxKept of them
}

// MaxKept bounds the lessons whose progress the page keeps in mind.
const MaxKept = 400

// kept is before the name of a lesson where the browser stores its progress, as "3/8".
const kept = "lesson-"

// learned takes in how the lesson goes. What it says is read aloud, unless it was said before this page came.
func (m *Model) learned(l event.Lesson) []Effect {
	if said := l.Said; said != "" && said != m.Lesson.Said && m.taught.heard {
		m.feed.announce(item{at: m.State.At, tone: good, text: said})
	}
	m.taught.heard = true
	m.Lesson = l
	m.touch(inGuide, inLesson, inSide)
	return m.taught.progress(&l)
}

// progress has the browser remember the most that was done of a lesson: it is not lost by starting over.
func (t *taught) progress(l *event.Lesson) []Effect {
	if l.ID == "" || l.Done <= t.best[l.ID] || t.best[l.ID] == 0 && len(t.best) >= MaxKept {
		return nil
	}
	t.keep(l.ID, l.Done)
	return only(Remember{kept + l.ID, strconv.Itoa(l.Done) + "/" + strconv.Itoa(l.Steps)})
}

func (t *taught) keep(lesson string, done int) {
	if t.best == nil {
		t.best = map[string]int{}
	}
	t.best[lesson] = done
}

// recall takes back the progress that an earlier visit stored.
func (t *taught) recall(name, value string) {
	lesson, is := after(name, kept)
	if !is || len(t.best) >= MaxKept {
		return
	}
	done, _, _ := halves(value, '/')
	if n, ok := event.ParseNumber(done); ok && n < 1000 {
		t.keep(lesson, int(n))
	}
}
