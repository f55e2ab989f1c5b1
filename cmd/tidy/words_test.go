package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/web/languages"
)

// spoken are the folders whose texts people read: every one of them is in every catalogue.
var spoken = []string{"web/page", "web/lobby"}

// TestCataloguesHaveEveryText reads the texts out of the program: what Say, Count and Of are called with.
func TestCataloguesHaveEveryText(t *testing.T) {
	said := map[string]string{} // text: where
	for _, folder := range spoken {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				collect(t, file, said)
			}
		}
	}
	for _, l := range languages.All[1:] {
		has := map[string]bool{}
		languages.Of(l.Tag).Each(func(english, other string) {
			has[english] = true
			switch where, used := said[english]; {
			case !used:
				t.Errorf("%s: nobody says this any more: %s", l.Tag, english)
			case !slices.Equal(places(english), places(other)):
				t.Errorf("%s: %s has other places than its translation %s (%s)", l.Tag, english, other, where)
			}
		})
		for text, where := range said {
			if !has[text] {
				t.Errorf("%s: %s lacks: %s", l.Tag, where, text)
			}
		}
	}
}

// texts is how many of a call's texts are to be translated, by the function's name.
var texts = map[string]int{"Say": 1, "say": 1, "Of": 1, "Count": 2, "count": 2}

// collect adds the texts of a file.
func collect(t *testing.T, file string, said map[string]string) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name := ""
		switch f := call.Fun.(type) {
		case *ast.Ident:
			name = f.Name
		case *ast.SelectorExpr:
			if of, ok := f.X.(*ast.Ident); !ok || of.Name != "strings" && of.Name != "bytes" {
				name = f.Sel.Name
			}
		}
		left := texts[name]
		for _, arg := range call.Args {
			if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING && left > 0 {
				if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
					said[text] = set.Position(lit.Pos()).String()
				}
				left--
			}
		}
		return true
	})
}

var place = regexp.MustCompile(`\{\d\}`)

// places are the places for values in a text, each once.
func places(text string) []string {
	all := place.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}
