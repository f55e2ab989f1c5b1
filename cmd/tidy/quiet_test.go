package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// quietLine is where Taskfile.yml names the packages that are tested without the race detector because nothing in them goes on at
// the same time as something else.
var quietLine = regexp.MustCompile(`(?m)^  QUIET: (.*)$`)

func TestQuietPackagesDoOneThingAtATime(t *testing.T) {
	line := quietLine.FindSubmatch(read(t, "Taskfile.yml"))
	if line == nil {
		t.Fatal("Taskfile.yml has no line QUIET")
	}
	quiet := strings.Fields(string(line[1]))
	looked := map[string]bool{}
	for _, file := range matching(t, ".go") {
		if !slices.Contains(quiet, path.Dir(file)) {
			continue
		}
		looked[path.Dir(file)] = true
		for _, noise := range noisy(t, file, read(t, file), quiet) {
			t.Errorf("%s: %s: take %s out of QUIET in Taskfile.yml, so that it is tested under the race detector", file, noise, path.Dir(file))
		}
	}
	if len(looked) != len(quiet) || len(quiet) == 0 {
		t.Errorf("QUIET names %v, of which there are %v", quiet, looked)
	}
}

// countedLine is where Taskfile.yml names the tests that are run without the race detector, and parted the task that runs them.
var (
	countedLine = regexp.MustCompile(`(?m)^  COUNTED: (.*)$`)
	partedLine  = regexp.MustCompile(`(?m)-run ".*\{\{\.COUNTED\}\}.*" (.*)$`)
)

// TestCountedTestsAreRun: a name that no test has any more, or one whose package is not named, would be a test that nobody runs.
func TestCountedTestsAreRun(t *testing.T) {
	taskfile := read(t, "Taskfile.yml")
	line, parted := countedLine.FindSubmatch(taskfile), partedLine.FindSubmatch(taskfile)
	if line == nil || parted == nil {
		t.Fatal("Taskfile.yml has no line COUNTED, or none that runs them")
	}
	dirs := strings.Fields(strings.ReplaceAll(string(parted[1]), "./", ""))
	missing := strings.Split(string(line[1]), "|")
	for _, file := range matching(t, "_test.go") {
		source := string(read(t, file))
		missing = slices.DeleteFunc(missing, func(name string) bool {
			return slices.Contains(dirs, path.Dir(file)) && strings.Contains(source, "\nfunc "+name+"(t *testing.T) {")
		})
	}
	if len(missing) > 0 {
		t.Errorf("no test in %v is called %v", dirs, missing)
	}
}

// noisy says what a file does beside something else, and which packages of ours that are not quiet it uses. What only tests use is
// tested under the race detector where it is.
func noisy(t *testing.T, name string, source []byte, quiet []string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "starts a goroutine")
		case *ast.SelectorExpr:
			if n.Sel.Name == "Parallel" || n.Sel.Name == "RunParallel" {
				found = append(found, "runs tests at the same time")
			}
		}
		return true
	})
	if strings.HasSuffix(name, "_test.go") {
		return found
	}
	for _, used := range file.Imports {
		if p, err := strconv.Unquote(used.Path.Value); err == nil {
			if pkg, ours := inside(p); ours && !slices.Contains(quiet, pkg) {
				found = append(found, "uses "+pkg+", which is not quiet")
			}
		}
	}
	return found
}

func TestNoisySeesWhatGoesOnAtTheSameTime(t *testing.T) {
	source := "package p\n\nimport _ \"" + module + "/cluster\"\nimport _ \"" + module + "/quiet\"\n\nfunc f(t testing.T) { t.Parallel(); go f(t); t.Run() }\n"
	want := []string{"runs tests at the same time", "starts a goroutine", "uses cluster, which is not quiet"}
	if got := noisy(t, "p.go", []byte(source), []string{"quiet"}); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := noisy(t, "p_test.go", []byte(source), nil); !slices.Equal(got, want[:2]) {
		t.Errorf("of a test: %q", got)
	}
}
