package lessons

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// step writes the step of one deed.
func (d *drafting) step(i int) {
	deed := &d.story.deeds[i]
	words := code(deed.words)
	machine := []string{"kind: act", "check: " + scalar(deed.check()), "solve:"}
	for _, line := range d.solution(i) {
		machine = append(machine, "  - "+scalar(line))
	}
	machine = append(machine, "hints:", "  - "+scalar("Type "+words+" into the console."))
	d.block(heading(i, deed.words), "Say here what to do and what to look at. This was done: "+words+".", machine...)
	d.line("Say here what happened and why%s.\n", ended(deed.outcome))
}

func ended(o event.Outcome) string {
	switch o {
	case event.OK:
		return ""
	case event.Failed:
		return ": it failed"
	case event.Unknown:
		return ": its outcome stayed unknown"
	case event.Pending:
		return "; the next was done before it was answered"
	}
	return ""
}

// heading is a title that fits.
func heading(i int, words string) string {
	title := []rune(fmt.Sprintf("%d: %s", i+1, words))
	if len(title) > maxTitle {
		title = append(title[:maxTitle-1], '…')
	}
	return strings.TrimRight(string(title), "# ")
}

// code is a text in Markdown as it is.
func code(words string) string {
	fence := "`"
	for strings.Contains(words, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		return fence + " " + words + " " + fence
	}
	return fence + words + fence
}

// atNode are the commands that are told by their node.
var atNode = []event.CommandKind{event.Kill, event.Restart, event.Suspend, event.Resume, event.Wipe, event.Drift, event.Disk, event.Corrupt,
	event.Elect, event.Transfer, event.MemberPromote, event.MemberDemote, event.MemberRemove, event.Snapshot}

// inText are those that are told by their words.
var inText = []event.CommandKind{event.Cut, event.Mend, event.SetLink, event.Partition, event.Hold, event.Release, event.Rate, event.PreVote}

// check says when the step is done: such a command was given, and ended as it did.
func (d *deed) check() string {
	c, terms := &d.command, []string{"o.kind == " + strconv.Quote(d.command.Kind.String())}
	switch {
	case c.Kind.Store() && c.Key != "" && c.Key != "\x00":
		terms = append(terms, "o.key == "+strconv.Quote(c.Key))
	case slices.Contains(atNode, c.Kind) && c.Node != 0:
		terms = append(terms, "o.node == "+strconv.Quote(c.Node.String()))
	case slices.Contains(inText, c.Kind):
		terms = append(terms, "o.text == "+strconv.Quote(d.words))
	}
	if c.Serializable {
		terms = append(terms, "o.serializable")
	}
	switch d.outcome {
	case event.OK:
		terms = append(terms, `o.outcome == "ok"`)
	case event.Failed, event.Unknown:
		terms = append(terms, `o.outcome != "pending"`)
	case event.Pending:
	}
	return "ops.exists(o, " + strings.Join(terms, " && ") + ")"
}

// solution are the lines that do it again.
func (d *drafting) solution(i int) []string {
	deed := &d.story.deeds[i]
	lines := append(d.newLeader(i), deed.line(newestRevision(&d.story.start)))
	if deed.outcome == event.Pending {
		lines[len(lines)-1] += " &"
	}
	return lines
}

// newLeader makes the same node lead where leadership changed by itself: chance would have another one.
func (d *drafting) newLeader(i int) []string {
	deed, before, led := &d.story.deeds[i], event.Command{}, event.NodeID(0)
	if i > 0 {
		before, led = d.story.deeds[i-1].command, d.story.deeds[i-1].leader
	} else if l := d.story.start.Leader(); l != nil {
		led = l.ID
	}
	switch {
	case deed.leader == 0 || deed.leader == led || deed.frozen:
		return nil
	case (before.Kind == event.Elect || before.Kind == event.Transfer) && before.Node == deed.leader:
		return lead(deed.leader)[1:]
	}
	return lead(deed.leader)
}

// line is the command as it is given again: where it named what is another thing in another room, it finds the like.
func (d *deed) line(start int64) string {
	line := d.words
	if c := &d.command; c.Rev != 0 {
		line = strings.Replace(line, " --rev "+strconv.FormatInt(c.Rev, 10), d.rev(c.Rev-start), 1)
	}
	if d.command.Kind.Store() && d.asked != 0 && d.asked != d.leader {
		return fromNode(line, d.asked)
	}
	if d.held == nil {
		return line
	}
	m := d.held
	reply := "!m.reply"
	if m.Reply {
		reply = "m.reply"
	}
	like := fmt.Sprintf(`{{ messages.filter(m, m.held && m.from == %q && m.to == %q && m.type == %q && %s)[%d].id }}`, m.From, m.To, m.Type, reply, d.place)
	return d.command.Kind.String() + " " + like
}

// rev is the flag for a revision so many after the start; one before it is not there in a room that is prepared anew.
func (d *deed) rev(after int64) string {
	if after < 0 {
		return ""
	}
	return fmt.Sprintf(" --rev {{ start.revision + %d }}", after)
}

// fromNode asks a node; in a transaction flags come before its parts.
func fromNode(line string, id event.NodeID) string {
	if rest, is := strings.CutPrefix(line, "txn "); is {
		return "txn --from " + id.String() + " " + rest
	}
	return line + " --from " + id.String()
}
