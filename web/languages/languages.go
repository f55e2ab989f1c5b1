// Package languages has the catalogues of the interface, and finds out which of them a reader wants.
package languages

import (
	"context"
	"embed"
	"net/http"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"github.com/quorumlab/quorumlab/cluster/words"
)

// Cookie is where a browser keeps the language that its reader chose: a tag, as "de".
const Cookie = "language"

// Language is one that the interface speaks.
type Language struct {
	Tag  string // BCP 47
	Name string // as its speakers call it
}

// All are the languages that the interface speaks; the first one is for whoever wants none of them.
var All = []Language{{"en", "English"}, {"de", "Deutsch"}}

//go:embed *.txt
var catalogues embed.FS

// read reads all catalogues once. They are part of the program: one that cannot be read is a fault of ours.
var read = sync.OnceValue(func() map[string]*words.Language {
	all := map[string]*words.Language{}
	for _, l := range All[1:] {
		text, err := catalogues.ReadFile(l.Tag + ".txt")
		if err != nil {
			panic(err)
		}
		if all[l.Tag], err = words.Read(l.Tag, string(text)); err != nil {
			panic(err)
		}
	}
	return all
})

// Of is the language with this tag; nil, which is English, if the interface does not speak it.
func Of(tag string) *words.Language { return read()[tag] }

// served begins the part of a catalogue that the server alone says: no page carries it.
const served = "\n# What follows the server says alone.\n"

// Catalogue is the text of what the page's program says in a language; "" in English and what the interface does not speak.
func Catalogue(tag string) string {
	text, err := catalogues.ReadFile(tag + ".txt")
	if err != nil || Of(tag) == nil {
		return ""
	}
	carried, _, _ := strings.Cut(string(text), served)
	return carried
}

// matcher finds the best of our languages for what a browser's settings say (RFC 4647).
var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, l := range All {
		tags = append(tags, language.Make(l.Tag))
	}
	return language.NewMatcher(tags)
})

// Wanted is the tag of the language that a request asks for: chosen in the address (?language=de), chosen earlier (Cookie),
// or as the browser's settings say.
func Wanted(r *http.Request) string {
	chosen := []string{r.URL.Query().Get(Cookie)}
	if c, err := r.Cookie(Cookie); err == nil {
		chosen = append(chosen, c.Value)
	}
	for _, tag := range chosen {
		for _, l := range All {
			if strings.EqualFold(l.Tag, tag) {
				return l.Tag
			}
		}
	}
	_, i := language.MatchStrings(matcher(), r.Header.Get("Accept-Language"))
	return All[i].Tag
}

// year is how long a browser keeps the language that was chosen, in seconds.
const year = 365 * 24 * 60 * 60

// Remember has the browser keep the language that an address asks for (?language=de): all pages speak it from then on. What
// the interface does not speak is not kept.
func Remember(w http.ResponseWriter, r *http.Request) {
	wanted := r.URL.Query().Get(Cookie)
	for _, l := range All {
		if strings.EqualFold(l.Tag, wanted) {
			http.SetCookie(w, &http.Cookie{Name: Cookie, Value: l.Tag, Path: "/", MaxAge: year, SameSite: http.SameSiteLaxMode, HttpOnly: true, Secure: r.TLS != nil})
		}
	}
}

type key struct{}

// With has what is drawn with ctx speak a language.
func With(ctx context.Context, l *words.Language) context.Context {
	return context.WithValue(ctx, key{}, l)
}

// From is the language that ctx speaks; nil, English, if nobody said.
func From(ctx context.Context) *words.Language {
	l, _ := ctx.Value(key{}).(*words.Language)
	return l
}

// Say says a text in the language that ctx speaks.
func Say(ctx context.Context, text string, values ...string) string {
	return From(ctx).Say(text, values...)
}

// Tag is the tag of the language that ctx speaks.
func Tag(ctx context.Context) string {
	if l := From(ctx); l != nil {
		return l.Tag
	}
	return All[0].Tag
}
