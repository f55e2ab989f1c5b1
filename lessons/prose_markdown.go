package lessons

import (
	"bufio"
	"bytes"
	"fmt"
	"html"
	"html/template"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	markup "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
)

// Inserts go through Markdown as characters for private use, which mean nothing to it.
const (
	firstMark = '\uE000'
	lastMark  = firstMark + MaxInserts - 1
)

// setting is where a text stands.
type setting struct {
	bare   bool     // a single paragraph comes without its element
	still  bool     // it stands on a button itself, so it has neither buttons nor links nor blocks
	denied []string // verbs that the lesson does without: they are not offered
}

// newProse reads Markdown.
func newProse(source string, in setting) (*Prose, []fault) {
	if len(source) > MaxText {
		return nil, []fault{{1, fmt.Sprintf("it has more than %d KB, which nobody reads: shorten it", MaxText>>10)}}
	}
	for i, c := range source {
		if c >= firstMark && c <= lastMark {
			return nil, []fault{{lineAt([]byte(source), i), "it has characters for private use (U+E000 and on), which have no meaning"}}
		}
	}
	inserts, faults := cutInserts(source)
	if len(faults) > 0 {
		return nil, faults
	}
	w := &writer{setting: in}
	w.mark(inserts)
	doc := goldmark.DefaultParser().Parse(text.NewReader(w.source))
	w.single = in.bare && doc.ChildCount() == 1
	if in.still && doc.ChildCount() > 1 {
		w.fail(doc.LastChild(), "an answer is one paragraph")
	}
	w.children(doc)
	w.flush()
	if len(w.faults) > 0 {
		return nil, w.faults
	}
	return &Prose{pieces: w.pieces, text: w.plain}, nil
}

// writer makes pieces of a Markdown tree.
type writer struct {
	setting
	source  []byte // inserts are marks
	inserts []part // by mark
	single  bool

	html   strings.Builder // since the last piece
	pieces []piece
	plain  parts
	faults []fault
}

// mark puts a mark in place of every insert.
func (w *writer) mark(inserts parts) {
	for _, p := range inserts {
		if p.insert == nil {
			w.source = append(w.source, p.text...)
			continue
		}
		w.source = append(w.source, string(firstMark+rune(len(w.inserts)))...)
		w.inserts = append(w.inserts, p)
	}
}

// fail notes what may not stand in a text.
func (w *writer) fail(n ast.Node, format string, args ...any) {
	w.faults = append(w.faults, fault{w.lineOf(n), fmt.Sprintf(format, args...)})
}

// lineOf is the line of the text in which a node begins.
func (w *writer) lineOf(n ast.Node) int {
	at := -1
	for ; n != nil && at < 0; n = n.Parent() {
		if at = n.Pos(); at < 0 && n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			at = n.Lines().At(0).Start
		}
	}
	before := w.source[:min(max(at, 0), len(w.source))]
	line := 1 + bytes.Count(before, []byte("\n"))
	for _, c := range string(before) {
		if i := int(c - firstMark); i >= 0 && i < len(w.inserts) {
			line += w.inserts[i].lines
		}
	}
	return line
}

func (w *writer) children(n ast.Node) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.node(c)
	}
}

// block writes an element that stands on lines of its own.
func (w *writer) block(tag string, n ast.Node) {
	w.html.WriteString("<" + tag + ">")
	w.children(n)
	w.html.WriteString("</" + tag + ">\n")
	w.say(" ")
}

func (w *writer) inline(tag string, n ast.Node) {
	w.html.WriteString("<" + tag + ">")
	w.children(n)
	w.html.WriteString("</" + tag + ">")
}

func (w *writer) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		if w.single {
			w.children(n)
			return
		}
		w.block("p", n)
	case *ast.TextBlock:
		w.children(n)
		w.say(" ")
	case *ast.Text:
		w.words(n)
	case *ast.String:
		w.escaped(n.Value)
	case *ast.Emphasis:
		w.inline([]string{"em", "strong"}[min(n.Level, 2)-1], n)
	case *ast.CodeSpan:
		w.code(w.lines(n))
	case *ast.Link:
		w.link(n, string(n.Destination), func() { w.children(n) })
	case *ast.AutoLink:
		w.link(n, string(n.URL(w.source)), func() { w.escaped(n.Label(w.source)) })
	case *ast.LinkReferenceDefinition:
	default:
		w.rare(n)
	}
}

