package desk

import (
	"encoding/xml"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Whatever a viewer asks to look at, wherever in a recording: a drawing, never a panic, and no HTML that the words brought.
func FuzzDraw(f *testing.F) {
	for name := range drawers {
		for _, rest := range []string{"", " n1", " n1 n2", " 5", " n3 12", " 18446744073709551615", " -1", " n0", " n1 find a", " <b id=x>", " 1040", " \xff"} {
			f.Add(name+rest, uint16(40))
		}
	}
	file, err := os.Open("../../cluster/journal/testdata/election.qlr")
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	j, _, err := journal.Read(file)
	if err != nil {
		f.Fatal(err)
	}
	reach := j.Reach()
	events, err := j.Events(reach.First, int(reach.Head))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, words string, part uint16) {
		p := draw(Moment{Journal: j, State: folded(events[:int(part)*len(events)/65536])}, words)
		if p.HTML == "" {
			t.Fatalf("%q draws nothing", words)
		}
		if !utf8.ValidString(words) { // the page makes text of it before it is drawn
			return
		}
		d := xml.NewDecoder(strings.NewReader(p.HTML))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			token, err := d.Token()
			if err != nil { // the end, or signs that XML has no place for: HTML has
				return
			}
			if tag, ok := token.(xml.StartElement); ok && (tag.Name.Local == "script" || tag.Name.Local == "b" && len(tag.Attr) > 0) {
				t.Fatalf("%q brings <%s> into the page", words, tag.Name.Local)
			}
		}
	})
}

// folded is what events add up to.
func folded(events []event.Event) *view.State {
	var s view.State
	for _, e := range events {
		s.Apply(e)
	}
	return &s
}
