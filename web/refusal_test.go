package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/web/languages"
)

func TestRefusalsAreToldInThePagesLanguage(t *testing.T) {
	german := languages.Of("de")
	for said, want := range map[string]string{
		"n3 is down already":                                     "n3 ist schon aus",
		"there is no link from n1 to n1 in this room":            "von n1 nach n1 gibt es in diesem Raum keine Verbindung",
		"n2: the machine is down":                                "n2: die Maschine ist aus",
		"“cut n1 n2” cannot be taken back: n2 has left the ring": "„cut n1 n2“ lässt sich nicht zurücknehmen: n2 hat den Ring verlassen",
		"etcdserver: too many requests":                          "etcdserver: too many requests",
		"":                                                       "",
	} {
		if got := retold(german, said); got != want {
			t.Errorf("%q: %q, not %q", said, got, want)
		}
		if got := retold(languages.Of("en"), said); got != said {
			t.Errorf("in English %q becomes %q", said, got)
		}
	}
}

func TestEveryRefusalIsRecognised(t *testing.T) {
	german := languages.Of("de")
	for _, text := range refusals {
		filled := german.Say(text, "a1", "b2", "c3") // as the catalogue has it
		var english = text
		for n, value := range []string{"a1", "b2", "c3"} {
			english = replaced(english, n, value)
		}
		if got := retold(german, english); got != filled {
			t.Errorf("%q is told as %q, not %q", english, got, filled)
		}
	}
}

func replaced(text string, place int, value string) string {
	return strings.ReplaceAll(text, fmt.Sprintf("{%d}", place), value)
}
