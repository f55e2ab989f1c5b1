package web

import (
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"net/http"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/page"
)

// learner is a viewer as the class knows it.
type learner struct {
	class    Class // nil: the room has none
	watching bool  // it sees the lesson, and is not part of it
	token    string
	words    *words.Language
	drawn    bool   // a panel has been shown
	shown    uint64 // hash of it
}

// panelSeed is of the hashes of panels.
var panelSeed = maphash.MakeSeed()

// newLearner names a viewer by the token that its hello gave. One without a token, or with one that cannot be, is named
// for as long as its connection lasts; the fault tells it so.
func newLearner(class Class, token string) (learner, *Fault) {
	f := vetToken(token)
	if token == "" || f != nil {
		token = rand.Text()
	}
	return learner{class: class, token: token}, f
}

func vetToken(token string) *Fault {
	odd := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '-')
	}
	if len(token) <= TokenBytes && !strings.ContainsFunc(token, odd) {
		return nil
	}
	return &Fault{http.StatusBadRequest, CodeBadRequest, fmt.Sprintf("This browser's name for itself is not up to %d letters, digits, _ and -, so it is not used: "+
		"after a reload the lesson takes you for somebody else.", TokenBytes), ""}
}

// attend takes the viewer into the class until the returned function is called.
func (l *learner) attend() (leave func()) {
	if l.class == nil || l.watching {
		return func() {}
	}
	return l.class.Join(l.token)
}

// learn passes on what the viewer says.
func (l *learner) learn(words string) error {
	if l.class == nil {
		return noClass
	}
	if f := vetWords(words); f != nil {
		return f
	}
	return l.class.Learn(l.token, words)
}

// admit asks the class whether the viewer may do this now.
func (l *learner) admit(c event.Command) error {
	if l.class == nil {
		return nil
	}
	return l.class.Admit(l.token, c)
}

// sees is the lesson as the viewer sees it.
func (l *learner) sees() event.Lesson {
	if l.watching {
		return page.WatchedFrame(l.class.Panel(""), l.words)
	}
	return page.LessonFrame(l.class.Panel(l.token), l.words)
}

// picture is the frame with the viewer's panel; nil if the viewer has it already.
func (l *learner) picture() []byte {
	if l.class == nil {
		return nil
	}
	f := event.AppendFrame(nil, &event.Frame{Type: event.FrameLesson, Lesson: l.sees()})
	sum := maphash.Bytes(panelSeed, f)
	if l.drawn && sum == l.shown {
		return nil
	}
	l.drawn, l.shown = true, sum
	return f
}
