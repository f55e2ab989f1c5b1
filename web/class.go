package web

import (
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/lessons"
)

// Class is the lesson that the people in the room take together; *lessons.Class is one. A viewer is named by the
// token that its browser keeps; programs, which speak HTTP, are the viewer "".
type Class interface {
	Join(viewer string) (leave func())
	Learn(viewer, words string) error           // what a viewer says to the lesson; the error is a sentence for it
	Admit(viewer string, c event.Command) error // why this command is not for this viewer now: a sentence
	Panel(viewer string) lessons.Panel          // what a viewer sees of the lesson
	Changed() <-chan struct{}                   // closed when some panel may have changed
}

// follow has the viewers look at their panels when those may have changed.
func (s *Server) follow(class Class) {
	defer s.visitors.Done()
	for {
		changed := class.Changed()
		s.audience.rouse()
		select {
		case <-changed:
		case <-s.ctx.Done():
			return
		}
		select {
		case <-time.After(s.audience.gather()):
		case <-s.ctx.Done():
			return
		}
	}
}

// gather is how long changes of the lesson are gathered before the viewers are shown them: all who answer within it
// cost each viewer one frame. A large audience, whose panels take longer to draw, waits longer.
func (a *audience) gather() time.Duration {
	return lessonGather * time.Duration(1+a.size()/manyLearners)
}
