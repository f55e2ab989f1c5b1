package lessons

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// MaxWait bounds what one line waits for, in virtual time.
const MaxWait event.Micros = 60_000_000

// newLine reads a line of a lesson: a wait, an until, or a console command.
func newLine(text, file string, number int) (Line, []fault) {
	l := Line{Text: strings.TrimSpace(text), Number: number, file: file}
	if strings.ContainsAny(l.Text, "\n\r") {
		return l, []fault{{1, "it is a list of its own: a line has only one line"}}
	}
	var faults []fault
	if rest, is := strings.CutPrefix(l.Text, "wait "); is {
		l.wait, faults = waitOf(strings.TrimSpace(rest))
		return l, faults
	}
	if rest, is := strings.CutPrefix(l.Text, "until "); is {
		l.until, faults = newCheck(strings.TrimSpace(rest))
		return l, faults
	}
	words, async := strings.CutSuffix(l.Text, " &")
	l.async = async
	if l.parts, faults = cutInserts(strings.TrimSpace(words)); len(faults) > 0 {
		return l, faults
	}
	c, wrong := ui.Parse(l.parts.command())
	switch {
	case wrong != nil:
		return l, []fault{{1, "the console does not take it: " + wrong.Words(nil)}}
	case c.Kind == event.CommandNone:
		return l, []fault{{1, "only the page answers it, it asks the room for nothing"}}
	}
	l.kind, l.node = c.Kind, greatest(c)
	return l, nil
}

// greatest is the greatest node that a command names itself; those that stand for inserts do not count.
func greatest(c event.Command) (id event.NodeID) {
	for _, group := range slices.Concat(c.Groups, [][]event.NodeID{{c.Node, c.Peer}}) {
		for _, n := range group {
			if n < firstSample {
				id = max(id, n)
			}
		}
	}
	return id
}

// waitOf reads "2s" or "300ms".
func waitOf(word string) (event.Micros, []fault) {
	d, err := time.ParseDuration(word)
	took := event.Micros(d / time.Microsecond)
	if err != nil || took <= 0 || took > MaxWait {
		return 0, []fault{{1, fmt.Sprintf("%q is no time to wait: give one such as 2s or 300ms, at most 60s", word)}}
	}
	return took, nil
}

// Wait is how long "wait 2s" waits, in virtual time; 0 for other lines.
func (l *Line) Wait() event.Micros { return l.wait }

// Until is the check of "until EXPR"; nil for other lines.
func (l *Line) Until() *Check { return l.until }

// Async says that the line ends in " &": nobody waits for its answer.
func (l *Line) Async() bool { return l.async }

// Words is the line as it would be typed, its inserts filled in.
func (l *Line) Words(f *Facts) string {
	if l.parts == nil {
		return l.Text
	}
	words, _ := l.parts.fill(f, " ")
	return words
}

// Command is what the line asks for. An insert that finds nothing, or a line that only the page answers (help), is an
// error with file and line.
func (l *Line) Command(f *Facts) (event.Command, error) {
	if l.parts == nil {
		return event.Command{}, l.wrong("it is no command")
	}
	words, whole := l.parts.fill(f, " ")
	if !whole {
		return event.Command{}, l.wrong("an insert finds nothing in the room as it is: " + strconv.Quote(words))
	}
	c, wrong := ui.Parse(words)
	if wrong != nil {
		return event.Command{}, l.wrong(fmt.Sprintf("the console does not take %q: %s", words, wrong.Words(nil)))
	}
	return c, nil
}

func (l *Line) wrong(why string) error {
	return fmt.Errorf("%s:%d: the line %q cannot be done: %s", l.file, l.Number, l.Text, why)
}
