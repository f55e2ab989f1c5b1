package lobby

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/page"
)

// shelf has the lessons. It looks at their files again whenever somebody asks, so that an author sees every change; while
// they are broken it keeps what they were before.
type shelf struct {
	mu      sync.Mutex
	library *lessons.Library
}

// look returns the lessons and what is wrong with their files, nil if nothing is.
func (s *shelf) look() (*lessons.Library, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh, err := s.library.Fresh()
	if err != nil {
		return s.library, err
	}
	s.library = fresh
	return fresh, nil
}

// find is the lesson with this id.
func (s *shelf) find(id string) (*lessons.Lesson, error) {
	library, broken := s.look()
	if l := library.Lesson(id); l != nil {
		return l, nil
	}
	f := &web.Fault{Status: http.StatusNotFound, Code: web.CodeNotFound, Sentence: fmt.Sprintf("There is no lesson %.40q here.", id), Where: "/lesson"}
	if broken != nil {
		f.Sentence += " Some lesson files cannot be read: " + broken.Error()
	}
	return nil, f
}

// tracks are all lessons by track, in their order.
func tracks(library *lessons.Library) (all []page.LessonTrack) {
	var track lessons.Track
	for _, l := range library.Lessons() {
		if len(all) == 0 || l.Track != track {
			track = l.Track
			all = append(all, page.LessonTrack{Name: track.Name()})
		}
		last := &all[len(all)-1]
		last.Lessons = append(last.Lessons, l)
	}
	return all
}

// list is GET /lessons.
func (l *Lobby) list(w http.ResponseWriter, r *http.Request) {
	library, broken := l.shelf.look()
	d := page.LessonsData{Assets: l.options.Assets.Page(), Tracks: tracks(library)}
	if broken != nil {
		d.Problem = broken.Error()
	}
	web.WritePage(w, r, http.StatusOK, page.Lessons(d))
}

// lesson is GET /lessons/{id}: it makes a room with that lesson and goes there.
func (l *Lobby) lesson(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	id := r.PathValue("id")
	_, err := l.shelf.find(id)
	if err == nil {
		err = l.enter(w, r, Wish{Lesson: id})
	}
	if err != nil {
		l.complain(w, r, err)
	}
}
