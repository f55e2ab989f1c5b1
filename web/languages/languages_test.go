package languages

import (
	"context"
	"net/http"
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

func TestAChosenLanguageIsKept(t *testing.T) {
	for address, want := range map[string]string{"/": "", "/?language=": "", "/?language=klingon": "", "/?language=de": "de", "/r/amber-otter?language=EN": "en"} {
		w := httptest.NewRecorder()
		Remember(w, httptest.NewRequest("GET", address, nil))
		kept := w.Result().Cookies()
		switch {
		case want == "" && len(kept) > 0:
			t.Errorf("%s: %v is kept", address, kept)
		case want == "":
		case len(kept) != 1 || kept[0].Name != Cookie || kept[0].Value != want || kept[0].Path != "/" || kept[0].MaxAge < 300*24*60*60 || kept[0].SameSite != http.SameSiteLaxMode:
			t.Errorf("%s: %v", address, kept)
		default:
			r := httptest.NewRequest("GET", "/lessons", nil)
			r.AddCookie(kept[0])
			if got := Wanted(r); got != want {
				t.Errorf("%s: afterwards the pages speak %s", address, got)
			}
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
