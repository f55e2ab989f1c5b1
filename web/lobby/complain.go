package lobby

import (
	"errors"
	"net/http"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web"
	"github.com/quorumlab/quorumlab/web/page"
)

// complain answers with a page to people and with JSON to programs.
func (l *Lobby) complain(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		web.WriteFault(w, err)
		return
	}
	f := &web.Fault{Status: http.StatusInternalServerError, Sentence: "The server failed at this; its log says why."}
	errors.As(err, &f)
	d := page.ProblemData{Assets: l.options.Assets.Page(), Status: f.Status, Title: title(f), Text: f.Sentence, Label: words.Of("Open a new room"), Href: "/"}
	if strings.HasPrefix(r.URL.Path, "/lessons/") {
		d.Label, d.Href = words.Of("See all lessons"), "/lessons"
	}
	web.WritePage(w, r, f.Status, page.Problem(d))
}

// title is a problem in a few words.
func title(f *web.Fault) string {
	switch f.Code {
	case web.CodeNotFound:
		return words.Of("There is nothing here")
	case web.CodeLimit:
		return words.Of("There is no space left")
	case web.CodeClosing:
		return words.Of("The server is closing")
	case codeBroken:
		return words.Of("This room does not open")
	case codeFell:
		return words.Of("This room fell")
	}
	return words.Of("This did not work")
}

// Codes of faults beside those of package web.
const (
	codeBroken = "broken"    // the room fell too often, or refuses to open
	codeFell   = "room-fell" // the room's process ended while it worked on a request
)
