package lessons

import "strings"

// passage is a stretch of a file.
type passage struct {
	text string
	line int // lines of the file before it
}

// section is one step as it stands in the file.
type section struct {
	title  string
	line   int // of the heading
	before passage
	block  *passage // the YAML inside the fence
	broken bool     // the fence is never closed
	after  passage
}

// cut takes a file apart: the header between its two lines ---, the introduction, and a section per heading.
func cut(r *report, text string) (header, intro passage, sections []section) {
	lines := strings.Split(text, "\n")
	end := -1
	for i := 1; i < len(lines) && strings.TrimRight(lines[0], " ") == "---"; i++ {
		if strings.TrimRight(lines[i], " ") == "---" {
			end = i
			break
		}
	}
	if end < 0 {
		r.fail(1, "the file does not begin with a header: a line ---, keys such as id and title, and another line ---")
		return header, intro, nil
	}
	header = passage{strings.Join(lines[1:end], "\n"), 1}
	c := cutter{report: r, lines: lines}
	c.body(end + 1)
	return header, c.intro, c.sections
}

// cutter goes through the lines after the header.
type cutter struct {
	*report
	lines    []string
	intro    passage
	sections []section
	from     int // first line of the passage that is being read
}

func (c *cutter) body(at int) {
	c.from = at
	for at < len(c.lines) {
		title, heading := headingOf(c.lines[at])
		mark, info := fenceOf(c.lines[at])
		switch {
		case heading:
			c.end(at)
			c.sections = append(c.sections, section{title: title, line: at + 1})
			at++
			c.from = at
		case mark != "" && (info == "step" || strings.HasPrefix(info, "step ")):
			at = c.step(at, mark)
		case mark != "":
			at = c.past(at, mark)
		default:
			at++
		}
	}
	c.end(len(c.lines))
}

// past is the line after the fence that closes the one at at.
func (c *cutter) past(at int, mark string) int {
	for i := at + 1; i < len(c.lines); i++ {
		if closes(c.lines[i], mark) {
			return i + 1
		}
	}
	return len(c.lines)
}

// step reads the block of a step.
func (c *cutter) step(at int, mark string) int {
	next := c.past(at, mark)
	last := next - 1
	closed := last > at && closes(c.lines[last], mark)
	if !closed {
		c.fail(at+1, "the step block that begins here is never closed: add a line %s", mark)
	}
	switch {
	case len(c.sections) == 0:
		c.fail(at+1, "this step block belongs to no step: a step begins with a heading ## Title")
	case c.sections[len(c.sections)-1].block != nil:
		c.fail(at+1, "the step %q has a second step block: one step, one block", c.sections[len(c.sections)-1].title)
	default:
		c.end(at)
		s := &c.sections[len(c.sections)-1]
		s.block, s.broken = &passage{strings.Join(c.lines[at+1:max(at+1, last)], "\n"), at + 1}, !closed
	}
	c.from = next
	return next
}

// end gives the passage that ends before line at to whom it belongs.
func (c *cutter) end(at int) {
	p := passage{strings.Join(c.lines[min(c.from, at):at], "\n"), c.from}
	switch n := len(c.sections); {
	case n == 0:
		c.intro = p
	case c.sections[n-1].block == nil:
		c.sections[n-1].before = p
	default:
		c.sections[n-1].after = p
	}
}

// headingOf is the title of a line "## Title".
func headingOf(line string) (title string, ok bool) {
	title, ok = strings.CutPrefix(line, "## ")
	if line == "##" {
		return "", true
	}
	return strings.TrimSpace(strings.TrimRight(strings.TrimSpace(title), "#")), ok
}

// fenceOf is the mark of a line that opens a block of code, and what stands behind it.
func fenceOf(line string) (mark, info string) {
	line = strings.TrimLeft(line, " ")
	for _, c := range []string{"`", "~"} {
		rest := strings.TrimLeft(line, c)
		if n := len(line) - len(rest); n >= 3 && !(c == "`" && strings.Contains(rest, "`")) {
			return strings.Repeat(c, n), strings.TrimSpace(rest)
		}
	}
	return "", ""
}

// closes says whether a line ends the block that mark opened.
func closes(line, mark string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= len(mark) && strings.Trim(line, mark[:1]) == ""
}
