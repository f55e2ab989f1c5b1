package web

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
)

var noClass = &Fault{http.StatusNotFound, CodeNotFound, "This room is without lessons.", ""}

// lesson is GET /lesson: the lesson as a viewer sees it who has said nothing.
func (s *Server) lesson(w http.ResponseWriter, _ *http.Request) {
	if s.class == nil {
		WriteFault(w, noClass)
		return
	}
	WriteJSON(w, http.StatusOK, s.class.Panel(""))
}

// learn is POST /lesson: a program says something to the lesson, and sees it as it is then.
func (s *Server) learn(w http.ResponseWriter, r *http.Request) {
	words, err := readWords(w, r)
	if err == nil && s.class == nil {
		err = noClass
	}
	if err == nil && !s.http.Allow() {
		s.numbers.refused.WithLabelValues("rate").Inc()
		w.Header().Set("Retry-After", "1")
		err = tooFast(s.limits.Commands)
	}
	if err != nil {
		WriteFault(w, err)
		return
	}
	if err := s.class.Learn("", words); err != nil {
		WriteFault(w, notNow(err))
		return
	}
	s.lesson(w, r)
}

// notNow is what the lesson answers to something that it does not take at this point.
func notNow(err error) *Fault { return &Fault{http.StatusConflict, CodeLesson, err.Error(), ""} }

// readWords reads the body of POST /lesson.
func readWords(w http.ResponseWriter, r *http.Request) (string, error) {
	body, err := readBody(w, r)
	if err != nil {
		return "", err
	}
	var said struct {
		Say string `json:"say"`
	}
	if err := json.Unmarshal(body, &said, json.RejectUnknownMembers(true)); err != nil {
		return "", &Fault{http.StatusBadRequest, CodeBadRequest, `This cannot be read (` + plain(err) + `): send {"say":"next"} or the like.`, ""}
	}
	if f := vetWords(said.Say); f != nil {
		return "", f
	}
	return said.Say, nil
}

// vetWords bounds what is said to a lesson. (The fault is typed, so that no nil becomes an error.)
func vetWords(words string) *Fault {
	switch {
	case words == "":
		return &Fault{http.StatusBadRequest, CodeBadRequest, `What shall the lesson hear? Say "next", "answer 2", "hint" or the like.`, "/say"}
	case len(words) > LearnBytes:
		return &Fault{http.StatusBadRequest, CodeBadRequest, fmt.Sprintf("A lesson hears %d bytes at a time; these are %d.", LearnBytes, len(words)), "/say"}
	}
	return nil
}
