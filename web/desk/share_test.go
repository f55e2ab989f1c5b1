package desk

import (
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

func TestShareGivesAddresses(t *testing.T) {
	b := newBook()
	m := Moment{Journal: b.Journal, Live: true, Watch: "/w/some-thing", Recording: "/api/rooms/some-room/recording"}
	html := Draw(m, "share https://lab.example/r/some-room 1234 7 61500000").HTML
	has(t, "share", html, "https://lab.example/r/some-room", "https://lab.example/w/some-thing", "https://lab.example/w/some-thing#seq=1234&epoch=7&at=61500000", "https://lab.example/r/some-room#seq=1234&epoch=7&at=61500000",
		`<iframe src="https://lab.example/w/some-thing?embed"`, `<iframe src="https://lab.example/w/some-thing?embed#seq=1234&epoch=7&at=61500000"`)
	if !strings.Contains(html, `href="/api/rooms/some-room/recording"`) {
		t.Error("the recording is not to be had")
	}
	m.Watching = true
	watcher := Draw(m, "share https://lab.example/w/some-thing 1234 7 61500000").HTML
	if has(t, "share of a watcher", watcher, "https://lab.example/w/some-thing#seq=1234"); strings.Contains(watcher, "some-room") || strings.Contains(watcher, "may act") {
		t.Error("who may only watch learns the address with which one can act")
	}
	b.Close()
	if sealed := Draw(Moment{Journal: b.Journal, Recording: "room.qlr"}, "share https://lab.example/show/").HTML; strings.Contains(sealed, "act in it") {
		t.Error("nobody can act in a recording")
	}
}

func TestShareTakesNoAddressThatIsNone(t *testing.T) {
	b := newBook()
	for _, words := range []string{"share", "share javascript:alert(1)", "share https://", "share file:///etc/passwd"} {
		if html := Draw(Moment{Journal: b.Journal}, words).HTML; !strings.Contains(html, "nothing to see") {
			t.Errorf("%s: %s", words, html)
		}
	}
	for _, words := range []string{"share http://a.example/ 1 2", "share http://a.example/ 1 2 x", "share http://a.example/?x=1#y 1"} {
		if html := Draw(Moment{Journal: b.Journal}, words).HTML; strings.Contains(html, "#seq") || !strings.Contains(html, "http://a.example/<") {
			t.Errorf("%s: %s", words, html)
		}
	}
}

func TestBookmarksAreListed(t *testing.T) {
	b := newBook()
	has(t, "no bookmarks", Draw(Moment{Journal: b.Journal}, "marks").HTML, "No moment of this recording")
	b.write(event.Event{Kind: event.MachineAdded, Node: 1})
	if err := b.Mark(journal.Mark{Seq: 1, At: 1000, Note: "here <b>it</b> began"}); err != nil {
		t.Fatal(err)
	}
	html := Draw(Moment{Journal: b.Journal}, "marks").HTML
	has(t, "a bookmark", html, "1 ms here <b>it</b> began")
	if strings.Contains(html, "This moment has") || strings.Contains(html, "stays as it is") {
		t.Error("this moment has no bookmark, and the recording goes on")
	}
	state := b.State()
	has(t, "the same moment", Draw(Moment{Journal: b.Journal, State: &state}, "marks").HTML, "This moment has a bookmark already: “here <b>it</b> began”.")
	b.Close()
	has(t, "a recording that has ended", Draw(Moment{Journal: b.Journal}, "marks").HTML, "The recording's file stays as it is")
	for _, arg := range []string{`data-arg="seq 1"`, `data-arg="unmark 1"`, `data-field="note"`} {
		if !strings.Contains(html, arg) {
			t.Errorf("there is no %s in %s", arg, html)
		}
	}
}