// rare writes the blocks that are no paragraphs; what is left has no place in a lesson.
func (w *writer) rare(n ast.Node) {
	if w.still {
		w.fail(n, "an answer is one paragraph, of words, code and emphasis only")
		return
	}
	switch n := n.(type) {
	case *ast.Heading:
		if n.Level < 3 {
			w.fail(n, "a heading of this size begins a step of its own: use ### inside a text")
		}
		w.block(fmt.Sprintf("h%d", n.Level), n)
	case *ast.Blockquote:
		w.block("blockquote", n)
	case *ast.List:
		w.block([]string{"ul", "ol"}[min(n.Start, 1)], n)
	case *ast.ListItem:
		w.block("li", n)
	case *ast.ThematicBreak:
		w.html.WriteString("<hr>\n")
	case *ast.FencedCodeBlock:
		w.fenced(n)
	case *ast.CodeBlock:
		w.fenced(n)
	case *ast.HTMLBlock, *ast.RawHTML:
		w.fail(n, "HTML has no place in a lesson: write Markdown, and put code between backticks")
	case *ast.Image:
		w.fail(n, "a lesson shows no pictures: the room is the picture")
	default:
		w.fail(n, "Markdown of the kind %s has no place in a lesson", n.Kind())
	}
}

// words writes text between markup.
func (w *writer) words(n *ast.Text) {
	w.escaped(n.Segment.Value(w.source))
	switch {
	case n.HardLineBreak():
		w.html.WriteString("<br>\n")
		w.say(" ")
	case n.SoftLineBreak():
		w.html.WriteString("\n")
		w.say(" ")
	}
}

// escaped writes text with Markdown's own escapes in it.
func (w *writer) escaped(value []byte) {
	var b bytes.Buffer
	buffer := bufio.NewWriter(&b)
	markup.DefaultWriter.Write(buffer, value)
	_ = buffer.Flush() // a bytes.Buffer takes everything
	w.put(b.String(), html.UnescapeString(b.String()))
}

// put writes text, inserts in place of their marks.
func (w *writer) put(safe, plain string) {
	for _, p := range w.unmark(safe) {
		if p.insert == nil {
			w.html.WriteString(p.text)
			continue
		}
		w.flush()
		w.pieces = append(w.pieces, piece{insert: p.insert})
	}
	w.plain = append(w.plain, w.unmark(plain)...)
}

func (w *writer) say(plain string) { w.plain = append(w.plain, part{text: plain}) }

// unmark puts the inserts back.
func (w *writer) unmark(marked string) (all parts) {
	from := 0
	for i, c := range marked {
		at := int(c - firstMark)
		if at < 0 || at >= len(w.inserts) {
			continue
		}
		if i > from {
			all = append(all, part{text: marked[from:i]})
		}
		all = append(all, w.inserts[at])
		from = i + len(string(c))
	}
	if from < len(marked) {
		all = append(all, part{text: marked[from:]})
	}
	return all
}

// flush makes a piece of the markup so far.
func (w *writer) flush() {
	if w.html.Len() > 0 {
		w.pieces = append(w.pieces, piece{html: template.HTML(w.html.String())})
		w.html.Reset()
	}
}

// lines is the text of code, in which only inserts mean something.
func (w *writer) lines(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.source))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// code writes a piece of code: a command of the console can be put there with a click.
func (w *writer) code(source string) {
	line := w.unmark(strings.TrimSpace(source))
	if verb, ok := line.types(); ok && !w.still && !slices.Contains(w.denied, verb) {
		w.flush()
		w.pieces = append(w.pieces, piece{command: line})
		w.plain = append(w.plain, line...)
		return
	}
	w.html.WriteString("<code>")
	w.put(html.EscapeString(source), source)
	w.html.WriteString("</code>")
}

// fenced writes a block of code. One in which every line is a command is a list of commands.
func (w *writer) fenced(n ast.Node) {
	var lines []string
	all := true
	for i := range n.Lines().Len() {
		segment := n.Lines().At(i)
		line := strings.TrimRight(string(segment.Value(w.source)), "\n")
		lines = append(lines, line)
		verb, ok := w.unmark(strings.TrimSpace(line)).types()
		all = all && ok && !slices.Contains(w.denied, verb)
	}
	if all && len(lines) > 0 {
		w.html.WriteString(`<p class="cmds">`)
		for i, line := range lines {
			if i > 0 {
				w.html.WriteString("<br>\n")
				w.say(" ")
			}
			w.code(line)
		}
		w.html.WriteString("</p>\n")
		w.say(" ")
		return
	}
	text := strings.Join(lines, "\n")
	w.html.WriteString("<pre><code>")
	w.put(html.EscapeString(text), text)
	w.html.WriteString("</code></pre>\n")
	w.say(" ")
}

// link writes a link, which opens beside the room and tells nobody where it came from.
func (w *writer) link(n ast.Node, to string, label func()) {
	switch {
	case w.still:
		w.fail(n, "an answer has no links: it is a button itself")
	case !secure(to):
		w.fail(n, "the link to %q is refused: only https:// links are allowed", to)
	case len(w.unmark(to)) != 1 || w.unmark(to)[0].insert != nil:
		w.fail(n, "a link cannot have an insert in its address")
	}
	w.html.WriteString(`<a href="` + html.EscapeString(to) + `" rel="noopener noreferrer" target="_blank">`)
	label()
	w.html.WriteString("</a>")
}
