package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// longest a function may be, in lines from func to its closing brace. Tests may tell longer stories.
const longest = 70

func TestFunctionsAreShort(t *testing.T) {
	for _, path := range matching(t, ".go") {
		source := read(t, path)
		if strings.HasSuffix(path, "_test.go") || generated(source) {
			continue
		}
		for _, f := range long(t, path, source) {
			t.Errorf("%s: would it read better as a few steps? A function has at most %d lines", f, longest)
		}
	}
}

// long are the functions of the file that have too many lines.
func long(t *testing.T, path string, source []byte) []token.Position {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []token.Position
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		from, to := set.Position(f.Pos()), set.Position(f.End())
		if to.Line-from.Line >= longest {
			found = append(found, from)
		}
	}
	return found
}

func TestLongSeesLongFunctions(t *testing.T) {
	body := strings.Repeat("\n", longest-2)
	if found := long(t, "a.go", []byte("package a\nfunc f() {"+body+"\n}\n")); len(found) != 0 {
		t.Errorf("a function of %d lines is called long", longest)
	}
	if found := long(t, "a.go", []byte("package a\nfunc f() {"+body+"\n\n}\n")); len(found) != 1 || found[0].Line != 2 {
		t.Errorf("a function of %d lines is not called long: %v", longest+1, found)
	}
}
