package lessons

import (
	"html"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/quorumlab/quorumlab/wasm/ui"
)

// MaxInserts bounds the inserts of one text.
const MaxInserts = 64

// nothing is what an insert reads that finds nothing.
const nothing = "–"

// insertable are the types that can be told in a text.
var insertable = []*cel.Type{cel.StringType, cel.IntType, cel.DoubleType, cel.BoolType, cel.ListType(cel.StringType)}

// part of a text: what it says, or an insert.
type part struct {
	text   string
	insert *expression
	lines  int // line ends inside the insert
}

// parts are a text with its inserts.
type parts []part

// cutInserts takes a text apart at its inserts. Faults have the line in the text, from 1.
func cutInserts(text string) (parts, []fault) {
	var (
		all    parts
		faults []fault
		line   = 1
		count  int
	)
	for {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			all = append(all, part{text: before})
		}
		if !found {
			return all, faults
		}
		line += strings.Count(before, "\n")
		end := closing(rest)
		if end < 0 {
			return all, append(faults, fault{line, "an insert that begins with {{ is never closed: add }}"})
		}
		if count++; count > MaxInserts {
			return all, append(faults, fault{line, "it has more than " + strconv.Itoa(MaxInserts) + " inserts"})
		}
		source := strings.TrimSpace(rest[:end])
		x, wrong := express(source, insertable...)
		for _, f := range wrong {
			faults = append(faults, fault{line + f.line - 1, "the insert {{ " + oneLine(source) + " }} is wrong: " + f.text})
		}
		if len(wrong) == 0 {
			all = append(all, part{insert: x, lines: strings.Count(rest[:end], "\n")})
		}
		line += strings.Count(rest[:end], "\n")
		text = rest[end+2:]
	}
}

// closing is where the }} stands that ends an insert: not one inside a string. It is negative if there is none.
func closing(text string) int {
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "}}"):
			return i
		}
	}
	return -1
}

// fill is the text with what the inserts say of f; whole is false if one of them found nothing.
func (p parts) fill(f *Facts, join string) (text string, whole bool) {
	if len(p) == 1 && p[0].insert == nil {
		return p[0].text, true
	}
	var b strings.Builder
	whole = true
	for i := range p {
		word, ok := p[i].words(f, join)
		b.WriteString(word)
		whole = whole && ok
	}
	return b.String(), whole
}

func (p *part) words(f *Facts, join string) (text string, ok bool) {
	if p.insert == nil {
		return p.text, true
	}
	if word, ok := p.insert.words(f, join); ok && word != "" {
		return word, true
	}
	return nothing, false
}

// firstSample is the number of the node that stands for the first part of a line.
const firstSample = 100

// command is the text as a console command with some nodes in place of the inserts, for a look at its grammar.
func (p parts) command() string {
	var b strings.Builder
	for i := range p {
		switch x := p[i].insert; {
		case x == nil:
			b.WriteString(p[i].text)
		case x.kind.IsExactType(cel.StringType) || x.kind.IsExactType(cel.ListType(cel.StringType)):
			b.WriteString("n" + strconv.Itoa(firstSample+i)) // a name that no other word of the line has
		default:
			b.WriteString(strconv.Itoa(firstSample + i))
		}
	}
	return b.String()
}

// types says whether the text can be typed into the console, and which verb that needs.
func (p parts) types() (verb string, ok bool) {
	c, wrong := ui.Parse(p.command())
	return c.Kind.String(), wrong == nil
}

// button is a command that a click puts into the console's field.
func button(line string) string {
	line = html.EscapeString(line)
	return `<button type="button" class="cmd" data-action="type" data-arg="` + line + `" title="Put it into the console"><code>` + line + `</code></button>`
}
