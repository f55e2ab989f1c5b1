package tidy

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const module = "github.com/quorumlab/quorumlab"

// root of the repository, seen from this package.
const root = "../.."

// files are the paths of all files that are or will be in git, with slashes, from the root.
var files = sync.OnceValues(func() ([]string, error) {
	cmd := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var paths []string
	for line := range strings.Lines(string(out)) {
		path := strings.TrimSuffix(line, "\n")
		if _, err := os.Stat(filepath.Join(root, path)); err == nil { // not deleted since
			paths = append(paths, path)
		}
		visit(filepath.Dir(path))
	}
	return paths, nil
})

// visit looks at a folder and those above it, so that go test sees when a file comes or goes and does not
// answer from its cache.
func visit(folder string) {
	for ; folder != "."; folder = filepath.Dir(folder) {
		_, _ = os.Stat(filepath.Join(root, folder))
	}
}

// matching are the files with one of the endings.
func matching(t *testing.T, endings ...string) []string {
	t.Helper()
	all, err := files()
	if err != nil {
		t.Fatalf("the files of the repository cannot be listed, these tests need git: %v", err)
	}
	var found []string
	for _, path := range all {
		for _, ending := range endings {
			if strings.HasSuffix(path, ending) {
				found = append(found, path)
				break
			}
		}
	}
	return found
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// generated says whether a tool wrote the file (https://go.dev/s/generatedcode).
func generated(source []byte) bool {
	return bytes.HasPrefix(source, []byte("// Code generated ")) || bytes.Contains(source, []byte("\n// Code generated "))
}

// eachLine calls do with every line of the file, counted from 1.
func eachLine(source []byte, do func(number int, line string)) {
	lines := bufio.NewScanner(bytes.NewReader(source))
	lines.Buffer(nil, len(source)+1)
	for n := 1; lines.Scan(); n++ {
		do(n, lines.Text())
	}
}
