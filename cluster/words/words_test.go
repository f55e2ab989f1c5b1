package words

import (
	"strings"
	"testing"
)

func TestValuesTakeTheirPlaces(t *testing.T) {
	german, err := Read("de", "# comment\n\n{0} votes for {1} in term {2}.\n\t{0} stimmt in Term {2} für {1}.\n{0} request\n\t{0} Anfrage\n{0} requests\n\t{0} Anfragen\n")
	if err != nil {
		t.Fatal(err)
	}
	var english *Language
	for _, c := range []struct{ got, want string }{
		{english.Say("{0} votes for {1} in term {2}.", "n1", "n2", "7"), "n1 votes for n2 in term 7."},
		{german.Say("{0} votes for {1} in term {2}.", "n1", "n2", "7"), "n1 stimmt in Term 7 für n2."},
		{german.Say("Nobody knows {0}.", "this"), "Nobody knows this."},
		{german.Say("{0} votes for {1} in term {2}."), "{0} stimmt in Term {2} für {1}."},
		{english.Say("{9} {x} {", "a"), "{9} {x} {"},
		{english.Say("{0}{0}", "{0}"), "{0}{0}"},
		{german.Count(1, "1", "{0} request", "{0} requests"), "1 Anfrage"},
		{german.Count(0, "0", "{0} request", "{0} requests"), "0 Anfragen"},
		{english.Say("{0} is set.", "\u0645\u0631=5"), "\u2068\u0645\u0631=5\u2069 is set."},
		{english.Say("{0} is set.", "a\u202eb"), "\u2068a\u202eb\u2069 is set."},
		{english.Say("{0} is set.", "Größe “é…€”"), "Größe “é…€” is set."},
		{english.Count(1204, "1,204", "{0} request", "{0} requests"), "1,204 requests"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, wanted %q", c.got, c.want)
		}
	}
}

func TestOddCataloguesAreRefused(t *testing.T) {
	for catalogue, says := range map[string]string{
		"a\nb\n\tc\n":                       "does not say what this is: a",
		"\tc\n":                             "of what this is the translation: c",
		"a\n\tb\na\n\tc":                    "twice: a",
		"a":                                 "does not say what this is: a",
		strings.Repeat("#", MaxCatalogue+1): "longer",
	} {
		if _, err := Read("de", catalogue); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v", catalogue, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a\n\tb\n")
	f.Fuzz(func(t *testing.T, catalogue string) {
		if l, err := Read("xx", catalogue); err == nil {
			l.Each(func(english, other string) {
				if l.Say(english) != other {
					t.Errorf("%q is %q", english, l.Say(english))
				}
			})
		}
	})
}
