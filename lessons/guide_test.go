package lessons

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// update writes the parts of the guide that are made from the code anew: go tool task golden.
var update = os.Getenv("QUORUMLAB_GOLDEN") == "write"

const guideFile = "../docs/lessons.md"

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(guideFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGoldenGuide compares the parts of the guide that are made from the code and from the lessons.
func TestGoldenGuide(t *testing.T) {
	text := guide(t)
	for _, part := range []struct {
		name string
		made string
	}{
		{"vocabulary", madeVocabulary(t)}, {"words", madeWords()}, {"events", madeEvents(t)}, {"lessons", madeLessons(t)},
	} {
		begin, end := "<!-- "+part.name+": begin -->\n", "<!-- "+part.name+": end -->"
		before, rest, opened := strings.Cut(text, begin)
		old, after, closed := strings.Cut(rest, end)
		if !opened || !closed {
			t.Fatalf("the guide has no place for its %s", part.name)
		}
		if old != part.made && !update {
			t.Errorf("the guide's %s are not as the code has them: write them with go tool task golden\n%s", part.name, firstDifference(old, part.made))
		}
		text = before + begin + part.made + end + after
	}
	if update {
		if err := os.WriteFile(guideFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf(" got %s\nwant %s", g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines instead of %d", len(g), len(w))
}

// source is a file of Go with its comments.
func source(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// madeVocabulary has the variables and the fields with the comments of facts.go.
func madeVocabulary(t *testing.T) string {
	file := source(t, "facts.go")
	var b strings.Builder
	b.WriteString("| variable | type | |\n|---|---|---|\n")
	about := variableComments(t, file)
	for _, v := range variables {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.name, strings.ReplaceAll(v.kind.String(), "lessons.", ""), about[v.name])
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.TypeSpec)
		if !is || schemaOf("lessons."+spec.Name.Name) == nil {
			return true
		}
		fmt.Fprintf(&b, "\n**%s**: %s\n\n| field | type | |\n|---|---|---|\n", spec.Name.Name, aboutType(spec.Doc.Text(), spec.Name.Name))
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			name := reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("cel")
			kind := schemaOf("lessons." + spec.Name.Name).fields[name].Type.String()
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, strings.ReplaceAll(kind, "lessons.", ""), oneLine(f.Comment.Text()))
		}
		return true
	})
	return b.String()
}

// aboutType is the comment of a type without its name.
func aboutType(comment, name string) string {
	text := oneLine(comment)
	text = strings.TrimPrefix(strings.TrimPrefix(text, name+" is "), name+" ")
	return strings.TrimSuffix(text, ".")
}

// variableComments are the lines of the comment about the variables, by name.
func variableComments(t *testing.T, file *ast.File) map[string]string {
	t.Helper()
	about := make(map[string]string)
	for _, c := range file.Comments {
		if !strings.HasPrefix(c.Text(), "The vocabulary of checks") {
			continue
		}
		for l := range strings.SplitSeq(c.Text(), "\n") {
			if name, text, ok := strings.Cut(l, ": "); ok && strings.HasPrefix(name, "\t") {
				about[strings.TrimSpace(name)] = text
			}
		}
	}
	for _, v := range variables {
		if about[v.name] == "" {
			t.Errorf("the comment in facts.go does not tell of the variable %s", v.name)
		}
	}
	if len(about) != len(variables) {
		t.Errorf("the comment in facts.go tells of %d variables, and there are %d: %v", len(about), len(variables), about)
	}
	return about
}

// madeWords lists the closed vocabularies.
func madeWords() string {
	var fields []string
	for field := range closed {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	byWords := make(map[string][]string)
	var order []string
	for _, field := range fields {
		if field == "Event.kind" {
			continue // they have a table of their own
		}
		words := "`" + strings.Join(closed[field].words, "` `") + "`"
		if byWords[words] == nil {
			order = append(order, words)
		}
		byWords[words] = append(byWords[words], "`"+field+"`")
	}
	var b strings.Builder
	b.WriteString("| of | |\n|---|---|\n")
	for _, words := range order {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(byWords[words], ", "), words)
	}
	return b.String()
}

// madeEvents lists the kinds of events with the comments of package event.
func madeEvents(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| kind | |\n|---|---|\n")
	kind := event.Kind(0)
	for _, d := range source(t, "../cluster/event/event.go").Decls {
		g, is := d.(*ast.GenDecl)
		if !is || g.Tok != token.CONST || kind > 0 {
			continue
		}
		for _, s := range g.Specs {
			if kind != event.KindNone && int(kind) < event.Kinds {
				fmt.Fprintf(&b, "| `%v` | %s |\n", kind, cell(inVocabulary(s.(*ast.ValueSpec).Comment.Text())))
			}
			kind++
		}
	}
	if int(kind) != event.Kinds+1 {
		t.Errorf("package event has %d kinds, and %d were read", event.Kinds, kind)
	}
	return b.String()
}

