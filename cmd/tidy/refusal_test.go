package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
)

var (
	verb = regexp.MustCompile(`%[vdqsw]`)
	gap  = regexp.MustCompile(`\{\d\}`)
)

// untold are errors of a room's orders that its page does not meet, or that are another error's beginning.
var untold = []string{"removing {}: {}", "{} is nothing that a room can do", "the chaos has ended"}

// TestRefusalsAreTheRoomsErrors holds what web retells in other languages to the errors of the room: each is one that the room
// still has, and each by which an order is refused is among them.
func TestRefusalsAreTheRoomsErrors(t *testing.T) {
	told := map[string]bool{}
	for text := range stringsIn(t, "web/refusal.go") {
		if !gap.MatchString(text) && len(text) < len("{0} is in") { // an import, a separator
			continue
		}
		told[gap.ReplaceAllString(text, "{}")] = true
	}
	said := map[string]string{}
	for _, folder := range []string{"cluster", "cluster/conductor", "web"} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name, err := filepath.Rel(root, file)
			if err != nil || name == filepath.Join("web", "refusal.go") || filepath.Base(name) == "refusal_test.go" {
				continue
			}
			for text := range stringsIn(t, name) {
				said[verb.ReplaceAllString(text, "{}")] = name
			}
		}
	}
	for text := range told {
		if known := said[text]; known == "" && text != "{}: the machine is down" && text != "github.com/quorumlab/quorumlab/cluster/words" {
			t.Errorf("web/refusal.go has what no error says: %s", text)
		}
	}
	for _, file := range []string{"cluster/order.go", "cluster/storm.go", "cluster/conductor/gate.go", "cluster/conductor/link.go"} {
		for text := range errorsIn(t, file) {
			if text = verb.ReplaceAllString(text, "{}"); !told[text] && !slices.Contains(untold, text) {
				t.Errorf("%s: web/refusal.go lacks %s", file, text)
			}
		}
	}
}

// stringsIn are the texts in a file, errorsIn those of them that errors are made of.
func stringsIn(t *testing.T, name string) map[string]bool { return textsIn(t, name, false) }
func errorsIn(t *testing.T, name string) map[string]bool  { return textsIn(t, name, true) }

func textsIn(t *testing.T, name string, errorsOnly bool) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]bool{}
	take := func(n ast.Node) {
		if lit, is := n.(*ast.BasicLit); is && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				all[text] = true
			}
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if !errorsOnly {
			take(n)
			return true
		}
		if call, is := n.(*ast.CallExpr); is && len(call.Args) > 0 {
			if f, is := call.Fun.(*ast.SelectorExpr); is && (f.Sel.Name == "Errorf" || f.Sel.Name == "New") {
				take(call.Args[0])
			}
		}
		return true
	})
	return all
}
