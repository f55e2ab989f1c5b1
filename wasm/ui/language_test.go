package ui

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// tongue is what the pages of the tests speak; nil is English.
var tongue *words.Language

// speak has the pages of one test speak a language.
func speak(t *testing.T, l *words.Language) {
	tongue = l
	t.Cleanup(func() { tongue = nil })
}

// german is the interface's own catalogue, as it is or with every text put between ⟦ and ⟧ instead of translated.
func german(t *testing.T, marked bool) *words.Language {
	t.Helper()
	catalogue, err := os.ReadFile("../../web/languages/de.txt")
	if err != nil {
		t.Fatal(err)
	}
	l, err := words.Read("de", string(catalogue))
	if err != nil {
		t.Fatal(err)
	}
	if !marked {
		return l
	}
	place, all := regexp.MustCompile(`\{\d\}`), ""
	l.Each(func(english, _ string) {
		all += english + "\n\t⟦" + place.ReplaceAllString(english, "⟧$0⟦") + "⟧\n"
	})
	if l, err = words.Read("xx", all); err != nil {
		t.Fatal(err)
	}
	return l
}

var (
	translated = regexp.MustCompile(`⟦[^⟧]*(⟧|$)`) // the first sentence of a text may end before it does
	spelled    = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// untranslated are the words of a text that no catalogue has, and that nobody but the program can have said.
func untranslated(shown string, theirs map[string]bool) string {
	rest := translated.ReplaceAllString(shown, " ")
	for _, w := range spelled.FindAllString(rest, -1) {
		if !theirs[w] && strings.Trim(w, w[:1]) != "" { // xxx is a long value
			return rest
		}
	}
	return ""
}

// people are the words that people or the room said in the stories of these tests: names, keys, commands, faults of machines.
func people(more ...string) map[string]bool {
	theirs := map[string]bool{}
	for _, said := range append(more, "quorumlab", "LIVE", "Tab", "OK", "amber-otter put get del txn x pizza", "from --from key some longer value ms",
		"n4 could not reach a majority within 3 s.", "The cluster is starting", "log wal value", "partition etcdctl endpoints http",
		"n3 refuses to start: its log n3/wal/0000000000000001.wal is damaged at byte 8192. Wipe it, remove it and add a new machine.") {
		for _, w := range spelled.FindAllString(said, -1) {
			theirs[w] = true
		}
	}
	return theirs
}

// heardOrRead are the attributes that people read or hear.
var heardOrRead = []string{"aria-label", "aria-valuetext", "aria-description", "title", "placeholder", "alt"}

// TestNothingOnThePageIsLeftInEnglish draws every situation with all texts marked: what is outside of the marks are names,
// numbers, and what people wrote.
func TestNothingOnThePageIsLeftInEnglish(t *testing.T) {
	speak(t, german(t, true))
	for name, s := range gallery() {
		theirs := people()
		marked := 0
		for _, tab := range []string{"guide", "console", "node", "feed"} {
			s.do(Acted{"tab", tab})
			for _, width := range []int{1440, 390} {
				s.do(Resized{width, 900})
				each(Scene(&s.m), func(e *Element) {
					said := []string{e.Text}
					for _, a := range heardOrRead {
						if v, there := e.Attr(a); there {
							said = append(said, v)
						}
					}
					for _, text := range said {
						marked += strings.Count(text, "⟦")
						if rest := untranslated(text, theirs); rest != "" {
							t.Errorf("%s, %s: %q is said as it is: %q", name, tab, rest, text)
						}
					}
				})
			}
		}
		if marked < 200 {
			t.Errorf("%s: only %d texts are marked: does the page ask its language at all?", name, marked)
		}
	}
}

// TestNothingInABannerIsLeftInEnglish goes through the states of the connection.
func TestNothingInABannerIsLeftInEnglish(t *testing.T) {
	speak(t, german(t, true))
	for _, end := range []Msg{Disconnected{}, Disconnected{LostCrashed}, Disconnected{LostOffline}, Disconnected{LostGone}} {
		s := healthy()
		s.do(end)
		b := bannerElement(&s.m)
		if b == nil || !strings.Contains(all(b), "⟦") || untranslated(all(b), people()) != "" {
			t.Errorf("after %+v the banner says %v", end, b)
		}
	}
}

// What the console says of every mistake, command and answer.
func TestNothingInTheConsoleIsLeftInEnglish(t *testing.T) {
	speak(t, german(t, true))
	syntax := "help COMMAND KEY VALUE RANGE END NODE MESSAGE TIME FACTOR REVISION COUNT SHARE BYTE REQUEST COMPARE NAME FILE bytes"
	roomVerbs(func(v roomVerb) bool { syntax += " " + v.name + " " + v.usage; return false })
	for i := range verbs {
		syntax += " " + verbs[i].wording() + " " + verbs[i].also + " " + verbs[i].example
	}
	tell := func(d *desk, line string) {
		theirs := people(syntax, line)
		for _, shown := range d.said() {
			if rest := untranslated(shown, theirs); rest != "" {
				t.Errorf("after %s: %q is said as it is: %q", clip(line), rest, shown)
			}
		}
		if rest := untranslated(d.m.Console.hint(), theirs); rest != "" {
			t.Errorf("the hint for %s: %q", clip(line), rest)
		}
	}
	for marked := range mistaken {
		d, line := newDesk(t), strings.NewReplacer("‹", "", "›", "").Replace(marked)
		d.enter(line)
		d.write(line)
		tell(d, line)
	}
	d := newDesk(t)
	for i := range verbs {
		for _, line := range []string{"help " + verbs[i].name, verbs[i].example} {
			c := d.enter(line)
			d.write(line)
			tell(d, line)
			for _, r := range answersTo(c) {
				d.m.Console.answered(&d.m, r)
				tell(d, line)
				d.enter(line)
			}
		}
	}
	d.m.Console.cutOff()
	tell(d, "")
}

// answersTo are answers of all kinds to a command of a page.
func answersTo(c event.Command) []event.Result {
	if c.ID == 0 {
		return nil
	}
	ok := event.Result{ID: c.ID, Kind: c.Kind, Outcome: event.OK, Revision: 12, Behind: 2, Node: 3, Leader: 2, Acks: []event.NodeID{1, 2}, Deleted: 2, Wall: 800 * ms,
		Virtual: 200 * ms, KVs: []event.KeyValue{{Key: "x", Value: strings.Repeat("x", 300), Mod: 3}}, Count: 90, Succeeded: true,
		Responses: []event.Response{{Kind: event.Put}, {Kind: event.Del, Deleted: 1}}}
	return []event.Result{ok, {ID: c.ID + 1, Outcome: event.Failed}, {ID: c.ID + 2, Outcome: event.Unknown}}
}

// The German that people read: whole sentences, with the values in their places.
func TestThePageSpeaksGerman(t *testing.T) {
	speak(t, german(t, false))
	s := contested()
	s.do(Acted{"tab", "feed"})
	s.tick(9_000_000)
	page := wordsOf(Scene(&s.m))
	for _, want := range []string{"n1 hat n3 in Term 4 die Stimme verweigert: das Log von n1 ist neuer (letzter Term 4 gegen 3).", "n2, der Leader von Term 3, wurde abgeschossen,",
		"Die Uhr von n5 läuft mit dem 1,5-Fachen der wahren Geschwindigkeit.", "gibt in Term 4 seine Stimme n3.", "Eine Mehrheit", "Einfrieren", "5 Knoten"} {
		if !strings.Contains(page, want) {
			t.Errorf("nobody reads %q in\n%s", want, page)
		}
	}
}

// The room is told the language when the page connects; English needs no telling.
func TestTheRoomIsToldTheLanguage(t *testing.T) {
	for want, l := range map[string]*words.Language{"": nil, "de": german(t, false)} {
		m := New(Seed{Words: l})
		_, effects := Update(m, Connected{})
		if hello := effects[0].(Send).Frame; hello.Type != event.FrameHello || hello.Code != want {
			t.Errorf("the page says %q, not %q", hello.Code, want)
		}
	}
}
