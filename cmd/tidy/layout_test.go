package tidy

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The top of the repository, as the README's table has it. Folders that begin with a dot are for tools.
var (
	topFolders = []string{"cluster", "cmd", "docs", "lessons", "static", "wasm", "web"}
	topFiles   = []string{".gitignore", "BENCHMARKS.md", "CHANGELOG.md", "LICENSE", "README.md", "Taskfile.yml", "go.mod", "go.sum"}
)

// vague are names that say nothing about what is inside.
var vague = []string{"base", "common", "core", "helper", "helpers", "impl", "lib", "manager", "misc", "shared", "stuff", "types", "util", "utils"}

// gerund is a word for a doing; a file is called after a thing.
var gerund = regexp.MustCompile(`(^|_)[a-z]{2,}ing$`)

// nouns end in -ing too.
var nouns = []string{"ring", "string", "timing", "ping", "recording", "spelling", "drawing", "pacing", "parting", "wording", "reading", "setting", "meaning", "listing", "ending", "thing"}

// largest a file in git may be, in bytes; what is larger is built, not kept.
const largest = 400_000

func TestTopFoldersAreTheOnesOfTheReadme(t *testing.T) {
	for _, file := range matching(t, "") {
		folder, _, nested := strings.Cut(file, "/")
		switch {
		case nested && !strings.HasPrefix(folder, ".") && !slices.Contains(topFolders, folder):
			t.Errorf("%s: the top of the repository has no folder %s; it has %s", file, folder, strings.Join(topFolders, ", "))
		case !nested && !slices.Contains(topFiles, file):
			t.Errorf("%s: the top of the repository has %s and no other files", file, strings.Join(topFiles, ", "))
		}
	}
}

func TestFilesAreCalledAfterThings(t *testing.T) {
	for _, file := range matching(t, ".go", ".templ") {
		for _, fault := range misnamed(file) {
			t.Errorf("%s: %s", file, fault)
		}
	}
}

// misnamed says what is wrong with the names of a file and its folders.
func misnamed(file string) []string {
	var faults []string
	stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), path.Ext(file)), "_test")
	for _, part := range append(strings.Split(path.Dir(file), "/"), strings.Split(stem, "_")...) {
		if slices.Contains(vague, part) {
			faults = append(faults, part+" says nothing; call it after what is in it")
		}
	}
	if word := gerund.FindString(stem); word != "" && !slices.Contains(nouns, strings.TrimPrefix(word, "_")) {
		faults = append(faults, "a file is called after a noun, not after a doing")
	}
	if stem != strings.ToLower(stem) || strings.Contains(stem, "-") {
		faults = append(faults, "names of Go files are lower case with underscores")
	}
	return faults
}

func TestMisnamedSeesBadNames(t *testing.T) {
	for file, bad := range map[string]bool{
		"cluster/event/codec.go":      false,
		"cluster/event/codec_test.go": false,
		"wasm/ui/ring.go":             false,
		"web/util/x.go":               true,
		"web/http_helpers.go":         true,
		"web/routing.go":              true,
		"web/roomList.go":             true,
	} {
		if got := len(misnamed(file)) > 0; got != bad {
			t.Errorf("%s is misnamed: %v, should be %v", file, got, bad)
		}
	}
}

func TestFilesAreSmall(t *testing.T) {
	for _, file := range matching(t, "") {
		if n := len(read(t, file)); n > largest {
			t.Errorf("%s has %d bytes: what is built or large does not belong in git (at most %d)", file, n, largest)
		}
	}
}

// Every file in static is named somewhere in the code that serves or builds it, otherwise nobody loads it.
func TestNothingInStaticIsDead(t *testing.T) {
	var readers strings.Builder
	for _, file := range matching(t, ".go", ".templ", ".css", ".js", ".html", ".webmanifest", ".yml") {
		if !strings.HasPrefix(file, "cmd/tidy/") {
			readers.Write(read(t, file))
		}
	}
	for _, file := range matching(t, "") {
		name, ok := strings.CutPrefix(file, "static/")
		if !ok || strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".md") || path.Base(name) == ".gitignore" {
			continue
		}
		if !strings.Contains(readers.String(), path.Base(name)) {
			t.Errorf("%s: nothing names this file, so nobody loads it; delete it or use it", file)
		}
	}
}
