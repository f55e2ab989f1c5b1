package ui

import "strconv"

// consoleElement draws the console: what was said, what is awaited, the field, and what could be typed.
//
//	section.console > div.said (scrolls, follows its end) > p.line
//	                  p.line.waiting (one for each unanswered command, at most shownWaits)
//	                  form.prompt > label, input#console
//	                  p.offers > code (after Tab), p.hint
//
// Inside a line: span.prompt, .good, .bad, .wrong, .unknown, .dim.
func consoleElement(m *Model) *Element {
	c := &m.Console
	said := piece("div", "said").with("role=log|aria-live=polite|tabindex=0").
		set("aria-label", m.Say("Answers")).set("data-follow", "end")
	if len(c.out) == 0 && len(c.waits)+len(c.runs) == 0 {
		said.add(classed("p", "line").keyed("greeting").add(ink("dim", m.Say("Type put pizza 4 and press Enter, or help. Every click is a command too and shows up here."))))
	}
	said.add(c.out...).add(c.waiting(m)...).add(c.running()...)
	return classed("section", "console").set("aria-label", m.Say("Console")).add(said, c.field(), c.offered(), c.hinted())
}

// shownWaits bounds the unanswered commands that are listed.
const shownWaits = 6

// waiting has a line for every unanswered command, with what it waits for as the facts say.
func (c *Console) waiting(m *Model) []*Element {
	var lines []*Element
	for i, w := range c.waits {
		if i == shownWaits {
			rest := c.plural(int64(len(c.waits)-i), "… {0} more command waiting", "… {0} more commands waiting")
			lines = append(lines, classed("p", "line waiting").keyed("w").add(ink("dim", rest)))
			break
		}
		line := classed("p", "line waiting").keyed("w"+strconv.FormatUint(w.id, 36)).
			add(ink("", "⟳ "+c.shortened(inWords(w.order))), ink("dim", " · "+m.Say("waiting: {0}", m.waitsFor(w))))
		if op := m.opOf(w); op != nil {
			line.add(c.why(op.ID))
		}
		lines = append(lines, line)
	}
	return lines
}

// field is the form with the input. Its value is the browser's; SetField changes it.
func (c *Console) field() *Element {
	input := tag("input").set("id", ConsoleField).set("data-field", ConsoleField).set("type", "text").
		set("maxlength", strconv.Itoa(MaxLine)).with("autocomplete=off|autocapitalize=off").
		set("autocorrect", "off").with("spellcheck=false|enterkeyhint=send").
		set("aria-describedby", "console-hint").set("placeholder", "put pizza 4")
	return piece("div", "prompt").
		add(tag("label").set("for", ConsoleField).set("aria-label", c.Say("Command")).say("›"), input, tag("kbd").say("Tab"))
}

func (c *Console) offered() *Element {
	if len(c.offers) == 0 {
		return nil
	}
	p := piece("p", "offers").set("role", "status")
	for _, o := range c.offers {
		p.add(tag("code").say(o)).say(" ")
	}
	return p
}

func (c *Console) hinted() *Element {
	return piece("p", "hint").set("id", "console-hint").say(c.hint())
}
