package languages

import (
	"context"
	"net/http/httptest"
	"testing"
)

func TestTheWantedLanguage(t *testing.T) {
	for _, c := range []struct{ address, cookie, accept, want string }{
		{"/", "", "", "en"},
		{"/", "", "de", "de"},
		{"/", "", "de-AT,de;q=0.9,en;q=0.8", "de"},
		{"/", "", "fr,en;q=0.7,de;q=0.3", "en"},
		{"/", "", "fr", "en"},
		{"/", "", ";;;", "en"},
		{"/", "de", "en", "de"},
		{"/", "klingon", "de", "de"},
		{"/?language=en", "de", "de", "en"},
		{"/?language=DE", "", "en", "de"},
	} {
		r := httptest.NewRequest("GET", c.address, nil)
		if c.cookie != "" {
			r.Header.Set("Cookie", Cookie+"="+c.cookie)
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := Wanted(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestContextsSpeak(t *testing.T) {
	ctx := context.Background()
	if Tag(ctx) != "en" || Say(ctx, "{0} of {1}", "1", "2") != "1 of 2" {
		t.Error("nobody said: English")
	}
	if ctx = With(ctx, Of("de")); Tag(ctx) != "de" {
		t.Error("German")
	}
	if Catalogue("en") != "" || Catalogue("../languages") != "" || Catalogue("de") == "" {
		t.Error("catalogues")
	}
}
