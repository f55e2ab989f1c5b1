package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// say runs a command line of the program and returns what it prints.
func say(t *testing.T, words ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(words)
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// copyLesson puts the test's lesson into a directory, with one text in the place of another.
func copyLesson(t *testing.T, dir, old, new string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(schoolDir, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatal("there are no lessons to copy:", err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(b, []byte(old)) {
			t.Fatalf("%s does not hold %q", f, old)
		}
		b = bytes.Replace(b, []byte(old), []byte(new), 1)
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLessonList(t *testing.T) {
	out, err := say(t, "lesson", "list", "--lessons", schoolDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"x01", "A lesson for tests", "3 steps", "2 min", "play", "Free play"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestLessonCheckPlaysWhatIsRecorded(t *testing.T) {
	if raceEnabled {
		t.Skip("rehearsed in the run without the race detector")
	}
	out, err := say(t, "lesson", "check", schoolDir, "x01")
	if err != nil {
		t.Error(err)
	}
	for _, want := range []string{"solved", "wrong-2.1", "idle", "hour         3600.0 virtual s"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if n := strings.Count(out, "\n"); n != 4 || strings.Contains(out, "wrong\n") {
		t.Errorf("not four lines that end in ok:\n%s", out)
	}
	if out, err := say(t, "lesson", "check", "--solved-only", schoolDir); err != nil || strings.Count(out, "\n") != 1 {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestLessonCheckTellsWhatIsWrong(t *testing.T) {
	if raceEnabled {
		t.Skip("rehearsed in the run without the race detector")
	}
	for name, c := range map[string]struct{ old, new, out, err string }{
		"the file":         {"kind: explain", "kind: explian", ".md:", "problem"},
		"the solution":     {"- put x 1", "- get x", "is not done by its solution", "1 of 1 rehearsal went wrong"},
		"the id":           {"id: x01", "id: x02", "", `has no lesson "x01"`},
		"the needed other": {"minutes: 2", "minutes: 2\nneeds: [z99]", "z99", "problem"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			copyLesson(t, dir, c.old, c.new)
			out, err := say(t, "lesson", "check", "--solved-only", dir, "x01")
			if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(out, c.out) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	if _, err := say(t, "lesson", "check", t.TempDir()); err == nil || !strings.Contains(err.Error(), "has no lessons") {
		t.Error(err)
	}
	if out, err := say(t, "lesson", "check", filepath.Join(t.TempDir(), "nowhere")); err == nil || !strings.Contains(out, "nowhere") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := say(t, "lesson", "check"); err == nil {
		t.Error("checked nothing successfully")
	}
}
