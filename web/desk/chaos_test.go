package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestChaosIsSetByHand: what was typed becomes a line of the console, or a sentence and no way to send it.
func TestChaosIsSetByHand(t *testing.T) {
	for asked, want := range map[string]string{
		"chaos":                                `data-arg="chaos 0.3"`,
		"chaos at 0.35":                        `data-arg="chaos 0.35"`,
		"chaos at 0.35 seed":                   `data-arg="chaos 0.35"`,
		"chaos at 0.35 seed 7":                 `data-arg="chaos 0.35 --seed 7"`,
		"chaos seed 7 at 0.35":                 `data-arg="chaos 0.35 --seed 7"`,
		"chaos seed at 1":                      `data-arg="chaos 1"`,
		"chaos at 1 seed 9007199254740991":     `--seed 9007199254740991"`,
		"chaos at 1 seed 9007199254740992":     "“9007199254740992” is not a seed",
		"chaos at 1 seed 0":                    "“0” is not a seed",
		"chaos at 1 seed -3":                   "“-3” is not a seed",
		"chaos at 1 seed 1 2":                  "“1 2” is not a seed",
		"chaos seed <b>x at 1":                 "“&lt;b&gt;x” is not a seed",
		"chaos at 0":                           "“0” is not an intensity",
		"chaos at 1.01":                        "“1.01” is not an intensity",
		"chaos at NaN":                         "“NaN” is not an intensity",
		"chaos at":                             "“” is not an intensity",
		"chaos at 0.5":                         "every 2 s",
		"chaos at 1":                           "At most 3 of 3 machines",
		"chaos at 0.01":                        "every 1 min 40 s",
		"chaos " + strings.Repeat("at 1 ", 90): `data-arg="chaos 1"`,
	} {
		html := Draw(Moment{State: three(), Live: true}, asked).HTML
		if !strings.Contains(html, want) {
			t.Errorf("%q: %q is not in %s", asked, want, html)
		}
		if wrong := strings.Contains(want, "is not"); wrong != strings.Contains(between(html, `id="chaos-begin"`, ">"), "disabled") {
			t.Errorf("%q: it can be sent although it is wrong, or cannot although it is not", asked)
		}
	}
	for _, asked := range []string{"chaos wild", "chaos 0.5"} {
		if html := Draw(Moment{State: three(), Live: true}, asked).HTML; strings.Contains(html, "chaos-begin") {
			t.Errorf("%q draws %s", asked, html)
		}
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// TestChaosThatRagesIsShown: its own setting stands in the fields, until somebody types another one.
func TestChaosThatRagesIsShown(t *testing.T) {
	s := three()
	s.Apply(event.Event{Kind: event.ChaosSet, OK: true, Factor: event.One * 45 / 100, N: 77})
	m := Moment{State: s, Live: true}
	html := Draw(m, "chaos").HTML
	for _, want := range []string{"intensity of 0.45 and the seed 77", `value="0.45"`, `value="77"`, `data-arg="chaos off"`, `data-arg="chaos off --keep"`, "Go on like this"} {
		if !strings.Contains(html, want) {
			t.Errorf("%q is not in %s", want, html)
		}
	}
	if html = Draw(m, "chaos at 0.9 seed 5").HTML; !strings.Contains(html, `value="0.9"`) || !strings.Contains(html, "intensity of 0.45 and the seed 77") {
		t.Error(html)
	}
	m.Watching = true
	if html = Draw(m, "chaos").HTML; strings.Contains(html, "chaos off") {
		t.Error("who only watches is offered to end it")
	}
}
