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

	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/web/languages"
)

// spoken are the folders whose texts people read: every one of them is in every catalogue.
var spoken = append(carried, "web", "web/page", "web/lobby", "web/desk", "web/tape", "wasm/tape", "cluster/tale", "cluster/preset")

// carried are those of them whose texts the page's program says: every page has them with it.
var carried = []string{"wasm/ui", "cluster/words"}

// TestCataloguesHaveEveryText reads the texts out of the program: what Say, Count and Of are called with.
func TestCataloguesHaveEveryText(t *testing.T) {
	said := saidIn(t, spoken)
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

// TestPagesCarryWhatTheirProgramSays, and little else: the rest of a catalogue is the server's.
func TestPagesCarryWhatTheirProgramSays(t *testing.T) {
	said := saidIn(t, carried)
	for _, l := range languages.All[1:] {
		part, err := words.Read(l.Tag, languages.Catalogue(l.Tag))
		if err != nil {
			t.Fatal(err)
		}
		has, more := map[string]bool{}, 0
		part.Each(func(english, _ string) {
			has[english] = true
			if said[english] == "" {
				more++
			}
		})
		for text, where := range said {
			if !has[text] {
				t.Errorf("%s: the page has not with it what %s says: %s", l.Tag, where, text)
			}
		}
		if more > 0 {
			t.Errorf("%s: pages carry %d texts that only the server says", l.Tag, more)
		}
	}
}

// saidIn are the texts of folders, and where each of them stands.
func saidIn(t *testing.T, folders []string) map[string]string {
	said := map[string]string{}
	for _, folder := range folders {
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
	return said
}

// texts is how many of a call's texts are to be translated, by the function's name.
var texts = map[string]int{"Say": 1, "Of": 1, "Count": 2, "count": 2, "plural": 2, "at": 1, "mistake": 1}

// plainTexts are those of functions that are no methods.
var plainTexts = map[string]int{"say": 1}

// fields are those of tables whose texts are said elsewhere.
var fields = map[string]bool{"about": true}

// collect adds the texts of a file.
func collect(t *testing.T, file string, said map[string]string) {
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	add := func(e ast.Expr) bool {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return false
		}
		if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
			said[text] = set.Position(lit.Pos()).String()
		}
		return true
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && fields[key.Name] && !add(n.Value) {
				t.Errorf("%s: %s has to be one text, as it stands in the catalogues", set.Position(n.Pos()), key.Name)
			}
		case *ast.CallExpr:
			left := textsOf(n)
			for _, arg := range n.Args {
				if left > 0 && add(arg) {
					left--
				}
			}
		}
		return true
	})
}

// textsOf is how many texts of a call are to be translated.
func textsOf(call *ast.CallExpr) int {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return texts[f.Name] + plainTexts[f.Name]
	case *ast.SelectorExpr:
		if of, ok := f.X.(*ast.Ident); !ok || of.Name != "strings" && of.Name != "bytes" {
			return texts[f.Sel.Name]
		}
	}
	return 0
}

var place = regexp.MustCompile(`\{\d\}`)

// places are the places for values in a text, each once.
func places(text string) []string {
	all := place.FindAllString(text, -1)
	slices.Sort(all)
	return slices.Compact(all)
}
