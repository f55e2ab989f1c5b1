package lessons

import (
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// Past is what a draft is made of.
type Past struct {
	Base   view.State                       // before the first of Events
	Events iter.Seq[event.Event]            // what happened, in order; gone through twice
	From   uint64                           // sequence from which commands are taken; 0: all
	Do     func(event.Command) event.Result // asks the store what it held; nil: the draft restores no keys
}

// Draft is a lesson file made of what was done in a room: how the room was comes first, as lines that set it up, and
// each command since is a step with a check, a solution and a hint. It loads and can be rehearsed as it is; what is worth
// teaching is its author's to write. A past with more than MaxSteps commands is drafted from its last ones.
func Draft(p Past) string {
	d := drafting{past: p, story: p.read()}
	d.header()
	d.intro()
	for i := range d.story.deeds {
		d.step(i)
	}
	if len(d.story.deeds) == 0 {
		d.block("Look around", "Nothing has been done in this room since. Do something in it and draft again, or say here what is to be seen.", "kind: explain")
	}
	return d.text.String()
}

// drafting is a draft being written.
type drafting struct {
	past   Past
	story  story
	unkept int  // keys that the set-up does not restore
	broken bool // the keys could not be read
	text   strings.Builder
}

func (d *drafting) line(format string, a ...any) { fmt.Fprintf(&d.text, format+"\n", a...) }

// header writes the file's header.
func (d *drafting) header() {
	s := &d.story.start
	d.line("---")
	d.line("id: draft")
	d.line("title: A draft of what was done in a room")
	d.line("track: A")
	d.line("minutes: 5")
	d.line("nodes: %d", firstNodes(s))
	d.line("rate: %s", decimal(paceOf(s).Float()))
	if !s.PreVote {
		d.line("prevote: false")
	}
	if lines := d.setup(); len(lines) > 0 {
		d.line("setup:")
		d.list(lines)
	}
	d.line("misconception: Say here which belief this lesson corrects.")
	d.line("authority: Say here who says otherwise, and in which section.")
	d.line("remember:")
	d.list([]string{"Say here in one sentence what to remember.", "Say here in another what follows from it."})
	d.line("read:")
	d.line(`  - {text: "The Raft paper", url: "https://raft.github.io/raft.pdf"}`)
	d.line("---")
}

func (d *drafting) list(lines []string) {
	for _, l := range lines {
		d.line("  - %s", scalar(l))
	}
}

var plain = regexp.MustCompile("^[A-Za-z][\\w .,=()&!<>+/\"`-]*$")

// scalar is a text as YAML: as it is where that is clear, and in quotes otherwise.
func scalar(s string) string {
	if plain.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

// firstNodes is with how many nodes the room begins before the set-up changes its members.
func firstNodes(s *view.State) int { return min(max(int(lastNode(s)), 1), maxNodes) }

func lastNode(s *view.State) (last event.NodeID) {
	for i := range s.Nodes {
		last = max(last, s.Nodes[i].ID)
	}
	return last
}

func paceOf(s *view.State) event.Factor {
	switch {
	case s.Rate != 0:
		return s.Rate
	case s.Thawed != 0:
		return s.Thawed
	}
	return event.One / 4
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func (d *drafting) intro() {
	d.line("Say here in two or three sentences what this is about. The room is as it was when these commands were given.")
	if d.story.unclear > 0 {
		d.line("\nCommands that are not here, because the record does not have them whole: %d.", d.story.unclear)
	}
	if d.unkept > 0 {
		d.line("\nKeys that the set-up does not restore, because they are too many or no line can write them: %d.", d.unkept)
	}
	if d.broken {
		d.line("\nThe set-up restores no keys, because they could not be read.")
	}
	d.line("")
}

// block writes a step.
func (d *drafting) block(title, prose string, machine ...string) {
	d.line("## %s\n\n%s\n\n```step", title, prose)
	for _, l := range machine {
		d.line("%s", l)
	}
	d.line("```\n")
}
