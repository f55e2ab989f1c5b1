package ui

import (
	"strings"
	"testing"

	htmlparse "golang.org/x/net/html"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// TestAParsedPageIsTheSameTree is what lets the browser patch the page that the server wrote.
func TestAParsedPageIsTheSameTree(t *testing.T) {
	for name, s := range gallery() {
		scene := Scene(&s.m)
		doc, err := htmlparse.Parse(strings.NewReader("<!doctype html><body>" + html(scene) + "</body>"))
		if err != nil {
			t.Fatal(err)
		}
		body := doc.LastChild.LastChild
		if diff := differs(scene, body.FirstChild); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// differs says where a parsed tree is not the element's.
func differs(e *Element, n *htmlparse.Node) string {
	switch {
	case n == nil:
		return "missing " + e.Tag + e.Text
	case e.Tag == "":
		if n.Type != htmlparse.TextNode || n.Data != e.Text {
			return "text " + e.Text + " became " + n.Data
		}
		return ""
	case n.Data != e.Tag:
		return e.Tag + " became " + n.Data
	case len(n.Attr) != len(e.Attrs):
		return e.Tag + " has other attributes"
	}
	kid := n.FirstChild
	if e.Raw != "" {
		var inside strings.Builder
		for ; kid != nil; kid = kid.NextSibling {
			if err := htmlparse.Render(&inside, kid); err != nil {
				return err.Error()
			}
		}
		if inside.String() != e.Raw {
			return e.Tag + " holds " + inside.String() + ", not " + e.Raw
		}
		return ""
	}
	for _, k := range e.Kids {
		if d := differs(k, kid); d != "" {
			return e.Tag + " > " + d
		}
		kid = kid.NextSibling
	}
	if kid != nil {
		return e.Tag + " has more children: " + kid.Data
	}
	return ""
}

func TestWhatPeopleWriteIsEscaped(t *testing.T) {
	nasty := "<img src=x onerror=alert(1)>\"'&\x00\r"
	s := healthy()
	s.write(11, 3, nasty, all5...)
	s.put(nasty, event.OK, 100*ms)
	s.m.notify(true, nasty)
	s.do(Acted{"tab", "feed"})
	page := html(Scene(&s.m))
	if strings.Contains(page, "<img") || strings.Contains(page, `onerror=alert(1)>"`) {
		t.Fatal("what people write comes out as markup")
	}
	if !strings.Contains(page, "&lt;img src=x onerror=alert(1)&gt;") {
		t.Fatal("the label is not shown at all")
	}
}

// TestEveryControlHasAName and can be reached and told what it does.
func TestEveryControlHasAName(t *testing.T) {
	for name, s := range gallery() {
		ids := map[string]bool{}
		each(Scene(&s.m), func(e *Element) {
			role, _ := e.Attr("role")
			action, acts := e.Attr("data-action")
			if e.Tag == "button" || role == "button" || role == "dialog" || role == "tab" {
				if label, _ := e.Attr("aria-label"); label == "" && wordsOf(e) == "" {
					if by, _ := e.Attr("aria-labelledby"); by == "" {
						t.Errorf("%s: a %s without a name: %s", name, e.Tag, html(e))
					}
				}
			}
			if acts && e.Tag != "button" && role != "button" && e.Tag != "td" { // the arrow keys reach the cells of a grid
				t.Errorf("%s: %s does %q but is no button", name, e.Tag, action)
			}
			if _, tab := e.Attr("tabindex"); role == "button" && !tab {
				t.Errorf("%s: cannot be reached by keyboard: %s", name, html(e))
			}
			if _, styled := e.Attr("style"); styled {
				t.Errorf("%s: the page's policy allows no style attribute: %s", name, html(e))
			}
			if id, there := e.Attr("id"); there {
				if ids[id] {
					t.Errorf("%s: two elements are called %q", name, id)
				}
				ids[id] = true
			}
		})
		each(Scene(&s.m), func(e *Element) {
			for _, ref := range []string{"for", "aria-controls", "aria-labelledby", "aria-describedby"} {
				if id, there := e.Attr(ref); there && !ids[id] {
					t.Errorf("%s: %s points at %q, which is not there", name, ref, id)
				}
			}
		})
	}
}

func each(e *Element, do func(*Element)) {
	do(e)
	for _, k := range e.Kids {
		each(k, do)
	}
}

func wordsOf(e *Element) string { return strings.TrimSpace(all(e)) }

func all(e *Element) string {
	s := e.Text
	for _, k := range e.Kids {
		s += all(k)
	}
	return s
}

// find is the first element with this attribute.
func (s *story) find(name, value string) *Element {
	var found *Element
	each(Scene(&s.m), func(e *Element) {
		if v, there := e.Attr(name); there && v == value && found == nil {
			found = e
		}
	})
	return found
}

// TestThePictureInWords pins what the stage says of a split ring; it is what other tests and screen readers read.
func TestThePictureInWords(t *testing.T) {
	s := parted()
	var got []string
	each(Scene(&s.m), func(e *Element) {
		if id, there := e.Attr("data-node"); there {
			line := id
			for _, a := range []string{"data-role", "data-term", "data-up", "data-suspended", "data-stale"} {
				v, _ := e.Attr(a)
				line += " " + v
			}
			got = append(got, line)
		}
		if q, there := e.Attr("data-quorum"); there && e.Tag == "li" {
			got = append(got, wordsOf(e)+" "+q)
		}
		if l, there := e.Attr("data-link"); there {
			if cut, _ := e.Attr("data-cut"); cut != "" {
				got = append(got, l+" "+cut)
			}
		}
		if row, _ := e.Attr("data-row"); row == "n4" {
			index, _ := e.Attr("data-index")
			term, _ := e.Attr("data-term")
			committed, _ := e.Attr("data-committed")
			_, doomed := e.Attr("data-doomed")
			if len(index) == 2 && index > "10" {
				got = append(got, row+" "+index+" t"+term+" "+committed+switched(doomed, " doomed", "")+" "+wordsOf(e))
			}
		}
	})
	want := []string{
		"✓ n1 n2 n3 · 3 of 5 – quorum true", "✗ n4 · 1 of 5 – cannot commit false",
		"n1-n4 both", "n1-n5 both", "n2-n4 both", "n2-n5 both", "n3-n4 both", "n3-n5 both",
		"n1 follower 5 true false ", "n2 leader 5 true false ", "n3 follower 5 true false ", "n4 leader 4 true false true", "n5 follower 4 true true ",
		"n4 11 t4 true ∅", "n4 12 t4 false doomed y=8", "n4 13 t4 false doomed y=9",
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Fatalf("got\n%s\nwant\n%s", a, b)
	}
}

func TestOneWayCutsAndHeldMessagesAreMarked(t *testing.T) {
	s := held()
	if cut, _ := s.find("data-link", "n1-n4").Attr("data-cut"); cut != "out" {
		t.Errorf("only n1 → n4 is cut, the link says %q", cut)
	}
	s.tell(event.Event{Kind: event.LinkSet, Node: 4, Peer: 1, Link: event.Link{Cut: true}}, event.Event{Kind: event.LinkSet, Node: 1, Peer: 4})
	if cut, _ := s.find("data-link", "n1-n4").Attr("data-cut"); cut != "in" {
		t.Errorf("only n4 → n1 is cut, the link says %q", cut)
	}
	n := 0
	each(Scene(&s.m), func(e *Element) {
		if _, there := e.Attr("data-message"); there {
			n++
		}
	})
	if n != 10 {
		t.Errorf("%d held messages can be clicked, 10 are held", n)
	}
}

func TestSectionsThatNothingConcernedAreTheSamePointers(t *testing.T) {
	s := healthy()
	before := Scene(&s.m)
	s.tell(event.Event{Kind: event.Appended, Node: 1, Index: 10, Term: 3, Entry: event.EntryCommand, Text: "pizza=4"})
	after := Scene(&s.m)
	same := 0
	sections := after.Kids[0].Kids
	for i, k := range sections {
		if before.Kids[0].Kids[i] == k {
			same++
		}
	}
	if same < 4 {
		t.Errorf("only %d of %d sections were kept when one entry was appended", same, len(sections))
	}
	if p := Diff(before, after); len(p) == 0 || len(p) > 6 {
		t.Errorf("one entry took %d patches: %+v", len(p), p)
	}
}

func TestPatchesFollowTheWholeStory(t *testing.T) {
	s := healthy()
	page := Scene(&s.m)
	shown := page.clone()
	step := func(what string) {
		now := Scene(&s.m)
		shown = Apply(shown, Diff(page, now))
		page = now
		if html(sorted(shown)) != html(sorted(now)) {
			t.Fatalf("after %s the page is not what the scene says", what)
		}
	}
	for _, msg := range []Msg{Pressed{Key: "2"}, Acted{"node", "n2"}, Acted{"tab", "feed"}, Acted{"partition", ""}, Acted{"side", "n1"},
		Pressed{Key: "?"}, Pressed{Key: "Escape"}, Resized{390, 844}, Scrolled{-3}, Acted{"theme", ""}, Disconnected{}, Hovered{"link:n1-n2"}} {
		s.do(msg)
		step("a message")
	}
	s.cut(1, 2)
	step("a cut")
	s.tell(event.Event{Kind: event.MachineRemoved, Node: 3})
	step("a removal")
	s.write(11, 4, "z=1", 1, 2)
	step("an entry")
	s.pass(1000 * ms)
	s.tick(9_000_000)
	step("a second")
}

func TestTheFeedIsNotDrawnFasterThanItCanBeRead(t *testing.T) {
	s := healthy()
	s.do(Acted{"tab", "feed"})
	drawn := 0
	var last *Element
	for i := range 60 {
		s.put("put k "+number(uint64(i)), event.OK, ms)
		s.tick(20_000_000 + event.Micros(i)*16_667)
		Scene(&s.m)
		if now := s.m.kept().feed.el; now != last {
			last = now
			drawn++
		}
	}
	if drawn < 3 || drawn > 7 {
		t.Errorf("in a second with 60 answers the feed was drawn %d times", drawn)
	}
	s.tick(22_000_000)
	if page := wordsOf(Scene(&s.m)); !strings.Contains(page, "put k 59") {
		t.Error("what happened last is never shown")
	}
}
