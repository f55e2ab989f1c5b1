package lobby

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/quorumlab/quorumlab/web"
)

//go:embed complain.html
var complainText string

var complainPage = template.Must(template.New("complain").Parse(complainText))

// complain answers with a page to people and with JSON to programs.
func (l *Lobby) complain(w http.ResponseWriter, r *http.Request, err error) {
	if strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		web.WriteFault(w, err)
		return
	}
	f := &web.Fault{Status: http.StatusInternalServerError, Sentence: "The server failed at this; its log says why."}
	errors.As(err, &f)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(f.Status)
	complainPage.Execute(w, map[string]any{"Status": f.Status, "Sentence": f.Sentence, "Styles": l.styles()})
}

func (l *Lobby) styles() []string {
	if l.options.Assets == nil {
		return nil
	}
	return l.options.Assets.Styles()
}
