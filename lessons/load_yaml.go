package lessons

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// report collects what is wrong with one file.
type report struct {
	file     string
	problems Problems
}

func (r *report) fail(line int, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, line, fmt.Sprintf(format, args...)})
}

// positions are what the YAML reader says of places: they count from the piece that it was given.
var positions = regexp.MustCompile(` at \[\d+:\d+\]`)

// value is a piece of YAML and where it stands.
type value struct {
	*report
	node   ast.Node
	offset int // lines of the file before the piece
	line   int // of the file
	what   string
}

// readYAML reads one piece of YAML whose first line is line+1 of the file.
func readYAML(r *report, text, what string, line int) (v value, ok bool) {
	if len(text) > MaxBlock {
		r.fail(line+1, "%s has more than %d KB: shorten it", what, MaxBlock>>10)
		return value{}, false
	}
	parsed, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		at := line + 1
		var where yaml.Error
		why := oneLine(err.Error())
		if errors.As(err, &where) {
			why = positions.ReplaceAllString(oneLine(where.GetMessage()), "")
			if t := where.GetToken(); t != nil && t.Position != nil {
				at = line + max(1, min(t.Position.Line, strings.Count(text, "\n")+1))
			}
		}
		r.fail(at, "%s is no YAML: %s (a text that has quotes, a # or a : in it is put in quotes as a whole, or after >-)", what, why)
		return value{}, false
	}
	if len(parsed.Docs) > 1 {
		r.fail(line+1, "%s is more than one YAML document: leave out the line ---", what)
		return value{}, false
	}
	v = value{report: r, offset: line, line: line + 1, what: what}
	if len(parsed.Docs) == 1 {
		v.node = parsed.Docs[0].Body
	}
	return v, true
}

// child is a value inside another one.
func (v value) child(node ast.Node, what string) value {
	c := value{report: v.report, node: node, offset: v.offset, line: v.line, what: what}
	if node != nil && node.GetToken() != nil && node.GetToken().Position != nil {
		c.line = v.offset + node.GetToken().Position.Line
	}
	return c
}

// table is a mapping with known keys.
type table struct {
	value
	fields map[string]value
}

// table reads a mapping: a key that is not known is refused.
func (v value) table(keys []string) (t table, ok bool) {
	t = table{value: v, fields: make(map[string]value)}
	var pairs []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		v.fail(v.line, "%s is no list of keys and values, such as %s: …", v.what, keys[0])
		return t, false
	}
	for _, p := range pairs {
		key, isText := p.Key.(ast.ScalarNode)
		where := v.child(p.Key, v.what)
		if !isText || key.GetToken() == nil {
			where.fail(where.line, "%s has a key that is no plain word", v.what)
			continue
		}
		name := key.GetToken().Value
		if !slices.Contains(keys, name) {
			where.fail(where.line, "%s knows no key %q%s", v.what, name, orMeant(name, keys))
			continue
		}
		field := v.child(p.Value, name)
		field.line = where.line
		t.fields[name] = field
	}
	return t, true
}

func orMeant(word string, words []string) string {
	if near := meant(word, words); near != "" {
		return near
	}
	return ": it knows " + strings.Join(words, ", ")
}

// has says whether the key is there with a value.
func (t table) has(key string) bool {
	_, there := t.fields[key]
	return there
}

// text is the text of a key, "" if it is not there; line is that of its first line.
func (t table) text(key string) (text string, line int) {
	v, there := t.fields[key]
	if !there {
		return "", t.line
	}
	return v.text()
}

// text reads a scalar.
func (v value) text() (text string, line int) {
	switch n := v.node.(type) {
	case *ast.StringNode:
		return n.Value, v.line
	case *ast.LiteralNode:
		return strings.TrimRight(n.Value.Value, "\n"), v.line + 1
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, v.line
	case *ast.NullNode, nil:
		v.fail(v.line, "%s is empty", v.what)
		return "", v.line
	}
	v.fail(v.line, "%s is no text: put it in quotes if it is meant to be one", v.what)
	return "", v.line
}

// faults are reported with what is wrong. Only a text after | has its lines on lines of the file.
func (v value) faults(line int, what string, faults []fault) {
	block, is := v.node.(*ast.LiteralNode)
	rows := is && strings.HasPrefix(block.GetToken().Value, "|")
	for _, f := range faults {
		at := line
		if rows {
			at += f.line - 1
		}
		v.fail(at, "%s: %s", what, f.text)
	}
}

// list are the values of a sequence; a single value is a sequence of one.
func (t table) list(key string) []value {
	v, there := t.fields[key]
	if !there {
		return nil
	}
	return v.list()
}

func (v value) list() (all []value) {
	n, is := v.node.(*ast.SequenceNode)
	if !is {
		return []value{v}
	}
	for _, e := range n.Values {
		all = append(all, v.child(e, v.what))
	}
	return all
}

// words are the texts of a list.
func (t table) words(key string) (words []string) {
	for _, v := range t.list(key) {
		if word, _ := v.text(); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// prose reads a text as Markdown.
func (v value) prose(in setting) *Prose {
	text, line := v.text()
	if text == "" {
		return nil
	}
	in.bare = true
	p, faults := newProse(text, in)
	v.faults(line, v.what, faults)
	return p
}

// lines are console lines.
func (t table) lines(key string) (lines []Line) {
	v := t.fields[key]
	all := t.list(key)
	if len(all) > MaxLines {
		t.fail(v.line, "%s has %d lines, and %d are the most", v.what, len(all), MaxLines)
		return nil
	}
	for _, v := range all {
		lines = append(lines, v.console())
	}
	return lines
}

func (v value) console() Line {
	text, line := v.text()
	l, faults := newLine(text, v.file, line)
	if text != "" {
		v.faults(line, fmt.Sprintf("the line %q of %s is wrong", oneLine(text), v.what), faults)
	}
	return l
}

// check reads a condition.
func (v value) check() *Check {
	text, line := v.text()
	if text == "" {
		return nil
	}
	c, faults := newCheck(text)
	v.faults(line, v.what, faults)
	return c
}

// flag reads yes or no.
func (t table) flag(key string, otherwise bool) bool {
	v, there := t.fields[key]
	if !there {
		return otherwise
	}
	switch word, _ := v.text(); word {
	case "true", "on", "yes":
		return true
	case "false", "off", "no":
		return false
	default:
		v.fail(v.line, "%s is %q: say true or false", v.what, word)
	}
	return otherwise
}

// number reads a whole number between two others.
func (t table) number(key string, otherwise, least, most int) int {
	v, there := t.fields[key]
	if !there {
		return otherwise
	}
	word, _ := v.text()
	var n int
	if _, err := fmt.Sscanf(word, "%d", &n); err != nil || fmt.Sprint(n) != word || n < least || n > most {
		v.fail(v.line, "%s is %q: give a whole number from %d to %d", v.what, word, least, most)
		return otherwise
	}
	return n
}

// mapping says whether the value has keys.
func (v value) mapping() bool {
	switch v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}
