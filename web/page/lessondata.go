package page

import (
	"bytes"
	"context"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/web/languages"
)

// LessonsData is what the list of lessons shows.
type LessonsData struct {
	Assets
	Tracks  []LessonTrack // those that have lessons, in their order
	Problem string        // what is wrong with the lesson files, a sentence a line; "" for nothing
}

// LessonTrack is a group of lessons on the list.
type LessonTrack struct {
	Name    string // "Consensus"
	Lessons []*lessons.Lesson
}

// LessonFrame is the panel as its viewer's browser gets it, in the viewer's language.
func LessonFrame(p lessons.Panel, l *words.Language) event.Lesson {
	var b bytes.Buffer
	if err := Lesson(p).Render(languages.With(context.Background(), l), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return event.Lesson{ID: p.Lesson, HTML: b.String(), Marks: p.Marks, Denied: p.Denied, Said: p.Said, Done: p.Done, Steps: len(p.Steps)}
}

// alone is a lesson as if nobody else were in the room: who holds control in it is nothing to somebody who cannot.
func alone(p lessons.Panel) lessons.Panel {
	p.Viewers, p.Held, p.Holder = 1, false, false
	return p
}

// WatchedFrame is what somebody sees of the lesson who may only watch: how far those are who act. It is no lesson of the
// viewer's own, so the browser notes nothing of it.
func WatchedFrame(p lessons.Panel, l *words.Language) event.Lesson {
	var b bytes.Buffer
	if err := Watched(p).Render(languages.With(context.Background(), l), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return event.Lesson{HTML: b.String(), Marks: p.Marks}
}
