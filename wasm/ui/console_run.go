package ui

import (
	"strconv"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// run is a line that the room runs for this page, until it ends or is stopped.
type run struct {
	id   uint64
	line string
	asks bool // it waits for a line to be typed

	stopping bool
}

// etcdctl are the verbs that the room runs: the name, and behind the | what follows it. help NAME has the flags. The last
// ones are the room's own.
const etcdctl = `put|KEY …
get|KEY …
del|KEY …
txn|-i
watch|KEY [RANGE_END]
lock|NAME
elect|NAME PROPOSAL
lease grant|TTL
lease revoke|ID
lease timetolive|ID
lease list|
lease keep-alive|ID
compaction|REVISION
member list|
member add|NAME
member update|ID
member remove|ID
member promote|ID
move-leader|ID
endpoint status|
endpoint health|
endpoint hashkv|
defrag|
alarm list|
alarm disarm|
snapshot save|FILE
user add|NAME
user get|NAME
user list|
user delete|NAME
user passwd|NAME
user grant-role|NAME ROLE
user revoke-role|NAME ROLE
role add|NAME
role get|NAME
role list|
role delete|NAME
role grant-permission|ROLE TYPE KEY [END]
role revoke-permission|ROLE KEY [END]
auth enable|
auth disable|
auth status|
chaos|INTENSITY
undo|
preset|NAME
`

// roomVerb is one line of etcdctl.
type roomVerb struct{ name, usage string }

// roomVerbs goes through them until one is taken.
func roomVerbs(take func(roomVerb) bool) {
	for rest := etcdctl; rest != ""; {
		var v roomVerb
		v.name, rest, _ = halves(rest, '\n')
		v.name, v.usage, _ = halves(v.name, '|')
		if take(v) {
			return
		}
	}
}

// roomVerbOf is the verb that the words begin with; its name is "" if there is none.
func roomVerbOf(words []word) (found roomVerb) {
	if len(words) == 0 {
		return found
	}
	first, both := words[0].text, ""
	if len(words) > 1 {
		both = first + " " + words[1].text
	}
	roomVerbs(func(v roomVerb) bool {
		if v.name == first || v.name == both {
			found = v
		}
		return found.name != ""
	})
	return found
}

// forRoom says whether the room shall run the line: a verb of etcdctl's that the page has not, or cannot take so.
func forRoom(line string, wrong *Mistake) bool {
	words, bad := cutWords(line)
	if bad != nil || len(words) == 0 {
		return false
	}
	if words[0].text == "help" {
		return wrong != nil && roomVerbOf(words[1:]).name != ""
	}
	v := roomVerbOf(words)
	if v.name == "" {
		return false
	}
	for _, w := range words[1:] {
		if flag, _, _ := halves(w.text, '='); w.bare && (flag == "-w" || flag == "-n" || flag == "-i" || flag == "-l") {
			return true
		}
	}
	own, _ := find(words)
	if wrong == nil || own == nil || own.group != groupStore {
		return wrong != nil
	}
	return wrong.foreign
}

// start has the room run a line.
func (c *Console) start(m *Model, line string) []Effect {
	if m.wire.phase != live {
		c.show(ink("bad", c.Say("not sent: the page has no connection to the room")))
		return nil
	}
	if m.idle() {
		return nil
	}
	effects := m.toLive()
	c.lastID++
	c.speaker = c.lastID
	c.runs = append(c.runs, run{id: c.lastID, line: line})
	return append(effects, tell(event.FrameRun, c.lastID, "", line))
}

// asking is the running line that waits for what is typed, or nil.
func (c *Console) asking() *run {
	for i := range c.runs {
		if c.runs[i].asks {
			return &c.runs[i]
		}
	}
	return nil
}

// stop ends the running line of this number; the newest without one.
func (c *Console) stop(id string) []Effect {
	for i := len(c.runs) - 1; i >= 0; i-- {
		if r := &c.runs[i]; id == "" || id == number(r.id) {
			r.stopping = true
			return only(tell(event.FrameStop, r.id, "", ""))
		}
	}
	return nil
}

// heard shows what a running line says.
func (c *Console) heard(f *event.Frame) {
	i := 0
	for i < len(c.runs) && c.runs[i].id != f.Seq {
		i++
	}
	if i == len(c.runs) {
		return // of an earlier connection
	}
	r := &c.runs[i]
	if f.Code != event.OutputEnd && f.Seq != c.speaker {
		c.speaker = f.Seq
		c.show(ink("dim", c.shortened(r.line)+":"))
	}
	switch f.Code {
	case event.OutputEnd:
		if r.stopping {
			c.show(ink("dim", c.Say("{0} has ended", c.shortened(r.line))))
		}
		c.runs = append(c.runs[:i:i], c.runs[i+1:]...)
	case event.OutputAsk:
		r.asks = true
		if f.Text != "" {
			c.show(ink("dim", f.Text))
		}
	case event.OutputFile:
		name, href, _ := halves(f.Text, ' ')
		c.show(tag("a").set("href", href).set("download", name).say(c.Say("Save {0}", name)))
	default:
		for rest, more := f.Text, true; more; {
			var line string
			line, rest, more = halves(rest, '\n')
			c.show(ink(f.Code, line+switched(line == "", " ", "")))
		}
	}
}

// running lists the lines that run, each with a way to end it.
func (c *Console) running() []*Element {
	var lines []*Element
	for i := range c.runs {
		r := &c.runs[i]
		id := strconv.FormatUint(r.id, 10)
		said, line := words.Of(" · runs until you stop it "), c.shortened(r.line)
		if r.asks {
			said = words.Of(" · waits for a line of yours ")
		}
		lines = append(lines, classed("p", "line waiting").keyed("r"+id).add(ink("", "⟳ "+line), ink("dim", c.Say(said)),
			button("btn small", "stop", id).set("aria-label", c.Say("Stop {0}", line)).say(c.Say("Stop"))))
	}
	return lines
}
