package lessons

import (
	"html"
	"html/template"
	"strings"
)

// Prose is Markdown with inserts {{ EXPR }} in CEL, which tell facts. A text of one paragraph that stands in YAML (an
// answer, a hint, what to remember) comes without the paragraph's own element.
type Prose struct {
	pieces []piece
	text   parts
}

// piece of a page: markup, an insert, or a command that can be typed.
type piece struct {
	html    template.HTML
	insert  *expression
	command parts
}

// HTML is the prose with what the inserts say of f. Raw HTML, scripts and links that are not https are not in it. A
// nil Prose is "".
func (p *Prose) HTML(f *Facts) template.HTML {
	if p == nil {
		return ""
	}
	if len(p.pieces) == 1 && p.pieces[0].html != "" {
		return p.pieces[0].html
	}
	var b strings.Builder
	for i := range p.pieces {
		p.pieces[i].write(&b, f)
	}
	return template.HTML(b.String())
}

func (p *piece) write(b *strings.Builder, f *Facts) {
	switch {
	case p.command != nil:
		line, whole := p.command.fill(f, " ")
		if whole {
			b.WriteString(button(line))
			return
		}
		b.WriteString("<code>" + html.EscapeString(line) + "</code>")
	case p.insert != nil:
		words, _ := (&part{insert: p.insert}).words(f, ", ")
		b.WriteString(html.EscapeString(words))
	default:
		b.WriteString(string(p.html))
	}
}

// Text is the same without markup, on one line.
func (p *Prose) Text(f *Facts) string {
	if p == nil {
		return ""
	}
	text, _ := p.text.fill(f, ", ")
	return oneLine(text)
}