// inVocabulary gives a comment of package event with the names that a check has for its fields and reasons.
func inVocabulary(comment string) string {
	names := map[string]string{"Entry": "`type`", "At": "`at_ms`"}
	fields := reflect.TypeFor[Event]()
	for i := range fields.NumField() {
		names[fields.Field(i).Name] = "`" + fields.Field(i).Tag.Get("cel") + "`"
	}
	for _, reason := range closed["Event.reason"].words {
		var name string
		for word := range strings.SplitSeq(reason, "-") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		names[name] = `"` + reason + `"`
	}
	return regexp.MustCompile(`\b[A-Z]\w*\b`).ReplaceAllStringFunc(comment, func(name string) string {
		if known := names[name]; known != "" {
			return known
		}
		return name
	})
}

// madeLessons is the table of the lessons, and after it every check in full.
func madeLessons(t *testing.T) string {
	library, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	var table, checks strings.Builder
	table.WriteString("| lesson | misconception | authority | what is checked |\n|---|---|---|---|\n")
	for _, l := range library.Lessons() {
		var titles []string
		fmt.Fprintf(&checks, "\n**%s** %s\n\n", l.ID, l.Title)
		for _, s := range l.Steps {
			if s.Check == nil {
				continue
			}
			titles = append(titles, s.Title+" ("+strings.Join(factsOf(s.Check), ", ")+")")
			fmt.Fprintf(&checks, "- %s: `%s`\n", s.Title, oneLine(s.Check.String()))
		}
		fmt.Fprintf(&table, "| **%s** %s | %s | %s | %s |\n", l.ID, cell(l.Title), dashed(l.Misconception), dashed(l.Authority), cell(strings.Join(titles, "; ")))
	}
	return table.String() + "\n### Every check\n" + checks.String()
}

// factsOf are the variables that a check looks at.
func factsOf(c *Check) (words []string) {
	for _, v := range variables {
		if c.expression.names.variables[v.name] {
			words = append(words, v.name)
		}
	}
	return words
}

func cell(text string) string { return strings.ReplaceAll(oneLine(text), "|", `\|`) }

// example is the lesson that the guide teaches with.
func example(t *testing.T) string {
	t.Helper()
	_, rest, _ := strings.Cut(guide(t), "````markdown\n")
	text, _, found := strings.Cut(rest, "````")
	if !found {
		t.Fatal("the guide has no example")
	}
	return text
}

// TestTheExampleOfTheGuideLoads beside the lessons that come with the program, as --lessons does it.
func TestTheExampleOfTheGuideLoads(t *testing.T) {
	l, err := Load(Embedded(), Source{FS: fstest.MapFS{"w01.md": {Data: []byte(example(t))}}, Name: "DIR"})
	if err != nil {
		t.Fatal(err)
	}
	if w := l.Lesson("w01"); w == nil || len(w.Steps) != 3 {
		t.Errorf("%+v", w)
	}
}

// TestTheGuideKnowsEveryKey: the two tables list the keys that the reader takes, and no others.
func TestTheGuideKnowsEveryKey(t *testing.T) {
	text := guide(t)
	for heading, keys := range map[string][]string{"### The header\n": headerKeys, "### The step block\n": stepKeys} {
		_, rest, _ := strings.Cut(text, heading)
		rest, _, _ = strings.Cut(rest, "\n\nThe kinds of steps")
		rest, _, _ = strings.Cut(rest, "\n### ")
		var listed []string
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|").FindAllStringSubmatch(rest, -1) {
			listed = append(listed, m[1])
		}
		slices.Sort(listed)
		if want := slices.Sorted(slices.Values(keys)); !slices.Equal(listed, want) {
			t.Errorf("%q lists %v, and the reader takes %v", heading, listed, want)
		}
	}
}

// TestTheShapesOfTheGuideAreChecks: what the guide offers to copy is understood.
func TestTheShapesOfTheGuideAreChecks(t *testing.T) {
	_, rest, _ := strings.Cut(guide(t), "Useful shapes:\n\n```\n")
	shapes, _, found := strings.Cut(rest, "\n```")
	if !found {
		t.Fatal("the guide has no shapes")
	}
	for line := range strings.SplitSeq(shapes, "\n") {
		source, about, _ := strings.Cut(line, "   ")
		if _, faults := newCheck(source); faults != nil || strings.TrimSpace(about) == "" {
			t.Errorf("%q: %v", line, faults)
		}
	}
}

// dashed is a cell that is not empty.
func dashed(text string) string { return cmp.Or(cell(text), "–") }
