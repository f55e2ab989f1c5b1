package lessons

import (
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestLines(t *testing.T) {
	f := trio()
	for text, want := range map[string]struct {
		words string
		kind  event.CommandKind
		async bool
		wait  event.Micros
		until string
	}{
		"put x 1":                               {words: "put x 1", kind: event.Put},
		"put x 1 &":                             {words: "put x 1", kind: event.Put, async: true},
		"kill {{ leader.id }}":                  {words: "kill n2", kind: event.Kill},
		"kill {{ node.n9.id }}":                 {words: "kill –"},
		"partition {{ [\"n1\", \"n3\"] }} | n2": {words: "partition n1 n3 | n2", kind: event.Partition},
		"put x {{ term }}":                      {words: "put x 3", kind: event.Put},
		"wait 2s":                               {words: "wait 2s", wait: 2_000_000},
		"wait 1.5ms":                            {words: "wait 1.5ms", wait: 1500},
		"until commit > 3":                      {words: "until commit > 3", until: "commit > 3"},
	} {
		l, faults := newLine(text, "x/a01.md", 7)
		if faults != nil {
			t.Errorf("%q: %v", text, faults)
			continue
		}
		if got := l.Words(f); got != want.words || l.Async() != want.async || l.Wait() != want.wait || l.Number != 7 {
			t.Errorf("%q is %q, %+v", text, got, l)
		}
		if c := l.Until(); (c == nil) != (want.until == "") || c != nil && c.String() != want.until {
			t.Errorf("%q waits until %v", text, c)
		}
		c, err := l.Command(f)
		if c.Kind != want.kind || (err == nil) != (want.kind != event.CommandNone) {
			t.Errorf("%q is the command %v, %v", text, c.Kind, err)
		}
	}
}

func TestLinesThatCannotBeDoneSayWhere(t *testing.T) {
	for text, want := range map[string]string{
		"kill {{ node.n9.id }}":          `x/a01.md:7: the line "kill {{ node.n9.id }}" cannot be done: an insert finds nothing in the room as it is: "kill –"`,
		"kill {{ leader.log[0].label }}": `x/a01.md:7: the line "kill {{ leader.log[0].label }}" cannot be done: the console does not take "kill x=<1>": "x=<1>" is not a node: nodes are called n1, n2 and so on`,
		"wait 2s":                        `x/a01.md:7: the line "wait 2s" cannot be done: it is no command`,
	} {
		l, faults := newLine(text, "x/a01.md", 7)
		if faults != nil {
			t.Fatal(text, faults)
		}
		if _, err := l.Command(trio()); err == nil || err.Error() != want {
			t.Errorf("%q: got %v\nwant %s", text, err, want)
		}
	}
}
