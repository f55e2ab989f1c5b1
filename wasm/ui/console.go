package ui

import (
	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
)

// Bounds of the console; a test reaches each of them.
const (
	MaxLine    = 4096 // bytes of one command line
	MaxHistory = 100  // command lines that ↑ brings back
	MaxOutput  = 240  // output lines kept on the page
	MaxPending = 64   // commands of this page that wait for their answer
	MaxRows    = 40   // keys listed for one answer
)

// ConsoleField is the data-field and the id of the console's input.
const ConsoleField = "console"

// Console is the command line of the page: what is typed, what was said, and what is still unanswered.
// Every command of the page goes out through it, typed or by a gesture, so that each has an ID of its own
// and its answer is told.
type Console struct {
	*words.Language // of its answers

	line    string // what is in the field
	history []string
	place   int    // in history; len(history) is the line being typed
	draft   string // the line being typed, while history is shown
	offers  []string
	out     []*Element
	said    uint64 // output lines so far: the key of the next one
	waits   []wait // oldest first
	runs    []run  // oldest first
	speaker uint64 // whose words are above, of those that are numbered
	lastID  uint64 // of the last command or line sent
}

// wait is a command that has been sent and not answered.
type wait struct {
	id    uint64
	after uint64 // newest Op when it was sent: its own is a later one
	order event.Command
}

// changed takes what is in the field now.
func (c *Console) changed(_ *Model, value string) []Effect {
	c.line, c.place, c.offers = value, len(c.history), nil
	return nil
}

// press takes a key pressed in the field.
func (c *Console) press(m *Model, p Pressed) []Effect {
	switch {
	case p.Key == "Enter":
		return c.enter(m)
	case p.Key == "ArrowUp":
		return c.recall(-1)
	case p.Key == "ArrowDown":
		return c.recall(+1)
	case p.Key == "Tab" && !p.Shift:
		return c.complete(m)
	case p.Ctrl && p.Key == "l":
		c.out = nil
	case p.Ctrl && p.Key == "c" && c.line == "":
		return c.stop("")
	case p.Ctrl && p.Key == "c", p.Key == "Escape":
		return c.fill("")
	}
	return nil
}

// enter runs the line in the field.
func (c *Console) enter(m *Model) []Effect {
	line, _ := after(c.line, "etcdctl ")
	effects := c.fill("")
	if r := c.asking(); r != nil {
		r.asks = false
		c.echo(line)
		return append(effects, tell(event.FrameInput, r.id, "", line))
	}
	if trimmed(line) == "" {
		return effects
	}
	c.remember(line)
	c.echo(line)
	s, wrong := parse(line)
	switch {
	case forRoom(line, wrong):
		return append(effects, c.start(m, line)...)
	case wrong != nil:
		c.explain(line, wrong)
		return effects
	case s.verb.local:
		c.local(s)
		return effects
	}
	return append(effects, c.send(m, s.order)...)
}

// do sends a command that came from a gesture, and shows how it would be typed.
func (c *Console) do(m *Model, order event.Command) []Effect {
	c.echo(inWords(order))
	return c.send(m, order)
}

// send gives the command its ID and waits for its answer.
func (c *Console) send(m *Model, order event.Command) []Effect {
	if len(c.waits) >= MaxPending {
		c.show(ink("bad", c.Say("not sent: {0} commands of this page wait for an answer; try again when one has come", number(MaxPending))))
		return nil
	}
	if m.idle() {
		return nil
	}
	effects := m.toLive()
	c.lastID++
	order.ID, c.speaker = c.lastID, c.lastID
	c.waits = append(c.waits, wait{id: order.ID, after: newestOp(m), order: order})
	return append(effects, Send{event.Frame{Type: event.FrameOrder, Command: order}})
}

// fill puts a line into the field.
func (c *Console) fill(line string) []Effect {
	c.line, c.place, c.offers = line, len(c.history), nil
	return only(setField(ConsoleField, line))
}

// remember appends to the history, unless it repeats the line before.
func (c *Console) remember(line string) {
	if n := len(c.history); n == 0 || c.history[n-1] != line {
		c.history = append(c.history, line)
	}
	if extra := len(c.history) - MaxHistory; extra > 0 {
		c.history = append([]string(nil), c.history[extra:]...)
	}
	c.place = len(c.history)
}

// recall moves through the history; past its newest line is the one being typed.
func (c *Console) recall(by int) []Effect {
	if c.place == len(c.history) {
		c.draft = c.line
	}
	to := c.place + by
	if to < 0 || to > len(c.history) {
		return nil
	}
	line := c.draft
	if to < len(c.history) {
		line = c.history[to]
	}
	c.line, c.place, c.offers = line, to, nil
	return only(setField(ConsoleField, line))
}

// newestOp is the ID of the newest command that the room has reported.
func newestOp(m *Model) uint64 {
	if n := len(m.State.Ops); n > 0 {
		return m.State.Ops[n-1].ID
	}
	return 0
}
