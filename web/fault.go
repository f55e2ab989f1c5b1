package web

import (
	"encoding/json"
	"errors"
	"net/http"
)

// Fault is an error that a client may see: a code to branch on, a sentence to read, and where in the
// request it is (a JSON pointer, or a byte offset), if it is anywhere.
type Fault struct {
	Status   int    `json:"-"` // HTTP
	Code     string `json:"code"`
	Sentence string `json:"error"`
	Where    string `json:"where,omitempty"`
}

func (f *Fault) Error() string {
	if f.Where == "" {
		return f.Sentence
	}
	return f.Where + ": " + f.Sentence
}

// The codes.
const (
	CodeBadCommand = "bad-command"
	CodeBadRequest = "bad-request"
	CodeLimit      = "limit"
	CodeTooLarge   = "too-large"
	CodeNotFound   = "not-found"
	CodeForbidden  = "forbidden"
	CodeClosing    = "closing"
	CodeSlow       = "slow"
	CodeLesson     = "lesson" // the lesson does not take this now
	CodeTape       = "tape"   // the viewer's recorder does not understand this, or does not have it
	CodeInternal   = "internal"
)

func badCommand(where, sentence string) *Fault {
	return &Fault{http.StatusBadRequest, CodeBadCommand, sentence, where}
}

// WriteFault answers a request with err as JSON. What is not a Fault is ours: the client learns no more than that.
func WriteFault(w http.ResponseWriter, err error) {
	var f *Fault
	if !errors.As(err, &f) {
		f = &Fault{http.StatusInternalServerError, CodeInternal, "The server failed at this; its log says why.", ""}
	}
	WriteJSON(w, f.Status, f)
}

// WriteJSON answers a request with v.
func WriteJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the answer has no JSON form", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}
